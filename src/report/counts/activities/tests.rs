use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, StringArray, TimestampMicrosecondArray};

use super::*;
use crate::report::document::delivery::money::Money;
use crate::report::document::delivery::summary::Funnel;
use crate::report::document::resource::ResourceDocument;

/// 2026-03-01T00:00:00Z.
const MIDNIGHT: i64 = 1_772_323_200_000_000;
const SECOND: i64 = 1_000_000;

/// An activity in a test: message, position, status, reason code, seconds since midnight, and price in millionths.
type TestActivity<'a> = (&'a str, Option<i32>, &'a str, Option<&'a str>, i64, Option<i128>);

fn batch(activities: &[TestActivity<'_>]) -> RecordBatch {
    let texts = |text: &dyn Fn(&TestActivity<'_>) -> Option<String>| -> ArrayRef {
        Arc::new(activities.iter().map(text).collect::<StringArray>())
    };
    let times: TimestampMicrosecondArray = activities.iter().map(|found| Some(MIDNIGHT + found.4 * SECOND)).collect();
    let prices = || -> Decimal128Array { activities.iter().map(|found| found.5).collect() };
    let money = |prices: Decimal128Array| -> ArrayRef { Arc::new(prices.with_precision_and_scale(18, 6).unwrap()) };
    let columns: Vec<ArrayRef> = vec![
        texts(&|found| Some(found.0.to_owned())),
        texts(&|found| found.1.map(|position| position.to_string())),
        texts(&|found| Some(found.2.to_owned())),
        texts(&|found| found.3.map(str::to_owned)),
        texts(&|_| None),
        Arc::new(times.with_timezone("UTC")),
        money(prices()),
        money(Decimal128Array::from(vec![None; activities.len()])),
    ];
    RecordBatch::try_new(activity_schema(), columns).unwrap()
}

fn summary(batches: &[&[TestActivity<'_>]]) -> DeliverySummary {
    let mut counts = ActivityCounts::for_files();
    for activities in batches {
        counts.add(&batch(activities), MIDNIGHT + 86_400 * SECOND, |_| true);
    }
    let mut summary = counts.summary();
    summary.origin.columns_not_in_inputs = columns_not_known(&[]);
    summary.omit_absent();
    summary
}

const READ: [TestActivity<'_>; 4] = [
    ("a", Some(0), "QUEUED", None, 0, None),
    ("a", Some(1), "SENT", None, 1, Some(8_000)),
    ("a", Some(2), "DELIVERED", None, 3, Some(8_000)),
    ("a", Some(3), "READ", None, 60, Some(8_500)),
];
const FAILED: [TestActivity<'_>; 2] =
    [("b", Some(0), "QUEUED", None, 10, None), ("b", Some(1), "FAILED", Some("30003"), 20, None)];
const RECEIVED: [TestActivity<'_>; 1] = [("c", Some(0), "RECEIVED", None, 30, None)];

#[test]
fn a_message_has_the_last_status_and_price_of_its_activities() {
    let found = summary(&[&[&READ[..], &FAILED, &RECEIVED].concat()]);
    assert_eq!((found.messages, found.from_activities.map(|from| from.activities)), (3, Some(7)));
    assert_eq!((found.total.outbound, found.total.inbound), (Some(2), Some(1)));
    assert_eq!(found.funnel, Some(Funnel { queued: 2, sent: 1, delivered: 1, read: 1 }));
    let statuses: Vec<(&str, u64)> = found.statuses.iter().map(|(name, &count)| (name.as_str(), count)).collect();
    assert_eq!(statuses, [("FAILED", 1), ("READ", 1), ("RECEIVED", 1)]);
    assert_eq!(found.total.spent.price, Money(8_500), "each activity repeats the price, which is charged once");
    assert_eq!(found.times.to_delivered.map(|times| (times.messages, times.p50_ms)), Some((1, 3000)));
    assert_eq!(found.times.to_read.map(|times| times.p50_ms), Some(60_000));
    let failure = &found.failures[0];
    assert_eq!((failure.reason_code.as_str(), failure.began_on.as_deref()), ("30003", Some("2026-03-01")));
    assert_eq!(found.created_range.oldest.as_deref(), Some("2026-03-01T00:00:00Z"));
}

#[test]
fn a_message_may_continue_in_the_next_batch() {
    let all = [&READ[..], &FAILED, &RECEIVED].concat();
    let whole = summary(&[&all]);
    for cut in 0..=all.len() {
        assert_eq!(summary(&[&all[..cut], &all[cut..]]), whole, "cut at {cut}");
    }
    let one_by_one: Vec<&[TestActivity<'_>]> = all.chunks(1).collect();
    assert_eq!(summary(&one_by_one), whole);
}

#[test]
fn positions_decide_the_order_where_all_are_known() {
    let mut reversed = READ;
    reversed.reverse();
    assert_eq!(summary(&[&reversed]).statuses, summary(&[&READ]).statuses);
    let unknown = READ.map(|(id, _, status, code, time, price)| (id, None, status, code, time, price));
    assert_eq!(
        summary(&[&unknown]).statuses,
        summary(&[&READ]).statuses,
        "without positions, the order of the file decides"
    );
}

#[test]
fn what_activities_do_not_state_is_omitted() {
    let found = summary(&[&READ]);
    assert!(found.channels.is_empty() && found.regions.is_empty() && found.templates.is_empty());
    assert!(found.times_by_channel.is_empty() && found.template_categories.is_empty() && found.contacts.is_none());
    assert!(columns_not_known(&["status".to_owned()]).contains(&"direction".to_owned()));
}

#[test]
fn the_number_of_activities_kept_for_one_message_is_limited() {
    let many: Vec<TestActivity<'_>> = (0..3_000).map(|_| ("a", None, "SENT", None, 0, None)).collect();
    let mut counts = ActivityCounts::for_files();
    for _ in 0..10 {
        counts.add(&batch(&many), MIDNIGHT, |_| true);
        assert!(counts.last.as_ref().is_none_or(|last| last.num_rows() <= MAX_KEPT));
    }
    let summary = counts.summary();
    assert_eq!(summary.from_activities.map(|from| from.activities), Some(30_000));
    assert_eq!((summary.messages, summary.quality.repeated_ids), (3, 3));
}
