//! Runs the printed SQL twice in the engines that it is for, and compares every value with the Parquet file.
//! The results stay under `target/sql-engines`, as a table with a row for each file; `docs/sql.md` has their sums, with a row
//! for each engine.
//!
//! `SENT_EXPORT_SDK_PYTHON` names a Python with the packages of `tests/requirements.txt`; `SENT_EXPORT_DUCKLAKE_PYTHON` one
//! with those of `tests/sql/ducklake.txt`, because `PyPI` has its extension only for an older `DuckDB`. `sqlite3`, `psql`, the
//! server of `PostgreSQL`, `zstd` and Java must be installed on the machine.

use std::path::Path;
use std::process::Command;

use sent_export::simulator::{Messaging, Settings, Simulator};
use serde_json::{Value, json};

use super::{peer, python};
use crate::support::{Finished, sent_export};

/// The formats in which everything is exported.
const FORMATS: [&str; 9] =
    ["parquet", "arrow", "arrows", "csv", "csv.gz", "csv.zst", "ndjson", "ndjson.gz", "ndjson.zst"];

/// CSV files in other dialects, and the flags that write and load them. `tests/sql/check.py` also names them.
const CSV_DIALECTS: [(&str, &[&str]); 2] = [
    ("null.csv", &["--delimiter", ";", "--null", "NULL"]),
    ("array.csv", &["--csv", "postgres", "--delimiter", "tab", "--null", "\\N"]),
];

/// A name with all kinds of quotes, to test quoting in statements and in a shell. `tests/sql/check.py` also names it.
const ODD_NAME: &str = "it's $HOME \"odd\" `name`";

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
    let days =
        ["--output", "days-csv/", "--partition-by", "created_date", "--format", "csv", "--max-partitions", "2000"];
    let mut run = run.again().contacts(&url, &days).finish().expect_code(0);
    for (folder, format) in [("regions/", "parquet"), ("regions-csv/", "csv"), ("regions-ndjson/", "ndjson.gz")] {
        let regions = ["--output", folder, "--partition-by", "region_code", "--format", format];
        run = run.again().contacts(&url, &regions).finish().expect_code(0);
    }
    let opt_out = ["--output", "opt-out/", "--partition-by", "opt_out"];
    run = run.again().contacts(&url, &opt_out).finish().expect_code(0);
    let activities = ["activities", "--messages", "messages.parquet", "--rate-limit", "none", "--base-url", &url];
    run = run.again().args(activities).args(outputs("activities")).finish().expect_code(0);
    for (ending, flags) in CSV_DIALECTS {
        let output = |name: &str| ["--output".to_owned(), format!("{name}.{ending}")];
        run = run.again().contacts(&url, flags).args(output("contacts")).finish().expect_code(0);
        run = run.again().messages(&url, flags).args(output("messages")).finish().expect_code(0);
        run = run.again().args(activities).args(flags).args(output("activities")).finish().expect_code(0);
    }
    for format in FORMATS {
        std::fs::copy(run.path(&format!("contacts.{format}")), run.path(&format!("{ODD_NAME}.{format}"))).unwrap();
    }
    run
}

#[track_caller]
fn run_script(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    out.into_owned()
}

#[track_caller]
fn every_value_is_loaded_by(engine: &str, python: &Path) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sql/check.py");
    let table: String = [false, true]
        .map(|hostile| {
            let run = export(hostile);
            let program = env!("CARGO_BIN_EXE_sent-export");
            run_script(Command::new(python).args([script, program, engine]).arg(run.path("")))
        })
        .concat();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../sql-engines");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{engine}.md")), &table).unwrap();
    let row = compared(engine, &table);
    let documented = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sql.md")).unwrap();
    assert!(documented.lines().any(|line| line == row), "docs/sql.md lacks this row:\n{row}");
}

/// Kinds of files that an engine can load, in the order of the columns of `docs/sql.md`.
const FILES: [&str; 14] = [
    "parquet",
    "arrow",
    "arrows",
    "csv",
    "csv.gz",
    "csv.zst",
    "ndjson",
    "ndjson.gz",
    "ndjson.zst",
    "null.csv",
    "array.csv",
    "files by created_date",
    "files by region_code",
    "files by opt_out",
];
/// Kinds of values that engines treat differently.
const KINDS: [&str; 6] = ["nulls", "empty texts", "phones", "times", "decimals", "lists"];

/// The rows that were compared of each kind of file, and how many of their values are of each kind.
fn compared(engine: &str, table: &str) -> String {
    let (mut rows, mut kinds) = ([0_u64; FILES.len()], [0_u64; KINDS.len()]);
    let number = |cell: &str, unit: &str| cell.strip_suffix(unit)?.trim().replace(',', "").parse::<u64>().ok();
    for line in table.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let file = FILES
            .iter()
            .position(|file| *file == cells[2])
            .expect("the script names the kind of file that it has loaded");
        rows[file] += number(cells[4], "rows").expect("its rows");
        for (sum, kind) in kinds.iter_mut().zip(KINDS) {
            *sum += cells[5..].iter().find_map(|cell| number(cell, kind)).expect("every kind is counted");
        }
    }
    let shown = |count: u64| if count == 0 { "no".to_owned() } else { with_separators(count) };
    let cells: Vec<String> = rows.map(shown).into_iter().chain(kinds.map(with_separators)).collect();
    format!("| `{engine}` | {} |", cells.join(" | "))
}

fn with_separators(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

/// Four days of contacts and of messages; every day adds to a history.
struct Histories {
    run: Finished,
    cases: Vec<Value>,
}

impl Histories {
    /// Histories of ordinary and hostile rows, and of days with different columns.
    fn write() -> Self {
        const DAYS: [&[&str]; 4] = [&[]; 4];
        let run = sent_export().args(["contacts", "--help"]).finish();
        let mut histories = Self { run, cases: Vec::new() };
        histories.add("contacts", "ordinary/", false, &DAYS);
        // Every language must quote this name.
        histories.add("contacts", &format!("{ODD_NAME}/"), true, &DAYS);
        let (few, more) = ("id,opt_out,updated_at", "available_channels,id,opt_out,region_code,updated_at");
        histories.add("contacts", "columns/", false, &[&["--columns", few], &["--columns", more], &["--columns", few]]);
        histories.add("messages", "messages/", true, &DAYS[..3]);
        std::fs::write(histories.run.path("cases.json"), Value::from(histories.cases.clone()).to_string()).unwrap();
        histories
    }

    /// Exports once for each set of flags.
    fn add(&mut self, resource: &str, folder: &str, hostile: bool, flags: &[&[&str]]) {
        let messaging = Messaging { count: 300, ..Messaging::default() };
        let simulator =
            Simulator::start(Settings { contacts: 600, hostile, messaging, ..Settings::default() }).unwrap();
        let output = format!("{}.parquet", folder.trim_end_matches('/'));
        let mut times = Vec::new();
        for (day, flags) in (0..).zip(flags) {
            let run = std::mem::replace(&mut self.run, sent_export().args(["contacts", "--help"]).finish()).again();
            let history = ["-o", &output, "--history", folder, "--quiet"];
            let url = simulator.base_url();
            let run = if resource == "contacts" { run.contacts(&url, &history) } else { run.messages(&url, &history) };
            self.run = run.args(*flags).finish().expect_code(0);
            let started_at = self.run.json(&format!("_{output}.manifest.json"))["started_at"].clone();
            // The time is cut to milliseconds; the state is valid from some microseconds later.
            times.push(started_at.as_str().unwrap().replace('Z', "999Z"));
            simulator.create(20);
            simulator.pass_time(std::time::Duration::from_secs(3600), 20);
            for position in (day..400).step_by(7) {
                assert!(simulator.update_at(position) && simulator.delete_at(position + 1));
            }
        }
        self.cases.push(json!({"resource": resource, "folder": folder, "times": times}));
    }
}

#[track_caller]
fn every_state_is_found_by(engine: &str, python: &Path) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sql/history.py");
    let Histories { run, cases } = Histories::write();
    assert_eq!(cases.len(), 4);
    let program = env!("CARGO_BIN_EXE_sent-export");
    run_script(Command::new(python).args([script, program, engine]).arg(run.path("")));
}

#[test]
#[ignore = "needs Python with duckdb"]
fn every_state_is_found_by_duckdb() {
    every_state_is_found_by("duckdb", &python());
}

#[test]
#[ignore = "needs Python with chdb"]
fn every_state_is_found_by_clickhouse() {
    every_state_is_found_by("clickhouse", &python());
}

#[test]
#[ignore = "needs Python with pyspark, and Java"]
fn every_state_is_found_by_spark() {
    every_state_is_found_by("spark", &python());
}

#[test]
#[ignore = "needs Python with duckdb and its extension ducklake"]
fn every_state_is_found_by_ducklake() {
    every_state_is_found_by("ducklake", &peer("SENT_EXPORT_DUCKLAKE_PYTHON"));
}

#[test]
#[ignore = "needs PostgreSQL and sqlite3"]
fn every_state_is_loaded_by_engines_that_read_no_history() {
    for engine in ["postgres", "sqlite"] {
        every_state_is_found_by(engine, &python());
    }
}

#[test]
#[ignore = "needs Python with duckdb"]
fn every_value_is_loaded_by_duckdb() {
    every_value_is_loaded_by("duckdb", &python());
}

#[test]
#[ignore = "needs PostgreSQL and zstd"]
fn every_value_is_loaded_by_postgres() {
    every_value_is_loaded_by("postgres", &python());
}

#[test]
#[ignore = "needs sqlite3 and zstd"]
fn every_value_is_loaded_by_sqlite() {
    every_value_is_loaded_by("sqlite", &python());
}

#[test]
#[ignore = "needs Python with chdb"]
fn every_value_is_loaded_by_clickhouse() {
    every_value_is_loaded_by("clickhouse", &python());
}

#[test]
#[ignore = "needs Python with pyspark, and Java"]
fn every_value_is_loaded_by_spark() {
    every_value_is_loaded_by("spark", &python());
}

#[test]
#[ignore = "needs Python with deltalake and pyiceberg"]
fn every_value_is_loaded_into_delta_and_iceberg() {
    every_value_is_loaded_by("delta", &python());
    every_value_is_loaded_by("iceberg", &python());
}

#[test]
#[ignore = "needs Python with duckdb and its extension ducklake"]
fn every_value_is_loaded_by_ducklake() {
    every_value_is_loaded_by("ducklake", &peer("SENT_EXPORT_DUCKLAKE_PYTHON"));
}

#[test]
#[ignore = "needs Python with sqlglot"]
fn statements_that_cannot_be_run_are_parsed() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sql/parse.py");
    run_script(Command::new(python()).args([script, env!("CARGO_BIN_EXE_sent-export")]));
}
