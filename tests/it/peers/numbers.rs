//! Compares the numbers of reports with those of `DuckDB` over the same file.
//!
//! `SENT_EXPORT_SDK_PYTHON` names a Python with the packages of `tests/requirements.txt`.

use std::process::Command;

use sent_export::simulator::{Messaging, Settings, Simulator};

use super::python;
use crate::support::{Finished, sent_export};

#[test]
#[ignore = "needs Python with duckdb"]
fn duckdb_counts_match_the_summary() {
    for (contacts, hostile) in [(100_000, false), (6000, true), (1, false), (0, false)] {
        let simulator = Simulator::start(Settings { contacts, hostile, ..Settings::default() }).unwrap();
        let outputs = ["-o", "c.parquet", "--summary", "s.json"];
        let run = sent_export().contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_numbers.py");
        let output =
            Command::new(python()).arg(script).args([run.path("c.parquet"), run.path("s.json")]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{contacts} contacts, hostile: {hostile}\n{stderr}");
    }
}

/// Compares the numbers of a delivery report with what `DuckDB` counts in a file.
#[track_caller]
fn check_deliveries(run: &Finished, file: &str, summary: &str, of: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_deliveries.py");
    let output = Command::new(python()).arg(script).args([run.path(file), run.path(summary)]).output().unwrap();
    assert!(output.status.success(), "{of}, {summary}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "needs Python with duckdb"]
fn duckdb_counts_match_the_report_on_activities() {
    for (messages, hostile) in [(2500, false), (1500, true), (1, false)] {
        let messaging = Messaging { count: messages, ..Messaging::default() };
        let settings = Settings { contacts: 2000, hostile, messaging, ..Settings::default() };
        let simulator = Simulator::start(settings).unwrap();
        let run = sent_export().messages(&simulator.base_url(), &["-o", "m.parquet", "-q"]).finish().expect_code(0);
        let flags = ["activities", "--base-url", &simulator.base_url(), "--rate-limit", "none", "-q"];
        let outputs = ["--messages", "m.parquet", "-o", "a.parquet", "--summary", "s.json"];
        let run = run.again().args(flags).args(outputs).finish().expect_code(0);
        let run = run.again().args(["report", "a.parquet", "--quiet", "--json", "f.json"]).finish().expect_code(0);
        for summary in ["s.json", "f.json"] {
            check_deliveries(&run, "a.parquet", summary, &format!("{messages} messages, hostile: {hostile}"));
        }
    }
}

#[test]
#[ignore = "needs Python with duckdb"]
fn duckdb_counts_match_the_delivery_report() {
    for (messages, hostile) in [(100_000, false), (6000, true), (1, false), (0, false)] {
        let messaging = Messaging { count: messages, ..Messaging::default() };
        let settings = Settings { contacts: 5000, hostile, messaging, ..Settings::default() };
        let simulator = Simulator::start(settings).unwrap();
        let outputs = ["-o", "m.parquet", "--summary", "s.json"];
        let run = sent_export().messages(&simulator.base_url(), &outputs).finish().expect_code(0);
        let run = run.again().args(["report", "m.parquet", "--quiet", "--json", "f.json"]).finish().expect_code(0);
        for summary in ["s.json", "f.json"] {
            check_deliveries(&run, "m.parquet", summary, &format!("{messages} messages, hostile: {hostile}"));
        }
    }
}
