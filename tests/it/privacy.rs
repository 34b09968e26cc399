//! Phone numbers that are masked or hashed, and optional columns: in every format, for ordinary and hostile accounts.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sent_export::simulator::{Settings, Simulator};
use serde_json::{Value, json};

use crate::support::{
    Answer, Finished, MANIFEST_SCHEMA, SUMMARY_SCHEMA, ScriptedServer, assert_valid, sent_export, simulator,
};

const KEY: &str = "0123456789abcdef0123456789abcdef\n";
/// `printf 'sent-export key fingerprint' | openssl dgst -sha256 -hmac KEY | head -c 16`
const FINGERPRINT: &str = "990559de5a8f6b2b";
const CONTACT_NUMBERS: [&str; 5] =
    ["phone_number", "format_e164", "format_international", "format_national", "format_rfc"];
const FILES: [&str; 8] = ["-o", "c.csv", "-o", "c.ndjson", "-o", "c.parquet", "-o", "c.arrows"];

/// The rows of an NDJSON file by their `id`.
fn rows(run: &Finished, name: &str) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(run.path(name)).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect()
}

fn read_parquet(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

fn digits(text: &str) -> Vec<char> {
    text.chars().filter(|character| character.is_numeric()).collect()
}

/// Checks the masked form of a phone number that the server sent as `sent`.
#[track_caller]
fn assert_masked(sent: &Value, written: &Value) {
    let (Some(sent), Some(written)) = (sent.as_str(), written.as_str()) else {
        return assert_eq!(sent, written, "a null stays null");
    };
    if sent.is_empty() || written == "***" {
        return assert_eq!(sent.is_empty(), written.is_empty());
    }
    let (all, left) = (digits(sent), digits(written));
    let code = left.len() - 2;
    assert!(code <= 3 && all.starts_with(&left[..code]) && all.ends_with(&left[code..]), "{sent:?}: {written:?}");
    assert!(written.matches('*').count() + left.len() == all.len(), "{sent:?}: {written:?}");
}

#[test]
fn no_file_has_digits_except_the_country_code_and_the_last_two() {
    for hostile in [false, true] {
        let simulator = Simulator::start(Settings { contacts: 900, hostile, ..Settings::default() }).unwrap();
        let export = |more: &[&str]| {
            let arguments = [&FILES[..], &["--quiet"], more].concat();
            sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0)
        };
        let (plain, masked) = (export(&[]), export(&["--mask-phones"]));
        let (sent, written) = (rows(&plain, "c.ndjson"), rows(&masked, "c.ndjson"));
        assert!(sent.len() > 700 && sent.len() == written.len());
        let mut parts = HashSet::new();
        for (id, sent) in &sent {
            for column in CONTACT_NUMBERS {
                assert_masked(&sent[column], &written[id][column]);
            }
            let others = |row: &Value| {
                let mut row = row.as_object().unwrap().clone();
                row.retain(|name, _| !CONTACT_NUMBERS.contains(&name.as_str()));
                row
            };
            assert_eq!(others(sent), others(&written[id]), "everything else stays");
            if let Some(number) = sent["format_e164"].as_str().filter(|number| number.len() > 10) {
                parts.insert(number[number.len() - 7..].to_owned());
            }
        }
        // Search the raw bytes, regardless of columns. Ids and times never contain seven consecutive digits of a phone number.
        for file in ["c.csv", "c.ndjson"] {
            let text = std::fs::read_to_string(masked.path(file)).unwrap();
            let found = parts.iter().filter(|part| text.contains(part.as_str())).count();
            assert_eq!(found, 0, "{file}, hostile: {hostile}");
        }
        let mut count = 0;
        for batch in read_parquet(&masked.path("c.parquet")) {
            let ids = batch.column_by_name("id").unwrap().as_string::<i32>().clone();
            for name in CONTACT_NUMBERS {
                let column = batch.column_by_name(name).unwrap().as_string::<i32>();
                for (id, value) in ids.iter().zip(column) {
                    assert_eq!(written[id.unwrap()][name].as_str(), value);
                }
            }
            count += batch.num_rows();
        }
        assert_eq!(count, sent.len());
        let mut manifest = masked.json("_c.csv.manifest.json");
        assert_valid(&manifest, MANIFEST_SCHEMA);
        let columns = CONTACT_NUMBERS.iter().map(|name| (*name, "masked")).chain([("country_code", "numbers_removed")]);
        let wanted = json!({"phones": "masked", "columns": columns.collect::<BTreeMap<_, _>>()});
        assert_eq!(manifest["privacy"].take(), wanted);
        assert_eq!(plain.json("_c.csv.manifest.json").get("privacy"), None);
    }
}

#[test]
fn the_report_of_a_masked_export_uses_the_numbers_as_sent() {
    let simulator = simulator(400);
    let summary = |more: &[&str]| {
        let arguments = [&["-o", "c.csv", "--summary", "s.json", "--quiet"], more].concat();
        let run = sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0);
        let mut summary = run.json("s.json");
        for different in ["run", "outputs", "as_of"] {
            summary[different] = Value::Null;
        }
        (run, summary)
    };
    let (_, plain) = summary(&[]);
    let (run, masked) = summary(&["--mask-phones"]);
    let ages = ["updated"];
    for (name, value) in plain.as_object().unwrap().iter().filter(|(name, _)| !ages.contains(&name.as_str())) {
        assert_eq!(masked[name], *value, "{name}");
    }
    let text = std::fs::read_to_string(run.path("c.csv")).unwrap();
    assert!(text.contains("*23") || text.contains("*4"), "{text}");
}

#[test]
fn a_report_on_protected_files_finds_nothing_wrong_with_their_numbers() {
    let simulator = simulator(2_000);
    let report = |more: &[&str]| -> Value {
        let arguments = [&["-o", "c.parquet", "--quiet"], more].concat();
        let run = sent_export().file("phones.key", KEY).contacts(&simulator.base_url(), &arguments).finish();
        let run = run.expect_code(0).again().args(["report", "c.parquet", "--json", "-", "--quiet"]).finish();
        serde_json::from_slice(&run.expect_code(0).stdout).unwrap()
    };
    let (plain, masked, hashed) = (report(&[]), report(&["--mask-phones"]), report(&["--hash-phones", "phones.key"]));
    let quality = |report: &Value, count: &str| report["quality"][count].clone();
    assert_eq!(quality(&hashed, "shared_phone_numbers"), quality(&plain, "shared_phone_numbers"));
    for report in [&masked, &hashed] {
        for count in ["invalid_e164", "e164_not_of_region", "e164_not_of_country_code"] {
            assert_eq!(quality(report, count), 0, "{count}");
        }
        for table in ["regions", "country_codes", "channels", "reachable"] {
            assert_eq!(report[table], plain[table], "{table}");
        }
    }
    assert_eq!(quality(&masked, "shared_phone_numbers")["keys"], 0);
}

#[test]
fn one_number_has_one_hash_in_contacts_messages_and_activities() {
    let simulator = Simulator::start(Settings::of_messages(300)).unwrap();
    let base_url = simulator.base_url();
    let key = ["--hash-phones", "phones.key", "--quiet"];
    let contacts = sent_export().file("phones.key", KEY).contacts(&base_url, &[&["-o", "c.ndjson"], &key[..]].concat());
    let contacts = contacts.finish().expect_code(0);
    let messages = [&["-o", "m.ndjson", "--no-body", "--with-activities", "--activities-output", "a.ndjson"], &key[..]];
    let messages =
        sent_export().file("phones.key", KEY).messages(&base_url, &messages.concat()).finish().expect_code(0);
    let mut hashes = HashSet::new();
    for contact in rows(&contacts, "c.ndjson").values() {
        let hash = contact["format_e164"].as_str().unwrap();
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
        assert!(CONTACT_NUMBERS.iter().all(|column| contact[column].as_str() == Some(hash)), "{contact}");
        hashes.insert(hash.to_owned());
    }
    assert!(hashes.len() > 10);
    let all = rows(&messages, "m.ndjson");
    for message in all.values() {
        assert_eq!(message["phone"], message["phone_international"]);
        assert!(hashes.contains(message["phone"].as_str().unwrap()), "{message}");
    }
    let manifest = messages.json("_m.ndjson.manifest.json");
    assert_valid(&manifest, MANIFEST_SCHEMA);
    assert_eq!(manifest["privacy"]["key_fingerprint"], FINGERPRINT);
    assert_eq!(manifest["privacy"]["columns"]["from"], "hashed");
    assert_eq!(contacts.json("_c.ndjson.manifest.json")["privacy"]["key_fingerprint"], FINGERPRINT);
    let steps = std::fs::read_to_string(messages.path("a.ndjson")).unwrap();
    assert!(steps.lines().count() > 300);
    for step in steps.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let from = step["from"].as_str().unwrap_or_default();
        assert!(from.is_empty() || from.len() == 64 || !from.contains(|sign: char| sign.is_ascii_digit()), "{step}");
    }
    for file in ["m.ndjson", "a.ndjson", "_m.ndjson.manifest.json"] {
        let text = std::fs::read_to_string(messages.path(file)).unwrap();
        assert!(!text.contains(KEY.trim()) && !text.contains("\"+"), "{file}");
    }
}

#[test]
fn numbers_in_reasons_and_events_are_removed_and_free_text_is_refused() {
    let server = ScriptedServer::start(|_, _| {
        let message = json!({
            "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "phone": "+12025550123", "phone_international": "+1 202-555-0123",
            "reason": "+12025550123 is unreachable (30003)", "status": "FAILED", "created_at": "2026-03-01T00:00:00Z",
            "message_body": {"content": "call 2025550123"}, "undocumented": "2025550123",
            "events": [{"status": "FAILED", "description": "to 202 555 0123", "timestamp": "2026-03-01T00:00:00Z"}],
        });
        let pagination = json!({"page": 1, "page_size": 100, "total_count": 1, "total_pages": 1, "has_more": false});
        Answer::ok(json!({"success": true, "data": {"messages": [message], "pagination": pagination}}).to_string())
    });
    let export = |more: &[&str]| {
        let arguments = [&["-o", "m.ndjson", "-o", "m.csv", "--mask-phones", "--quiet"], more].concat();
        sent_export().messages(&server.url(), &arguments).finish()
    };
    let refused = export(&["--extra"]).expect_code(2);
    refused.expect_stderr("--mask-phones cannot find every phone number in free text: body_text, body, extra");
    export(&["--no-body", "--extra"]).expect_code(2).expect_stderr("free text: extra");
    for more in [&["--no-body"][..], &["--drop", "body,body_text"], &["--columns", "id,phone,reason,events,row_hash"]] {
        let run = export(more).expect_code(0);
        let row = rows(&run, "m.ndjson").into_values().next().unwrap();
        assert_eq!(row["phone"], "+1********23");
        assert_eq!(row["reason"], "+*** is unreachable (30003)");
        assert_eq!(row["events"][0]["description"], "to ***");
        for file in ["m.ndjson", "m.csv"] {
            let text = std::fs::read_to_string(run.path(file)).unwrap();
            assert!(!text.contains("2025550123") && !text.contains("555"), "{text}");
        }
    }
    assert_eq!(server.requests().len(), 3, "flags are checked before the first request");
}

#[test]
fn a_key_is_required_and_must_be_long_enough() {
    let arguments = ["-o", "c.csv", "--hash-phones", "phones.key"];
    let missing = sent_export().contacts("http://127.0.0.1:1", &arguments).finish().expect_code(2);
    missing
        .expect_stderr("cannot read the key for phone numbers from phones.key")
        .expect_stderr("head -c 32 /dev/urandom");
    let short = sent_export().file("phones.key", "secret\n").contacts("http://127.0.0.1:1", &arguments).finish();
    let short = short.expect_code(2).expect_stderr("phones.key holds no usable key for phone numbers: it is shorter");
    assert!(!short.stderr.contains("secret"), "{short:?}");
}

#[test]
fn a_folder_of_days_holds_numbers_in_one_form() {
    let simulator = Simulator::start(Settings::of_messages(200)).unwrap();
    let base_url = simulator.base_url();
    let arguments = ["-o", "days", "--partition-by", "created_date", "--no-body", "--quiet"];
    let hash = [&arguments[..], &["--hash-phones", "phones.key"]].concat();
    let first = sent_export().file("phones.key", KEY).messages(&base_url, &hash).finish().expect_code(0);
    let again = first.again().messages(&base_url, &hash).finish().expect_code(0);
    let other_key = again.again().file("phones.key", "another key, of 16 bytes or more\n");
    let other_key = other_key.messages(&base_url, &hash).finish().expect_code(2);
    let other_key = other_key.expect_stderr("written with other privacy flags");
    let plain = other_key.again().messages(&base_url, &arguments).finish().expect_code(2);
    plain.expect_stderr("repeat --mask-phones, --hash-phones with the same key, and --drop as before");
}

#[test]
fn optional_columns_are_added_in_every_format_and_ignored_by_reports() {
    let simulator = simulator(300);
    let export = |more: &[&str]| {
        let arguments = [&FILES[..], &["-o", "c.xlsx", "--quiet"], more].concat();
        sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0)
    };
    let (plain, added) = (export(&[]), export(&["--add-columns", "exported_at,row_hash"]));
    let hashes = |run: &Finished| -> BTreeMap<String, Value> {
        rows(run, "c.ndjson").into_iter().map(|(id, row)| (id, row["row_hash"].clone())).collect()
    };
    assert_eq!(hashes(&added), hashes(&export(&["--columns", "row_hash,id", "--page-size", "17"])));
    let started_at = added.json("_c.csv.manifest.json")["started_at"].clone();
    for row in rows(&added, "c.ndjson").values() {
        // Times have three fractional digits in the manifest, and six or none in NDJSON.
        let started_at = started_at.as_str().unwrap().trim_end_matches('Z').trim_end_matches(".000");
        assert!(row["exported_at"].as_str().unwrap().starts_with(started_at), "{row}");
    }
    let header =
        |run: &Finished| std::fs::read_to_string(run.path("c.csv")).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(header(&added), format!("{},exported_at,row_hash", header(&plain)));
    let schema = read_parquet(&added.path("c.parquet"))[0].schema();
    assert_eq!(schema.field_with_name("exported_at").unwrap().data_type().to_string(), "Timestamp(µs, \"UTC\")");
    let report = |run: Finished, name: &str| {
        let run = run.again().args(["report", name, "--json", "-", "--quiet", "--as-of", "2026-12-31"]).finish();
        let run = run.expect_code(0);
        let mut report: Value = serde_json::from_slice(&run.stdout).unwrap();
        report["actions"] = Value::Null;
        report["inputs"] = Value::Null;
        (run, report)
    };
    let (mut plain, mut added) = (plain, added);
    for name in ["c.csv", "c.ndjson", "c.parquet", "c.arrows", "c.xlsx"] {
        let (wanted, found);
        (plain, wanted) = report(plain, name);
        (added, found) = report(added, name);
        assert_eq!(found, wanted, "{name}");
    }
}

#[test]
fn dropped_columns_are_in_the_manifest_and_flags_for_columns_exclude_each_other() {
    let simulator = simulator(20);
    let arguments = ["-o", "c.csv", "--drop", "customer_id,format_rfc", "--quiet"];
    let run = sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0);
    let manifest = run.json("_c.csv.manifest.json");
    assert_valid(&manifest, MANIFEST_SCHEMA);
    assert_eq!(manifest["privacy"], json!({"dropped": ["customer_id", "format_rfc"]}));
    let text = std::fs::read_to_string(run.path("c.csv")).unwrap();
    assert!(text.starts_with("id,phone_number,") && !text.lines().next().unwrap().contains("customer_id"));
    for (arguments, error) in [
        (&["--drop", "fone"][..], "unknown column \"fone\""),
        (&["--drop", "id", "--columns", "id"], "cannot be used with"),
        (&["--add-columns", "extra"], "write exported_at or row_hash"),
        (&["--add-columns", "row_hash", "--columns", "id"], "cannot be used with"),
        (&["--mask-phones", "--hash-phones", "k"], "cannot be used with"),
    ] {
        let arguments = [&["-o", "c.csv"], arguments].concat();
        sent_export().contacts("http://127.0.0.1:1", &arguments).finish().expect_code(2).expect_stderr(error);
    }
    let printed = sent_export().args(["contact", "+12025550123", "--mask-phones"]).finish();
    printed.expect_code(2).expect_stderr("--output <PATH>");
}

#[test]
fn only_some_contacts_are_written_and_the_whole_list_is_verified() {
    for hostile in [false, true] {
        let simulator = Simulator::start(Settings { contacts: 1_500, hostile, ..Settings::default() }).unwrap();
        let export = |more: &[&str]| {
            let arguments = [&FILES[..], &["--summary", "s.json", "--show-table"], more].concat();
            sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0)
        };
        let all = export(&[]);
        let (sent, summary) = (rows(&all, "c.ndjson"), all.json("s.json"));
        assert_eq!(summary["run"].get("rows_left_out"), None);
        let is_wanted = |only: &str, row: &Value| match only {
            "opted-out" => row["opt_out"] == true,
            _ => row["opt_out"] != true && row["available_channels"] != json!([]),
        };
        for (only, count) in [("opted-out", &summary["opt_out"]["yes"]), ("reachable", &summary["reachable"])] {
            let run =
                export(&["--only", only, "--max-malformed", "90%", "--max-rejected", "20%", "--min-contacts", "20"]);
            let mut wanted = sent.clone();
            wanted.retain(|_, row| is_wanted(only, row));
            assert!(rows(&run, "c.ndjson") == wanted && !wanted.is_empty(), "{only}, hostile: {hostile}");
            let (manifest, report) = (run.json("_c.csv.manifest.json"), run.json("s.json"));
            assert_valid(&manifest, MANIFEST_SCHEMA);
            assert_valid(&report, SUMMARY_SCHEMA);
            let left_out = sent.len() - wanted.len();
            assert_eq!(manifest["filters"], json!({"only": only}));
            assert_eq!((&manifest["rows"], &manifest["contacts"]), (count, count));
            assert_eq!(manifest["rows_left_out"], left_out);
            assert_eq!((&report["contacts"], &report["run"]["rows_left_out"]), (count, &json!(left_out)));
            assert_eq!(report["filters"], json!({"only": only}));
            assert_eq!(report["run"]["total_count_last"], summary["run"]["total_count_last"]);
            assert_eq!(manifest["verdict"], "complete");
            let batches = read_parquet(&run.path("c.parquet"));
            assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), wanted.len());
            let words = format!("Only contacts that are {}.", only.replace('-', " "));
            let read = run.expect_stderr(&words).expect_stderr("contacts were read and left out.");
            let run = read.again().args(["report", "c.parquet", "--json", "-", "--quiet"]).finish().expect_code(0);
            let report: Value = serde_json::from_slice(&run.stdout).unwrap();
            assert_eq!((&report["contacts"], &report["filters"]), (count, &json!({"only": only})));
        }
    }
    let arguments = ["-o", "c.csv", "--only", "everyone"];
    let wrong = sent_export().contacts("http://127.0.0.1:1", &arguments).finish().expect_code(2);
    wrong.expect_stderr("write opted-out or reachable");
}

#[test]
fn an_interrupted_run_resumes_with_another_choice_of_contacts() {
    let simulator = Simulator::start(Settings { contacts: 600, ..Settings::default() }).unwrap();
    let base_url = simulator.base_url();
    let arguments = ["-o", "c.ndjson", "--only", "opted-out", "--min-contacts", "500", "--quiet"];
    let held_back = sent_export().contacts(&base_url, &arguments).finish().expect_code(8);
    let requests = simulator.statistics().requests;
    let run = held_back.again().contacts(&base_url, &["-o", "c.ndjson", "--only", "reachable"]).finish().expect_code(0);
    assert!(rows(&run, "c.ndjson").len() > 500);
    assert_eq!(simulator.statistics().requests, requests, "contacts that are not written were read, too");
}
