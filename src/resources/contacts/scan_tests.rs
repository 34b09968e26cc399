use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::resources::contacts::{decode_any_page, decode_page};

/// Whether reading the body with the scanner gives the same result as with serde alone.
fn is_read_alike(body: &str) -> bool {
    let body = body.into();
    match (decode_page(&body), decode_any_page(&body)) {
        (Ok(scanned), Ok(read)) => scanned == read,
        (Err(scanned), Err(read)) => scanned.to_string() == read.to_string(),
        _ => false,
    }
}

fn body(contacts: &str) -> String {
    format!(
        r#"{{"success":true,"data":{{"contacts":[{contacts}],"pagination":{{"page":1,"total_count":2}}}},"error":null,"meta":{{"request_id":"r"}}}}"#
    )
}

fn assert_scanned(contacts: &str) {
    let body = body(contacts);
    assert!(scan_page(&body.as_str().into(), PageLimit::default()).is_some(), "{body}");
    assert!(is_read_alike(&body), "{body}");
}

fn assert_left_to_serde(body: &str) {
    assert!(scan_page(&body.into(), PageLimit::default()).is_none(), "{body}");
    assert!(is_read_alike(body), "{body}");
}

#[test]
fn documented_contacts_are_scanned() {
    let contact = r#"{"id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","phone_number":"+1","format_e164":"+1",
        "format_international":"\u002B1 2","format_national":"(2)","format_rfc":"tel:+1-2","country_code":" 1 ","region_code":"us",
        "available_channels":"SMS, whatsapp,sms","default_channel":"SMS","opt_out":false,"is_inherited":true,
        "created_at":"2026-03-01T00:00:00.1234567Z","updated_at":null,"customer_id":"c-1"}"#;
    assert_scanned("");
    assert_scanned(contact);
    assert_scanned(&[contact; 3].join(" , "));
}

#[test]
fn other_orders_repeats_gaps_and_new_fields_are_scanned() {
    assert_scanned(r#"{"phone_number":"2","id":"a","phone_number":"3"},{},{"opt_out":true,"id":" "}"#);
    assert_scanned(r#"{"id":"a","new":"x","newer":null,"new":true,"id2":false},{"id":"b","new":"y"}"#);
    assert_scanned(r#"{"id":"a\"\\\/\b\f\n\r\t\u00e9\u0000\uFFFF","phone_number":"é😀\u002b","region_code":"\u0041"}"#);
}

#[test]
fn undocumented_forms_are_left_to_serde() {
    let contacts = [
        r#"{"id":7}"#,
        r#"{"id":"a","opt_out":"true"}"#,
        r#"{"id":"a","available_channels":["sms"]}"#,
        r#"{"id":"a","new":1}"#,
        r#"{"id":"a","phone_number":"\uD83D\uDE00"}"#,
        "{\"id\":\"a\tb\"}",
        r#"{"\u0069d":"a"}"#,
        r#"{"id":"a","x":t rue}"#,
        r#"{"id":"a",}"#,
        r#"{"id":"a"},"#,
        "null",
    ];
    for contacts in contacts {
        assert_left_to_serde(&body(contacts));
    }
    let whole = body(r#"{"id":"a"}"#);
    for end in 0..whole.len() {
        assert_left_to_serde(&whole[..end]);
    }
    assert_left_to_serde(&format!("{whole} x"));
    assert_left_to_serde(&whole.replacen("true", "false", 1));
    assert_left_to_serde(r#"{"data":{"contacts":[]},"success":true}"#);
    assert_left_to_serde(r#"{"success":true,"data":{"contacts":null}}"#);
}

#[test]
fn a_second_list_replaces_the_first() {
    let twice = r#"{"success":true,"data":{"contacts":[{"id":"a"}],"contacts":[{"id":"b"},{"id":"c"}]}}"#;
    assert!(is_read_alike(twice), "{twice}");
    let null = r#"{"success":true,"data":{"contacts":[{"id":"a"}],"contacts":null}}"#;
    assert!(decode_page(&null.into()).unwrap().data.unwrap().items.is_none());
}

/// A JSON string, with or without escapes.
fn text() -> impl Strategy<Value = String> {
    let spelled = prop_oneof![
        Just(String::new()),
        "[a-zA-Z0-9+ (),:.-]{0,40}",
        "\\PC{0,20}",
        select(vec![
            "sms,whatsapp",
            " SMS ,rcs,sms",
            "us",
            "  ",
            "2026-03-01T00:00:00.1234567Z",
            "0001-01-01T00:00:00"
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    (spelled, 0..3_u8).prop_map(|(text, spelling)| match spelling {
        0 => serde_json::to_string(&text).unwrap(),
        1 => format!("\"{}\"", text.replace('"', "").replace('\\', r"\u005c").replace('+', r"\u002B")),
        _ => {
            let units: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            format!("\"{}\"", units.concat())
        }
    })
}

fn value() -> impl Strategy<Value = String> {
    let odd = [
        "1",
        "-2.50",
        "1e999",
        "[\"sms\",\"rcs\"]",
        "[1,null]",
        "{\"a\":[{}]}",
        "\"true\"",
        "tru",
        "",
        "nul l",
        "\"\\x\"",
        "\"\\u12\"",
        "01",
        "[",
    ];
    prop_oneof![
        12 => text(),
        3 => select(vec!["null", "true", "false"]).prop_map(str::to_owned),
        1 => select(odd.to_vec()).prop_map(str::to_owned),
    ]
}

fn member() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        12 => select(FIELD_NAMES.to_vec()).prop_map(|name| format!("\"{name}\"")),
        1 => text(),
    ];
    let space = select(vec!["", "", "", " ", "\r\n\t"]);
    (name, space, value()).prop_map(|(name, space, value)| format!("{space}{name}{space}:{space}{value}{space}"))
}

fn item() -> impl Strategy<Value = String> {
    let in_order = prop::collection::vec(value(), FIELD_NAMES.len()).prop_map(|values| {
        let members = FIELD_NAMES.iter().zip(values).map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    });
    let sound = prop::collection::vec(text(), FIELD_NAMES.len()).prop_map(|values| {
        let is_flag = |name: &str| matches!(name, "opt_out" | "is_inherited");
        let members = FIELD_NAMES.iter().zip(values);
        let members =
            members.map(|(name, value)| format!("\"{name}\":{}", if is_flag(name) { "true" } else { value.as_str() }));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    });
    let in_any_order = prop::collection::vec(member(), 0..20).prop_map(|members| format!("{{{}}}", members.join(",")));
    prop_oneof![8 => sound, 3 => in_order, 3 => in_any_order, 1 => value()]
}

fn any_body() -> impl Strategy<Value = String> {
    let surroundings = select(vec![
        (r#"{"success":true,"data":{"contacts":["#, r#"],"pagination":{"page":3}},"meta":{"request_id":"a"}}"#),
        (" { \"success\" : true , \"data\" : { \"contacts\" : [ ", " ] } , \"error\" : null } \n"),
        (r#"{"success":true,"data":{"contacts":["#, r#"],"contacts":[{"id":"b"}],"pagination":null}}"#),
        (r#"{"success":true,"data":{"contacts":["#, r#"]},"data":{}}"#),
        (r#"{"success":true,"data":{"contacts":["#, "]}} trailing"),
        (r#"{"data":{"contacts":["#, r#"]},"success":true}"#),
    ]);
    let items = prop::collection::vec(item(), 0..4);
    (surroundings, items).prop_map(|((before, after), items)| format!("{before}{}{after}", items.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        // Set `PROPTEST_CASES` for a longer run.
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)
    ))]

    #[test]
    fn any_page_is_read_as_by_serde(body in any_body()) {
        prop_assert!(is_read_alike(&body), "{body}");
    }

    #[test]
    fn broken_pages_are_read_as_by_serde(
        body in any_body(),
        cuts in prop::collection::vec((any::<Index>(), 0..3_usize, "[\\PC\n\"\\\\{}\\[\\],:]{0,2}"), 1..4),
    ) {
        let mut broken = body;
        for (place, removed, added) in cuts {
            let characters: Vec<char> = broken.chars().collect();
            let place = place.index(characters.len() + 1);
            let after = characters.iter().skip(place + removed);
            broken = characters[..place].iter().copied().chain(added.chars()).chain(after.copied()).collect();
        }
        prop_assert!(is_read_alike(&broken), "{broken}");
    }
}
