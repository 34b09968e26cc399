//! CSV for Excel and for `PostgreSQL`, with any delimiter: written by every command, read back by `report`.

use sent_export::simulator::{Settings, Simulator};
use serde_json::{Value, json};

use crate::support::{Answer, Finished, MANIFEST_SCHEMA, ScriptedServer, assert_valid, sent_export, simulator};

const DIALECTS: [&[&str]; 7] = [
    &[],
    &["--csv", "excel"],
    &["--csv", "excel", "--delimiter", ";", "--null", "n/a"],
    &["--csv", "postgres"],
    &["--csv", "postgres", "--delimiter", "|", "--null", "NULL"],
    &["--csv", "rfc4180", "--delimiter", "tab"],
    &["--null", "NULL"],
];

fn report(run: Finished, name: &str) -> (Finished, Value) {
    let run = run.again().args(["report", name, "--json", "-", "--quiet", "--as-of", "2026-03-31"]).finish();
    let run = run.expect_code(0);
    let mut report: Value = serde_json::from_slice(&run.stdout).unwrap();
    report["actions"] = Value::Null;
    report["inputs"] = Value::Null;
    (run, report)
}

#[test]
fn a_report_reads_every_dialect_back() {
    for hostile in [false, true] {
        let simulator = Simulator::start(Settings { contacts: 1200, hostile, ..Settings::default() }).unwrap();
        let export = |more: &[&str]| {
            let arguments = [&["-o", "c.csv", "-o", "c.parquet", "--quiet"], more].concat();
            sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0)
        };
        for dialect in DIALECTS {
            let (run, wanted) = report(export(dialect), "c.parquet");
            let (run, found) = report(run, "c.csv");
            assert!(found == wanted, "{dialect:?}, hostile: {hostile}");
            let manifest = run.json("_c.csv.manifest.json");
            assert_valid(&manifest, MANIFEST_SCHEMA);
            assert_eq!(manifest["outputs"][0].get("csv").is_some(), !dialect.is_empty());
            assert_eq!(manifest["outputs"][1].get("csv"), None);
            if dialect.contains(&"--null") || hostile {
                continue;
            }
            // Without the manifest, the dialect is detected from the header and the line ends.
            std::fs::create_dir(run.path("alone")).unwrap();
            std::fs::copy(run.path("c.csv"), run.path("alone/c.csv")).unwrap();
            let (_, found) = report(run, "alone/c.csv");
            assert_eq!(found["channel_combinations"], wanted["channel_combinations"], "{dialect:?}");
            assert_eq!(found["country_codes"], wanted["country_codes"], "{dialect:?}");
        }
    }
}

#[test]
fn a_text_like_the_one_for_nulls_is_the_same_text_in_the_next_run() {
    let server = ScriptedServer::start(|_, _| {
        let row = |at: usize, number: Value, region: Value| json!({"id": format!("00000000-0000-4000-8000-{at:012}"), "phone_number": number, "region_code": region});
        let rows = [
            row(0, json!("NULL"), json!("NULL")),
            row(1, Value::Null, json!("NULL")),
            row(2, json!("+1"), Value::Null),
        ];
        let pagination = json!({"page": 1, "page_size": 100, "total_count": rows.len()});
        Answer::ok(json!({"success": true, "data": {"contacts": rows, "pagination": pagination}}).to_string())
    });
    for dialect in ["rfc4180", "excel", "postgres"] {
        let flags = ["--csv", dialect, "--null", "NULL", "--changes", "ch.csv", "--exit-code-unchanged", "99", "-q"];
        for columns in ["id,phone_number,region_code", "region_code,id"] {
            let flags = [&["-o", "c.csv", "-o", "c.parquet", "--columns", columns][..], &flags].concat();
            let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
            let run = run.again().contacts(&server.url(), &flags).finish().expect_code(99);
            let run = run.again().args(["diff", "c.parquet", "c.csv", "-o", "d.ndjson"]).finish().expect_code(0);
            assert_eq!(std::fs::read_to_string(run.path("d.ndjson")).unwrap(), "", "{dialect}");
        }
    }
}

#[test]
fn the_manifest_names_the_rule_that_keeps_texts_as_texts() {
    let simulator = simulator(20);
    let arguments = ["-o", "c.csv", "--csv", "excel", "--delimiter", ";", "--columns", "format_e164,opt_out"];
    let run = sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0);
    let wanted = json!({"dialect": "excel", "delimiter": ";", "null": "", "rule": "formula-text"});
    assert_eq!(run.json("_c.csv.manifest.json")["outputs"][0]["csv"], wanted);
    let text = std::fs::read_to_string(run.path("c.csv")).unwrap();
    let mut lines = text.split("\r\n");
    assert_eq!(lines.next(), Some("\u{feff}format_e164;opt_out"));
    assert!(lines.next().unwrap().starts_with("\"=\"\"+"), "{text}");
}

#[test]
fn ids_are_read_from_any_dialect() {
    let simulator = Simulator::start(Settings::of_messages(60)).unwrap();
    let arguments = ["-o", "m.csv", "--csv", "excel", "--delimiter", ";", "--columns", "status,id", "--quiet"];
    for has_manifest in [true, false] {
        let run = sent_export().messages(&simulator.base_url(), &arguments).finish().expect_code(0);
        if !has_manifest {
            std::fs::remove_file(run.path("_m.csv.manifest.json")).unwrap();
        }
        let base_url = simulator.base_url();
        let arguments = ["activities", "--base-url", &base_url, "--rate-limit", "none", "--messages", "m.csv"];
        let run = run.again().args(arguments).args(["-o", "a.csv", "--csv", "postgres"]).finish().expect_code(0);
        assert_eq!(run.json("_a.csv.manifest.json")["outputs"][0]["csv"]["dialect"], "postgres");
        run.expect_stderr("complete: ");
    }
}

#[test]
fn flags_for_csv_need_a_csv_file_and_values_that_are_read_back() {
    for (arguments, error) in [
        (&["-o", "c.parquet", "--csv", "excel"][..], "--csv applies to CSV, and no output is CSV"),
        (&["-o", "c.ndjson", "--delimiter", ";"], "--delimiter applies to CSV"),
        (&["-o", "c.csv", "--csv", "tsv"], "write rfc4180, excel or postgres"),
        (&["-o", "c.csv", "--delimiter", ":"], "write one of , ; | or the word tab"),
        (&["-o", "c.csv", "--null", "a;b"], "write a text without quotes"),
        (&["-o", "c.csv", "--null", "false"], "write a text other than true and false"),
        (&["-o", "c.csv", "--null", "0"], "that begins with no digit"),
    ] {
        sent_export().contacts("http://127.0.0.1:1", arguments).finish().expect_code(2).expect_stderr(error);
    }
    let arguments = ["--ids", "ids.txt", "--csv", "excel"];
    let run = sent_export().file("ids.txt", "").args(["contact"]).args(arguments).finish().expect_code(2);
    run.expect_stderr("--output <PATH>");
}
