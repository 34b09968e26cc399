use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, ListBuilder, StringBuilder, StructBuilder, TimestampMicrosecondArray,
    TimestampMicrosecondBuilder,
};

use super::*;
use crate::report::document::delivery::summary::{ContactReach, DeliverySummary, Funnel};
use crate::report::document::resource::ResourceDocument;

/// 2026-03-01T00:00:00Z, a Sunday.
const MIDNIGHT: i64 = 1_772_323_200_000_000;
const SECOND: i64 = 1_000_000;

/// A message in a test: channel, direction, status, reason code, contact, seconds since midnight, price in millionths, and
/// events as a status and seconds since midnight.
type TestMessage<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, &'a str, i64, Option<i128>, &'a [(&'a str, i64)]);

fn batch(messages: &[TestMessage<'_>]) -> RecordBatch {
    let texts = |text: &dyn Fn(&TestMessage<'_>) -> Option<String>| -> ArrayRef {
        Arc::new(messages.iter().map(text).collect::<StringArray>())
    };
    let schema = delivery_schema();
    let DataType::List(item) = schema.field_with_name("events").unwrap().data_type().clone() else { unreachable!() };
    let DataType::Struct(fields) = item.data_type().clone() else { unreachable!() };
    let mut events = ListBuilder::new(StructBuilder::from_fields(fields, 0)).with_field(item);
    for message in messages {
        for (status, seconds) in message.7 {
            events.values().field_builder::<StringBuilder>(0).unwrap().append_value(status);
            let times = events.values().field_builder::<TimestampMicrosecondBuilder>(1).unwrap();
            times.append_value(MIDNIGHT + seconds * SECOND);
            events.values().append(true);
        }
        events.append(true);
    }
    let created: TimestampMicrosecondArray =
        messages.iter().map(|message| Some(MIDNIGHT + message.5 * SECOND)).collect();
    let prices: Decimal128Array = messages.iter().map(|message| message.6).collect();
    let ids = (0..messages.len()).map(|at| Some(at.to_string())).collect::<StringArray>();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(ids)),
        ("contact_id", texts(&|message| Some(message.4.to_owned()))),
        ("region_code", texts(&|_| Some("US".to_owned()))),
        ("channel", texts(&|message| Some(message.0.to_owned()))),
        ("direction", texts(&|message| Some(message.1.to_owned()))),
        ("status", texts(&|message| Some(message.2.to_owned()))),
        ("reason_code", texts(&|message| message.3.map(str::to_owned))),
        ("created_at", Arc::new(created.with_timezone("UTC"))),
        ("price", Arc::new(prices.with_precision_and_scale(18, 6).unwrap())),
        ("events", Arc::new(events.finish())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn summary(messages: &[TestMessage<'_>]) -> DeliverySummary {
    let mut counts = DeliveryCounts::for_files();
    counts.add_columns(&batch(messages), MIDNIGHT + MICROS_PER_DAY, &[true; 16]);
    counts.summary()
}

fn usual() -> DeliverySummary {
    summary(&[
        (
            "whatsapp",
            "OUTBOUND",
            "READ",
            None,
            "a",
            10,
            Some(100_000),
            &[("QUEUED", 10), ("SENT", 11), ("DELIVERED", 13), ("READ", 70)],
        ),
        ("whatsapp", "OUTBOUND", "DELIVERED", None, "b", 20, Some(100_000), &[("DELIVERED", 25), ("SENT", 21)]),
        (
            "sms",
            "OUTBOUND",
            "FAILED",
            Some("30003"),
            "b",
            30,
            Some(100_000),
            &[("QUEUED", 30), ("SENT", 31), ("FAILED", 32)],
        ),
        ("sms", "OUTBOUND", "BLOCKED", Some("30007"), "c", 40, None, &[]),
        ("sms", "OUTBOUND", "FILTERED", Some("30007"), "c", -86_400, None, &[]),
        ("sms", "INBOUND", "RECEIVED", None, "a", 90_000, Some(0), &[("RECEIVED", 90_000)]),
        ("sms", "odd", "SENT", None, "d", 3_600, Some(700_000), &[]),
    ])
}

#[test]
fn the_funnel_counts_how_far_messages_got_by_status_and_events() {
    let summary = usual();
    assert_eq!(summary.funnel, Some(Funnel { queued: 5, sent: 3, delivered: 2, read: 1 }));
    let found = summary.deliverability.unwrap();
    assert_eq!((found.successful, found.attempted, found.outbound), (2, 3, 5));
    assert_eq!(summary.statuses.values().sum::<u64>(), 7);
    assert_eq!((summary.total.outbound, summary.total.inbound, summary.messages), (Some(5), Some(1), 7));
}

#[test]
fn money_is_exact_in_every_group() {
    let summary = usual();
    assert_eq!(summary.total.spent.price.to_string(), "1");
    let of = |channel: &str| summary.channels[channel].spent.price.to_string();
    assert_eq!([of("whatsapp"), of("sms")], ["0.2", "0.8"]);
    for groups in [&summary.channels, &summary.regions, &summary.templates, &summary.days] {
        assert_eq!(groups.values().map(|group| group.messages).sum::<u64>(), 7);
        assert_eq!(groups.values().map(|group| group.spent.price.0).sum::<i128>(), 1_000_000);
    }
    assert_eq!(summary.quality.outbound_without_price, 2);
}

#[test]
fn failures_are_ranked_and_have_the_day_of_the_first_message() {
    let failures = usual().failures;
    let found: Vec<_> = failures
        .iter()
        .map(|failure| (failure.reason_code.as_str(), failure.messages, failure.began_on.as_deref().unwrap()))
        .collect();
    assert_eq!(found, [("30007", 2, "2026-02-28"), ("30003", 1, "2026-03-01")]);
}

#[test]
fn durations_are_measured_from_when_a_message_was_queued() {
    let summary = usual();
    let delivered = summary.times.to_delivered.unwrap();
    // Measured from the QUEUED event, or from the creation of a message without one.
    assert_eq!((delivered.messages, delivered.min_ms, delivered.max_ms), (2, Some(3_000), Some(5_000)));
    assert_eq!(summary.times.to_read.unwrap().p50_ms, 60_000);
    assert_eq!(summary.times_by_channel.keys().collect::<Vec<_>>(), ["whatsapp"]);
    assert_eq!(summary.quality.events_before_queued, 0);
}

#[test]
fn days_hours_and_replies_are_counted_in_utc() {
    let summary = usual();
    let days: Vec<(&str, u64)> = summary.days.iter().map(|(day, group)| (day.as_str(), group.messages)).collect();
    assert_eq!(days, [("2026-02-28", 1), ("2026-03-01", 5), ("2026-03-02", 1)]);
    assert_eq!((summary.hours["00"], summary.hours["01"], summary.hours["23"]), (5, 2, 0));
    let sunday = summary.hours_by_weekday.iter().find(|day| day.iso_weekday == 7).unwrap();
    assert_eq!((sunday.hours[0], sunday.hours[1]), (4, 1));
    assert_eq!(summary.contacts, Some(ContactReach { messaged: 3, replied: 1, approximate: false }));
    assert_eq!(summary.quality.created_in_future, 1);
}

#[test]
fn a_batch_with_few_columns_is_counted() {
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a", "a", "b"]));
    let mut counts = DeliveryCounts::for_files();
    let columns: Vec<bool> = delivery_schema().fields().iter().map(|field| field.name() == "id").collect();
    counts.add_columns(&RecordBatch::try_from_iter([("id", ids)]).unwrap(), 0, &columns);
    let mut summary = counts.summary();
    assert_eq!((summary.messages, summary.quality.repeated_ids), (3, 2));
    summary.origin.columns_not_in_inputs = vec!["direction".to_owned(), "status".to_owned()];
    summary.omit_absent();
    assert_eq!((summary.funnel, summary.total.outbound, summary.contacts), (None, None, None));
}

#[test]
fn a_column_without_missing_values_has_no_entry() {
    let mut counts = DeliveryCounts::for_files();
    counts.add_missing(0, 0);
    counts.add_missing(1, 2);
    assert_eq!(counts.summary().quality.missing, [("contact_id".to_owned(), 2)].into());
}

#[test]
fn the_json_form_matches_its_schema_and_can_be_read_back() {
    let summary = usual();
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../../schema/delivery.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = summary.to_json();
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(DeliverySummary::from_json(&json).unwrap(), summary);
    let mut wrong = document;
    wrong["total"]["spent"]["price"] = serde_json::json!(1.5);
    assert!(!validator.is_valid(&wrong));
}
