//! The report: the same numbers in every form and from every format, whatever the contacts contain.

use std::path::Path;

use sent_export::simulator::{Settings, Simulator};
use serde_json::{Value, json};

use crate::support::{Answer, Asked, Finished, SUMMARY_SCHEMA, ScriptedServer, assert_valid, sent_export, simulator};

/// An arbitrary time, the same for every compared run.
const AS_OF: &str = "2026-03-31T12:00:00Z";
/// A file of every format, and one with an alternative extension.
const ALL_FILES: [&str; 12] = [
    "c.parquet",
    "c.arrow",
    "c.feather",
    "c.arrows",
    "c.csv",
    "c.csv.gz",
    "c.csv.zst",
    "c.ndjson",
    "c.ndjson.gz",
    "c.ndjson.zst",
    "c.jsonl",
    "c.xlsx",
];
const ALL_FORMS: [&str; 6] = ["--summary", "s.json", "--report", "r.html", "--report", "r.md"];

fn export(base_url: &str) -> Finished {
    let outputs = ALL_FILES.map(|name| ["-o", name]);
    let more = [outputs.as_flattened(), &ALL_FORMS, &["--show-table"]].concat();
    sent_export().contacts(base_url, &more).finish().expect_code(0)
}

fn hostile() -> Simulator {
    Simulator::start(Settings { contacts: 2000, hostile: true, ..Settings::default() }).unwrap()
}

/// An account with exactly these contacts.
fn account(contacts: Vec<Value>) -> ScriptedServer {
    ScriptedServer::start(move |_, head| {
        let Asked { page, size } = Asked::by(head);
        let (page, size) = (page as usize, size as usize);
        let rows: Vec<&Value> = contacts.iter().skip((page - 1) * size).take(size).collect();
        let total = contacts.len();
        let pagination = json!({"page": page, "page_size": size, "total_count": total, "total_pages": total.div_ceil(size),
            "has_more": page * size < total});
        let data = json!({"contacts": rows, "pagination": pagination});
        Answer::ok(json!({"success": true, "data": data, "error": null}).to_string())
    })
}

fn report(paths: &[&Path], more: &[&str]) -> Finished {
    sent_export().args(["report", "--as-of", AS_OF]).args(paths).args(more).finish()
}

fn report_json(path: &Path) -> Value {
    let run = report(&[path], &["--json", "-", "--quiet"]).expect_code(0);
    serde_json::from_slice(&run.stdout).unwrap()
}

/// The parts that must be equal however the contacts were counted: all except the run, its time and facts that only pages have.
fn counted(mut summary: Value) -> Value {
    let fields = summary.as_object_mut().unwrap();
    for only_in_a_run in
        ["api", "actions", "as_of", "run", "outputs", "inputs", "updated", "rejected", "rejected_samples"]
    {
        fields.remove(only_in_a_run);
    }
    fields.remove("unknown_fields");
    fields.remove("malformed_fields");
    // A file has null where the server sent a date in year 1.
    fields["quality"].as_object_mut().unwrap().remove("year_one_created_at");
    summary
}

fn read(run: &Finished, name: &str) -> String {
    std::fs::read_to_string(run.path(name)).unwrap()
}

#[test]
fn a_report_on_files_has_the_counts_of_the_export() {
    for simulator in [simulator(5000), hostile(), simulator(0), simulator(1)] {
        let run = export(&simulator.base_url());
        let summary = run.json("s.json");
        assert_valid(&summary, SUMMARY_SCHEMA);
        let wanted = counted(summary);
        for name in ALL_FILES {
            let report = report_json(&run.path(name));
            assert_valid(&report, SUMMARY_SCHEMA);
            assert_eq!(report["run"], Value::Null);
            assert_eq!(report["inputs"][0]["rows"], wanted["contacts"]);
            assert_eq!(counted(report), wanted, "{name}");
        }
    }
}

#[test]
fn ages_are_computed_at_the_given_time() {
    let at = |days: i64| {
        let time = chrono::DateTime::parse_from_rfc3339(AS_OF).unwrap() - chrono::Duration::days(days);
        json!({"id": format!("id-{days}"), "updated_at": time.to_rfc3339()})
    };
    let server = account([-5, 0, 6, 7, 29, 30, 89, 90, 364, 365, 5000].map(at).into());
    let run = sent_export().contacts(&server.url(), &["-o", "c.parquet"]).finish();
    let report = report(&[&run.path("c.parquet")], &["--json", "r.json", "--html", "r.html", "--markdown", "r.md"]);
    let wanted = json!({"never": 0, "in_future": 1, "last_7_days": 2, "last_30_days": 2, "last_90_days": 2,
        "last_365_days": 2, "older": 2});
    assert_eq!(report.json("r.json")["updated"], wanted);
    assert_valid(&report.json("r.json"), SUMMARY_SCHEMA);
    // The forms show periods that do not overlap, so that a reader can add them up.
    for form in [read(&report, "r.html"), read(&report, "r.md"), String::from_utf8(report.stdout.clone()).unwrap()] {
        for age in ["last 7 days", "8 to 30 days ago", "31 to 90 days ago", "91 to 365 days ago", "in the future"] {
            assert!(form.contains(age), "{age} in {form}");
        }
        assert!(!form.contains("last 30 days"), "{form}");
    }
}

#[test]
fn a_date_in_the_future_is_a_finding_and_has_no_age() {
    let server = account(vec![
        json!({"id": "a", "created_at": "9999-12-01T00:00:00Z", "updated_at": "9999-12-31T00:00:00Z"}),
        json!({"id": "b", "created_at": "2020-01-01T00:00:00Z", "updated_at": "9999-12-31T00:00:00Z"}),
        json!({"id": "c", "created_at": "2020-01-01T00:00:00Z"}),
    ]);
    let run = export(&server.url());
    for summary in [run.json("s.json"), report_json(&run.path("c.csv"))] {
        assert_eq!((&summary["updated"]["in_future"], &summary["updated"]["last_7_days"]), (&json!(2), &json!(0)));
        assert_eq!(summary["quality"]["created_in_future"], 1);
        let ages = summary["updated"].as_object().unwrap().values();
        assert_eq!(ages.map(|count| count.as_u64().unwrap()).sum::<u64>(), 3);
    }
    let markdown = read(&run, "r.md");
    assert!(markdown.contains("| Created in the future | 1 |"), "{markdown}");
    assert!(markdown.contains("| Last changed in the future | 2 |"), "{markdown}");
}

#[test]
fn as_of_accepts_dates_and_a_wrong_value_gets_an_example() {
    for as_of in ["2025-11-01", "2025-11-01T00:00:00Z", "2025-11-01T01:00:00+01:00"] {
        let run = sent_export().file("c.csv", "id\na\n").args(["report", "c.csv", "--json", "-", "--as-of", as_of]);
        let document: Value = serde_json::from_slice(&run.finish().expect_code(0).stdout).unwrap();
        assert_eq!(document["as_of"], "2025-11-01T00:00:00Z");
    }
    for (flag, wrong, right) in [
        ("--as-of", "2025-11-31", "write it like 2026-03-31 or 2026-03-31T00:00:00Z"),
        ("--as-of", "yesterday", "write it like 2026-03-31 or 2026-03-31T00:00:00Z"),
        ("--min-cell", "0", "write a number of at least 2"),
        ("--min-cell", "1", "write a number of at least 2"),
        ("--min-cell", "few", "write a number of at least 2"),
    ] {
        sent_export().args(["report", "c.csv", flag, wrong]).finish().expect_code(2).expect_stderr(right);
    }
}

#[test]
fn a_contact_without_any_value_is_counted_as_missing_everywhere() {
    let server = account(vec![json!({"id": "a"})]);
    let run = export(&server.url());
    let summary = run.json("s.json");
    assert_valid(&summary, SUMMARY_SCHEMA);
    assert_eq!(summary["contacts"], 1);
    assert_eq!(summary["reachable"], 0);
    assert_eq!(summary["channel_combinations"], json!({"none": 1}));
    assert_eq!(summary["regions"], json!({"unknown": 1}));
    assert_eq!(summary["quality"]["missing"].as_object().unwrap().len(), 14);
    assert!(read(&run, "r.html").contains("id=\"quality\""));
    assert_eq!(counted(report_json(&run.path("c.parquet"))), counted(summary));
}

#[test]
fn one_is_singular_in_every_form() {
    let server = account(vec![json!({"id": "a", "available_channels": "sms", "default_channel": "rcs"})]);
    let run = export(&server.url());
    let run = run.expect_stderr("complete: 1 contact\n").expect_stderr("1 request for 1 page.");
    let on_file = report(&[&run.path("c.csv")], &["--html", "f.html"]).expect_code(0);
    for form in [run.stderr.clone(), read(&run, "r.html"), read(&run, "r.md"), read(&on_file, "f.html")] {
        assert!(form.contains("1 contact"), "{form}");
        for many in ["contacts", "pages", "requests", "retries", "rows", "files", "regions", "different ones"] {
            let is_alone = |at: usize| !form[..at].ends_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
            let wrong = form.match_indices(&format!("1 {many}")).find(|&(at, _)| is_alone(at));
            assert!(wrong.is_none(), "{wrong:?} in {form}");
        }
    }
}

#[test]
fn each_quality_finding_is_counted() {
    let server = account(vec![
        json!({"id": "a", "format_e164": "+12025550123", "region_code": "US", "country_code": "1"}),
        json!({"id": "b", "format_e164": "+12025550123", "region_code": "DE", "country_code": "49"}),
        json!({"id": "c", "phone_number": "+12025550123", "region_code": "ZZ", "created_at": "0001-01-01T00:00:00"}),
        json!({"id": "d", "format_e164": "020 555", "region_code": "CA", "default_channel": "sms",
            "available_channels": "rcs"}),
    ]);
    let run = export(&server.url());
    let summary = run.json("s.json");
    let quality = &summary["quality"];
    assert_eq!(quality["shared_phone_numbers"], json!({"keys": 1, "contacts": 3, "approximate": false}));
    assert_eq!(quality["invalid_e164"], 1);
    assert_eq!(quality["e164_not_of_region"], 1);
    assert_eq!(quality["e164_not_of_country_code"], 1);
    assert_eq!(quality["regions_not_in_iso_3166"], 1);
    assert_eq!(quality["year_one_created_at"], 1);
    assert_eq!(summary["default_channel_not_available"], 1);
    assert_eq!(summary["region_details"]["DE"]["continent"], "Europe");
    // Two concatenated exports, not one export in two formats.
    std::fs::copy(run.path("c.csv"), run.path("again.csv")).unwrap();
    let twice = report(&[&run.path("again.csv"), &run.path("c.parquet")], &["--json", "-", "--sum"]).expect_code(0);
    let twice: Value = serde_json::from_slice(&twice.stdout).unwrap();
    assert_eq!(twice["quality"]["repeated_ids"], json!({"keys": 4, "contacts": 8, "approximate": false}));
}

#[test]
fn a_value_of_another_type_is_counted_even_if_it_can_be_used() {
    let server = account(vec![
        json!({"id": "a", "country_code": 1, "opt_out": "true", "available_channels": ["sms"]}),
        json!({"id": "b", "country_code": "1", "opt_out": "perhaps"}),
    ]);
    let run = export(&server.url());
    let summary = run.json("s.json");
    assert_eq!(summary["malformed_fields"], json!({"available_channels": 1, "country_code": 1, "opt_out": 2}));
    assert_eq!(summary["country_codes"], json!({"1": 2}));
    assert_eq!(summary["opt_out"], json!({"yes": 1, "no": 0, "unknown": 1}));
    assert_eq!(summary["channels"], json!({"none": 1, "sms": 1}));
    for form in [run.stderr.clone(), read(&run, "r.html"), read(&run, "r.md")] {
        assert!(form.contains("Values of an undocumented type or form"), "{form}");
        assert!(!form.contains("could not be read") && !form.contains("as null"), "{form}");
    }
}

#[test]
fn no_form_has_personal_data_or_unescaped_markup() {
    let mut contacts: Vec<Value> = Vec::new();
    for (at, word) in
        ["<script>alert(1)</script>", "\"><img src=x>", "</style><h1>x", "[x](http://x)", "a|b", "\u{1b}[31m"]
            .into_iter()
            .enumerate()
    {
        contacts.push(json!({"id": format!("secret-id-{at}"), "phone_number": "+12025550123", "format_e164": "+12025550123",
            "region_code": word, "country_code": word, "available_channels": word, "default_channel": word, word: word}));
    }
    // A phone number and an email address instead of a code.
    contacts.push(json!({"id": "secret-id-n", "region_code": "+12025550123", "country_code": "12025550123",
        "available_channels": "ann@example.com", "default_channel": "+12025550123"}));
    let server = account(contacts);
    let run = export(&server.url());
    let text = report(&[&run.path("c.parquet")], &[]).expect_code(0);
    for form in
        [read(&run, "r.html"), read(&run, "r.md"), read(&run, "s.json"), String::from_utf8(text.stdout).unwrap()]
    {
        for personal in ["2025550123", "secret-id", "ann@example.com", "\u{1b}"] {
            assert!(!form.contains(personal), "{personal} in {form}");
        }
    }
    let html = read(&run, "r.html").to_lowercase();
    for markup in ["<script>alert", "<img", "</style><h1", "<h1>x"] {
        assert!(!html.contains(markup), "{markup}");
    }
    assert_eq!(html.matches("<script").count(), 1);
    assert!(html.contains("&lt;img src=x&gt;"), "the text is shown escaped");
    let markdown = read(&run, "r.md").to_lowercase();
    // A value that looks like an address is counted as "(other)".
    assert!(markdown.contains("(other)") && !markdown.contains("http://x"), "{markdown}");
    let without_code: String = markdown.split('`').step_by(2).collect();
    for markup in ["<script", "[x](", "http:", "<img"] {
        assert!(!without_code.contains(markup), "{markup} in {without_code}");
    }
    assert!(markdown.lines().filter(|line| line.starts_with('|')).all(|line| line.ends_with('|')));
}

#[test]
fn every_form_has_a_maximum_size() {
    let contact = |at: u32| {
        let channel = |at: u32| format!("channel{}{}", char::from(b'a' + (at % 26) as u8), "&<\u{1f4de}".repeat(14));
        let letter = |at: u32| char::from(b'A' + (at % 26) as u8);
        json!({"id": at.to_string(), "region_code": format!("{}{}", letter(at), letter(at / 26)), "country_code": at.to_string(),
            "available_channels": format!("{},{}", channel(at), channel(at / 7)), "default_channel": format!("<{at}>"),
            "created_at": format!("{:04}-{:02}-01T00:00:00Z", 1800 + at / 12, at % 12 + 1), format!("<field>{at}"): 1})
    };
    let server = account((0..2600).map(contact).collect());
    let run = export(&server.url());
    let (html, markdown) = (read(&run, "r.html"), read(&run, "r.md"));
    assert!(html.len() < 300_000, "{}", html.len());
    assert!(markdown.len() < 100_000, "{}", markdown.len());
    assert_valid(&run.json("s.json"), SUMMARY_SCHEMA);
    let whole_world = run.json("s.json")["regions"].as_object().unwrap().len();
    assert!(whole_world > 250, "{whole_world}");
    assert_eq!(counted(report_json(&run.path("c.csv"))), counted(run.json("s.json")));
}

#[test]
fn the_tables_fit_the_width_and_have_no_colors_in_a_log() {
    let run = export(&hostile().base_url());
    let text = report(&[&run.path("c.parquet")], &["--no-progress"]).expect_code(0);
    assert!(text.stderr.lines().all(|line| line.starts_with("warning: ")), "{text:?}");
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(!text.contains('\u{1b}') && text.contains("Contacts by region"), "{text}");
}

#[test]
fn changes_are_shown_in_every_form() {
    let contact =
        |at: u32, region: &str| json!({"id": at.to_string(), "region_code": region, "available_channels": "sms"});
    let old = account(vec![contact(1, "DE"), contact(2, "FR"), contact(3, "FR")]);
    let new = account(vec![contact(1, "DE"), contact(4, "BR"), contact(5, "DE"), contact(6, "DE")]);
    let (old, new) = (export(&old.url()), export(&new.url()));
    for then in ["s.json", "c.parquet"] {
        let then = old.path(then).display().to_string();
        let forms = ["--compare", &then, "--html", "r.html", "--markdown", "r.md", "--json", "r.json"];
        let run = report(&[&new.path("c.csv")], &forms).expect_code(0);
        let document = run.json("r.json");
        assert_valid(&document, SUMMARY_SCHEMA);
        let comparison = &document["comparison"];
        assert_eq!(comparison["contacts"], json!({"old": 3, "new": 4}));
        assert_eq!(comparison["regions"]["DE"], json!({"old": 1, "new": 3}));
        assert_eq!(comparison["new_regions"], json!(["BR"]));
        assert_eq!(comparison["gone_regions"], json!(["FR"]));
        for form in [read(&run, "r.html"), read(&run, "r.md"), String::from_utf8(run.stdout.clone()).unwrap()] {
            // A summary has a time, and so does the manifest of a file.
            let since = format!("Since {}: ▲ +1", &old.json("s.json")["as_of"].as_str().unwrap()[..10]);
            for text in [&since, "▲ +2", "▼ −2", "BR Brazil", "New regions", "Regions that are gone"] {
                assert!(form.contains(text) || form.contains(&text.replace("BR Brazil", "Brazil")), "{text} in {form}");
            }
        }
    }
    let wrong = report(&[&new.path("c.csv")], &["--compare", &old.path("r.html").display().to_string()]).expect_code(2);
    wrong.expect_stderr("hint:");
}

#[test]
fn small_groups_are_merged_on_request_and_totals_stay() {
    let run = export(&simulator(3000).base_url());
    let path = run.path("c.parquet");
    let merged = report(&[&path], &["--min-cell", "25", "--json", "m.json", "--html", "m.html"]).expect_code(0);
    let (all, merged_json) = (report_json(&path), merged.json("m.json"));
    assert_valid(&merged_json, SUMMARY_SCHEMA);
    for table in
        ["regions", "channel_combinations", "country_codes", "default_channels", "continents", "created_by_month"]
    {
        let rows = |summary: &Value| -> Vec<u64> {
            summary[table].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).collect()
        };
        assert_eq!(rows(&merged_json).iter().sum::<u64>(), rows(&all).iter().sum::<u64>(), "{table}");
        assert!(rows(&merged_json).iter().all(|&count| count >= 25), "{table}: {:?}", rows(&merged_json));
    }
    for channels in merged_json["channels_by_region"].as_object().unwrap().values() {
        assert!(channels.as_object().unwrap().values().all(|count| count.as_u64().unwrap() >= 25), "{channels}");
    }
    let page = read(&merged, "m.html");
    // The exact numbers of the heat map, as in "US United States, sms: 89 of 100 (89.0%)".
    let cells: Vec<u64> = page
        .split("<g class=\"m")
        .skip(1)
        .filter_map(|cell| cell.split_once(": ")?.1.split_once(" of ")?.0.replace(',', "").parse().ok())
        .collect();
    assert!(cells.len() > 10 && cells.iter().all(|&count| count == 0 || count >= 25), "{cells:?}");
    assert!(page.contains("<g class=\"suppressed\">"));
    assert!(page.contains("fewer than 25 contacts"));
    assert!(!page.contains("Luxembourg: "));
}

#[test]
fn unreadable_inputs_and_unwritable_reports_are_refused_with_a_hint() {
    let run = sent_export()
        .file("x.parquet", "no parquet")
        .file("y.csv", "a,b\n1,2\n")
        .file("z.txt", "")
        .args(["report", "x.parquet"]);
    run.finish().expect_code(2).expect_stderr("x.parquet").expect_stderr("hint:");
    for file in ["y.csv", "z.txt", "missing.csv"] {
        let run = sent_export().file("y.csv", "a,b\n1,2\n").file("z.txt", "").args(["report", file]);
        run.finish().expect_code(2).expect_stderr(file).expect_stderr("hint:");
    }
    let run = sent_export().file("c.csv", "id\na\n").args([
        "report",
        "c.csv",
        "--html",
        "no/such/r.html",
        "--no-create-dirs",
    ]);
    let run =
        run.finish().expect_code(7).expect_stderr("the folder no/such does not exist").expect_stderr("no/such/r.html");
    run.expect_stderr("hint: create the folder first, omit --no-create-dirs, or choose another place\n");
    let server = account(vec![]);
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--report", "r.pdf"]);
    run.finish().expect_code(2).expect_stderr("r.pdf").expect_stderr(".html");
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--report", "r.md", "--report", "r.md"]);
    run.finish().expect_code(2);
    assert!(server.requests().is_empty());
}
