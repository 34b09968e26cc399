//! Changes in the lists of several profiles, two of which have contacts with the same ids.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::choice::{asked_profile, identity};
use super::{ASKED, OTHER, manifest};
#[cfg(target_os = "linux")]
use crate::support::preloaded;
use crate::support::{Answer, Asked, Finished, Run, ScriptedServer, sent_export};

/// Flags of an export with an output, changes and a history for each profile.
const OUTPUT_FOR_EACH: &[&str] = &[
    "-o",
    "{profile_name}/c.csv",
    "--profiles",
    "all",
    "--changes",
    "{profile_name}/ch.csv",
    "--history",
    "{profile_name}/h",
    "--exit-code-unchanged",
    "99",
    "-q",
];

/// The number that stands for an item without an id.
const WITHOUT_ID: u32 = 99;

const PROFILES: &[(&str, &str)] = &[(OTHER, "North"), (ASKED, "South")];

/// An organization with the profiles North and South, which have the same three contacts on day 1.
///
/// | day | change |
/// |---|---|
/// | 2 | South lacks a contact, the next one has another region, and there is a new one |
/// | 3 | South's list is refused |
/// | 4 | North lacks a contact, then the key is refused for South |
/// | 5 | the key is accepted again |
/// | 6 | South's list is empty |
/// | 7 | South lacks a contact, and an item of North's list has no id |
/// | 8 | North's list is refused |
fn server(day: &Arc<AtomicU32>) -> ScriptedServer {
    let day = Arc::clone(day);
    ScriptedServer::start(move |_, head| {
        let Some(profile) = asked_profile(head) else { return Answer::ok(identity(PROFILES)) };
        let (day, asked) = (day.load(Ordering::SeqCst), Asked::by(head));
        let ids: &[u32] = match (profile.as_str(), day) {
            (ASKED, 3) | (OTHER, 8) => return Answer::error(403, "AUTH_004"),
            (ASKED, 4) => return Answer::error(401, "AUTH_002"),
            (ASKED, 2) => &[1, 2, 7],
            (ASKED, 6) => &[],
            (OTHER, 4 | 5) => &[0, 1],
            (ASKED, 7) => &[1, 2],
            (_, 7) => &[0, 1, WITHOUT_ID],
            _ => &[0, 1, 2],
        };
        let contact = |id: &u32| {
            let region = if profile == ASKED && day == 2 && *id == 1 { "FR" } else { "US" };
            let id = (*id != WITHOUT_ID).then(|| format!("00000000-0000-4000-8000-{id:012}"));
            json!({"id": id, "region_code": region, "phone_number": "+12025550123", "customer_id": profile})
        };
        let contacts: Vec<Value> = ids.iter().map(contact).filter(|_| asked.is_first()).collect();
        let pagination = json!({"page": asked.page, "page_size": asked.size, "total_count": ids.len(), "total_pages": 1,
            "has_more": false, "cursors": null});
        Answer::ok(
            json!({"success": true, "data": {"contacts": contacts, "pagination": pagination}, "error": null,
            "meta": {"request_id": "req_1", "timestamp": "2026-01-01T00:00:00Z", "version": "v3"}})
            .to_string(),
        )
    })
}

/// Profile, number of the id, and change of each row of changes in CSV.
fn changes(run: &Finished, name: &str) -> Vec<(String, u32, String)> {
    let mut reader = csv::Reader::from_path(run.path(name)).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..3], ["id", "profile_id", "change"], "{run:?}");
    let name = |id: &str| PROFILES.iter().find(|(known, _)| *known == id).unwrap().1.to_owned();
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| (name(&row[1]), row[0][24..].parse().unwrap(), row[2].to_owned())).collect()
}

fn change(profile: &str, id: u32, change: &str) -> (String, u32, String) {
    (profile.to_owned(), id, change.to_owned())
}

/// Rows of an NDJSON file by profile and id.
fn rows(run: &Finished, name: &str) -> BTreeMap<(String, String), Value> {
    let text = fs::read_to_string(run.path(name)).unwrap();
    let text_of = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let row = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    text.lines().map(row).map(|row| ((text_of(&row, "profile_id"), text_of(&row, "id")), row)).collect()
}

#[test]
fn rows_are_matched_by_their_profiles_and_ids() {
    let day = Arc::new(AtomicU32::new(1));
    let server = server(&day);
    let flags = ["-o", "c.ndjson", "--profiles", "all", "--changes", "ch.csv", "--history", "h", "-q"];
    let export = |run: Run, code: i32| run.contacts(&server.url(), &flags).finish().expect_code(code);
    let run = export(sent_export(), 0);
    assert_eq!(changes(&run, "ch.csv").len(), 6, "all are new");
    assert!(changes(&run, "ch.csv").is_sorted_by_key(|(profile, id, _)| (*id, profile.clone())), "by id, then profile");
    fs::copy(run.path("c.ndjson"), run.path("monday.ndjson")).unwrap();

    day.store(2, Ordering::SeqCst);
    let run = export(run.again(), 0);
    let wanted = [change("South", 0, "removed"), change("South", 1, "changed"), change("South", 7, "added")];
    assert_eq!(changes(&run, "ch.csv"), wanted);
    let counts = &manifest(&run, "_c.ndjson.manifest.json")["changes"];
    let found = ["added", "changed", "removed", "missing", "unchanged"].map(|name| counts[name].as_u64().unwrap());
    assert_eq!(found, [1, 1, 1, 0, 4]);
    fs::copy(run.path("c.ndjson"), run.path("tuesday.ndjson")).unwrap();

    // Two files are compared the same way, to the same bytes.
    let run = run.again().args(["diff", "monday.ndjson", "tuesday.ndjson", "-o", "d.csv"]).finish().expect_code(0);
    assert_eq!(fs::read(run.path("d.csv")).unwrap(), fs::read(run.path("ch.csv")).unwrap());
    let run = run.expect_stderr("Removed    1\n  Unchanged  4\n");

    // Rows of a profile that cannot be read are missing, while rows that another profile lacks would be removed.
    day.store(3, Ordering::SeqCst);
    let run = export(run.again(), 3);
    assert_eq!(changes(&run, "ch.csv"), [1, 2, 7].map(|id| change("South", id, "missing")));
    assert_eq!(manifest(&run, "_c.ndjson.manifest.json")["changes"]["removed"], 0);

    // The history has the state of each day, including the profile column.
    let mut files: Vec<_> = fs::read_dir(run.path("h")).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    let time = |file: &std::ffi::OsString| {
        let time = file.to_str().unwrap().strip_prefix("changes-").unwrap().split('Z').next().unwrap().to_owned();
        format!("{}-{}-{}T{}:{}:{}Z", &time[..4], &time[4..6], &time[6..8], &time[9..11], &time[11..13], &time[13..])
    };
    let run = run.again().args(["diff", "h", "--as-of", &time(&files[1]), "-o", "s.ndjson"]).finish().expect_code(0);
    let (state, mut tuesday) = (rows(&run, "s.ndjson"), rows(&run, "tuesday.ndjson"));
    // Names of profiles are not part of a history, so a renamed profile does not change its contacts.
    for row in tuesday.values_mut() {
        row.as_object_mut().unwrap().remove("profile_name");
    }
    assert_eq!(state, tuesday);
    let run = run.again().args(["diff", "h", "--as-of", &time(&files[2]), "-o", "s.ndjson"]).finish().expect_code(0);
    assert_eq!(rows(&run, "s.ndjson").len(), 3, "those of North");
}

#[test]
fn a_profile_that_is_empty_or_failed_has_changes_in_a_dataset_by_profile() {
    let day = Arc::new(AtomicU32::new(1));
    let server = server(&day);
    let flags = ["-o", "d", "--partition-by", "profile_id", "--profiles", "all", "--changes", "ch.csv", "-q"];
    let flags = [&flags[..], &["--exit-code-unchanged", "99"]].concat();
    let export = |run: Run, code: i32| run.contacts(&server.url(), &flags).finish().expect_code(code);
    let run = export(sent_export(), 0);
    day.store(6, Ordering::SeqCst);
    let run = export(run.again(), 0);
    assert_eq!(changes(&run, "ch.csv"), [0, 1, 2].map(|id| change("South", id, "removed")));
    let run = export(run.again(), 99);
    day.store(1, Ordering::SeqCst);
    let run = export(run.again(), 0);
    assert_eq!(changes(&run, "ch.csv"), [0, 1, 2].map(|id| change("South", id, "added")));
    day.store(3, Ordering::SeqCst);
    let run = export(run.again(), 3);
    assert_eq!(changes(&run, "ch.csv"), [0, 1, 2].map(|id| change("South", id, "missing")));
}

#[test]
fn a_rejected_item_makes_only_its_own_profile_uncertain() {
    let day = Arc::new(AtomicU32::new(1));
    let server = server(&day);
    let flags = ["-o", "c.csv", "--profiles", "all", "--changes", "ch.csv", "-q"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    fs::copy(run.path("c.csv"), run.path("monday.csv")).unwrap();
    day.store(7, Ordering::SeqCst);
    let run = run.again().contacts(&server.url(), &flags).finish().expect_code(0);
    assert_eq!(changes(&run, "ch.csv"), [change("South", 0, "removed"), change("North", 2, "missing")]);
    let facts = manifest(&run, "_c.csv.manifest.json");
    let rejected = facts["profiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|profile| (profile["name"].as_str().unwrap(), profile["items_rejected"].as_u64().unwrap()));
    assert_eq!(rejected.collect::<BTreeMap<_, _>>(), BTreeMap::from([("North", 1), ("South", 0)]));
    let run = run.again().args(["diff", "monday.csv", "c.csv", "-o", "d.csv", "-q"]).finish().expect_code(0);
    assert_eq!(fs::read(run.path("d.csv")).unwrap(), fs::read(run.path("ch.csv")).unwrap());
}

#[test]
fn each_profile_has_its_own_changes_and_nothing_changed_has_an_exit_code() {
    let day = Arc::new(AtomicU32::new(1));
    let server = server(&day);
    let export = |run: Run, code: i32| run.contacts(&server.url(), OUTPUT_FOR_EACH).finish().expect_code(code);
    let run = export(sent_export(), 0);
    let run = export(run.again(), 99);
    day.store(2, Ordering::SeqCst);
    let run = export(run.again(), 0);
    assert_eq!(changes(&run, "South/ch.csv").len(), 3);
    assert_eq!(changes(&run, "North/ch.csv").len(), 0);
    assert_eq!(fs::read_dir(run.path("South/h")).unwrap().count(), 3);

    let mixed = ["-o", "{profile_name}.csv", "--profiles", "all", "--changes", "ch.csv"];
    let run = sent_export().contacts(&server.url(), &mixed).finish().expect_code(2);
    run.expect_stderr("{profile_name}.csv is written for each profile, but ch.csv for all of them");
}

#[test]
fn an_export_without_the_column_of_the_profile_cannot_be_compared() {
    let day = Arc::new(AtomicU32::new(1));
    let server = server(&day);
    let flags = ["-o", "c.csv", "--profiles", "all", "-q"];
    let with = |more: &[&'static str]| [&flags[..], more].concat();
    let refused = with(&["--changes", "ch.csv", "--drop", "profile_id"]);
    let run = sent_export().contacts(&server.url(), &refused).finish().expect_code(2);
    let run = run.expect_stderr("changes need the column profile_id, which is not written");
    let run = run.again().contacts(&server.url(), &with(&["--drop", "profile_id"])).finish().expect_code(0);
    let run = run.again().contacts(&server.url(), &with(&["--changes", "ch.csv"])).finish().expect_code(2);
    run.expect_stderr("no column profile_id in ./c.csv");
}

#[test]
fn profiles_that_fail_in_different_runs_are_compared_as_one_organization() {
    let day = Arc::new(AtomicU32::new(3));
    let server = server(&day);
    let flags = ["-o", "c.csv", "--profiles", "all", "--changes", "ch.csv", "--history", "h", "-q"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(3);
    day.store(8, Ordering::SeqCst);
    // No contact is in both exports, but both manifests name both profiles.
    let run = run.again().contacts(&server.url(), &flags).finish().expect_code(3);
    let expected = (0..3).flat_map(|id| [change("North", id, "missing"), change("South", id, "added")]);
    assert_eq!(BTreeSet::from_iter(changes(&run, "ch.csv")), expected.collect());
}

#[test]
fn a_resumed_run_keeps_the_changes_of_profiles_that_are_published() {
    let day = Arc::new(AtomicU32::new(1));
    let server = server(&day);
    let export = |run: Run, code: i32| run.contacts(&server.url(), OUTPUT_FOR_EACH).finish().expect_code(code);
    let run = export(sent_export(), 0);
    day.store(4, Ordering::SeqCst);
    let mut run = export(run.again(), 6);
    let removed = [change("North", 2, "removed")];
    assert_eq!(changes(&run, "North/ch.csv"), removed);
    let before = fs::read(run.path("North/ch.csv")).unwrap();
    let facts = |run: &Finished| {
        let manifest = manifest(run, "North/_c.csv.manifest.json");
        ["changes", "outputs", "history"].map(|name| manifest[name].clone())
    };
    let facts_before = facts(&run);
    // However often the run ends early, no change is lost.
    for (today, code) in [(4, 6), (5, 0)] {
        day.store(today, Ordering::SeqCst);
        run = export(run.again(), code);
        assert_eq!(fs::read(run.path("North/ch.csv")).unwrap(), before);
        assert_eq!(facts(&run), facts_before);
    }
    assert_eq!(changes(&run, "South/ch.csv").len(), 0);
    for folder in ["North/h", "South/h"] {
        assert_eq!(
            fs::read_dir(run.path(folder)).unwrap().count(),
            2,
            "one for each day on which every profile was read"
        );
    }
    let run = run.again().args(["verify", "North/c.csv", "North/ch.csv"]).finish().expect_code(0);
    let run = export(run.again(), 99);
    assert_eq!(changes(&run, "North/ch.csv").len(), 0);
}

#[test]
fn changes_that_the_interrupted_run_did_not_write_are_compared() {
    let day = Arc::new(AtomicU32::new(4));
    let server = server(&day);
    let flags = ["-o", "{profile_name}.csv", "--profiles", "all", "-q"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(6);
    day.store(5, Ordering::SeqCst);
    let more = [&flags[..], &["--changes", "ch-{profile_name}.csv"]].concat();
    let run = run.again().contacts(&server.url(), &more).finish().expect_code(0);
    assert_eq!((changes(&run, "ch-North.csv").len(), changes(&run, "ch-South.csv").len()), (0, 3));
}

#[cfg(target_os = "linux")]
#[test]
fn changes_of_all_profiles_in_one_file_survive_a_run_that_is_killed_while_it_publishes() {
    let day = Arc::new(AtomicU32::new(1));
    let server = server(&day);
    let flags = ["-o", "c.csv", "--profiles", "all", "--changes", "ch.csv", "--exit-code-unchanged", "99", "-q"];
    // The record, the changes, the output and the manifest.
    for renames in 1..=4 {
        day.store(1, Ordering::SeqCst);
        let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
        day.store(2, Ordering::SeqCst);
        let run = preloaded(run.again()).env("KILL_AFTER_RENAMES", Some(&renames.to_string()));
        let run = run.contacts(&server.url(), &flags).finish();
        assert_eq!(run.code, None, "{run:?}");
        let run = run.again().contacts(&server.url(), &flags).finish().expect_code(0);
        let wanted = [change("South", 0, "removed"), change("South", 1, "changed"), change("South", 7, "added")];
        assert_eq!(changes(&run, "ch.csv"), wanted, "after {renames} renames");
        let counts = &manifest(&run, "_c.csv.manifest.json")["changes"];
        assert_eq!(["added", "changed", "removed"].map(|name| counts[name].as_u64().unwrap()), [1, 1, 1]);
        drop(run.again().contacts(&server.url(), &flags).finish().expect_code(99));
    }
}
