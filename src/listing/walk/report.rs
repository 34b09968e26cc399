//! What a walk has seen, and the verdict that follows from it.

use std::ops::RangeInclusive;

use super::Unreliable;
use crate::base::noun::RowNoun;
use crate::base::plural::{count_of, grouped, word_for};
use crate::listing::RowKey;
use crate::time::Timestamp;
use crate::verdict::{Evidence, EvidenceCode as Code, Verdict};

/// Maximum number of row ranges that one piece of evidence lists.
const MAX_RANGES: usize = 20;
/// Minimum number of rows created in the middle of the list that a search must find before the remaining unread rows are
/// taken for such rows.
const MIN_SAMPLE: u64 = 3;

/// What a walk has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent observation")]
pub struct WalkReport {
    /// All answers, whatever they were requested for.
    pub pages: u64,
    /// Distinct rows.
    pub rows: u64,
    /// Lower bound of the requested creation times, in microseconds UTC.
    pub not_before: Option<i64>,
    /// Distinct rows that were read and are older.
    pub older: u64,
    /// Whether reading stopped after the requested rows, before the end of the list.
    pub is_cut: bool,
    /// Number of delivered rows after which reading stopped because no more were requested.
    pub limit_reached: Option<u64>,
    /// Whether a row was newer than the one before it, so that reading could not stop there.
    pub is_unsorted: bool,
    /// Items that are not rows.
    pub rejected: u64,
    /// Rows that were repeated in another position and dropped.
    pub duplicates: u64,
    /// `total_count` of the first answer.
    pub total_first: Option<u64>,
    /// `total_count` of the last answer.
    pub total_last: Option<u64>,
    /// Smallest `total_count`.
    pub total_min: Option<u64>,
    /// Largest `total_count`.
    pub total_max: Option<u64>,
    /// Boundaries at which the list had moved, and rows that were found only when its start and end were read again.
    pub changes: u64,
    /// Rows that were created after the walk began, as far as they were read.
    pub created: u64,
    /// Rows that were updated after the walk began, as far as they were read.
    pub updated: u64,
    /// Boundaries verified on unchanged rows that both sides hold.
    pub boundaries: u64,
    /// Boundaries whose rows had moved out of the window, and were searched for.
    pub searches: u64,
    /// Reads of the start and the end of the list after everything else was read.
    pub closings: u64,
    /// Answers that were shorter than a page although more followed.
    pub short_pages: u64,
    /// Rows that were repeated in the middle of the list, where unchanged rows cannot be repeated.
    pub moved_in_middle: u64,
    /// Rows in the list, according to the answers that held its end, minus those that were read.
    pub unread: u64,
    /// Rows created during the run that were found by probing the middle of the list.
    pub probed_created: u64,
    /// Rows found there that existed before, or have no creation time.
    pub probed_old: u64,
    /// Whether the list was read once more because it holds rows that were not read.
    pub looks_for_unread: bool,
    /// Whether the last answer that held the end of the list counts another number of rows than it lists.
    pub count_disagrees: bool,
    /// Whether the last answer that held the end of the list announced more rows.
    pub announces_more: bool,
    /// Whether the list was read once more because rows may move within it.
    pub order_unknown: bool,
    /// Why the order of rows could not be relied on, if it could not.
    pub unreliable: Option<Unreliable>,
    /// Further reads of the whole list.
    pub rescans: u32,
    /// Pages read by them.
    pub pages_rescanned: u64,
    /// New rows that the last of them found, without those created during the run.
    pub found_by_last_rescan: u64,
    /// Rows of the list that could not be fetched, from 1.
    pub missing: Vec<RangeInclusive<u64>>,
    /// Rows of the list that a rescan could not fetch, from 1.
    pub not_rescanned: Vec<RangeInclusive<u64>>,
    /// `meta.request_id` of the first and the last answer.
    pub request_ids: [Option<String>; 2],
    /// Answers that came from the journal of an earlier run.
    pub pages_resumed: u64,
}

/// How the list was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// One answer held the whole list.
    OneAnswer,
    /// Every page was read once.
    Plain,
    /// With overlap.
    Overlap,
}

impl WalkReport {
    pub(super) fn note_total(&mut self, total: Option<u64>) {
        self.total_first = self.total_first.or(total);
        self.total_last = total.or(self.total_last);
        self.total_min = self.total_min.min(total).or(self.total_min).or(total);
        self.total_max = self.total_max.max(total);
    }

    /// Rows deleted during the walk, at least; 0 if the API does not count its rows.
    pub fn deleted_at_least(&self) -> u64 {
        let counts = self.total_first.zip(self.total_last);
        counts.map_or(0, |(first, last)| (first + self.created).saturating_sub(last))
    }

    /// Whether anything shows that the list changed while it was read.
    pub(super) fn has_changed(&self) -> bool {
        self.changes > 0 || self.total_min != self.total_max || self.duplicates > 0
    }

    /// Distinct rows that were read, written or not.
    pub(super) fn known(&self) -> u64 {
        self.rows + self.older
    }

    /// Whether a row is older than the requested span.
    pub(super) fn is_before_span(&self, key: &RowKey) -> bool {
        self.not_before.zip(key.created_at).is_some_and(|(bound, created_at)| created_at < bound)
    }

    /// How many more rows the API counted in its last answer than were read; 0 if reading stopped before the end.
    pub(super) fn fewer_than_counted(&self) -> u64 {
        let total = self.total_last.filter(|_| !self.is_cut).unwrap_or(0);
        total.saturating_sub(self.known() + self.rejected)
    }

    /// Whether the rows that the list holds and that were not read are explained: a search in the middle of the list found
    /// rows created during the run, and no others.
    pub(super) fn unread_is_explained(&self) -> bool {
        self.probed_old == 0 && self.probed_created >= MIN_SAMPLE
    }

    /// The verdict on completeness, with its evidence.
    pub(super) fn verdict(&self, manner: Manner, noun: RowNoun) -> (Verdict, Vec<Evidence>) {
        let doubts = self.doubts(manner, noun);
        let mut evidence = self.observations(noun);
        if !doubts.is_empty() {
            evidence.extend(doubts);
            return (Verdict::Unverified, evidence);
        }
        evidence.splice(0..0, self.proofs(manner, noun));
        let is_changed = self.has_changed() || self.order_unknown;
        (if is_changed { Verdict::Healed } else { Verdict::Complete }, evidence)
    }

    fn proofs(&self, manner: Manner, noun: RowNoun) -> Vec<Evidence> {
        let read = noun.count("distinct ", self.rows);
        let were = word_for(self.rows, "was", "were");
        let mut lines = Vec::new();
        if manner == Manner::OneAnswer {
            lines.push(Evidence::new(
                Code::SingleAnswer,
                None,
                format!("the whole list came in one answer; {read} {were} read"),
            ));
        } else {
            let boundaries =
                count_of(self.boundaries, "boundary between windows was", "boundaries between windows were");
            let text = format!("{boundaries} verified on unchanged rows seen on both sides; {read} {were} read");
            lines.push(Evidence::new(Code::BoundariesVerified, Some(self.boundaries), text));
        }
        if self.is_cut {
            let text = format!(
                "reading stopped after {} in a row that {} created before {}, in a list sorted by creation time",
                noun.count("", self.older),
                word_for(self.older, "was", "were"),
                self.bound_text()
            );
            lines.push(Evidence::new(Code::SpanEndProven, Some(self.older), text));
        }
        if self.searches > 0 {
            let text = format!(
                "{} moved by more than the windows overlap and {} found again",
                count_of(self.searches, "boundary", "boundaries"),
                word_for(self.searches, "was", "were")
            );
            lines.push(Evidence::new(Code::BoundariesSearched, Some(self.searches), text));
        }
        if self.unread > 0 {
            let text = format!(
                "up to {} {} created during the run in a part of the list that had already been read",
                noun.count("", self.unread),
                word_for(self.unread, "was", "were")
            );
            lines.push(Evidence::new(Code::RowsCreatedBehind, Some(self.unread), text));
        }
        if self.rescans > 0 && !self.looks_for_unread {
            let pages = count_of(self.pages_rescanned, "page", "pages");
            let last = if self.rescans == 1 { "a second" } else { "the last" };
            let text = format!("{last} read of the whole list ({pages} in all) found nothing new");
            lines.push(Evidence::new(Code::RescanFoundNothing, Some(self.pages_rescanned), text));
        }
        lines
    }

    fn bound_text(&self) -> String {
        self.not_before.map(|micros| Timestamp::from_micros(micros).to_seconds()).unwrap_or_default()
    }

    /// Observed changes of the list.
    fn observations(&self, noun: RowNoun) -> Vec<Evidence> {
        let mut lines = Vec::new();
        if let (Some(min), Some(max)) = (self.total_min, self.total_max)
            && min != max
        {
            let text = format!(
                "the list changed while it was read: the API counted between {} and {}",
                grouped(min),
                noun.count("", max)
            );
            lines.push(Evidence::new(Code::ListChanged, Some(max - min), text));
        }
        if self.older > 0 && !self.is_cut {
            let older = noun.count("", self.older);
            let were = word_for(self.older, "was", "were");
            let text = format!("{older} created before {} {were} read and left out", self.bound_text());
            lines.push(Evidence::new(Code::OlderRowsLeftOut, Some(self.older), text));
        }
        if self.is_unsorted {
            let text = "the list is not sorted by creation time, newest first, so all of it was read".to_owned();
            lines.push(Evidence::new(Code::NotSortedByCreation, None, text));
        }
        if self.changes > 0 {
            let text =
                format!("rows moved at {} of the list while it was read", count_of(self.changes, "place", "places"));
            lines.push(Evidence::new(Code::BoundariesMoved, Some(self.changes), text));
        }
        if self.order_unknown {
            let text = "rows may have moved up within the list, into the part that was already read".to_owned();
            lines.push(Evidence::new(Code::OrderUnknown, None, text));
        }
        let deleted = self.deleted_at_least();
        let counts = [
            (Code::RowsCreated, self.created, "created during the run and written"),
            (Code::RowsDeleted, deleted, "deleted during the run, at least"),
            (Code::RowsUpdated, self.updated, "updated during the run"),
            (Code::DuplicatesRemoved, self.duplicates, "read more than once and written once"),
        ];
        let observed = counts.into_iter().filter(|&(_, count, _)| count > 0);
        lines.extend(observed.map(|(code, count, what)| {
            let text = format!("{} {} {what}", noun.count("", count), word_for(count, "was", "were"));
            Evidence::new(code, Some(count), text)
        }));
        lines
    }

    /// Rows that could not be fetched, in ascending order.
    pub fn missing_ranges(&self) -> Vec<[u64; 2]> {
        merged(&self.missing)
    }

    /// Whether rows of the list could not be fetched, or not a second time.
    pub(in crate::listing) fn lacks_rows(&self) -> bool {
        !self.missing.is_empty() || !self.not_rescanned.is_empty()
    }

    /// Number of rows that could not be fetched.
    pub(super) fn missing_rows(&self) -> u64 {
        count_rows(&self.missing_ranges())
    }

    fn doubts(&self, manner: Manner, noun: RowNoun) -> Vec<Evidence> {
        let mut doubts = Vec::new();
        if let Some(limit) = self.limit_reached {
            let rows = noun.first(limit);
            let text =
                format!("reading stopped after the {rows} (--limit), so the rows after them are not in the output");
            doubts.push(Evidence::new(Code::LimitReached, Some(limit), text));
        }
        if manner == Manner::Plain {
            let text = "pages were read once and do not overlap, so nothing proves that no row was lost between them";
            doubts.push(Evidence::new(Code::PagesReadOnce, Some(self.pages), text.to_owned()));
        }
        if let Some(reason) = self.unreliable {
            doubts.push(reason.evidence());
            let times = count_of(self.rescans.into(), "time", "times");
            let last = count_of(self.found_by_last_rescan, "new row", "new rows");
            let text = format!("the whole list was read {times} more; the last read found {last}");
            doubts.push(Evidence::new(Code::Rescans, Some(self.rescans.into()), text));
        } else if self.found_by_last_rescan > 0 {
            let found = noun.count("", self.found_by_last_rescan);
            let text = format!(
                "the last read of the whole list found {found} that were missed before (written to the output)"
            );
            doubts.push(Evidence::new(Code::FoundByRescan, Some(self.found_by_last_rescan), text));
        }
        doubts.extend(self.doubts_about_rows(manner, noun));
        let parts = [
            (Code::MissingRows, &self.missing, "could not be fetched and are missing"),
            (Code::NotRescanned, &self.not_rescanned, "could not be fetched a second time"),
        ];
        for (code, ranges, what) in parts.into_iter().filter(|(_, ranges, _)| !ranges.is_empty()) {
            let ranges = merged(ranges);
            let text = format!("rows {} of the list {what}", list_rows(&ranges));
            doubts.push(Evidence::new(code, Some(count_rows(&ranges)), text));
        }
        doubts
    }

    fn doubts_about_rows(&self, manner: Manner, noun: RowNoun) -> Vec<Evidence> {
        let mut doubts = Vec::new();
        let unread = if self.limit_reached.is_some() {
            0
        } else if !self.missing.is_empty() {
            // More than the missing rows below, if the list moved around them.
            Some(self.fewer_than_counted()).filter(|&fewer| fewer > self.missing_rows()).unwrap_or(0)
        } else if self.unreliable.is_some() || manner == Manner::Plain {
            self.fewer_than_counted()
        } else {
            self.unread
        };
        if unread > 0 && !(manner == Manner::Overlap && self.unreliable.is_none() && self.unread_is_explained()) {
            let text = format!("the list holds {} more than were read", noun.count("", unread));
            doubts.push(Evidence::new(Code::FewerReadThanListed, Some(unread), text));
        }
        if self.moved_in_middle > 0 && self.unreliable.is_none() {
            doubts.push(Unreliable::OrderChanges.evidence());
        }
        if self.count_disagrees && self.unreliable.is_none() {
            let counted = self.total_last.unwrap_or(0);
            let text = format!("the API counts {} but lists a different number", noun.count("", counted));
            doubts.push(Evidence::new(Code::CountDisagrees, Some(counted), text));
        }
        // A count that is too high announces more, too.
        let short_pages = self.short_pages + u64::from(self.announces_more && !self.count_disagrees);
        if short_pages > 0 {
            let were = count_of(short_pages, "answer was", "answers were");
            let text = format!("{were} shorter than a page although more followed");
            doubts.push(Evidence::new(Code::ShortPages, Some(short_pages), text));
        }
        doubts
    }
}

/// Sorts ranges of rows, and merges those that overlap or are adjacent.
fn merged(ranges: &[RangeInclusive<u64>]) -> Vec<[u64; 2]> {
    let mut ranges: Vec<[u64; 2]> = ranges.iter().map(|range| [*range.start(), *range.end()]).collect();
    ranges.sort_unstable();
    ranges.dedup_by(|next, range| {
        let is_joined = next[0] <= range[1].saturating_add(1);
        if is_joined {
            range[1] = range[1].max(next[1]);
        }
        is_joined
    });
    ranges
}

fn count_rows(ranges: &[[u64; 2]]) -> u64 {
    ranges.iter().map(|[start, end]| end - start + 1).sum()
}

/// Lists at most [`MAX_RANGES`] ranges, and the number of further ones.
fn list_rows(ranges: &[[u64; 2]]) -> String {
    let listed: Vec<String> =
        ranges.iter().take(MAX_RANGES).map(|&[start, end]| format!("{} to {}", grouped(start), grouped(end))).collect();
    match ranges.len().saturating_sub(MAX_RANGES) {
        0 => listed.join(", "),
        more => format!("{} and {more} more ranges", listed.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacent_rows_are_one_range_and_many_ranges_are_counted() {
        assert_eq!(list_rows(&merged(&[301..=400, 101..=200, 201..=300, 501..=600])), "101 to 400, 501 to 600");
        let every_other: Vec<_> = (0..25).map(|at| at * 200 + 1..=at * 200 + 100).collect();
        let listed = list_rows(&merged(&every_other));
        assert!(listed.ends_with("3,801 to 3,900 and 5 more ranges"), "{listed}");
    }

    #[test]
    fn overlapping_missing_ranges_are_counted_once() {
        let report = WalkReport { missing: vec![199..=291, 195..=291, 400..=400], ..WalkReport::default() };
        assert_eq!(report.missing_ranges(), [[195, 291], [400, 400]]);
        assert_eq!(report.missing_rows(), 98);
    }
}
