//! Charts of the contacts created in each month, and of their running total.
//!
//! *Easy to get wrong:* contacts that are not in the charts must be mentioned below them. Otherwise, the last number seems
//! to contradict the number of contacts.

use std::collections::BTreeMap;

use super::super::super::document::contacts::summary::Summary;
use super::super::super::table::{OTHER_KEY, UNKNOWN_KEY};
use super::super::parts::{LineChart, LinesView, Note};
use crate::base::plural::count_of;

/// Maximum number of months in a chart: twenty years.
const MAX_MONTHS: i32 = 240;
/// First year of a chart. Earlier dates are wrong, and would compress the rest of the chart.
const FIRST_YEAR: i32 = 2000;

/// The charts; `None` if there is no plausible month.
pub(super) fn lines(summary: &Summary) -> Option<LinesView> {
    let months = ChartMonths::new(summary)?;
    let mut total = months.earlier;
    let sums = months.shown.iter().map(|(month, count)| {
        total += count;
        (month.clone(), total)
    });
    // A running total cannot be computed over merged months.
    let has_sums = summary.min_cell.is_none();
    // The month of the report is not over.
    let is_partial = months.shown.last().is_some_and(|(month, _)| summary.as_of.starts_with(month.as_str()));
    let sums = has_sums.then(|| chart("Total contacts", sums.collect(), is_partial));
    let notes = months.notes(summary, has_sums).into_iter().map(Note::from).collect();
    Some(LinesView {
        charts: [chart("Created per month", months.shown, is_partial)].into_iter().chain(sums).collect(),
        notes,
    })
}

fn chart(title: &str, points: Vec<(String, u64)>, is_last_partial: bool) -> LineChart {
    let title = title.to_owned();
    LineChart { title, points, places: Vec::new(), is_last_partial, table: "the table of months" }
}

/// Counts that are in the charts, and those that are not.
struct ChartMonths {
    /// All months from the first to the last plausible one, including those without contacts.
    shown: Vec<(String, u64)>,
    /// Contacts created before them.
    earlier: u64,
    /// Contacts created after the month of the report.
    later: u64,
}

impl ChartMonths {
    fn new(summary: &Summary) -> Option<Self> {
        let index = |year: i32, month: u32| year * 12 + i32::try_from(month).unwrap_or(1) - 1;
        let parsed = |month: &str| {
            let (year, month) = month.split_once('-')?;
            Some(index(year.parse().ok()?, month.parse().ok()?))
        };
        let now = parsed(summary.as_of.get(..7)?)?;
        let table = summary.created_by_month.iter();
        let counts: BTreeMap<i32, u64> = table.filter_map(|(month, &count)| Some((parsed(month)?, count))).collect();
        let sensible = index(FIRST_YEAR, 1)..=now;
        let mut months = counts.keys().copied().filter(|month| sensible.contains(month));
        let first = months.next()?;
        let newest = months.next_back().unwrap_or(first);
        let first = first.max(newest + 1 - MAX_MONTHS);
        let name = |month: i32| format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1);
        Some(Self {
            shown: (first..=newest).map(|month| (name(month), counts.get(&month).copied().unwrap_or(0))).collect(),
            earlier: counts.range(..first).map(|(_, count)| count).sum(),
            later: counts.range(newest + 1..).map(|(_, count)| count).sum(),
        })
    }

    /// Notes on what the charts omit.
    fn notes(&self, summary: &Summary, has_sums: bool) -> Vec<String> {
        let count = |key: &str| summary.created_by_month.get(key).copied().unwrap_or(0);
        let contacts = |count: u64| count_of(count, "contact", "contacts");
        let merged = if summary.min_cell.is_some() { "of merged months" } else { "of other months" };
        let groups = [
            (count(UNKNOWN_KEY), "without a date"),
            (self.later, "with a date in the future"),
            (count(OTHER_KEY), merged),
        ];
        let groups = groups.into_iter().filter(|&(count, _)| count > 0);
        let groups: Vec<String> = groups.map(|(count, what)| format!("{} {what}", contacts(count))).collect();
        let mut notes = Vec::new();
        if !groups.is_empty() {
            notes.push(format!("Not in the {}: {}.", if has_sums { "charts" } else { "chart" }, groups.join(", ")));
        }
        if self.earlier > 0 {
            let only = if has_sums { "only in the totals of the second chart" } else { "not in the chart" };
            let (earlier, first) = (contacts(self.earlier), &self.shown[0].0);
            notes.push(format!("Created before {first}, so {only}: {earlier}."));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(months: &[(&str, u64)]) -> Summary {
        Summary {
            as_of: "2026-03-31T00:00:00Z".to_owned(),
            contacts: months.iter().map(|(_, count)| count).sum(),
            created_by_month: months.iter().map(|&(month, count)| (month.to_owned(), count)).collect(),
            ..Summary::default()
        }
    }

    fn notes_of(summary: &Summary) -> String {
        let notes = lines(summary).unwrap().notes;
        notes.into_iter().map(|note| note.text).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn contacts_that_are_not_in_the_charts_are_mentioned_below_them() {
        let table =
            [("1969-12", 7), ("2026-01", 100), ("2026-03", 20), ("9999-12", 53), (OTHER_KEY, 2), (UNKNOWN_KEY, 1)];
        let notes = "Not in the charts: 1 contact without a date, 53 contacts with a date in the future, 2 contacts of \
                     other months.\nCreated before 2026-01, so only in the totals of the second chart: 7 contacts.";
        assert_eq!(notes_of(&account(&table)), notes);
        // The last total and the notes add up to all contacts.
        let sums = lines(&account(&table)).unwrap().charts.pop().unwrap().points;
        assert_eq!(sums.last(), Some(&("2026-03".to_owned(), 127)));
        assert_eq!(notes_of(&account(&table[1..3])), "");
        let mut merged = account(&table);
        merged.min_cell = Some(2);
        let notes = notes_of(&merged);
        assert!(notes.contains("Not in the chart: 1 contact without a date"), "{notes}");
        assert!(notes.contains("of merged months") && notes.contains("so not in the chart"), "{notes}");
    }

    #[test]
    fn every_contact_is_in_the_charts_or_mentioned_below_them() {
        for months in [1, 2, 239, 240, 241, 500] {
            let names: Vec<String> =
                (0..months).map(|at| format!("{:04}-{:02}", 1985 + at / 12, at % 12 + 1)).collect();
            let table: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 3)).collect();
            let summary = account(&table);
            let Some(months) = ChartMonths::new(&summary) else { continue };
            let shown: u64 = months.shown.iter().map(|(_, count)| count).sum();
            assert_eq!(shown + months.earlier + months.later, summary.contacts);
        }
    }
}
