//! Hostile messages, for testing readers.
//!
//! [`distort`] turns an ordinary message into one that breaks careless code: undocumented statuses, prices as strings
//! or with more digits than a float has, bodies that are not objects, missing ids, events out of order. `mailbox` calls
//! it in hostile mode.
//!
//! *Easy to get wrong:* unlike hostile contacts, these may have values of an undocumented type, because the service
//! itself sends prices in two types. All of it is valid JSON.
//!
//! Kinds rotate by number, so [`KINDS`] consecutive messages contain every kind.
//!
//! The unit tests check that a page of hostile messages is valid JSON and contains each kind.

use super::message::{Message, MessageEvent};
use super::random::{DrawPurpose, Draws};

/// Number of kinds of distortion, including none.
pub(super) const KINDS: u32 = 32;

const NOT_OBJECTS: &[&str] = &["null", "7", "\"a text, not a message\"", "[]", "false", "[{\"id\":\"inside\"}]"];

const STATUSES: &[&str] =
    &["QUARANTINED", "delivered", "Sent", " READ ", "", "=1+1", "UNKNOWN_STATUS_WITH_A_LONG_NAME", "已送达"];

/// Prices as JSON text.
const PRICES: &[&str] = &[
    "\"0.0079\"",
    "\"12.5\"",
    "\"free\"",
    "\"\"",
    "0.1234567890123456789012345678",
    "79228162514264337593543950335",
    "0.30000000000000004",
    "-0.0050",
    "1e-7",
    "1E+2",
    "0",
    "-0.0",
    "12345678901234567890.1234",
    "true",
    "{\"amount\":0.0079,\"currency\":\"USD\"}",
];

const BODIES: &[&str] = &[
    "\"only a text\"",
    "42",
    "[]",
    "[\"a\",{\"content\":\"b\"}]",
    "{}",
    "{\"content\":null}",
    "{\"content\":{\"text\":\"deep\",\"parts\":[[[[{\"x\":[1,2,{\"y\":null}]}]]]]}}",
    "{\"content\":17}",
    "{\"Content\":\"capital\",\"message_text\":\"snake\"}",
    "{\"content\":\"a\",\"buttons\":[null,{},\"b\",{\"type\":null,\"postbackData\":{\"k\":\"v\"}}],\"media\":[{\"url\":null,\
     \"sizeBytes\":9223372036854775807}],\"headerMedia\":{\"type\":\"sticker\"},\"reactions\":[\"\\uD83D\\uDC4D\"]}",
    "{\"content\":\"\\u0000nul\"}",
];

const CONTENTS: &[&str] = &[
    "=cmd|' /C calc'!A0",
    "two\r\nlines,\"quoted\";\ttab",
    "<script>alert('1')</script></td>",
    "\u{202e}drowkcab\u{202c}",
    "\u{1b}[31mred\u{1b}[0m",
    "👩‍👩‍👧‍👦 e\u{301}",
    "",
    "null",
    "\u{feff}\u{2028}",
];

const EVENTS: &[&str] = &[
    "[]",
    "null",
    "{}",
    "\"QUEUED\"",
    "[null,7,\"SENT\"]",
    "[{}]",
    "[{\"status\":null,\"timestamp\":null}]",
    "[{\"status\":\"SENT\",\"timestamp\":\"not a time\",\"carrier\":{\"code\":[30003]}}]",
    "[{\"status\":\"SENT\"},{\"timestamp\":\"2026-02-03T04:05:06\"}]",
];

const DATES: &[&str] = &[
    "2024-02-29T23:59:59.9999999+02:00",
    "2026-02-01T00:00:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.9999999Z",
    "1969-12-31T23:59:59.9999999Z",
];

/// True if this message's kind of distortion removes its id.
pub(super) fn takes_id(number: u32) -> bool {
    matches!(number % KINDS, 0 | 1 | 2 | 4)
}

/// Makes the message hostile; its number selects the kind of distortion.
pub(super) fn distort(message: &mut Message, seed: u64) {
    let mut draws = Draws::new(seed, DrawPurpose::HostileMessage, u64::from(message.number));
    match message.number % KINDS {
        0 => message.shape.not_an_object = Some(*draws.pick(NOT_OBJECTS)),
        1 => {
            message.id = None;
            message.shape.nulls_left_out = true;
        }
        2 => message.id = Some(String::new()),
        3 => keep_only(message, true),
        4 => keep_only(message, false),
        5 | 6 => {
            let status: &&str = draws.pick(STATUSES);
            set_final_status(message, status);
        }
        7 => message.status = None,
        8..=11 => {
            message.price = Some((*draws.pick(PRICES)).to_owned());
            message.active_contact_price = Some((*draws.pick(PRICES)).to_owned());
            for event in message.events.iter_mut().flatten() {
                event.price =
                    Some((*draws.pick(&["0.0079", "0.1234567890123456789", "1e-3", "", "-1.0000"])).to_owned());
            }
        }
        12..=15 => message.shape.body = Some(*draws.pick(BODIES)),
        16 | 17 => {
            let body = message.body.get_or_insert_default();
            (*draws.pick(CONTENTS)).clone_into(&mut body.content);
            body.header = Some((*draws.pick(CONTENTS)).to_owned());
            body.buttons = vec![[*draws.pick(CONTENTS), *draws.pick(CONTENTS), ""].map(str::to_owned)];
        }
        18 => message.body.get_or_insert_default().content = "long \"text\", ".repeat(2_000),
        19 | 20 => message.shape.events = Some(*draws.pick(EVENTS)),
        21 => disorder_events(message),
        22 => {
            message.shape.extra_fields = vec![
                ("segments", "[{\"n\":1,\"parts\":[[null,-1.5e-3]]}]"),
                ("conversation_id", "\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\""),
                ("sentiment_score", "1e2"),
            ];
        }
        23 => message.created_at = Some((*draws.pick(DATES)).to_owned()),
        24 => message.created_at = None,
        25 => message.contact_id = None,
        26 => message.contact_id = Some("not-an-id".to_owned()),
        27 => message.channel = Some((*draws.pick(&["SMS", "telegram", "", " whatsapp", "mms", "email"])).to_owned()),
        28 => {
            message.direction =
                [None, Some("outbound"), Some("INTERNAL"), Some("")][draws.below(4) as usize].map(str::to_owned);
        }
        29 => message.shape.everything_escaped = true,
        30 => {
            let text = || (*CONTENTS[0]).to_owned();
            message.template = Some([String::new(), text(), "NEWS, LETTERS".to_owned()]);
            message.region_code = Some("NA".to_owned());
            message.scheduled_at = Some((*draws.pick(DATES)).to_owned());
        }
        _ => {}
    }
}

/// Removes everything except the id, which is kept if `id` is true.
fn keep_only(message: &mut Message, id: bool) {
    let shape = super::message::MessageShape { nulls_left_out: id, ..Default::default() };
    *message = Message { number: message.number, id: message.id.take().filter(|_| id), shape, ..Message::default() };
}

/// Sets the final status to an undocumented one, including in events and activities.
fn set_final_status(message: &mut Message, status: &str) {
    message.status = Some(status.to_owned());
    if let Some(last) = message.events.iter_mut().flatten().last() {
        status.clone_into(&mut last.status);
    }
}

/// Reverses the events, repeats one, and adds one whose time was never set.
fn disorder_events(message: &mut Message) {
    let events = message.events.get_or_insert_default();
    events.reverse();
    events.extend(events.first().cloned());
    let timestamp = "0001-01-01T00:00:00".to_owned();
    events.push(MessageEvent { status: "SCHEDULED".into(), timestamp, ..MessageEvent::default() });
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::json::{Escapes, JsonText};
    use super::*;

    fn distorted(number: u32) -> Message {
        let event =
            |status: &str| MessageEvent { status: status.into(), timestamp: "t".into(), ..MessageEvent::default() };
        let mut message = Message {
            number,
            id: Some("an-id".into()),
            status: Some("SENT".into()),
            events: Some(vec![event("QUEUED"), event("SENT")]),
            ..Message::default()
        };
        distort(&mut message, 5);
        message
    }

    #[test]
    fn hostile_messages_are_valid_json_and_their_activities_too() {
        for number in 0..KINDS * 20 {
            let message = distorted(number);
            for write in [Message::write, Message::write_activities] {
                let mut json = JsonText::new(Escapes::DotNet, 0);
                write(&message, &mut json);
                let bytes = json.into_bytes();
                let value: Value =
                    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{number} {error} {message:?}"));
                drop(value);
            }
            assert_eq!(message.is_identified(), !takes_id(number), "{number}");
        }
    }

    #[test]
    fn every_kind_of_price_and_body_occurs() {
        let all: Vec<Message> = (0..KINDS * 100).map(distorted).collect();
        for price in PRICES {
            assert!(all.iter().any(|message| message.price.as_deref() == Some(price)), "{price}");
        }
        for body in BODIES {
            assert!(all.iter().any(|message| message.shape.body == Some(body)), "{body}");
        }
    }
}
