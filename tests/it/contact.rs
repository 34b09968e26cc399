//! `sent-export contact`: contacts by id or number.

use sent_export::simulator::Simulator;
use serde_json::{Value, json};

use crate::simulator::client::{ask, page};
use crate::support::{
    Answer, Finished, Run, ScriptedServer, csv_ids, page as page_of_contacts, sent_export, simulator,
};

const UNKNOWN: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

fn contact(base_url: &str, more: &[&str]) -> Run {
    let flags = ["contact", "--base-url", base_url, "--rate-limit", "none", "--retry-delay", "1ms"];
    sent_export().args(flags).args(more)
}

fn lines(run: &Finished) -> Vec<Value> {
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn contacts_of(simulator: &Simulator) -> Vec<Value> {
    page(simulator, 1, 100).json()["data"]["contacts"].as_array().unwrap().clone()
}

#[test]
fn a_contact_is_a_line_of_json_in_a_pipe_by_id_and_by_number() {
    let simulator = simulator(60);
    let contacts = contacts_of(&simulator);
    let wanted = contacts.iter().find(|contact| contact["format_e164"].as_str().is_some_and(|e164| e164.len() > 8));
    let wanted = wanted.unwrap();
    let (id, number) = (wanted["id"].as_str().unwrap(), wanted["phone_number"].as_str().unwrap());
    let e164 = wanted["format_e164"].as_str().unwrap();
    let number = if number.starts_with('+') { number } else { e164 };
    let run = contact(&simulator.base_url(), &[id, number]).finish().expect_code(0);
    let found = lines(&run);
    assert_eq!(found.len(), 2, "{run:?}");
    assert_eq!(found[0], found[1]);
    assert_eq!((&found[0]["id"], &found[0]["format_e164"]), (&wanted["id"], &wanted["format_e164"]));
    assert!(found[0].get("message_summary").is_none() && found[0]["available_channels"].is_array());
    assert_eq!(run.stderr, "");
}

#[test]
fn a_message_summary_agrees_with_that_of_the_api() {
    let simulator = simulator(60);
    let ids: Vec<String> = contacts_of(&simulator).iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect();
    let summary = |id: &String| ask(&simulator, &format!("/v3/contacts/{id}/message-summary")).json()["data"].clone();
    let id = ids.iter().find(|id| summary(id)["message_count"].as_u64().unwrap() > 0).unwrap();
    let wanted = summary(id);
    let run = contact(&simulator.base_url(), &[id, "--message-summary"]).finish().expect_code(0);
    let found = &lines(&run)[0]["message_summary"];
    for name in ["message_count", "first_message_at", "last_message_at", "channels_used", "channel_scores"] {
        assert_eq!(found[name], wanted[name], "{name}");
    }
}

#[test]
fn a_missing_contact_is_an_error_and_several_are_counted() {
    let simulator = simulator(60);
    let url = simulator.base_url();
    let id = contacts_of(&simulator)[0]["id"].as_str().unwrap().to_owned();
    let run = contact(&url, &[UNKNOWN]).finish().expect_code(4);
    assert!(run.expect_stderr(&format!("no such contact: {UNKNOWN}")).expect_stderr("hint: ").stdout.is_empty());
    let run = contact(&url, &["+999000111222333"]).finish().expect_code(4);
    let run = run.expect_stderr("no such contact: the number of argument 1");
    assert!(!run.stderr.contains("999000111"), "{run:?}");
    let run = contact(&url, &[UNKNOWN, &id, "+999000111222333"]).finish().expect_code(0);
    let run = run.expect_stderr(&format!("2 contacts of 3 not found: {UNKNOWN}, the number of argument 3"));
    assert_eq!(lines(&run).len(), 1);
    let run = contact(&url, &["+1x", &id]).finish().expect_code(2);
    run.expect_stderr("argument 1 is neither a contact id nor a phone number");
}

#[test]
fn a_server_that_ignores_the_number_is_not_believed() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page_of_contacts(1, 100, 7)));
    let run = contact(&server.url(), &["+447700900999", "--max-retries", "1"]).finish().expect_code(5);
    let run = run.expect_stderr("the API seems to ignore phone: it sent rows that do not match (request id req_1)");
    let run = run.expect_stderr("hint: look the contact up by its id, or export all contacts and search the file");
    assert!(run.stdout.is_empty() && !run.stderr.contains("7700900999"), "{run:?}");
}

/// The response for a number with these contacts.
fn answer_of(contacts: &[Value], pagination: &Value) -> Answer {
    let data = json!({"contacts": contacts, "pagination": pagination});
    Answer::ok(json!({"success": true, "data": data, "error": null, "meta": {}}).to_string())
}

#[test]
fn an_answer_that_is_a_part_of_a_list_is_not_complete() {
    const NUMBER: &str = "+447700900999";
    let id = |at: u32| format!("00000000-0000-4000-8000-{at:012}");
    let listed: Vec<Value> = (0..20).map(|at| json!({"id": id(at), "phone_number": NUMBER})).collect();
    for (contacts, pagination) in [
        (&listed[..], json!({"page": 1, "page_size": 20, "total_count": 25, "total_pages": 2, "has_more": true})),
        (&listed[..1], json!({"total_count": 5})),
        (&listed[..1], json!({"has_more": true})),
        (&listed[..0], json!({"page": 1, "page_size": 100, "total_count": 3, "has_more": false})),
    ] {
        let shown = pagination.to_string();
        let contacts = contacts.to_vec();
        let rows = contacts.len();
        let server = ScriptedServer::start(move |_, _| answer_of(&contacts, &pagination));
        let run = contact(&server.url(), &[NUMBER]).finish().expect_code(3);
        let words =
            "warning: completeness is not verified: 1 answer does not hold every contact: the number of argument 1\n";
        assert_eq!((lines(&run).len(), &*run.stderr), (rows, words), "{shown}");
        let run = run.again().args(["contact", "--base-url", &server.url(), NUMBER, "--rate-limit", "none"]);
        let run = run.args(["-o", "c.csv", "--missing", "gone.txt"]).finish().expect_code(3);
        let run = run.expect_stderr("1 answer does not hold everything about the id");
        assert_eq!(csv_ids(&run.path("c.csv")).len(), rows, "{shown}");
        assert_eq!(run.evidence("_c.csv.manifest.json", "answers_cut"), Some(1.into()), "{shown}");
        assert_eq!(std::fs::read_to_string(run.path("gone.txt")).unwrap(), "", "{shown}");
    }
}

#[test]
fn a_contact_that_is_listed_twice_is_printed_once_and_a_rejected_item_is_a_warning() {
    let contacts = [json!({"id": "a"}), json!({"id": "a"}), json!({"no": "id"}), json!({"id": "b"})];
    let server = ScriptedServer::start(move |_, _| answer_of(&contacts, &json!({"total_count": 4})));
    let run = contact(&server.url(), &["+447700900999"]).finish().expect_code(0);
    let ids: Vec<Value> = lines(&run).iter().map(|contact| contact["id"].clone()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(run.stderr, "warning: 1 item was left out because it is not a contact (missing_id: 1).\n");
}

#[test]
fn many_contacts_are_exported_and_missing_ids_listed() {
    let simulator = simulator(80);
    let ids: Vec<String> = contacts_of(&simulator).iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect();
    let mut asked = ids.clone();
    asked.insert(10, UNKNOWN.to_owned());
    let run = sent_export().file("ids.txt", &asked.join("\n"));
    let run = run.args(["contact", "--base-url", &simulator.base_url(), "--rate-limit", "none", "--ids", "ids.txt"]);
    let run = run.args(["-o", "c.csv", "--missing", "gone.txt"]).finish().expect_code(0);
    let written: Vec<String> = csv_ids(&run.path("c.csv")).iter().map(ToString::to_string).collect();
    assert_eq!(written, ids);
    assert_eq!(std::fs::read_to_string(run.path("gone.txt")).unwrap(), format!("{UNKNOWN}\n"));
    assert_eq!(run.evidence("_c.csv.manifest.json", "ids_not_found"), Some(1.into()));
    let run = run.expect_stderr("complete: 80 contacts; not found: 1 id\n");
    // The rows are those of the list.
    let list = run.again().contacts(&simulator.base_url(), &["-o", "list.csv"]).finish().expect_code(0);
    assert!(std::fs::read(list.path("c.csv")).unwrap() == std::fs::read(list.path("list.csv")).unwrap());
}

#[test]
fn numbers_and_ids_go_into_one_output_in_their_order_and_each_contact_once() {
    let simulator = simulator(80);
    let contacts = contacts_of(&simulator);
    let number_of = |contact: &Value| contact["format_e164"].as_str().unwrap_or_default().to_owned();
    let is_its_own = |number: &str| contacts.iter().filter(|other| number_of(other) == *number).count() == 1;
    let numbered: Vec<&Value> =
        contacts.iter().filter(|contact| number_of(contact).len() > 8 && is_its_own(&number_of(contact))).collect();
    let id_of = |contact: &Value| contact["id"].as_str().unwrap().to_owned();
    let (first, second, third) = (number_of(numbered[5]), id_of(numbered[1]), number_of(numbered[3]));
    let nobody = "+999000111222333";
    // The third contact is given by number and by id.
    let asked = [&*first, &second, nobody, &third, &id_of(numbered[3])];
    let more = ["-o", "c.csv", "--missing", "gone.txt"];
    let run = contact(&simulator.base_url(), &[&asked[..], &more].concat()).finish().expect_code(0);
    let written: Vec<String> = csv_ids(&run.path("c.csv")).iter().map(ToString::to_string).collect();
    assert_eq!(written, [id_of(numbered[5]), second.clone(), id_of(numbered[3])]);
    assert_eq!(std::fs::read_to_string(run.path("gone.txt")).unwrap(), format!("{nobody}\n"));
    let manifest = std::fs::read_to_string(run.path("_c.csv.manifest.json")).unwrap();
    assert_eq!(run.evidence("_c.csv.manifest.json", "ids_answered"), Some(5.into()));
    for secret in [&*first, nobody, &third] {
        let digits = secret.trim_start_matches('+');
        assert!(!manifest.contains(digits) && !run.stderr.contains(digits), "{run:?}");
    }
}

#[test]
fn outputs_are_split_and_older_ones_removed() {
    let simulator = simulator(250);
    let ids: Vec<String> = (1..=3)
        .flat_map(|number| page(&simulator, number, 100).json()["data"]["contacts"].as_array().unwrap().clone())
        .map(|contact| contact["id"].as_str().unwrap().to_owned())
        .collect();
    let base_url = simulator.base_url();
    let output = ["-o", "e/{run_id}/c.csv", "--max-rows-per-file", "100", "--keep", "1"];
    let flags = [&["--base-url", &base_url, "--rate-limit", "none", "--ids", "ids.txt"][..], &output].concat();
    let run = sent_export().file("ids.txt", &ids.join("\n")).args(["contact"]).args(&flags).finish().expect_code(0);
    let folders = |run: &Finished| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(run.path("e")).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let first = folders(&run);
    assert_eq!(first.len(), 1, "{first:?}");
    let parts = ["c-00000.csv", "c-00001.csv", "c-00002.csv"].map(|name| csv_ids(&first[0].join(name)));
    assert_eq!(parts.each_ref().map(Vec::len), [100, 100, 50]);
    assert_eq!(parts.concat().iter().map(ToString::to_string).collect::<Vec<_>>(), ids);
    let second = folders(&run.again().args(["contact"]).args(&flags).finish().expect_code(0));
    assert!(second.len() == 1 && second != first, "{second:?}");
}

#[test]
fn a_number_that_cannot_be_looked_up_is_named_by_its_argument() {
    let simulator = simulator(20);
    let id = contacts_of(&simulator)[0]["id"].as_str().unwrap().to_owned();
    simulator.add_fault("VALIDATION_001 page=1".parse().unwrap());
    let run = contact(&simulator.base_url(), &["+12025550123", &id, "-o", "c.csv", "--allow-unread"]);
    let run = run.finish().expect_code(3).expect_stderr("the number of argument 1");
    assert!(!run.stderr.contains("2025550123"), "{run:?}");
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 1);
}

#[test]
fn flags_that_do_not_go_together_are_refused_before_any_request() {
    let server = ScriptedServer::start(|_, _| Answer::error(500, "INTERNAL_001"));
    for (arguments, words) in [
        (&["--ids", "ids.txt"][..], "--output"),
        (&[UNKNOWN, "--missing", "m.txt"], "--output"),
        (&[UNKNOWN, "--allow-unread"], "--output"),
        (&[UNKNOWN, "--keep", "2"], "--output"),
        (&[UNKNOWN, "--keep", "2", "-o", "c.csv"], "--keep needs an output whose path differs from run to run"),
        (&[UNKNOWN, "--message-summary", "-o", "c.csv"], "cannot be used with"),
        (&[], "required arguments"),
    ] {
        let run = contact(&server.url(), arguments).finish().expect_code(2).expect_stderr(words);
        assert!(!run.stderr.contains("2025550123"), "{run:?}");
    }
    assert!(server.requests().is_empty());
}
