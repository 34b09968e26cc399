use std::fs;
use std::path::Path;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use proptest::prelude::*;

use super::*;
use crate::format::{FileFormat, FormatError, FormatSettings, ParquetSettings, Projection};
use crate::resources::contacts::{BatchBuilder, ContactPage, column, contacts_schema, decode_page};
use crate::resources::{BuildBatches, Personal};
use crate::store::{StoreError, Stores};
use crate::time::Timestamp;

fn page(contacts: &[serde_json::Value]) -> ContactPage {
    let body = serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string();
    decode_page(&body.into()).unwrap().data.unwrap().items.unwrap()
}

fn contact(at: usize) -> serde_json::Value {
    let region = ["US", "NA", "", "de"][at % 4];
    let channels = ["sms,whatsapp", "", "rcs"][at % 3];
    let opt_out = [Some(true), Some(false), None][at % 3];
    serde_json::json!({
        "id": format!("00000000-0000-4000-8000-{at:012}"),
        "phone_number": format!("+1202555{at:04}"),
        "region_code": region,
        "available_channels": channels,
        "opt_out": opt_out,
        "created_at": format!("2026-03-01T00:00:{:02}.{:07}Z", at % 60, at),
    })
}

fn all_columns() -> OutputSettings {
    OutputSettings::new(Projection::all(contacts_schema()))
}

fn with_columns(names: &str) -> OutputSettings {
    OutputSettings::new(Projection::select(&contacts_schema(), names.split(',')).unwrap())
}

fn request(path: &Path, format: Option<FileFormat>) -> Result<OutputRequest, OutputError> {
    OutputRequest::new(path, format, &Stores::new(&[], None))
}

fn write(folder: &Path, names: &[&str], batches: &[RecordBatch], settings: &OutputSettings) -> Vec<OutputReport> {
    let requests: Vec<_> = names.iter().map(|name| request(&folder.join(name), None).unwrap()).collect();
    let mut outputs = Outputs::open(&requests, settings).unwrap();
    for batch in batches {
        outputs.write(batch).unwrap();
    }
    outputs.finish().unwrap().publish().unwrap().reports
}

fn read_parquet(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    reader.with_batch_size(1 << 20).build().unwrap().map(Result::unwrap).collect()
}

/// A batch without the field metadata, as files have it.
fn unmarked(batch: &RecordBatch) -> RecordBatch {
    RecordBatch::try_new(Personal::unmarked(&batch.schema()), batch.columns().to_vec()).unwrap()
}

/// The cells of a CSV text; `None` is an empty cell without quotes, which only the raw line shows.
fn read_csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ::csv::Reader::from_reader(bytes);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn parquet_is_read_back_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&(0..300).map(contact).collect::<Vec<_>>());
    let reports = write(folder.path(), &["c.parquet"], std::slice::from_ref(&page.batch()), &all_columns());
    assert_eq!(reports[0].rows, 300);
    assert_eq!(reports[0].bytes, fs::metadata(folder.path().join("c.parquet")).unwrap().len());
    assert_eq!(read_parquet(&folder.path().join("c.parquet")), [unmarked(&page.batch())]);
}

#[test]
fn csv_keeps_null_apart_from_empty_and_quotes_what_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let contacts = [
        serde_json::json!({"id":"a","phone_number":"","format_national":null,"format_rfc":"say \"hi\", you\nthere"}),
        serde_json::json!({"id":"b","phone_number":" x ","available_channels":"sms,rcs","opt_out":true,
            "created_at":"2026-03-01T00:00:00.5Z","updated_at":"2026-03-01T00:00:00Z"}),
    ];
    let settings =
        with_columns("id,phone_number,format_national,format_rfc,available_channels,opt_out,created_at,updated_at");
    write(folder.path(), &["c.csv"], &[page(&contacts).batch()], &settings);
    let text = fs::read_to_string(folder.path().join("c.csv")).unwrap();
    assert_eq!(
        text,
        "id,phone_number,format_national,format_rfc,available_channels,opt_out,created_at,updated_at\n\
         a,\"\",,\"say \"\"hi\"\", you\nthere\",\"\",,,\n\
         b,\" x \",,,\"sms,rcs\",true,2026-03-01T00:00:00.500000Z,2026-03-01T00:00:00Z\n"
    );
}

#[test]
fn compressed_csv_holds_the_same_text() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&(0..50).map(contact).collect::<Vec<_>>());
    write(folder.path(), &["c.csv", "c.csv.gz", "c.csv.zst"], &[page.batch()], &all_columns());
    let plain = fs::read(folder.path().join("c.csv")).unwrap();
    let mut unzipped = Vec::new();
    let gzip = fs::File::open(folder.path().join("c.csv.gz")).unwrap();
    std::io::copy(&mut flate2::read::GzDecoder::new(gzip), &mut unzipped).unwrap();
    assert_eq!(unzipped, plain);
    let zstd = fs::File::open(folder.path().join("c.csv.zst")).unwrap();
    assert_eq!(zstd::decode_all(zstd).unwrap(), plain);
    assert_eq!(read_csv(&plain).len(), 50);
}

#[test]
fn bytes_do_not_depend_on_how_rows_were_cut_into_pages() {
    let folder = tempfile::tempdir().unwrap();
    let contacts: Vec<_> = (0..20_000).map(contact).collect();
    let cut = |size: usize| -> Vec<RecordBatch> {
        let mut builder = BatchBuilder::default();
        let pages = contacts.chunks(size).map(page);
        let full: Vec<_> = pages.flat_map(|page| builder.append(&page, &vec![true; page.rows()])).collect();
        full.into_iter().chain(builder.finish()).collect()
    };
    let settings = OutputSettings {
        format: FormatSettings {
            parquet: ParquetSettings { row_group_rows: 9_000, ..ParquetSettings::default() },
            ..FormatSettings::default()
        },
        ..all_columns()
    };
    let names = ["c.parquet", "c.csv", "c.arrow", "c.arrows", "c.xlsx"];
    let hashes: Vec<Vec<String>> = [20_000, 100, 8_192, 77]
        .into_iter()
        .map(|size| write(folder.path(), &names, &cut(size), &settings).into_iter().map(|r| r.sha256).collect())
        .collect();
    assert!(hashes.iter().all(|hash| hash == &hashes[0]), "{hashes:?}");
}

#[test]
fn no_contacts_give_the_full_schema_and_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["c.parquet", "c.csv"], &[], &all_columns());
    let file = fs::File::open(folder.path().join("c.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert_eq!(reader.schema().fields(), Personal::unmarked(&contacts_schema()).fields());
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    let text = fs::read_to_string(folder.path().join("c.csv")).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.starts_with("id,phone_number,"));
}

#[test]
fn row_groups_are_not_one_per_batch() {
    let folder = tempfile::tempdir().unwrap();
    let batch = page(&(0..100).map(contact).collect::<Vec<_>>()).batch();
    write(folder.path(), &["c.parquet"], &vec![batch; 300], &all_columns());
    let file = fs::File::open(folder.path().join("c.parquet")).unwrap();
    let metadata = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().metadata().clone();
    assert_eq!((metadata.num_row_groups(), metadata.file_metadata().num_rows()), (1, 30_000));
}

#[test]
fn what_is_not_published_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.csv");
    fs::write(&path, "old").unwrap();
    let mut outputs = Outputs::open(&[request(&path, None).unwrap()], &all_columns()).unwrap();
    outputs.write(&page(&[contact(1)]).batch()).unwrap();
    drop(outputs.finish().unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn outputs_dropped_while_they_encode_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let requests = ["c.parquet", "c.csv"].map(|name| request(&folder.path().join(name), None).unwrap());
    let mut outputs = Outputs::open(&requests, &all_columns()).unwrap();
    let batch = page(&(0..2000).map(contact).collect::<Vec<_>>()).batch();
    outputs.write(&batch).unwrap();
    outputs.write(&batch).unwrap();
    drop(outputs);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_fails_is_named_before_the_next_batch() {
    let folder = tempfile::tempdir().unwrap();
    let full = request(Path::new("/dev/full"), Some(FileFormat::CSV)).unwrap();
    let requests = [request(&folder.path().join("c.parquet"), None).unwrap(), full];
    let mut outputs = Outputs::open(&requests, &all_columns()).unwrap();
    // More than is buffered before anything is written.
    outputs.write(&page(&(0..6000).map(contact).collect::<Vec<_>>()).batch()).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let error = loop {
        match outputs.check() {
            Err(error) => break error,
            Ok(()) => assert!(std::time::Instant::now() < deadline, "no error was told"),
        }
        std::thread::yield_now();
    };
    assert_eq!(error.to_string(), "cannot write the output: /dev/full");
}

#[cfg(unix)]
#[test]
fn files_keep_the_mode_of_what_they_replace_and_links_are_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.csv"), folder.path().join("link.csv"));
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, &link).unwrap();
    write(folder.path(), &["link.csv", "new.csv"], &[page(&[contact(1)]).batch()], &all_columns());
    assert!(link.is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("+12025550001"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&real), mode(&folder.path().join("new.csv"))), (0o640, 0o600));
}

#[test]
fn targets_that_cannot_be_written_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let csv = request(&folder.path().join(name), Some(FileFormat::CSV)).unwrap();
        Outputs::open(&[csv], &all_columns()).unwrap_err()
    };
    assert!(matches!(open("missing/c.csv"), OutputError::Store(StoreError::MissingFolder { .. })));
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    assert!(matches!(open("folder.csv"), OutputError::Store(StoreError::IsFolder { .. })));
    let error = request(Path::new("c.xls"), None).unwrap_err();
    assert!(matches!(error, OutputError::Format(FormatError::UnknownExtension { .. })));
    assert!(request(Path::new(".csv"), None).is_err());
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_refused_as_such() {
    use std::os::unix::ffi::OsStrExt;
    let path = Path::new(std::ffi::OsStr::from_bytes(b"a\xff.csv"));
    let error = request(path, None).unwrap_err();
    assert!(matches!(error, OutputError::Format(FormatError::NameNotUtf8 { .. })), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_texts_round_trip_in_both_formats(
        values in prop::collection::vec(prop::option::of("[ -~\\n\\r\",é😀\u{0}\\t]{0,20}"), 1..40),
        times in prop::collection::vec(prop::option::of(-62_000_000_000_i64..250_000_000_000), 40),
    ) {
        let contacts: Vec<_> = values.iter().zip(&times).enumerate().map(|(at, (value, time))| {
            let time = time.map(|s| Timestamp::from_micros(s * 1_000_000 + 123_456).to_string());
            serde_json::json!({"id": format!("id-{at}"), "phone_number": value, "created_at": time})
        }).collect();
        let batch = page(&contacts).batch();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["c.parquet", "c.csv"], std::slice::from_ref(&batch), &all_columns());
        prop_assert_eq!(read_parquet(&folder.path().join("c.parquet")), vec![unmarked(&batch)]);
        let rows = read_csv(&fs::read(folder.path().join("c.csv")).unwrap());
        let phones = batch.column(column::PHONE_NUMBER).as_string::<i32>();
        let created = batch.column(column::CREATED_AT).as_primitive::<TimestampMicrosecondType>();
        prop_assert_eq!(rows.len(), batch.num_rows());
        for (at, row) in rows.iter().enumerate() {
            let phone = if phones.is_null(at) { "" } else { phones.value(at) };
            prop_assert_eq!(&row[column::PHONE_NUMBER], phone);
            let time = if row[column::CREATED_AT].is_empty() { None } else {
                Some(Timestamp::parse(&row[column::CREATED_AT]).unwrap().micros())
            };
            prop_assert_eq!(time, (!created.is_null(at)).then(|| created.value(at)));
        }
    }
}

#[test]
fn a_null_that_is_alone_in_its_row_is_no_empty_line() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&(0..8).map(contact).collect::<Vec<_>>());
    let settings = with_columns("region_code");
    write(folder.path(), &["c.csv"], std::slice::from_ref(&page.batch()), &settings);
    let text = fs::read(folder.path().join("c.csv")).unwrap();
    assert_eq!(text, b"region_code\nUS\nNA\n\"\"\nDE\nUS\nNA\n\"\"\nDE\n");
    assert_eq!(read_csv(&text).len(), 8);
}

#[test]
fn a_text_that_databases_take_for_null_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let contacts: Vec<_> = ["\\N", "N", "\\N2", "\\"]
        .iter()
        .map(|text| serde_json::json!({"id": "1", "phone_number": text, "available_channels": text}))
        .collect();
    let settings = with_columns("phone_number,available_channels");
    write(folder.path(), &["c.csv"], &[page(&contacts).batch()], &settings);
    let text = fs::read_to_string(folder.path().join("c.csv")).unwrap();
    assert_eq!(text, "phone_number,available_channels\n\"\\N\",\\n\nN,n\n\\N2,\\n2\n\\,\\\n");
}
