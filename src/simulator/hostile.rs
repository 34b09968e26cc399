//! Hostile contacts, for testing readers.
//!
//! [`distort`] turns an ordinary contact into one that breaks careless code: separators and line ends inside values,
//! spreadsheet formulas, right-to-left text, missing fields, items that are not contacts at all. `maker` calls it in
//! hostile mode.
//!
//! *Easy to get wrong:* the result is still valid JSON, and every documented field has its documented type or null.
//! What no .NET serializer would send (lone surrogates, repeated keys) does not occur.
//!
//! Kinds rotate by index, so [`KINDS`] consecutive contacts contain every kind.
//!
//! The unit tests check that a page of hostile contacts is valid JSON and contains each kind.

use super::contact::Contact;
use super::random::{DrawPurpose, Draws};

/// Number of kinds of distortion, including none.
pub(super) const KINDS: u32 = 32;

const NOT_OBJECTS: &[&str] = &["null", "42", "\"a text, not a contact\"", "[]", "true", "[{\"id\":\"inside\"}]"];

const FORMULAS: &[&str] =
    &["=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "-2+3", "=HYPERLINK(\"http://127.0.0.1\",\"a\")", "\t=1+1"];

const LOOK_LIKE_NULL: &[&str] = &["null", "NULL", "\\N", "NaN", "None", "nil", "N/A", "#N/A", "-", "undefined"];

const RIGHT_TO_LEFT: &[&str] =
    &["مرحبا بالعالم", "שלום עולם", "\u{202e}drowkcab\u{202c}", "a\u{200f}b\u{200e}c", "٠١٢٣٤٥٦٧٨٩"];

const EMOJI: &[&str] = &["📞👩‍👩‍👧‍👦", "🏳️‍🌈🇳🇦", "e\u{301}o\u{308}", "𝟏𝟐𝟑", "Zͫ̍a̎l̵g̶o", "\u{fffd}\u{feff}x"];

const MARKUP: &[&str] = &[
    "<script>alert('1')</script>",
    "</td></tr></table><h1>&amp;</h1>",
    "\"><img src=x onerror=alert(1)>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "<!--",
    "]]>",
];

const SEPARATORS: &[&str] = &[
    "a,b;c\td|e",
    "\"quoted\"",
    "\"\"",
    "\"",
    "'; DROP TABLE contacts; --",
    "ends with a backslash\\",
    "\\\\n is no line end",
    ",",
    "\",\"",
];

const LINE_ENDS: &[&str] =
    &["two\nlines", "two\r\nlines", "two\rlines", "\n", "\r\n\r\n", "a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f"];

const CONTROLS: &[&str] = &["\u{1}\u{2}\u{3}", "\u{1b}[31mred\u{1b}[0m", "bell\u{7}", "\u{1f}\u{7f}", "\u{80}\u{9f}"];

const DIGITS: &[&str] =
    &["00012345678901234567890", "1e309", "0x1F", "1,234.56", "-0", "+", "123456789012345678901234567890"];

const DATES: &[&str] = &[
    "2024-02-29T23:59:59.9999999+02:00",
    "2024-12-31T22:00:00-05:30",
    "2024-06-01T00:00:00",
    "9999-12-31T23:59:59.9999999",
    "9999-12-31T23:59:59.9999999Z",
    "0001-01-01T00:00:00+00:00",
    "1969-12-31T23:59:59.9999999Z",
    "1970-01-01T00:00:00Z",
];

const CHANNELS: &[&str] = &[
    "sms,telegram,viber",
    "sms,,whatsapp,",
    ",",
    "  ",
    "RCS , Sms,sms,SMS",
    "sms;whatsapp",
    "sms\twhatsapp",
    "电报",
    "sms,\u{a0}whatsapp",
];

/// Makes the contact hostile; its index selects the kind of distortion.
pub(super) fn distort(contact: &mut Contact, seed: u64) {
    let mut draws = Draws::new(seed, DrawPurpose::Hostile, u64::from(contact.index));
    match contact.index % KINDS {
        0 => contact.shape.not_an_object = Some(*draws.pick(NOT_OBJECTS)),
        1 => {
            contact.id = None;
            contact.shape.nulls_left_out = true;
        }
        2 => contact.id = None,
        3 => contact.id = Some(String::new()),
        4 => {
            keep_only_id(contact);
            contact.id = None;
            contact.shape.nulls_left_out = true;
        }
        5 | 6 => fill(contact, SEPARATORS, &mut draws),
        7 | 8 => fill(contact, LINE_ENDS, &mut draws),
        9 => fill(contact, EMOJI, &mut draws),
        10 => fill(contact, RIGHT_TO_LEFT, &mut draws),
        11 => fill(contact, MARKUP, &mut draws),
        12 => fill(contact, FORMULAS, &mut draws),
        13 => fill(contact, LOOK_LIKE_NULL, &mut draws),
        14 => fill(contact, CONTROLS, &mut draws),
        15 => fill(contact, DIGITS, &mut draws),
        16 => contact.phone_number = Some(long_text(&mut draws)),
        17 => contact.region_code = Some("NA".to_owned()),
        18 => contact.region_code = Some(" us ".to_owned()),
        19 => surround_with_space(contact),
        20 | 21 => contact.available_channels = Some((*draws.pick(CHANNELS)).to_owned()),
        22 => contact.default_channel = Some("  WhatsApp ".to_owned()),
        23 => contact.default_channel = Some("carrier pigeon".to_owned()),
        24 => {
            contact.shape.extra_fields =
                vec![("tags", "[\"vip\",{\"deep\":[[null,-1.5e-3]]}]"), ("loyalty_tier", "\"gold\""), ("score", "1e2")];
        }
        25 => {
            keep_only_id(contact);
            contact.shape.nulls_left_out = true;
        }
        26 => keep_only_id(contact),
        27 => all_empty(contact),
        28 => contact.shape.everything_escaped = true,
        29 | 30 => {
            contact.created_at = Some((*draws.pick(DATES)).to_owned());
            contact.updated_at = Some((*draws.pick(DATES)).to_owned());
        }
        _ => {}
    }
}

/// Puts a different hostile text into each free-text field.
fn fill(contact: &mut Contact, texts: &[&str], draws: &mut Draws) {
    for field in [&mut contact.phone_number, &mut contact.format_national, &mut contact.format_rfc] {
        *field = Some((*draws.pick(texts)).to_owned());
    }
    if draws.in_thousand(300) {
        contact.region_code = Some((*draws.pick(texts)).to_owned());
    }
    if draws.in_thousand(300) {
        contact.default_channel = Some((*draws.pick(texts)).to_owned());
    }
}

/// 10,000 characters, not all of them ASCII.
fn long_text(draws: &mut Draws) -> String {
    (0..10_000).map(|_| *draws.pick(&['0', '1', '2', '3', ',', '"', 'é', '漢', '😀'])).collect()
}

fn surround_with_space(contact: &mut Contact) {
    for field in [
        &mut contact.phone_number,
        &mut contact.country_code,
        &mut contact.region_code,
        &mut contact.available_channels,
        &mut contact.default_channel,
    ] {
        *field = Some(format!("\t {} \n", field.as_deref().unwrap_or_default()));
    }
}

/// All text fields except the id.
fn text_fields(contact: &mut Contact) -> [&mut Option<String>; 9] {
    [
        &mut contact.phone_number,
        &mut contact.format_e164,
        &mut contact.format_international,
        &mut contact.format_national,
        &mut contact.format_rfc,
        &mut contact.country_code,
        &mut contact.region_code,
        &mut contact.available_channels,
        &mut contact.default_channel,
    ]
}

fn keep_only_id(contact: &mut Contact) {
    for field in text_fields(contact) {
        *field = None;
    }
    contact.opt_out = None;
    contact.is_inherited = None;
    contact.created_at = None;
    contact.updated_at = None;
    contact.customer_id = None;
}

fn all_empty(contact: &mut Contact) {
    for field in text_fields(contact) {
        *field = Some(String::new());
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::{Escapes, JsonText};
    use super::super::maker::{ContactChange, Maker};
    use super::*;

    #[test]
    fn hostile_contacts_are_valid_json_with_the_values_of_the_fields() {
        let maker = Maker { seed: 5, initial: 400, customer_id: None, hostile: true };
        let mut longest = 0;
        for escapes in [Escapes::DotNet, Escapes::Plain] {
            for index in 0..400 {
                let contact = maker.contact(index, ContactChange::default());
                let mut json = JsonText::new(escapes, 0);
                contact.write(&mut json);
                let bytes = json.into_bytes();
                let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                if contact.shape.not_an_object.is_none() {
                    assert_eq!(value["phone_number"].as_str(), contact.phone_number.as_deref());
                    assert_eq!(value["default_channel"].as_str(), contact.default_channel.as_deref());
                }
                longest = longest.max(contact.phone_number.as_deref().unwrap_or_default().chars().count());
            }
        }
        assert_eq!(longest, 10_000);
    }

    #[test]
    fn kinds_rotate_by_index() {
        let maker = Maker { seed: 5, initial: 400, customer_id: None, hostile: true };
        let unidentified =
            (0..KINDS).filter(|index| !maker.contact(*index, ContactChange::default()).is_identified()).count();
        assert_eq!(unidentified, 5);
    }
}
