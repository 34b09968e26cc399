//! The files in the hands of other people's readers.
//!
//! Runs when `SENT_EXPORT_SDK_PYTHON` names a Python with the packages of `tests/requirements.txt`, as `.ci/run` sets it up.

use std::process::Command;

use sent_export::simulator::{Settings, Simulator};

use crate::support::sent_export;

#[test]
fn duckdb_and_pyarrow_read_the_same_contacts_from_every_format() {
    let Some(python) = std::env::var_os("SENT_EXPORT_SDK_PYTHON") else {
        eprintln!("skipped: SENT_EXPORT_SDK_PYTHON is not set");
        return;
    };
    for hostile in [false, true] {
        let simulator = Simulator::start(Settings { contacts: 3000, hostile, ..Settings::default() }).unwrap();
        let outputs = ["-o", "c.parquet", "-o", "c.csv", "-o", "c.csv.gz", "-o", "c.csv.zst", "--summary", "s.json"];
        let run = sent_export().contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
        let rows = run.json("s.json")["contacts"].to_string();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/check.py");
        let output = Command::new(&python).arg(script).arg(run.path("")).arg(rows).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "hostile: {hostile}\n{stderr}");
    }
}
