//! Reads a sample of a list: some of its pages, spread over the whole list.
//!
//! The list is divided into as many equal parts as pages are needed, and one page is drawn from each part, so that the
//! sample has old and new rows. The same seed draws the same pages from a list of the same length.
//!
//! *Easy to get wrong:* a sample proves nothing about the rest of the list, so its verdict is always unverified. It has no
//! journal, because reading it again takes few requests.

use std::collections::HashSet;
use std::ops::ControlFlow;

use futures::StreamExt;
use futures::stream;

use super::delivered::{Delivered, RequestSubject};
use super::read_report::ReadReport;
use crate::base::noun::RowNoun;
use crate::base::plural::{count_of, grouped};
use crate::listing::{
    Fetched, FirstPage, ListPage, PageSource, Paging, ReadProgress, ReadSettings, RowId, Window, first_page,
};
use crate::report::ConsistencyFacts;
use crate::verdict::{Evidence, EvidenceCode, Verdict};

/// Name of this way of reading in the manifest.
const MODE: &str = "sample";

/// The size and seed of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleSettings {
    /// Number of rows.
    pub rows: u64,
    /// Determines which pages are drawn.
    pub seed: u64,
}

impl SampleSettings {
    /// The pages to read from a list of `total` rows, in order: one from each of as many equal parts as are needed.
    pub(super) fn pages(self, total: u64, size: u32) -> Vec<u64> {
        let all = total.div_ceil(u64::from(size.max(1)));
        let wanted = self.rows.div_ceil(u64::from(size.max(1))).clamp(1, all.max(1));
        let mut random = fastrand::Rng::with_seed(self.seed);
        // In 128 bits, because the product of two counts may exceed 64.
        let start = |part: u64| u64::try_from(u128::from(part) * u128::from(all) / u128::from(wanted)).unwrap_or(all);
        (0..wanted).map(|part| random.u64(start(part)..start(part + 1).max(start(part) + 1)) + 1).collect()
    }
}

/// Why a sample ended early.
pub(super) enum SampleEnd<E> {
    /// A page could not be fetched.
    Failed(E),
    /// Nobody receives pages anymore.
    ReceiverGone,
}

/// Reads a sample of a list and passes it to `deliver`, in the order of the list.
///
/// # Errors
/// When a page cannot be fetched.
pub(super) async fn read_sample<S: PageSource>(
    source: &S,
    (sample, settings, noun): (SampleSettings, &ReadSettings, RowNoun),
    mut deliver: impl AsyncFnMut(Delivered<S::Page>) -> ControlFlow<()>,
    mut observe: impl FnMut(ReadProgress),
) -> Result<ReadReport, SampleEnd<S::Error>> {
    let mut report = SampleReport::default();
    let Some(first) = first_page(source, settings.page_size).await.map_err(SampleEnd::Failed)? else {
        return Ok(report.finish(sample, 0, noun));
    };
    // With another page size than the server honors, the pages would not be spread over the whole list.
    let FirstPage { fetched: first, accepted_size, honored_size: size } = first;
    let total = first.paging.total_count.unwrap_or(first.page.items().len() as u64);
    let pages = sample.pages(total, size);
    let planned = pages.len() as u64;
    let mut first = Some(first).filter(|_| size == accepted_size);
    let answers = pages.into_iter().map(|page| {
        let read_already = first.take_if(|_| page == 1);
        let window = Window { page, size };
        async move {
            match read_already {
                Some(fetched) => Ok((window, fetched)),
                None => source.fetch(window, source.permit().await).await.map(|fetched| (window, fetched)),
            }
        }
    });
    // The one concurrent stage: a maximum number of requests in flight, with responses in order.
    let mut answers = std::pin::pin!(stream::iter(answers).buffered(settings.concurrency.get()));
    while let Some(answer) = answers.next().await {
        let (window, Fetched { page, paging, request_id, .. }) = answer.map_err(SampleEnd::Failed)?;
        report.note(paging, request_id);
        let keep = report.keep(&page, sample.rows);
        let place = RequestSubject::Page { number: window.page, size: window.size };
        let total = Some(sample.rows.min(total));
        let (pages, rows) = (report.pages, report.rows);
        observe(ReadProgress { pages, planned_pages: Some(planned), rows, total, is_healing: false });
        if deliver(Delivered { page, keep, fresh: 0..usize::MAX, place }).await.is_break() {
            return Err(SampleEnd::ReceiverGone);
        }
    }
    Ok(report.finish(sample, total.div_ceil(u64::from(size)), noun))
}

/// Counts over the pages of a sample.
#[derive(Default)]
struct SampleReport {
    seen: HashSet<RowId>,
    pages: u64,
    rows: u64,
    rejected: u64,
    duplicates: u64,
    totals: [Option<u64>; 2],
    request_ids: [Option<String>; 2],
}

impl SampleReport {
    fn note(&mut self, paging: Paging, request_id: Option<String>) {
        self.pages += 1;
        self.totals = [self.totals[0].or(paging.total_count), paging.total_count.or(self.totals[1])];
        if self.request_ids[0].is_none() {
            self.request_ids[0].clone_from(&request_id);
        }
        self.request_ids[1] = request_id.or_else(|| self.request_ids[1].take());
    }

    /// Which rows of a page are written: new ones, up to the size of the sample.
    fn keep(&mut self, page: &impl ListPage, most: u64) -> Vec<bool> {
        let mut keep = Vec::with_capacity(page.items().len());
        for item in page.items() {
            let Some(key) = item else {
                self.rejected += 1;
                continue;
            };
            let is_new = self.seen.insert(key.id);
            self.duplicates += u64::from(!is_new);
            let is_kept = is_new && self.rows < most;
            self.rows += u64::from(is_kept);
            keep.push(is_kept);
        }
        keep
    }

    fn finish(self, sample: SampleSettings, all_pages: u64, noun: RowNoun) -> ReadReport {
        let rows = count_of(self.rows, noun.one, noun.many);
        let pages = count_of(all_pages, "page", "pages");
        let text = format!(
            "a sample of {rows} from {} of {pages} (--sample, seed {}); the others are not in the output",
            grouped(self.pages),
            sample.seed
        );
        let [first_request_id, last_request_id] = self.request_ids;
        let [total_first, total_last] = self.totals;
        ReadReport {
            verdict: Verdict::Unverified,
            evidence: vec![Evidence::new(EvidenceCode::Sampled, Some(self.rows), text)],
            pages: self.pages,
            rejected: self.rejected,
            duplicates: self.duplicates,
            total_first,
            total_last,
            consistency: ConsistencyFacts {
                mode: MODE,
                total_count_min: total_first.min(total_last),
                total_count_max: total_first.max(total_last),
                first_request_id,
                last_request_id,
                ..ConsistencyFacts::default()
            },
            not_found: Vec::new(),
            profiles: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(rows: u64, seed: u64, total: u64) -> Vec<u64> {
        SampleSettings { rows, seed }.pages(total, 100)
    }

    #[test]
    fn one_page_is_drawn_of_each_part_of_the_list() {
        for seed in 0..50 {
            let drawn = pages(1_000, seed, 100_000);
            let parts: Vec<u64> = drawn.iter().map(|page| (page - 1) / 100).collect();
            assert_eq!(parts, (0..10).collect::<Vec<_>>(), "seed {seed}");
            assert_eq!(drawn, pages(1_000, seed, 100_000), "the same seed draws the same pages");
        }
        assert_ne!(pages(1_000, 1, 100_000), pages(1_000, 2, 100_000));
    }

    #[test]
    fn no_more_pages_are_drawn_than_there_are() {
        assert_eq!(pages(1_000, 1, 250), [1, 2, 3]);
        assert_eq!(pages(1, 1, 100), [1]);
        assert_eq!(pages(5_000, 1, 0), [1]);
        let drawn = pages(250, 7, 701);
        assert!(drawn.len() == 3 && drawn.is_sorted() && drawn[2] <= 8, "{drawn:?}");
    }
}
