//! `plan`: the plan matches what the run then needs, and takes one request itself.

use sent_export::simulator::{Settings, Simulator};

use crate::support::{Answer, Finished, ScriptedServer, page, sent_export, simulator};

fn plan(base_url: &str, more: &[&str]) -> Finished {
    let (command, flags) = more.split_first().unwrap();
    sent_export().args(["plan", *command, "--base-url", base_url, "--retry-delay", "1ms"]).args(flags).finish()
}

/// The value of a line.
fn value(run: &Finished, name: &str) -> String {
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name}:\n{text}"))[name.len()..].trim().to_owned()
}

/// The first number of a text.
fn number(text: &str) -> u64 {
    let digits: String =
        text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    digits.replace(',', "").parse().unwrap_or_else(|_| panic!("no number in {text}"))
}

#[test]
fn a_run_takes_as_many_requests_as_planned() {
    let simulator = simulator(6_000);
    for (mode, requests) in [("plain", 60), ("auto", 71), ("strict", 140)] {
        simulator.forget_reader();
        let before = simulator.statistics().requests;
        let run = plan(&simulator.base_url(), &["contacts", "-o", "c.parquet", "-o", "c.csv", "--consistency", mode]);
        let run = run.expect_code(0);
        assert_eq!(simulator.statistics().requests - before, 1);
        assert_eq!(value(&run, "rows"), "6,000 contacts in the list, 100 on a page");
        assert_eq!(number(&value(&run, "requests")), requests);
        assert!(value(&run, "time").ends_with(" under the rate limit"), "{}", value(&run, "time"));
        assert_eq!(run.files(), [""; 0], "nothing is written");
        let sent = simulator.statistics().requests;
        let code = if mode == "plain" { 3 } else { 0 };
        let flags = ["-o", "c.parquet", "-o", "c.csv", "--consistency", mode];
        let export = run.again().contacts(&simulator.base_url(), &flags).finish().expect_code(code);
        let taken = simulator.statistics().requests - sent;
        assert!(taken.abs_diff(requests) <= 5, "{mode}: planned {requests}, took {taken}");
        let manifest = export.json("_c.parquet.manifest.json");
        let plan = plan(&simulator.base_url(), &["contacts", "-o", "c.parquet", "-o", "c.csv"]);
        let text = String::from_utf8_lossy(&plan.stdout).into_owned();
        for (at, line) in text.lines().filter(|line| line.starts_with("output")).enumerate() {
            let planned: f64 = line.split("about ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
            let planned = planned * if line.contains("MB") { 1e6 } else { 1e3 };
            let bytes = manifest["outputs"][at]["bytes"].as_f64().unwrap();
            assert!((0.9..3.0).contains(&(planned / bytes)), "{line}, written {bytes}");
        }
    }
}

#[test]
fn a_plan_counts_with_the_page_size_that_the_service_honors() {
    // The service states the requested page size, but sends no more than 50 rows.
    let server = ScriptedServer::start(|_, head| {
        let asked = crate::support::Asked::by(head);
        let size = asked.size.min(50);
        let stated = format!(r#""page_size":{}"#, asked.size);
        Answer::ok(page(asked.page, size, 1_000).replace(&format!(r#""page_size":{size}"#), &stated))
    });
    let run = plan(&server.url(), &["contacts", "-o", "c.csv"]).expect_code(0);
    assert_eq!(value(&run, "rows"), "1,000 contacts in the list, 50 on a page");
    assert_eq!(number(&value(&run, "requests")), 20 + 3 + 2);
    let sample = ["-o", "c.csv", "--sample", "200"];
    let run = sent_export().contacts(&server.url(), &sample).finish().expect_code(3);
    let ids = crate::support::csv_ids(&run.path("c.csv"));
    let in_quarters = [0, 250, 500, 750].map(|from: u128| {
        let numbers = ids.iter().map(|id| id.as_u128() & 0xffff_ffff_ffff);
        let numbers = numbers.map(|number| format!("{number:x}").parse::<u128>().unwrap());
        numbers.filter(|number| (from..from + 250).contains(number)).count()
    });
    assert_eq!(in_quarters, [50; 4], "one page of each quarter of the list");
}

#[test]
fn a_resumable_run_is_counted() {
    let server = ScriptedServer::start(|_, head| match crate::support::Asked::by(head) {
        asked if asked.holds(1_500) => Answer::error(500, "INTERNAL_001"),
        asked => asked.answer_of(3_000),
    });
    let flags = ["-o", "c.csv", "--max-retries", "1", "--concurrency", "1", "--min-contacts", "1"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(5);
    let (folder, before) = (run.into_folder(), server.requests().len());
    let plan = ["plan", "contacts", "--base-url", &server.url(), "-o", "c.csv", "--min-contacts", "1"];
    let run = crate::support::run_in(folder).args(plan).finish().expect_code(0);
    let text = value(&run, "resume");
    assert!(text.contains(" saves ") && number(text.split("saves").nth(1).unwrap()) > 5, "{text}");
    assert_eq!(server.requests().len() - before, 1);
    assert!(run.files().contains(&".c.csv.journal".to_owned()));
}

#[test]
fn activities_take_one_request_per_message() {
    let simulator = Simulator::start(Settings::of_messages(450)).unwrap();
    let outputs = ["-o", "m.parquet", "--with-activities", "--activities-output", "a.parquet", "--since", "7d"];
    let run = plan(&simulator.base_url(), &[&["messages"], &outputs[..]].concat()).expect_code(0);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains("and 450 requests for activities, one for each message"), "{text}");
    assert!(value(&run, "requests").starts_with("at most about"), "{text}");
    let ids = [0, 1, 2].map(|number| simulator.message_id(number).to_string()).join("\n");
    let requests = simulator.statistics().requests;
    let run = sent_export().file("ids.txt", &ids);
    let run = run.args(["plan", "activities", "--ids", "ids.txt", "-o", "a.csv", "--base-url", &simulator.base_url()]);
    let run = run.finish().expect_code(0);
    assert_eq!(value(&run, "requests"), "3 requests");
    assert_eq!(value(&run, "time"), "within the burst of the rate limit: no waiting");
    assert_eq!(simulator.statistics().requests, requests, "the ids are enough for a plan");
}

#[test]
fn flags_of_a_plan_have_their_variables() {
    let simulator = simulator(6_000);
    let arguments = ["plan", "contacts", "-o", "c.csv", "--base-url", &simulator.base_url()];
    let run = sent_export().env("SENT_EXPORT_RATE_LIMIT", Some("none")).args(arguments).finish().expect_code(0);
    assert_eq!(value(&run, "time"), "as fast as the API answers: no rate limit is set");
}

#[test]
fn a_plan_fails_as_the_run_would() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 3)));
    plan(&server.url(), &["contacts", "-o", "c.txt"]).expect_code(2);
    plan(&server.url(), &["contacts", "-o", "c.csv", "--columns", "nope"]).expect_code(2).expect_stderr("nope");
    assert_eq!(server.requests().len(), 0);
    let server = ScriptedServer::start(|_, _| Answer::error(401, "AUTH_002"));
    plan(&server.url(), &["contacts", "-o", "c.csv"]).expect_code(6);
}
