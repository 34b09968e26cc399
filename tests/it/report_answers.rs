//! The questions that a report answers first: whose rows it covers, their date, what to do, and what changed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Finished, SUMMARY_SCHEMA, assert_valid, sent_export, simulator};

const FORMS: [&str; 6] = ["--html", "r.html", "--markdown", "r.md", "--json", "r.json"];

/// A table of contacts: id, region, channels, opt-out.
fn table(contacts: &[(&str, &str, &str, bool)]) -> String {
    let rows = contacts.iter().map(|(id, region, channels, out)| format!("{id},{region},\"{channels}\",{out}\n"));
    format!("id,region_code,available_channels,opt_out\n{}", rows.collect::<String>())
}

/// The text, HTML and Markdown forms, in which markup and line breaks do not matter.
fn texts(run: &Finished) -> [String; 3] {
    let read = |name: &str| std::fs::read_to_string(run.path(name)).unwrap();
    let in_a_row = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let html = read("r.html").replace("&#39;", "'").replace("&quot;", "\"");
    [String::from_utf8(run.stdout.clone()).unwrap(), html, read("r.md").replace(['\\', '`'], "")].map(in_a_row)
}

fn report(run: Finished, args: &[&str]) -> (Finished, Value, [String; 3]) {
    let run = run.again().args(["report", "--no-progress"]).args(args).args(FORMS).finish().expect_code(0);
    let document = run.json("r.json");
    assert_valid(&document, SUMMARY_SCHEMA);
    let texts = texts(&run);
    (run, document, texts)
}

/// The part of a form before its first section.
fn top(text: &str) -> &str {
    ["What to do", "## Contacts", "Reachable: not opted out"]
        .iter()
        .fold(text, |text, end| text.split(end).next().unwrap())
}

#[test]
fn every_form_begins_with_the_account_and_the_time() {
    let flags =
        ["-o", "c.parquet", "--channel", "sms", "--only", "reachable", "--report", "r.html", "--report", "r.md"];
    let more = ["--summary", "r.json", "--title", "Globex, weekly <b>", "--show-table"];
    let simulator = simulator(300);
    let run = sent_export().contacts(&simulator.base_url(), &[&flags[..], &more[..]].concat()).finish().expect_code(0);
    let started = run.json("r.json")["run"]["started_at"].as_str().unwrap()[..10].to_owned();
    let host = simulator.base_url();
    let read = |name: &str| std::fs::read_to_string(run.path(name)).unwrap();
    let forms = [run.stderr.clone(), read("r.html"), read("r.md")];
    for form in &forms {
        let form = form.replace(['\\', '`'], "").replace("&lt;", "<").replace("&gt;", ">");
        let form: String = form.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "Globex, weekly <b>",
            &started,
            host.trim_start_matches("http://"),
            "Only contacts with the channel sms. Only contacts that are reachable.",
            "complete: every contact is there. Evidence: ",
            "by --only.",
        ] {
            assert!(form.contains(said), "{said} in {form}");
        }
    }
    assert!(forms[1].contains("<a href=\"#run\">Details</a>") && forms[1].contains("id=\"run\""));
    assert_eq!(run.json("r.json")["title"], "Globex, weekly <b>");
    // A report on the files has the dates of their manifest, whenever it is created.
    let (run, document, texts) = report(run, &["c.parquet", "--as-of", "2035-01-01", "--title", "Later"]);
    assert_eq!(document["title"], "Later");
    for text in &texts {
        assert!(text.contains("Later") && top(text).contains(&started), "{text}");
        assert!(!top(text).contains("Globex"), "{text}");
    }
    std::fs::remove_file(run.path("_c.parquet.manifest.json")).unwrap();
    let (run, _, texts) = report(run, &["c.parquet"]);
    assert!(texts.iter().all(|text| top(text).matches("unknown: no manifest").count() >= 3), "{texts:?}");
    let wrong = run.again().args(["report", "c.parquet", "--title", " "]).finish();
    wrong.expect_code(2).expect_stderr("the title is empty");
}

#[test]
fn omissions_are_listed_at_the_top() {
    let run =
        sent_export().file("c.csv", "id,region_code\na,US\nb,US\n").args(["report", "c.csv"]).finish().expect_code(0);
    let (_, _, texts) = report(run, &["c.csv", "--min-cell", "2"]);
    for text in texts {
        assert!(top(&text).contains("Not in all of these files"), "{text}");
        assert!(top(&text).contains("Groups of fewer than 2 contacts are merged"), "{text}");
    }
}

#[test]
fn a_digest_has_at_most_ten_lines_and_no_address_in_it_is_a_link() {
    let simulator = simulator(2000);
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.parquet", "--summary", "old.json", "-q"]);
    let run = run.finish().expect_code(0);
    for more in [&[][..], &["--compare", "old.json", "--title", "See evil.io"]] {
        let printed = run.path("c.parquet");
        let digest = sent_export().args(["report", "--digest"]).args([&printed]);
        let digest =
            digest.args(more.iter().map(|word| if *word == "old.json" { run.path(word) } else { (*word).into() }));
        let text = String::from_utf8(digest.finish().expect_code(0).stdout).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("- ")).collect();
        assert!((7..=10).contains(&lines.len()) && text.lines().count() <= 12, "{text}");
        for said in ["Contacts: 2,000", "Verdict: complete", "Reachable: ", "Opted out: ", "Largest regions: ", "SMS"] {
            assert!(text.contains(said), "{said} in {text}");
        }
        assert_eq!(more.is_empty(), !text.contains("`evil.io`"), "{text}");
        let markdown = sent_export().args(["report", "-q", "--markdown", "-"]).args([&printed]).finish().expect_code(0);
        let markdown = String::from_utf8(markdown.stdout).unwrap();
        let start: Vec<&str> = markdown.lines().skip(1).filter(|line| !line.is_empty()).take(lines.len()).collect();
        assert!(!more.is_empty() || start == lines, "{markdown}");
    }
}

#[test]
fn actions_have_counts_and_ways_to_list_their_rows() {
    let contacts = [("a", "US", "sms", true), ("b", "US", "", true), ("c", "US", "", false), ("d", "US", "rcs", false)];
    let run = sent_export().file("c.csv", &table(&contacts)).args(["report", "c.csv"]).finish().expect_code(0);
    let (run, document, texts) = report(run, &["c.csv"]);
    let actions = document["actions"].as_array().unwrap();
    let found: Vec<_> = actions.iter().map(|action| (action["code"].as_str().unwrap(), &action["count"])).collect();
    assert_eq!(found, [("opted_out", &json!(2)), ("without_channel", &json!(2))]);
    for text in texts {
        assert!(text.contains("2 contacts (50.0%) have opted out."), "{text}");
        assert!(text.contains("2 contacts (50.0%) have no available channel; 1 of them also opted out."), "{text}");
        assert!(text.contains("sent-export contacts --only opted-out -o opted-out.parquet"), "{text}");
        assert!(text.contains("where coalesce(len(available_channels), 0) = 0"), "{text}");
    }
    assert_eq!(document["reachable_channels"], json!({"rcs": 1}));
    // Counts from which a reader of a shared report could derive suppressed ones are omitted.
    let (_, document, _) = report(run, &["c.csv", "--min-cell", "2"]);
    assert_eq!([&document["reachable_channels"], &document["reachable_by_region"]], [&json!({}), &json!({})]);
}

#[test]
fn names_that_look_the_same_are_distinguished() {
    let long = "x".repeat(45);
    let contacts =
        [("a", "A\u{200b}B", "sms", false), ("b", "AB", "sms", false), ("c", &format!("{long}1"), "sms", false)];
    let mut contacts = contacts.to_vec();
    let other = format!("{long}2");
    contacts.push(("d", &other, "sms", false));
    let run = sent_export().file("c.csv", &table(&contacts)).args(["report", "c.csv"]).finish().expect_code(0);
    let (_, document, texts) = report(run, &["c.csv"]);
    assert_eq!(document["regions"].as_object().unwrap().len(), 4, "{document}");
    for text in &texts[1..] {
        let suffixes = |start: &str| -> Vec<String> {
            text.match_indices(start).map(|(at, _)| text[at + start.len()..].chars().take(4).collect()).collect()
        };
        let mut of_long = suffixes("… #");
        of_long.sort();
        of_long.dedup();
        assert_eq!(of_long.len(), 2, "{text}");
    }
}

/// The older and the newer export of an account in which every kind of change happens.
fn old_and_new() -> [String; 2] {
    let old = [
        ("stays", "DE", "sms", false),
        ("leaves", "DE", "sms,whatsapp", true),
        ("moves", "DE", "sms", false),
        ("opts-out", "FR", "sms", false),
        ("opts-in", "FR", "rcs", true),
        ("gains", "FR", "", false),
    ];
    let new = [
        ("stays", "DE", "sms", false),
        ("moves", "BR", "sms", false),
        ("opts-out", "FR", "sms", true),
        ("opts-in", "FR", "rcs", false),
        ("gains", "FR", "whatsapp,sms", false),
        ("comes", "BR", "whatsapp", false),
    ];
    [table(&old), table(&new)]
}

#[test]
fn two_exports_show_added_and_removed_contacts() {
    let [old, new] = old_and_new();
    let run =
        sent_export().file("old.csv", &old).file("new.csv", &new).args(["report", "old.csv", "--json", "old.json"]);
    let run = run.finish().expect_code(0);
    let (run, document, texts) = report(run, &["new.csv", "--compare", "old.csv"]);
    let comparison = &document["comparison"];
    let gross = &comparison["gross"];
    let counts = |added: u64, removed: u64, gained: u64, lost: u64, opted_out: u64, opted_in: u64| json!({"added": added, "removed": removed, "gained": gained, "lost": lost, "opted_out": opted_out, "opted_in": opted_in});
    assert_eq!(gross["total"], counts(1, 1, 0, 0, 1, 1));
    assert_eq!(gross["regions"]["DE"], counts(0, 1, 0, 1, 0, 0));
    assert_eq!(gross["regions"]["BR"], counts(1, 0, 1, 0, 0, 0));
    assert_eq!(gross["regions"]["FR"], counts(0, 0, 0, 0, 1, 1));
    assert_eq!(gross["channels"]["sms"], counts(0, 1, 1, 0, 1, 0));
    assert_eq!(gross["channels"]["none"], counts(0, 0, 0, 1, 0, 0));
    // Every group adds up to its net change.
    for table in ["regions", "channels"] {
        for (key, change) in comparison[table].as_object().unwrap() {
            let of = |name: &str| gross[table].get(key).map_or(0, |gross| gross[name].as_i64().unwrap());
            let net = of("added") + of("gained") - of("removed") - of("lost");
            assert_eq!(change["new"].as_i64().unwrap() - change["old"].as_i64().unwrap(), net, "{table} {key}");
        }
    }
    for text in &texts {
        let since = "no net change";
        for said in [
            since,
            "1 contact (16.7%) was added and 1 (16.7%) was removed",
            "1 (20.0%) opted out and 1 opted back in",
            "Gained",
        ] {
            assert!(text.contains(said), "{said} in {text}");
        }
    }
    // A summary has counts only.
    let (run, document, texts) = report(run, &["new.csv", "--compare", "old.json"]);
    assert_eq!(document["comparison"]["gross"], Value::Null);
    assert!(texts.iter().all(|text| text.contains("Only the net change is known")), "{texts:?}");
    // If small groups are hidden, only counts of all contacts remain.
    let (_, document, _) = report(run, &["new.csv", "--compare", "old.csv", "--min-cell", "2"]);
    assert_eq!(
        [&document["comparison"]["gross"]["regions"], &document["comparison"]["gross"]["channels"]],
        [&json!({}); 2]
    );
}

#[test]
fn exports_that_cannot_be_compared_have_no_gross_changes() {
    let simulator = simulator(300);
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "all.parquet", "-q"]).finish().expect_code(0);
    let part = sent_export().contacts(&simulator.base_url(), &["-o", "part.parquet", "--channel", "sms", "-q"]);
    let part = part.finish().expect_code(0);
    for name in ["part.parquet", "_part.parquet.manifest.json"] {
        std::fs::copy(part.path(name), run.path(name)).unwrap();
    }
    let (run, document, _) = report(run, &["all.parquet", "--compare", "part.parquet"]);
    assert_eq!(document["comparison"]["gross"], Value::Null);
    // A digest says so, too, because it shows the differences.
    let digest = run.again().args(["report", "all.parquet", "--compare", "part.parquet", "--digest"]).finish();
    let run = digest.expect_code(0);
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert!(text.contains("The two sides were exported with different filters"), "{text}");
    // Of several older exports, the newest with the same filters is compared.
    let run = run.again().contacts(&simulator.base_url(), &["-o", "new.parquet", "-q"]).finish().expect_code(0);
    let flags = ["new.parquet", "--compare", "part.parquet", "--compare", "all.parquet"];
    let (run, document, texts) = report(run, &flags);
    assert_eq!(document["comparison"]["with"], "all.parquet");
    assert_eq!(document["comparison"]["gross"]["total"]["removed"], 0, "{document}");
    assert!(texts.iter().all(|text| !text.contains("different filters")), "{texts:?}");
    // Without ids, rows cannot be matched.
    std::fs::write(run.path("no-ids.csv"), "region_code\nUS\n").unwrap();
    let (_, document, _) = report(run, &["all.parquet", "--compare", "no-ids.csv"]);
    assert_eq!(document["comparison"]["gross"], Value::Null);
}

#[test]
fn several_older_exports_make_a_trend_and_the_newest_is_compared() {
    let mut run = sent_export().file("x.csv", "id\na\n").args(["report", "x.csv"]).finish().expect_code(0);
    let mut wanted = BTreeMap::new();
    for (at, day) in ["2026-03-02", "2026-03-09", "2026-03-16"].into_iter().enumerate() {
        let ids: Vec<String> = (0..10 + at * 3).map(|id| id.to_string()).collect();
        let contacts: Vec<_> = ids.iter().map(|id| (id.as_str(), "US", "sms", id == "1")).collect();
        std::fs::write(run.path("c.csv"), table(&contacts)).unwrap();
        let name = format!("history/{day}.json");
        let args = ["report", "c.csv", "-q", "--as-of", day, "--json", &name];
        run = run.again().args(args).finish().expect_code(0);
        wanted.insert(day, contacts.len());
    }
    std::fs::write(run.path("history/other.json"), "{}").unwrap();
    let today = ["c.csv", "--as-of", "2026-03-23"];
    for older in [
        &["--compare", "history"][..],
        &[
            "--compare",
            "history/2026-03-16.json",
            "--compare",
            "history/2026-03-02.json",
            "--compare",
            "history/2026-03-09.json",
        ],
    ] {
        let (next, document, texts) = report(run, &[&today[..], older].concat());
        run = next;
        let trend = document["trend"].as_array().unwrap();
        let found: Vec<_> = trend.iter().map(|point| point["totals"]["contacts"].as_u64().unwrap()).collect();
        assert_eq!(found, [10, 13, 16, 16], "{document}");
        assert!(trend.iter().all(|point| point["totals"]["opted_out"] == 1 && point["channels"]["sms"].is_u64()));
        assert_eq!(document["comparison"]["with"], "2026-03-16.json");
        for text in &texts {
            assert!(text.contains("Since 2026-03-16: no net change"), "{text}");
            assert!(text.contains("2026-03-02") && text.contains("Trend"), "{text}");
        }
        assert!(texts[0].contains("▁▄██") && texts[2].contains("▁▄██"), "{}", texts[0]);
        assert!(!texts[1].contains("▁▄██") && texts[1].contains("aria-label=\"Opted out: 1 at most"), "{}", texts[1]);
    }
    // A folder can contain the summary of the report itself.
    let (_, document, _) = report(run, &["c.csv", "--as-of", "2026-03-16", "--compare", "history"]);
    assert_eq!(document["comparison"]["with"], "2026-03-09.json");
    assert_eq!(document["trend"].as_array().unwrap().len(), 3);
}

#[test]
fn an_incomplete_month_is_marked() {
    let csv = "id,created_at\na,2026-01-31T00:00:00Z\nb,2026-02-01T00:00:00Z\nc,2026-03-01T00:00:00Z\n";
    let run = sent_export().file("c.csv", csv).args(["report", "c.csv"]).finish().expect_code(0);
    let (run, _, texts) = report(run, &["c.csv", "--as-of", "2026-03-15"]);
    for text in &texts {
        assert!(text.contains("2026-03 (so far)") && !text.contains("2026-02 (so far)"), "{text}");
    }
    assert!(texts[1].contains("class=\"stroke partial\""));
    // The month is marked by more than a shade, and there is a legend.
    assert!(
        texts[1].contains("<path class=\"hatch\" d=\"M506 1000V") && texts[1].contains("Hatched: 2026-03 is not over.")
    );
    let (run, _, texts) = report(run, &["c.csv", "--as-of", "2026-04-01"]);
    assert!(texts.iter().all(|text| !text.contains("(so far)")), "{texts:?}");
    assert!(!texts[1].contains("class=\"stroke partial\"") && !texts[1].contains("is not over"));
    // With hundreds of months, each is too narrow for hatching.
    std::fs::write(run.path("c.csv"), "id,created_at\na,2000-01-31T00:00:00Z\nb,2026-03-01T00:00:00Z\n").unwrap();
    let (_, _, texts) = report(run, &["c.csv", "--as-of", "2026-03-15"]);
    assert!(texts[1].contains("Dashed: 2026-03 is not over.") && !texts[1].contains("class=\"hatch\" d=\"M"));
}
