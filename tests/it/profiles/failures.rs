//! The effect of a profile that cannot be read on the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::choice::{asked_profile, identity, server_of};
use super::{ASKED, CONTACTS, OTHER, assert_profiles, columns, manifest, organization};
use crate::support::{Answer, Asked, SUMMARY_SCHEMA, ScriptedServer, assert_valid, sent_export};

#[test]
fn a_failed_profile_does_not_affect_the_others_and_is_named_everywhere() {
    for (fault, code, text) in [
        ("AUTH_004 profile=2 on=list", 6, "AUTH_004 (HTTP 403)"),
        ("RESOURCE_004 profile=2 on=list", 4, "RESOURCE_004 (HTTP 404)"),
        ("INTERNAL_001 profile=2 on=list", 5, "INTERNAL_001 (HTTP 500)"),
    ] {
        let server = organization(|settings| settings);
        let failing = server.profile_ids()[1].to_string();
        server.add_fault(fault.parse().unwrap());
        let flags =
            ["-o", "c.parquet", "--profiles", "all", "--summary", "s.json", "--report", "r.md", "--max-retries", "1"];
        let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(3);
        let run = run.expect_stderr("cannot read profile Café Señor & Sons: ").expect_stderr(text);
        let run = run.expect_stderr(&format!(" profile_id={failing} exit_code={code}"));
        let rows = columns(&run.path("c.parquet"), ["profile_id", "profile_name", "id"]);
        assert!(rows.len() == 2 * CONTACTS as usize && rows.iter().all(|[id, ..]| id.as_ref() != Some(&failing)));
        let manifest = manifest(&run, "_c.parquet.manifest.json");
        let summary = run.json("s.json");
        assert_valid(&summary, SUMMARY_SCHEMA);
        for facts in [&manifest, &summary["run"]] {
            let mut wanted: Vec<_> = super::profile_ids(&server)
                .into_iter()
                .map(|id| (id.clone(), if id == failing { (0, "unverified") } else { (CONTACTS, "complete") }))
                .collect();
            wanted.sort();
            let wanted: Vec<_> = wanted.iter().map(|(id, (rows, verdict))| (id.as_str(), *rows, *verdict)).collect();
            assert_profiles(&facts["profiles"], &wanted);
            assert_eq!(facts["verdict"], "unverified");
            let failures: Vec<_> =
                facts["profiles"].as_array().unwrap().iter().filter(|of| !of["failure"].is_null()).collect();
            assert!(failures.len() == 1 && failures[0]["failure"]["exit_code"] == code, "{failures:?}");
            assert!(failures[0]["failure"]["text"].as_str().unwrap().contains(text), "{failures:?}");
        }
        assert_eq!(run.evidence("s.json", "profiles_failed"), Some(1.into()));
        // A report on the file has the same table, from its rows and its manifest.
        let forms = ["--markdown", "again.md", "--html", "again.html", "--json", "again.json"];
        let run = run.again().args(["report", "c.parquet"]).args(forms).finish().expect_code(0);
        let again = run.json("again.json");
        assert_valid(&again, SUMMARY_SCHEMA);
        let strip = |facts: &serde_json::Value| {
            let fields = ["id", "name", "rows", "reachable", "verdict", "failure"];
            facts.as_array().unwrap().iter().map(|of| fields.map(|name| of[name].clone())).collect::<Vec<_>>()
        };
        let by_id = |mut facts: Vec<[serde_json::Value; 6]>| {
            facts.sort_by_key(|of| of[0].to_string());
            facts
        };
        assert_eq!(by_id(strip(&again["profiles"])), by_id(strip(&summary["run"]["profiles"])));
        let table = String::from_utf8(run.stdout.clone()).unwrap();
        let [markdown, html] = ["again.md", "again.html"].map(|name| std::fs::read_to_string(run.path(name)).unwrap());
        for text in [&table, &markdown, &html] {
            assert!(text.contains("Profiles") && text.contains("Café Señor") && text.contains("Blue Yonder"), "{text}");
        }
        let run = run.again().args(["report", "c.parquet", "--min-cell", "10", "--json", "-"]).finish().expect_code(0);
        assert!(!String::from_utf8_lossy(&run.stdout).contains("Blue Yonder"), "a profile may be small");
        assert_eq!(run.evidence("s.json", "profiles_read"), Some(2.into()));
        let report = std::fs::read_to_string(run.path("r.md")).unwrap().replace("\\_", "_");
        assert!(report.contains("| Café Señor") && report.contains(text), "{report}");
        let why =
            "unverified: contacts may be missing. Evidence: 1 profile was not read to its end: Café Señor & Sons (";
        let in_a_row = report.replace(['\\', '*'], "").replace("&amp;", "&");
        assert!(in_a_row.contains(why), "{report}");
        assert!(!run.files().iter().any(|name| name.ends_with(".journal")), "{:?}", run.files());
        // The reason for exit code 3 is printed even with --quiet.
        let flags = ["-o", "c.parquet", "--profiles", "all", "--max-retries", "1", "-q"];
        let run = run.again().contacts(&server.base_url(), &flags).finish().expect_code(3);
        run.expect_stderr("1 profile was not read to its end: Café Señor & Sons (");
    }
}

#[test]
fn rows_read_before_a_failure_are_counted_as_such() {
    let server = organization(|settings| settings);
    server.add_fault("AUTH_004 profile=1 page=3".parse().unwrap());
    let flags = ["-o", "c.parquet", "--profiles", "all", "-q", "--concurrency", "1"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(3);
    let manifest = manifest(&run, "_c.parquet.manifest.json");
    let failed = manifest["profiles"].as_array().unwrap().iter().find(|of| !of["failure"].is_null()).unwrap();
    let rows = columns(&run.path("c.parquet"), ["profile_id", "profile_name", "id"]);
    let of_failed = rows.iter().filter(|[id, ..]| id.as_deref() == failed["id"].as_str()).count() as u64;
    assert_eq!(failed["rows"], of_failed);
    assert!(of_failed > 0 && of_failed < u64::from(CONTACTS), "{of_failed}");
    assert_eq!(manifest["rows"], rows.len() as u64);
}

#[test]
fn if_all_profiles_fail_nothing_is_published_and_the_worst_sets_the_exit_code() {
    let server = organization(|settings| settings);
    server.add_fault("INTERNAL_001 profile=1 on=list".parse().unwrap());
    server.add_fault("AUTH_004 profile=2 on=list".parse().unwrap());
    server.add_fault("RESOURCE_004 profile=3 on=list".parse().unwrap());
    for path in ["c.csv", "{profile_name}.csv"] {
        let flags = ["-o", path, "--profiles", "all", "--max-retries", "0"];
        let run = sent_export().file("c.csv", "old").contacts(&server.base_url(), &flags).finish().expect_code(6);
        let run = run.expect_stderr("error: could not fetch contacts").expect_stderr("AUTH_004");
        assert_eq!(std::fs::read_to_string(run.path("c.csv")).unwrap(), "old");
        assert_eq!(run.files(), ["c.csv"]);
    }
}

#[test]
fn an_error_of_the_account_stops_the_run() {
    let is_refused = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_refused);
    let server = ScriptedServer::start(move |_, head| match asked_profile(head) {
        None => Answer::ok(identity(&[(OTHER, "North"), (ASKED, "South")])),
        Some(profile) if profile == OTHER => Asked::by(head).answer_of(3),
        Some(_) if flag.load(Ordering::SeqCst) => Answer::Http(401, Vec::new(), String::new()),
        Some(_) => Answer::error(500, "INTERNAL_001"),
    });
    for path in ["c.csv", "c-{profile_id}.csv"] {
        // The retry budget of the run is used up, so the requests are not retried for each profile.
        let flags = ["-o", path, "--profiles", "all", "--retry-budget", "2"];
        let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(5);
        let run = run.expect_stderr("retry budget of the run used up").expect_stderr("progress is saved in");
        assert!(!run.path("c.csv").exists() && !run.path(&format!("c-{ASKED}.csv")).exists());
        is_refused.store(true, Ordering::SeqCst);
        let run = run.again().contacts(&server.url(), &flags).finish().expect_code(6).expect_stderr("SENT_DM_API_KEY");
        assert!(!run.path("c.csv").exists());
        is_refused.store(false, Ordering::SeqCst);
    }
}

#[test]
fn a_response_for_another_profile_fails_only_that_profile() {
    let server = ScriptedServer::start(|_, head| match asked_profile(head) {
        None => Answer::ok(identity(&[(ASKED, "North"), (OTHER, "South")])),
        Some(_) => Asked::by(head).answer_of(3).with_header(&format!("X-Profile-Id: {ASKED}")),
    });
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--profiles", "all"]).finish().expect_code(3);
    let run = run.expect_stderr("cannot read profile South: ").expect_stderr(&format!(" profile_id={OTHER}"));
    let run = run.expect_stderr(&format!("requested profile {OTHER}, but the response is for profile {ASKED}"));
    let text = std::fs::read_to_string(run.path("c.csv")).unwrap();
    assert!(text.matches(ASKED).count() == 3 && !text.contains(OTHER), "{text}");
}

#[test]
fn a_profile_without_contacts_is_complete() {
    let server = server_of(&[(ASKED, "North")]);
    let flags = ["-o", "c.csv", "--profiles", "all", "--phone", "+12025550123", "--summary", "s.json", "-q"];
    sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    let server = organization(|settings| sent_export::simulator::Settings { profile_contacts: 0, ..settings });
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let summary = run.json("s.json");
    assert_profiles(
        &summary["run"]["profiles"],
        &super::profile_ids(&server).iter().map(|id| (id.as_str(), 0, "complete")).collect::<Vec<_>>(),
    );
}

#[test]
fn a_profile_that_is_unverified_is_named_with_the_reason() {
    let server = ScriptedServer::start(|_, head| match asked_profile(head) {
        None => Answer::ok(identity(&[(OTHER, "North"), (ASKED, "South")])),
        Some(profile) if profile == OTHER => Asked::by(head).answer_of(3),
        Some(_) => {
            let page = Asked::by(head).page_of(3);
            Answer::ok(page.replace("\"total_count\":3", "\"total_count\":6"))
        }
    });
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--profiles", "all", "-q"]).finish();
    let run =
        run.expect_code(3).expect_stderr("completeness is not verified: 2 profiles were read one after another: ");
    let run = run.expect_stderr("1 complete, 1 unverified: South (the API counts 6 contacts");
    assert!(!run.stderr.contains("North"), "{run:?}");
}
