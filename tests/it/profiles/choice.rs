//! Which profiles are read, and which flags are refused before anything is read.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::{ASKED, OTHER, assert_profiles, manifest, organization, profile_ids};
use crate::support::{Answer, Asked, ScriptedServer, sent_export};

/// The API's description of an organization with these profiles.
pub(super) fn identity(profiles: &[(&str, &str)]) -> String {
    let profile = |&(id, name): &(&str, &str)| serde_json::json!({"id": id, "name": name, "short_name": null, "api_key": "secret"});
    let profiles: Vec<_> = profiles.iter().map(profile).collect();
    serde_json::json!({"success": true, "data": {"id": "o", "type": "organization", "name": "Acme", "profiles": profiles}})
        .to_string()
}

/// The profile that a request selects with its header; `None` for the account itself.
pub(super) fn asked_profile(head: &str) -> Option<String> {
    let line = head.lines().find_map(|line| line.strip_prefix("x-profile-id:"))?;
    Some(line.trim().to_owned())
}

/// A server whose profiles have three contacts each.
pub(super) fn server_of(profiles: &'static [(&'static str, &'static str)]) -> ScriptedServer {
    ScriptedServer::start(move |_, head| match asked_profile(head) {
        None => Answer::ok(identity(profiles)),
        Some(_) => Asked::by(head).answer_of(3),
    })
}

#[test]
fn profiles_are_chosen_by_name_short_name_or_id() {
    let server = organization(|settings| settings);
    let ids = profile_ids(&server);
    let choice = format!("P1,{}", server.profile_ids()[2]);
    let flags =
        ["-o", "c.csv", "--profiles", &choice, "--profiles", "Café Señor & Sons", "--columns", "profile_id", "-q"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let text = std::fs::read_to_string(run.path("c.csv")).unwrap();
    assert!(ids.iter().all(|id| text.contains(id)), "P1 is Åland Ferries, the second is Café Señor & Sons");
    let flags = ["-o", "c.csv", "--profiles", "P2", "--columns", "profile_id", "-q"];
    let run = run.again().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let text = std::fs::read_to_string(run.path("c.csv")).unwrap();
    assert_eq!(text.lines().skip(1).filter(|line| *line == server.profile_ids()[1].to_string()).count(), 250);
    assert_eq!(text.lines().count(), 251);
}

/// A server that answers with the same six rows, of two profiles, for any profile.
fn server_without_profiles() -> ScriptedServer {
    let row = |at: usize, customer: &str| json!({"id": format!("r{at}"), "customer_id": customer});
    let rows: Vec<_> = (0..6).map(|at| row(at, [ASKED, OTHER][at % 2])).collect();
    let pagination = json!({"page": 1, "page_size": 100, "total_count": 6, "total_pages": 1, "has_more": false});
    let body =
        json!({"success": true, "data": {"contacts": rows, "messages": rows, "pagination": pagination}}).to_string();
    ScriptedServer::start(move |_, head| {
        Answer::ok(if head.contains("/v3/me") { identity(&[(ASKED, "North"), (OTHER, "South")]) } else { body.clone() })
    })
}

#[test]
fn rows_of_another_profile_are_a_warning() {
    let server = server_without_profiles();
    for (command, profiles, count, rows) in [
        ("contacts", ["--profiles", "all"], 6, "12 contacts"),
        ("contacts", ["--profiles", "North"], 3, "6 contacts"),
        ("contacts", ["--profile-id", ASKED], 3, "6 contacts"),
        ("messages", ["--profiles", "all"], 6, "12 messages"),
        ("messages", ["--profile-id", ASKED], 3, "6 messages"),
    ] {
        let flags =
            [command, "--base-url", &server.url(), "--rate-limit", "none", "-o", "r.csv", "--summary", "s.json", "-q"];
        let run = sent_export().args(flags).args(profiles).finish().expect_code(0);
        let flag = profiles[0];
        let run =
            run.expect_stderr(&format!("warning: {count} of {rows} belong to another profile than that of {flag}"));
        let notices = &run.json("s.json")["notices"];
        assert_eq!((&notices[0]["code"], &notices[0]["count"]), (&json!("ignored_filter"), &json!(count)), "{notices}");
    }
    let apart = ["-o", "{profile_name}.csv", "--profiles", "all", "-q"];
    let run = sent_export().contacts(&server.url(), &apart).finish().expect_code(0);
    assert_eq!(run.stderr.matches("warning: 3 of 6 contacts belong to another profile").count(), 2, "{run:?}");
}

#[test]
fn profiles_are_listed_if_the_account_names_none() {
    let server = ScriptedServer::start(|_, head| match asked_profile(head) {
        Some(_) => Asked::by(head).answer_of(3),
        None if head.contains("/v3/me") => {
            Answer::ok(r#"{"success": true, "data": {"id": "o", "type": "organization"}}"#)
        }
        None if Asked::by(head).is_first() => {
            let profile = |id: &str, name: &str| serde_json::json!({"id": id, "name": name, "api_key": "sk_secret"});
            let data =
                serde_json::json!({"sender_profiles": [profile(ASKED, "North"), profile(OTHER, "a\u{1b}[31mb")]});
            Answer::ok(serde_json::json!({"success": true, "data": data}).to_string())
        }
        None => Answer::ok(r#"{"success": true, "data": {"sender_profiles": []}}"#),
    });
    let run = sent_export().contacts(&server.url(), &["-o", "{profile_name}.csv", "--profiles", "all"]).finish();
    let run = run.expect_code(0).expect_stderr("complete: 6 contacts of 2 profiles");
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains("sk_secret"), "{run:?}");
    assert!(run.path("North.csv").exists() && run.path("a_31mb.csv").exists(), "{:?}", run.files());
}

/// A server with no profiles in its account, and `list` as their own list, by page and number of pages before it.
fn server_of_list(list: impl Fn(u32, u64) -> Vec<serde_json::Value> + Send + Sync + 'static) -> ScriptedServer {
    let pages = AtomicU64::new(0);
    ScriptedServer::start(move |_, head| match asked_profile(head) {
        Some(_) => Asked::by(head).answer_of(1),
        None if head.contains("/v3/me") => {
            Answer::ok(r#"{"success": true, "data": {"id": "o", "type": "organization"}}"#)
        }
        None => {
            let listed = list(Asked::by(head).page, pages.fetch_add(1, Ordering::SeqCst));
            Answer::ok(serde_json::json!({"success": true, "data": {"sender_profiles": listed}}).to_string())
        }
    })
}

fn numbered_profile(number: u64) -> serde_json::Value {
    serde_json::json!({"id": format!("6f9619ff-8b86-4011-b42d-{number:012}"), "name": format!("P{number}")})
}

#[test]
fn a_profile_that_moves_to_a_page_read_before_is_not_lost() {
    // The first profile is removed after the first page was read, so the 101st moves to that page.
    let server = server_of_list(|page, before| {
        let first = u64::from(before > 0) + u64::from(page - 1) * 100;
        (first..105).map(numbered_profile).take(100).collect()
    });
    let flags = ["-o", "c.csv", "--profiles", "P100,P104", "-q"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    assert_eq!(std::fs::read_to_string(run.path("c.csv")).unwrap().lines().count(), 3);
}

#[test]
fn a_list_of_profiles_that_does_not_end_is_an_error() {
    let server = server_of_list(|_, before| vec![numbered_profile(before)]);
    let flags = ["-o", "c.csv", "--profiles", "all"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(5);
    run.expect_stderr("the list of profiles does not end after 1,000 requests");
}

#[test]
fn unknown_and_ambiguous_profile_names_are_refused() {
    let server = server_of(&[(ASKED, "North"), (OTHER, "South"), ("6f9619ff-8b86-4011-b42d-00cf4fc96401", "South")]);
    let refused = |names: &str| {
        let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--profiles", names]).finish().expect_code(2);
        assert!(!run.path("c.csv").exists());
        run
    };
    refused("Nort").expect_stderr(r#"no profile is named "Nort" (did you mean "North"?)"#).expect_stderr(r#""South""#);
    refused("South").expect_stderr(&format!("several profiles are named \"South\": {OTHER}, "));
    refused(",").expect_stderr("--profiles names no profile");
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--profiles", "all", "--profile-id", ASKED]);
    run.finish().expect_code(2).expect_stderr("cannot be used with");
    assert!(server.requests().iter().all(|head| head.contains("/v3/me")), "no list was read");
}

#[test]
fn a_key_without_profiles_is_reported() {
    let answer = |kind: &'static str, profiles: serde_json::Value| {
        let data = serde_json::json!({"id": "u", "type": kind, "profiles": profiles});
        ScriptedServer::start(move |_, _| Answer::ok(serde_json::json!({"success": true, "data": data}).to_string()))
    };
    let read =
        |server: &ScriptedServer| sent_export().contacts(&server.url(), &["-o", "c.csv", "--profiles", "all"]).finish();
    let server = answer("profile", serde_json::Value::Null);
    read(&server)
        .expect_code(6)
        .expect_stderr("this key belongs to a profile")
        .expect_stderr("hint: use the key of the");
    read(&answer("user", serde_json::Value::Null)).expect_code(6).expect_stderr("an account without profiles");
    read(&answer("organization", serde_json::json!([]))).expect_code(2).expect_stderr("has no profiles");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn flags_that_look_up_rows_by_id_are_refused_with_a_reason() {
    let refused = |command: &str, more: &[&str], flag: &str, why: &str| {
        let flags = [command, "--simulate", "20", "--profiles", "all"];
        let run = sent_export().args(flags).args(more).finish().expect_code(2);
        run.expect_stderr(&format!("error: {flag} does not go with --profiles: it {why}"))
            .expect_stderr("hint: omit one of the two")
    };
    let flags = ["-o", "c.csv", "--changes", "d.csv", "--confirm-removed"];
    refused("contacts", &flags, "--confirm-removed", "requests contacts by id");
    let flags = ["-o", "m.csv", "--with-activities", "--activities-output", "a.csv"];
    refused("messages", &flags, "--with-activities", "reads messages by id");
    let run = sent_export().args([
        "messages",
        "--simulate",
        "--profiles",
        "all",
        "-o",
        "m",
        "--partition-by",
        "created_date",
    ]);
    run.finish().expect_code(2).expect_stderr("needs a folder for each profile");
}

#[test]
fn a_partial_read_of_each_list_is_reported_as_partial() {
    let server = organization(|settings| settings);
    for (flag, code) in [("--limit", "limit_reached"), ("--sample", "sampled")] {
        let flags = ["-o", "c.parquet", "--profiles", "all", "--summary", "s.json", flag, "40"];
        let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(3);
        let run = run.expect_stderr(&format!("only a part of the list of 3 profiles was read ({flag})"));
        let wanted: Vec<_> = profile_ids(&server).into_iter().map(|id| (id, 40, "unverified")).collect();
        let wanted: Vec<_> = wanted.iter().map(|(id, rows, verdict)| (id.as_str(), *rows, *verdict)).collect();
        assert_profiles(&manifest(&run, "_c.parquet.manifest.json")["profiles"], &wanted);
        assert_eq!(run.evidence("s.json", code), Some(120.into()));
    }
    let flags =
        ["plan", "contacts", "--base-url", &server.base_url(), "-o", "c.csv", "--profiles", "all", "--limit", "40"];
    let run = sent_export().args(flags).finish().expect_code(0);
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert!(text.contains("120 contacts of the 750 in the list"), "{text}");
}

#[test]
fn plan_and_doctor_support_profiles() {
    let server = organization(|settings| settings);
    let url = server.base_url();
    let flags = ["plan", "contacts", "--base-url", &url, "-o", "c.parquet", "--profiles", "all"];
    let run = sent_export().args(flags).finish().expect_code(0);
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert!(text.contains("750 contacts in the list") && text.contains("Blue Yonder ("), "{text}");
    assert!(text.contains("and one to list the profiles") && text.contains("c.parquet, parquet, about"), "{text}");
    assert_eq!(server.statistics().requests, 4, "one for the profiles and one for each");
    let flags = ["plan", "contacts", "--base-url", &url, "-o", "{profile_name}.csv", "--profiles", "P1,P2"];
    let run = sent_export().args(flags).finish().expect_code(0);
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert!(text.contains("{profile_name}.csv, csv, about") && text.contains("all profiles together"), "{text}");
    let flags = ["doctor", "contacts", "--base-url", &url, "--profiles", "all"];
    let run = sent_export().args(flags).finish().expect_code(0);
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert_eq!(text.matches("250 in the list").count(), 3, "{text}");
    server.add_fault("AUTH_004 profile=2 on=list".parse().unwrap());
    let flags = ["doctor", "contacts", "--base-url", &url, "--profiles", "all"];
    let run = sent_export().args(flags).finish().expect_code(6);
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert!(text.contains("failed") && text.matches("250 in the list").count() == 2, "{text}");
}
