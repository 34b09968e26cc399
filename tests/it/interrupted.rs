//! Runs that end while they publish, after every file that they rename: the next run loses no changes and no gate.
//!
//! `refusing.c` kills a run, or fails its next call, after a number of renames: the record of the publication comes first,
//! then the history, the changes, the outputs, and the manifest last.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;

use sent_export::simulator::Simulator;
use serde_json::{Value, json};

use crate::support::{Finished, Run, preloaded, run_in, sent_export, simulator};

/// Flags of a run with every file that changes involve.
const OUTPUTS: &[&str] = &[
    "-o",
    "c.ndjson",
    "-o",
    "c.parquet",
    "--changes",
    "ch.ndjson",
    "--history",
    "h",
    "--summary",
    "s.json",
    "--exit-code-unchanged",
    "99",
    "--quiet",
];

fn move_on(simulator: &Simulator) {
    simulator.create(7);
    assert!(simulator.delete_at(3));
    for position in (5..100).step_by(9) {
        assert!(simulator.update_at(position));
    }
}

/// Kills a run after it has renamed this many files.
fn kill_after(renames: u32, run: Run) -> Run {
    preloaded(run).env("KILL_AFTER_RENAMES", Some(&renames.to_string()))
}

/// Lets a run fail like a disk with an error after it has renamed this many files.
fn fail_after(renames: u32, run: Run) -> Run {
    preloaded(run).env("FAIL_AFTER_RENAMES", Some(&renames.to_string())).env("FAIL_WITH", Some("5"))
}

fn read(run: &Finished, name: &str) -> Vec<u8> {
    fs::read(run.path(name)).unwrap_or_else(|error| panic!("{name}: {error}{run:?}"))
}

/// The ids and kinds of changes in a file.
fn changes(run: &Finished, name: &str) -> BTreeMap<String, String> {
    let text = String::from_utf8(read(run, name)).unwrap();
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let text_of = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    text.lines().map(line).map(|line| (text_of(&line, "id"), text_of(&line, "change"))).collect()
}

/// What a run publishes, without the times and ids of the run: the changes, their counts, and the files that its manifest
/// and its summary list.
fn published(run: &Finished, manifest: &str) -> (BTreeMap<String, String>, Value, Value, Value) {
    let facts = run.json(manifest);
    let summary = if run.path("s.json").exists() { run.json("s.json") } else { Value::Null };
    let listed = |document: &Value| {
        let outputs = document["outputs"].as_array().into_iter().flatten();
        outputs.map(|output| json!([output["path"], output["sha256"], output["rows"], output["resource"]])).collect()
    };
    (changes(run, "ch.ndjson"), facts["changes"].clone(), listed(&facts), listed(&summary))
}

/// Copies a folder with everything in it.
fn copy(from: &std::path::Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp").arg("-a").arg(from.join(".")).arg(to.path()).status();
    assert!(copied.unwrap().success());
    to
}

/// Runs the command to its end on a copy of the folder, then ends it after each number of renames on other copies, and
/// checks that the run after it publishes the same. Returns the number of renames.
fn check_every_interruption(start: &Finished, url: &str, flags: &[&str], manifest: &str) -> u32 {
    let at_start = || run_in(copy(&start.path("")));
    let whole = at_start().contacts(url, flags).finish().expect_code(0);
    let expected = published(&whole, manifest);
    for renames in 1.. {
        for end in [kill_after, fail_after] {
            let ended = end(renames, at_start().contacts(url, flags)).finish();
            if ended.code == Some(0) {
                assert_eq!(published(&ended, manifest), expected);
                return renames - 1;
            }
            assert!(matches!(ended.code, None | Some(7)), "{ended:?}");
            let resumed = ended.again().contacts(url, flags).finish().expect_code(0);
            assert_eq!(published(&resumed, manifest), expected, "after {renames} renames");
            assert_eq!(resumed.json(manifest)["changes"], expected.1);
            let left: Vec<_> = resumed.files().into_iter().filter(|name| name.starts_with('.')).collect();
            assert_eq!(left, [] as [&str; 0], "after {renames} renames");
            let unchanged = resumed.again().contacts(url, flags).finish();
            let unchanged = unchanged.expect_code(if flags.contains(&"99") { 99 } else { 0 });
            assert_eq!(unchanged.json(manifest)["changes"]["changed"], 0);
        }
    }
    unreachable!("a run renames a limited number of files")
}

#[test]
fn changes_survive_an_end_after_any_file() {
    let simulator = simulator(120);
    let run = sent_export().contacts(&simulator.base_url(), OUTPUTS).finish().expect_code(0);
    move_on(&simulator);
    let manifest = "_c.ndjson.manifest.json";
    let renames = check_every_interruption(&run, &simulator.base_url(), OUTPUTS, manifest);
    assert_eq!(renames, 7, "the record, history, changes, two outputs, the summary and the manifest");
}
