//! Compares the changes between two exports with a join in `DuckDB`.

use std::process::Command;

use sent_export::simulator::{Settings, Simulator};

use super::python;
use crate::support::sent_export;

#[test]
#[ignore = "needs Python with duckdb"]
fn duckdb_finds_the_same_changes() {
    for (contacts, hostile) in [(100_000, false), (6000, true), (20, false)] {
        let simulator = Simulator::start(Settings { contacts, hostile, ..Settings::default() }).unwrap();
        let export = |run: crate::support::Run, name: &str| {
            run.contacts(&simulator.base_url(), &["-o", name, "--quiet"]).finish().expect_code(0)
        };
        let run = export(sent_export(), "old.parquet");
        simulator.create(contacts / 10);
        for position in (0..contacts / 2).step_by(7) {
            assert!(simulator.update_at(position));
            assert!(simulator.delete_at(position + 1));
        }
        let run = export(run.again(), "new.parquet");
        let diff = ["diff", "old.parquet", "new.parquet", "--quiet", "-o"];
        let run = run.again().args(diff).args(["changes.parquet"]).finish().expect_code(0);
        let run = run.again().args(diff).args(["wide.parquet", "--wide"]).finish().expect_code(0);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_changes.py");
        let files = ["old.parquet", "new.parquet", "changes.parquet", "wide.parquet"].map(|name| run.path(name));
        let output = Command::new(python()).arg(script).args(files).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{contacts} contacts, hostile: {hostile}\n{stderr}");
    }
}
