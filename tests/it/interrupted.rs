//! Runs that end while they publish, after every file that they rename: the next run loses no changes and no gate.
//!
//! `refusing.c` kills a run, or fails its next call, after a number of renames: the record of the publication comes first,
//! then the history, the changes, the outputs, and the manifest last.

#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sent_export::simulator::{Messaging, Settings, Simulator, Until};
use serde_json::{Value, json};

use crate::support::{Finished, Run, preloaded, run_in, sent_export, simulator};

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

/// What a run publishes, without the times and ids of the run: the changes, what its manifest says, and the files that its
/// manifest and its summary list.
fn published(run: &Finished, manifest: &str) -> (BTreeMap<String, String>, Value) {
    let facts = run.json(manifest);
    let summary = if run.path("s.json").exists() { run.json("s.json") } else { Value::Null };
    let listed = |document: &Value| -> Value {
        let outputs = document["outputs"].as_array().into_iter().flatten();
        outputs.map(|output| json!([output["path"], output["sha256"], output["rows"], output["resource"]])).collect()
    };
    let said = ["changes", "rows", "verdict"].map(|name| facts[name].clone());
    let evidence = facts["evidence"].as_array().unwrap().iter().map(|line| line["code"].clone());
    (changes(run, "ch.ndjson"), json!([said, evidence.collect::<Value>(), listed(&facts), listed(&summary)]))
}

/// Copies a folder with everything in it.
fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to.path()).status();
    assert!(copied.unwrap().success());
    to
}

/// Runs a command to its end on a copy of the folder, then ends it after each number of renames on other copies, and checks
/// that the run after it publishes the same. Returns the number of renames.
fn check_every_end(start: &Finished, command: &dyn Fn(Run) -> Run, manifest: &str) -> u32 {
    let at_start = || run_in(copy(&start.path("")));
    let expected = published(&command(at_start()).finish().expect_code(0), manifest);
    for renames in 1.. {
        for end in [kill_after, fail_after] {
            let ended = end(renames, command(at_start())).finish();
            if ended.code == Some(0) {
                assert_eq!(published(&ended, manifest), expected);
                return renames - 1;
            }
            assert!(matches!(ended.code, None | Some(7)), "{ended:?}");
            let resumed = command(ended.again()).finish();
            assert_eq!(resumed.code, Some(0), "after {renames} renames{resumed:?}");
            assert_eq!(published(&resumed, manifest), expected, "after {renames} renames{resumed:?}");
            assert_eq!(hidden(&resumed.path("")), [] as [PathBuf; 0], "after {renames} renames");
            let run = resumed.again().args(["verify", manifest]).finish().expect_code(0);
            drop(command(run.again()).finish().expect_code(99));
        }
    }
    unreachable!("a run renames a limited number of files")
}

/// The hidden files in a folder, at any depth.
fn hidden(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => found.extend(hidden(&path)),
            path if entry.file_name().as_encoded_bytes().starts_with(b".") => found.push(path),
            _ => {}
        }
    }
    found
}

const CHANGES: &[&str] = &["--changes", "ch.ndjson", "--exit-code-unchanged", "99", "--quiet"];

/// Exports twice, with changes in between, where the second run ends after every number of renames.
fn check_contacts(flags: &[&str], manifest: &str) -> u32 {
    let simulator = simulator(250);
    let command = |run: Run| run.contacts(&simulator.base_url(), &[flags, CHANGES].concat());
    let run = command(sent_export()).finish().expect_code(0);
    move_on(&simulator);
    check_every_end(&run, &command, manifest)
}

#[test]
fn changes_survive_an_end_after_any_file() {
    let flags = ["-o", "c.ndjson", "-o", "c.parquet", "--history", "h", "--summary", "s.json"];
    let renames = check_contacts(&flags, "_c.ndjson.manifest.json");
    assert_eq!(renames, 7, "the record, history, changes, two outputs, the summary and the manifest");
}

#[test]
fn changes_survive_an_end_between_the_files_of_one_output() {
    let renames = check_contacts(&["-o", "c.csv", "--max-rows-per-file", "100"], "_c.csv.manifest.json");
    assert_eq!(renames, 6, "the record, changes, three parts and the manifest");
    let renames = check_contacts(&["-o", "d", "--partition-by", "opt_out"], "d/_opt_out.manifest.json");
    assert!(renames >= 5, "the record, changes, at least two files and the manifest, but {renames}");
}

#[test]
fn removals_that_were_confirmed_stay_so() {
    check_contacts(&["-o", "c.csv", "--confirm-removed"], "_c.csv.manifest.json");
}

#[test]
fn changes_of_days_that_a_run_continues_survive() {
    let messaging = Messaging { count: 300, until: Until::Now, ..Messaging::default() };
    let simulator = Simulator::start(Settings { contacts: 50, messaging, ..Settings::default() }).unwrap();
    let flags = ["-o", "m", "--partition-by", "created_date", "--since-last", "--reread", "3d"];
    let command = |run: Run| run.messages(&simulator.base_url(), &[&flags, CHANGES].concat());
    let run = command(sent_export()).finish().expect_code(0);
    simulator.pass_time(Duration::from_secs(60 * 60), 20);
    let renames = check_every_end(&run, &command, "m/_created_date.manifest.json");
    assert!(renames >= 4, "{renames}");
}

#[test]
fn changes_survive_an_end_of_a_run_whose_paths_no_other_run_has() {
    let simulator = simulator(150);
    for (more, is_first) in [(&[][..], false), (&["--keep", "1"], false), (&["--history", "h"], false), (&[], true)] {
        let flags = [&["-o", "e/{run_id}/c.ndjson", "--state-dir", "state"], more, CHANGES].concat();
        let command = |run: Run| run.contacts(&simulator.base_url(), &flags);
        let mut start = sent_export().args(["contacts", "--help"]).finish();
        if !is_first {
            start = command(start.again()).finish().expect_code(0);
            move_on(&simulator);
        }
        let at_start = || run_in(copy(&start.path("")));
        let expected = changes(&command(at_start()).finish().expect_code(0), "ch.ndjson");
        'ends: for renames in 1.. {
            for end in [kill_after, fail_after] {
                let ended = end(renames, command(at_start())).finish();
                if ended.code == Some(0) {
                    assert_eq!(changes(&ended, "ch.ndjson"), expected);
                    // Without a record, which is in another folder, the run goes on.
                    if renames == 1 {
                        continue;
                    }
                    assert!(renames > 4, "the record, changes, an output and the manifest, but {renames}");
                    break 'ends;
                }
                assert!(matches!(ended.code, None | Some(7)), "{ended:?}");
                let resumed = command(ended.again()).finish().expect_code(0);
                assert_eq!(changes(&resumed, "ch.ndjson"), expected, "after {renames} renames{resumed:?}");
                assert_eq!(hidden(&resumed.path("")), [] as [PathBuf; 0], "after {renames} renames");
                let run = resumed.again().args(["verify", "e"]).finish().expect_code(0);
                drop(command(run.again()).finish().expect_code(99));
            }
        }
    }
}

#[test]
fn the_first_export_stays_the_first() {
    let simulator = simulator(60);
    let command =
        |run: Run| run.contacts(&simulator.base_url(), &[&["-o", "c.csv", "--history", "h"], CHANGES].concat());
    let nothing = sent_export().args(["contacts", "--help"]).finish();
    check_every_end(&nothing, &command, "_c.csv.manifest.json");
}

#[test]
fn a_history_tells_the_rows_of_each_run_after_an_end_in_between() {
    let simulator = simulator(120);
    let flags = ["-o", "c.ndjson", "--history", "h"];
    let command = |run: Run| run.contacts(&simulator.base_url(), &[&flags, CHANGES].concat());
    let state = |run: Finished, time: &str| {
        let run = run.again().args(["diff", "h", "--as-of", time, "-o", "state.ndjson", "-q"]).finish();
        let run = run.expect_code(0);
        let (ids, text) = (ids(&run, "state.ndjson"), ids(&run, "c.ndjson"));
        (run, ids, text)
    };
    for renames in 1..=5 {
        let run = command(sent_export()).finish().expect_code(0);
        simulator.create(3);
        let run = command(kill_after(renames, run.again())).finish();
        assert_eq!(run.code, None, "{run:?}");
        let run = command(run.again()).finish().expect_code(0);
        let (run, then, now) = state(run, "2100-01-01");
        assert_eq!(then, now, "after {renames} renames");
        simulator.create(1);
        let run = command(run.again()).finish().expect_code(0);
        let (_, then, now) = state(run, "2100-01-01");
        assert_eq!(then, now, "after {renames} renames");
    }
}

/// The ids in an NDJSON file.
fn ids(run: &Finished, name: &str) -> BTreeSet<String> {
    let text = String::from_utf8(read(run, name)).unwrap();
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    text.lines().map(id).collect()
}

#[test]
fn max_shrink_compares_with_the_export_before_the_interrupted_one() {
    let (large, small) = (simulator(400), simulator(100));
    for renames in 1..=3 {
        let run = sent_export().contacts(&large.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
        let run = kill_after(renames, run.again().contacts(&large.base_url(), &["-o", "c.csv"])).finish();
        assert_eq!(run.code, None, "{run:?}");
        let flags = ["-o", "c.csv", "--max-shrink", "20%", "--quiet"];
        // The gate holds however often it fails.
        let run = run.again().contacts(&small.base_url(), &flags).finish().expect_code(8);
        let run = run.again().contacts(&small.base_url(), &flags).finish().expect_code(8);
        let run = run.expect_stderr("100 contacts, down from 400");
        drop(run.again().contacts(&large.base_url(), &flags).finish().expect_code(0));
    }
}

#[test]
fn changes_that_cannot_be_kept_are_compared_with_what_is_in_place_or_warned_of() {
    let simulator = simulator(120);
    let flags = [&["-o", "c.ndjson", "-o", "c.parquet", "--max-rows-per-file", "100"], CHANGES].concat();
    let command = |run: Run| run.contacts(&simulator.base_url(), &flags);
    let run = command(sent_export()).finish().expect_code(0);
    move_on(&simulator);
    // The record, the changes, and three parts of four.
    for (renames, is_lost) in [(2, false), (3, true), (5, true), (7, false)] {
        let ended = command(kill_after(renames, run_in(copy(&run.path(""))))).finish();
        assert_eq!(ended.code, None, "{ended:?}");
        let fresh = command(ended.again()).args(["--fresh"]).finish();
        let warning = "its changes are replaced, and cannot be compared again";
        assert_eq!(fresh.stderr.contains(warning), is_lost, "after {renames} renames{fresh:?}");
        if renames == 2 {
            assert_eq!(changes(&fresh.expect_code(0), "ch.ndjson").len(), 19);
        }
    }
}
