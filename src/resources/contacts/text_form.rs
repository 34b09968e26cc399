//! A single contact as text: a line of JSON for pipes, or a block of names and values for a terminal.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::api::wire::Envelope;
use crate::base::printable::printable;

/// Fields of a message summary, in the order in which they are shown.
const SUMMARY_FIELDS: [&str; 5] =
    ["message_count", "first_message_at", "last_message_at", "channels_used", "channel_scores"];

/// Reads the response about the messages of a contact and returns its documented fields as one JSON object.
///
/// # Errors
/// When the body is not one complete JSON object.
pub fn summary_of(body: &str) -> Result<Envelope<String>, serde_json::Error> {
    let Envelope { success, data, error, meta } = Envelope::<Map<String, Value>>::from_json(body)?;
    let data = data.map(|data| {
        let members = SUMMARY_FIELDS.map(|name| format!("\"{name}\":{}", data.get(name).unwrap_or(&Value::Null)));
        format!("{{{}}}", members.join(","))
    });
    Ok(Envelope { success, data, error, meta })
}

/// The contact, a JSON object, as one line, with the summary of its messages as its last member.
pub fn json_line(contact: &str, summary: Option<&str>) -> String {
    match (summary, contact.strip_suffix('}')) {
        (Some(summary), Some(members)) => format!("{members},\"message_summary\":{summary}}}\n"),
        _ => format!("{contact}\n"),
    }
}

/// The contact as a block of lines, one per field; a field without a value shows a dash.
pub fn block(contact: &str, summary: Option<&str>) -> String {
    let mut lines = Vec::new();
    for object in [Some(contact), summary].into_iter().flatten() {
        lines.extend(members(object).into_iter().flat_map(|(name, value)| shown(name, &value)));
    }
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    lines.iter().fold(String::new(), |text, (name, value)| text + &format!("{name:width$}  {value}\n"))
}

/// The members of an object in its own order.
fn members(object: &str) -> Vec<(String, Value)> {
    struct InOrder(Vec<(String, Value)>);
    impl<'de> serde::Deserialize<'de> for InOrder {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Members;
            impl<'de> serde::de::Visitor<'de> for Members {
                type Value = InOrder;
                fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    formatter.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut object: A) -> Result<InOrder, A::Error> {
                    let mut members = Vec::new();
                    while let Some(name) = object.next_key::<String>()? {
                        let value = object.next_value::<&RawValue>()?;
                        members.push((name, serde_json::from_str(value.get()).unwrap_or(Value::Null)));
                    }
                    Ok(InOrder(members))
                }
            }
            deserializer.deserialize_map(Members)
        }
    }
    serde_json::from_str::<InOrder>(object).map(|members| members.0).unwrap_or_default()
}

/// A field as lines; a list of objects has one line per object.
fn shown(name: String, value: &Value) -> Vec<(String, String)> {
    if let Value::Array(items) = value
        && items.iter().any(Value::is_object)
    {
        return items.iter().map(|item| (name.clone(), plain(item))).collect();
    }
    vec![(name, plain(value))]
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => printable(text),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            // The name of the channel comes before its scores.
            let channel = members.get("channel").map(plain);
            let rest = members.iter().filter(|(name, _)| *name != "channel");
            let rest = rest.map(|(name, value)| format!("{} {}", printable(name).replace('_', " "), plain(value)));
            channel.into_iter().chain(rest).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTACT: &str =
        r#"{"id":"7","phone_number":null,"available_channels":["sms","rcs"],"customer_id":"","opt_out":false}"#;

    fn summary() -> String {
        let body = r#"{"success":true,"data":{"contact_id":"7","message_count":3,"last_message_at":"2026-03-01T00:00:00Z",
            "channels_used":["sms"],"channel_scores":[{"channel":"sms","success_score":67,"fail_score":33}],"new":1}}"#;
        summary_of(body).unwrap().data.unwrap()
    }

    #[test]
    fn a_line_is_one_object_with_the_summary_in_it() {
        assert_eq!(json_line(CONTACT, None), format!("{CONTACT}\n"));
        let line = json_line(CONTACT, Some(&summary()));
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["message_summary"]["message_count"], 3);
        assert_eq!(read["message_summary"]["first_message_at"], Value::Null);
        assert!(read["message_summary"].get("new").is_none() && line.ends_with("}}\n"));
    }

    #[test]
    fn a_block_has_a_line_for_each_field_in_the_order_of_the_columns() {
        let text = block(CONTACT, Some(&summary()));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "id                  7");
        assert_eq!(lines[1], "phone_number        -");
        assert_eq!(lines[2], "available_channels  sms, rcs");
        assert_eq!(lines[3], "customer_id         \"\"");
        assert_eq!(lines[5], "message_count       3");
        assert_eq!(lines[9], "channel_scores      sms, fail score 33, success score 67");
    }

    #[test]
    fn a_value_cannot_control_the_terminal() {
        let text = block("{\"id\":\"\\u001b[31m\\u202e\"}", None);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    }
}
