//! What a run writes for programs that monitor it: metrics, a run log, a notification.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::{Answer, Finished, ScriptedServer, run_in, sent_export, simulator};

/// Samples by name and labels. Checks the requirements of OpenMetrics and of the older format of `node_exporter`.
fn metrics(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("{text} does not end with # EOF"));
    assert!(!body.contains("# EOF") && !body.lines().any(str::is_empty), "{text}");
    let (mut samples, mut described, mut current) = (BTreeMap::new(), Vec::new(), String::new());
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<&str> = comment.splitn(3, ' ').collect();
            let [kind, name, value] = words.as_slice() else { panic!("{line}") };
            match *kind {
                "HELP" => {
                    assert!(!described.contains(&(*name).to_owned()), "{name} is described twice");
                    described.push((*name).to_owned());
                    (*name).clone_into(&mut current);
                }
                "TYPE" => assert_eq!((*name, *value), (current.as_str(), "gauge")),
                "UNIT" => assert!(*name == current && name.ends_with(&format!("_{value}")), "{line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = sample.split_once('{').unwrap();
        assert_eq!(name, current, "samples follow their description");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        for reserved in ["_total", "_count", "_sum", "_bucket", "_created", "_info"] {
            assert!(!name.ends_with(reserved), "{name} is no gauge");
        }
        assert!(labels.ends_with("\"}"), "{line}");
        let value: f64 = value.parse().unwrap();
        assert!(samples.insert(sample.to_owned(), value).is_none(), "{sample} occurs twice");
    }
    samples
}

fn metrics_of(run: &Finished, name: &str) -> BTreeMap<String, f64> {
    metrics(&std::fs::read_to_string(run.path(name)).unwrap())
}

/// The value of a metric of `contacts -o c.csv`.
#[track_caller]
fn value(samples: &BTreeMap<String, f64>, name: &str) -> Option<f64> {
    samples.get(&format!("sent_export_{name}{{command=\"contacts\",output=\"c.csv\"}}")).copied()
}

#[test]
fn metrics_describe_the_last_run_and_keep_the_last_success() {
    let server = simulator(300);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() - 0.001;
    let flags = ["-o", "c.csv", "--metrics", "metrics/sent.prom"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let good = metrics_of(&run, "metrics/sent.prom");
    let manifest = run.json("_c.csv.manifest.json");
    assert_eq!(value(&good, "last_run_rows"), Some(300.0));
    assert_eq!(value(&good, "last_run_exit_code"), Some(0.0));
    assert_eq!(value(&good, "last_run_written_bytes"), manifest["outputs"][0]["bytes"].as_f64());
    let requests = u32::try_from(server.statistics().list_requests).unwrap();
    assert_eq!(value(&good, "last_run_requests"), Some(f64::from(requests)));
    let verdict = |samples: &BTreeMap<String, f64>, verdict: &str| {
        let labels = format!("{{command=\"contacts\",output=\"c.csv\",verdict=\"{verdict}\"}}");
        samples[&format!("sent_export_last_run_verdict{labels}")]
    };
    assert_eq!((verdict(&good, "complete"), verdict(&good, "healed"), verdict(&good, "unverified")), (1.0, 0.0, 0.0));
    let success = value(&good, "last_success_timestamp_seconds").unwrap();
    assert!(success >= before && Some(success) == value(&good, "last_run_timestamp_seconds"), "{good:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = std::fs::metadata(run.path("metrics/sent.prom")).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o644, "node_exporter is another user");
    }
    // A gate, a failure of the API, and settings that are refused.
    let failing = ScriptedServer::start(|_, _| Answer::error(403, "AUTH_003"));
    let gate = ["--min-contacts", "1000"];
    let mut run = run;
    for (url, more, code) in [
        (server.base_url(), &gate[..], 8),
        (failing.url(), &[][..], 6),
        (server.base_url(), &["--columns", "x"][..], 2),
    ] {
        let flags = [&flags[..], more].concat();
        run = run.again().contacts(&url, &flags).finish().expect_code(code);
        let failed = metrics_of(&run, "metrics/sent.prom");
        assert_eq!(value(&failed, "last_run_exit_code"), Some(f64::from(code)));
        assert_eq!(value(&failed, "last_success_timestamp_seconds"), Some(success), "{code}");
        assert!(value(&failed, "last_run_timestamp_seconds") > Some(success));
        assert_eq!(value(&failed, "last_run_rows"), None);
    }
    assert_eq!(std::fs::read_dir(run.path("metrics")).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_file_that_cannot_be_written_is_found_before_the_first_request() {
    let server = simulator(300);
    for (flag, path, code, said) in [
        ("--metrics", "c.txt/m.prom", 7, "c.txt"),
        ("--runs", "c.txt/runs.jsonl", 7, "cannot append to c.txt/runs.jsonl (--runs)"),
        ("--runs", "s3://lake/runs.jsonl", 2, "--runs takes a file on this machine, not s3://lake/runs.jsonl"),
        ("--metrics", "-", 2, "--metrics takes a file on this machine, not -"),
    ] {
        let run = sent_export().file("c.txt", "").contacts(&server.base_url(), &["-o", "c.csv", flag, path]);
        run.finish().expect_code(code).expect_stderr(said);
    }
    assert_eq!(server.statistics().list_requests, 0);
}

#[test]
fn jobs_have_separate_metrics_and_share_a_run_log() {
    let server = simulator(250);
    let file = format!(
        "[defaults]\ncommand = \"contacts\"\noutput = \"out/{{job}}-{{date}}.csv\"\nbase-url = \"{}\"\nrate-limit = \"none\"\n\
         metrics = \"{{job}}.prom\"\nruns = \"runs.jsonl\"\n\n[jobs.good]\n\n[jobs.gated]\nmin-contacts = 1000\n\n[jobs.report]\ncommand = \"report\"\n\
         args = [\"out\"]\n",
        server.base_url()
    );
    let run = sent_export().file("jobs.toml", &file).args(["run", "jobs.toml"]).finish().expect_code(8);
    for (job, exit_code) in [("good", 0.0), ("gated", 8.0)] {
        let labels = format!("{{command=\"contacts\",job_name=\"{job}\",output=\"out/{job}-{{date}}.csv\"}}");
        let samples = metrics_of(&run, &format!("{job}.prom"));
        assert_eq!(samples.get(&format!("sent_export_last_run_exit_code{labels}")), Some(&exit_code), "{samples:?}");
    }
    let log = std::fs::read_to_string(run.path("runs.jsonl")).unwrap();
    let jobs: Vec<Value> =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["job"].clone()).collect();
    assert_eq!(jobs, [json!("good"), json!("gated")]);
    let file = file.replace("{job}.prom", "all.prom");
    let run = sent_export().file("jobs.toml", &file).args(["run", "jobs.toml"]).finish().expect_code(2);
    run.expect_stderr("job gated: writes all.prom, and so does the job good");
}

#[test]
fn the_run_log_has_every_run_and_report_shows_it() {
    let server = simulator(1_300);
    let flags = ["-o", "c.csv", "--runs", "logs/runs.jsonl"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let manifest = run.json("_c.csv.manifest.json");
    let gated = [&flags[..], &["--min-contacts", "2000"]].concat();
    let run = run.again().contacts(&server.base_url(), &gated).finish().expect_code(8);
    let run = run.again().env("SENT_DM_API_KEY", None).contacts(&server.base_url(), &flags).finish().expect_code(6);
    let log = std::fs::read_to_string(run.path("logs/runs.jsonl")).unwrap();
    let runs: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [good, gate, keyless] = runs.as_slice() else { panic!("{log}") };
    for (field, value) in [
        ("run_id", manifest["run_id"].clone()),
        ("rows", json!(1_300)),
        ("verdict", json!("complete")),
        ("is_published", json!(true)),
        ("outputs", json!(["c.csv"])),
        ("bytes", manifest["outputs"][0]["bytes"].clone()),
        ("error", Value::Null),
        ("summary", json!("complete: 1,300 contacts")),
    ] {
        assert_eq!(good[field], value, "{field}");
    }
    assert_eq!((&gate["exit_code"], &gate["rows"], &gate["is_published"]), (&json!(8), &Value::Null, &json!(false)));
    assert_eq!((&gate["verdict"], &keyless["verdict"]), (&json!("complete"), &Value::Null));
    assert!(gate["error"]["hint"].as_str().unwrap().contains("gate"), "{gate}");
    assert_eq!((&keyless["exit_code"], &keyless["requests"]), (&json!(6), &json!(0)));
    let documented = include_str!("../../docs/operations.md");
    for field in good.as_object().unwrap().keys() {
        assert!(documented.contains(&format!("| `{field}` |")), "docs/operations.md has no row for {field}");
    }

    // A line that a crash cut off is skipped, and the next one is complete.
    std::fs::write(run.path("logs/runs.jsonl"), log + "{\"schema_version\":1,\"ru").unwrap();
    let run = run.again().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let report = |run: Finished, more: &[&str]| {
        let arguments = [&["report", "--runs", "logs/runs.jsonl"], more].concat();
        run.again().args(arguments).finish().expect_code(0).expect_stderr("warning: skipped 1 line of logs/runs.jsonl")
    };
    let run = report(run, &[]);
    let table = String::from_utf8(run.stdout.clone()).unwrap();
    let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0], ["ended", "run", "verdict", "rows", "requests", "seconds", "exit", "outcome"]);
    assert_eq!(
        (&words[1][2..5], words[1][7], words.len()),
        (&["contacts", "complete", "1,300"][..], "0", 5),
        "{table}"
    );
    assert_eq!((&words[2][2..5], words[2][7]), (&["contacts", "complete", "-"][..], "8"), "{table}");
    let run = report(run, &["--last", "2", "--json", "-"]);
    let found: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((&found["unreadable_lines"], found["runs"].as_array().unwrap().len()), (&json!(1), 2));
    assert_eq!(found["runs"][0], *keyless);
    let run = run.again().args(["report", "--runs", "x.jsonl"]).finish().expect_code(2).expect_stderr("x.jsonl");
    // An export is not a run log.
    let run = run.again().args(["report", "--runs", "c.csv"]).finish().expect_code(2);
    let run = run
        .expect_stderr("error: no line is an entry of a run log: c.csv")
        .expect_stderr("hint: name a file that exports");
    assert!(run.stdout.is_empty(), "{run:?}");
    std::fs::write(run.path("empty.jsonl"), "").unwrap();
    let run = run.again().args(["report", "--runs", "empty.jsonl"]).finish().expect_code(0);
    assert_eq!(run.stdout, b"no runs\n");
    let run = run.again().args(["report", "--runs", "logs/runs.jsonl", "--last", "0"]).finish().expect_code(2);
    let run = run.expect_stderr("write a whole number of at least 1");
    // The variable and the key `run-log` are wrong names, and are refused because no run log would be written.
    let set = run.again().env("SENT_EXPORT_RUN_LOG", Some("r.jsonl"));
    let run = set.contacts(&server.base_url(), &flags).finish().expect_code(2).expect_stderr("SENT_EXPORT_RUNS");
    let run =
        run.again().env("SENT_EXPORT_RUN_LOG", Some("r.jsonl")).args(["contacts", "--help"]).finish().expect_code(0);
    let jobs =
        "[defaults]\nrun-log = \"r.jsonl\"\n\n[jobs.a]\ncommand = \"contacts\"\nsimulate = 5\noutput = \"a.csv\"\n";
    let run = run.again().file("jobs.toml", jobs).args(["run", "jobs.toml", "--check"]).finish().expect_code(2);
    let run = run.expect_stderr("line 2").expect_stderr("to append to it, write runs");
    // Reports do not use the variable for exports.
    let run = run.again().env("SENT_EXPORT_RUNS", Some("r.jsonl")).args(["report", "c.csv"]).finish().expect_code(0);
    assert!(String::from_utf8_lossy(&run.stdout).contains("Contacts"), "{run:?}");
}

/// A webhook whose address has a secret part.
fn hook(server: &ScriptedServer) -> String {
    format!("{}/services/T0/TopSecret?token=AlsoSecret", server.url())
}

fn posted(server: &ScriptedServer) -> Vec<Value> {
    let read = |request: String| {
        let (head, body) = request.split_at(request.find('{').unwrap());
        assert!(head.starts_with("post /services/t0/topsecret?token="), "{head}");
        assert!(head.contains("content-type: application/json") && !head.contains("x-api-key"), "{head}");
        serde_json::from_str(body).unwrap()
    };
    server.requests().into_iter().map(read).collect()
}

#[test]
fn every_outcome_is_posted() {
    let (server, chat) = (simulator(300), ScriptedServer::start(|_, _| Answer::ok("ok")));
    let flags = ["-o", "c.csv", "--quiet"];
    let export = |more: &[&str]| {
        let flags = [&flags[..], more].concat();
        sent_export().contacts(&server.base_url(), &flags).env("SENT_EXPORT_NOTIFY", Some(&hook(&chat))).finish()
    };
    assert_eq!(export(&[]).expect_code(0).stderr, "");
    export(&["--min-contacts", "1000", "--notify-format", "slack"]).expect_code(8);
    let posted = posted(&chat);
    let [json, slack] = posted.as_slice() else { panic!("{posted:?}") };
    assert!(json["text"].as_str().unwrap().starts_with("contacts: complete: 300 contacts [exit code 0, "), "{json}");
    assert_eq!((&json["run"]["rows"], &json["run"]["verdict"]), (&json!(300), &json!("complete")));
    let text = slack["text"].as_str().unwrap();
    assert!(text.starts_with("contacts: error: not published: ") && text.contains("\nhint: "), "{text}");
    assert_eq!(slack.as_object().unwrap().len(), 1);
}

#[test]
fn a_failing_webhook_does_not_change_the_outcome_and_stays_secret() {
    let server = simulator(300);
    let refusing = ScriptedServer::start(|_, _| Answer::Http(404, Vec::new(), "no".to_owned()));
    let closing = ScriptedServer::start(|_, _| Answer::Close);
    let redirecting = ScriptedServer::start(|_, _| {
        Answer::Http(302, vec!["location: http://127.0.0.1:1/".to_owned()], String::new())
    });
    for (chat, said) in [
        (&refusing, "warning: cannot notify 127.0.0.1: HTTP 404\n"),
        (&closing, "warning: cannot notify 127.0.0.1: "),
        (&redirecting, "warning: cannot notify 127.0.0.1: HTTP 302\n"),
    ] {
        let run = sent_export().contacts(&server.base_url(), &["-o", "c.csv", "--notify", &hook(chat)]).finish();
        let run = run.expect_code(0).expect_stderr(said);
        assert!(!run.stderr.contains("Secret") && run.path("c.csv").exists(), "{run:?}");
    }
    for bad in ["hooks.example.com/TopSecret", "ftp://example.com/TopSecret", ""] {
        let run = run_in(tempfile::tempdir().unwrap()).contacts(&server.base_url(), &["-o", "c.csv", "--notify", bad]);
        let run = run.finish().expect_code(2).expect_stderr("--notify (or SENT_EXPORT_NOTIFY) is not a usable address");
        assert!(!run.stderr.contains("Secret"), "{run:?}");
    }
}

#[test]
fn metrics_and_the_run_log_cannot_overwrite_the_export() {
    for (flag, path) in
        [("--metrics", "c.csv"), ("--runs", "./c.csv"), ("--metrics", "_c.csv.manifest.json"), ("--runs", "s.json")]
    {
        let flags = ["contacts", "--simulate=50", "-o", "c.csv", "--summary", "s.json", flag, path];
        let run = sent_export().args(flags).finish().expect_code(2);
        run.expect_stderr("two outputs are the same file");
    }
    let flags = ["contacts", "--simulate=50", "-o", "c.csv", "--metrics", "m", "--runs", "m"];
    sent_export().args(flags).finish().expect_code(2);
}
