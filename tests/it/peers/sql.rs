//! The printed SQL in the engines that it is for: every value against the Parquet file, loaded twice.
//!
//! `SENT_EXPORT_SDK_PYTHON` names a Python with the packages of `tests/requirements.txt`; `sqlite3`, `psql`, the server of
//! `PostgreSQL` and `zstd` are those of the machine.

use std::process::Command;

use sent_export::simulator::{Messaging, Settings, Simulator};

use super::python;
use crate::support::{Finished, sent_export};

/// Formats in which everything is exported.
const FORMATS: [&str; 7] = ["parquet", "csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst"];

/// Exports everything that is loaded.
fn export(hostile: bool) -> Finished {
    let messaging = Messaging { count: 400, ..Messaging::default() };
    let settings = Settings { contacts: 1000, hostile, messaging, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    let url = simulator.base_url();
    let outputs = |name: &str| FORMATS.map(|format| format!("--output={name}.{format}"));
    let run = sent_export().contacts(&url, &[]).args(outputs("contacts")).finish().expect_code(0);
    let run = run.again().messages(&url, &[]).args(outputs("messages")).finish().expect_code(0);
    let days = ["--output", "messages/", "--partition-by", "created_date"];
    let run = run.again().messages(&url, &days).finish().expect_code(0);
    let activities = ["activities", "--messages", "messages.parquet", "--rate-limit", "none", "--base-url", &url];
    run.again().args(activities).args(outputs("activities")).finish().expect_code(0)
}

#[track_caller]
fn run_script(command: &mut Command) {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
}

#[track_caller]
fn every_value_is_loaded_by(engine: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sql/check.py");
    for hostile in [false, true] {
        let run = export(hostile);
        let program = env!("CARGO_BIN_EXE_sent-export");
        run_script(Command::new(python()).args([script, program, engine]).arg(run.path("")));
    }
}

#[test]
#[ignore = "needs Python with duckdb"]
fn every_value_is_loaded_by_duckdb() {
    every_value_is_loaded_by("duckdb");
}

#[test]
#[ignore = "needs PostgreSQL and zstd"]
fn every_value_is_loaded_by_postgres() {
    every_value_is_loaded_by("postgres");
}

#[test]
#[ignore = "needs sqlite3 and zstd"]
fn every_value_is_loaded_by_sqlite() {
    every_value_is_loaded_by("sqlite");
}

#[test]
#[ignore = "needs Python with chdb"]
fn every_value_is_loaded_by_clickhouse() {
    every_value_is_loaded_by("clickhouse");
}
