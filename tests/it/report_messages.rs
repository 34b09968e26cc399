//! The delivery report: from a run, from files of every format, with a comparison, and for sharing.

use serde_json::{Value, json};

use sent_export::simulator::{Messaging, Settings, Simulator};

use crate::support::{Answer, DELIVERY_SCHEMA, Finished, ScriptedServer, assert_valid, sent_export};

const ALL_FORMS: [&str; 6] = ["--summary", "s.json", "--report", "r.html", "--report", "r.md"];

fn simulator(messages: u32, hostile: bool) -> Simulator {
    let messaging = Messaging { count: messages, ..Messaging::default() };
    Simulator::start(Settings { contacts: 300, hostile, messaging, ..Settings::default() }).unwrap()
}

/// An export of messages with these flags.
fn export(simulator: &Simulator, args: &[&str]) -> Finished {
    sent_export().messages(&simulator.base_url(), args).finish().expect_code(0)
}

fn document(run: &Finished, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(run.path(name)).unwrap()).unwrap()
}

fn read(run: &Finished, name: &str) -> String {
    std::fs::read_to_string(run.path(name)).unwrap()
}

/// The counts of a document, without the parts about its run or its files.
fn counts(mut document: Value) -> Value {
    let of_source = [
        "as_of",
        "run",
        "outputs",
        "inputs",
        // The queries in them name the file.
        "actions",
        "api",
        "notices",
        "filters",
        "rejected",
        "rejected_samples",
        "unknown_fields",
        "malformed_fields",
        "quality",
    ];
    let members = document.as_object_mut().unwrap();
    members.retain(|name, _| !of_source.contains(&name.as_str()));
    document
}

#[test]
fn activities_next_to_messages_are_skipped() {
    let simulator = simulator(120, false);
    let parts = ["-o", "m.parquet", "--with-activities", "--activities-output", "a.csv"];
    let run = sent_export().messages(&simulator.base_url(), &parts).finish().expect_code(0);
    let run = run.again().args(["report", "m.parquet", "a.csv", "--json", "f.json"]).finish().expect_code(0);
    let run = run.expect_stderr("skipped a.csv: it lists activities of messages");
    assert_eq!(document(&run, "f.json")["messages"], 120);
    let run = run.again().args(["diff", "a.csv", "a.csv"]).finish().expect_code(2);
    run.expect_stderr("cannot compare activities: a.csv").expect_stderr("hint: ");
}

/// The part of the counts that a report on activities can have.
fn told_by_activities(document: &Value) -> Vec<&Value> {
    ["messages", "total", "directions", "statuses", "funnel", "deliverability", "days", "hours", "failures", "times"]
        .iter()
        .map(|name| &document[*name])
        .collect()
}

#[test]
fn a_report_on_activities_matches_one_on_their_messages() {
    const FILES: [&str; 6] = ["a.parquet", "a.csv.gz", "a.ndjson", "a.arrow", "a.arrows", "a.xlsx"];
    let simulator = simulator(2500, false);
    let run = export(&simulator, &["-o", "m.parquet", "--summary", "m.json"]);
    let outputs: Vec<_> = FILES.iter().map(|name| ["-o", name]).collect();
    let flags = ["activities", "--base-url", &simulator.base_url(), "--rate-limit", "none", "--messages", "m.parquet"];
    let run = run.again().args(flags).args(outputs.as_flattened()).args(ALL_FORMS).finish().expect_code(0);
    let of_messages = document(&run, "m.json");
    let of_run = document(&run, "s.json");
    assert_valid(&of_run, DELIVERY_SCHEMA);
    assert_eq!(told_by_activities(&of_run), told_by_activities(&of_messages));
    let from = &of_run["from_activities"];
    assert_eq!((&from["messages_without"], &from["messages_not_found"]), (&0.into(), &0.into()));
    assert!(from["activities"].as_u64().unwrap() > 2500 && of_messages.get("from_activities").is_none());
    for form in ["r.html", "r.md"] {
        let text = read(&run, form);
        assert!(text.contains("do not state the channel, region, template or contact"), "{form}");
        assert!(text.contains("Funnel") && !text.contains("Messages by channel"), "{form}");
    }
    let mut run = run;
    for name in FILES {
        run = run.again().args(["report", name, "--quiet", "--json", "f.json"]).finish().expect_code(0);
        let of_file = document(&run, "f.json");
        assert_valid(&of_file, DELIVERY_SCHEMA);
        assert_eq!(told_by_activities(&of_file), told_by_activities(&of_run), "{name}");
        let from = &of_file["from_activities"];
        assert_eq!(
            (&from["activities"], &from["messages_not_found"]),
            (&of_run["from_activities"]["activities"], &0.into())
        );
    }
    let run = run.again().args(["report", "a.csv.gz", "--compare", "a.parquet", "--min-cell", "5"]).finish();
    run.expect_code(0);
}

#[test]
fn messages_without_activities_and_unknown_ones_are_distinguished() {
    const IDS: [&str; 3] = [
        "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
        "6ba7b811-9dad-41d1-80b4-00c04fd430c8",
        "6ba7b812-9dad-41d1-80b4-00c04fd430c8",
    ];
    let server = ScriptedServer::start(|_, head| {
        if head.contains(IDS[1]) {
            return Answer::error(404, "RESOURCE_003");
        }
        let (id, activities) = if head.contains(IDS[2]) {
            (IDS[2], json!([]))
        } else {
            (IDS[0], json!([{"status": "SENT", "price": "0.0080"}]))
        };
        let data = json!({"message_id": id, "activities": activities});
        Answer::ok(json!({"success": true, "data": data, "error": null, "meta": {}}).to_string())
    });
    let flags = [
        "activities",
        "--base-url",
        &server.url(),
        "--rate-limit",
        "none",
        "-o",
        "a.csv",
        "--summary",
        "s.json",
        "--show-table",
    ];
    let run = sent_export().args(flags).args(IDS).finish().expect_code(0);
    let run = run.expect_stderr("1 message has no activity.").expect_stderr("1 message is not known to the API");
    let found = document(&run, "s.json");
    assert_valid(&found, DELIVERY_SCHEMA);
    let wanted = json!({"activities": 1, "messages_without": 1, "messages_not_found": 1});
    assert_eq!((&found["from_activities"], &found["messages"]), (&wanted, &1.into()));
    assert_eq!(found["total"]["spent"]["price"], "0.008");
    // A file has no messages without activities; its manifest counts the unknown ones.
    let run = run.again().args(["report", "a.csv", "--quiet", "--json", "f.json"]).finish().expect_code(0);
    let wanted = json!({"activities": 1, "messages_without": null, "messages_not_found": 1});
    assert_eq!(document(&run, "f.json")["from_activities"], wanted);
    std::fs::remove_file(run.path("_a.csv.manifest.json")).unwrap();
    let run = run.again().args(["report", "a.csv", "--quiet", "--json", "f.json"]).finish().expect_code(0);
    assert_eq!(document(&run, "f.json")["from_activities"]["messages_not_found"], Value::Null);
}

#[test]
fn a_report_on_files_of_any_format_equals_that_of_the_run() {
    const NAMES: [&str; 6] = ["m.parquet", "m.csv.gz", "m.ndjson", "m.arrow", "m.arrows", "m.xlsx"];
    for hostile in [false, true] {
        let simulator = simulator(2500, hostile);
        // One body of this account is too long for a cell.
        let names = if hostile { &NAMES[..5] } else { &NAMES[..] };
        let outputs: Vec<_> = names.iter().map(|name| ["-o", name]).collect();
        let arguments = [outputs.as_flattened(), &["--page-size", "100"], &ALL_FORMS].concat();
        let mut run = export(&simulator, &arguments);
        let of_run = document(&run, "s.json");
        assert_valid(&of_run, DELIVERY_SCHEMA);
        for &name in names {
            std::fs::create_dir(run.path("one")).unwrap();
            std::fs::copy(run.path(name), run.path("one").join(name)).unwrap();
            run = run.again().args(["report", "one", "--quiet", "--json", "f.json"]).finish().expect_code(0);
            let of_file = document(&run, "f.json");
            assert_valid(&of_file, DELIVERY_SCHEMA);
            let missing = |document: &Value| document["quality"]["missing"].clone();
            assert_eq!(missing(&of_run), missing(&of_file), "{name}, hostile: {hostile}");
            assert_eq!(counts(of_run.clone()), counts(of_file), "{name}, hostile: {hostile}");
            std::fs::remove_dir_all(run.path("one")).unwrap();
        }
    }
}

#[test]
fn no_form_shows_the_text_or_the_recipient_of_a_message() {
    let run = export(&simulator(1500, true), &[&["-o", "m.csv"][..], &ALL_FORMS].concat());
    let mut reader = csv::Reader::from_path(run.path("m.csv")).unwrap();
    let names = reader.headers().unwrap().clone();
    let personal = ["id", "contact_id", "phone", "phone_international"];
    let columns: Vec<usize> =
        names.iter().enumerate().filter(|(_, n)| personal.contains(n)).map(|(at, _)| at).collect();
    let forms = [read(&run, "s.json"), read(&run, "r.html"), read(&run, "r.md"), run.stderr.clone()];
    for row in reader.records().map(Result::unwrap) {
        for value in columns.iter().map(|&column| &row[column]).filter(|value| value.len() > 6) {
            assert!(forms.iter().all(|form| !form.contains(value)), "{value}");
        }
    }
    let html = forms[1].to_lowercase();
    assert!(!html.contains("<script>alert") && html.matches("<script").count() == 1);
    assert!(forms[1].len() < 300_000 && forms[2].len() < 100_000);
}

#[test]
fn contacts_and_messages_are_never_in_one_report() {
    let simulator = simulator(200, false);
    let mut run = export(&simulator, &["-o", "m.csv", "--summary", "m.json"]);
    run = run.again().contacts(&simulator.base_url(), &["-o", "c.csv", "--summary", "c.json"]).finish().expect_code(0);
    run = run.again().args(["report", "c.csv", "m.csv"]).finish().expect_code(2);
    let run =
        run.expect_stderr("contacts and messages cannot be read together: c.csv and m.csv").expect_stderr("hint: ");
    let run = run.again().args(["report", "m.csv", "--compare", "c.csv"]).finish().expect_code(2);
    let run = run.expect_stderr("cannot compare a report on messages with c.csv");
    let run = run.again().args(["report", "m.csv", "--compare", "c.json"]).finish().expect_code(2);
    let run = run.expect_stderr("cannot compare a report on messages with c.json");
    let run = run.again().args(["report", "c.csv", "--compare", "m.json"]).finish().expect_code(2);
    run.expect_stderr("cannot compare a report on contacts with m.json");
}

#[test]
fn a_report_shows_changes_and_can_suppress_small_groups() {
    let old = export(&simulator(1000, false), &["-o", "m.csv", "--summary", "old.json"]);
    let new = export(&simulator(3000, false), &["-o", "m.parquet"]);
    let then = old.path("old.json").display().to_string();
    let forms = ["--html", "r.html", "--markdown", "r.md", "--json", "r.json"];
    let run = new.again().args(["report", "m.parquet", "--compare", &then]).args(forms).finish().expect_code(0);
    let changed = document(&run, "r.json");
    assert_valid(&changed, DELIVERY_SCHEMA);
    assert_eq!(changed["comparison"]["messages"], serde_json::json!({"old": 1000, "new": 3000}));
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    for form in [&text, &read(&run, "r.html"), &read(&run, "r.md")] {
        assert!(form.contains("▲ +2,000") && form.contains("Deliverability"), "{form}");
    }
    let run = run.again().args(["report", "m.parquet", "--min-cell", "100", "--quiet", "--json", "p.json"]);
    let run = run.finish().expect_code(0);
    let told = document(&run, "p.json");
    assert_valid(&told, DELIVERY_SCHEMA);
    for groups in ["channels", "regions", "templates", "days"] {
        for (key, group) in told[groups].as_object().unwrap() {
            assert!(group["messages"].as_u64().unwrap() >= 100, "{groups}: {key}");
        }
    }
    assert_eq!(told["created_range"], serde_json::json!({"oldest": null, "newest": null}));
    assert!(told["days"].as_object().unwrap().contains_key("(other)"), "33 messages a day");
}

#[test]
fn the_parts_of_a_dataset_make_one_report_and_overlaps_are_reported() {
    let simulator = simulator(2000, false);
    let run = export(&simulator, &["-o", "messages/", "--partition-by", "created_date"]);
    let run = run.again().args(["report", "messages", "--quiet", "--json", "r.json"]).finish().expect_code(0);
    let parts = document(&run, "r.json");
    assert_eq!((parts["messages"].as_u64(), parts["quality"]["repeated_ids"].as_u64()), (Some(2000), Some(0)));
    let inputs = parts["inputs"].as_array().unwrap();
    assert!(inputs.len() > 50, "one file for each day");
    assert!(inputs.iter().all(|input| input["export"]["verdict"] == "complete"), "from the manifest of the dataset");
    // They share 90% of the messages, so neither is an older state of the other.
    let mut lines = String::from("id,direction,status\n");
    (0..100).for_each(|at| lines += &format!("{at},OUTBOUND,SENT\n"));
    let other = lines.replace("\n3", "\nx3");
    let run = run.again().file("one.csv", &lines).file("two.csv", &other);
    let run = run.args(["report", "one.csv", "two.csv", "--json", "-"]).finish().expect_code(0);
    let both: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(both["messages"], 200);
    assert_eq!(both["notices"][0]["code"], "repeated_rows");
}

#[test]
fn files_of_other_programs_are_read_as_far_as_possible() {
    let rows = "id,direction,status,channel,price,created_at,events\n\
                1,OUTBOUND,DELIVERED,sms,0.0079,2026-03-01 10:00:00+00,\"[{\"\"status\"\":\"\"DELIVERED\"\",\"\"timestamp\"\":\"\"2026-03-01T10:00:09Z\"\"}]\"\n\
                2,outbound,failed,sms,1e3,2026-03-02,not json\n\
                3,INBOUND,RECEIVED,,,,\n";
    let run = sent_export().file("m.csv", rows).args(["report", "m.csv", "--json", "-"]).finish().expect_code(0);
    let told: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_valid(&told, DELIVERY_SCHEMA);
    assert_eq!(told["total"]["spent"]["price"], "0.0079");
    assert_eq!(told["malformed_fields"], serde_json::json!({"events": 1, "price": 1}));
    assert_eq!(told["funnel"], serde_json::json!({"queued": 2, "sent": 1, "delivered": 1, "read": 0}));
    assert_eq!(told["times"]["to_delivered"]["p50_ms"], 9000);
    assert_eq!(told["contacts"], Value::Null, "there is no column contact_id");
    let text = run.again().args(["report", "m.csv"]).finish().expect_code(0).stdout;
    assert!(String::from_utf8(text).unwrap().contains("Not in all of these files"));
}
