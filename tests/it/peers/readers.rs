//! The files in the hands of other people's readers.
//!
//! `SENT_EXPORT_SDK_PYTHON` names a Python with the packages of `tests/requirements.txt`.

use std::process::Command;

use sent_export::simulator::{Settings, Simulator};

use super::python;
use crate::support::sent_export;

#[test]
#[ignore = "needs Python with duckdb and pyarrow"]
fn duckdb_and_pyarrow_read_the_same_contacts_from_every_format() {
    for hostile in [false, true] {
        let simulator = Simulator::start(Settings { contacts: 3000, hostile, ..Settings::default() }).unwrap();
        let outputs = ["parquet", "csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst"];
        let outputs = outputs.map(|format| format!("--output=c.{format}"));
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).chain(["--summary", "s.json"]).collect();
        let run = sent_export().contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
        let rows = run.json("s.json")["contacts"].to_string();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/check.py");
        let output = Command::new(python()).arg(script).arg(run.path("")).arg(rows).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "hostile: {hostile}\n{stderr}");
    }
}
