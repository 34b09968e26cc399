//! Parquet files of other programs: a table has the same numbers as in CSV, whatever its types.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int64Array, LargeListArray, ListBuilder, NullArray, RecordBatch,
    StringArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, TimeUnit, TimestampMicrosecondType};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use serde_json::{Value, json};

use crate::support::{Answer, Finished, ScriptedServer, sent_export};

/// An export whose every column has values and nulls.
fn export() -> Finished {
    let channels = ["sms", "sms,whatsapp", "", "rcs,sms"];
    let contacts: Vec<Value> = (0..60)
        .map(|at| {
            let (day, region, default) = (at % 28 + 1, ["US", "CA", ""][at % 3], ["sms", "rcs"][at % 2]);
            let code = if at % 5 == 0 { Value::Null } else { "1".into() };
            let national = if at % 3 == 0 { Value::Null } else { "(202) 555".into() };
            let opt_out: Value = [Value::Null, true.into(), false.into()][(at % 7).min(2)].clone();
            let updated = if at % 2 == 0 { Value::Null } else { format!("2026-01-{day:02}T00:00:00Z").into() };
            json!({"id": format!("12345678-0000-4000-8000-{at:012}"), "phone_number": format!("+1202555{at:04}"),
                "format_e164": format!("+1202555{at:04}"), "format_national": national,
                "region_code": region, "country_code": code, "available_channels": channels[at % 4],
                "default_channel": default, "opt_out": opt_out, "updated_at": updated,
                "created_at": format!("2025-{:02}-{day:02}T00:00:00Z", at % 12 + 1)})
        })
        .collect();
    let body = json!({"success": true, "data": {"contacts": contacts, "pagination": {"page": 1, "page_size": 100,
        "total_count": 60, "total_pages": 1, "has_more": false}}, "error": null});
    let server = ScriptedServer::start(move |_, _| Answer::ok(body.to_string()));
    let outputs = ["-o", "c.parquet", "-o", "c.csv", "--quiet"];
    sent_export().contacts(&server.url(), &outputs).finish().expect_code(0)
}

fn read(path: &Path) -> RecordBatch {
    let batches = ParquetRecordBatchReader::try_new(File::open(path).unwrap(), 1000).unwrap();
    batches.map(Result::unwrap).next().unwrap()
}

/// Columns by name.
type Table = Vec<(String, ArrayRef)>;

fn write(path: &Path, columns: Table) {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// The table with one column changed.
fn with(batch: &RecordBatch, name: &str, change: impl FnOnce(&ArrayRef) -> ArrayRef) -> Table {
    let mut columns: Table =
        batch.schema().fields().iter().map(|field| field.name().clone()).zip(batch.columns().to_vec()).collect();
    let column = columns.iter_mut().find(|(other, _)| other == name).unwrap();
    column.1 = change(&column.1);
    columns
}

/// The counts of a report, and its run.
fn report(run: Finished, name: &str) -> (Finished, Value) {
    let args = ["report", name, "--as-of", "2026-02-01", "--json", "-", "--quiet"];
    let run = run.again().args(args).finish().expect_code(0);
    let mut document: Value = serde_json::from_slice(&run.stdout).unwrap();
    for of_the_file in ["actions", "inputs", "notices", "filters"] {
        document.as_object_mut().unwrap().remove(of_the_file);
    }
    (run, document)
}

/// The items of lists, joined as in CSV; null for an empty list, as loaders of CSV have it.
fn joined(lists: &ArrayRef, empty: Option<&str>) -> ArrayRef {
    let text = |list: Option<ArrayRef>| {
        let list = list?;
        let names: Vec<&str> = list.as_string::<i32>().iter().flatten().collect();
        if names.is_empty() { empty.map(str::to_owned) } else { Some(names.join(",")) }
    };
    Arc::new(lists.as_list::<i32>().iter().map(text).collect::<StringArray>())
}

/// The same lists with an additional null in each; null for an empty list.
fn with_nulls(lists: &ArrayRef) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for list in lists.as_list::<i32>().iter().flatten() {
        for name in list.as_string::<i32>() {
            builder.values().append_option(name);
            builder.values().append_null();
        }
        builder.append(!list.is_empty());
    }
    Arc::new(builder.finish())
}

fn dictionary(array: &ArrayRef) -> ArrayRef {
    let keyed = DataType::Dictionary(Box::new(DataType::Int32), Box::new(array.data_type().clone()));
    let array = cast(array, &keyed).unwrap();
    assert!(array.as_any_dictionary_opt().is_some() && array.as_dictionary_opt::<Int32Type>().is_some());
    array
}

fn to(data_type: DataType) -> impl Fn(&ArrayRef) -> ArrayRef {
    move |array| cast(array, &data_type).unwrap()
}

/// Times as another type; changing only the time zone needs no conversion.
fn times(data_type: DataType) -> impl Fn(&ArrayRef) -> ArrayRef {
    move |array| {
        let times = array.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(None::<&str>);
        let DataType::Timestamp(unit, Some(zone)) = &data_type else { return cast(&times, &data_type).unwrap() };
        // Arrow does not know names of time zones, but other programs write them.
        let times = cast(&times, &DataType::Timestamp(*unit, None)).unwrap();
        let data = times.to_data().into_builder().data_type(DataType::Timestamp(*unit, Some(Arc::clone(zone))));
        arrow::array::make_array(data.build().unwrap())
    }
}

fn texts_of_times(form: &'static str) -> impl Fn(&ArrayRef) -> ArrayRef {
    move |array| {
        let times = array.as_primitive::<TimestampMicrosecondType>();
        let text = |micros| chrono::DateTime::from_timestamp_micros(micros).unwrap().format(form).to_string();
        Arc::new(times.iter().map(|micros| micros.map(text)).collect::<StringArray>())
    }
}

type Change = Box<dyn Fn(&ArrayRef) -> ArrayRef>;

#[test]
fn every_readable_type_gives_the_same_counts_as_csv() {
    let (mut run, wanted) = report(export(), "c.csv");
    assert_eq!(wanted["channels"], json!({"none": 15, "rcs": 15, "sms": 45, "whatsapp": 15}));
    assert_eq!(wanted["regions"], json!({"CA": 20, "US": 20, "unknown": 20}));
    let batch = read(&run.path("c.parquet"));
    let utc = || Some("UTC".into());
    let views = |array: &ArrayRef| cast(array, &DataType::Utf8View).unwrap();
    let uuids = |array: &ArrayRef| -> ArrayRef {
        let uuids: Vec<[u8; 16]> = array.as_string::<i32>().iter().map(|id| *uuid(id).as_bytes()).collect();
        Arc::new(FixedSizeBinaryArray::try_from_iter(uuids.into_iter()).unwrap())
    };
    let empty_texts = |array: &ArrayRef| -> ArrayRef {
        Arc::new(array.as_string::<i32>().iter().map(|text| Some(text.unwrap_or_default())).collect::<StringArray>())
    };
    let cases: Vec<(&str, Change)> = vec![
        ("available_channels", Box::new(|lists| joined(lists, None))),
        ("available_channels", Box::new(|lists| joined(lists, Some("")))),
        ("available_channels", Box::new(|lists| dictionary(&joined(lists, None)))),
        ("available_channels", Box::new(|lists| cast(&joined(lists, None), &DataType::LargeUtf8).unwrap())),
        ("available_channels", Box::new(with_nulls)),
        (
            "available_channels",
            Box::new(|lists| {
                let large: LargeListArray =
                    cast(&with_nulls(lists), &large_list(DataType::Utf8)).unwrap().as_list().clone();
                Arc::new(large)
            }),
        ),
        ("available_channels", Box::new(to(large_list(DataType::LargeUtf8)))),
        ("available_channels", Box::new(to(DataType::new_list(DataType::Utf8View, true)))),
        ("region_code", Box::new(empty_texts)),
        ("region_code", Box::new(dictionary)),
        ("region_code", Box::new(to(DataType::LargeUtf8))),
        ("region_code", Box::new(views)),
        ("region_code", Box::new(to(DataType::Binary))),
        ("format_national", Box::new(empty_texts)),
        ("format_e164", Box::new(views)),
        ("country_code", Box::new(to(DataType::Int64))),
        ("country_code", Box::new(to(DataType::Float64))),
        ("country_code", Box::new(to(DataType::Decimal128(38, 0)))),
        ("customer_id", Box::new(|array| Arc::new(NullArray::new(array.len())))),
        ("id", Box::new(uuids)),
        ("opt_out", Box::new(to(DataType::Utf8))),
        ("opt_out", Box::new(to(DataType::Int8))),
        ("opt_out", Box::new(to(DataType::Float64))),
        ("created_at", Box::new(times(DataType::Timestamp(TimeUnit::Microsecond, None)))),
        ("created_at", Box::new(times(DataType::Timestamp(TimeUnit::Nanosecond, utc())))),
        ("created_at", Box::new(times(DataType::Timestamp(TimeUnit::Millisecond, Some("Europe/Berlin".into()))))),
        ("created_at", Box::new(times(DataType::Timestamp(TimeUnit::Second, None)))),
        ("created_at", Box::new(times(DataType::Date32))),
        ("created_at", Box::new(times(DataType::Date64))),
        ("created_at", Box::new(texts_of_times("%Y-%m-%dT%H:%M:%SZ"))),
        ("created_at", Box::new(texts_of_times("%Y-%m-%d"))),
        ("updated_at", Box::new(texts_of_times("%Y-%m-%d %H:%M:%S+00:00"))),
        ("updated_at", Box::new(|array| dictionary(&texts_of_times("%Y-%m-%d %H:%M:%S")(array)))),
    ];
    for (at, (name, change)) in cases.into_iter().enumerate() {
        let columns = with(&batch, name, change);
        let found = columns.iter().find(|(other, _)| other == name).unwrap().1.data_type().clone();
        write(&run.path("x.parquet"), columns);
        let (next, document) = report(run, "x.parquet");
        run = next;
        assert_eq!(document, wanted, "{at}: {name} as {found}");
    }
}

fn large_list(item: DataType) -> DataType {
    DataType::LargeList(Arc::new(Field::new("item", item, true)))
}

fn uuid(text: Option<&str>) -> uuid::Uuid {
    text.unwrap().parse().unwrap()
}

#[test]
fn unreadable_values_of_a_readable_type_are_null_and_counted() {
    let (run, _) = report(export(), "c.csv");
    let batch = read(&run.path("c.parquet"));
    let words = |_: &ArrayRef| -> ArrayRef { Arc::new(StringArray::from(vec!["01/02/2025 10:00:00"; 60])) };
    write(&run.path("x.parquet"), with(&batch, "created_at", words));
    let run = run.again().args(["report", "x.parquet", "--json", "r.json"]).finish().expect_code(0);
    let document = run.json("r.json");
    assert_eq!(document["malformed_fields"], json!({"created_at": 60}));
    assert_eq!(document["notices"][0]["code"], "unreadable_columns");
    run.expect_stderr("warning: No value of created_at could be read: 60 values have an undocumented type or form.\n");
}

#[test]
fn an_unreadable_type_is_named_with_its_column() {
    let mut run = export();
    let batch = read(&run.path("c.parquet"));
    let numbers = |_: &ArrayRef| -> ArrayRef { Arc::new(Int64Array::from(vec![1_772_323_200; 60])) };
    let lists = |_: &ArrayRef| Arc::clone(batch.column_by_name("available_channels").unwrap());
    let days = |_: &ArrayRef| cast(&numbers(&lists(batch.column(0))), &DataType::Date64).unwrap();
    let cases: Vec<(&str, Table, &str)> = vec![
        ("created_at", with(&batch, "created_at", numbers), "Int64"),
        ("available_channels", with(&batch, "available_channels", numbers), "Int64"),
        ("region_code", with(&batch, "region_code", lists), "List"),
        ("format_rfc", with(&batch, "format_rfc", days), "Date64"),
    ];
    for (name, columns, found) in cases {
        write(&run.path("x.parquet"), columns);
        run = run.again().args(["report", "x.parquet"]).finish().expect_code(2);
        run = run.expect_stderr(&format!("error: cannot read column {name} of type {found}"));
        run = run.expect_stderr(": x.parquet\nhint: convert the column to text, or to the type that exports have\n");
    }
}
