use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Decimal128Type, TimestampMicrosecondType};
use bytestring::ByteString;
use serde_json::{Value, json};

use super::decode::decode_by_serde;
use super::*;
use crate::resources::{BuildBatches, PageLimit, RejectReason, RowPage};

fn body(messages: &str) -> ByteString {
    let pagination = r#""pagination":{"page":1,"page_size":100,"total_count":7,"has_more":false}"#;
    format!(r#"{{"success":true,"data":{{"messages":{messages},{pagination}}},"error":null,"meta":{{}}}}"#).into()
}

/// The page of some messages. Both ways of decoding must agree on it.
fn page(messages: &str) -> MessagePage {
    let body = body(messages);
    let read = |answer: Result<_, serde_json::Error>| {
        let answer: crate::api::wire::Envelope<crate::resources::ListData<MessagePage>> = answer.unwrap();
        answer.data.unwrap().items.unwrap()
    };
    let (fast, slow) =
        (read(decode_page(&body, PageLimit::default())), read(decode_by_serde(&body, PageLimit::default())));
    assert_eq!(batch(&fast), batch(&slow));
    assert_eq!(fast.findings(), slow.findings());
    fast
}

fn batch(page: &MessagePage) -> RecordBatch {
    let mut batches = MessageBatches::new(true, true);
    let full = batches.append(page, &vec![true; page.rows()]);
    let all: Vec<_> = full.into_iter().chain(batches.finish()).collect();
    concat_batches(&messages_schema(), &all).unwrap()
}

fn one(message: &Value) -> (RecordBatch, MessagePage) {
    let page = page(&json!([message]).to_string());
    (batch(&page), page)
}

fn text(batch: &RecordBatch, column: usize) -> Option<String> {
    let column = batch.column(column).as_string::<i32>();
    column.is_valid(0).then(|| column.value(0).to_owned())
}

fn number(batch: &RecordBatch, column: usize) -> Option<i128> {
    let column = batch.column(column).as_primitive::<Decimal128Type>();
    column.is_valid(0).then(|| column.value(0))
}

#[test]
fn a_documented_message_fills_its_columns() {
    let (batch, page) = one(&json!({
        "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "channel": " WhatsApp", "region_code": "us", "status": "SENT",
        "message_body": {"header": null, "content": "a \"b\" + é", "buttons": [{"type": "x"}]},
        "created_at": "2026-03-01T00:00:00.1234567Z", "price": 0.0079, "active_contact_price": null,
        "events": [
            {"status": "QUEUED", "timestamp": "2026-03-01T00:00:01Z", "description": "d"},
            {"status": "SENT", "timestamp": null, "description": null, "reason_code": "C", "reason": "r"}
        ],
    }));
    assert_eq!(text(&batch, column::CHANNEL).unwrap(), "whatsapp");
    assert_eq!(text(&batch, column::REGION_CODE).unwrap(), "US");
    assert_eq!(text(&batch, column::BODY_TEXT).unwrap(), "a \"b\" + é");
    let whole: Value = serde_json::from_str(&text(&batch, column::BODY).unwrap()).unwrap();
    assert_eq!(whole["buttons"][0]["type"], "x");
    assert_eq!((number(&batch, column::PRICE), number(&batch, column::ACTIVE_CONTACT_PRICE)), (Some(7_900), None));
    let created = batch.column(column::CREATED_AT).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(created.value(0), 1_772_323_200_123_456);
    let events = batch.column(column::EVENTS).as_list::<i32>().value(0);
    let events = events.as_struct();
    let statuses = events.column(event_column::STATUS).as_string::<i32>();
    assert_eq!(statuses.iter().flatten().collect::<Vec<_>>(), ["QUEUED", "SENT"]);
    assert!(events.column(event_column::TIMESTAMP).is_null(1));
    assert_eq!(events.column(event_column::REASON_CODE).as_string::<i32>().value(1), "C");
    assert_eq!(text(&batch, column::EXTRA), None);
    let findings = page.findings();
    assert!(findings.malformed.is_empty() && findings.unknown_fields.is_empty() && findings.rejected.is_empty());
}

#[test]
fn values_that_no_column_holds_are_counted_and_kept_as_sent() {
    let (batch, page) = one(&json!({
        "id": "a", "price": {"amount": 1}, "active_contact_price": 1.5e-7, "sentiment": [1, {"x": "y"}],
        "created_at": "yesterday", "events": [{"status": "SENT", "carrier": 7}], "phone": 12345,
    }));
    let extra: Value = serde_json::from_str(&text(&batch, column::EXTRA).unwrap()).unwrap();
    assert_eq!(
        extra,
        json!({
            "price": {"amount": 1}, "active_contact_price": 1.5e-7, "sentiment": [1, {"x": "y"}],
            "created_at": "yesterday", "events": [{"status": "SENT", "carrier": 7}],
        })
    );
    assert_eq!(text(&batch, column::PHONE).unwrap(), "12345");
    let malformed: Vec<usize> = page.findings().malformed.iter().map(|&(column, _)| column).collect();
    let wanted = [column::PHONE, column::CREATED_AT, column::PRICE, column::ACTIVE_CONTACT_PRICE];
    assert_eq!(malformed, wanted, "an unknown field of an event is not malformed");
    let names: Vec<&str> = page.findings().unknown_fields.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"sentiment") && names.contains(&"carrier"), "{names:?}");
}

#[test]
fn a_price_in_a_text_is_accepted_and_counted() {
    let (batch, page) = one(&json!({"id": "a", "price": "0.0079", "active_contact_price": ""}));
    assert_eq!((number(&batch, column::PRICE), number(&batch, column::ACTIVE_CONTACT_PRICE)), (Some(7_900), None));
    assert_eq!(page.findings().malformed.len(), 2);
    assert_eq!(text(&batch, column::EXTRA).unwrap(), r#"{"active_contact_price":""}"#);
}

#[test]
fn bodies_of_every_kind_are_kept_whole() {
    for (given, said) in [
        (json!("only a text"), Some("only a text")),
        (json!(42), None),
        (json!([]), None),
        (json!({}), None),
        (json!({"content": null}), None),
        (json!({"content": 17}), Some("17")),
        (json!({"content": {"text": "deep"}}), None),
        (json!({"Content": "capital"}), None),
    ] {
        let (batch, _) = one(&json!({"id": "a", "message_body": given}));
        assert_eq!(text(&batch, column::BODY_TEXT).as_deref(), said, "{given}");
        assert_eq!(serde_json::from_str::<Value>(&text(&batch, column::BODY).unwrap()).unwrap(), given);
    }
    let (batch, _) = one(&json!({"id": "a", "message_body": null}));
    assert_eq!((text(&batch, column::BODY), text(&batch, column::BODY_TEXT)), (None, None));
}

#[test]
fn rejecting_an_item_without_an_id_does_not_affect_others() {
    let event = r#"{"status":"SENT"}"#;
    let messages = format!(
        r#"[null,7,{{"status":"SENT","events":[{event}],"new":1}},{{"id":" "}},{{"id":"a","events":[{event}]}}]"#
    );
    let page = page(&messages);
    assert_eq!(page.rows(), 1);
    let kinds: Vec<_> = page.findings().rejected.iter().map(|kind| (kind.reason, &kind.positions[..])).collect();
    assert_eq!(kinds[0], (RejectReason::NotAnObject, &[0, 1][..]));
    assert_eq!(kinds[1], (RejectReason::MissingId, &[2][..]));
    assert!(page.findings().unknown_fields.is_empty());
    assert_eq!(batch(&page).column(column::EVENTS).as_list::<i32>().value(0).len(), 1);
}

#[test]
fn a_date_that_was_never_set_is_null_and_counted_once() {
    let page = page(r#"[{"created_at":"0001-01-01T00:00:00"},{"id":"a","created_at":"0001-01-01T00:00:00Z"}]"#);
    assert_eq!(page.findings().never_created, [0]);
    assert!(batch(&page).column(column::CREATED_AT).is_null(0));
}

#[test]
fn escapes_repeats_and_unpaired_surrogates_lose_nothing() {
    let page = page(r#"[{"id":"\u0061\u002B","reason":"x\ud83d","reason":"\ud83d\ude00","status":"A","status":null}]"#);
    let batch = batch(&page);
    assert_eq!(text(&batch, column::ID).unwrap(), "a+");
    assert_eq!(text(&batch, column::REASON).unwrap(), "😀");
    assert_eq!(text(&batch, column::STATUS), None);
}

#[test]
fn batches_do_not_depend_on_pages_and_have_bodies_only_on_request() {
    let message = |at: usize| json!({"id": format!("m{at}"), "message_body": {"content": "x"}, "new": at});
    let whole = page(&json!((0..50).map(message).collect::<Vec<_>>()).to_string());
    for size in [1, 7, 50] {
        let mut batches = MessageBatches::new(true, true);
        for start in (0..50).step_by(size) {
            let part = page(&json!((start..(start + size).min(50)).map(message).collect::<Vec<_>>()).to_string());
            assert!(batches.append(&part, &vec![true; part.rows()]).is_empty());
        }
        assert_eq!(batches.finish().unwrap(), batch(&whole));
    }
    let mut batches = MessageBatches::new(false, false);
    batches.append(&whole, &[true; 50]);
    let batch = batches.finish().unwrap();
    for column in [column::BODY, column::BODY_TEXT, column::EXTRA] {
        assert_eq!(batch.column(column).null_count(), 50);
    }
    assert_eq!(batches.finish(), None);
}

#[test]
fn broken_responses_and_lists_that_are_too_long_are_errors() {
    let read = |body: &str| decode_page(&body.into(), PageLimit::for_size(1));
    let whole = body(r#"[{"id":"a","message_body":{"content":"b"}}]"#);
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "{}", &whole[..end]);
    }
    assert!(read(r#"{"success":true,"data":{"messages":{}}}"#).is_err());
    assert!(read(r#"{"success":true,"data":{"messages":null}}"#).unwrap().data.unwrap().items.is_none());
    let many = format!("[{}]", vec!["1"; 401].join(","));
    assert!(read(&body(&many)).unwrap_err().to_string().contains("more items than 400"));
}
