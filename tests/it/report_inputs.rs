//! What a report reads from the manifests of its files; its warnings; damaged files.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{
    Answer, Finished, Run, SUMMARY_SCHEMA, ScriptedServer, assert_valid, sent_export, sha256, simulator,
};

const FORMS: [&str; 6] = ["--json", "r.json", "--html", "r.html", "--markdown", "r.md"];

/// A table with these ids.
fn csv(ids: std::ops::Range<u32>) -> String {
    ids.fold("id,updated_at\n".to_owned(), |text, id| text + &format!("id-{id},2026-03-01T00:00:00Z\n"))
}

/// The manifest of a file of a day in March; `more` replaces members.
fn manifest(file: &str, text: &str, day: u32, more: &Value) -> String {
    let mut manifest = json!({"schema_version": 1, "started_at": format!("2026-03-{day:02}T06:00:00.000Z"),
        "finished_at": format!("2026-03-{day:02}T07:00:00.000Z"), "api": "https://api.sent.dm", "filters": {},
        "contacts": 1, "items_rejected": 0, "verdict": "complete", "evidence": ["it did not change"], "outputs":
        [{"path": file, "format": "csv", "rows": text.lines().count() - 1, "bytes": text.len(), "sha256": sha256(text.as_bytes())}]});
    manifest.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    manifest.to_string()
}

/// Daily exports whose manifests differ by `more`.
fn days(names: &[(&str, std::ops::Range<u32>, u32)], more: &Value) -> Run {
    names.iter().fold(sent_export(), |run, (name, ids, day)| {
        let text = csv(ids.clone());
        run.file(name, &text).file(&format!("{name}.manifest.json"), &manifest(name, &text, *day, more))
    })
}

fn read(run: &Finished, name: &str) -> String {
    std::fs::read_to_string(run.path(name)).unwrap()
}

/// The JSON document of a report, and for each form the text before its first number.
fn tops(run: &Finished) -> (Value, [String; 3]) {
    let document = run.json("r.json");
    assert_valid(&document, SUMMARY_SCHEMA);
    let top = |text: &str, end: &str| text.split(end).next().unwrap().replace('\n', " ");
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    let tops = [top(&text, "Contacts\n"), top(&read(run, "r.html"), "<main>"), top(&read(run, "r.md"), "## Contacts")];
    (document, tops)
}

#[track_caller]
fn assert_said_first(run: &Finished, code: &str, words: &[&str]) {
    let (document, tops) = tops(run);
    let notices = document["notices"].as_array().unwrap();
    let notice = notices.iter().find(|notice| notice["code"] == code);
    let text = notice.unwrap_or_else(|| panic!("{code} in {notices:?}"))["text"].as_str().unwrap();
    for said in tops.iter().map(String::as_str).chain([text, run.stderr.as_str()]) {
        for word in words {
            assert!(said.replace('`', "").contains(word), "{word} in {said}");
        }
    }
}

#[test]
fn an_unverified_export_is_named_at_the_top_of_every_form() {
    let evidence = json!([{"code": "rows_missing", "count": 3, "text": "3 contacts were not found"}]);
    for evidence in [json!(["3 contacts were not found"]), evidence] {
        let more = json!({"verdict": "unverified", "evidence": evidence});
        let run = days(&[("c.csv", 0..9, 1)], &more).args(["report", "c.csv"]).args(FORMS).finish().expect_code(0);
        assert_said_first(&run, "unverified", &["c.csv is an unverified export", "3 contacts were not found"]);
        let export = &run.json("r.json")["inputs"][0]["export"];
        assert_eq!([&export["verdict"], &export["api"]], [&json!("unverified"), &json!("https://api.sent.dm")]);
        assert_eq!(export["evidence"][0]["text"], "3 contacts were not found");
        assert!(read(&run, "r.html").contains("<a href=\"#run\" class=\"badge warn\">unverified</a>"));
        // A comparison with it has the warning, too.
        let run = run.again().file("new.csv", &csv(0..9));
        let run = run.args(["report", "new.csv", "--compare", "c.csv"]).args(FORMS).finish().expect_code(0);
        assert_said_first(&run, "unverified_comparison", &["The older export, c.csv, is unverified"]);
        std::fs::rename(run.path("r.json"), run.path("old.json")).unwrap();
        let run = run.again().args(["report", "c.csv", "--json", "old.json", "-q"]).finish().expect_code(0);
        let run = run.again().args(["report", "new.csv", "--compare", "old.json"]).args(FORMS).finish().expect_code(0);
        assert_said_first(&run, "unverified_comparison", &["The older export, old.json, is unverified"]);
    }
    let run = days(&[("c.csv", 0..9, 1)], &json!({})).args(["report", "c.csv"]).args(FORMS).finish().expect_code(0);
    let (document, tops) = tops(&run);
    assert_eq!(document["notices"], json!([]));
    assert!(!tops.concat().contains("Warning") && run.stderr.is_empty(), "{run:?}");
    assert!(read(&run, "r.md").contains("The verdict is complete."));
}

#[test]
fn a_run_starts_its_report_with_its_warnings() {
    let outputs = ["-o", "c.csv", "--summary", "r.json", "--report", "r.html", "--report", "r.md", "--show-table"];
    let run = |total: u32| {
        let body = json!({"success": true, "data": {"contacts": [{"id": "a", "created_at": "01/02/2025"}, {"name": "b"}],
            "pagination": {"page": 1, "page_size": 100, "total_count": total, "total_pages": 1, "has_more": false}}});
        let server = ScriptedServer::start(move |_, _| Answer::ok(body.to_string()));
        sent_export().contacts(&server.url(), &outputs).finish()
    };
    let assert_first = |run: &Finished, texts: &[&str]| {
        assert_valid(&run.json("r.json"), SUMMARY_SCHEMA);
        assert_eq!(run.json("r.json")["notices"].as_array().unwrap().len(), texts.len());
        for form in [run.stderr.clone(), read(run, "r.html"), read(run, "r.md")] {
            let top = form.split("Without any channel").next().unwrap().replace('\n', " ");
            for text in texts {
                assert!(top.contains(text), "{text} in {top}");
            }
        }
    };
    let nothing = "could be read: 1 value has an undocumented type or form.";
    let unverified = "This export is unverified: contacts may be missing.";
    let lies = run(9).expect_code(3);
    assert_first(&lies, &[unverified, "items were left out because they are not contacts.", nothing]);
    let run = run(2).expect_code(0);
    assert_first(&run, &["1 item was left out because it is not a contact.", nothing]);
    // The report on the file reads the number of rejected items from the manifest.
    let run = run.again().args(["report", "c.csv"]).args(FORMS).finish().expect_code(0);
    assert_said_first(&run, "items_left_out", &["1 item was left out because it is not a contact."]);
}

#[test]
fn the_time_of_a_report_is_that_of_the_export() {
    let run = days(&[("c.csv", 0..9, 2)], &json!({})).args(["report", "c.csv", "--json", "r.json"]).finish();
    let document = run.expect_code(0).json("r.json");
    assert_eq!(document["as_of"], "2026-03-02T06:00:00Z");
    assert_eq!(document["updated"]["last_7_days"], 9);
    let simulator = simulator(300);
    let exported = sent_export().contacts(&simulator.base_url(), &["-o", "c.parquet", "--summary", "s.json"]);
    let run = exported.finish().expect_code(0).again().args(["report", "c.parquet", "--json", "r.json"]).finish();
    let (summary, report) = (run.json("s.json"), run.json("r.json"));
    assert_eq!(report["updated"], summary["updated"]);
    assert_eq!(report["as_of"].as_str().unwrap()[..19], summary["as_of"].as_str().unwrap()[..19]);
    // An older name of the manifest, and the current one.
    std::fs::remove_file(run.path("c.parquet")).unwrap();
    let text = csv(0..3);
    for name in ["c.csv.manifest.json", "_c.csv.manifest.json"] {
        let run = sent_export().file("c.csv", &text).file(name, &manifest("c.csv", &text, 4, &json!({})));
        let run = run.args(["report", "c.csv", "--json", "-", "--as-of", "2026-05-01"]).finish().expect_code(0);
        let document: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(document["inputs"][0]["export"]["started_at"], "2026-03-04T06:00:00.000Z", "{name}");
        assert_eq!(document["as_of"], "2026-05-01T00:00:00Z");
    }
}

#[test]
fn a_flipped_bit_is_detected() {
    let outputs = ["-o", "c.parquet", "-o", "c.csv", "-o", "c.csv.gz", "-o", "c.ndjson", "--quiet"];
    let mut run = sent_export().contacts(&simulator(300).base_url(), &outputs).finish().expect_code(0);
    for name in ["c.parquet", "c.csv", "c.csv.gz", "c.ndjson"] {
        let whole = std::fs::read(run.path(name)).unwrap();
        for at in (0..8).map(|part| whole.len() * part / 8) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            std::fs::write(run.path(name), bytes).unwrap();
            run = run.again().args(["report", name]).finish().expect_code(2);
            run = run.expect_stderr("error: the SHA-256 differs from ").expect_stderr(&format!(": {name}\nhint: "));
            assert!(run.stdout.is_empty());
        }
        std::fs::write(run.path(name), whole).unwrap();
        run = run.again().args(["report", name]).finish().expect_code(0);
    }
}

#[test]
fn an_unreadable_manifest_is_reported() {
    let run = sent_export().file("c.csv", &csv(0..9)).file("_c.csv.manifest.json", "{\"outputs\": [");
    let run = run.args(["report", "c.csv"]).args(FORMS).finish().expect_code(0);
    assert_said_first(&run, "unreadable_manifest", &["The manifest _c.csv.manifest.json cannot be read"]);
}

#[test]
fn only_the_newest_of_several_exports_of_an_account_counts() {
    let names = [("a.csv", 0..100, 3), ("b.csv", 0..90, 1), ("c.csv", 0..95, 2)];
    let given = ["report", "a.csv", "b.csv", "c.csv"];
    let run = days(&names, &json!({})).args(given).args(FORMS).finish().expect_code(0);
    assert_eq!(run.json("r.json")["contacts"], 100);
    let said =
        "c.csv, b.csv are older exports of the same account and were left out; only the newest, a.csv, is counted.";
    assert_said_first(&run, "older_snapshots", &[said, "--sum"]);
    let run = run.again().args(given).args(FORMS).args(["--sum", "--quiet"]).finish().expect_code(0);
    assert_eq!(run.json("r.json")["contacts"], 285);
    run.expect_stderr("warning: 3 exports of the same account are added up (--sum)");
    // An export with a different filter is a different list.
    for (more, contacts) in
        [(json!({"api": "https://other.example"}), 190), (json!({"filters": {"channel": "sms"}}), 190)]
    {
        let text = csv(500..590);
        let run = days(&names, &json!({})).file("d.csv", &text);
        let run = run.file("d.csv.manifest.json", &manifest("d.csv", &text, 1, &more));
        let run = run.args(given).args(["d.csv", "--json", "r.json", "--quiet"]).finish().expect_code(0);
        assert_eq!(run.json("r.json")["contacts"], contacts);
    }
}

#[test]
fn without_manifests_ids_decide_whether_files_are_snapshots() {
    let write = |folder: &Path, name: &str, ids: std::ops::Range<u32>, day: u32| {
        let path = folder.join(name);
        std::fs::write(&path, csv(ids)).unwrap();
        let day = format!("2026-03-{day:02}T00:00:00Z");
        let changed = std::fs::File::options().append(true).open(path).unwrap();
        changed.set_modified(chrono::DateTime::parse_from_rfc3339(&day).unwrap().into()).unwrap();
    };
    let run = sent_export().args(["--version"]).finish();
    for (name, ids, day) in
        [("a.csv", 0..100, 3), ("b.csv", 0..90, 1), ("c.csv", 10..95, 2), ("other.csv", 500..600, 1)]
    {
        write(&run.path(""), name, ids, day);
    }
    let run = run.again().args(["report", "."]).args(FORMS).finish().expect_code(0);
    let document = run.json("r.json");
    assert_eq!([&document["contacts"], &document["quality"]["repeated_ids"]["keys"]], [&json!(200), &json!(0)]);
    assert_said_first(
        &run,
        "older_snapshots",
        &["c.csv, b.csv are older exports", "only the newest, a.csv, is counted"],
    );
    let run = run.again().args(["report", ".", "--sum"]).args(FORMS).finish().expect_code(0);
    assert_eq!(run.json("r.json")["contacts"], 375);
    // The older side of a comparison is the newest state in its folder.
    let run = run.again().args(["report", "other.csv", "--compare", ".", "--json", "r.json"]).finish().expect_code(0);
    assert_eq!(run.json("r.json")["comparison"]["contacts"], json!({"old": 200, "new": 100}));
}

#[test]
fn damaged_parquet_is_an_error() {
    let mut run = sent_export().contacts(&simulator(300).base_url(), &["-o", "c.parquet", "--quiet"]).finish();
    let manifest = ["c.parquet.manifest.json", "_c.parquet.manifest.json"].map(|name| run.path(name));
    for path in manifest {
        drop(std::fs::remove_file(path));
    }
    let whole = std::fs::read(run.path("c.parquet")).unwrap();
    let mut refused = 0;
    // The last part contains the metadata, which readers rely on.
    for at in (whole.len() - 3000..whole.len()).step_by(37) {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= mask;
            std::fs::write(run.path("c.parquet"), bytes).unwrap();
            run = run.again().args(["report", "c.parquet", "--quiet", "--json", "r.json"]).finish();
            assert!(matches!(run.code, Some(0 | 2)), "{at} {mask} {run:?}");
            assert!(!run.stderr.contains("panic") && !run.stderr.contains("backtrace"), "{at} {mask} {run:?}");
            if run.code == Some(2) {
                run = run.expect_stderr(": c.parquet\n").expect_stderr("hint: ");
                refused += 1;
            }
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn texts_from_files_never_control_a_terminal_or_become_links() {
    let contact = json!({"id": "1", "region_code": "www.evil.com", "default_channel": "http://evil.io",
        "available_channels": "evil.org,\u{202e}x\u{200b}\u{9b}1m\u{1b}[31m", "https://evil.com/": 1, "a\u{2066}b\u{feff}": 1});
    let body = json!({"success": true, "data": {"contacts": [contact], "pagination": {"page": 1, "page_size": 100,
        "total_count": 1, "total_pages": 1, "has_more": false}}});
    let server = ScriptedServer::start(move |_, _| Answer::ok(body.to_string()));
    let reports = ["-o", "c.parquet", "--summary", "s.json", "--report", "s.html", "--report", "s.md"];
    let run = sent_export().contacts(&server.url(), &reports).finish().expect_code(0);
    let name = "a\u{1b}[31m\u{202e}b@x.co.csv";
    std::fs::write(run.path(name), "id\na\n").unwrap();
    std::fs::write(run.path(&format!("_{name}.manifest.json")), "{").unwrap();
    let first_stderr = run.stderr.clone();
    let run = run.again().args(["report", "c.parquet", name]).args(FORMS).finish().expect_code(0);
    let said = [first_stderr, run.stderr.clone(), String::from_utf8(run.stdout.clone()).unwrap()];
    let files = ["s.json", "s.html", "s.md", "r.json", "r.html", "r.md"].map(|name| read(&run, name));
    for form in said.iter().chain(&files) {
        let steers = |c: &char| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        assert_eq!(form.chars().find(steers), None, "{form}");
    }
    for markdown in [&files[2], &files[5]] {
        let without_code: String = markdown.split('`').step_by(2).collect();
        for link in ["www.", "http", "evil.", "@"] {
            assert!(!without_code.contains(link), "{link} in {without_code}");
        }
        assert!(markdown.contains("(other)") && !markdown.to_lowercase().contains("evil"), "{markdown}");
    }
    // A file name that looks like an address is formatted as code, so that it does not become a link.
    assert!(files[5].contains("b@x.co.csv`"), "{}", files[5]);
    for html in [&files[1], &files[4]] {
        assert!(
            !html.contains("href=\"http") && !html.contains("href=\"www") && !html.contains("<a href=\"/"),
            "{html}"
        );
    }
    // The name in an error is still recognizable.
    std::fs::write(run.path(name), "no contacts\n").unwrap();
    std::fs::remove_file(run.path(&format!("_{name}.manifest.json"))).unwrap();
    let run = run.again().args(["report", name]).finish().expect_code(2);
    let run = run.expect_stderr("no columns of contacts, messages or activities in a\\u{1b}[31m\\u{202e}b@x.co.csv\n");
    // So is the name in a line of the log.
    let export = run.again().contacts(&server.url(), &["-o", name, "--max-shrink", "20%"]).finish().expect_code(0);
    assert!(!export.stderr.contains(['\u{1b}', '\u{202e}']), "{export:?}");
    export.expect_stderr("--max-shrink has nothing to compare with: ");
}

#[test]
fn a_date_after_the_year_9999_is_malformed() {
    let body = json!({"success": true, "data": {"contacts": [{"id": "1", "created_at": "+12026-03-01T00:00:00"}],
        "pagination": {"page": 1, "page_size": 100, "total_count": 1, "total_pages": 1, "has_more": false}}});
    let server = ScriptedServer::start(move |_, _| Answer::ok(body.to_string()));
    let outputs = ["-o", "c.parquet", "-o", "c.csv", "--summary", "s.json", "--report", "s.md"];
    let run = sent_export().contacts(&server.url(), &outputs).finish().expect_code(0);
    assert_eq!(run.json("s.json")["malformed_fields"], json!({"created_at": 1}));
    assert_eq!(run.json("s.json")["created_range"], json!({"oldest": null, "newest": null}));
    for text in [run.stderr.clone(), read(&run, "c.csv"), read(&run, "s.md")] {
        assert!(!text.contains("2026-03"), "{text}");
    }
    // Files of other programs can contain such a date, which is unreadable, too.
    let run = run.again().file("d.csv", "id,created_at\n1,+12026-03-01T00:00:00Z\n2,2026-03-01T00:00:00Z\n");
    let run = run.args(["report", "d.csv", "--json", "r.json"]).finish().expect_code(0);
    assert_eq!(run.json("r.json")["malformed_fields"], json!({"created_at": 1}));
    assert_eq!(run.json("r.json")["created_range"]["newest"], "2026-03-01T00:00:00Z");
}

#[test]
fn a_folder_of_many_files_is_listed_in_part_and_counted_in_full() {
    let mut command = sent_export();
    for at in 0..50 {
        command = command.file(&format!("c{at:02}.csv"), &format!("id\na{at}\nb{at}\n"));
    }
    let forms = ["--html", "r.html", "--markdown", "r.md", "--json", "r.json"];
    let run = command.args(["report", "."]).args(forms).finish().expect_code(0);
    assert_eq!(run.json("r.json")["inputs"].as_array().unwrap().len(), 50);
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    // At most 10 files in the terminal, 30 on the HTML page and 40 in Markdown; the others are summarized.
    for (form, rest) in [(text, "40 more"), (read(&run, "r.html"), "20 more"), (read(&run, "r.md"), "10 more")] {
        assert!(form.contains(&format!("… and {rest}")) && form.contains("c00.csv"), "{form}");
        assert!(!form.contains("c49.csv"), "{form}");
    }
}
