//! Decodes one response about a message, leniently: a value of an unexpected kind becomes null, and the message is kept.
//!
//! There is one request per message, which costs far more than decoding, so this uses plain serde. Numbers are read as
//! text from the body, because money must not be converted to a float.
//!
//! *Easy to get wrong:* the API lists the newest activity first. Rows are numbered from the oldest: by time if every
//! activity has one, otherwise by reversing the list. `SCHEDULED` may occur twice, which gives two rows.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use bytestring::ByteString;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::schema::column;
use crate::api::wire::{Envelope, Pagination, too_many_items};
use crate::resources::decimal::millionths;
use crate::resources::page::FindingsBuilder;
use crate::resources::{PageFindings, RejectReason, RowPage};
use crate::time::Timestamp;

/// Maximum number of activities of one message. A typical message has about five.
const MAX_ACTIVITIES: usize = 10_000;

/// The activities of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityPage {
    /// The requested message.
    pub(super) message_id: Uuid,
    /// Oldest first.
    pub(super) rows: Vec<Activity>,
    /// Whether the response states that it lacks some. The API reference documents no way to request them.
    pub(super) is_part: bool,
    findings: PageFindings,
}

/// One step of a message.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Activity {
    pub(super) status: Option<String>,
    pub(super) description: Option<String>,
    pub(super) from: Option<String>,
    pub(super) reason_code: Option<String>,
    pub(super) reason: Option<String>,
    /// Microseconds UTC.
    pub(super) timestamp: Option<i64>,
    /// Microseconds UTC.
    pub(super) scheduled_at: Option<i64>,
    /// Millionths.
    pub(super) price: Option<i64>,
    /// Millionths.
    pub(super) active_contact_price: Option<i64>,
}

/// Omits personal data.
impl fmt::Debug for Activity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Activity").field("status", &self.status).finish_non_exhaustive()
    }
}

impl RowPage for ActivityPage {
    fn findings(&self) -> &PageFindings {
        &self.findings
    }
}

/// Reads a whole response about a message. A response about another message, or without a list of activities, has no data.
///
/// # Errors
/// When the body is not one complete JSON object, has no `data`, or has more activities than a message can have.
pub fn decode_activities(id: Uuid, body: &ByteString) -> Result<Envelope<ActivityPage>, serde_json::Error> {
    let Envelope { success, data, error, meta } = Envelope::from_str_seed(body, PhantomData::<Data<'_>>)?;
    let data = data.filter(|data| data.is_about(id)).and_then(|data| read(id, data));
    Ok(Envelope { success, data, error, meta })
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, default)]
    message_id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "items")]
    activities: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

impl Data<'_> {
    fn is_about(&self, id: Uuid) -> bool {
        let told = self.message_id.and_then(text_of);
        told.is_none_or(|told| Uuid::try_parse(&told).is_ok_and(|told| told == id))
    }
}

fn items<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<&'de RawValue>>, D::Error> {
    struct Items;
    impl<'de> Visitor<'de> for Items {
        type Value = Option<Vec<&'de RawValue>>;
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list of activities")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = list.next_element()? {
                if items.len() == MAX_ACTIVITIES {
                    return Err(too_many_items(MAX_ACTIVITIES));
                }
                items.push(item);
            }
            Ok(Some(items))
        }
    }
    deserializer.deserialize_any(Items)
}

fn read(message_id: Uuid, data: Data<'_>) -> Option<ActivityPage> {
    let items = data.activities?;
    let listed = items.len() as u64;
    let mut findings = FindingsBuilder::default();
    let mut rows = Vec::with_capacity(items.len());
    for (position, item) in items.into_iter().enumerate() {
        let mut reader = ActivityReader { findings: &mut findings, activity: Activity::default() };
        if serde_json::Deserializer::from_str(item.get()).deserialize_map(&mut reader).is_ok() {
            let activity = reader.activity;
            findings.end_row(rows.len());
            rows.push(activity);
        } else {
            findings.reject(position, RejectReason::NotAnObject, Vec::new());
        }
    }
    rows.reverse();
    let mut findings = findings.finish();
    let last = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let turned_around = |found: &mut Vec<u32>| found.iter_mut().for_each(|row| *row = last - 1 - *row);
    findings.unknown_fields.iter_mut().for_each(|(_, rows)| turned_around(rows));
    findings.malformed.iter_mut().for_each(|(_, rows)| turned_around(rows));
    if rows.iter().all(|row: &Activity| row.timestamp.is_some()) {
        // Stable: activities of the same time keep their order. Findings are only counted, whatever their row.
        rows.sort_by_key(|row| row.timestamp);
    }
    let is_part = data.pagination.is_some_and(|pagination| pagination.is_part(listed));
    Some(ActivityPage { message_id, rows, is_part, findings })
}

/// Reads the fields of one activity. The last value of a repeated field is used.
struct ActivityReader<'a> {
    findings: &'a mut FindingsBuilder,
    activity: Activity,
}

impl<'de> Visitor<'de> for &mut ActivityReader<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an activity")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key::<Cow<'de, str>>()? {
            let value = match &*name {
                "status"
                | "description"
                | "from"
                | "reason_code"
                | "reason"
                | "timestamp"
                | "scheduled_at"
                | "price"
                | "active_contact_price" => object.next_value::<&RawValue>()?,
                _ => {
                    object.next_value::<IgnoredAny>()?;
                    self.findings.note_unknown(&name);
                    continue;
                }
            };
            match &*name {
                "status" => self.activity.status = self.text(column::STATUS, value),
                "description" => self.activity.description = self.text(column::DESCRIPTION, value),
                "from" => self.activity.from = self.text(column::FROM, value),
                "reason_code" => self.activity.reason_code = self.text(column::REASON_CODE, value),
                "reason" => self.activity.reason = self.text(column::REASON, value),
                "timestamp" => self.activity.timestamp = self.time(column::TIMESTAMP, value),
                "scheduled_at" => self.activity.scheduled_at = self.time(column::SCHEDULED_AT, value),
                "price" => self.activity.price = self.money(column::PRICE, value),
                _ => self.activity.active_contact_price = self.money(column::ACTIVE_CONTACT_PRICE, value),
            }
        }
        Ok(())
    }
}

impl ActivityReader<'_> {
    /// A text; a number or flag is kept as text and recorded.
    fn text(&mut self, column: usize, value: &RawValue) -> Option<String> {
        if is_null(value) {
            return None;
        }
        if !value.get().starts_with('"') {
            self.findings.note_malformed(column);
        }
        text_of(value)
    }

    /// A time in microseconds UTC; a value that cannot be parsed becomes null and is recorded.
    fn time(&mut self, column: usize, value: &RawValue) -> Option<i64> {
        if is_null(value) {
            return None;
        }
        let time = text_of(value).ok_or(()).and_then(|text| Timestamp::parse_set(&text).map_err(drop));
        let time = time.unwrap_or_else(|()| {
            self.findings.note_malformed(column);
            None
        });
        time.map(Timestamp::micros)
    }

    /// An amount in millionths; a value that does not fit exactly becomes null and is recorded.
    fn money(&mut self, column: usize, value: &RawValue) -> Option<i64> {
        if is_null(value) {
            return None;
        }
        let amount = text_of(value).and_then(|text| millionths(text.trim()));
        if amount.is_none() {
            self.findings.note_malformed(column);
        }
        amount
    }
}

fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// A text, or the text of a number or flag; `None` for null, lists and objects.
fn text_of(value: &RawValue) -> Option<String> {
    let raw = value.get();
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'[' | b'{' | b'n' => None,
        _ => Some(raw.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: Uuid = Uuid::from_u128(7);

    fn decoded(data: &serde_json::Value) -> Option<ActivityPage> {
        let body = json!({"success": true, "data": data, "error": null, "meta": {}}).to_string();
        decode_activities(ID, &body.into()).unwrap().data
    }

    fn page(activities: &serde_json::Value) -> ActivityPage {
        decoded(&json!({"message_id": ID.to_string(), "activities": activities})).unwrap()
    }

    fn statuses(page: &ActivityPage) -> Vec<&str> {
        page.rows.iter().map(|row| row.status.as_deref().unwrap_or("-")).collect()
    }

    #[test]
    fn rows_are_numbered_from_the_oldest() {
        let newest_first = page(&json!([
            {"status": "SENT", "timestamp": "2026-03-01T00:00:02Z", "price": "0.0080"},
            {"status": "SCHEDULED", "timestamp": "2026-03-01T00:00:01Z", "scheduled_at": "2026-03-01T00:00:02Z"},
            {"status": "SCHEDULED", "timestamp": "2026-03-01T00:00:01Z"},
            {"status": "QUEUED", "timestamp": "2026-03-01T00:00:00Z"},
        ]));
        assert_eq!(statuses(&newest_first), ["QUEUED", "SCHEDULED", "SCHEDULED", "SENT"]);
        assert_eq!(newest_first.rows[3].price, Some(8_000));
        assert!(
            newest_first.rows[2].scheduled_at.is_some(),
            "of two with the same time, the one listed first is newer"
        );
        let oldest_first = page(&json!([
            {"status": "QUEUED", "timestamp": "2026-03-01T00:00:00Z"},
            {"status": "SENT", "timestamp": "2026-03-01T00:00:02.5Z"},
        ]));
        assert_eq!(statuses(&oldest_first), ["QUEUED", "SENT"], "sorted by time");
        let untimed = page(&json!([{"status": "SENT"}, {"status": "QUEUED", "timestamp": "2027-01-01T00:00:00Z"}]));
        assert_eq!(
            statuses(&untimed),
            ["QUEUED", "SENT"],
            "the list is reversed, because the newest is documented to be first"
        );
    }

    #[test]
    fn values_of_another_type_become_null_and_are_counted() {
        let page = page(&json!([
            {"status": "SENT", "timestamp": "soon", "price": 0.0075, "active_contact_price": "0.00000001", "from": 12_025_550_123_u64},
            {"status": ["SENT"], "timestamp": null, "price": "", "sentiment": 1},
            "nothing", null, 7,
        ]));
        assert_eq!(page.rows.len(), 2);
        let sent = &page.rows[1];
        assert_eq!((sent.price, sent.active_contact_price, sent.timestamp), (Some(7_500), None, None));
        assert_eq!(sent.from.as_deref(), Some("12025550123"));
        let RowCheck { malformed, unknown, rejected } = check(&page);
        assert_eq!(
            malformed,
            [
                (column::STATUS, vec![0]),
                (column::FROM, vec![1]),
                (column::TIMESTAMP, vec![1]),
                (column::PRICE, vec![0]),
                (column::ACTIVE_CONTACT_PRICE, vec![1])
            ]
        );
        assert_eq!((unknown, rejected), (vec!["sentiment".to_owned()], 3));
    }

    struct RowCheck {
        malformed: Vec<(usize, Vec<u32>)>,
        unknown: Vec<String>,
        rejected: usize,
    }

    fn check(page: &ActivityPage) -> RowCheck {
        let findings = page.findings();
        RowCheck {
            malformed: findings.malformed.clone(),
            unknown: findings.unknown_fields.iter().map(|(name, _)| name.clone()).collect(),
            rejected: findings.rejected.iter().map(|kind| kind.positions.len()).sum(),
        }
    }

    #[test]
    fn a_response_about_another_message_or_without_a_list_has_no_data() {
        assert!(decoded(&json!({"message_id": Uuid::from_u128(8).to_string(), "activities": []})).is_none());
        assert!(decoded(&json!({"message_id": ID.to_string()})).is_none());
        assert!(decoded(&json!({"message_id": ID.to_string(), "activities": null})).is_none());
        assert_eq!(decoded(&json!({"activities": []})).map(|page| page.rows.len()), Some(0));
    }

    #[test]
    fn a_response_that_is_one_of_several_pages_is_not_whole() {
        let cut = |pagination| {
            decoded(&json!({"activities": [{"status": "SENT"}], "pagination": pagination})).unwrap().is_part
        };
        assert!(!cut(json!(null)) && !cut(json!({"total_count": 1, "has_more": false})));
        assert!(!cut(json!({"page": 1, "total_pages": 1})));
        assert!(cut(json!({"total_count": 2})) && cut(json!({"has_more": true})) && cut(json!({"total_pages": 2})));
        assert!(cut(json!({"page": 2, "total_pages": 2, "has_more": false})), "the last page alone");
        assert!(cut(json!({"page": 2})));
    }

    #[test]
    fn numbers_are_read_from_the_text_of_the_body() {
        let body = r#"{"data":{"activities":[{"price":0.1000000000000000055511151231257827}, {"price":1E-4}]}}"#;
        let page = decode_activities(ID, &body.into()).unwrap().data.unwrap();
        assert_eq!((page.rows[1].price, page.rows[0].price), (None, Some(100)), "too many digits are not rounded");
    }
}
