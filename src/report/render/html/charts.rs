//! Contacts created, month by month: how many, and how many there were.
//!
//! *Easy to get wrong:* what has no place on the picture must be told below it, or its last number seems to contradict the
//! number of contacts.

use std::collections::BTreeMap;

use super::super::super::counts::UNKNOWN_KEY;
use super::super::super::format::{grouped, grouped_of};
use super::super::super::{OTHER_KEY, Summary};
use super::page::Page;

/// Months on the picture: twenty years.
const MAX_MONTHS: i32 = 240;
/// Dates before it are no dates of contacts, and would press the rest of the picture into a corner.
const FIRST_YEAR: i32 = 2000;
/// Names below the picture.
const LABELS: usize = 5;

pub(super) fn months(page: &mut Page, summary: &Summary) {
    let Some(months) = Months::new(summary) else { return };
    let mut total = months.earlier;
    let sums: Vec<(String, u64)> = months
        .shown
        .iter()
        .map(|(month, count)| {
            total += count;
            (month.clone(), total)
        })
        .collect();
    page.push("<div class=\"grid\">\n");
    chart(page, "Created per month", &months.shown);
    // With merged months there is no sum to tell.
    let has_sums = summary.min_cell.is_none();
    if has_sums {
        chart(page, "Contacts in all", &sums);
    }
    page.push("</div>\n");
    page.notes(&months.notes(summary, has_sums));
}

/// What is on the picture, and what is not.
struct Months {
    /// All months from the first to the last that make sense, those without a contact too.
    shown: Vec<(String, u64)>,
    /// Contacts created before them.
    earlier: u64,
    /// Contacts created in the months after that of the report.
    later: u64,
}

impl Months {
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

    /// What the pictures leave out.
    fn notes(&self, summary: &Summary, has_sums: bool) -> Vec<String> {
        let count = |key: &str| summary.created_by_month.get(key).copied().unwrap_or(0);
        let contacts = |count: u64| grouped_of(count, "contact", "contacts");
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
            notes.push(format!("Not in the {}: {}.", if has_sums { "pictures" } else { "picture" }, groups.join(", ")));
        }
        if self.earlier > 0 {
            let only = if has_sums { "only in the sums of the second picture" } else { "not in the picture" };
            let (earlier, first) = (contacts(self.earlier), &self.shown[0].0);
            notes.push(format!("Created before {first}, and so {only}: {earlier}."));
        }
        notes
    }
}

fn chart(page: &mut Page, title: &str, points: &[(String, u64)]) {
    let largest = points.iter().map(|&(_, count)| count).max().unwrap_or(0).max(1);
    // A single month is a flat line over the whole width.
    let steps = points.len().max(2) - 1;
    let height = |count: u64| 1000 - count.saturating_mul(1000) / largest;
    let place = |at: usize| (at * 1000 / steps).to_string();
    let mut line = String::new();
    for (at, &(_, count)) in points.iter().enumerate() {
        line += &format!("{}{} {}", if at == 0 { "M" } else { "L" }, place(at), height(count));
    }
    if points.len() == 1 {
        line += &format!("L1000 {}", height(points[0].1));
    }
    let name = format!("{title}: {} at most; the table of months has the numbers", grouped(largest));
    page.push("<figure>\n<h3>").text(title).push("</h3>\n<div class=\"axis\"><span>").push(&grouped(largest));
    page.push(
        "</span></div>\n<svg class=\"line\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" ",
    );
    page.push("aria-label=\"").text(&name).push("\">\n<path class=\"area\" d=\"").push(&line);
    page.push("L1000 1000L0 1000z\"/>\n<path class=\"stroke\" d=\"").push(&line).push("\"/>\n");
    let width = (1000 / steps).max(1);
    for (at, (month, count)) in points.iter().enumerate() {
        let left = (at * 1000 / steps).saturating_sub(width / 2).to_string();
        page.push("<rect x=\"").push(&left).push("\" width=\"").push(&width.to_string()).push("\" height=\"1000\">");
        page.push("<title>").text(month).push(": ").push(&grouped(*count)).push("</title></rect>\n");
    }
    page.push("</svg>\n<div class=\"axis\">");
    let labels = LABELS.min(points.len());
    for label in 0..labels {
        let at = if labels > 1 { label * (points.len() - 1) / (labels - 1) } else { 0 };
        page.push("<span>").text(&points[at].0).push("</span>");
    }
    page.push("</div>\n</figure>\n");
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

    fn drawn(summary: &Summary) -> String {
        let mut page = Page::default();
        months(&mut page, summary);
        page.finish()
    }

    #[test]
    fn what_is_not_on_the_picture_is_told_below_it() {
        let table =
            [("1969-12", 7), ("2026-01", 100), ("2026-03", 20), ("9999-12", 53), (OTHER_KEY, 2), (UNKNOWN_KEY, 1)];
        let html = drawn(&account(&table));
        let notes = "Not in the pictures: 1 contact without a date, 53 contacts with a date in the future, 2 contacts of \
                     other months.";
        assert!(html.contains(notes), "{html}");
        assert!(html.contains("Created before 2026-01, and so only in the sums of the second picture: 7 contacts."));
        // The last sum and what is told make everybody.
        assert!(html.contains("<title>2026-03: 127</title>"), "{html}");
        assert!(!drawn(&account(&table[1..3])).contains("<li>"));
        let mut merged = account(&table);
        merged.min_cell = Some(2);
        assert!(drawn(&merged).contains("Not in the picture: 1 contact without a date"));
        assert!(drawn(&merged).contains("of merged months") && drawn(&merged).contains("and so not in the picture"));
    }

    #[test]
    fn every_contact_is_on_the_picture_or_told_below_it() {
        for months in [1, 2, 239, 240, 241, 500] {
            let names: Vec<String> =
                (0..months).map(|at| format!("{:04}-{:02}", 1985 + at / 12, at % 12 + 1)).collect();
            let table: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 3)).collect();
            let summary = account(&table);
            let Some(months) = Months::new(&summary) else { continue };
            let shown: u64 = months.shown.iter().map(|(_, count)| count).sum();
            assert_eq!(shown + months.earlier + months.later, summary.contacts);
        }
    }
}
