//! A contact as sent over the wire.
//!
//! A [`Contact`] holds the raw values of all documented fields, so that a test can compare them with what a client made
//! of them. A contact serializes itself into a page. `maker` generates contacts, `hostile` distorts them, `world` returns
//! them.
//!
//! *Easy to get wrong:* null, empty and missing are three different things on the wire. Here `None` is null unless
//! [`Shape::nulls_left_out`] is set; only `customer_id` is always omitted when it is `None`, as in older versions of
//! the API.
//!
//! Fields and their order are those of the API documentation. The unit tests parse the JSON with `serde_json`.

use super::json::{Escapes, JsonText};

/// A contact as the API sends it: raw values, `None` for a field that is null or missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The contact's number in its account, in order of creation, from 0.
    pub index: u32,
    /// The id, a UUID in lower case; `None` only in hostile mode.
    pub id: Option<String>,
    /// The number as it was entered.
    pub phone_number: Option<String>,
    /// For instance `+12025550123`.
    pub format_e164: Option<String>,
    /// For instance `+1 202-555-0123`.
    pub format_international: Option<String>,
    /// For instance `(202) 555-0123`.
    pub format_national: Option<String>,
    /// For instance `tel:+1-202-555-0123`.
    pub format_rfc: Option<String>,
    /// Calling code without `+`.
    pub country_code: Option<String>,
    /// ISO 3166-1 alpha-2 code, sometimes in lower case.
    pub region_code: Option<String>,
    /// Channels, separated by commas.
    pub available_channels: Option<String>,
    /// The preferred channel.
    pub default_channel: Option<String>,
    /// Whether the contact opted out of messages.
    pub opt_out: Option<bool>,
    /// Always false on the wire, sometimes missing in hostile mode.
    pub is_inherited: Option<bool>,
    /// When it was created.
    pub created_at: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
    /// The account of the contact; omitted when `None`.
    pub customer_id: Option<String>,
    /// Unusual features of its JSON.
    pub shape: Shape,
}

/// Unusual features of a contact's JSON. The default is none; only hostile mode sets any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shape {
    /// JSON that replaces the contact in the list and is not an object.
    pub not_an_object: Option<&'static str>,
    /// Null fields are omitted.
    pub nulls_left_out: bool,
    /// Undocumented fields: name and JSON value.
    pub extra_fields: Vec<(&'static str, &'static str)>,
    /// Every character of every string is sent as `\uXXXX`.
    pub everything_escaped: bool,
}

impl Contact {
    /// True if this is identifiable as a contact: an object with a non-empty id.
    pub fn is_identified(&self) -> bool {
        self.shape.not_an_object.is_none() && self.id.as_deref().is_some_and(|id| !id.is_empty())
    }

    /// Appends the JSON of this contact.
    pub(super) fn write(&self, json: &mut JsonText) {
        if let Some(instead) = self.shape.not_an_object {
            return json.raw(instead);
        }
        let usual = self.shape.everything_escaped.then(|| json.swap_escapes(Escapes::Everything));
        json.raw("{");
        let mut text = |name, value: &Option<String>| {
            if value.is_some() || !self.shape.nulls_left_out {
                json.text_member(name, value.as_deref());
            }
        };
        text("id", &self.id);
        text("phone_number", &self.phone_number);
        text("format_e164", &self.format_e164);
        text("format_international", &self.format_international);
        text("format_national", &self.format_national);
        text("format_rfc", &self.format_rfc);
        text("country_code", &self.country_code);
        text("region_code", &self.region_code);
        text("available_channels", &self.available_channels);
        text("default_channel", &self.default_channel);
        for (name, value) in [("opt_out", self.opt_out), ("is_inherited", self.is_inherited)] {
            if value.is_some() || !self.shape.nulls_left_out {
                json.flag_member(name, value);
            }
        }
        for (name, value) in [("created_at", &self.created_at), ("updated_at", &self.updated_at)] {
            if value.is_some() || !self.shape.nulls_left_out {
                json.verbatim_member(name, value.as_deref());
            }
        }
        if self.customer_id.is_some() {
            json.verbatim_member("customer_id", self.customer_id.as_deref());
        }
        for (name, value) in &self.shape.extra_fields {
            json.raw_member(name, value);
        }
        json.raw("}");
        if let Some(usual) = usual {
            json.swap_escapes(usual);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::maker::{ContactChange, Maker};
    use super::*;

    fn made() -> Contact {
        Maker { seed: 3, initial: 10, customer_id: None, hostile: false }.contact(4, ContactChange::default())
    }

    fn written(contact: &Contact) -> Value {
        let mut json = JsonText::new(Escapes::DotNet, 0);
        contact.write(&mut json);
        serde_json::from_slice(&json.into_bytes()).unwrap()
    }

    #[test]
    fn the_json_has_the_values_of_the_fields() {
        let contact = Contact { updated_at: None, customer_id: Some("whose".into()), ..made() };
        let value = written(&contact);
        assert_eq!(value["id"].as_str(), contact.id.as_deref());
        assert_eq!(value["format_e164"].as_str(), contact.format_e164.as_deref());
        assert_eq!(value["opt_out"].as_bool(), contact.opt_out);
        assert_eq!(value["created_at"].as_str(), contact.created_at.as_deref());
        assert!(value["updated_at"].is_null() && value.get("updated_at").is_some());
        assert_eq!(value["customer_id"], "whose");
        assert_eq!(value.as_object().unwrap().len(), 15);
    }

    #[test]
    fn a_shape_changes_the_json_but_not_the_text() {
        let shape = Shape {
            nulls_left_out: true,
            everything_escaped: true,
            extra_fields: vec![("tier", "[1]")],
            ..Shape::default()
        };
        let contact = Contact { id: None, shape, ..made() };
        let value = written(&contact);
        assert!(value.get("id").is_none() && !contact.is_identified());
        assert_eq!(value["format_e164"].as_str(), contact.format_e164.as_deref());
        assert_eq!(value["tier"][0], 1);
        let shape = Shape { not_an_object: Some("42"), ..Shape::default() };
        assert_eq!(written(&Contact { shape, ..made() }), 42);
    }
}
