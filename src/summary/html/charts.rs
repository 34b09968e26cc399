//! Contacts created, month by month: how many, and how many there were.

use chrono::{Datelike, NaiveDate};

use super::super::Summary;
use super::super::format::grouped;
use super::page::Page;

/// Months on the picture: twenty years.
const MAX_MONTHS: usize = 240;
/// Dates before it are no dates of contacts, and would press the rest of the picture into a corner.
const FIRST_YEAR: i32 = 2000;
/// Names below the picture.
const LABELS: usize = 5;

pub(super) fn months(page: &mut Page, summary: &Summary) {
    let Some(months) = shown_months(summary) else { return };
    let mut total = before(summary, &months[0].0);
    let sums: Vec<(String, u64)> = months
        .iter()
        .map(|(month, count)| {
            total += count;
            (month.clone(), total)
        })
        .collect();
    page.push("<div class=\"grid\">\n");
    chart(page, "Created per month", &months);
    // With merged months there is no sum to tell.
    if summary.min_cell.is_none() {
        chart(page, "Contacts in all", &sums);
    }
    page.push("</div>\n");
}

/// All months from the first to the last that make sense, those without a contact too.
fn shown_months(summary: &Summary) -> Option<Vec<(String, u64)>> {
    let now = NaiveDate::parse_from_str(summary.as_of.get(..10)?, "%Y-%m-%d").ok()?;
    let index = |year: i32, month: u32| year * 12 + i32::try_from(month).unwrap_or(1) - 1;
    let last = index(now.year(), now.month());
    let parsed = |month: &str| {
        let (year, month) = month.split_once('-')?;
        Some(index(year.parse().ok()?, month.parse().ok()?))
    };
    let counts: std::collections::BTreeMap<i32, u64> = summary
        .created_by_month
        .iter()
        .filter_map(|(month, &count)| Some((parsed(month)?, count)))
        .filter(|&(month, _)| (index(FIRST_YEAR, 1)..=last).contains(&month))
        .collect();
    let (&first, &newest) = (counts.keys().next()?, counts.keys().next_back()?);
    let first = first.max(newest + 1 - i32::try_from(MAX_MONTHS).unwrap_or(0));
    let name = |month: i32| format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1);
    Some((first..=newest).map(|month| (name(month), counts.get(&month).copied().unwrap_or(0))).collect())
}

/// Contacts created before the first month shown.
fn before(summary: &Summary, first: &str) -> u64 {
    let is_month = |month: &str| month.as_bytes().first().is_some_and(u8::is_ascii_digit);
    let earlier = summary.created_by_month.iter().filter(|(month, _)| is_month(month) && month.as_str() < first);
    earlier.map(|(_, count)| count).sum()
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
