//! `sent-export messages --with-activities`: two files from one run, either both or neither published.

use std::time::Duration;

use sent_export::simulator::{Latency, Messaging, Settings, Simulator};
use serde_json::{Value, json};

use crate::support::{
    Answer, DELIVERY_SCHEMA, Finished, MANIFEST_SCHEMA, Run, ScriptedServer, assert_valid, run_in, sent_export,
};

const BOTH: [&str; 5] = ["-o", "m.parquet", "--with-activities", "--activities-output", "a.parquet"];

fn settings(messages: u32) -> Settings {
    Settings { contacts: 100, messaging: Messaging { count: messages, ..Messaging::default() }, ..Settings::default() }
}

/// A command against a server, unpaced.
fn command(run: Run, name: &str, base_url: &str, more: &[&str]) -> Run {
    run.args([name, "--base-url", base_url, "--rate-limit", "none", "--retry-delay", "1ms"]).args(more)
}

fn bytes(run: &Finished, name: &str) -> Vec<u8> {
    std::fs::read(run.path(name)).unwrap()
}

/// Path and resource of the outputs in the manifest.
fn outputs(manifest: &Value) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let outputs = manifest["outputs"].as_array().unwrap().iter();
    outputs.map(|output| (text(&output["path"]).unwrap(), text(&output["resource"]))).collect()
}

#[test]
fn both_files_equal_those_of_the_two_commands() {
    let simulator = Simulator::start(settings(300)).unwrap();
    let url = simulator.base_url();
    let run = command(sent_export(), "messages", &url, &BOTH).args(["--summary", "s.json"]).finish().expect_code(0);
    let run = run.expect_stderr("reading activities: 300 requests, one per message, without a rate limit");
    let run = run.expect_stderr("complete: 300 messages").expect_stderr("of 300 messages");
    let manifest = run.json("_m.parquet.manifest.json");
    assert_valid(&manifest, MANIFEST_SCHEMA);
    assert_eq!((&manifest["resource"], &manifest["rows"]), (&"messages".into(), &300.into()));
    assert_eq!(run.evidence("_m.parquet.manifest.json", "ids_answered"), Some(300.into()));
    let wanted = [("m.parquet".to_owned(), None), ("a.parquet".to_owned(), Some("activities".to_owned()))];
    assert_eq!(outputs(&manifest), wanted);
    assert_eq!(outputs(&run.json("s.json")), wanted);
    assert_valid(&run.json("s.json"), DELIVERY_SCHEMA);
    let (messages, activities) = (bytes(&run, "m.parquet"), bytes(&run, "a.parquet"));
    let run = command(run.again(), "messages", &url, &["-o", "m2.parquet"]).finish().expect_code(0);
    let run = command(run.again(), "activities", &url, &["--messages", "m.parquet", "-o", "a2.parquet"]);
    let run = run.finish().expect_code(0);
    assert!(bytes(&run, "m2.parquet") == messages, "the same messages");
    assert!(bytes(&run, "a2.parquet") == activities, "the same activities");
    // Any format works, and an older manifest of an export of only activities is removed.
    assert!(run.files().contains(&"_a2.parquet.manifest.json".to_owned()));
    let more = ["-o", "m.parquet", "--with-activities", "--activities-output", "a2.parquet", "-q"];
    let run = command(run.again(), "messages", &url, &more).finish().expect_code(0);
    assert!(!run.files().contains(&"_a2.parquet.manifest.json".to_owned()));
    assert!(!run.stderr.contains("reading activities"), "{run:?}");
    let more = ["-o", "m.csv", "--with-activities", "--activities-output", "a.csv.gz"];
    let run = command(run.again(), "messages", &url, &more).finish().expect_code(0);
    assert_eq!(run.json("_m.csv.manifest.json")["outputs"][1]["format"], "csv.gz");
}

#[test]
fn the_limit_is_one_for_both_parts_and_the_notice_counts_in_minutes() {
    let limit = "1200/min".parse().unwrap();
    let simulator = Simulator::start(Settings { rate_limit: Some(limit), burst: 50, ..settings(130) }).unwrap();
    let run = sent_export().args(["messages", "--base-url", &simulator.base_url(), "--rate-limit", "1200/min"]);
    let run = run.args(BOTH).finish().expect_code(0);
    let run = run.expect_stderr("130 requests, one per message, less than a minute under the rate limit");
    assert_eq!(simulator.statistics().rate_limited, 0);
    assert_eq!(run.evidence("_m.parquet.manifest.json", "ids_answered"), Some(130.into()));
}

#[test]
fn an_interrupted_run_resumes_with_both_parts_and_leaves_the_old_files_until_then() {
    let millis = Duration::from_millis;
    let latency = Latency { shortest: millis(15), longest: millis(25) };
    let simulator = Simulator::start(Settings { latency, ..settings(400) }).unwrap();
    let url = simulator.base_url();
    let whole = command(sent_export(), "messages", &url, &BOTH).finish().expect_code(0);
    let all = simulator.statistics().requests;
    let mut folder = tempfile::tempdir().unwrap();
    for name in ["m.parquet", "a.parquet"] {
        std::fs::write(folder.path().join(name), "old").unwrap();
    }
    for kill in 1..=3 {
        let is_time = || simulator.statistics().requests >= all + kill * 100;
        folder = command(run_in(folder), "messages", &url, &BOTH).kill_when(is_time);
        for name in ["m.parquet", "a.parquet"] {
            assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), "old");
        }
    }
    let run = command(run_in(folder), "messages", &url, &BOTH).finish().expect_code(0);
    let run = run.expect_stderr(".m.parquet.journal").expect_stderr(".a.parquet.journal");
    let run = run.expect_stderr("minus those saved in the journal");
    for name in ["m.parquet", "a.parquet"] {
        assert!(bytes(&run, name) == bytes(&whole, name), "{name}");
    }
    let asked = simulator.statistics().requests - all;
    assert!((all..=all + 3 * 8).contains(&asked), "{asked} of {all}");
    assert!(run.files().iter().all(|name| !name.contains("journal")), "{:?}", run.files());
}

#[test]
fn activities_that_cannot_be_read_leave_both_old_files_unless_that_is_allowed() {
    let simulator = Simulator::start(Settings { faults: vec!["500 on=message".parse().unwrap()], ..settings(20) });
    let simulator = simulator.unwrap();
    let run = sent_export().file("m.parquet", "old").file("a.parquet", "old");
    let run = command(run, "messages", &simulator.base_url(), &BOTH).args(["--max-retries", "1"]).finish();
    let run = run.expect_code(5).expect_stderr("could not fetch activities of message");
    let run = run.expect_stderr("progress is saved in");
    for name in ["m.parquet", "a.parquet"] {
        assert_eq!(std::fs::read_to_string(run.path(name)).unwrap(), "old");
    }
    assert!(!run.files().iter().any(|name| name.contains("manifest") || name.contains("partial")));
}

/// A server with three messages; `answer` is the response for their activities.
fn three_messages(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> ScriptedServer {
    ScriptedServer::start(move |_, head| {
        if let Some(rest) = head.split("/v3/messages/").nth(1) {
            return answer(rest.split('/').next().unwrap());
        }
        let message = |id: &str| json!({"id": id, "status": "SENT", "created_at": "2026-03-01T00:00:00Z"});
        let messages: Vec<Value> = IDS.iter().map(|id| message(id)).collect();
        let pagination = json!({"page": 1, "page_size": 1000, "total_count": 3, "total_pages": 1, "has_more": false});
        let data = json!({"messages": messages, "pagination": pagination});
        Answer::ok(json!({"success": true, "data": data, "error": null, "meta": {}}).to_string())
    })
}

const IDS: [&str; 3] = [
    "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
    "6ba7b811-9dad-41d1-80b4-00c04fd430c8",
    "6ba7b812-9dad-41d1-80b4-00c04fd430c8",
];

fn activities_of(id: &str) -> Answer {
    let data = json!({"message_id": id, "activities": [{"status": "SENT"}]});
    Answer::ok(json!({"success": true, "data": data, "error": null, "meta": {}}).to_string())
}

#[test]
fn messages_that_are_deleted_meanwhile_are_counted_and_are_not_an_error() {
    let server = three_messages(|id| if id == IDS[1] { Answer::error(404, "RESOURCE_003") } else { activities_of(id) });
    let more = ["-o", "m.csv", "--with-activities", "--activities-output", "a.csv"];
    let run = command(sent_export(), "messages", &server.url(), &more).finish().expect_code(0);
    let run = run.expect_stderr("1 message is not known to the API.").expect_stderr("complete: 3 messages");
    assert_eq!(run.evidence("_m.csv.manifest.json", "ids_not_found"), Some(1.into()));
    let activities = std::fs::read_to_string(run.path("a.csv")).unwrap();
    let ids: Vec<&str> = activities.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(ids, [IDS[0], IDS[2]]);
}

#[test]
fn rows_left_unread_on_request_are_named_in_both_verdicts() {
    let server = three_messages(|id| if id == IDS[1] { Answer::error(500, "INTERNAL_002") } else { activities_of(id) });
    let more = ["-o", "m.csv", "--with-activities", "--activities-output", "a.csv", "--max-retries", "1"];
    let run = command(sent_export(), "messages", &server.url(), &more).args(["--allow-unread"]);
    let run = run.finish().expect_code(3).expect_stderr(&format!("1 id could not be read: {}", IDS[1]));
    assert_eq!(run.json("_m.csv.manifest.json")["verdict"], "unverified");
    // A gate keeps both files from being published.
    let run = command(run.again().file("a.csv", "old"), "messages", &server.url(), &more);
    let run = run.args(["--allow-unread", "--require", "complete"]).finish().expect_code(8);
    assert_eq!(std::fs::read_to_string(run.path("a.csv")).unwrap(), "old");
}

#[test]
fn days_of_messages_and_the_activities_of_those_that_were_read() {
    let simulator = Simulator::start(settings(200)).unwrap();
    let url = simulator.base_url();
    let fixed = ["-o", "m/", "--partition-by", "created_date"];
    let with = ["--with-activities", "--activities-output", "a.parquet"];
    let run = command(sent_export(), "messages", &url, &fixed).args(with).finish().expect_code(0);
    let manifest = "m/_created_date.manifest.json";
    let last = outputs(&run.json(manifest)).pop().unwrap();
    assert_eq!(last, ("../a.parquet".to_owned(), Some("activities".to_owned())));
    let activities = bytes(&run, "a.parquet");
    let run = command(run.again(), "messages", &url, &fixed).args(["--since", "3d"]).args(with).finish().expect_code(0);
    assert!(bytes(&run, "a.parquet").len() < activities.len(), "those of a few days");
    // Activities belong to the messages of their run. A run without activities does not list them; its rows are messages.
    let run = command(run.again(), "messages", &url, &fixed).args(["--since", "3d"]).finish().expect_code(0);
    let document = run.json(manifest);
    assert_valid(&document, MANIFEST_SCHEMA);
    assert!(outputs(&document).iter().all(|(_, resource)| resource.is_none()));
    assert_eq!(document["rows"], 200);
}

#[test]
fn invalid_flag_combinations_are_refused_before_any_request() {
    let server = ScriptedServer::start(|_, _| Answer::error(500, "INTERNAL_001"));
    let mut folder = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (&["-o", "m.csv", "--with-activities"][..], "--activities-output"),
        (&["-o", "m.csv", "--activities-output", "a.csv"], "--with-activities"),
        (&["-o", "m.csv", "--allow-unread"], "--with-activities"),
        (&["-o", "-", "--with-activities", "--activities-output", "a.csv"], "cannot hold back what goes to"),
        (&["-o", "m.csv", "--with-activities", "--activities-output", "-"], "cannot hold back what goes to"),
        (&["-o", "m.csv", "--with-activities", "--activities-output", "./m.csv"], "two outputs are the same file"),
        (&["-o", "m.csv", "--with-activities", "--activities-output", "a.doc"], "a.doc"),
        (
            &["-o", "m/", "--partition-by", "created_date", "--with-activities", "--activities-output", "m/a.csv"],
            "one table of messages",
        ),
    ] {
        let run = command(run_in(folder), "messages", &server.url(), arguments).finish().expect_code(2);
        folder = run.expect_stderr(words).into_folder();
    }
    assert!(server.requests().is_empty());
}
