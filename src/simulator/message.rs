//! A message as sent over the wire.
//!
//! A [`Message`] holds the raw values of all documented fields, so that a test can compare them with what a client made
//! of them. A message serializes itself into a page of conversations, or its events as activities. `message_maker` generates
//! messages, `hostile_message` distorts them, `mailbox` returns them.
//!
//! *Easy to get wrong:* prices are JSON numbers in a message and strings with four decimal places in an activity.
//! `reason`, `reason_code` and `scheduled_at` are omitted where they do not apply; everything else is null.
//!
//! Fields and their order are those of the official SDKs. Keys inside `message_body` are camelCase, as in the database
//! column that the service passes through.
//!
//! The unit tests parse the JSON with `serde_json`.

use super::json::{Escapes, JsonText};

/// A message as the API sends it: raw values, `None` for a field that is null or missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The message's number in its account, in order of creation, from 0.
    pub number: u32,
    /// The id, a UUID in lower case; `None` only in hostile mode.
    pub id: Option<String>,
    /// The account of the message.
    pub customer_id: Option<String>,
    /// The contact it went to or came from.
    pub contact_id: Option<String>,
    /// The number of the contact.
    pub phone: Option<String>,
    /// The same number in international format.
    pub phone_international: Option<String>,
    /// The region of the number.
    pub region_code: Option<String>,
    /// The template it was made from: id, name and category.
    pub template: Option<[String; 3]>,
    /// `sms`, `whatsapp` or `rcs`.
    pub channel: Option<String>,
    /// `INBOUND` or `OUTBOUND`.
    pub direction: Option<String>,
    /// The status of the last event.
    pub status: Option<String>,
    /// The body; `None` is null.
    pub body: Option<MessageBody>,
    /// Why it failed: code and description.
    pub reason: Option<(&'static str, &'static str)>,
    /// When it was created.
    pub created_at: Option<String>,
    /// The price as sent JSON; `None` is null.
    pub price: Option<String>,
    /// The markup as sent JSON; `None` is null.
    pub active_contact_price: Option<String>,
    /// The events, oldest first; `None` is null.
    pub events: Option<Vec<MessageEvent>>,
    /// Scheduled release, if it was held.
    pub scheduled_at: Option<String>,
    /// Unusual features of its JSON.
    pub shape: MessageShape,
}

/// Unusual features of a message's JSON. The default is none; only hostile mode sets any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageShape {
    /// JSON that replaces the message in the list and is not an object.
    pub not_an_object: Option<&'static str>,
    /// JSON that replaces the body.
    pub body: Option<&'static str>,
    /// JSON that replaces the events.
    pub events: Option<&'static str>,
    /// Null fields are omitted.
    pub nulls_left_out: bool,
    /// Undocumented fields: name and JSON value.
    pub extra_fields: Vec<(&'static str, &'static str)>,
    /// Every character of every string is sent as `\uXXXX`.
    pub everything_escaped: bool,
}

/// An event of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageEvent {
    /// The new status.
    pub status: String,
    /// When it happened.
    pub timestamp: String,
    /// A description of the status.
    pub description: Option<String>,
    /// The number it was sent from; in activities only.
    pub from: Option<String>,
    /// The price at that time, with four decimal places; in activities only.
    pub price: Option<String>,
    /// The markup at that time, with four decimal places; in activities only.
    pub active_contact_price: Option<String>,
    /// Why it failed: code and description.
    pub reason: Option<(&'static str, &'static str)>,
    /// Scheduled release; in activities only.
    pub scheduled_at: Option<String>,
}

/// The body of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageBody {
    /// The header line.
    pub header: Option<String>,
    /// The text.
    pub content: String,
    /// The footer line.
    pub footer: Option<String>,
    /// The buttons: type, text and value.
    pub buttons: Vec<[String; 3]>,
    /// The header picture: type and URL.
    pub header_media: Option<[String; 2]>,
    /// Attachments: URL, kind, content type and size.
    pub media: Vec<(String, &'static str, &'static str, u64)>,
    /// The subject of an MMS.
    pub subject: Option<String>,
}

impl Message {
    /// True if this is identifiable as a message: an object with a non-empty id.
    pub fn is_identified(&self) -> bool {
        self.shape.not_an_object.is_none() && self.id.as_deref().is_some_and(|id| !id.is_empty())
    }

    /// Appends the JSON of this message.
    pub(super) fn write(&self, json: &mut JsonText) {
        if let Some(instead) = self.shape.not_an_object {
            return json.raw(instead);
        }
        let usual = self.shape.everything_escaped.then(|| json.swap_escapes(Escapes::Everything));
        json.raw("{");
        let [template_id, template_name, template_category] = match &self.template {
            Some([id, name, category]) => [Some(id), Some(name), Some(category)],
            None => [None; 3],
        };
        for (name, value) in [
            ("id", self.id.as_ref()),
            ("customer_id", self.customer_id.as_ref()),
            ("contact_id", self.contact_id.as_ref()),
            ("phone", self.phone.as_ref()),
            ("phone_international", self.phone_international.as_ref()),
            ("region_code", self.region_code.as_ref()),
            ("template_id", template_id),
            ("template_name", template_name),
            ("template_category", template_category),
            ("channel", self.channel.as_ref()),
            ("direction", self.direction.as_ref()),
            ("status", self.status.as_ref()),
        ] {
            if value.is_some() || !self.shape.nulls_left_out {
                json.text_member(name, value.map(String::as_str));
            }
        }
        self.write_body(json);
        write_reason(json, self.reason);
        if self.created_at.is_some() || !self.shape.nulls_left_out {
            json.verbatim_member("created_at", self.created_at.as_deref());
        }
        for (name, value) in [("price", &self.price), ("active_contact_price", &self.active_contact_price)] {
            if value.is_some() || !self.shape.nulls_left_out {
                json.raw_member(name, value.as_deref().unwrap_or("null"));
            }
        }
        self.write_events(json);
        if self.scheduled_at.is_some() {
            json.verbatim_member("scheduled_at", self.scheduled_at.as_deref());
        }
        for (name, value) in &self.shape.extra_fields {
            json.raw_member(name, value);
        }
        json.raw("}");
        if let Some(usual) = usual {
            json.swap_escapes(usual);
        }
    }

    fn write_body(&self, json: &mut JsonText) {
        match (self.shape.body, &self.body) {
            (Some(instead), _) => json.raw_member("message_body", instead),
            (None, Some(body)) => {
                json.key("message_body");
                body.write(json);
            }
            (None, None) if self.shape.nulls_left_out => {}
            (None, None) => json.raw_member("message_body", "null"),
        }
    }

    fn write_events(&self, json: &mut JsonText) {
        match (self.shape.events, &self.events) {
            (Some(instead), _) => json.raw_member("events", instead),
            (None, Some(events)) => {
                json.key("events");
                json.list(events, |json, event| event.write(json));
            }
            (None, None) if self.shape.nulls_left_out => {}
            (None, None) => json.raw_member("events", "null"),
        }
    }

    /// Appends the events as activities, newest first.
    pub(super) fn write_activities(&self, json: &mut JsonText) {
        json.list(self.events.iter().flatten().rev(), |json, event| event.write_as_activity(json));
    }
}

impl MessageEvent {
    fn write(&self, json: &mut JsonText) {
        json.raw("{");
        json.text_member("status", Some(&self.status));
        json.verbatim_member("timestamp", Some(&self.timestamp));
        json.text_member("description", self.description.as_deref());
        write_reason(json, self.reason);
        json.raw("}");
    }

    fn write_as_activity(&self, json: &mut JsonText) {
        json.raw("{");
        json.text_member("status", Some(&self.status));
        json.text_member("description", self.description.as_deref());
        json.text_member("from", self.from.as_deref());
        json.verbatim_member("timestamp", Some(&self.timestamp));
        json.verbatim_member("price", self.price.as_deref());
        json.verbatim_member("active_contact_price", self.active_contact_price.as_deref());
        write_reason(json, self.reason);
        if self.scheduled_at.is_some() {
            json.verbatim_member("scheduled_at", self.scheduled_at.as_deref());
        }
        json.raw("}");
    }
}

impl MessageBody {
    fn write(&self, json: &mut JsonText) {
        json.raw("{");
        json.text_member("header", self.header.as_deref());
        json.text_member("content", Some(&self.content));
        json.text_member("footer", self.footer.as_deref());
        json.key("buttons");
        if self.buttons.is_empty() {
            json.raw("null");
        } else {
            json.list(&self.buttons, |json, [kind, text, value]| {
                json.raw("{");
                json.text_member("type", Some(kind));
                json.text_member("text", Some(text));
                json.text_member("value", Some(value));
                json.text_member("postbackData", None);
                json.raw("}");
            });
        }
        json.key("headerMedia");
        match &self.header_media {
            Some([kind, url]) => {
                json.raw("{");
                json.text_member("type", Some(kind));
                json.text_member("url", Some(url));
                json.raw("}");
            }
            None => json.raw("null"),
        }
        json.key("media");
        if self.media.is_empty() {
            json.raw("null");
        } else {
            json.list(&self.media, |json, (url, kind, content_type, size)| {
                json.raw("{");
                json.text_member("url", Some(url));
                json.text_member("mediaType", Some(kind));
                json.text_member("mimeType", Some(content_type));
                json.number_member("sizeBytes", *size);
                json.raw_member("sourceHashSha256", "null");
                json.raw("}");
            });
        }
        json.text_member("subject", self.subject.as_deref());
        json.raw("}");
    }
}

/// Appends code and description, where there are any.
fn write_reason(json: &mut JsonText, reason: Option<(&str, &str)>) {
    if let Some((code, sentence)) = reason {
        json.text_member("reason_code", Some(code));
        json.text_member("reason", Some(sentence));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn made() -> Message {
        let event = |status: &str, price: Option<&str>| MessageEvent {
            status: status.into(),
            timestamp: "2026-01-02T03:04:05.5Z".into(),
            price: price.map(str::to_owned),
            ..MessageEvent::default()
        };
        Message {
            id: Some("a".into()),
            status: Some("SENT".into()),
            price: Some("0.0080".into()),
            body: Some(MessageBody { content: "1 + 1".into(), ..MessageBody::default() }),
            events: Some(vec![event("QUEUED", None), event("SENT", Some("0.0080"))]),
            ..Message::default()
        }
    }

    fn written(write: impl FnOnce(&mut JsonText)) -> (Value, String) {
        let mut json = JsonText::new(Escapes::DotNet, 0);
        write(&mut json);
        let bytes = json.into_bytes();
        (serde_json::from_slice(&bytes).unwrap(), String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn prices_are_numbers_in_a_message_and_strings_in_an_activity() {
        let (message, text) = written(|json| made().write(json));
        assert!(message["price"].is_number() && text.contains("\"price\":0.0080"), "{text}");
        assert_eq!(message["events"][0]["status"], "QUEUED");
        assert!(message["events"][1].get("price").is_none());
        let (activities, _) = written(|json| made().write_activities(json));
        assert_eq!(activities[0]["price"], "0.0080");
        assert_eq!(activities[0]["status"], "SENT", "newest first");
        assert!(activities[1]["price"].is_null());
    }

    #[test]
    fn optional_members_are_omitted_and_others_are_null() {
        let (message, _) = written(|json| made().write(json));
        assert!(message["template_id"].is_null() && message.get("template_id").is_some());
        for name in ["reason", "reason_code", "scheduled_at"] {
            assert!(message.get(name).is_none(), "{name}");
        }
        assert_eq!(message["message_body"]["content"], "1 + 1");
        assert!(message["message_body"]["headerMedia"].is_null());
        let held = Message { reason: Some(("C", "why")), scheduled_at: Some("s".into()), ..made() };
        let (message, _) = written(|json| held.write(json));
        assert_eq!((&message["reason_code"], &message["scheduled_at"]), (&json!("C"), &json!("s")));
    }

    #[test]
    fn a_shape_replaces_members() {
        let shape = MessageShape {
            body: Some("[1]"),
            events: Some("{}"),
            nulls_left_out: true,
            everything_escaped: true,
            extra_fields: vec![("sentiment", "0.5")],
            not_an_object: None,
        };
        let (message, _) = written(|json| Message { shape, ..made() }.write(json));
        assert_eq!(message["message_body"], json!([1]));
        assert_eq!((&message["events"], &message["sentiment"], &message["id"]), (&json!({}), &json!(0.5), &json!("a")));
        assert!(message.get("template_id").is_none());
    }
}
