//! OpenLineage events of runs, written to a file and posted to a server.

use std::process::Command;

use sent_export::simulator::{DEFAULT_API_KEY, Messaging, Settings, Simulator};
use serde_json::{Value, json};

use crate::support::{Answer, Finished, ScriptedServer, assert_valid, sent_export, simulator, wait_until};

const RESULT_SCHEMA: &str = include_str!("../../schema/lineage-result.schema.json");
const PARENT: &str = "airflow/exports.contacts/0194e7a2-5b1c-7c1e-8f3a-2d4b6c8e0a1f";
const ROOT: &str = "airflow/exports/0194e7a2-5b1c-7c1e-8f3a-2d4b6c8e0a20";

/// The events in a file; checks the members that all of them must have.
#[track_caller]
pub(crate) fn lineage_events(text: &str) -> Vec<Value> {
    assert!(!text.contains(DEFAULT_API_KEY), "{text}");
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for event in &events {
        assert_eq!(event["schemaURL"], "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent");
        assert_eq!(event["producer"], concat!("urn:sent-export:", env!("CARGO_PKG_VERSION")));
        uuid::Uuid::parse_str(event["run"]["runId"].as_str().unwrap()).unwrap();
        let is_last = event["eventType"] != "START";
        let result = &event["run"]["facets"]["sentExport_result"];
        assert_eq!(result.is_object(), is_last, "{event}");
        if is_last {
            assert_valid(result, RESULT_SCHEMA);
        }
    }
    events
}

#[track_caller]
fn events_of(run: &Finished) -> Vec<Value> {
    lineage_events(&std::fs::read_to_string(run.path("lineage.jsonl")).unwrap())
}

/// The states of events; checks that the two events of each pair belong to one run.
#[track_caller]
fn states(events: &[Value]) -> Vec<&str> {
    for pair in events.chunks(2) {
        assert_eq!(pair[0]["run"]["runId"], pair[1]["run"]["runId"], "{pair:?}");
        assert_eq!(pair[0]["job"], pair[1]["job"], "{pair:?}");
        assert_eq!(pair[0]["eventType"], "START", "{pair:?}");
    }
    events.iter().map(|event| event["eventType"].as_str().unwrap()).collect()
}

/// The name of a run's file in lineage.
fn name_of(run: &Finished, file: &str) -> String {
    let folder = std::fs::canonicalize(run.path(".")).unwrap();
    folder.join(file).to_str().unwrap().to_owned()
}

#[test]
fn a_run_emits_its_start_and_its_outputs() {
    let server = simulator(300);
    let flags = ["-o", "out/c.parquet", "-o", "c.csv", "--max-rows-per-file", "200", "--lineage", "lineage.jsonl"];
    let run = sent_export().contacts(&server.base_url(), &flags);
    let run = run.env("OPENLINEAGE_PARENT_ID", Some(PARENT)).env("OPENLINEAGE_ROOT_PARENT_ID", Some(ROOT));
    let run = run.env("OPENLINEAGE_NAMESPACE", Some("prod")).finish().expect_code(0);
    let events = events_of(&run);
    assert_eq!(states(&events), ["START", "COMPLETE"]);
    let (start, end) = (&events[0], &events[1]);
    let job = (&end["job"]["namespace"], &end["job"]["name"], &end["job"]["facets"]["jobType"]["processingType"]);
    assert_eq!(job, (&json!("prod"), &json!("contacts"), &json!("BATCH")));
    let parent = &start["run"]["facets"]["parent"];
    assert_eq!(parent["job"], json!({"namespace": "airflow", "name": "exports.contacts"}));
    assert_eq!(parent["run"]["runId"], PARENT.rsplit('/').next().unwrap());
    assert_eq!(parent["root"]["job"], json!({"namespace": "airflow", "name": "exports"}));
    for event in &events {
        let input = &event["inputs"][0];
        assert_eq!((&input["namespace"], &input["name"]), (&json!(server.base_url()), &json!("v3/contacts")));
        let outputs = event["outputs"].as_array().unwrap();
        let names: Vec<_> = outputs.iter().map(|output| output["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, [name_of(&run, "out/c.parquet"), name_of(&run, "c.csv")]);
        for output in outputs {
            assert_eq!(output["namespace"], "file");
            let fields = output["facets"]["schema"]["fields"].as_array().unwrap();
            assert_eq!(fields[0], json!({"name": "id", "type": "string"}));
            let channels = fields.iter().find(|field| field["name"] == "available_channels").unwrap();
            assert_eq!(channels["fields"], json!([{"name": "_element", "type": "string"}]));
        }
    }
    assert_eq!(start["outputs"][0]["outputFacets"], json!({}));
    let manifest = run.json("out/_c.parquet.manifest.json");
    let listed = manifest["outputs"].as_array().unwrap();
    for (output, format) in end["outputs"].as_array().unwrap().iter().zip(["parquet", "csv"]) {
        let files: Vec<&Value> = listed.iter().filter(|file| file["format"] == format).collect();
        let bytes: u64 = files.iter().map(|file| file["bytes"].as_u64().unwrap()).sum();
        let statistics = &output["outputFacets"]["outputStatistics"];
        let found = (&statistics["rowCount"], &statistics["size"], &statistics["fileCount"]);
        assert_eq!(found, (&json!(300), &json!(bytes), &json!(2)), "{statistics}");
    }
    let result = &end["run"]["facets"]["sentExport_result"];
    assert_eq!((&result["verdict"], &result["rows"]), (&json!("complete"), &json!(300)));
    assert_eq!((&result["runId"], &result["isPublished"]), (&manifest["run_id"], &json!(true)));
    assert!(start["eventTime"].as_str() <= end["eventTime"].as_str());
}

#[test]
fn datasets_changes_and_activities_are_outputs_and_files_of_ids_are_inputs() {
    let server = simulator(200);
    let flags = ["-o", "c/", "--partition-by", "region_code", "--changes", "ch.csv", "--history", "h/"];
    let run = sent_export().contacts(&server.base_url(), &[&flags[..], &["--lineage", "lineage.jsonl"]].concat());
    let run = run.finish().expect_code(0);
    let end = events_of(&run).pop().unwrap();
    let outputs = end["outputs"].as_array().unwrap();
    let names: Vec<_> = outputs.iter().map(|output| output["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["c", "ch.csv", "h"].map(|file| name_of(&run, file)));
    let rows: Vec<_> = outputs.iter().map(|output| &output["outputFacets"]["outputStatistics"]["rowCount"]).collect();
    assert_eq!(rows, [&json!(200), &json!(200), &json!(200)], "all are new");
    assert_eq!(end["run"]["facets"]["sentExport_result"]["changes"]["added"], 200);
    let fields = outputs[1]["facets"]["schema"]["fields"].as_array().unwrap();
    assert!(fields.iter().any(|field| field["name"] == "change"), "{fields:?}");

    let both = ["--with-activities", "--activities-output", "a.parquet", "--lineage", "lineage.jsonl"];
    let messaging = Messaging { count: 60, ..Settings::default().messaging };
    let server = Simulator::start(Settings { messaging, ..Settings::default() }).unwrap();
    let run = sent_export().messages(&server.base_url(), &[&["-o", "m.parquet"], &both[..]].concat()).finish();
    let run = run.expect_code(0);
    let end = events_of(&run).pop().unwrap();
    let inputs: Vec<_> = end["inputs"].as_array().unwrap().iter().map(|input| input["name"].clone()).collect();
    assert_eq!(inputs, ["v3/conversations", "v3/messages/{id}/activities"]);
    let manifest = run.json("_m.parquet.manifest.json");
    for place in [0, 1] {
        let statistics = &end["outputs"][place]["outputFacets"]["outputStatistics"];
        assert_eq!(statistics["rowCount"], manifest["outputs"][place]["rows"], "{end}");
    }
    let flags = ["activities", "--messages", "m.parquet", "-o", "a2.parquet", "--rate-limit", "none", "--base-url"];
    let run = run.again().args(flags).args([&server.base_url(), "--lineage", "lineage.jsonl"]).finish().expect_code(0);
    let end = events_of(&run).pop().unwrap();
    let file = &end["inputs"][1];
    assert_eq!((&file["namespace"], &file["name"]), (&json!("file"), &json!(name_of(&run, "m.parquet"))));
}

#[test]
fn a_failed_run_emits_the_error_and_its_planned_outputs() {
    let server = simulator(300);
    let failing = ScriptedServer::start(|_, _| Answer::error(403, "AUTH_003"));
    let flags = ["-o", "c.csv", "--lineage", "lineage.jsonl"];
    let mut run = sent_export();
    for (url, more, code, said) in [
        (server.base_url(), &["--min-contacts", "1000"][..], 8, "not published"),
        (failing.url(), &[][..], 6, "AUTH_003"),
        (server.base_url(), &["--columns", "nothing"], 2, "nothing"),
    ] {
        let done = run.contacts(&url, &[&flags[..], more].concat()).finish().expect_code(code);
        let events = events_of(&done);
        let last = &events[events.len() - 1];
        assert_eq!(states(&events).last(), Some(&"FAIL"));
        let error = &last["run"]["facets"]["errorMessage"];
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
        assert_eq!(error["programmingLanguage"], "Rust");
        assert_eq!(last["run"]["facets"]["sentExport_result"]["exitCode"], json!(code));
        // Settings that are refused name no outputs.
        let outputs = last["outputs"].as_array().unwrap();
        assert_eq!(outputs.len(), usize::from(code != 2), "{last}");
        assert!(outputs.iter().all(|output| output["outputFacets"] == json!({})), "{last}");
        run = done.again();
    }
    // An unverified export is a completed run, and its event says that it is unverified.
    let done = run.contacts(&server.base_url(), &[&flags[..], &["--consistency", "plain"]].concat()).finish();
    let events = events_of(&done.expect_code(3));
    let last = &events[events.len() - 1];
    assert_eq!((&last["eventType"], events.len()), (&json!("COMPLETE"), 8));
    assert_eq!(last["run"]["facets"]["sentExport_result"]["verdict"], "unverified");
    let ids: std::collections::BTreeSet<_> = events.iter().map(|event| event["run"]["runId"].as_str()).collect();
    assert_eq!(ids.len(), 4, "each run has its own id");
}

#[test]
fn a_stopped_run_emits_an_abort_event() {
    let settings = Settings { contacts: 4_000, latency: "50ms".parse().unwrap(), ..Settings::default() };
    let server = Simulator::start(settings).unwrap();
    let flags = ["-o", "c.csv", "--concurrency", "2", "--lineage", "lineage.jsonl", "--quiet"];
    let (folder, mut command) = sent_export().contacts(&server.base_url(), &flags).into_parts();
    let mut child = command.spawn().unwrap();
    wait_until(&mut child, || server.statistics().list_requests > 10);
    // The first event is written while the run continues.
    let path = folder.path().join("lineage.jsonl");
    assert_eq!(lineage_events(&std::fs::read_to_string(&path).unwrap()).len(), 1);
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(states(&lineage_events(&std::fs::read_to_string(&path).unwrap())), ["START", "ABORT"]);
}

#[test]
fn events_are_posted_with_a_token_and_a_failing_server_does_not_change_the_outcome() {
    let (server, marquez) =
        (simulator(300), ScriptedServer::start(|_, _| Answer::Http(201, Vec::new(), String::new())));
    let url = marquez.url();
    let export = |url: &str| {
        let run = sent_export().contacts(&server.base_url(), &["-o", "c.csv", "--quiet"]);
        run.env("SENT_EXPORT_LINEAGE", Some(url)).env("OPENLINEAGE_API_KEY", Some("LineageSecret")).finish()
    };
    assert_eq!(export(&url).expect_code(0).stderr, "");
    let requests = marquez.requests();
    let bodies: Vec<&str> = requests.iter().map(|request| &request[request.find('{').unwrap()..]).collect();
    assert_eq!(states(&lineage_events(&bodies.join("\n"))), ["START", "COMPLETE"]);
    for request in &requests {
        assert!(request.starts_with("post /api/v1/lineage "), "{request}");
        assert!(request.contains("authorization: bearer lineagesecret") && !request.contains("x-api-key"), "{request}");
    }
    let refusing = ScriptedServer::start(|_, _| Answer::Http(404, Vec::new(), "no".to_owned()));
    let closing = ScriptedServer::start(|_, _| Answer::Close);
    for (server, said) in [(&refusing, "HTTP 404\n"), (&closing, "")] {
        let run = export(&format!("{}/some/SecretPath", server.url())).expect_code(0);
        for state in ["START", "COMPLETE"] {
            let wanted = format!("warning: cannot send lineage ({state}) to 127.0.0.1: {said}");
            assert!(run.stderr.contains(&wanted), "{run:?}");
        }
        assert!(!run.stderr.contains("Secret") && run.path("c.csv").exists(), "{run:?}");
        assert!(server.requests().iter().all(|request| request.starts_with("post /some/secretpath ")));
    }
}

#[test]
fn what_cannot_be_used_is_refused_before_the_first_request() {
    let server = simulator(50);
    for (target, code, said) in [
        (
            "s3://lake/secret",
            2,
            "--lineage takes a file on this machine, or an address that begins with https:// or http://, not s3://...",
        ),
        ("-", 2, "--lineage takes a file on this machine"),
        ("http://", 2, "--lineage (or SENT_EXPORT_LINEAGE) is not a usable address: it is not a URL"),
        ("c.txt/l.jsonl", 7, "cannot append to c.txt/l.jsonl (--lineage)"),
        ("c.csv", 2, "two outputs are the same file"),
    ] {
        let flags = ["-o", "c.csv", "--lineage", target];
        let run = sent_export().file("c.txt", "").contacts(&server.base_url(), &flags).finish().expect_code(code);
        let run = run.expect_stderr(said);
        assert!(!run.stderr.contains("secret"), "{run:?}");
    }
    for (variable, value) in [("OPENLINEAGE_PARENT_ID", "dag/task/manual"), ("OPENLINEAGE_ROOT_PARENT_ID", "x")] {
        let flags = ["-o", "c.csv", "--lineage", "l.jsonl"];
        let run = sent_export().contacts(&server.base_url(), &flags).env(variable, Some(value)).finish();
        run.expect_code(2).expect_stderr(&format!("{variable} is not NAMESPACE/JOB/RUN"));
        // Without the flag, this is not read.
        let run = sent_export().contacts(&server.base_url(), &flags[..2]).env(variable, Some(value)).finish();
        run.expect_code(0);
    }
}

#[test]
fn jobs_and_profiles_share_a_file_of_events() {
    let server = simulator(120);
    let file = format!(
        "[defaults]\ncommand = \"contacts\"\noutput = \"{{job}}.csv\"\nbase-url = \"{}\"\nrate-limit = \"none\"\n\
         lineage = \"lineage.jsonl\"\nlineage-namespace = \"nightly\"\n\n[jobs.acme]\n\n[jobs.globex]\nlineage-job = \"crm\"\n",
        server.base_url()
    );
    let run = sent_export().file("jobs.toml", &file).args(["run", "jobs.toml"]).finish().expect_code(0);
    let events = events_of(&run);
    assert_eq!(states(&events), ["START", "COMPLETE", "START", "COMPLETE"]);
    let jobs: Vec<_> = events.iter().map(|event| (&event["job"]["namespace"], &event["job"]["name"])).collect();
    let (nightly, acme, crm) = (&json!("nightly"), &json!("acme"), &json!("crm"));
    assert_eq!(jobs, [(nightly, acme), (nightly, acme), (nightly, crm), (nightly, crm)]);

    let flags =
        ["contacts", "--simulate=90", "--profiles", "all", "-o", "{profile_id}.csv", "--lineage", "lineage.jsonl"];
    let run = sent_export().args(flags).finish().expect_code(0);
    let events = events_of(&run);
    assert_eq!(states(&events), ["START", "COMPLETE"]);
    assert_eq!(events[0]["outputs"], json!([]), "no profile is known yet");
    let outputs = events[1]["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), 3);
    let rows: u64 =
        outputs.iter().map(|output| output["outputFacets"]["outputStatistics"]["rowCount"].as_u64().unwrap()).sum();
    assert_eq!(json!(rows), events[1]["run"]["facets"]["sentExport_result"]["rows"]);
    assert_eq!(events[1]["inputs"][0]["namespace"], "simulator");
}
