//! `doctor`: what it finds, the next step for each failure, and the exit code of the worst failure.

use crate::watching::{events, log};

use crate::support::{Answer, Finished, ScriptedServer, page, sent_export, simulator};
use sent_export::simulator::{Settings, Simulator};

const ME: &str = r#"{"success": true, "data": {"id": "a", "type": "user", "name": "Acme"}, "error": null}"#;

fn doctor(base_url: &str, more: &[&str]) -> Finished {
    let fixed = ["doctor", "--base-url", base_url, "--retry-delay", "1ms", "--state-dir", "state"];
    sent_export().args(fixed).args(more).finish()
}

/// The line of a check.
fn line(run: &Finished, name: &str) -> String {
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    let line = text.lines().find(|line| line.split_whitespace().nth(1) == Some(name));
    line.unwrap_or_else(|| panic!("no line about {name}:\n{text}")).to_owned()
}

#[test]
fn a_working_account_has_a_line_for_every_check_and_few_requests() {
    let simulator = Simulator::start(Settings {
        contacts: 250,
        profiles: 3,
        rate_limit: Some("200/min".parse().unwrap()),
        ..Settings::default()
    })
    .unwrap();
    let run = doctor(&simulator.base_url(), &["-o", "new/c.csv", "-o", "c.parquet"]).expect_code(0);
    for (name, text) in [
        ("state", "state can be written to"),
        ("connection", "http://127.0.0.1:"),
        ("key", "accepted: organization"),
        ("profiles", "3 profiles: "),
        ("clock", "agrees with the server's"),
        ("quota", "200 requests a minute"),
        ("contacts", "in the list, pages of 100"),
        ("contact", "readable by id"),
        ("messages", "in the list, pages of 100"),
        ("activities", "readable by id"),
        ("output", "new/c.csv can be written to; its folder will be created"),
    ] {
        let line = line(&run, name);
        assert!(line.starts_with("ok") && line.contains(text), "{line}");
    }
    assert!(String::from_utf8_lossy(&run.stdout).ends_with("\n12 work\n"));
    assert_eq!(run.files(), ["state"], "nothing is left behind");
    assert_eq!(simulator.statistics().requests, 5);
}

#[test]
fn only_the_resources_that_are_asked_for_are_checked() {
    let simulator = simulator(10);
    let run = doctor(&simulator.base_url(), &["contacts"]).expect_code(0);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains(" contacts ") && !text.contains(" messages "), "{text}");
}

#[test]
fn a_refused_key_ends_the_checks_and_is_never_shown() {
    let simulator = simulator(10);
    let run = sent_export().env("SENT_DM_API_KEY", Some("sk_live_wrong_key_0123456789"));
    let run = run.args(["doctor", "--base-url", &simulator.base_url(), "--state-dir", "state"]).finish().expect_code(6);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(line(&run, "key").starts_with("failed"), "{text}");
    assert!(text.contains("next: put a valid key into SENT_DM_API_KEY"), "{text}");
    assert!(!text.contains("sk_live_wrong") && !text.contains(" contacts "), "{text}");
    let run = sent_export().env("SENT_DM_API_KEY", None).args(["doctor"]).finish().expect_code(6);
    assert!(line(&run, "key").contains("SENT_DM_API_KEY is not set"));
}

#[test]
fn every_failure_is_named_and_the_worst_sets_the_exit_code() {
    // Messages are forbidden, pages are small, and the clock is an hour slow.
    let server = ScriptedServer::start(|_, head| match head {
        head if head.contains("/v3/me") => Answer::ok(ME).with_header("Date: Thu, 01 Jan 2026 00:00:00 GMT"),
        head if head.contains("/v3/conversations") => Answer::error(403, "AUTH_004"),
        head if head.contains("page_size=100") => Answer::error(400, "VALIDATION_005"),
        head if head.contains("/v3/contacts?") => Answer::ok(page(1, 50, 60)),
        _ => Answer::error(404, "RESOURCE_001"),
    });
    let run = sent_export().file("folder", "a file in the way");
    let fixed = ["doctor", "--base-url", &server.url(), "--state-dir", "state", "-o", "folder/c.csv"];
    let run = run.args(fixed).finish().expect_code(6);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(
        line(&run, "clock").starts_with("warning") && line(&run, "clock").contains("ahead of the server's"),
        "{text}"
    );
    assert!(line(&run, "contacts").contains("60 in the list, pages of 50, not 100"), "{text}");
    assert!(line(&run, "messages").starts_with("failed") && line(&run, "messages").contains("AUTH_004"), "{text}");
    assert!(text.contains("next: ask an administrator of the account"), "{text}");
    assert!(line(&run, "activities").contains("not checked"), "{text}");
    assert!(line(&run, "output").starts_with("failed"), "{text}");
    assert!(text.ends_with(", 1 was not checked, 2 failed\n"), "{text}");
}

#[test]
fn an_unreachable_api_is_reported_once() {
    let run = doctor("http://127.0.0.1:9", &["--max-retries", "1"]).expect_code(5);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains("next: check the network and --base-url"), "{text}");
    assert!(text.ends_with(", 1 was not checked, 1 failed\n"), "{text}");
}

#[test]
fn a_json_log_has_every_failure_and_the_outcome() {
    let simulator = simulator(10);
    let flags = ["--log-format", "json", "--api-key-file", "nope.txt", "-o", "missing/c.csv", "--no-create-dirs"];
    let run = doctor(&simulator.base_url(), &flags).expect_code(6);
    let lines = log(&run, &[]);
    let errors = events(&lines, "error");
    let checks: Vec<_> = errors.iter().map(|error| (error["check"].as_str(), error["exit_code"].as_u64())).collect();
    assert_eq!(checks, [(Some("output"), Some(7)), (Some("key"), Some(6))], "{lines:?}");
    assert!(errors[1]["message"].as_str().unwrap().contains("nope") && errors[1]["hint"].is_string(), "{lines:?}");
    let end = lines.last().unwrap();
    assert_eq!((&end["event"], &end["exit_code"]), (&"run_finished".into(), &6.into()));
    assert_eq!(end["message"], "1 works, 2 failed");
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_among_descriptors_that_is_not_there_fails_as_in_an_export() {
    let simulator = simulator(10);
    for path in ["/proc/x.csv", "/dev/fd/77", "/proc/new/x.csv"] {
        let run = doctor(&simulator.base_url(), &["contacts", "-o", path]).expect_code(7);
        assert!(line(&run, "output").starts_with("failed"), "{run:?}");
        sent_export().contacts(&simulator.base_url(), &["-o", path, "--format", "csv"]).finish().expect_code(7);
    }
    let run = doctor(&simulator.base_url(), &["contacts", "-o", "/dev/null"]).expect_code(0);
    assert!(line(&run, "output").contains("/dev/null can be written to"), "{run:?}");
}
