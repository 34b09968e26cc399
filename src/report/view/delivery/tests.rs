use super::super::super::document::delivery::group::{Group, Groups};
use super::*;
use crate::report::document::delivery::compare_deliveries;
use crate::report::document::delivery::money::{Money, Spending};
use crate::report::document::delivery::summary::{Deliverability, Failure, Funnel, Percentiles};
use crate::report::render::render_table;
use crate::report::{Report, ReportForm, TableStyle};

fn group(messages: u64) -> Group {
    Group {
        messages,
        outbound: Some(messages / 2),
        inbound: Some(messages - messages / 2),
        successful: Some(messages / 3),
        failed: Some(messages / 20),
        withheld: Some(messages / 50),
        spent: Spending { price: Money(i128::from(messages) * 7_900), active_contact_price: Money(-500_000) },
    }
}

fn groups(count: u64, name: impl Fn(u64) -> String) -> Groups {
    (0..count).map(|at| (name(at), group(5000 - at))).collect()
}

/// An account with this many keys in each of its tables.
fn account(keys: u64) -> DeliverySummary {
    let name = |at: u64| format!("key {at}");
    let channels = groups(keys, name);
    let mut total = Group::default();
    for group in channels.values() {
        total += *group;
    }
    let failure = |at| Failure {
        reason_code: name(at),
        reason: Some("<b>Carrier</b> | filter".to_owned()),
        messages: 100 + at,
        began_on: Some("2026-03-01".to_owned()),
        ..Failure::default()
    };
    let percentiles = Percentiles { messages: 7, p50_ms: 1500, p99_ms: 61_000, ..Percentiles::default() };
    let mut summary = DeliverySummary {
        as_of: "2026-03-31T00:00:00Z".to_owned(),
        messages: total.messages,
        total,
        statuses: [("SENT".to_owned(), total.messages)].into(),
        regions: channels.clone(),
        templates: channels.clone(),
        channels,
        days: groups(keys.min(2000), |at| format!("{}-{:02}-{:02}", 2010 + at / 336, at / 28 % 12 + 1, at % 28 + 1)),
        funnel: Some(Funnel { queued: 50, sent: 40, delivered: 30, read: 20 }),
        deliverability: Some(Deliverability { successful: 40, attempted: 45, outbound: 50 }),
        failures: (0..keys).map(failure).collect(),
        ..DeliverySummary::default()
    };
    summary.times.to_delivered = Some(percentiles);
    summary.comparison = Some(compare_deliveries(&DeliverySummary::default(), &summary, "old.json".to_owned()));
    summary
}

#[test]
fn every_form_shows_the_same_numbers() {
    let summary = account(3);
    let table = render_table(&summary, TableStyle { width: 120, has_colors: false });
    // Line breaks are allowed within amounts.
    let forms = [ReportForm::Html, ReportForm::Markdown].map(|form| summary.render(form).replace("<wbr>", ""));
    for form in forms.iter().chain([&table]) {
        // 40 of 45, 40 of 50, the money of all, and a duration.
        for number in ["88.9%", "80.0%", "116.9763", "1 min 1 s", "2026-03-01"] {
            assert!(form.contains(number), "{number} in {form}");
        }
    }
    assert!(forms[0].contains("&lt;b&gt;Carrier") && !forms[0].contains("<b>"), "{}", forms[0]);
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
}

#[test]
fn truncated_tables_of_groups_add_up() {
    for keys in [1, 12, 57, 300] {
        let summary = account(keys);
        let limits = ViewLimits { rows: 10, regions: 20, months: 12, days: 14, channels: 6 };
        let report = report(&summary, limits);
        let tables = report.sections.iter().flat_map(Section::tables);
        let of_groups = tables.filter(|table| table.title.starts_with("Messages by"));
        for table in of_groups {
            let count = |row: &Row| match row.cells[1] {
                Cell::Count(count) => count,
                _ => panic!("no number in {row:?}"),
            };
            assert_eq!(table.rows.iter().map(count).sum::<u64>(), summary.messages, "{}", table.title);
        }
    }
}

#[test]
fn the_page_and_the_markdown_stay_small() {
    let summary = account(2000);
    assert!(summary.render(ReportForm::Html).len() < 300_000);
    assert!(summary.render(ReportForm::Markdown).len() < 100_000);
}
