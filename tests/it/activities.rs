//! `sent-export activities`: the activities of messages, whose ids come from files or arguments.

use std::collections::HashSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int32Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sent_export::simulator::{DEFAULT_API_KEY, Latency, Messaging, Settings, Simulator};
use serde_json::Value;

use crate::simulator::client::ask;
use crate::support::{Answer, Finished, MANIFEST_SCHEMA, Run, ScriptedServer, assert_valid, run_in, sent_export};

const UNKNOWN: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

fn settings(messages: u32) -> Settings {
    Settings { contacts: 150, messaging: Messaging { count: messages, ..Messaging::default() }, ..Settings::default() }
}

fn with_messages(messages: u32) -> Simulator {
    Simulator::start(settings(messages)).unwrap()
}

fn ids_of(simulator: &Simulator) -> Vec<String> {
    simulator.message_truth().present_now.iter().map(ToString::to_string).collect()
}

trait Activities {
    fn activities(self, base_url: &str, more: &[&str]) -> Run;
}

impl Activities for Run {
    fn activities(self, base_url: &str, more: &[&str]) -> Run {
        self.args(["activities", "--base-url", base_url, "--rate-limit", "none", "--retry-delay", "1ms"]).args(more)
    }
}

fn parquet(run: &Finished, name: &str) -> RecordBatch {
    let file = std::fs::File::open(run.path(name)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}

/// The distinct ids of the first column, in order of their first occurrence.
fn messages_in(batch: &RecordBatch) -> Vec<String> {
    let ids = batch.column(0).as_string::<i32>();
    let mut messages: Vec<String> = Vec::new();
    for id in ids.iter().flatten() {
        if messages.last().is_none_or(|last| last != id) {
            messages.push(id.to_owned());
        }
    }
    messages
}

#[test]
fn every_activity_is_exported_in_the_order_of_the_ids() {
    let simulator = with_messages(300);
    let ids = ids_of(&simulator);
    let run =
        sent_export().stdin(&ids.join("\n")).activities(&simulator.base_url(), &["--ids", "-", "-o", "a.parquet"]);
    let run = run.finish().expect_code(0);
    let batch = parquet(&run, "a.parquet");
    assert_eq!(messages_in(&batch), ids);
    let manifest = run.json("_a.parquet.manifest.json");
    assert_valid(&manifest, MANIFEST_SCHEMA);
    assert_eq!((&manifest["verdict"], &manifest["consistency"]["mode"]), (&"complete".into(), &"by_id".into()));
    assert_eq!(run.evidence("_a.parquet.manifest.json", "ids_answered"), Some(300.into()));
    // Compare row by row with the API, which lists the newest activities first.
    let positions = batch.column(1).as_primitive::<Int32Type>();
    let (statuses, times) =
        (batch.column(2).as_string::<i32>(), batch.column(7).as_primitive::<TimestampMicrosecondType>());
    let prices = batch.column(9).as_primitive::<Decimal128Type>();
    let mut row = 0;
    for id in ids.iter().take(100) {
        let answer = ask(&simulator, &format!("/v3/messages/{id}/activities")).json();
        let activities = answer["data"]["activities"].as_array().unwrap();
        for (position, activity) in activities.iter().rev().enumerate() {
            assert_eq!(positions.value(row), i32::try_from(position).unwrap());
            assert_eq!(Value::from(statuses.value(row)), activity["status"]);
            let price = prices.is_valid(row).then(|| prices.value(row));
            let wanted = activity["price"].as_str().map(|price| price.replace('.', "").parse::<i128>().unwrap() * 100);
            assert_eq!(price, wanted, "{activity}");
            let time = chrono::DateTime::parse_from_rfc3339(activity["timestamp"].as_str().unwrap()).unwrap();
            assert_eq!(times.value(row), time.timestamp_micros());
            row += 1;
        }
    }
    assert!(prices.iter().flatten().any(|price| price > 0));
}

#[test]
fn unknown_messages_are_listed_and_are_not_an_error() {
    let simulator = with_messages(50);
    let ids = ids_of(&simulator);
    let [first, second] = [&ids[0], &ids[1]];
    let file = format!("# two known ones\n{first}\n\n{UNKNOWN}\n{second}\n{}\n", first.to_uppercase());
    let run = sent_export().file("ids.txt", &file);
    let arguments = ["--ids", "ids.txt", "-o", "a.parquet", "--missing", "gone.txt"];
    let run = run.activities(&simulator.base_url(), &arguments).finish().expect_code(0);
    assert_eq!(messages_in(&parquet(&run, "a.parquet")), [first.clone(), second.clone()]);
    assert_eq!(std::fs::read_to_string(run.path("gone.txt")).unwrap(), format!("{UNKNOWN}\n"));
    assert_eq!(run.evidence("_a.parquet.manifest.json", "ids_not_found"), Some(1.into()));
    run.expect_stderr("1 message is not known to the API").expect_stderr("complete: ");
}

#[test]
fn ids_come_from_tables_of_any_format_and_from_arguments() {
    let simulator = with_messages(40);
    let ids = ids_of(&simulator);
    let tables = tempfile::tempdir().unwrap();
    let csv = ids[..10].iter().fold("id,status\n".to_owned(), |text, id| text + &format!("{id},SENT\n"));
    std::fs::write(tables.path().join("1.csv"), csv).unwrap();
    let ndjson = ids[10..20].iter().fold(String::new(), |text, id| text + &format!("{{\"message_id\":\"{id}\"}}\n"));
    std::fs::write(tables.path().join("2.ndjson"), ndjson).unwrap();
    let folder = tables.path().to_str().unwrap();
    let arguments = [&ids[30], "--messages", folder, "-o", "a.parquet", "-o", "a.csv"].map(|text: &str| text);
    let run = sent_export().activities(&simulator.base_url(), &arguments).finish().expect_code(0);
    let wanted: Vec<String> = [&ids[30..31], &ids[..20]].concat();
    assert_eq!(messages_in(&parquet(&run, "a.parquet")), wanted);
    // Exported files can be read as lists of ids.
    let run = run.again().activities(&simulator.base_url(), &["--messages", "a.csv", "-o", "b.parquet"]);
    let run = run.finish().expect_code(0);
    assert_eq!(messages_in(&parquet(&run, "b.parquet")), wanted);
    let (a, b) = (std::fs::read(run.path("a.parquet")).unwrap(), std::fs::read(run.path("b.parquet")).unwrap());
    assert!(a == b, "the same ids give the same bytes");
}

#[test]
fn invalid_lists_of_ids_are_refused_before_any_request() {
    let server = ScriptedServer::start(|_, _| Answer::error(500, "INTERNAL_001"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ids.txt"), format!("{UNKNOWN}\n+12025550123\n")).unwrap();
    std::fs::write(folder.path().join("t.csv"), format!("uid,b\n{UNKNOWN},1\n")).unwrap();
    let mut folder = folder;
    for (arguments, words) in [
        (&["--ids", "ids.txt"][..], "not a UUID: line 2 of ids.txt"),
        (&["abc"], "not a UUID: argument 1"),
        (&["--messages", "t.csv"], "no column message_id or id in t.csv: it has uid, b"),
        (&["--messages", "t.csv", "--id-column", "b"], "not a UUID: row 1 of t.csv"),
        (&["--ids", "none.txt"], "cannot read ids from none.txt"),
        (&["--ids", "-", "--api-key-file", "-"], "both read stdin"),
        (&[], "required arguments"),
    ] {
        let run = run_in(folder).activities(&server.url(), &["-o", "a.csv"]).args(arguments);
        let run = run.finish().expect_code(2).expect_stderr(words);
        assert!(!run.stderr.contains("2025550123"), "{run:?}");
        folder = run.into_folder();
    }
    assert!(server.requests().is_empty());
    let run = run_in(folder).activities(&server.url(), &["--messages", "t.csv", "--id-column", "uid", "-o", "a.csv"]);
    run.args(["--max-retries", "0"]).finish().expect_code(5).expect_stderr("activities of message 6ba7b810");
    assert_eq!(server.requests().len(), 2, "the failed request is retried once");
}

#[test]
fn a_run_that_is_killed_repeatedly_repeats_only_requests_in_flight() {
    let millis = std::time::Duration::from_millis;
    let latency = Latency { shortest: millis(15), longest: millis(25) };
    let simulator = Simulator::start(Settings { latency, ..settings(600) }).unwrap();
    let ids = ids_of(&simulator);
    let whole = sent_export().stdin(&ids.join("\n")).activities(&simulator.base_url(), &["--ids", "-", "-o", "a.csv"]);
    let whole = whole.finish().expect_code(0);
    let before = simulator.statistics().requests;
    let mut folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ids.txt"), ids.join("\n")).unwrap();
    let arguments = ["--ids", "ids.txt", "-o", "a.csv"];
    for kill in 1..=5 {
        let is_time = || simulator.statistics().requests >= before + kill * 90;
        folder = run_in(folder).activities(&simulator.base_url(), &arguments).kill_when(is_time);
    }
    let run = run_in(folder).activities(&simulator.base_url(), &arguments).finish().expect_code(0);
    let run = run.expect_stderr("resuming");
    assert!(std::fs::read(run.path("a.csv")).unwrap() == std::fs::read(whole.path("a.csv")).unwrap());
    let asked = simulator.statistics().requests - before;
    assert!((600..=600 + 5 * 8).contains(&asked), "{asked}");
    // A different list of ids starts a new run.
    let run = run.again().activities(&simulator.base_url(), &[&ids[0], "-o", "a.csv"]).finish().expect_code(0);
    assert!(!run.files().contains(&".a.csv.journal".to_owned()));
}

#[test]
fn faults_cause_retries_and_lose_no_activity() {
    let faults = ["500 rate=10%", "429:1 nth=50", "reset rate=5%"].map(|fault| fault.parse().unwrap());
    let simulator = Simulator::start(Settings { faults: faults.into(), ..settings(200) }).unwrap();
    let ids = ids_of(&simulator);
    let run =
        sent_export().stdin(&ids.join("\n")).activities(&simulator.base_url(), &["--ids", "-", "-o", "a.parquet"]);
    let run = run.finish().expect_code(0);
    assert_eq!(messages_in(&parquet(&run, "a.parquet")), ids);
}

#[test]
fn the_quota_is_kept_without_a_429() {
    let limit = "1200/min".parse().unwrap();
    let simulator = Simulator::start(Settings { rate_limit: Some(limit), burst: 50, ..settings(150) }).unwrap();
    let ids = ids_of(&simulator);
    let run = sent_export().stdin(&ids.join("\n"));
    let run = run.args(["activities", "--base-url", &simulator.base_url(), "--rate-limit", "1200/min", "--ids", "-"]);
    let began = std::time::Instant::now();
    let run = run.args(["-o", "a.parquet"]).finish().expect_code(0);
    assert!(began.elapsed().as_secs_f64() >= 5.0, "100 requests beyond the burst take 5 s");
    assert_eq!(simulator.statistics().rate_limited, 0);
    assert_eq!(messages_in(&parquet(&run, "a.parquet")).len(), 150);
}

#[test]
fn a_message_that_cannot_be_read_ends_the_run_unless_that_is_allowed() {
    let simulator = with_messages(30);
    let ids = ids_of(&simulator);
    let broken = ids[7].clone();
    let url = simulator.base_url();
    let server = ScriptedServer::start(move |_, head| {
        if head.contains(&broken) {
            return Answer::error(500, "INTERNAL_002");
        }
        let id = head.split("/v3/messages/").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
        let data = serde_json::json!({"message_id": id, "activities": [{"status": "SENT", "price": "0.0080"}]});
        Answer::ok(serde_json::json!({"success": true, "data": data, "error": null, "meta": {}}).to_string())
    });
    let stdin = ids.join("\n");
    let arguments = ["--ids", "-", "-o", "a.parquet", "--max-retries", "1"];
    let run = sent_export().stdin(&stdin).activities(&server.url(), &arguments).finish().expect_code(5);
    let run = run.expect_stderr(&format!("could not fetch activities of message {}", ids[7]));
    let run = run.again().stdin(&stdin).activities(&server.url(), &arguments).args(["--allow-unread"]);
    let run = run.finish().expect_code(3).expect_stderr(&format!("1 id could not be read: {}", ids[7]));
    let found: HashSet<String> = messages_in(&parquet(&run, "a.parquet")).into_iter().collect();
    assert!(found.len() == 29 && !found.contains(&ids[7]));
    assert!(!run.stderr.contains(DEFAULT_API_KEY) && !url.is_empty());
}

#[test]
fn a_folder_of_messages_by_day_is_a_list_of_ids() {
    let simulator = with_messages(60);
    let flags = ["messages", "--base-url", &simulator.base_url(), "--rate-limit", "none"];
    let run = sent_export().args(flags).args(["-o", "messages/", "--partition-by", "created_date"]);
    let run = run.finish().expect_code(0);
    let run = run.again().activities(&simulator.base_url(), &["--messages", "messages/", "-o", "a.parquet"]);
    let run = run.finish().expect_code(0);
    let read: HashSet<String> = messages_in(&parquet(&run, "a.parquet")).into_iter().collect();
    assert_eq!(read, ids_of(&simulator).into_iter().collect());
}
