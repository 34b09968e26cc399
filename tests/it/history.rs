//! Histories, and the states that can be rebuilt from them.

use std::collections::BTreeMap;

use sent_export::simulator::Simulator;
use serde_json::Value;

use crate::support::{Finished, MANIFEST_SCHEMA, Run, assert_valid, run_in, sent_export, simulator};

/// Rows of an NDJSON file by id.
fn rows(run: &Finished, name: &str) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(run.path(name)).unwrap_or_else(|error| panic!("{name}: {error}{run:?}"));
    let parsed = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    parsed.map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect()
}

/// The files of a history, oldest first.
fn history(run: &Finished, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(run.path(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn export(run: Run, simulator: &Simulator, more: &[&str]) -> Finished {
    let args = ["-o", "contacts.ndjson", "--history", "history", "--quiet"];
    run.contacts(&simulator.base_url(), &args).args(more).finish()
}

/// The time from which the state in a file of a history is valid, in the form that a flag accepts.
fn time_of(name: &str) -> String {
    let time = name.strip_prefix("changes-").unwrap().split_once('-').unwrap().0;
    let (day, clock) = time.split_once('T').unwrap();
    let (clock, fraction) = clock.trim_end_matches('Z').split_once('.').unwrap();
    format!("{}-{}-{}T{}:{}:{}.{fraction}Z", &day[..4], &day[4..6], &day[6..], &clock[..2], &clock[2..4], &clock[4..])
}

fn as_of(run: Finished, time: &str, output: &str) -> Finished {
    run.again().args(["diff", "history", "--as-of", time, "-o", output]).finish()
}

/// Applies the changes of one day.
fn move_on(simulator: &Simulator, day: u32) {
    simulator.create(day % 5);
    assert!(simulator.delete_at(day * 7 % 100));
    for position in (day..150).step_by(11) {
        assert!(simulator.update_at(position));
    }
}

#[test]
fn each_of_ten_days_is_rebuilt() {
    let simulator = simulator(200);
    let mut run = sent_export().args(["contacts", "--help"]).finish();
    for day in 0..10 {
        // A day without changes counts, too.
        if day % 4 != 3 {
            move_on(&simulator, day);
        }
        // A run without the flag leaves no gap.
        if day == 5 {
            let plain = ["-o", "contacts.ndjson", "--quiet"];
            run = run.again().contacts(&simulator.base_url(), &plain).finish().expect_code(0);
            continue;
        }
        run = export(run.again(), &simulator, &["--changes", "changes.parquet"]).expect_code(0);
        let manifest = run.json("_contacts.ndjson.manifest.json");
        assert_valid(&manifest, MANIFEST_SCHEMA);
        let newest = history(&run, "history").pop().unwrap();
        assert_eq!(manifest["history"]["path"], format!("history/{newest}"));
        assert_eq!(manifest["outputs"].as_array().unwrap().len(), 2);
        std::fs::copy(run.path("contacts.ndjson"), run.path(&format!("day-{newest}.ndjson"))).unwrap();
    }
    let files = history(&run, "history");
    assert_eq!(files.len(), 9);
    for file in &files {
        run = as_of(run, &time_of(file), "state.ndjson").expect_code(0);
        let (state, kept) = (rows(&run, "state.ndjson"), rows(&run, &format!("day-{file}.ndjson")));
        assert_eq!(state, kept, "{file}");
        let text = std::fs::read_to_string(run.path("state.ndjson")).unwrap();
        assert!(text.lines().is_sorted(), "sorted by id, the first column");
    }
    // Any format works, and a date means the end of that day.
    let today = &time_of(&files[8])[..10];
    let run = as_of(run, today, "state.parquet").expect_code(0).expect_stderr("from 9 files of the history\n");
    let diff = ["diff", "state.parquet", "contacts.ndjson", "--exit-code-unchanged", "99"];
    let run = run.again().args(diff).finish().expect_code(99);
    let run = as_of(run, "2020-01-01", "x.csv").expect_code(2).expect_stderr("error: the history begins at ");
    let run = as_of(run, &time_of(&files[0]), &format!("history/{}", files[0])).expect_code(2);
    let run = run.expect_stderr("would overwrite one of the files");
    // A missing file is detected, whichever one it is.
    for missing in [0, 4] {
        let path = run.path(&format!("history/{}", files[missing]));
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let copy = run.path("");
        let args = ["diff", "history", "--as-of", today];
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(copy.join("history"), folder.path().join("history")).unwrap();
        drop(run_in(folder).args(args).finish().expect_code(2).expect_stderr("error: the history has a gap before "));
        std::fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn a_run_that_is_killed_while_publishing_leaves_no_gap() {
    let simulator = simulator(150);
    let run = export(sent_export(), &simulator, &[]).expect_code(0);
    let before = std::fs::read(run.path("contacts.ndjson")).unwrap();
    move_on(&simulator, 1);
    let run = export(run.again(), &simulator, &[]).expect_code(0);
    // The file of the history was published first; the outputs are those of the previous run and have no manifest.
    std::fs::write(run.path("contacts.ndjson"), before).unwrap();
    std::fs::remove_file(run.path("_contacts.ndjson.manifest.json")).unwrap();
    move_on(&simulator, 2);
    let run = export(run.again(), &simulator, &[]).expect_code(0);
    let newest = history(&run, "history").pop().unwrap();
    let run = as_of(run, &time_of(&newest), "state.ndjson").expect_code(0);
    assert_eq!(rows(&run, "state.ndjson"), rows(&run, "contacts.ndjson"));
    // The opposite case: the file of the history is missing.
    std::fs::remove_file(run.path(&format!("history/{newest}"))).unwrap();
    move_on(&simulator, 3);
    let run = export(run.again(), &simulator, &[]).expect_code(0);
    let newest = history(&run, "history").pop().unwrap();
    let run = as_of(run, &time_of(&newest), "state.ndjson").expect_code(0);
    assert_eq!(rows(&run, "state.ndjson"), rows(&run, "contacts.ndjson"));
}

#[test]
fn columns_that_are_added_and_removed_keep_the_values_of_each_day() {
    let simulator = simulator(160);
    let all = "id,phone_number,opt_out,region_code,updated_at";
    let mut run = sent_export().args(["contacts", "--help"]).finish();
    let mut kept = Vec::new();
    for (day, columns) in
        [all, "id,opt_out", "id,opt_out,phone_number,updated_at", "id,opt_out", all].iter().enumerate()
    {
        move_on(&simulator, u32::try_from(day).unwrap());
        run = export(run.again(), &simulator, &["--columns", columns]).expect_code(0);
        kept.push((history(&run, "history").pop().unwrap(), rows(&run, "contacts.ndjson")));
    }
    for (file, rows_of_day) in kept {
        run = as_of(run, &time_of(&file), "state.ndjson").expect_code(0);
        assert_eq!(rows(&run, "state.ndjson"), rows_of_day, "{file}");
    }
}

#[test]
fn a_history_of_other_rows_is_refused_before_the_first_request() {
    let simulator = simulator(50);
    let run = export(sent_export(), &simulator, &[]).expect_code(0);
    let requests = simulator.statistics().requests;
    let other = ["-o", "other.csv", "--history", "history"];
    let run = run.again().contacts(&simulator.base_url(), &other).args(["--channel", "sms"]).finish().expect_code(2);
    let run = run.expect_stderr("error: cannot compare with history: it has different filters: none, but this run");
    let run = run.again().messages(&simulator.base_url(), &other).finish().expect_code(2);
    let run = run.expect_stderr("it has different rows: contacts, but this run messages");
    let last = ["-o", "m/", "--partition-by", "created_date", "--since-last", "--history", "h"];
    let run = run.again().messages(&simulator.base_url(), &last).finish().expect_code(2);
    let run = run.expect_stderr("--history needs the whole list, and --since-last reads a part of it");
    assert_eq!(simulator.statistics().requests, requests);
    // Another output may add to the same history.
    let run = run.again().contacts(&simulator.base_url(), &other).finish().expect_code(0);
    assert_eq!(history(&run, "history").len(), 2);
    let run = run.again().args(["diff", "nothing/", "--as-of", "2026-01-01"]).finish().expect_code(2);
    run.expect_stderr("error: no history in folder: nothing/");
}
