//! Runs over profiles that programs monitor: one run for all profiles, and an event for each profile with separate outputs.

use std::process::Command;

use sent_export::simulator::Settings;
use serde_json::{Value, json};

use super::choice::{asked_profile, identity, server_of};
use super::{ASKED, CONTACTS, OTHER, manifest, organization, profile_ids};
use crate::support::{Answer, Asked, Finished, ScriptedServer, run_in, sent_export, wait_until};
use crate::watching::{events, log};

/// The only line of the run log.
#[track_caller]
fn record(run: &Finished) -> Value {
    let text = std::fs::read_to_string(run.path("runs.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 1, "one command is one run: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The value of a metric, regardless of its labels.
fn metric(run: &Finished, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(run.path("run.prom")).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("sent_export_{name}{{")))?;
    line.rsplit(' ').next().unwrap().parse().ok()
}

const WATCHED: [&str; 6] = ["--log-format", "json", "--runs", "runs.jsonl", "--metrics", "run.prom"];

#[test]
fn a_shared_output_is_one_run_that_names_the_failed_profile() {
    let server = organization(|settings| settings);
    let failing = server.profile_ids()[1].to_string();
    server.add_fault("AUTH_004 profile=2 on=list".parse().unwrap());
    let flags = [&["-o", "c.csv", "--profiles", "all"][..], &WATCHED].concat();
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(3);
    let lines = log(&run, &[]);
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!((&first["event"], &last["event"]), (&json!("run_started"), &json!("run_finished")));
    assert_eq!((events(&lines, "run_started").len(), events(&lines, "run_finished").len()), (1, 1));
    let [failed] = events(&lines, "profile_failed")[..] else { panic!("{run:?}") };
    assert_eq!((&failed["profile_id"], &failed["exit_code"]), (&json!(failing), &json!(6)));
    assert!(failed["message"].as_str().unwrap().starts_with("cannot read profile Café Señor & Sons: "), "{failed}");
    assert_eq!(events(&lines, "unverified").len(), 1);
    let rows = 2 * CONTACTS;
    let record = record(&run);
    for watched in [last, &record] {
        assert_eq!((&watched["rows"], &watched["verdict"]), (&json!(rows), &json!("unverified")), "{watched}");
        assert_eq!(watched["requests"], json!(server.statistics().requests), "{watched}");
    }
    assert_eq!(record["run_id"], manifest(&run, "_c.csv.manifest.json")["run_id"]);
    assert_eq!((metric(&run, "last_run_rows"), metric(&run, "last_run_exit_code")), (Some(rows.into()), Some(3)));
}

#[test]
fn separate_outputs_are_one_run_with_summed_counts() {
    let server = organization(|settings| settings);
    let chat = ScriptedServer::start(|_, _| Answer::ok("{}"));
    let hook = format!("{}/hook", chat.url());
    let flags = ["-o", "{profile_name}.csv", "--profiles", "all", "--notify", &hook];
    let flags = [&flags[..], &WATCHED].concat();
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let lines = log(&run, &[]);
    assert_eq!((events(&lines, "run_started").len(), events(&lines, "run_finished").len()), (1, 1));
    let finished = events(&lines, "profile_finished");
    let ids: Vec<&str> = finished.iter().map(|line| line["profile_id"].as_str().unwrap()).collect();
    assert_eq!(ids, profile_ids(&server));
    for line in &finished {
        assert_eq!((&line["rows"], &line["verdict"]), (&json!(CONTACTS), &json!("complete")), "{line}");
        assert!(line["message"].as_str().unwrap().contains(line["profile_id"].as_str().unwrap()), "{line}");
    }
    let names = ["Åland_Ferries", "Café_Señor_Sons", "Blue_Yonder"];
    let manifests = names.map(|name| manifest(&run, &format!("_{name}.csv.manifest.json")));
    let bytes: u64 = manifests.iter().map(|manifest| manifest["outputs"][0]["bytes"].as_u64().unwrap()).sum();
    let boundaries: u64 =
        manifests.iter().map(|manifest| manifest["consistency"]["boundaries_verified"].as_u64().unwrap()).sum();
    let record = record(&run);
    for watched in [&lines[lines.len() - 1], &record] {
        assert_eq!((&watched["rows"], &watched["bytes"]), (&json!(3 * CONTACTS), &json!(bytes)), "{watched}");
        assert_eq!((&watched["verdict"], &watched["items_rejected"]), (&json!("complete"), &json!(0)), "{watched}");
        assert_eq!(watched["boundaries_verified"], json!(boundaries), "{watched}");
        assert_eq!(watched["requests"], json!(server.statistics().requests), "{watched}");
    }
    assert_eq!((&record["outputs"], &record["is_published"]), (&json!(["{profile_name}.csv"]), &json!(true)));
    assert_eq!(record["summary"], "complete: 750 contacts of 3 profiles");
    assert_eq!(metric(&run, "last_run_rows"), Some(u64::from(3 * CONTACTS)));
    let posted = chat.requests();
    assert!(posted.len() == 1 && posted[0].starts_with("post /hook "), "{posted:?}");
}

#[test]
fn a_failed_profile_is_an_event_and_makes_the_run_unverified() {
    let server = organization(|settings| settings);
    let failing = server.profile_ids()[1].to_string();
    server.add_fault("RESOURCE_004 profile=2 on=list".parse().unwrap());
    let flags = [&["-o", "{profile_id}.csv", "--profiles", "all", "-q"][..], &WATCHED].concat();
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(3);
    let lines = log(&run, &[]);
    let [failed] = lines.as_slice() else { panic!("{run:?}") };
    assert_eq!((&failed["event"], &failed["level"]), (&json!("profile_failed"), &json!("warn")));
    assert_eq!((&failed["profile_id"], &failed["exit_code"]), (&json!(failing), &json!(4)));
    assert!(failed["message"].as_str().unwrap().contains(&format!("({failing}) was not exported: ")), "{failed}");
    let record = record(&run);
    assert_eq!((&record["verdict"], &record["rows"]), (&json!("unverified"), &json!(2 * CONTACTS)));
    assert_eq!((&record["exit_code"], &record["is_published"]), (&json!(3), &json!(true)));
    // If all fail, the run has failed.
    server.add_fault("AUTH_004 on=list".parse().unwrap());
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(6);
    assert_eq!(events(&log(&run, &[]), "profile_failed").len(), 3);
    let failed = self::record(&run);
    assert_eq!(
        (&failed["verdict"], &failed["rows"], &failed["is_published"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
    assert!(failed["requests"].as_u64().unwrap() >= 4 && failed["error"]["message"].is_string(), "{failed}");
}

#[test]
fn requests_before_the_first_list_count() {
    let server = server_of(&[(ASKED, "North"), (OTHER, "South")]);
    let flags = [&["-o", "c.csv", "--profiles", "East"][..], &WATCHED].concat();
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(2);
    assert_eq!((&record(&run)["requests"], &record(&run)["exit_code"]), (&json!(1), &json!(2)));
}

#[test]
fn a_log_without_a_terminal_has_a_line_for_each_profile() {
    let server = organization(|settings| settings);
    let flags = ["-o", "{profile_name}.csv", "--profiles", "all"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let lines: Vec<&str> = run.stderr.lines().collect();
    let [start, of_profiles @ .., end] = lines.as_slice() else { panic!("{run:?}") };
    assert!(start.starts_with("exporting contacts from ") && start.contains(" to {profile_name}.csv ("), "{start}");
    assert_eq!(*end, "complete: 750 contacts of 3 profiles");
    assert_eq!(of_profiles.len(), 3, "{run:?}");
    assert!(of_profiles.iter().all(|line| line.ends_with("): complete: 250 contacts")), "{run:?}");
    let flags = [&flags[..], &["--show-table"]].concat();
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    assert_eq!(run.stderr.matches("Available channels").count(), 3, "{run:?}");
}

#[test]
fn changes_of_profiles_are_summed_in_one_line() {
    let server = organization(|settings| settings);
    let each = ["-o", "{profile_name}.csv", "--profiles", "all", "--changes", "ch-{profile_name}.csv"];
    let flags = [&each[..], &WATCHED].concat();
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let lines = log(&run, &[]);
    for line in events(&lines, "profile_finished") {
        let text = line["message"].as_str().unwrap();
        assert!(text.ends_with(": complete: 250 contacts; first export: every contact is new"), "{text}");
    }
    let last = &lines[lines.len() - 1];
    assert_eq!([&last["added"], &last["changed"], &last["removed"]], [&json!(3 * CONTACTS), &json!(0), &json!(0)]);
    assert_eq!(record(&run)["changes"], json!({"added": 3 * CONTACTS, "changed": 0, "removed": 0}));
    let run = run.again().contacts(&server.base_url(), &each).finish().expect_code(0);
    assert_eq!(run.stderr.matches(": complete: 250 contacts; changes since ").count(), 3, "{run:?}");
}

/// Checks what is reported about a run that ended after it had published the first profile.
#[track_caller]
fn assert_no_verdict(run: &Finished, rows: u32) {
    let record = record(run);
    assert_eq!((&record["verdict"], &record["rows"]), (&Value::Null, &json!(rows)), "{record}");
    assert_eq!(record["is_published"], json!(true));
    let metrics = std::fs::read_to_string(run.path("run.prom")).unwrap();
    let verdicts: Vec<&str> =
        metrics.lines().filter(|line| line.starts_with("sent_export_last_run_verdict{")).collect();
    assert!(verdicts.len() == 3 && verdicts.iter().all(|line| line.ends_with(" 0")), "{verdicts:?}");
}

#[test]
fn a_run_that_ends_between_profiles_has_no_verdict() {
    let server = ScriptedServer::start(|_, head| match asked_profile(head) {
        None => Answer::ok(identity(&[(OTHER, "North"), (ASKED, "South")])),
        Some(profile) if profile == OTHER => Asked::by(head).answer_of(3),
        Some(_) => Answer::Http(401, Vec::new(), String::new()),
    });
    let flags = [&["-o", "{profile_name}.csv", "--profiles", "all"][..], &WATCHED].concat();
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(6);
    let lines = log(&run, &[]);
    assert_eq!((&lines[lines.len() - 1]["verdict"], &lines[lines.len() - 1]["rows"]), (&Value::Null, &json!(3)));
    assert_no_verdict(&run, 3);
}

#[test]
fn a_run_stopped_between_profiles_does_not_report_unchanged_outputs() {
    let server = organization(|settings| Settings { latency: "100ms".parse().unwrap(), ..settings });
    let flags = ["-o", "{profile_id}.csv", "--profiles", "all", "--concurrency", "1"];
    let flags = [&flags[..], &["--runs", "runs.jsonl", "--metrics", "run.prom"]].concat();
    let (folder, mut command) = sent_export().contacts(&server.base_url(), &flags).into_parts();
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let first = folder.path().join(format!("_{}.csv.manifest.json", profile_ids(&server)[0]));
    wait_until(&mut child, || first.exists());
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(143), "{text}");
    assert!(text.contains("error: stopped by a signal; what was published before stays"), "{text}");
    let run = run_in(folder).args(["--version"]).finish();
    assert_no_verdict(&run, CONTACTS);
}
