//! Groups whose names equal the keys that the report uses for rows without a group of their own.

use serde_json::{Value, json};

use crate::support::{DELIVERY_SCHEMA, Finished, SUMMARY_SCHEMA, assert_valid, sent_export};

const FORMS: [&str; 6] = ["--html", "r.html", "--markdown", "r.md", "--json", "r.json"];

/// The report in every form: as JSON, and as text, HTML and Markdown without line breaks.
fn report(run: Finished, args: &[&str], schema: &str) -> (Finished, Value, [String; 3]) {
    let run = run.again().args(["report", "--no-progress"]).args(args).args(FORMS).finish().expect_code(0);
    let document = run.json("r.json");
    assert_valid(&document, schema);
    let read = |name: &str| std::fs::read_to_string(run.path(name)).unwrap();
    let in_a_row = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let html = read("r.html").replace("&quot;", "\"");
    let texts = [String::from_utf8(run.stdout.clone()).unwrap(), html, read("r.md").replace('\\', "")].map(in_a_row);
    (run, document, texts)
}

fn action<'a>(document: &'a Value, code: &str) -> &'a Value {
    document["actions"].as_array().unwrap().iter().find(|action| action["code"] == code).unwrap()
}

/// A hundred contacts: 40 in the region and with the channel of these names, 10 with neither, 50 others.
fn contacts(region: &str, channel: &str) -> String {
    let rows = (0..100).map(|at| match at {
        0..40 => format!("{at},{region},{channel},{channel},false\n"),
        40..50 => format!("{at},,,,false\n"),
        _ => format!("{at},US,sms,sms,false\n"),
    });
    format!("id,region_code,available_channels,default_channel,opt_out\n{}", rows.collect::<String>())
}

#[test]
fn contacts_of_a_group_called_none_or_unknown_are_not_counted_as_those_without_one() {
    let run = sent_export().file("c.csv", &contacts("unknown", "none")).file("old.csv", &contacts("US", "sms"));
    let run = run.args(["report", "old.csv", "-q", "--json", "old.json"]).finish().expect_code(0);
    let (mut run, document, texts) = report(run, &["c.csv", "--compare", "old.csv"], SUMMARY_SCHEMA);
    assert_eq!([&document["reachable"], &document["without_channel"]], [90, 10]);
    let channels = json!({"\"none\"": 40, "none": 10, "sms": 50});
    assert_eq!([&document["channels"], &document["channel_combinations"]], [&channels, &channels]);
    assert_eq!(document["regions"], json!({"\"unknown\"": 40, "unknown": 10, "US": 50}));
    assert_eq!(document["default_channels"], json!({"\"none\"": 40, "unknown": 10, "sms": 50}));
    assert_eq!(document["quality"]["regions_not_in_iso_3166"], 40);
    assert_eq!(action(&document, "without_channel")["count"], 10);
    let compared = &document["comparison"];
    assert_eq!(compared["channels"]["\"none\""], json!({"old": 0, "new": 40}));
    assert_eq!(compared["channels"]["none"], json!({"old": 10, "new": 10}));
    assert_eq!(compared["gross"]["channels"]["\"none\""]["gained"], 40);
    assert_eq!(compared["gross"]["regions"]["\"unknown\""]["gained"], 40);
    assert!(compared["gross"]["channels"].get("none").is_none(), "{compared}");
    for text in &texts {
        assert!(text.contains("\"none\"") && text.contains("\"unknown\""), "{text}");
    }
    // With a name that is in quotation marks already, and with that of merged groups.
    for (name, key) in [("\"\"\"none\"\"\"", "\"\"none\"\""), ("(other)", "\"(other)\"")] {
        run = run.again().file("c.csv", &contacts(name, name)).args(["report", "c.csv", "--json", "-"]).finish();
        run = run.expect_code(0);
        let document: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!([&document["channels"][key], &document["regions"][key]], [40, 40], "{document}");
        assert_eq!(document["without_channel"], 10);
    }
    let (_, document, _) = report(run, &["c.csv", "--min-cell", "45"], SUMMARY_SCHEMA);
    assert_eq!(document["regions"], json!({"(other)": 50, "US": 50}));
    assert_eq!(document["without_channel"], 10);
}

/// A hundred messages: 40 with this name in every column that makes groups, 20 with nothing there, 40 others.
fn messages(name: &str, status: &str) -> String {
    let rows = (0..100).map(|at| match at {
        0..40 => format!("{at},OUTBOUND,{status},{name},{name},t,{name},{name},{name}\n"),
        40..60 => format!("{at},OUTBOUND,FAILED,,,,,,\n"),
        _ => format!("{at},OUTBOUND,DELIVERED,sms,US,u,promo,MARKETING,\n"),
    });
    let columns = "id,direction,status,channel,region_code,template_id,template_name,template_category,reason_code";
    format!("{columns}\n{}", rows.collect::<String>())
}

#[test]
fn messages_of_a_group_called_none_or_unknown_are_not_counted_as_those_without_one() {
    let run = sent_export().file("m.csv", &messages("unknown", "FAILED")).args(["report", "m.csv"]).finish();
    let (run, document, texts) = report(run.expect_code(0), &["m.csv"], DELIVERY_SCHEMA);
    let count = |groups: &str, key: &str| document[groups][key]["messages"].as_u64();
    for groups in ["channels", "regions"] {
        assert_eq!([count(groups, "\"unknown\""), count(groups, "unknown")], [Some(40), Some(20)], "{groups}");
    }
    let failures = document["failures"].as_array().unwrap();
    let failures: Vec<_> = failures.iter().map(|failure| (&failure["reason_code"], &failure["messages"])).collect();
    assert_eq!(failures, [(&json!("\"unknown\""), &json!(40)), (&json!("unknown"), &json!(20))]);
    // The query has the value of the column.
    let failure = action(&document, "frequent_failure");
    let condition = "upper(status) in ('FAILED', 'FILTERED', 'BLOCKED') and reason_code = 'unknown'";
    assert_eq!((&failure["count"], &failure["keys"]), (&json!(40), &json!(["\"unknown\""])));
    assert!(failure["sql"].as_str().unwrap().ends_with(condition), "{failure}");
    for text in &texts {
        assert!(text.contains("\"unknown\""), "{text}");
    }
    let run = run.again().file("m.csv", &messages("none", "unknown")).args(["report", "m.csv"]).finish();
    let (run, document, _) = report(run.expect_code(0), &["m.csv"], DELIVERY_SCHEMA);
    let count = |key: &str| document["templates"][key]["messages"].as_u64();
    assert_eq!([count("\"none\""), count("none"), count("promo")], [Some(40), Some(20), Some(40)]);
    assert_eq!(document["template_categories"], json!({"\"none\"": 40, "none": 20, "MARKETING": 40}));
    assert_eq!(document["statuses"], json!({"\"unknown\"": 40, "FAILED": 20, "DELIVERED": 40}));
    assert_eq!(document["quality"]["undocumented_statuses"], 40);
    // Compared with messages without a status.
    let run = run.again().file("old.csv", &messages("none", "")).args(["report", "m.csv"]).finish().expect_code(0);
    let (run, document, _) = report(run, &["m.csv", "--compare", "old.csv"], DELIVERY_SCHEMA);
    let gross = &document["comparison"]["gross"];
    assert_eq!(gross["transitions"], json!({"unknown": {"\"unknown\"": 40}}));
    let (_, document, _) = report(run, &["m.csv", "--min-cell", "30"], DELIVERY_SCHEMA);
    let keys: Vec<&String> = document["templates"].as_object().unwrap().keys().collect();
    assert!(keys.len() == 2 && keys.contains(&&"(other)".to_owned()), "{keys:?}");
}
