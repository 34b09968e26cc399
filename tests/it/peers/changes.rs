//! The changes between two exports against a join in `DuckDB`, and histories against its query.

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

#[test]
#[ignore = "needs Python with duckdb"]
fn the_printed_query_finds_the_rows_of_every_state() {
    for (profiles, of_export, of_query) in [(0, &[][..], &[][..]), (3, &["--profiles", "all"], &["--of-profiles"])] {
        finds_the_rows_of_every_state(profiles, of_export, of_query);
    }
}

fn finds_the_rows_of_every_state(profiles: u32, of_export: &[&str], of_query: &[&str]) {
    let settings = Settings { contacts: 5_000, profiles, profile_contacts: 1_000, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    let mut run = sent_export().args(["contacts", "--help"]).finish();
    for day in 0..4 {
        let history = [&["-o", "contacts.parquet", "--history", "history", "--quiet"], of_export].concat();
        run = run.again().contacts(&simulator.base_url(), &history).finish().expect_code(0);
        let started_at = run.json("_contacts.parquet.manifest.json")["started_at"].as_str().unwrap().to_owned();
        // To the millisecond; the state is valid from some microseconds later.
        std::fs::write(run.path(&format!("time-{day}")), started_at.replace('Z', "999Z")).unwrap();
        simulator.create(100);
        for position in (day..2_000).step_by(7) {
            assert!(simulator.update_at(position));
            assert!(simulator.delete_at(position + 1));
        }
    }
    for day in 0..4 {
        let time = std::fs::read_to_string(run.path(&format!("time-{day}"))).unwrap();
        run = run.again().args(["diff", "history", "--as-of", &time, "-o", "state.parquet"]).finish().expect_code(0);
        let query = ["sql", "duckdb", "contacts", "history/", "--as-of", &time];
        run = run.again().args(query).args(of_query).finish().expect_code(0);
        std::fs::write(run.path("query.sql"), &run.stdout).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_history.py");
        let files = ["query.sql", "state.parquet", ""].map(|name| run.path(name));
        let output = Command::new(python()).arg(script).args(files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
