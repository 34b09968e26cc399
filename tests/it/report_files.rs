//! Which files a report reads and which it refuses to write: each contact is counted once, and no export is overwritten.

use std::path::Path;

use serde_json::Value;

use crate::support::{Finished, run_in, sent_export, simulator};

/// An export of 200 contacts into two formats, with its manifest.
fn export() -> Finished {
    let outputs = ["-o", "c.parquet", "-o", "c.csv", "--summary", "old.json", "--quiet"];
    sent_export().contacts(&simulator(200).base_url(), &outputs).finish().expect_code(0)
}

fn report(run: Finished, args: &[&str]) -> Finished {
    run.again().args(["report"]).args(args).finish()
}

/// The JSON document of a report that is written to stdout.
fn document(run: &Finished) -> Value {
    serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}{run:?}"))
}

#[cfg(unix)]
fn link(run: &Finished, target: &str, name: &str) {
    std::os::unix::fs::symlink(target, run.path(name)).unwrap();
}

/// Names and contents of all files in a folder.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push((path.display().to_string(), std::fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn a_report_never_overwrites_its_inputs() {
    let mut run = export();
    std::fs::create_dir(run.path("sub")).unwrap();
    let mut cases = vec![
        vec!["c.parquet", "--html", "c.parquet"],
        vec!["c.parquet", "--json", "./c.parquet"],
        vec!["c.csv", "--markdown", "sub/../c.csv"],
        vec![".", "--html", "c.parquet"],
        vec![".", "--html", "c.csv"],
        vec!["c.csv", "--compare", "old.json", "--json", "old.json"],
        vec!["c.csv", "--compare", "c.parquet", "--html", "c.parquet"],
        vec!["c.parquet", "--json", "_c.parquet.manifest.json"],
    ];
    if cfg!(unix) {
        link(&run, "c.parquet", "to.html");
        link(&run, "c.csv", "to.csv");
        cases.push(vec!["c.parquet", "--html", "to.html"]);
        cases.push(vec!["to.csv", "--html", "c.csv"]);
    }
    let before = contents(&run.path(""));
    for case in cases {
        run = report(run, &case).expect_code(2).expect_stderr("hint: choose other paths for --html");
        run = run.expect_stderr(case.last().unwrap());
        assert!(contents(&run.path("")) == before, "{run:?}");
    }
}

#[test]
fn two_reports_cannot_have_the_same_path() {
    let mut run = export();
    let before = contents(&run.path(""));
    for case in [
        ["--html", "r.html", "--markdown", "r.html"],
        ["--html", "./r.html", "--json", "r.html"],
        ["--html", "-", "--json", "-"],
    ] {
        run = report(run, &[&["c.csv"], &case[..]].concat()).expect_code(2).expect_stderr(case[3]);
        run = run.expect_stderr("hint: choose different paths for --html, --markdown and --json");
        assert!(contents(&run.path("")) == before && run.stdout.is_empty(), "{run:?}");
    }
    if cfg!(unix) {
        report(run, &["c.csv", "--html", "/dev/null", "--json", "/dev/null"]).expect_code(0);
    }
}

#[test]
fn a_file_that_is_given_twice_counts_once() {
    let mut run = export();
    let mut cases = vec![
        (vec!["c.csv", "c.csv"], "skipped c.csv: it is read already, as c.csv\n"),
        (vec!["c.csv", "./c.csv"], "skipped ./c.csv: it is read already, as c.csv\n"),
        (vec!["c.csv", "c.parquet"], "skipped c.csv: its rows are read from c.parquet\n"),
        (vec![".", "c.parquet"], "skipped c.parquet: it is read already, as ./c.parquet\n"),
        (vec!["."], "skipped ./c.csv: its rows are read from ./c.parquet\n"),
    ];
    if cfg!(unix) {
        link(&run, "c.parquet", "same.parquet");
        cases.push((vec!["c.parquet", "same.parquet"], "skipped same.parquet: it is read already, as c.parquet\n"));
    }
    for (paths, said) in cases {
        run = report(run, &[&paths[..], &["--json", "-"]].concat()).expect_code(0).expect_stderr(said);
        assert_eq!(document(&run)["contacts"], 200, "{run:?}");
        assert_eq!(document(&run)["inputs"].as_array().unwrap().len(), 1, "{run:?}");
        run = report(run, &[&paths[..], &["--json", "-", "--quiet"]].concat()).expect_code(0);
        assert_eq!(run.stderr, "");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_latest_export_counts_no_file_twice() {
    let folder = tempfile::tempdir().unwrap();
    for (name, ids) in [("2026-02-01", "id\na\nb\n"), ("2026-03-01", "id\nc\n")] {
        std::fs::create_dir_all(folder.path().join("exports").join(name)).unwrap();
        std::fs::write(folder.path().join("exports").join(name).join("c.csv"), ids).unwrap();
    }
    std::os::unix::fs::symlink("2026-03-01", folder.path().join("exports/latest")).unwrap();
    std::os::unix::fs::symlink("..", folder.path().join("exports/2026-02-01/up")).unwrap();
    let run = run_in(folder).args(["report", "exports", "--json", "-"]).finish().expect_code(0);
    let run = run.expect_stderr("skipped exports/latest: it is read already, as exports/2026-03-01\n");
    assert_eq!(document(&run)["contacts"], 3);
}

#[test]
fn sidecars_among_the_files_of_a_folder_are_ignored() {
    let run = export();
    std::fs::remove_file(run.path("old.json")).unwrap();
    for beside in [".c.csv.lock", ".c.parquet.journal"] {
        std::fs::write(run.path(beside), "x").unwrap();
    }
    let names = run.files();
    assert!(names.contains(&"_c.parquet.manifest.json".to_owned()), "{names:?}");
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let run = report(run, &[&names[..], &["--json", "-"]].concat()).expect_code(0);
    assert_eq!(document(&run)["contacts"], 200);
    assert!(!run.stderr.contains("manifest") && !run.stderr.contains("lock"), "{run:?}");
    report(run, &["_c.parquet.manifest.json"]).expect_code(2).expect_stderr("hint: name files with the extension");
}

#[test]
fn a_file_that_differs_from_its_manifest_is_refused() {
    let mut run = export();
    let whole = std::fs::read(run.path("c.csv")).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    // The file is cut between two contacts, which only the manifest reveals; it is next to the other format.
    let half: String = text.split_inclusive('\n').take(101).collect();
    std::fs::write(run.path("c.csv"), &half).unwrap();
    run = report(run, &["c.csv", "--json", "r.json"]).expect_code(2);
    run = run.expect_stderr(&format!("the file has {} bytes, but {} in ", half.len(), whole.len()));
    run = run.expect_stderr("_c.parquet.manifest.json: c.csv\n").expect_stderr("or remove the manifest");
    assert!(!run.path("r.json").exists());
    // The same number of bytes, but fewer contacts.
    let mut others = half.clone();
    others.insert_str(others.len() - 1, &"x".repeat(whole.len() - half.len()));
    std::fs::write(run.path("c.csv"), others).unwrap();
    run = report(run, &["c.csv"]).expect_code(2).expect_stderr("the SHA-256 differs from ");
    // A manifest without a checksum still has the number of contacts.
    let mut manifest = run.json("_c.parquet.manifest.json");
    for output in manifest["outputs"].as_array_mut().unwrap() {
        output.as_object_mut().unwrap().remove("sha256");
    }
    std::fs::write(run.path("_c.parquet.manifest.json"), manifest.to_string()).unwrap();
    run = report(run, &["c.csv"]).expect_code(2).expect_stderr("the file has 100 contacts, but 200 in ");
    // The old side of a comparison is checked against its manifest, too.
    run = report(run, &["c.parquet", "--compare", "c.csv"]).expect_code(2).expect_stderr("100 contacts, but 200 in ");
    std::fs::rename(run.path("_c.parquet.manifest.json"), run.path("gone.json")).unwrap();
    run = report(run, &["c.csv", "--json", "-"]).expect_code(0);
    assert_eq!(document(&run)["contacts"], 100);
}

#[test]
fn a_file_that_ends_within_a_line_is_reported_as_truncated() {
    const FILES: [&str; 6] = ["c.csv", "c.csv.gz", "c.csv.zst", "c.ndjson", "c.ndjson.zst", "c.arrows"];
    let outputs = [FILES.map(|name| ["-o", name]).as_flattened(), &["--quiet"]].concat();
    let mut run = sent_export().contacts(&simulator(200).base_url(), &outputs).finish().expect_code(0);
    std::fs::remove_file(run.path("_c.csv.manifest.json")).unwrap();
    let refused = |run: Finished, name: &str| {
        report(run, &[name]).expect_code(2).expect_stderr(&format!("the file is truncated: {name}\nhint: "))
    };
    for name in FILES {
        let whole = std::fs::read(run.path(name)).unwrap();
        // The last eight bytes are the end marker of a stream.
        for left in [whole.len() - 1, whole.len() - 8, whole.len() / 2, whole.len() * 2 / 3] {
            std::fs::write(run.path(name), &whole[..left]).unwrap();
            run = refused(run, name);
        }
    }
    for torn in
        ["id,region_code\na,DE\nb,F", "id,region_code\na,DE\nb", "id,reg", "id,region_code\na,\"D\nE", "id\na\u{e9}"]
    {
        std::fs::write(run.path("torn.csv"), torn).unwrap();
        run = refused(run, "torn.csv");
    }
    // The file ends inside a character.
    std::fs::write(run.path("torn.csv"), b"id\na\xc3").unwrap();
    run = refused(run, "torn.csv");
    std::fs::write(run.path("torn.csv"), "id,region_code\na\nb,DE\n").unwrap();
    report(run, &["torn.csv"]).expect_code(2).expect_stderr("cannot read: torn.csv");
}

#[test]
fn ndjson_of_another_program_is_read_or_refused_without_quoting_it() {
    let lines = "\u{feff}{\"id\":\"a\",\"opt_out\":1,\"extra\":{\"x\":[1]}}\r\n\n{\"region_code\":\"DE\",\"id\":\"b\",\"opt_out\":null,\
        \"available_channels\":[\"sms\",\"rcs\"],\"country_code\":49}\n{\"available_channels\":\"sms\",\"id\":\"c\"}\n";
    let run = sent_export().file("a.jsonl", lines).args(["report", "a.jsonl", "--json", "-"]).finish().expect_code(0);
    let found = document(&run);
    assert_eq!((&found["contacts"], &found["opt_out"]["yes"]), (&3.into(), &1.into()));
    // A column that first occurs in a later line is missing in the earlier ones.
    assert_eq!(found["quality"]["missing"]["region_code"], 2);
    let absent = found["columns_not_in_inputs"].as_array().unwrap();
    assert!(absent.contains(&"updated_at".into()) && !absent.contains(&"country_code".into()), "{absent:?}");

    let mut run = report(run, &["a.jsonl"]).expect_code(0);
    for (text, error) in [
        ("{\"id\":\"a\"}\n{\"id\":\"+12025550123\" \"x\"}\n", "line 2 is not a JSON object, at column "),
        ("[\"+12025550123\"]\n", "line 1 is not a JSON object"),
        ("\"+12025550123\"\n", "line 1 is not a JSON object"),
        ("{\"id\":\"+12025550123\"}{}\n", "line 1 is not a JSON object"),
        ("{\"number\":\"+12025550123\"}\n", "no columns of contacts"),
    ] {
        std::fs::write(run.path("b.jsonl"), text).unwrap();
        run = report(run, &["b.jsonl"]).expect_code(2).expect_stderr(error);
        assert!(!run.stderr.contains("2025550123"), "{run:?}");
    }
    std::fs::write(run.path("b.jsonl"), "").unwrap();
    report(run, &["b.jsonl"]).expect_code(0).expect_stderr("");
}

#[test]
fn an_older_file_has_the_time_of_its_export() {
    let mut run = export();
    let began = run.json("_c.parquet.manifest.json")["started_at"].as_str().unwrap()[..19].to_owned();
    let day = "2026-03-31T00:00:00Z";
    let changed = std::fs::File::options().append(true).open(run.path("c.csv")).unwrap();
    changed.set_modified(chrono::DateTime::parse_from_rfc3339(day).unwrap().into()).unwrap();
    std::fs::write(run.path("new.csv"), "id\na\n").unwrap();
    let compared = ["new.csv", "--json", "-", "--as-of", "2030-01-01", "--compare"];
    for old in ["c.csv", "c.parquet"] {
        run = report(run, &[&compared[..], &[old]].concat()).expect_code(0);
        assert_eq!(document(&run)["comparison"]["as_of"], format!("{began}Z"));
    }
    std::fs::remove_file(run.path("_c.parquet.manifest.json")).unwrap();
    run = report(run, &[&compared[..], &["c.csv"]].concat()).expect_code(0);
    assert_eq!(document(&run)["comparison"]["as_of"], day);
}

#[test]
fn a_contact_that_changed_during_its_export_is_not_in_the_future() {
    let text = "id,updated_at\na,2026-03-01T05:00:00Z\nb,2026-03-01T07:00:00Z\n";
    let manifest = serde_json::json!({"started_at": "2026-03-01T00:00:00Z", "finished_at": "2026-03-01T06:00:00Z",
        "contacts": 2, "outputs": [{"path": "c.csv", "rows": 2, "bytes": text.len()}]});
    let run = sent_export().file("c.csv", text).file("_c.csv.manifest.json", &manifest.to_string());
    let mut run =
        run.args(["report", "c.csv", "--json", "-", "--as-of", "2026-03-01T00:00:00Z"]).finish().expect_code(0);
    assert_eq!(document(&run)["updated"]["in_future"], 1);
    run = report(run, &["c.csv", "--json", "-", "--as-of", "2026-02-01"]).expect_code(0);
    assert_eq!(document(&run)["updated"]["in_future"], 2);
}

#[test]
fn a_table_of_another_program_is_read_or_refused_with_its_reason() {
    let csv = |run: &Finished, name: &str, text: &[u8]| std::fs::write(run.path(name), text).unwrap();
    let run = sent_export().file("a.csv", "").args(["report", "a.csv"]).finish().expect_code(2);
    csv(&run, "flags.csv", b"id,opt_out,region_code\na,TRUE,US\nb,FALSE,US\nc,true,US\n");
    let run = report(run, &["flags.csv", "--json", "-"]).expect_code(0);
    assert_eq!((&document(&run)["opt_out"]["yes"], &document(&run)["opt_out"]["no"]), (&2.into(), &1.into()));

    csv(&run, "a.csv", b"id;opt_out\na;true\n");
    csv(&run, "b.csv", b"id\topt_out\na\ttrue\n");
    let utf16: Vec<u8> = "\u{feff}id,opt_out\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    csv(&run, "c.csv", &utf16);
    let mut run = report(run, &["c.csv"]).expect_code(2).expect_stderr("UTF-16").expect_stderr("save it as UTF-8");
    for name in ["a.csv", "b.csv"] {
        run = report(run, &[name, "--json", "-"]).expect_code(0);
        assert_eq!(document(&run)["opt_out"]["yes"], 1, "{name}");
    }
}

#[test]
fn rewritten_parquet_is_read() {
    use parquet::basic::Compression;
    let mut run = export();
    let file = std::fs::File::open(run.path("c.parquet")).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(file, 1024).unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    let write = |run: &Finished, name: &str, compression| {
        let settings = parquet::file::properties::WriterProperties::builder().set_compression(compression).build();
        let file = std::fs::File::create(run.path(name)).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batches[0].schema(), Some(settings)).unwrap();
        for batch in &batches {
            writer.write(batch).unwrap();
        }
        writer.close().unwrap();
    };
    write(&run, "anew.parquet", Compression::SNAPPY);
    run = report(run, &["anew.parquet", "--json", "-"]).expect_code(0);
    assert_eq!(document(&run)["contacts"], 200);
    write(&run, "none.parquet", Compression::UNCOMPRESSED);
    report(run, &["none.parquet"]).expect_code(0);
}
