//! Where answers about ids come from: the API, or the model in tests.

use std::fmt::Display;

use bytestring::ByteString;
use uuid::Uuid;

use super::queue::LookupAnswer;

/// The key of a row: its id, or a value that few rows share. Its `Display` form may be shown to people.
pub trait LookupKey: Clone + Display {
    /// The key as requested, for the list of missing ones.
    fn requested(&self) -> String {
        self.to_string()
    }

    /// The part that must be neither shown nor stored.
    fn secret(&self) -> Option<&str> {
        None
    }
}

impl LookupKey for Uuid {}

/// A source of rows that takes one request per key.
pub trait RowSource {
    /// The key.
    type Key: LookupKey;
    /// The row, or the rows, of one key.
    type Row;
    /// Permission to send one request.
    type Permit;
    /// Why an id could not be read.
    type Error: LookupFailure;

    /// Waits until another request may be sent. Canceling the wait uses up no permit.
    fn permit(&self) -> impl Future<Output = Self::Permit>;

    /// Fetches the row of a key, retrying as needed.
    fn fetch(
        &self,
        key: &Self::Key,
        permit: Self::Permit,
    ) -> impl Future<Output = Result<FetchedRow<Self::Row>, Self::Error>>;

    /// Parses a saved response; `None` if it can no longer be read.
    fn read(&self, key: &Self::Key, body: &ByteString) -> Option<Self::Row>;

    /// Whether a response means that nothing belongs to its key. Most sources return an error instead.
    fn is_missing(&self, _row: &Self::Row) -> bool {
        false
    }

    /// Whether a response is the whole answer about its key, according to the response itself.
    fn is_whole(&self, _row: &Self::Row) -> bool {
        true
    }
}

/// A response that arrived.
#[derive(Debug)]
pub struct FetchedRow<R> {
    /// What belongs to the key.
    pub row: R,
    /// `meta.request_id`.
    pub request_id: Option<String>,
    /// When the response was created, in microseconds UTC by the server's clock, if stated.
    pub answered_at: Option<i64>,
    /// From sending the request to the last byte of the response, in microseconds.
    pub elapsed_micros: u64,
    /// The body of the response as received.
    pub body: ByteString,
}

/// What the driver needs from an error.
pub trait LookupFailure {
    /// Whether it means that nothing belongs to the key, which is an answer and not a failure.
    fn is_not_found(&self) -> bool;

    /// Whether the same request may succeed later in the run.
    fn may_pass(&self) -> bool;

    /// Whether the service refused this key in particular, while it serves others.
    fn is_row_refused(&self) -> bool;
}

/// The result for a key, in the order of the keys.
#[derive(Debug, PartialEq, Eq)]
pub struct Looked<'a, K, R> {
    /// Position in the list of keys, from 0.
    pub position: usize,
    /// The key.
    pub key: &'a K,
    /// The answer.
    pub answer: LookupAnswer<R>,
}
