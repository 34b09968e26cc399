//! Whole exports: every contact once, every field as in the account, the same bytes every time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sent_export::simulator::{DEFAULT_API_KEY, Settings, Simulator};
use serde_json::{Value, json};

use crate::support::{Answer, ScriptedServer, sent_export, simulator};

type Row = BTreeMap<String, Option<String>>;

/// The contacts as the server sends them, read without any code of the exporter.
fn sent_contacts(base_url: &str) -> Vec<Value> {
    let mut contacts = Vec::new();
    for page in 1.. {
        let address = base_url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let path = format!("/v3/contacts?page={page}&page_size=100");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {DEFAULT_API_KEY}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let body_at = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let body: Value = serde_json::from_slice(&answer[body_at..]).unwrap();
        contacts.extend(body["data"]["contacts"].as_array().unwrap().iter().cloned());
        if body["data"]["pagination"]["has_more"] != true {
            return contacts;
        }
    }
    unreachable!()
}

/// The expected values of a contact in every format, derived only from the README's table.
fn expected(contact: &Value) -> Option<Row> {
    let text = |name: &str| contact.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = |name: &str| text(name).map(|code| code.trim().to_owned()).filter(|code| !code.is_empty());
    text("id").filter(|id| !id.trim().is_empty())?;
    let mut row = Row::new();
    for name in
        ["id", "phone_number", "format_e164", "format_international", "format_national", "format_rfc", "customer_id"]
    {
        row.insert(name.to_owned(), text(name));
    }
    row.insert("country_code".into(), code("country_code"));
    row.insert("region_code".into(), code("region_code").map(|region| region.to_uppercase()));
    row.insert("default_channel".into(), code("default_channel").map(|channel| channel.to_lowercase()));
    let mut channels: Vec<String> = Vec::new();
    for channel in text("available_channels").unwrap_or_default().split(',') {
        let channel = channel.trim().to_lowercase();
        if !channel.is_empty() && !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    row.insert("available_channels".into(), Some(channels.join(",")));
    for name in ["opt_out", "is_inherited"] {
        row.insert(name.into(), contact.get(name).and_then(Value::as_bool).map(|flag| flag.to_string()));
    }
    for name in ["created_at", "updated_at"] {
        row.insert(name.into(), text(name).and_then(|time| micros(&time)).map(|micros| micros.to_string()));
    }
    Some(row)
}

fn micros(time: &str) -> Option<i64> {
    if time.starts_with("0001-") {
        return None;
    }
    let with_offset =
        if time.ends_with('Z') || time[10..].contains(['+', '-']) { time.to_owned() } else { format!("{time}Z") };
    chrono::DateTime::parse_from_rfc3339(&with_offset).ok().map(|time| time.timestamp_micros())
}

fn parquet_batches(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

fn parquet_rows(path: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in parquet_batches(path) {
        for at in 0..batch.num_rows() {
            let cell = |column: &dyn Array| match column.data_type() {
                _ if column.is_null(at) => None,
                DataType::Boolean => Some(column.as_boolean().value(at).to_string()),
                DataType::Timestamp(..) => {
                    Some(column.as_primitive::<TimestampMicrosecondType>().value(at).to_string())
                }
                DataType::List(_) => {
                    let items = column.as_list::<i32>().value(at);
                    Some(items.as_string::<i32>().iter().flatten().collect::<Vec<_>>().join(","))
                }
                _ => Some(column.as_string::<i32>().value(at).to_owned()),
            };
            let schema = batch.schema();
            let names = schema.fields().iter().map(|field| field.name().clone());
            rows.push(names.zip(batch.columns().iter().map(|column| cell(column.as_ref()))).collect());
        }
    }
    rows
}

fn csv_rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| -> Row {
        names.iter().zip(record.iter()).map(|(name, cell)| (name.to_owned(), Some(cell.to_owned()))).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

#[track_caller]
fn assert_same_contacts(expected: &[Row], parquet: &[Row], csv: &[Row]) {
    assert_eq!(parquet.len(), expected.len());
    assert_eq!(csv.len(), expected.len());
    for ((expected, parquet), csv) in expected.iter().zip(parquet).zip(csv) {
        assert_eq!(parquet, expected);
        for (name, value) in expected {
            let cell = csv[name].clone().unwrap_or_default();
            let is_time = name.ends_with("_at") && !cell.is_empty();
            let cell = if is_time { micros(&cell).unwrap().to_string() } else { cell };
            assert_eq!(&cell, value.as_deref().unwrap_or_default(), "{name} of {:?}", expected["id"]);
        }
    }
}

#[test]
fn every_field_of_every_contact_arrives_in_parquet_and_csv() {
    let simulator = simulator(20_000);
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.parquet", "-o", "c.csv", "--summary", "s.json"])
        .finish()
        .expect_code(0)
        .expect_stderr("complete: 20,000 contacts");
    let wanted: Vec<Row> = sent_contacts(&simulator.base_url()).iter().filter_map(expected).collect();
    assert_same_contacts(&wanted, &parquet_rows(&run.path("c.parquet")), &csv_rows(&run.path("c.csv")));
    assert_eq!(run.files(), ["_c.parquet.manifest.json", "c.csv", "c.parquet", "s.json"]);
    let summary = run.json("s.json");
    assert_eq!(summary["contacts"], 20000);
    assert_eq!(summary["run"]["verdict"], "complete");
    assert_eq!(summary["run"]["requests"], 228 + 2);
    assert_eq!(summary["run"]["total_count_first"], 20000);
    let opt_outs = wanted.iter().filter(|row| row["opt_out"].as_deref() == Some("true")).count();
    assert_eq!(summary["opt_out"]["yes"], opt_outs);
    for region in ["US", "BR", "DE"] {
        let count = wanted.iter().filter(|row| row["region_code"].as_deref() == Some(region)).count();
        assert_eq!(summary["regions"].get(region).and_then(Value::as_u64).unwrap_or(0), count as u64, "{region}");
    }
}

#[test]
fn hostile_contacts_arrive_unchanged_and_rejected_items_are_counted() {
    let settings = Settings { contacts: 700, hostile: true, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.parquet", "-o", "c.csv", "--summary", "s.json"])
        .finish()
        .expect_code(0);
    let sent = sent_contacts(&simulator.base_url());
    let wanted: Vec<Row> = sent.iter().filter_map(expected).collect();
    assert!(wanted.len() < sent.len(), "the simulator sends items that are not contacts");
    assert_same_contacts(&wanted, &parquet_rows(&run.path("c.parquet")), &csv_rows(&run.path("c.csv")));
    let summary = run.json("s.json");
    let rejected: u64 = summary["rejected"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(rejected, (sent.len() - wanted.len()) as u64);
    assert_eq!(summary["contacts"], wanted.len());
    assert!(!summary["rejected_samples"].as_array().unwrap().is_empty());
    assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
}

#[test]
fn the_bytes_are_the_same_whatever_the_concurrency() {
    let simulator = simulator(2500);
    let files = |concurrency: &str| {
        let run = sent_export()
            .contacts(&simulator.base_url(), &["-o", "c.parquet", "-o", "c.csv", "--concurrency", concurrency])
            .finish()
            .expect_code(0);
        (std::fs::read(run.path("c.parquet")).unwrap(), std::fs::read(run.path("c.csv")).unwrap())
    };
    let one = files("1");
    assert!(files("4") == one && files("32") == one);
    // One request per window, one more for the start and one for the end. The end is not reread if its window was the only
    // one in flight, as is always the case with a concurrency of 1.
    let requests = simulator.statistics().list_requests;
    assert!((3 * (29 + 1)..3 * (29 + 2)).contains(&requests), "{requests} requests");
}

#[test]
fn an_account_without_contacts_gives_files_with_the_full_schema() {
    let simulator = simulator(0);
    let run =
        sent_export().contacts(&simulator.base_url(), &["-o", "c.parquet", "-o", "c.csv"]).finish().expect_code(0);
    assert!(parquet_rows(&run.path("c.parquet")).is_empty());
    assert_eq!(std::fs::read_to_string(run.path("c.csv")).unwrap().lines().count(), 1);
}

#[test]
fn the_simulated_quick_start_needs_no_key_and_no_server() {
    let run = sent_export()
        .env("SENT_DM_API_KEY", None)
        .args(["contacts", "--simulate=350", "-o", "c.parquet"])
        .finish()
        .expect_code(0)
        .expect_stderr("complete: 350 contacts");
    assert_eq!(parquet_rows(&run.path("c.parquet")).len(), 350);
}

#[test]
fn filters_are_applied_by_the_server_and_an_unmatched_number_is_not_an_error() {
    let simulator = simulator(400);
    let sent = sent_contacts(&simulator.base_url());
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.csv", "--channel", "whatsapp"])
        .finish()
        .expect_code(0);
    let whatsapp = csv_rows(&run.path("c.csv"));
    assert!(!whatsapp.is_empty() && whatsapp.len() < sent.len());
    assert!(whatsapp.iter().all(|row| row["available_channels"].as_deref().unwrap().contains("whatsapp")));

    let number = sent[7]["phone_number"].as_str().unwrap();
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.csv", "--phone", number, "--summary", "s.json"])
        .finish()
        .expect_code(0);
    assert!(csv_rows(&run.path("c.csv")).iter().any(|row| row["id"].as_deref() == sent[7]["id"].as_str()));
    assert!(!run.json("s.json").to_string().contains(number), "a filter's number must not be in reports");

    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.csv", "--phone", "+19999999999"])
        .finish()
        .expect_code(0)
        .expect_stderr("No contact has the phone number in --phone");
    assert!(!run.stderr.contains("9999999"), "{run:?}");
    assert!(csv_rows(&run.path("c.csv")).is_empty());
}

#[test]
fn rows_that_contradict_a_filter_are_a_warning() {
    let contact = |id: &str, channels: &str, number: &str| json!({"id": id, "available_channels": channels, "phone_number": number});
    let contacts = [
        contact("a", "SMS,rcs", "+12025550123"),
        contact("b", "sms", "+12025550124"),
        contact("c", "", "+12025550125"),
    ];
    let body =
        json!({"success": true, "data": {"contacts": contacts, "pagination": {"total_count": 3, "has_more": false}}});
    let server = ScriptedServer::start(move |_, _| Answer::ok(body.to_string()));
    let flags = ["-o", "c.csv", "-q", "--summary", "s.json", "--channel", "rcs", "--phone", "+12025550123"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    let run =
        run.expect_stderr("warning: 1 of 3 contacts does not match --channel: the API seems to ignore that filter");
    let run = run.expect_stderr("warning: 2 of 3 contacts do not match --phone: the API seems to ignore that filter");
    let notices = run.json("s.json")["notices"].clone();
    let codes: Vec<_> = notices.as_array().unwrap().iter().map(|notice| (&notice["code"], &notice["count"])).collect();
    assert_eq!(codes, [(&json!("ignored_filter"), &json!(1)), (&json!("ignored_filter"), &json!(2))]);
    assert_eq!(csv_rows(&run.path("c.csv")).len(), 3, "they are written: the list is what the API sent");
}

#[test]
fn a_smaller_page_limit_of_the_server_is_adopted() {
    let settings = Settings { contacts: 230, page_cap: 25, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    assert_eq!(csv_rows(&run.path("c.csv")).len(), 230);
    assert_eq!(simulator.statistics().list_requests, 12 + 2);
}
