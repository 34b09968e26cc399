//! Sources of pages: the API, or the model in the tests.

use bytestring::ByteString;

use super::{Paging, RowKey, Window};

/// A list that is read window by window.
pub trait PageSource {
    /// One decoded page.
    type Page: ListPage;
    /// Permission to send one request.
    type Permit;
    /// Why a window could not be fetched.
    type Error: ListFailure;

    /// Waits until another request may be sent. Cancel-safe: dropping the future uses up no permit.
    fn permit(&self) -> impl Future<Output = Self::Permit>;

    /// Fetches a window, with retries.
    fn fetch(
        &self,
        window: Window,
        permit: Self::Permit,
    ) -> impl Future<Output = Result<Fetched<Self::Page>, Self::Error>>;

    /// Decodes a journaled answer to a window; `None` if it can no longer be decoded. Fields outside the body stay unset.
    fn read(&self, window: Window, body: &ByteString) -> Option<Fetched<Self::Page>>;
}

/// The part of a page that the walk uses.
pub trait ListPage {
    /// One entry for each item; `None` for an item that is not a row.
    fn items(&self) -> &[Option<RowKey>];
}

/// A page that arrived.
#[derive(Debug)]
pub struct Fetched<P> {
    /// The page.
    pub page: P,
    /// What the answer says about the list.
    pub paging: Paging,
    /// `meta.request_id`.
    pub request_id: Option<String>,
    /// When the answer was made, in microseconds UTC of the server's clock, if stated.
    pub answered_at: Option<i64>,
    /// From sending the request to the last byte of the answer, in microseconds.
    pub elapsed_micros: u64,
    /// The answer as received.
    pub body: ByteString,
}

/// What the driver needs to know about a failure.
pub trait ListFailure {
    /// Whether the same request may succeed later in the run.
    fn may_pass(&self) -> bool;

    /// Whether the service refuses this window but serves others.
    fn is_window_refused(&self) -> bool;

    /// The page size to try instead of `size`, if the size is what was refused.
    fn smaller_page_size(&self, size: u32) -> Option<u32>;

    /// Whether the service says that nothing matches, which means that the list is empty.
    fn is_empty_list(&self) -> bool;
}
