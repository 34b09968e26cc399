//! Answers of the page sources in memory, and the errors in their place.

use bytestring::ByteString;

use crate::listing::{Fetched, ListFailure, ListPage, Paging, RowId, RowKey};

/// A page of a list in memory.
#[derive(Debug)]
pub(super) struct ModelPage(pub(super) Vec<Option<RowKey>>);

impl ListPage for ModelPage {
    fn items(&self) -> &[Option<RowKey>] {
        &self.0
    }
}

/// Why a window could not be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelError {
    /// The request failed after all retries.
    Failed,
    /// The service serves only windows before this one.
    Refused,
    /// The service refuses pages with more rows than this.
    PageTooLarge(u32),
}

impl ListFailure for ModelError {
    fn may_pass(&self) -> bool {
        *self == Self::Failed
    }
    fn is_window_refused(&self) -> bool {
        *self == Self::Refused
    }
    fn smaller_page_size(&self, _size: u32) -> Option<u32> {
        if let Self::PageTooLarge(size) = *self { Some(size) } else { None }
    }
    fn is_empty_list(&self) -> bool {
        false
    }
}

/// A row and an answer, as the journal stores them.
type KeptRow = (String, Option<i64>, Option<i64>);
type KeptAnswer = (Vec<KeptRow>, (Option<u64>, Option<u32>, Option<u64>, Option<bool>), i64);

/// An answer with these rows, made at `time`, in microseconds UTC.
pub(super) fn answer(rows: Vec<RowKey>, paging: Paging, time: i64, elapsed_micros: u64) -> Fetched<ModelPage> {
    let kept: Vec<KeptRow> = rows.iter().map(|key| (key.id.0.to_string(), key.created_at, key.updated_at)).collect();
    let Paging { page, page_size, total_count, has_more } = paging;
    let body = serde_json::to_string(&(kept, (page, page_size, total_count, has_more), time)).unwrap();
    Fetched {
        page: ModelPage(rows.into_iter().map(Some).collect()),
        paging,
        request_id: None,
        answered_at: Some(time),
        elapsed_micros,
        body: body.into(),
    }
}

/// The same, read back from the journal.
pub(super) fn kept_answer(body: &ByteString) -> Option<Fetched<ModelPage>> {
    let (rows, paging, time): KeptAnswer = serde_json::from_str(body).ok()?;
    let key =
        |(id, created_at, updated_at): KeptRow| Some(RowKey { id: RowId(id.parse().ok()?), created_at, updated_at });
    let rows = rows.into_iter().map(key).collect::<Option<Vec<RowKey>>>()?;
    let (page, page_size, total_count, has_more) = paging;
    Some(answer(rows, Paging { page, page_size, total_count, has_more }, time, 1))
}
