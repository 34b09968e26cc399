//! Exports of messages: every message once, every field as in the account, and days that accumulate in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sent_export::simulator::{Messaging, Settings, Simulator, Until};
use serde_json::Value;

use crate::support::{Finished, MANIFEST_SCHEMA, Run, assert_valid, sent_export};

fn simulator(count: u32) -> Simulator {
    start(Messaging { count, ..Messaging::default() }, false)
}

fn start(messaging: Messaging, hostile: bool) -> Simulator {
    let settings = Settings { contacts: 200, messaging, hostile, ..Settings::default() };
    Simulator::start(settings).expect("a loopback port is free")
}

/// `messages` against a simulator, unpaced.
fn messages(run: Run, simulator: &Simulator, more: &[&str]) -> Run {
    let base_url = simulator.base_url();
    run.args(["messages", "--base-url", &base_url, "--rate-limit", "none", "--retry-delay", "1ms", "-q"]).args(more)
}

fn batches(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

fn ids(batches: &[RecordBatch]) -> Vec<String> {
    let ids = batches.iter().flat_map(|batch| batch["id"].as_string::<i32>().iter().flatten());
    ids.map(str::to_owned).collect()
}

fn truth(simulator: &Simulator) -> Vec<String> {
    simulator.message_truth().present_now.iter().map(ToString::to_string).collect()
}

/// The contents of the files of all days, by name.
fn days(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let days = folders.filter(|entry| entry.file_type().unwrap().is_dir());
    days.map(|day| {
        let files: Vec<_> = std::fs::read_dir(day.path()).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files, [day.path().join("part-0.parquet")]);
        (day.file_name().to_string_lossy().into_owned(), std::fs::read(&files[0]).unwrap())
    })
    .collect()
}

fn ids_of_days(folder: &Path) -> Vec<String> {
    days(folder).keys().rev().flat_map(|day| ids(&batches(&folder.join(day).join("part-0.parquet")))).collect()
}

#[test]
fn every_message_is_exported_once_newest_first_with_loadable_types() {
    let simulator = simulator(1_234);
    let run = messages(sent_export(), &simulator, &["-o", "m.parquet"]).finish().expect_code(0);
    let batches = batches(&run.path("m.parquet"));
    assert_eq!(ids(&batches), truth(&simulator));
    let schema = batches[0].schema();
    assert_eq!(schema.field_with_name("price").unwrap().data_type(), &DataType::Decimal128(18, 6));
    assert!(!schema.field_with_name("id").unwrap().is_nullable());
    assert!(schema.field_with_name("extra").is_err(), "only when it is asked for");
    let events = batches[0]["events"].as_list::<i32>();
    let statuses = events.values().as_struct().column(0).as_string::<i32>();
    assert!(statuses.iter().flatten().any(|status| status == "DELIVERED"));
    let manifest = run.json("_m.parquet.manifest.json");
    assert_valid(&manifest, MANIFEST_SCHEMA);
    assert_eq!(
        (&manifest["resource"], &manifest["rows"], &manifest["verdict"]),
        (&"messages".into(), &1_234.into(), &"complete".into())
    );
}

#[test]
fn prices_and_bodies_match_the_account() {
    let simulator = simulator(300);
    let run = messages(sent_export(), &simulator, &["-o", "m.parquet"]).finish().expect_code(0);
    let batch = &batches(&run.path("m.parquet"))[0];
    let prices = batch["price"].as_primitive::<Decimal128Type>();
    let texts = batch["body_text"].as_string::<i32>();
    let bodies = batch["body"].as_string::<i32>();
    let mut with_price = 0;
    for (row, id) in ids(std::slice::from_ref(batch)).iter().enumerate() {
        let message = simulator.message_by_id(id.parse().unwrap()).unwrap();
        let price = message.price.map(|price| (price.parse::<f64>().unwrap() * 1e6).round());
        #[expect(clippy::cast_precision_loss, reason = "prices of a few cents")]
        let found = prices.is_valid(row).then(|| prices.value(row) as f64);
        assert_eq!(found, price, "{id}");
        with_price += usize::from(price.is_some());
        let said = message.body.map(|body| body.content);
        assert_eq!(texts.is_valid(row).then(|| texts.value(row)), said.as_deref());
        if texts.is_valid(row) {
            let body: Value = serde_json::from_str(bodies.value(row)).unwrap();
            assert_eq!(body["content"], texts.value(row));
        }
    }
    assert!(with_price > 100);
}

#[test]
fn amounts_in_ndjson_are_texts_or_numbers_and_both_round_trip() {
    let amounts = |decimals: &[&str]| {
        let flags =
            [&["messages", "--simulate=300", "-o", "m.ndjson", "--rate-limit", "none", "-q"], decimals].concat();
        let run = sent_export().args(flags).finish().expect_code(0);
        let text = std::fs::read_to_string(run.path("m.ndjson")).unwrap();
        let run = run.again().args(["report", "m.ndjson", "--json", "r.json"]).finish().expect_code(0);
        (text, run.json("r.json")["templates"].clone())
    };
    let (texts, spent) = amounts(&[]);
    let (numbers, spent_by_numbers) = amounts(&["--decimals", "number"]);
    assert!(spent.is_object() || spent.is_array(), "{spent}");
    assert_eq!(spent, spent_by_numbers);
    let price = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["price"].clone();
    for (text, number) in texts.lines().zip(numbers.lines()) {
        let (text, number) = (price(text), price(number));
        assert!(text.is_null() || number.is_number(), "{number}");
        assert_eq!(text.as_str().map(str::to_owned), (!number.is_null()).then(|| number.to_string()));
    }
    let refused = sent_export().args(["messages", "--simulate=5", "-o", "m.csv", "--decimals", "number"]).finish();
    refused.expect_code(2).expect_stderr("--decimals applies to NDJSON, and no output is NDJSON");
}

#[test]
fn csv_holds_nested_values_as_json_and_no_body_when_none_is_requested() {
    let simulator = simulator(50);
    let run = messages(sent_export(), &simulator, &["-o", "m.csv", "--no-body", "--extra"]).finish().expect_code(0);
    let mut reader = csv::Reader::from_path(run.path("m.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    assert!(
        header.iter().all(|name| name != "body" && name != "body_text") && header.iter().any(|name| name == "extra")
    );
    let events = header.iter().position(|name| name == "events").unwrap();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 50);
    let first: Value = serde_json::from_str(&rows[0][events]).unwrap();
    assert!(first[0]["status"].is_string(), "{first}");
    let run = messages(run.again(), &simulator, &["-o", "m.csv", "--no-body", "--columns", "id,body"]);
    run.finish().expect_code(2).expect_stderr("unknown column \"body\"");
}

#[test]
fn hostile_messages_are_counted_and_kept_and_their_text_is_never_printed() {
    let simulator = start(Messaging { count: 640, ..Messaging::default() }, true);
    let base_url = simulator.base_url();
    let fixed = [
        "messages",
        "--base-url",
        &base_url,
        "--rate-limit",
        "none",
        "-o",
        "m.parquet",
        "--extra",
        "-vv",
        "--show-table",
    ];
    let run = sent_export().args(fixed).finish();
    assert!(matches!(run.code, Some(0 | 3)), "{run:?}");
    for said in ["cmd|", "script", "only a text", "capital"] {
        assert!(!run.stderr.contains(said), "{said} {run:?}");
    }
    let manifest = run.json("_m.parquet.manifest.json");
    let rejected = manifest["items_rejected"].as_u64().unwrap();
    let batches = batches(&run.path("m.parquet"));
    let rows = ids(&batches);
    assert_eq!(rows.len() as u64 + rejected, 640);
    assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len());
    let extra: Vec<Value> = batches
        .iter()
        .flat_map(|batch| {
            batch["extra"].as_string::<i32>().iter().flatten().map(|json| serde_json::from_str(json).unwrap())
        })
        .collect();
    assert!(extra.iter().any(|extra: &Value| extra["sentiment_score"].is_number()), "{extra:?}");
    assert!(extra.iter().any(|extra| extra["price"].to_string().contains("0.30000000000000004")
        || extra["active_contact_price"].to_string().contains("0.30000000000000004")));
    assert!(run.stderr.contains("QUARANTINED"), "an undocumented status is counted by its name {run:?}");
}

#[test]
fn a_short_span_of_many_messages_costs_a_few_pages() {
    let simulator = simulator(20_000);
    let newest = simulator.message_by_id(simulator.message_truth().present_now[0]).unwrap().created_at.unwrap();
    let day = &newest[..10];
    let run = messages(sent_export(), &simulator, &["-o", "m.parquet", "--since", day]).finish().expect_code(0);
    let found = ids(&batches(&run.path("m.parquet")));
    let all = truth(&simulator);
    let is_of_day = |id: &&String| {
        simulator.message_by_id(id.parse().unwrap()).unwrap().created_at.is_some_and(|time| time.as_str() >= day)
    };
    let wanted: Vec<&String> = all.iter().take_while(is_of_day).collect();
    assert!(found.iter().eq(wanted) && !found.is_empty());
    let requests = simulator.statistics().conversation_requests;
    let needed = found.len() as u64 / 100;
    assert!(requests <= 2 * needed + 8, "{requests} requests for {} rows", found.len());
    assert!(run.evidence("_m.parquet.manifest.json", "span_end_proven").is_some());
    assert_eq!(run.json("_m.parquet.manifest.json")["filters"]["since"], day);
}

#[test]
fn days_accumulate_in_a_folder_and_only_those_that_were_read_are_replaced() {
    let messaging = Messaging { count: 3_000, days: 12, until: Until::Now, ..Messaging::default() };
    let simulator = start(messaging, false);
    let export = |run: Run, more: &[&str]| -> Finished {
        let fixed = ["-o", "m/", "--partition-by", "created_date"];
        messages(run, &simulator, &[&fixed, more].concat()).finish().expect_code(0)
    };
    let run = export(sent_export(), &[]);
    let folder = run.path("m");
    let first = days(&folder);
    assert!(first.len() >= 12, "{:?}", first.keys());
    assert_eq!(ids_of_days(&folder), truth(&simulator));
    for (day, batch) in first
        .keys()
        .flat_map(|day| batches(&folder.join(day).join("part-0.parquet")).into_iter().map(move |batch| (day, batch)))
    {
        let times = batch["created_at"].as_primitive::<TimestampMicrosecondType>();
        let date = |time: i64| chrono::DateTime::from_timestamp_micros(time).unwrap().format("%Y-%m-%d").to_string();
        assert!(times.iter().flatten().all(|time| *day == format!("created_date={}", date(time))));
    }
    // A run over another span writes the same bytes for its days and does not touch other days.
    let before = simulator.statistics().conversation_requests;
    let run = export(run.again(), &["--since", "3d"]);
    assert_eq!(days(&folder), first);
    assert!(simulator.statistics().conversation_requests - before < 20);
    let manifest = run.json("m/_created_date.manifest.json");
    assert_valid(&manifest, MANIFEST_SCHEMA);
    assert_eq!(manifest["rows"], 3_000, "of all days");
    assert_eq!(manifest["outputs"].as_array().unwrap().len(), first.len());
    // With new messages and changed statuses, the result is that of a full read, with fewer requests.
    simulator.pass_time(Duration::from_secs(60 * 60), 150);
    let before = simulator.statistics().conversation_requests;
    let run = export(run.again(), &["--since-last"]);
    let cost = simulator.statistics().conversation_requests - before;
    assert!(cost < 25, "{cost} requests");
    let whole = export(sent_export(), &[]);
    assert_eq!(ids_of_days(&folder), truth(&simulator));
    let (continued, whole) = (days(&folder), days(&whole.path("m")));
    assert_eq!(continued.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
    let newest = continued.keys().rev().take(4);
    assert!(
        newest.into_iter().all(|day| continued[day] == whole[day]),
        "the days of the span are as a whole read has them"
    );
    assert_eq!(run.json("m/_created_date.manifest.json")["rows"], 3_150);
}

/// Moves the recorded time of the last run in a folder to this much later.
fn let_manifest_pass(path: &Path, days: u64) {
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let started_at = manifest["started_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    manifest["started_at"] = (started_at + chrono::Days::new(days)).to_rfc3339().into();
    std::fs::write(path, manifest.to_string()).unwrap();
}

#[test]
fn ten_daily_runs_give_the_bytes_of_a_full_read_with_fewer_requests() {
    let messaging = Messaging { count: 4_000, days: 20, until: Until::Now, ..Messaging::default() };
    let simulator = start(messaging, false);
    let export = |run: Run, more: &[&str]| -> (Finished, u64) {
        let before = simulator.statistics().conversation_requests;
        let fixed = ["-o", "m/", "--partition-by", "created_date"];
        let run = messages(run, &simulator, &[&fixed, more].concat()).finish().expect_code(0);
        (run, simulator.statistics().conversation_requests - before)
    };
    let (mut run, _) = export(sent_export(), &[]);
    let mut daily = 0;
    for day in 0..10 {
        simulator.pass_time(Duration::from_secs(24 * 60 * 60), 200);
        // The simulated days are ahead of this machine's clock, which determined the recorded time of the last run.
        let_manifest_pass(&run.path("m/_created_date.manifest.json"), day);
        let (next, requests) = export(run.again(), &["--since-last", "--reread", "7d"]);
        (run, daily) = (next, daily + requests);
    }
    let (whole, requests) = export(sent_export(), &[]);
    assert_eq!(days(&run.path("m")), days(&whole.path("m")));
    assert_eq!(ids_of_days(&run.path("m")), truth(&simulator));
    assert!(daily < 5 * requests, "{daily} requests for ten days, {requests} for one whole read");
}

#[test]
fn invalid_flag_combinations_are_refused() {
    let simulator = simulator(10);
    let refuse = |more: &[&str], says: &str| {
        messages(sent_export(), &simulator, more).finish().expect_code(2).expect_stderr(says);
    };
    refuse(&["-o", "m.parquet", "--since-last"], "--partition-by");
    refuse(&["-o", "m/", "-o", "n/", "--partition-by", "created_date"], "one folder");
    refuse(&["-o", "-", "--partition-by", "created_date"], "writes a folder");
    refuse(&["-o", "m/", "--format", "csv", "--partition-by", "created_date"], "writes Parquet, not csv");
    refuse(&["-o", "m.parquet", "--since", "yesterday"], "like 7d");
    assert_eq!(simulator.statistics().conversation_requests, 0);
    let run = sent_export().args([
        "messages",
        "--simulate",
        "20",
        "-o",
        "m/",
        "--partition-by",
        "created_date",
        "--since-last",
    ]);
    let run = run.finish().expect_code(0);
    assert_eq!(ids_of_days(&run.path("m")).len(), 20, "the first run reads everything");
    // Days of another account are not added to those of the first.
    let fixed = ["-o", "m/", "--partition-by", "created_date", "--since-last"];
    let run = messages(run.again(), &simulator, &fixed).finish().expect_code(2);
    run.expect_stderr("it was exported from simulator, but this run reads http://127.0.0.1").expect_stderr("hint: ");
    assert_eq!(simulator.statistics().conversation_requests, 0);
}

#[test]
fn a_run_that_fails_leaves_no_folders_behind() {
    let simulator = simulator(500);
    let fixed = ["-o", "m/", "--partition-by", "created_date", "--min-messages", "501"];
    let run = messages(sent_export(), &simulator, &fixed).finish().expect_code(8).expect_stderr("--min-messages 501");
    let left: Vec<String> = std::fs::read_dir(run.path("m"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(left.iter().all(|name| !name.starts_with("created_date=")), "{left:?}");
}

#[test]
fn an_interrupted_export_of_messages_resumes() {
    let simulator = simulator(2_000);
    let fixed = ["-o", "m.parquet", "--max-retries", "0"];
    simulator.add_fault("500 after=8".parse().unwrap());
    // The server is slow enough that a journal is written.
    let base_url = simulator.base_url();
    let slow = ["messages", "--base-url", &base_url, "--rate-limit", "50/s", "--burst", "1"];
    let run = sent_export().args(slow).args(fixed).finish().expect_code(5);
    simulator.clear_faults();
    let run = messages(run.again(), &simulator, &fixed).finish().expect_code(0);
    assert_eq!(ids(&batches(&run.path("m.parquet"))), truth(&simulator));
    let resumed = run.json("_m.parquet.manifest.json")["consistency"]["pages_resumed"].as_u64().unwrap();
    assert!(resumed > 0, "{run:?}");
}
