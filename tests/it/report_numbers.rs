//! The numbers of the summary against those of `DuckDB` over the same file.
//!
//! Runs when `SENT_EXPORT_SDK_PYTHON` names a Python with the packages of `tests/requirements.txt`, as `.ci/run` sets it up.

use std::process::Command;

use sent_export::simulator::{Settings, Simulator};

use crate::support::sent_export;

#[test]
fn duckdb_counts_what_the_summary_tells() {
    let Some(python) = std::env::var_os("SENT_EXPORT_SDK_PYTHON") else {
        eprintln!("skipped: SENT_EXPORT_SDK_PYTHON is not set");
        return;
    };
    for (contacts, hostile) in [(100_000, false), (6000, true), (1, false), (0, false)] {
        let simulator = Simulator::start(Settings { contacts, hostile, ..Settings::default() }).unwrap();
        let outputs = ["-o", "c.parquet", "--summary", "s.json"];
        let run = sent_export().contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_numbers.py");
        let output =
            Command::new(&python).arg(script).args([run.path("c.parquet"), run.path("s.json")]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{contacts} contacts, hostile: {hostile}\n{stderr}");
    }
}
