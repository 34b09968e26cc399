//! Which messages are new, gone or changed between two exports, in every form of the delivery report.

use std::time::Duration;

use serde_json::{Value, json};

use sent_export::simulator::{Messaging, Settings, Simulator};

use crate::support::{DELIVERY_SCHEMA, Finished, assert_valid, sent_export};

const FORMS: [&str; 6] = ["--html", "r.html", "--markdown", "r.md", "--json", "r.json"];

const OLD: &str = "id,status,price,active_contact_price\n\
    stays,DELIVERED,0.0079,\nleaves,FAILED,,\narrives,SENT,,\nread,DELIVERED,0.1,0.5\nalso,SENT,0.1,\ncorrected,READ,0.3,\n";
const NEW: &str = "id,status,price,active_contact_price\n\
    stays,DELIVERED,0.0079,\narrives,DELIVERED,0.0045,0.5\nread,READ,0.1,0.5\nalso,DELIVERED,0.1,\ncorrected,READ,0.2,\n\
    comes,QUEUED,,\n";

/// The report in every form: as JSON, and as text, HTML and Markdown without markup and line breaks.
fn report(run: Finished, args: &[&str]) -> (Finished, Value, [String; 3]) {
    let run = run.again().args(["report", "--no-progress"]).args(args).args(FORMS).finish().expect_code(0);
    let document = run.json("r.json");
    assert_valid(&document, DELIVERY_SCHEMA);
    let read = |name: &str| std::fs::read_to_string(run.path(name)).unwrap();
    let in_a_row = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let texts = [String::from_utf8(run.stdout.clone()).unwrap(), read("r.html"), read("r.md").replace(['\\', '`'], "")];
    (run, document, texts.map(in_a_row))
}

/// Two exports, and a summary of the older one.
fn two_exports(old: &str, new: &str) -> Finished {
    let run = sent_export().file("old.csv", old).file("new.csv", new);
    run.args(["report", "old.csv", "-q", "--json", "old.json"]).finish().expect_code(0)
}

#[test]
fn two_exports_show_added_removed_and_changed_messages() {
    let (run, document, texts) = report(two_exports(OLD, NEW), &["new.csv", "--compare", "old.csv"]);
    let gross = &document["comparison"]["gross"];
    let counts = |added: u64, removed: u64, gained: u64, lost: u64| json!({"added": added, "removed": removed, "gained": gained, "lost": lost});
    let wanted = json!({
        "removed_may_exist": false,
        "added": 1,
        "removed": 1,
        "status_changed": 3,
        "statuses": {
            "QUEUED": counts(1, 0, 0, 0),
            "FAILED": counts(0, 1, 0, 0),
            "SENT": counts(0, 0, 0, 2),
            "DELIVERED": counts(0, 0, 2, 1),
            "READ": counts(0, 0, 1, 0),
        },
        "transitions": {"SENT": {"DELIVERED": 2}, "DELIVERED": {"READ": 1}},
        "prices": {"messages": 2, "became_known": 1, "old": "0.3", "new": "0.7045"},
    });
    assert_eq!(*gross, wanted);
    for (status, change) in document["comparison"]["statuses"].as_object().unwrap() {
        let of = |name: &str| gross["statuses"].get(status).map_or(0, |gross| gross[name].as_i64().unwrap());
        let net = of("added") + of("gained") - of("removed") - of("lost");
        assert_eq!(change["new"].as_i64().unwrap() - change["old"].as_i64().unwrap(), net, "{status}");
    }
    for text in &texts {
        for said in [
            "1 message (16.7%) was added and 1 (16.7%) was removed: no net change.",
            "Of the messages in both exports, 3 (60.0%) changed their status.",
            "The price of 2 messages in both exports changed, from a total of 0.3000 to 0.7045; 1 of them had no price before.",
            "SENT → DELIVERED",
            "Added and removed, by status",
        ] {
            assert!(text.contains(said), "{said} in {text}");
        }
    }
    // A summary has counts only.
    let (run, document, texts) = report(run, &["new.csv", "--compare", "old.json"]);
    assert_eq!(document["comparison"]["gross"], Value::Null);
    assert!(texts.iter().all(|text| text.contains("Only the net change is known")), "{texts:?}");
    // If small groups are hidden, only counts of all messages remain.
    let (_, document, texts) = report(run, &["new.csv", "--compare", "old.csv", "--min-cell", "2"]);
    let gross = &document["comparison"]["gross"];
    assert_eq!([&gross["added"], &gross["status_changed"]], [&json!(1), &json!(3)]);
    assert_eq!([&gross["statuses"], &gross["transitions"], &gross["prices"]], [&json!({}), &json!({}), &Value::Null]);
    assert!(texts.iter().all(|text| !text.contains("SENT → DELIVERED")), "{texts:?}");
}

#[test]
fn no_change_and_unknown_changes_are_reported() {
    let (run, document, texts) = report(two_exports(OLD, OLD), &["new.csv", "--compare", "old.csv"]);
    assert_eq!(document["comparison"]["gross"]["status_changed"], 0);
    let said = "No change: no message was added or removed, and none changed its status.";
    assert!(texts.iter().all(|text| text.contains(said)), "{texts:?}");
    // If small groups are hidden, something may have changed.
    let (run, _, texts) = report(run, &["new.csv", "--compare", "old.csv", "--min-cell", "2"]);
    let said = "No message was added or removed, and none changed its status.";
    assert!(texts.iter().all(|text| text.contains(said) && !text.contains("No change")), "{texts:?}");
    // Without the column, it is unknown which statuses changed, and no change is reported.
    std::fs::write(run.path("old.csv"), "id,price,active_contact_price\nstays,0.0079,\nread,0.1,0.4\n").unwrap();
    let (run, document, texts) = report(run, &["new.csv", "--compare", "old.csv"]);
    let gross = &document["comparison"]["gross"];
    assert_eq!([&gross["added"], &gross["status_changed"], &gross["statuses"]], [&json!(4), &Value::Null, &json!({})]);
    assert_eq!(gross["prices"], json!({"messages": 1, "became_known": 0, "old": "0.5", "new": "0.6"}));
    assert!(texts.iter().all(|text| !text.contains("changed their status")), "{texts:?}");
    // Activities, and rows without an id, do not show what happened to each message, either.
    std::fs::write(run.path("old.csv"), "status\nSENT\n").unwrap();
    let (_, document, _) = report(run, &["new.csv", "--compare", "old.csv"]);
    assert_eq!(document["comparison"]["gross"], Value::Null);
}

#[test]
fn a_change_of_another_column_is_not_reported_as_no_change() {
    let messages = |channel: &str, price: &str| {
        let rows = (0..8).map(|id| format!("{id},DELIVERED,{channel},{price},\n")).collect::<Vec<_>>().concat();
        format!("id,status,channel,price,active_contact_price\n{rows}")
    };
    for (new, flags) in [(messages("sms", "0.2"), &["--min-cell", "5"][..]), (messages("rcs", "0.1"), &[])] {
        let flags = [&["new.csv", "--compare", "old.csv"], flags].concat();
        let (_, document, texts) = report(two_exports(&messages("sms", "0.1"), &new), &flags);
        assert_eq!(document["comparison"]["gross"]["status_changed"], 0);
        let said = "No message was added or removed, and none changed its status, but other numbers differ.";
        assert!(texts.iter().all(|text| text.contains(said) && !text.contains("No change")), "{texts:?}");
    }
}

#[test]
fn folders_of_days_are_compared_and_rows_missing_from_an_unverified_one_may_exist() {
    let messaging = Messaging { count: 400, days: 2, ..Messaging::default() };
    let simulator = Simulator::start(Settings { contacts: 200, messaging, ..Settings::default() }).unwrap();
    let url = simulator.base_url();
    let days = |folder: &'static str| ["-o", folder, "--partition-by", "created_date", "-q"];
    let run = sent_export().messages(&url, &days("old/")).finish().expect_code(0);
    simulator.pass_time(Duration::from_secs(3 * 3600), 25);
    let run = run.again().messages(&url, &days("new/")).finish().expect_code(0);
    let (run, document, _) = report(run, &["new/", "--compare", "old/"]);
    let gross = &document["comparison"]["gross"];
    assert_eq!([&gross["added"], &gross["removed"]], [&json!(25), &json!(0)]);
    assert!(gross["status_changed"].as_u64().unwrap() > 0, "{gross}");
    // The sides swapped.
    let (run, document, _) = report(run, &["old/", "--compare", "new/"]);
    assert_eq!(document["comparison"]["gross"]["removed"], 25);
    // An export that may lack messages, because it is unverified.
    let plain = ["-o", "plain.parquet", "--consistency", "plain", "-q"];
    let run = run.again().messages(&url, &plain).finish().expect_code(3);
    std::fs::write(run.path("other.csv"), "id,status\ngone,SENT\n").unwrap();
    let (_, document, texts) = report(run, &["plain.parquet", "--compare", "other.csv"]);
    let gross = &document["comparison"]["gross"];
    assert_eq!(
        [&gross["removed_may_exist"], &gross["removed"], &gross["prices"]],
        [&json!(true), &json!(1), &Value::Null]
    );
    let said = "425 messages (42500.0%) were added and 1 (100.0%) is missing, but may still exist";
    assert!(texts.iter().all(|text| text.contains(said)), "{texts:?}");
}

#[test]
fn a_summary_of_another_resource_is_refused() {
    let run = sent_export().file("messages.csv", NEW).file("contacts.csv", "id,format_e164\na,+12025550123\n");
    let run = run.args(["report", "messages.csv", "-q", "--json", "messages.json"]).finish().expect_code(0);
    let mut run = run.again().args(["report", "contacts.csv", "-q", "--json", "contacts.json"]).finish().expect_code(0);
    for (file, old, rows) in
        [("messages.csv", "contacts.json", "messages"), ("contacts.csv", "messages.json", "contacts")]
    {
        run = run.again().args(["report", file, "--compare", old]).finish().expect_code(2);
        run = run.expect_stderr(&format!("cannot compare a report on {rows} with "));
        run = run.expect_stderr("compare contacts with contacts, messages with messages");
    }
}
