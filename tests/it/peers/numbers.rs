//! The numbers of the summary against those of `DuckDB` over the same file.
//!
//! `SENT_EXPORT_SDK_PYTHON` names a Python with the packages of `tests/requirements.txt`.

use std::process::Command;

use sent_export::simulator::{Messaging, Settings, Simulator};

use super::python;
use crate::support::sent_export;

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
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_deliveries.py");
        for summary in ["s.json", "f.json"] {
            let arguments = [run.path("m.parquet"), run.path(summary)];
            let output = Command::new(python()).arg(script).args(arguments).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{messages} messages, hostile: {hostile}, {summary}\n{stderr}");
        }
    }
}
