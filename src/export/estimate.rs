//! Estimates the cost of an export before it runs.

use arrow::array::RecordBatch;
use arrow::compute::filter_record_batch;

use super::lookup_reading::LookupReading;
use super::reading::{ListReading, Reading};
use crate::api::{Account, ChildProfile, Scope};
use crate::error::Error;
use crate::listing::{Consistency, FirstPage, ListPage, expected_requests, first_page};
use crate::publish::OutputError;
use crate::resources::{BuildBatches, ListSource, LookupResource, Resource};

/// The cost of an export.
#[derive(Debug)]
pub struct Estimate {
    /// Requests, if the list does not change.
    pub requests: u64,
    /// Requests that only read rows again.
    pub overlap: u64,
    /// Rows in the list; `None` if the API does not report them, or if they are only known after reading.
    pub rows: Option<u64>,
    /// Rows in the list if only a part is read; `None` if all are, or if the API does not report them.
    pub total: Option<u64>,
    /// Rows on a page, where there are pages.
    pub page_size: Option<u32>,
    /// Whether reading may stop earlier.
    pub is_maximum: bool,
    /// The first page's rows as they will be written, and the number of rows before filtering.
    pub sample: Option<(RecordBatch, usize)>,
    /// The same by profile; empty unless several were requested.
    pub profiles: Vec<ProfileEstimate>,
}

/// Facts about a profile before it is exported.
#[derive(Debug)]
pub struct ProfileEstimate {
    /// The profile.
    pub profile: ChildProfile,
    /// Rows in its list, or why it cannot be read.
    pub rows: Result<Option<u64>, String>,
}

/// A reading whose cost can be estimated.
pub trait Estimating: Reading {
    /// Estimates the cost with one request for a list (one more for each page size that the API refuses) and none for
    /// lookups.
    ///
    /// # Errors
    /// When the request fails.
    fn estimate(&self, account: &Account, scope: Scope) -> impl Future<Output = Result<Estimate, Error>>;
}

impl<R: Resource> Estimating for ListReading<R> {
    async fn estimate(&self, account: &Account, scope: Scope) -> Result<Estimate, Error> {
        let source = ListSource { account, scope, resource: &self.resource };
        let nothing = Estimate {
            requests: 1,
            overlap: 0,
            rows: Some(0),
            total: None,
            page_size: Some(self.settings.page_size),
            is_maximum: false,
            sample: None,
            profiles: Vec::new(),
        };
        let first = first_page(&source, self.settings.page_size).await.map_err(|error| Error::Api(error.error))?;
        let Some(FirstPage { fetched: first, honored_size: honored, .. }) = first else { return Ok(nothing) };
        let items = first.page.items();
        let limit = self.settings.limit;
        let total = first.paging.total_count;
        let rows = total.map(|total| limit.map_or(total, |limit| total.min(limit)));
        let is_limited = limit.is_some_and(|limit| total.is_none_or(|total| total > limit));
        let counted = rows.unwrap_or(items.len() as u64);
        let pages = expected_requests(counted, honored, Consistency::Plain);
        // A read that stops early neither checks the start and end again nor rescans the list.
        let requests = match self.settings.consistency {
            Consistency::Auto | Consistency::Strict if is_limited => {
                expected_requests(counted, honored, Consistency::Auto).saturating_sub(2).max(pages)
            }
            consistency => expected_requests(counted, honored, consistency),
        };
        let drawn = self.sample.map(|sample| sample.pages(counted, honored).len() as u64 + 1);
        let keep: Vec<bool> = items.iter().map(Option::is_some).collect();
        let mut batches = self.batches();
        let full = batches.append(&first.page, &keep);
        let batch = full.into_iter().next().or_else(|| batches.finish());
        let sample = batch.map(|batch| {
            let kept = self.row_filter().map(|filter| filter_record_batch(&batch, &filter(&batch))).transpose();
            let kept = kept.map_err(OutputError::ForeignBatch)?;
            let all = batch.num_rows();
            Ok::<_, OutputError>((kept.unwrap_or(batch), all))
        });
        let (requests, overlap) = drawn.map_or((requests, requests - pages), |drawn| (drawn, 0));
        let rows = self.sample.map_or(rows, |sample| rows.map(|rows| rows.min(sample.rows)));
        Ok(Estimate {
            requests,
            overlap,
            rows,
            total: total.filter(|_| is_limited || rows < total),
            page_size: Some(honored),
            is_maximum: self.since.is_some(),
            sample: sample.transpose()?,
            profiles: Vec::new(),
        })
    }
}

impl<R: LookupResource> Estimating for LookupReading<R> {
    async fn estimate(&self, _: &Account, _: Scope) -> Result<Estimate, Error> {
        let requests = self.keys.len() as u64;
        Ok(Estimate {
            requests,
            overlap: 0,
            rows: None,
            total: None,
            page_size: None,
            is_maximum: false,
            sample: None,
            profiles: Vec::new(),
        })
    }
}
