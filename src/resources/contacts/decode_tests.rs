use crate::resources::contacts::{decode_page, decode_page_within};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;

use super::*;
use crate::listing::RowId;
use crate::resources::page::{MAX_UNKNOWN_FIELDS, OTHER_UNKNOWN_FIELDS};

/// A page with its columns.
struct Read {
    page: ContactPage,
    batch: RecordBatch,
}

impl std::ops::Deref for Read {
    type Target = ContactPage;

    fn deref(&self) -> &ContactPage {
        &self.page
    }
}

fn read(body: &str) -> Result<Envelope<ListData<ContactPage>>, serde_json::Error> {
    decode_page(&body.into())
}

fn page(contacts: &str) -> Read {
    let body = format!(r#"{{"success":true,"data":{{"contacts":{contacts},"pagination":{{"page":1}}}}}}"#);
    let page = read(&body).unwrap().data.unwrap().items.unwrap();
    Read { batch: page.batch(), page }
}

fn text(page: &Read, column: usize) -> Vec<Option<&str>> {
    page.batch.column(column).as_string::<i32>().iter().collect()
}

fn channels(page: &Read, row: usize) -> Vec<String> {
    let list = page.batch.column(column::AVAILABLE_CHANNELS).as_list::<i32>().value(row);
    list.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
}

#[test]
fn a_documented_contact_fills_every_column() {
    let page = page(
        r#"[{"id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","phone_number":"\u002B12345678901",
        "format_e164":"\u002B12345678901","format_international":"\u002B1 234-567-8901",
        "format_national":"(234) 567-8901","format_rfc":"tel:\u002B1-234-567-8901","country_code":" 1 ",
        "region_code":"us","available_channels":"SMS, whatsapp,sms","default_channel":"SMS","opt_out":false,
        "is_inherited":true,"created_at":"2026-03-01T00:00:00.1234567Z","updated_at":null,
        "customer_id":"c-1"}]"#,
    );
    assert_eq!(page.batch.num_rows(), 1);
    assert_eq!(text(&page, column::FORMAT_E164), [Some("+12345678901")]);
    assert_eq!(text(&page, column::FORMAT_RFC), [Some("tel:+1-234-567-8901")]);
    assert_eq!(text(&page, column::COUNTRY_CODE), [Some("1")]);
    assert_eq!(text(&page, column::REGION_CODE), [Some("US")]);
    assert_eq!(text(&page, column::DEFAULT_CHANNEL), [Some("sms")]);
    assert_eq!(text(&page, column::CUSTOMER_ID), [Some("c-1")]);
    assert_eq!(channels(&page, 0), ["sms", "whatsapp"]);
    assert!(!page.batch.column(column::OPT_OUT).as_boolean().value(0));
    assert!(page.batch.column(column::IS_INHERITED).as_boolean().value(0));
    let created = page.batch.column(column::CREATED_AT).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(created.value(0), 1_772_323_200_123_456);
    assert!(page.batch.column(column::UPDATED_AT).is_null(0));
    let key = page.items[0].unwrap();
    assert_eq!(key.id, RowId(0x6f96_19ff_8b86_d011_b42d_00cf_4fc9_64ff));
    assert_eq!(key.created_at.max(key.updated_at), Some(1_772_323_200_123_456));
    assert!(
        page.findings.malformed.is_empty()
            && page.findings.unknown_fields.is_empty()
            && page.findings.rejected.is_empty()
    );
}

#[test]
fn absent_and_null_fields_are_null_and_the_channel_list_is_empty() {
    let page = page(r#"[{"id":"a"},{"id":"b","available_channels":null,"opt_out":null,"phone_number":null}]"#);
    for column in 1..column::COUNT {
        let nulls = page.batch.column(column).null_count();
        assert_eq!(nulls, if column == column::AVAILABLE_CHANNELS { 0 } else { 2 }, "column {column}");
    }
    assert!(channels(&page, 0).is_empty() && channels(&page, 1).is_empty());
}

#[test]
fn empty_texts_are_kept_where_they_differ_from_null() {
    let page = page(r#"[{"id":"a","phone_number":"","region_code":"","country_code":"  ","default_channel":""}]"#);
    assert_eq!(text(&page, column::PHONE_NUMBER), [Some("")]);
    assert_eq!(text(&page, column::REGION_CODE), [None]);
    assert_eq!(text(&page, column::COUNTRY_CODE), [None]);
    assert_eq!(text(&page, column::DEFAULT_CHANNEL), [None]);
}

#[test]
fn items_that_are_not_contacts_are_rejected_with_a_reason() {
    let page = page(r#"[{"id":"a","new":1},null,7,"x",[1],{"phone_number":"+1","new":2},{"id":" "},{"id":"b"}]"#);
    assert_eq!(text(&page, column::ID), [Some("a"), Some("b")]);
    assert_eq!(text(&page, column::PHONE_NUMBER), [None, None]);
    let kinds = page.findings.rejected.iter().map(|kind| (kind.reason.name(), &kind.fields[..], &kind.positions[..]));
    let wanted: [(&str, &[&str], &[usize]); 3] =
        [("not_an_object", &[], &[1, 2, 3, 4]), ("missing_id", &["phone_number"], &[5]), ("missing_id", &["id"], &[6])];
    assert!(kinds.eq(wanted), "{:?}", page.findings.rejected);
    assert_eq!(page.items.iter().filter(|item| item.is_none()).count(), 6);
    assert_eq!(page.findings.unknown_fields, [("new".to_owned(), vec![0])]);
}

#[test]
fn a_value_of_another_type_does_not_lose_the_contact() {
    let page = page(
        r#"[{"id":7,"phone_number":123,"country_code":44,"opt_out":"True","is_inherited":"maybe","created_at":{"a":[1]},
            "updated_at":"soon","available_channels":["SMS","rcs"],"region_code":["US"],"format_e164":true},
           {"id":"b","opt_out":1,"is_inherited":2}]"#,
    );
    assert_eq!(text(&page, column::ID), [Some("7"), Some("b")]);
    assert_eq!(text(&page, column::PHONE_NUMBER)[0], Some("123"));
    assert_eq!(text(&page, column::COUNTRY_CODE)[0], Some("44"));
    assert_eq!(text(&page, column::FORMAT_E164)[0], Some("true"));
    assert_eq!(text(&page, column::REGION_CODE)[0], None);
    assert_eq!(channels(&page, 0), ["sms", "rcs"]);
    assert!(page.batch.column(column::OPT_OUT).as_boolean().value(0));
    assert!(page.batch.column(column::IS_INHERITED).is_null(0));
    assert!(
        page.batch.column(column::OPT_OUT).as_boolean().value(1),
        "whoever opted out must not be taken for reachable"
    );
    assert!(page.batch.column(column::IS_INHERITED).is_null(1));
    let malformed: usize = page.findings.malformed.iter().map(|(_, rows)| rows.len()).sum();
    assert_eq!(malformed, 12);
}

#[test]
fn a_number_is_kept_as_written() {
    let page = page(
        r#"[{"id":100000000000000000000001,"phone_number":12345678901234567890123,"country_code":1e400,"format_e164":1.50,
             "opt_out":1e400,"is_inherited":-0,"created_at":1e400,"region_code":[1e400],"available_channels":["sms",1e400]},
            {"id":100000000000000000000002}]"#,
    );
    assert_eq!(text(&page, column::ID), [Some("100000000000000000000001"), Some("100000000000000000000002")]);
    assert_eq!(text(&page, column::PHONE_NUMBER)[0], Some("12345678901234567890123"));
    assert_eq!(text(&page, column::COUNTRY_CODE)[0], Some("1e400"));
    assert_eq!(text(&page, column::FORMAT_E164)[0], Some("1.50"));
    assert_eq!(text(&page, column::REGION_CODE)[0], None);
    assert_eq!(channels(&page, 0), ["sms"]);
    for column in [column::OPT_OUT, column::IS_INHERITED, column::CREATED_AT] {
        assert!(page.batch.column(column).is_null(0));
    }
    let malformed: usize = page.findings.malformed.iter().map(|(_, rows)| rows.len()).sum();
    assert_eq!(malformed, 10);
}

#[test]
fn a_malformed_value_counts_once_and_only_in_a_contact() {
    let page = page(
        r#"[{"phone_number":1,"created_at":7},{"id":"a"},{"id":"b","created_at":1772323200,"opt_out":1,"opt_out":2},
           {"id":"c","created_at":"soon"}]"#,
    );
    assert_eq!(page.findings.malformed, [(column::OPT_OUT, vec![1]), (column::CREATED_AT, vec![1, 2])]);
}

#[test]
fn a_repeated_field_keeps_its_last_value() {
    let page = page(r#"[{"id":"a","phone_number":"1","phone_number":"2","region_code":"US","region_code":null}]"#);
    assert_eq!(text(&page, column::PHONE_NUMBER), [Some("2")]);
    assert_eq!(text(&page, column::REGION_CODE), [None]);
}

#[test]
fn unknown_field_names_are_bounded() {
    let fields: Vec<String> = (0..200).map(|at| format!(r#""new_{at}":{{"deep":[1,2]}}"#)).collect();
    let page = page(&format!(r#"[{{"id":"a",{}}}]"#, fields.join(",")));
    assert_eq!(page.findings.unknown_fields.len(), MAX_UNKNOWN_FIELDS + 1);
    assert_eq!(page.findings.unknown_fields.last().unwrap(), &(OTHER_UNKNOWN_FIELDS.to_owned(), vec![0]));
}

#[test]
fn a_name_that_does_not_look_like_a_field_is_not_shown() {
    let names =
        ["https://evil.com/", "+14155550123", "n14155550123", "two words", "", "é", &"x".repeat(65), "www.evil.com"];
    let fields = names.map(|name| format!(r#""{name}":1"#)).join(",");
    let page = page(&format!(r#"[{{"id":"a",{fields},"loyalty-tier_2":1}}]"#));
    let found: Vec<_> = page.findings.unknown_fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(found, [OTHER_UNKNOWN_FIELDS, "loyalty-tier_2"]);
}

#[test]
fn a_page_with_far_more_items_than_requested_is_refused() {
    let read = |item: &str, items: usize| {
        let body = format!(r#"{{"success":true,"data":{{"contacts":[{}]}}}}"#, vec![item; items].join(","));
        decode_page_within(&body.into(), PageLimit::for_size(200)).map(|_| ()).map_err(|error| error.to_string())
    };
    for item in ["{}", "0", r#"{"id":"a"}"#] {
        assert_eq!(read(item, 800), Ok(()), "{item}");
        assert!(read(item, 801).unwrap_err().starts_with("more items than 800"), "{item}");
    }
    assert_eq!(PageLimit::for_size(1).items(), 400);
}

#[test]
fn an_invalid_list_of_channels_is_null_and_counted() {
    let long: Vec<String> = (0..2000).map(|at| format!("c{at}")).collect();
    let page = page(&format!(
        r#"[{{"id":"a","available_channels":"{}"}},{{"id":"b","available_channels":["sms",[["rcs"]]]}}]"#,
        long.join(",")
    ));
    assert_eq!((channels(&page, 0), channels(&page, 1)), (vec![], vec!["sms".to_owned()]));
    assert_eq!(page.findings.malformed, [(column::AVAILABLE_CHANNELS, vec![0, 1])]);
}

#[test]
fn fields_are_read_in_any_order_and_a_missing_list_is_detected() {
    let envelope = read(r#"{"data":{"pagination":{"page":3},"contacts":[{"id":"a"}]},"success":true}"#).unwrap();
    let list = envelope.data.unwrap();
    assert_eq!(list.pagination.unwrap().page, Some(3));
    assert_eq!(list.items.unwrap().rows(), 1);
    for body in [r#"{"data":{"contacts":null}}"#, r#"{"data":{}}"#] {
        assert!(read(body).unwrap().data.unwrap().items.is_none(), "{body}");
    }
}

#[test]
fn broken_json_is_an_error_and_does_not_panic() {
    let whole = r#"{"success":true,"data":{"contacts":[{"id":"\u00e9","opt_out":true}],"pagination":{}}}"#;
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "cut at {end}");
    }
    let deep = format!(r#"{{"data":{{"contacts":[{{"id":"a","x":{}}}]}}}}"#, "[".repeat(100_000));
    assert!(read(&deep).is_err());
    assert!(read(r#"{"data":{"contacts":{"id":"a"}}}"#).is_err());
}

#[test]
fn hostile_texts_arrive_unchanged() {
    let long = "9".repeat(10_000);
    for value in ["a,b", "say \"hi\"", "two\r\nlines", "😀 مرحبا", "NUL\u{0}", "=1+1", " lead", &long] {
        let page = page(&format!(r#"[{{"id":"a","phone_number":{}}}]"#, serde_json::to_string(value).unwrap()));
        assert_eq!(text(&page, column::PHONE_NUMBER), [Some(value)]);
    }
    let page = page(r#"[{"id":"a","region_code":"NA"}]"#);
    assert_eq!(text(&page, column::REGION_CODE), [Some("NA")]);
}

#[test]
fn an_unpaired_surrogate_does_not_lose_the_page() {
    let page = page(
        r#"[{"id":"a\ud83d","phone_number":"\ud83d\ude00","customer_id":"\\ud83d\"\udc00\ud83d\\"},{"id":"b\ud83d\ud83d\ude00"}]"#,
    );
    assert_eq!(text(&page, column::ID), [Some("a\u{fffd}"), Some("b\u{fffd}\u{1f600}")]);
    assert_eq!(text(&page, column::PHONE_NUMBER)[0], Some("\u{1f600}"));
    assert_eq!(text(&page, column::CUSTOMER_ID)[0], Some("\\ud83d\"\u{fffd}\u{fffd}\\"));
}
