//! Where answers about ids come from: the API, or the model of the tests.

use std::fmt::Display;

use bytestring::ByteString;
use uuid::Uuid;

use super::queue::LookupAnswer;

/// What a row is looked up by: its id, or a value that few rows share. Displayed as it may be shown to people.
pub trait LookupKey: Clone + Display {
    /// As it was requested, for the list of what is missing.
    fn asked(&self) -> String {
        self.to_string()
    }

    /// The part that may not be shown or stored.
    fn secret(&self) -> Option<&str> {
        None
    }
}

impl LookupKey for Uuid {}

/// Rows that are read one request a key.
pub trait RowSource {
    /// What is looked up.
    type Key: LookupKey;
    /// What belongs to one key.
    type Row;
    /// Permission to send one request.
    type Permit;
    /// Why an id could not be read.
    type Error: LookupFailure;

    /// Waits until another request may be sent. Canceling the wait uses up nothing.
    fn permit(&self) -> impl Future<Output = Self::Permit>;

    /// Fetches what belongs to a key, retrying as needed.
    fn fetch(
        &self,
        key: &Self::Key,
        permit: Self::Permit,
    ) -> impl Future<Output = Result<FetchedRow<Self::Row>, Self::Error>>;

    /// Reads an answer that was kept; `None` if it cannot be understood anymore.
    fn read(&self, key: &Self::Key, body: &ByteString) -> Option<Self::Row>;

    /// Whether an answer says that nothing belongs to its key. Most sources say so by an error.
    fn is_missing(&self, _row: &Self::Row) -> bool {
        false
    }

    /// Whether an answer holds everything that belongs to its key, as far as it says.
    fn is_whole(&self, _row: &Self::Row) -> bool {
        true
    }
}

/// An answer that arrived.
#[derive(Debug)]
pub struct FetchedRow<R> {
    /// What belongs to the key.
    pub row: R,
    /// `meta.request_id`.
    pub request_id: Option<String>,
    /// When the answer was made, in microseconds UTC of the server's clock, if given.
    pub answered_at: Option<i64>,
    /// From sending the request to the last byte of the answer, in microseconds.
    pub elapsed_micros: u64,
    /// The answer as it came.
    pub body: ByteString,
}

/// What a driver needs to know of a failure.
pub trait LookupFailure {
    /// Whether it says that nothing belongs to the key, which is an answer and no failure.
    fn is_not_found(&self) -> bool;

    /// Whether the same request may succeed later in the run.
    fn may_pass(&self) -> bool;

    /// Whether the service refused this key as such, though it serves others.
    fn is_row_refused(&self) -> bool;
}

/// What is known of a key, in the order of the keys.
#[derive(Debug, PartialEq, Eq)]
pub struct Looked<'a, K, R> {
    /// Place of the key in the list of keys, from 0.
    pub position: usize,
    /// The key.
    pub key: &'a K,
    /// What was answered.
    pub answer: LookupAnswer<R>,
}
