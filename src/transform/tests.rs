use arrow::array::{AsArray, StringArray};
use arrow::datatypes::TimestampMicrosecondType;

use super::*;
use crate::resources::BuildBatches;
use crate::resources::contacts::{BatchBuilder, contacts_schema, decode_page};

fn batch(numbers: &[&str]) -> RecordBatch {
    let contact = |(at, number): (usize, &&str)| {
        serde_json::json!({
            "id": format!("c-{at}"), "phone_number": number, "available_channels": "sms,whatsapp",
            "created_at": "2026-03-01T00:00:00Z", "opt_out": false,
        })
    };
    let contacts: Vec<_> = numbers.iter().enumerate().map(contact).collect();
    let body = serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string();
    let page = decode_page(&body.into()).unwrap().data.unwrap().items.unwrap();
    let mut batches = BatchBuilder::default();
    batches.append(&page, &vec![true; numbers.len()]);
    batches.finish().unwrap()
}

fn transform(columns: &str, phones: Option<PhoneProtection>) -> RowTransform {
    let optional = OptionalColumn::ALL.into_iter().filter(|column| columns.contains(column.name())).collect::<Vec<_>>();
    let schema = with_optional(&contacts_schema(), &optional);
    RowTransform::new(Projection::select(&schema, columns.split(',')).unwrap(), optional, phones)
}

fn hashes(transform: &RowTransform, batch: &RecordBatch) -> Vec<String> {
    let written = transform.apply(batch, 0).unwrap();
    let hashes: &StringArray = written.column_by_name("row_hash").unwrap().as_string();
    hashes.iter().map(|hash| hash.unwrap().to_owned()).collect()
}

#[test]
fn nothing_to_change_changes_nothing_but_marks() {
    let batch = batch(&["+12025550123"]);
    let written = RowTransform::from(Projection::all(contacts_schema())).apply(&batch, 0).unwrap();
    assert_eq!(written.columns(), batch.columns());
    assert!(written.schema().fields().iter().all(|field| field.metadata().is_empty()));
}

#[test]
fn a_row_has_the_same_hash_whatever_the_columns_and_batches() {
    let whole = batch(&["+12025550123", "+12025550124", "+12025550125"]);
    let all = hashes(&transform("row_hash,id", None), &whole);
    assert_eq!(all, hashes(&transform("opt_out,exported_at,row_hash", None), &whole));
    let parts = [
        hashes(&transform("row_hash", None), &whole.slice(0, 1)),
        hashes(&transform("row_hash", None), &whole.slice(1, 2)),
    ];
    assert_eq!(all, parts.concat());
    assert!(all[0] != all[1] && all[0].len() == 32);
    // head -n 1 contacts.ndjson | tr -d '\n' | sha256sum | head -c 32
    let line = crate::format::json_objects(&whole.slice(0, 1)).concat();
    assert!(line.starts_with(r#"{"id":"c-0","phone_number":"+12025550123","format_e164":null,"#), "{line}");
    assert_eq!(all[0], "beb77c7da72186815c6183dad5f1fe3c", "{line}");
}

#[test]
fn the_hash_of_a_protected_row_reveals_nothing_about_its_number() {
    let masked = transform("id,row_hash", Some(PhoneProtection::Mask));
    let of = |number| hashes(&masked, &batch(&[number]));
    assert_eq!(of("+12025550123"), of("+12025559923"), "both are masked as +1********23");
    assert_ne!(of("+12025550123"), of("+12025550124"));
}

#[test]
fn the_start_of_the_run_is_that_of_the_manifest() {
    let written = transform("exported_at", None).apply(&batch(&["1", "2"]), 1_700_000_000_123_999).unwrap();
    let times = written.column(0).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(times.values(), &[1_700_000_000_123_000; 2]);
    assert_eq!(written.schema().field(0), &OptionalColumn::ExportedAt.field());
}

#[test]
fn the_manifest_names_only_columns_that_are_written() {
    let transform = transform("id,format_e164,country_code", Some(PhoneProtection::Mask));
    let columns: Vec<_> = transform.protected_columns().collect();
    assert_eq!(columns, [("format_e164", Protected::Masked), ("country_code", Protected::NumbersRemoved)]);
}
