//! Where answers about ids come from: the API, or the model of the tests.

use bytestring::ByteString;
use uuid::Uuid;

use super::queue::Answer;

/// Rows that are read by their id.
pub trait RowSource {
    /// What belongs to one id.
    type Row;
    /// Permission to send one request.
    type Permit;
    /// Why an id could not be read.
    type Error: LookupFailure;

    /// Waits until another request may be sent. Canceling the wait uses up nothing.
    fn permit(&self) -> impl Future<Output = Self::Permit>;

    /// Fetches what belongs to an id, with all the attempts that it takes.
    fn fetch(&self, id: Uuid, permit: Self::Permit)
    -> impl Future<Output = Result<FetchedRow<Self::Row>, Self::Error>>;

    /// Reads an answer about an id that was kept; `None` if it cannot be understood anymore.
    fn read(&self, id: Uuid, body: &ByteString) -> Option<Self::Row>;

    /// Whether an answer holds everything that there is about its id, as far as it tells.
    fn is_whole(&self, _row: &Self::Row) -> bool {
        true
    }
}

/// An answer that arrived.
#[derive(Debug)]
pub struct FetchedRow<R> {
    /// What belongs to the id.
    pub row: R,
    /// `meta.request_id`.
    pub request_id: Option<String>,
    /// When the answer was made, in microseconds UTC of the server's clock, if it tells.
    pub answered_at: Option<i64>,
    /// From sending the request to the last byte of the answer, in microseconds.
    pub elapsed_micros: u64,
    /// The answer as it came.
    pub body: ByteString,
}

/// What a driver needs to know of a failure.
pub trait LookupFailure {
    /// Whether it says that no row has this id, which is an answer and no failure.
    fn is_not_found(&self) -> bool;

    /// Whether the same request may succeed later in the run.
    fn may_pass(&self) -> bool;

    /// Whether the service refused this id as such, though it serves others.
    fn is_row_refused(&self) -> bool;
}

/// What is known of an id, in the order of the ids.
#[derive(Debug, PartialEq, Eq)]
pub struct Looked<R> {
    /// Place of the id in the list of ids, from 0.
    pub position: usize,
    /// The id.
    pub id: Uuid,
    /// What was answered.
    pub answer: Answer<R>,
}
