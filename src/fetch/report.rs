//! What a walk has met, and the verdict that follows from it.

use std::ops::RangeInclusive;

use crate::plural::{count_of, word_for};
use crate::verdict::Verdict;

use super::healing::Unreliable;

/// Ranges of rows that evidence names one by one.
const MAX_RANGES: usize = 20;

/// What a walk has met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WalkReport {
    /// Answers taken, whatever they were asked for.
    pub pages: u64,
    /// Different contacts.
    pub contacts: u64,
    /// Contacts that tell when they were created or changed.
    pub dated: u64,
    /// Items that were no contacts.
    pub rejected: u64,
    /// Contacts that came again and were dropped.
    pub duplicates: u64,
    /// `total_count` of the first answer.
    pub total_first: Option<u64>,
    /// `total_count` of the last answer.
    pub total_last: Option<u64>,
    /// Smallest `total_count`.
    pub total_min: Option<u64>,
    /// Largest `total_count`.
    pub total_max: Option<u64>,
    /// Answers that showed that the list moved, or did not add up.
    pub movements: u64,
    /// Contacts that were created after the walk began, as far as they were met.
    pub created: u64,
    /// Contacts that were updated after the walk began, as far as they were met.
    pub updated: u64,
    /// Pages of the plain walk with fewer or more items than their place in the list asks for.
    pub odd_pages: u64,
    /// Windows read to settle joins, and to go on once the list moved.
    pub windows_reread: u64,
    /// Joins that were settled.
    pub joins: u64,
    /// Why the walk fell back to sweeps, if it did.
    pub unreliable: Option<Unreliable>,
    /// Sweeps over the whole list.
    pub sweeps: u32,
    /// Pages read by sweeps.
    pub pages_swept: u64,
    /// Contacts that the last sweep was the first to find, without those created during the run.
    pub found_by_last_sweep: u64,
    /// Rows of the list that could not be had, from 1.
    pub missing: Vec<RangeInclusive<u64>>,
    /// Rows of the list that a sweep could not have, from 1.
    pub not_swept: Vec<RangeInclusive<u64>>,
    /// `meta.request_id` of the first and the last answer.
    pub request_ids: [Option<String>; 2],
    /// Answers that came from the journal of a run before.
    pub pages_resumed: u64,
}

impl WalkReport {
    pub(super) fn note_total(&mut self, total: Option<u64>) {
        self.total_first = self.total_first.or(total);
        self.total_last = total.or(self.total_last);
        self.total_min = self.total_min.min(total).or(self.total_min).or(total);
        self.total_max = self.total_max.max(total);
    }

    /// Contacts that went away during the walk, at least.
    pub fn deleted_at_least(&self) -> u64 {
        let (first, last) = (self.total_first.unwrap_or(0), self.total_last.unwrap_or(0));
        (first + self.created).saturating_sub(last)
    }

    /// By how many the API, by its last answer, counts more than were read.
    pub(super) fn fewer_than_counted(&self) -> u64 {
        self.total_last.unwrap_or(0).saturating_sub(self.contacts + self.rejected)
    }

    /// Contacts that the API may count and a healed walk not have read, though none is lost: created where the list was read
    /// already. There are about as many of them as of the changes that show, but a few come with hardly any.
    fn may_be_unread(&self) -> u64 {
        const FEW: u64 = 10;
        // Only what is new can rightly be unread. What was updated or comes again, and a count that fell, tell that there are
        // changes, but not of how many new ones.
        const MAX_TOLD_BY_OTHERS: u64 = 3;
        let rise = |from: Option<u64>, to: Option<u64>| to.unwrap_or(0).saturating_sub(from.unwrap_or(0));
        let growth = rise(self.total_first, self.total_max).max(rise(self.total_min, self.total_last));
        let others = self.updated + self.duplicates + rise(self.total_last, self.total_first);
        let changes = self.created + growth + others.min(MAX_TOLD_BY_OTHERS);
        if changes > 0 { (4 * changes).max(FEW) } else { 0 }
    }

    /// The most contacts that a plain walk over this list can have lost, if that is known.
    ///
    /// Every row that was created or moved before the reading place shows as a repeated one, every other one by its
    /// time; what then is missing from the growth of the total was deleted, before the reading place (and hid a row) or
    /// behind it (and hid none).
    fn lost_at_most(&self) -> Option<u64> {
        let (first, last) = (self.total_first?, self.total_last?);
        Some((self.created + self.updated + self.duplicates + first).saturating_sub(last))
    }

    /// Whether everything is there, and what says so. `is_healed` tells that every gap was closed by anchored joins, `behind`
    /// by how many seconds an answer was older than others.
    pub(super) fn verdict(&self, is_healed: bool, behind: Option<u64>) -> (Verdict, Vec<String>) {
        let read = self.contacts + self.rejected;
        let mut doubts = self.doubts();
        if let Some(seconds) = behind {
            let seconds = count_of(seconds, "second", "seconds");
            doubts.push(format!(
                "an answer was {seconds} older than others: a cache or a replica gave contacts of the past"
            ));
        }
        if doubts.is_empty() && self.movements == 0 {
            match self.total_last {
                Some(total) if total == read => {
                    return (Verdict::Complete, self.still_list());
                }
                Some(total) => {
                    doubts.push(format!("{}, and the API said {total}", self.different("contact", "contacts")));
                }
                None => {}
            }
        }
        if doubts.is_empty() && is_healed {
            let missing = self.fewer_than_counted();
            if missing <= self.may_be_unread() {
                return (Verdict::Healed, self.healing());
            }
            doubts.push(fewer_read(missing));
        }
        if doubts.is_empty() {
            doubts.push(match self.lost_at_most() {
                Some(lost) => format!("at most {} may be missing", count_of(lost, "contact", "contacts")),
                None => "contacts may be missing".to_owned(),
            });
        }
        let movement = self.movement();
        (Verdict::Unverified, movement.into_iter().chain(doubts).collect())
    }

    fn still_list(&self) -> Vec<String> {
        let said = count_of(self.contacts + self.rejected, "contact", "contacts");
        let link = if self.rejected > 0 { ";" } else { ", and" };
        let lines = [format!("every page said {said}{link} {}", self.different("one", "ones"))];
        lines.into_iter().chain(self.without_dates()).chain(self.second_read()).collect()
    }

    /// What a list without times hides from whoever reads it once.
    fn without_dates(&self) -> Option<String> {
        let is_blind = self.dated == 0 && self.pages > 1 && self.sweeps == 0;
        is_blind.then(|| {
            "no contact tells when it was created or changed, so a deletion that a creation made up for would not be seen"
                .to_owned()
        })
    }

    /// What was read. Items that are no contacts have nothing to tell them apart by.
    fn different(&self, one: &str, many: &str) -> String {
        let contacts = count_of(self.contacts, &format!("different {one}"), &format!("different {many}"));
        if self.rejected == 0 {
            return format!("{contacts} {} read", word_for(self.contacts, "was", "were"));
        }
        let others = count_of(self.rejected, "item that is no contact", "items that are no contacts");
        format!("{contacts} and {others} were read")
    }

    fn movement(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let (Some(min), Some(max)) = (self.total_min, self.total_max)
            && min != max
        {
            let max = count_of(max, "contact", "contacts");
            lines.push(format!("the list moved while it was read: it had between {min} and {max}"));
        }
        let deleted = self.deleted_at_least();
        let counts = [
            (
                self.created,
                "contact was created during the run and is in the output",
                "contacts were created during the run and are in the output",
            ),
            (deleted, "contact or more was deleted during the run", "contacts or more were deleted during the run"),
            (self.updated, "contact was updated during the run", "contacts were updated during the run"),
            (
                self.duplicates,
                "contact came more than once and was written once",
                "contacts came more than once and were written once",
            ),
            (
                self.odd_pages,
                "page was shorter or longer than its place asks for",
                "pages were shorter or longer than their place asks for",
            ),
        ];
        let told = counts.into_iter().filter(|&(count, ..)| count > 0);
        lines.extend(told.map(|(count, one, many)| count_of(count, one, many)));
        lines
    }

    fn healing(&self) -> Vec<String> {
        let mut lines = self.movement();
        let joins = count_of(self.joins, "join was", "joins were");
        let windows = count_of(self.windows_reread, "window", "windows");
        lines.push(format!("{joins} anchored on rows that had not moved, with {windows}"));
        lines.extend(self.second_read());
        lines
    }

    fn second_read(&self) -> Option<String> {
        let pages = count_of(self.pages_swept, "page", "pages");
        (self.sweeps > 0).then(|| format!("a second read of the whole list found nothing new, with {pages}"))
    }

    fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.total_first.is_none() {
            doubts.push("the API did not tell how many contacts there are".to_owned());
        }
        if let Some(reason) = self.unreliable {
            let reason = match reason {
                Unreliable::OrderChanges => "rows that did not change came in another order",
                Unreliable::SizesNotHonoured => "the API did not keep to the page sizes asked for",
                Unreliable::PagesTooSmall => "the API's pages are too small to overlap",
                Unreliable::NoProgress => "the API said that more follows and sent nothing new",
                Unreliable::TooRestless => "the list moved faster than it could be read",
            };
            doubts.push(format!("joins could not be anchored: {reason}"));
            let times = count_of(self.sweeps.into(), "time", "times");
            let last = count_of(self.found_by_last_sweep, "new one", "new ones");
            doubts.push(format!("the whole list was read {times} more, the last time found {last}"));
            let missing = self.fewer_than_counted();
            if missing > 0 {
                doubts.push(fewer_read(missing));
            }
        } else if self.found_by_last_sweep > 0 {
            let found = count_of(
                self.found_by_last_sweep,
                "contact that the first had missed (it is written)",
                "contacts that the first had missed (they are written)",
            );
            doubts.push(format!("a second read found {found}"));
        }
        if !self.missing.is_empty() {
            let rows = list_rows(&self.missing);
            doubts.push(format!("pages could not be fetched: rows {rows} of the list are missing"));
        }
        if !self.not_swept.is_empty() {
            let rows = list_rows(&self.not_swept);
            doubts.push(format!("pages could not be fetched again: rows {rows} of the list had no second look"));
        }
        doubts
    }
}

fn fewer_read(missing: u64) -> String {
    let missing = count_of(missing, "contact fewer was", "contacts fewer were");
    format!("{missing} read than the API counts")
}

/// Rows in ascending order, those that follow each other as one range, and no more ranges than a sentence bears.
fn list_rows(ranges: &[RangeInclusive<u64>]) -> String {
    let mut ranges: Vec<(u64, u64)> = ranges.iter().map(|range| (*range.start(), *range.end())).collect();
    ranges.sort_unstable();
    ranges.dedup_by(|next, range| {
        let is_joined = next.0 <= range.1.saturating_add(1);
        if is_joined {
            range.1 = range.1.max(next.1);
        }
        is_joined
    });
    let told: Vec<String> = ranges.iter().take(MAX_RANGES).map(|(start, end)| format!("{start} to {end}")).collect();
    match ranges.len().saturating_sub(MAX_RANGES) {
        0 => told.join(", "),
        more => format!("{} and {more} more ranges", told.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_follow_each_other_are_one_range_and_many_ranges_are_counted() {
        assert_eq!(list_rows(&[301..=400, 101..=200, 201..=300, 501..=600]), "101 to 400, 501 to 600");
        let every_other: Vec<_> = (0..25).map(|at| at * 200 + 1..=at * 200 + 100).collect();
        let told = list_rows(&every_other);
        assert!(told.ends_with("3801 to 3900 and 5 more ranges"), "{told}");
    }
}
