use arrow::array::{Array, AsArray, RecordBatch};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::resources::contacts::{column, contacts_schema_with_extra, decode_any_page, decode_page};

/// A page with these items.
fn page(items: &str) -> ContactPage {
    let body = format!(r#"{{"success":true,"data":{{"contacts":[{items}],"pagination":{{}}}},"meta":{{}}}}"#).into();
    let page = decode_page(&body).unwrap().data.unwrap().items.unwrap();
    let by_serde = decode_any_page(&body).unwrap().data.unwrap().items.unwrap();
    assert_eq!(page.batch_with_extra(true), by_serde.batch_with_extra(true));
    page
}

fn column_of(batch: &RecordBatch) -> Vec<Option<&str>> {
    batch.column(column::EXTRA).as_string::<i32>().iter().collect()
}

/// `extra` of a contact with these members besides its id.
fn extra_of(members: &str) -> Option<String> {
    let page = page(&format!(r#"{{"id":"a",{members}}}"#));
    let batch = page.batch_with_extra(true);
    let [extra] = column_of(&batch)[..] else { panic!("one contact") };
    extra.map(str::to_owned)
}

#[test]
fn a_page_of_documented_fields_has_no_extra_and_is_read_once() {
    let page = page(
        r#"{"id":"a","phone_number":"\u002B1","format_e164":null,"country_code":1,"available_channels":["sms"],
            "opt_out":"true","is_inherited":0,"created_at":"2026-03-01T00:00:00Z","updated_at":"0001-01-01T00:00:00"}"#,
    );
    assert_eq!(column_of(&page.batch_with_extra(true)), [None]);
    assert_eq!(page.batch_with_extra(true).schema(), contacts_schema_with_extra());
    assert!(page.batch().column_by_name("extra").is_none());
}

#[test]
fn undocumented_fields_are_kept_in_their_order_without_white_space() {
    assert_eq!(
        extra_of(r#""tier":"gold", "tags" : [ "a b" , { "deep\" x" : [ null, -1.5e-3 ] } ],"opt_out":true,"n":null"#),
        Some(r#"{"tier":"gold","tags":["a b",{"deep\" x":[null,-1.5e-3]}],"n":null}"#.to_owned())
    );
}

#[test]
fn values_that_their_columns_cannot_hold_are_kept() {
    for (member, is_kept) in [
        (r#""opt_out":"maybe""#, true),
        (r#""opt_out":"yes""#, normalize::flag("yes").is_none()),
        (r#""opt_out":2"#, true),
        (r#""opt_out":1"#, false),
        (r#""opt_out":{}"#, true),
        (r#""created_at":"yesterday""#, true),
        (r#""created_at":1772323200"#, true),
        (r#""created_at":"\u0032026-03-01T00:00:00Z""#, false),
        (r#""updated_at":[]"#, true),
        (r#""phone_number":12025550123"#, false),
        (r#""phone_number":12025550123000000000000000"#, false),
        (r#""phone_number":{"raw":"1"}"#, true),
        (r#""default_channel":true"#, false),
        (r#""available_channels":[]"#, false),
        (r#""available_channels":["sms","rcs"]"#, false),
        (r#""available_channels":["sms",7]"#, true),
        (r#""available_channels":{"sms":true}"#, true),
        (r#""\u006fpt_out":"maybe""#, true),
    ] {
        let extra = extra_of(member);
        assert_eq!(extra, is_kept.then(|| format!("{{{member}}}")), "{member}");
    }
    let channels = vec!["sms"; 2000].join(",");
    assert!(extra_of(&format!(r#""available_channels":"{channels}""#)).is_some_and(|extra| extra.contains(&channels)));
}

#[test]
fn the_last_of_repeated_names_is_used() {
    assert_eq!(extra_of(r#""x":1,"y":2,"\u0078":3"#).unwrap(), r#"{"y":2,"\u0078":3}"#);
    assert_eq!(extra_of(r#""opt_out":"maybe","opt_out":true"#), None);
    assert_eq!(extra_of(r#""opt_out":true,"opt_out":"maybe""#).unwrap(), r#"{"opt_out":"maybe"}"#);
}

#[test]
fn unpaired_surrogates_become_readable_text() {
    for members in [r#""x\ud83d":"\ud83d\ude00\udc00""#, r#""x":["\ud83d"],"phone_number":"\udc00""#] {
        let extra: Value = serde_json::from_str(&extra_of(members).unwrap()).unwrap();
        assert!(extra.to_string().contains('\u{fffd}'), "{extra}");
    }
}

#[test]
fn huge_values_are_omitted_and_counted() {
    let (huge, nested) = ("x".repeat(MAX_BYTES), "[".repeat(50_000) + &"]".repeat(50_000));
    let extra: Value =
        serde_json::from_str(&extra_of(&format!(r#""a":1,"b":"{huge}","c":2,"d":{nested}"#)).unwrap()).unwrap();
    let bytes = huge.len() + nested.len() + r#","b":"","d":"#.len();
    assert_eq!(extra, json!({"a": 1, "c": 2, OMITTED: {"fields": 2, "bytes": bytes}}));
    let many: Vec<String> = (0..20_000).map(|at| format!("\"field_{at}\":{at}")).collect();
    let extra = extra_of(&many.join(",")).unwrap();
    assert!(extra.len() < MAX_BYTES + 100, "{}", extra.len());
    let extra: Value = serde_json::from_str(&extra).unwrap();
    assert_eq!(extra["field_0"], 0);
    let kept = extra.as_object().unwrap().len() as u64 - 1;
    assert_eq!(extra[OMITTED]["fields"], 20_000 - kept);
}

#[test]
fn a_field_named_like_the_count_of_omitted_ones_does_not_repeat_it() {
    let field = r#""omitted\u005fby_sent_export":5"#;
    assert_eq!(extra_of(&format!(r#""a":"x",{field}"#)), Some(format!(r#"{{"a":"x",{field}}}"#)));
    let huge = "x".repeat(MAX_BYTES);
    let extra = extra_of(&format!(r#""a":"x",{field},"b":"{huge}""#)).unwrap();
    let bytes = huge.len() + field.len() + r#","b":"","#.len();
    assert_eq!(extra, format!(r#"{{"a":"x","{OMITTED}":{{"fields":2,"bytes":{bytes}}}}}"#));
}

#[test]
fn each_contact_has_its_own_and_rejected_items_have_none() {
    let page = page(r#"{"id":"a","x":1},7,{"x":2},{"id":"b"},{"id":"c","x":3}"#);
    let mut builder = super::super::BatchBuilder::new(10).with_extra(true);
    crate::resources::BuildBatches::append(&mut builder, &page, &[true, true, true]);
    crate::resources::BuildBatches::append(&mut builder, &page, &[false, true, true]);
    let batch = crate::resources::BuildBatches::finish(&mut builder).unwrap();
    let (first, third) = (Some(r#"{"x":1}"#), Some(r#"{"x":3}"#));
    assert_eq!(column_of(&batch), [first, None, third, None, third]);
    assert_eq!(batch.column(column::EXTRA).null_count(), 2);
}

/// JSON texts and numbers, and lists and objects of them.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        r#"[ "\\\[\]{},:a-zé😀\x00-\x1f]{0,8}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z \"\\\\]{0,4}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_preserved(
        contacts in prop::collection::vec(prop::collection::btree_map("x[a-z\"\\\\é ]{0,4}", any_json(), 0..5), 1..4),
        is_pretty in any::<bool>(),
    ) {
        let items: Vec<String> = contacts.iter().map(|members| {
            let mut contact = json!({"id": "a"});
            contact.as_object_mut().unwrap().extend(members.clone());
            if is_pretty { serde_json::to_string_pretty(&contact) } else { serde_json::to_string(&contact) }.unwrap()
        }).collect();
        let batch = page(&items.join(",")).batch_with_extra(true);
        for (extra, members) in column_of(&batch).into_iter().zip(contacts) {
            let read: Option<Value> = extra.map(|extra| serde_json::from_str(extra).unwrap());
            let sent = Value::Object(members.into_iter().collect());
            prop_assert_eq!(read.unwrap_or_else(|| json!({})), sent);
        }
    }
}
