use std::io::{Read, Write};
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow_ipc::reader::{FileReader, StreamReader};
use calamine::{Data, ExcelDateTime, ExcelDateTimeType, Reader, Xlsx};
use proptest::prelude::*;

use super::*;

const TIME: i64 = 1_772_323_200_500_000;

fn list(items: ArrayRef, lengths: [usize; 3], valid: [bool; 3]) -> ListArray {
    let field = Arc::new(Field::new("element", items.data_type().clone(), true));
    ListArray::new(field, OffsetBuffer::from_lengths(lengths), items, Some(NullBuffer::from(valid.to_vec())))
}

/// A row of values, a row of nulls, and a row of values that are easy to get wrong.
fn every_type() -> RecordBatch {
    let texts = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let times = |values: Vec<Option<i64>>| TimestampMicrosecondArray::from(values).with_timezone("UTC");
    let decimals = Decimal128Array::from(vec![Some(15_000), None, Some(-1_000_000)]);
    let event_fields = Fields::from(vec![
        Field::new("status", DataType::Utf8, true),
        Field::new("timestamp", times(vec![None]).data_type().clone(), true),
    ]);
    let event_times: ArrayRef = Arc::new(times(vec![Some(TIME), None]));
    let events = StructArray::new(event_fields, vec![texts(vec![Some("SENT"), Some("a\"b\n")]), event_times], None);
    let place_fields = Fields::from(vec![Field::new("x", DataType::Int32, true)]);
    let place = StructArray::new(
        place_fields,
        vec![Arc::new(Int32Array::from(vec![Some(1), None, None]))],
        Some(NullBuffer::from(vec![true, false, true])),
    );
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", texts(vec![Some("a"), None, Some("")])),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("small", Arc::new(Int32Array::from(vec![Some(7), None, Some(i32::MIN)]))),
        ("large", Arc::new(Int64Array::from(vec![Some(7), None, Some(i64::MIN)]))),
        ("float", Arc::new(Float64Array::from(vec![Some(0.5), None, Some(f64::NAN)]))),
        ("time", Arc::new(times(vec![Some(TIME), None, Some(-1_000_000)]))),
        ("price", Arc::new(decimals.with_precision_and_scale(18, 6).unwrap())),
        ("tags", Arc::new(list(texts(vec![Some("x"), Some("y,z")]), [2, 0, 0], [true, false, true]))),
        ("events", Arc::new(list(Arc::new(events), [1, 0, 1], [true, false, true]))),
        ("place", Arc::new(place)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

fn encoded(format: &str, batches: &[RecordBatch]) -> Vec<u8> {
    encoded_with(format, batches, &FormatSettings::default())
}

fn encoded_with(format: &str, batches: &[RecordBatch], settings: &FormatSettings) -> Vec<u8> {
    let format: FileFormat = format.parse().unwrap();
    let schema = batches[0].schema();
    format.check_columns(&schema).unwrap();
    let mut encoder = format.open(Vec::new(), &schema, settings).unwrap();
    for batch in batches {
        encoder.write(batch).unwrap();
    }
    encoder.finish().unwrap()
}

fn text(format: &str, batch: RecordBatch) -> String {
    String::from_utf8(encoded(format, &[batch])).unwrap()
}

#[test]
fn every_type_has_its_place_in_a_csv_cell() {
    let expected = [
        "text,flag,small,large,float,time,price,tags,events,place",
        r#"a,true,7,7,0.5,2026-03-01T00:00:00.500000Z,0.015,"x,y,z","[{""status"":""SENT"",""timestamp"":""2026-03-01T00:00:00.500000Z""}]","{""x"":1}""#,
        ",,,,,,,,,",
        r#""",false,-2147483648,-9223372036854775808,NaN,1969-12-31T23:59:59Z,-1,"","[{""status"":""a\""b\n"",""timestamp"":null}]","{""x"":null}""#,
        "",
    ];
    assert_eq!(text("csv", every_type()), expected.join("\n"));
}

fn csv_with(batch: RecordBatch, dialect: CsvDialect, delimiter: Delimiter, null: &str) -> String {
    let csv = CsvSettings { dialect, delimiter, null: null.parse().unwrap() };
    let settings = FormatSettings { csv, ..FormatSettings::default() };
    String::from_utf8(encoded_with("csv", &[batch], &settings)).unwrap()
}

#[test]
fn csv_for_excel_has_texts_that_stay_texts() {
    let expected = [
        "\u{feff}text;flag;small;large;float;time;price;tags;events;place",
        r#"a;true;7;7;0.5;2026-03-01T00:00:00.500000Z;0.015;"x,y,z";"[{""status"":""SENT"",""timestamp"":""2026-03-01T00:00:00.500000Z""}]";"{""x"":1}""#,
        "n/a;n/a;n/a;n/a;n/a;n/a;n/a;n/a;n/a;n/a",
        r#""";false;-2147483648;-9223372036854775808;NaN;1969-12-31T23:59:59Z;-1;"";"[{""status"":""a\""b\n"",""timestamp"":null}]";"{""x"":null}""#,
        "",
    ];
    assert_eq!(csv_with(every_type(), CsvDialect::Excel, Delimiter::Semicolon, "n/a"), expected.join("\r\n"));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["+12025550123", "=1+1", "say \"hi\"", "n/a", "N/A"]));
    let batch = RecordBatch::try_from_iter([("text", texts)]).unwrap();
    let expected = [
        "\u{feff}text",
        "\"=\"\"+12025550123\"\"\"",
        "\"=\"\"=1+1\"\"\"",
        "\"say \"\"hi\"\"\"",
        "\"=\"\"n/a\"\"\"",
        "N/A",
        "",
    ];
    assert_eq!(csv_with(batch, CsvDialect::Excel, Delimiter::Comma, "n/a"), expected.join("\r\n"));
}

#[test]
fn csv_for_postgresql_has_array_literals() {
    let expected = [
        "text\tflag\tsmall\tlarge\tfloat\ttime\tprice\ttags\tevents\tplace",
        "a\ttrue\t7\t7\t0.5\t2026-03-01T00:00:00.500000Z\t0.015\t\"{x,\"\"y,z\"\"}\"\t\"[{\"\"status\"\":\"\"SENT\"\",\"\"timestamp\"\":\"\"2026-03-01T00:00:00.500000Z\"\"}]\"\t\"{\"\"x\"\":1}\"",
        "\t\t\t\t\t\t\t\t\t",
        "\"\"\tfalse\t-2147483648\t-9223372036854775808\tNaN\t1969-12-31T23:59:59Z\t-1\t{}\t\"[{\"\"status\"\":\"\"a\\\"\"b\\n\"\",\"\"timestamp\"\":null}]\"\t\"{\"\"x\"\":null}\"",
        "",
    ];
    assert_eq!(csv_with(every_type(), CsvDialect::Postgres, Delimiter::Tab, ""), expected.join("\n"));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["\\.", "\\N", "a,b", "|"]));
    let batch = RecordBatch::try_from_iter([("text", texts)]).unwrap();
    let expected = "text\n\"\\.\"\n\"\\N\"\n\"a,b\"\n\"|\"\n";
    assert_eq!(csv_with(batch, CsvDialect::Postgres, Delimiter::Pipe, ""), expected);
}

#[test]
fn every_type_has_its_value_in_ndjson() {
    let expected = [
        r#"{"text":"a","flag":true,"small":7,"large":7,"float":0.5,"time":"2026-03-01T00:00:00.500000Z","price":"0.015","tags":["x","y,z"],"events":[{"status":"SENT","timestamp":"2026-03-01T00:00:00.500000Z"}],"place":{"x":1}}"#,
        r#"{"text":null,"flag":null,"small":null,"large":null,"float":null,"time":null,"price":null,"tags":null,"events":null,"place":null}"#,
        r#"{"text":"","flag":false,"small":-2147483648,"large":-9223372036854775808,"float":null,"time":"1969-12-31T23:59:59Z","price":"-1","tags":[],"events":[{"status":"a\"b\n","timestamp":null}],"place":{"x":null}}"#,
        "",
    ];
    assert_eq!(text("ndjson", every_type()), expected.join("\n"));
}

#[test]
fn every_type_comes_back_from_parquet() {
    let batch = every_type();
    let bytes = bytes::Bytes::from(encoded("parquet", std::slice::from_ref(&batch)));
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
    // A float that is not a number is equal to none, so that texts are compared.
    assert_eq!(format!("{:?}", reader.next().unwrap().unwrap()), format!("{batch:?}"));
}

#[test]
fn every_type_comes_back_from_arrow() {
    let batch = every_type();
    let file = encoded("arrow", std::slice::from_ref(&batch));
    let mut reader = FileReader::try_new(std::io::Cursor::new(file), None).unwrap();
    assert_eq!(format!("{:?}", reader.next().unwrap().unwrap()), format!("{batch:?}"));
    let stream = encoded("arrows", std::slice::from_ref(&batch));
    let mut reader = StreamReader::try_new(stream.as_slice(), None).unwrap();
    assert_eq!(format!("{:?}", reader.next().unwrap().unwrap()), format!("{batch:?}"));
    let parts = [batch.slice(0, 1), batch.slice(1, 2)];
    assert!(encoded("arrows", &parts) == stream, "bytes depend on the rows alone");
}

#[test]
fn arrow_carries_the_metadata_of_the_export() {
    let schema = every_type().schema();
    let metadata = vec![("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())];
    let settings = FormatSettings { metadata, ..FormatSettings::default() };
    for format in ["arrow", "arrows"] {
        let format: FileFormat = format.parse().unwrap();
        let encoder = format.open(Vec::new(), &schema, &settings).unwrap();
        let bytes = encoder.finish().unwrap();
        let found = if format.to_string() == "arrow" {
            FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap().schema()
        } else {
            StreamReader::try_new(bytes.as_slice(), None).unwrap().schema()
        };
        assert_eq!(found.fields(), schema.fields());
        assert_eq!(found.metadata().get("a").map(AsRef::as_ref), Some("1"));
    }
}

#[test]
fn every_type_has_its_cell_in_a_workbook() {
    let mut workbook: Xlsx<_> = Xlsx::new(std::io::Cursor::new(encoded("xlsx", &[every_type()]))).unwrap();
    let range = workbook.worksheet_range("rows").unwrap();
    let text = |text: &str| Data::String(text.to_owned());
    let time = |days| Data::DateTime(ExcelDateTime::new(days, ExcelDateTimeType::DateTime, false));
    let number = Data::Float;
    let events = r#"[{"status":"SENT","timestamp":"2026-03-01T00:00:00.500000Z"}]"#;
    let day = 46_082.0 + 0.5 / 86_400.0;
    let first = [text("a"), Data::Bool(true), number(7.0), number(7.0), number(0.5), time(day), number(0.015)];
    assert_eq!(range.rows().nth(1).unwrap(), [&first[..], &[text("x,y,z"), text(events), text(r#"{"x":1}"#)]].concat());
    assert_eq!(range.rows().nth(2).unwrap(), vec![Data::Empty; 10]);
    let large = text("-9223372036854775808");
    let day = 25_568.0 + 86_399.0 / 86_400.0;
    let last =
        [Data::Empty, Data::Bool(false), number(f64::from(i32::MIN)), large, text("NaN"), time(day), number(-1.0)];
    let events = r#"[{"status":"a\"b\n","timestamp":null}]"#;
    assert_eq!(range.rows().nth(3).unwrap(), [&last[..], &[Data::Empty, text(events), text(r#"{"x":null}"#)]].concat());
}

#[test]
fn compression_changes_nothing_of_the_text() {
    let batch = every_type();
    for format in ["csv", "ndjson"] {
        let plain = text(format, batch.clone());
        for codec in [Codec::Gzip, Codec::Zstd] {
            let bytes = encoded(&format!("{format}{}", codec.suffix()), std::slice::from_ref(&batch));
            let mut back = String::new();
            codec.decompress(bytes.as_slice()).unwrap().read_to_string(&mut back).unwrap();
            assert_eq!(back, plain, "{format} {codec:?}");
        }
    }
}

#[test]
fn a_part_of_a_batch_is_written_as_that_part() {
    let batch = every_type();
    for format in ["csv", "ndjson"] {
        let whole = text(format, batch.clone());
        let parts = [batch.slice(0, 1), batch.slice(1, 2)];
        assert_eq!(String::from_utf8(encoded(format, &parts)).unwrap(), whole);
        let last = text(format, batch.slice(2, 1));
        assert_eq!(last.lines().last(), whole.lines().last());
    }
}

#[test]
fn a_batch_with_other_columns_is_an_error_and_no_panic() {
    let schema = every_type().schema();
    let other: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let other = RecordBatch::try_from_iter([("text", other)]).unwrap();
    for format in FileFormat::all() {
        let mut encoder = format.open(Vec::new(), &schema, &FormatSettings::default()).unwrap();
        let error = encoder.write(&other).unwrap_err().to_string();
        assert!(error.contains("does not have the columns"), "{format}: {error}");
    }
}

/// A disk that is full from the start.
#[derive(Debug)]
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_fails_ends_every_format_in_an_error() {
    let batch = every_type();
    for format in FileFormat::all() {
        let opened = format.open(Full, &batch.schema(), &FormatSettings::default());
        let ended = opened.and_then(|mut encoder| {
            encoder.write(&batch)?;
            encoder.finish()
        });
        assert!(ended.is_err(), "{format}");
    }
}

#[test]
fn a_column_of_any_name_has_a_header_and_a_key() {
    let column: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let batch = RecordBatch::try_from_iter([("a,\"b\"", column)]).unwrap();
    assert_eq!(text("csv", batch.clone()), "\"a,\"\"b\"\"\"\nx\n");
    assert_eq!(text("ndjson", batch), "{\"a,\\\"b\\\"\":\"x\"}\n");
}

/// The first texts of an object.
#[derive(Debug, PartialEq, serde::Deserialize)]
struct ParsedLine {
    text: Option<String>,
    list: Vec<Option<String>>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_read_back_from_ndjson(values in prop::collection::vec(prop::option::of(".{0,20}"), 1..20)) {
        let column: ArrayRef = Arc::new(StringArray::from(values.clone()));
        let field = Arc::new(Field::new("element", DataType::Utf8, true));
        let ones = OffsetBuffer::from_lengths(vec![1; values.len()]);
        let lists: ArrayRef = Arc::new(ListArray::new(field, ones, Arc::clone(&column), None));
        let schema = Schema::new(vec![
            Field::new("text", DataType::Utf8, true),
            Field::new("list", lists.data_type().clone(), true),
        ]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![column, lists]).unwrap();
        let written = text("ndjson", batch);
        let lines: Vec<ParsedLine> = written.split_terminator('\n').map(|line| serde_json::from_str(line).unwrap()).collect();
        let wanted: Vec<ParsedLine> =
            values.into_iter().map(|text| ParsedLine { list: vec![text.clone()], text }).collect();
        prop_assert_eq!(lines, wanted);
    }

    #[test]
    fn a_csv_cell_does_not_depend_on_other_cells(
        values in prop::collection::vec(prop::option::of("[a-z]{0,44}|[a ]{0,3}|[\\\\.N\t]{0,2}|[é,;\"\n]{0,2}"), 1..8),
        dialect in prop::sample::select(vec![CsvDialect::Rfc4180, CsvDialect::Postgres]),
        delimiter in prop::sample::select(vec![Delimiter::Comma, Delimiter::Semicolon]),
        null in prop::sample::select(vec!["", "N"]),
    ) {
        let written = |values: &[Option<String>]| {
            let column: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
            let batch = RecordBatch::try_from_iter_with_nullable([("text", column, true)]).unwrap();
            csv_with(batch, dialect, delimiter, null)
        };
        let apart = values.iter().map(|value| written(std::slice::from_ref(value)).split_off("text\n".len()));
        prop_assert_eq!(written(&values), format!("text\n{}", apart.collect::<String>()));
        let mut reader = ::csv::ReaderBuilder::new();
        let reader = reader.delimiter(if delimiter == Delimiter::Comma { b',' } else { b';' });
        let written = written(&values);
        let read: Vec<String> =
            reader.from_reader(written.as_bytes()).records().map(|record| record.unwrap()[0].to_owned()).collect();
        let wanted: Vec<String> = values.iter().map(|value| value.clone().unwrap_or_else(|| null.to_owned())).collect();
        prop_assert_eq!(read, wanted);
    }
}
