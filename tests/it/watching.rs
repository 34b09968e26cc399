//! What a run prints without a terminal, and the JSON log.

use std::collections::BTreeSet;
use std::process::Command;

use sent_export::simulator::{DEFAULT_API_KEY, Settings, Simulator};
use serde_json::{Value, json};

use crate::support::{Answer, Asked, Finished, ScriptedServer, sent_export, simulator, wait_until};

/// The events that `docs/operations.md` lists, from its table.
fn documented_events() -> BTreeSet<String> {
    let page = include_str!("../../docs/operations.md");
    let (_, section) = page.split_once("| event | level |").expect("the page has a table of events");
    let rows = section.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| Some(row.split('`').nth(1)?.to_owned())).collect()
}

/// The log; checks that all its events are documented and that it contains neither the key nor any of these texts.
#[track_caller]
pub(crate) fn log(run: &Finished, secrets: &[String]) -> Vec<Value> {
    let lines = run.log();
    let documented = documented_events();
    for line in &lines {
        let event = line["event"].as_str().unwrap();
        assert!(documented.contains(event), "docs/operations.md does not list {event}: {line}");
        let text = line.to_string();
        assert!(!text.contains(DEFAULT_API_KEY), "{text}");
        let shown = secrets.iter().find(|secret| text.contains(*secret));
        assert!(shown.is_none(), "{shown:?} in {text}");
    }
    lines
}

pub(crate) fn events<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

/// The phone numbers of an export.
fn numbers(run: &Finished, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(run.path(name)).unwrap();
    let rows = reader.records().map(|row| row.unwrap()[1].trim_start_matches('+').to_owned());
    rows.filter(|number| number.len() >= 6).collect()
}

#[test]
fn a_log_without_a_terminal_has_only_the_start_and_the_verdict() {
    let server = simulator(300);
    let export = |more: &[&str]| {
        let flags = [&["-o", "c.csv"], more].concat();
        sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0)
    };
    for more in [&[][..], &["--show-table=never"], &["--show-table=auto"]] {
        let run = export(more);
        let lines: Vec<&str> = run.stderr.lines().collect();
        let [start, end] = lines.as_slice() else { panic!("{run:?}") };
        let run_id = run.json("_c.csv.manifest.json")["run_id"].as_str().unwrap().to_owned();
        let (url, version) = (server.base_url(), env!("CARGO_PKG_VERSION"));
        let wanted = format!("exporting contacts from {url}/ to c.csv (sent-export {version}, run {run_id})");
        assert_eq!((*start, *end), (wanted.as_str(), "complete: 300 contacts"));
    }
    for more in [&["--show-table"][..], &["--show-table=always"]] {
        let run = export(more).expect_stderr("Available").expect_stderr("\ncomplete: 300 contacts\n");
        assert!(run.stderr.lines().count() > 40, "{run:?}");
    }
    assert_eq!(export(&["--show-table", "--quiet"]).stderr, "");
    let run =
        sent_export().contacts(&server.base_url(), &["-o", "c.csv", "--show-table=often"]).finish().expect_code(2);
    run.expect_stderr("'--show-table[=<WHEN>]': write auto, always or never");
}

#[test]
fn all_warnings_have_one_form() {
    let faults = vec!["INTERNAL_001 page=2".parse().unwrap()];
    let server = Simulator::start(Settings { contacts: 400, hostile: true, faults, ..Settings::default() }).unwrap();
    let flags = ["-o", "c.csv", "--allow-missing-pages", "--max-retries", "1", "--no-progress"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(3);
    let run = run.expect_stderr("warning: cannot fetch ").expect_stderr("warning: completeness is not verified: ");
    let warnings = run.stderr.lines().filter(|line| line.starts_with("warning: ")).count();
    assert_eq!(warnings + 2, run.stderr.lines().count(), "all but the first and the last line: {run:?}");
    // Warnings of jobs begin with the job's name. With -v, there are lines of other levels, with a time.
    let file = format!(
        "[jobs.acme]\ncommand = \"contacts\"\noutput = \"c.csv\"\nbase-url = \"{}\"\nrate-limit = \"none\"\n\
         allow-missing-pages = true\nmax-retries = 1\nretry-delay = \"1ms\"\nverbose = 1\n",
        server.base_url()
    );
    let run = sent_export().file("jobs.toml", &file).args(["run", "jobs.toml"]).finish().expect_code(3);
    let run = run.expect_stderr("\nacme: warning: cannot fetch ").expect_stderr(" INFO ");
    assert!(!run.stderr.contains("WARN"), "{run:?}");
}

#[test]
fn warnings_stay_without_the_table() {
    let server = Simulator::start(Settings { contacts: 1_000, hostile: true, ..Settings::default() }).unwrap();
    let run = sent_export().contacts(&server.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    let run = run.expect_stderr("left out because they are not contacts");
    let run = run.again().contacts(&server.base_url(), &["-o", "c.csv", "--consistency", "plain"]).finish();
    run.expect_code(3).expect_stderr("warning: completeness is not verified: ").expect_stderr("\nunverified: ");
}

#[test]
fn every_line_of_a_log_in_json_is_an_object_whatever_goes_wrong() {
    let faults = ["INTERNAL_002 rate=5%", "429:0 nth=4", "cut-off nth=7"].map(|fault| fault.parse().unwrap());
    let settings = Settings { contacts: 2_000, hostile: true, faults: faults.to_vec(), ..Settings::default() };
    let server = Simulator::start(settings).unwrap();
    let flags = ["-o", "c.csv", "--log-format", "json", "-vv", "--show-table"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let lines = log(&run, &numbers(&run, "c.csv"));
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!(
        (&first["event"], &first["command"], &first["outputs"]),
        (&json!("run_started"), &json!("contacts"), &json!(1))
    );
    assert_eq!((&first["version"], &first["level"]), (&json!(env!("CARGO_PKG_VERSION")), &json!("info")));
    let manifest = run.json("_c.csv.manifest.json");
    assert_eq!((&first["run_id"], &last["run_id"]), (&manifest["run_id"], &manifest["run_id"]));
    assert_eq!((&last["event"], &last["verdict"]), (&json!("run_finished"), &manifest["verdict"]));
    assert_eq!((&last["rows"], &last["exit_code"], &last["published"]), (&manifest["rows"], &json!(0), &json!(true)));
    assert_eq!(last["bytes"], manifest["outputs"][0]["bytes"]);
    let retries = events(&lines, "retry");
    assert_eq!(json!(retries.len()), last["retries"], "{last}");
    assert!(retries.iter().any(|line| line["request_id"].is_string()), "{retries:?}");
    assert!(retries.iter().all(|line| line["delay_seconds"].is_number() && line["retry"].is_u64()), "{retries:?}");
    assert_eq!((events(&lines, "rate_limited").len(), &last["rate_limited"]), (1, &json!(1)));
    assert_eq!(json!(events(&lines, "request").len()), last["requests"]);
    assert!(!events(&lines, "warning").is_empty(), "items were left out");
    assert!(last["message"].as_str().unwrap().starts_with("complete: "), "{last}");
}

#[test]
fn failures_and_gates_are_events_with_their_hints() {
    let json = |more: &[&str], server: &str| {
        let flags = [&["-o", "c.csv", "--log-format=json"], more].concat();
        sent_export().contacts(server, &flags).finish()
    };
    let server = simulator(300);
    let run = json(&["--min-contacts", "1000"], &server.base_url()).expect_code(8);
    let lines = log(&run, &[]);
    let [start, gate, end] = lines.as_slice() else { panic!("{run:?}") };
    assert_eq!(
        (&start["event"], &gate["event"], &end["event"]),
        (&json!("run_started"), &json!("gate_failed"), &json!("run_finished"))
    );
    assert_eq!((&gate["exit_code"], &gate["level"]), (&json!(8), &json!("error")));
    assert!(gate["hint"].as_str().unwrap().contains("loosen the gate"), "{gate}");
    assert!(gate["evidence"].as_str().unwrap().starts_with("verdict: complete; evidence: "), "{gate}");
    assert_eq!((&end["verdict"], &end["rows"], &end["published"]), (&json!("complete"), &Value::Null, &json!(false)));

    let refusing = ScriptedServer::start(|_, _| Answer::error(403, "AUTH_003"));
    let run = json(&["-q"], &refusing.url()).expect_code(6);
    let lines = log(&run, &[]);
    let [error] = lines.as_slice() else { panic!("{run:?}") };
    assert_eq!((&error["event"], &error["request_id"]), (&json!("error"), &json!("req_test")));

    let run = json(&["--consistency", "plain"], &server.base_url()).expect_code(3);
    assert_eq!(events(&log(&run, &[]), "unverified").len(), 1);
    let run = json(&["--no-such-flag"], &server.base_url()).expect_code(2);
    assert_eq!(log(&run, &[])[0]["event"], "error");
    let run = json(&["--rate-limit", "1/min", "--reserve", "100%"], &server.base_url()).expect_code(2);
    assert!(log(&run, &[]).len() <= 2, "{run:?}");
    let run = sent_export().args(["report", "missing.csv"]).env("SENT_EXPORT_LOG_FORMAT", Some("json")).finish();
    let run = run.expect_code(2);
    let lines = log(&run, &[]);
    assert_eq!(lines[0]["event"], "run_started");
    assert_eq!((&lines[2]["command"], &lines[2]["exit_code"]), (&json!("report"), &json!(2)));
    let run = sent_export().args(["run", "none.toml", "--log-format", "json"]).finish().expect_code(2);
    assert_eq!(log(&run, &[])[0]["event"], "error");
}

#[test]
fn jobs_share_one_log_and_each_line_names_its_job() {
    let server = simulator(250);
    let file = format!(
        "[defaults]\ncommand = \"contacts\"\noutput = \"{{job}}.csv\"\nbase-url = \"{}\"\nrate-limit = \"none\"\n\n[jobs.good]\n\n\
         [jobs.gated]\nmin-contacts = 1000\n\n[jobs.here]\nsimulate = 10\n",
        server.base_url()
    );
    let run = |arguments: &[&str]| sent_export().file("jobs.toml", &file).args(["run", "jobs.toml"]).args(arguments);
    let done = run(&["--parallel", "2", "--log-format", "json"]).finish().expect_code(8);
    let lines = log(&done, &[]);
    for (job, exit_code) in [("good", 0), ("gated", 8), ("here", 0)] {
        let of_job: Vec<&Value> = lines.iter().filter(|line| line["job"] == job).collect();
        assert_eq!(of_job[0]["event"], "run_started", "{of_job:?}");
        assert_eq!(of_job[of_job.len() - 1]["exit_code"], exit_code, "{of_job:?}");
    }
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!((&first["command"], &first["job"]), (&json!("run"), &Value::Null));
    assert_eq!((&last["command"], &last["exit_code"]), (&json!("run"), &json!(8)));
    let counts = events(&lines, "jobs_finished")[0];
    assert_eq!((&counts["jobs"], &counts["succeeded"], &counts["failed"]), (&json!(3), &json!(2), &json!(1)));

    let file = file.replace("rate-limit", "log-format = \"json\"\nrate-limit");
    let refused = sent_export().file("jobs.toml", &file).args(["run", "jobs.toml"]).finish().expect_code(2);
    refused.expect_stderr("job good: log-format is the same for all jobs: give it to sent-export run");
}

#[test]
fn a_stopped_run_is_reported_and_the_next_one_reports_resuming() {
    let settings = Settings { contacts: 4_000, latency: "50ms".parse().unwrap(), ..Settings::default() };
    let server = Simulator::start(settings).unwrap();
    let flags = ["-o", "c.csv", "--concurrency", "2", "--log-format", "json", "--runs", "runs.jsonl"];
    let (folder, mut command) = sent_export().contacts(&server.base_url(), &flags).into_parts();
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_until(&mut child, || server.statistics().list_requests > 10);
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.lines().any(|line| line.contains("\"event\":\"stopped\"")), "{text}");
    let run = crate::support::run_in(folder).contacts(&server.base_url(), &flags).finish().expect_code(0);
    let lines = log(&run, &[]);
    assert_eq!(events(&lines, "resumed").len(), 1, "{lines:?}");
    assert!(lines[lines.len() - 1]["pages_resumed"].as_u64().unwrap() > 0, "{lines:?}");
    let runs = std::fs::read_to_string(run.path("runs.jsonl")).unwrap();
    let codes: Vec<Value> =
        runs.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["exit_code"].clone()).collect();
    assert_eq!(codes, [json!(143), json!(0)]);
}

#[test]
fn a_limit_is_reported_in_the_verdict_manifest_and_plan() {
    let server = simulator(5_000);
    let run = sent_export().contacts(&server.base_url(), &["-o", "c.csv", "--limit", "250", "--summary", "s.json"]);
    let run = run.finish().expect_code(3).expect_stderr("reading stopped after the first 250 contacts (--limit)");
    let requests = server.statistics().list_requests;
    assert!(requests <= 6, "{requests} requests for three pages");
    let manifest = run.json("_c.csv.manifest.json");
    assert_eq!((&manifest["rows"], &manifest["filters"]), (&json!(250), &json!({"limit": 250})));
    assert_eq!(run.evidence("s.json", "limit_reached"), Some(json!(250)));
    crate::support::assert_valid(&manifest, crate::support::MANIFEST_SCHEMA);
    crate::support::assert_valid(&run.json("s.json"), crate::support::SUMMARY_SCHEMA);
    // The first rows of the whole list, in its order.
    let whole = sent_export().contacts(&server.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    let ids = crate::support::csv_ids(&run.path("c.csv"));
    assert_eq!(ids, crate::support::csv_ids(&whole.path("c.csv"))[..250]);

    // If the list is not longer than the limit, the export is complete.
    for (limit, rows, code) in [("40", 40, 0), ("41", 40, 0), ("39", 39, 3)] {
        let short = ScriptedServer::start(|_, head| Asked::by(head).answer_of(40));
        let run = sent_export().contacts(&short.url(), &["-o", "c.csv", "--limit", limit]).finish().expect_code(code);
        assert_eq!(crate::support::csv_ids(&run.path("c.csv")).len(), rows, "{limit}");
    }
    let plan = sent_export().args(["plan"]).contacts(&server.base_url(), &["-o", "c.csv", "--limit", "250"]).finish();
    let said = String::from_utf8(plan.expect_code(0).stdout).unwrap();
    assert!(
        said.contains("rows      250 contacts of the 5,000 in the list, 100 on a page\nrequests  about 4"),
        "{said}"
    );
    // A seed without sampling is refused.
    for more in [&[][..], &["--limit", "9"]] {
        let flags = [&["-o", "c.csv", "--sample-seed", "7"], more].concat();
        sent_export().contacts(&server.base_url(), &flags).finish().expect_code(2).expect_stderr("--sample");
    }
    for more in [&["--changes", "x.csv"][..], &["--exit-code-unchanged", "9"]] {
        let flags = [&["-o", "c.csv", "--limit", "9"], more].concat();
        let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(2);
        run.expect_stderr("--limit does not go with --changes, --history and --exit-code-unchanged");
    }
}

#[test]
fn a_sample_takes_few_requests_across_the_list_and_is_reported_as_a_sample() {
    let server = simulator(5_000);
    let export = |seed: &str, more: &[&str]| {
        let flags = [&["-o", "c.csv", "--sample", "500", "--sample-seed", seed, "--summary", "s.json"], more].concat();
        sent_export().contacts(&server.base_url(), &flags).finish()
    };
    let run =
        export("7", &[]).expect_code(3).expect_stderr("a sample of 500 contacts from 5 of 50 pages (--sample, seed 7)");
    assert!(server.statistics().list_requests <= 6, "{}", server.statistics().list_requests);
    let manifest = run.json("_c.csv.manifest.json");
    assert_eq!((&manifest["rows"], &manifest["filters"]), (&json!(500), &json!({"sample": 500})));
    assert_eq!((&manifest["verdict"], &manifest["consistency"]["mode"]), (&json!("unverified"), &json!("sample")));
    assert_eq!(run.evidence("s.json", "sampled"), Some(json!(500)));
    crate::support::assert_valid(&manifest, crate::support::MANIFEST_SCHEMA);
    crate::support::assert_valid(&run.json("s.json"), crate::support::SUMMARY_SCHEMA);
    // The sample has rows from each fifth of the list, in its order, and is the same for the same seed.
    let whole = sent_export().contacts(&server.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    let all = crate::support::csv_ids(&whole.path("c.csv"));
    let ids = crate::support::csv_ids(&run.path("c.csv"));
    let places: Vec<usize> = ids.iter().map(|id| all.iter().position(|other| other == id).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!((0..5).all(|fifth| places.iter().filter(|&&place| place / 1_000 == fifth).count() == 100), "{places:?}");
    assert_eq!(crate::support::csv_ids(&export("7", &[]).expect_code(3).path("c.csv")), ids);
    assert_ne!(crate::support::csv_ids(&export("8", &[]).expect_code(3).path("c.csv")), ids);
    assert_eq!(export("7", &["-o", "c.parquet"]).expect_code(3).json("s.json")["contacts"], 500);
    export("7", &["--changes", "x.csv"]).expect_code(2).expect_stderr("--sample does not go with --changes");
    export("7", &["--limit", "5"]).expect_code(2).expect_stderr("cannot be used with");
    let plan = sent_export().args(["plan"]).contacts(&server.base_url(), &["-o", "c.csv", "--sample", "500"]).finish();
    let said = String::from_utf8(plan.expect_code(0).stdout).unwrap();
    assert!(
        said.contains("rows      500 contacts of the 5,000 in the list, 100 on a page\nrequests  6 requests\n"),
        "{said}"
    );

    // A sample larger than the list; a service with smaller pages; an empty list.
    let small = Simulator::start(Settings { contacts: 130, page_cap: 50, ..Settings::default() }).unwrap();
    let run = sent_export().contacts(&small.base_url(), &["-o", "c.csv", "--sample", "500"]).finish().expect_code(3);
    assert_eq!(crate::support::csv_ids(&run.path("c.csv")).len(), 130, "{run:?}");
    let none = simulator(0);
    let run = sent_export().contacts(&none.base_url(), &["-o", "c.csv", "--sample", "5"]).finish().expect_code(3);
    assert_eq!(crate::support::csv_ids(&run.path("c.csv")).len(), 0, "{run:?}");
}
