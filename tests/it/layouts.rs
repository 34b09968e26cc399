//! Where files go: placeholders in paths, and exports that are kept or removed.

use std::path::Path;

use sent_export::simulator::{Settings, Simulator};

use crate::support::{Finished, csv_ids, run_in, sent_export, simulator};

/// The files below a folder, as sorted relative paths.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn placeholders_in_paths_are_filled_in() {
    let simulator = simulator(20);
    let profile = simulator.profile_ids()[0].to_string();
    let arguments = [
        "-o",
        "dt={date}/c-{time}.csv",
        "--summary",
        "{profile_id}.json",
        "--manifest",
        "{run_id}.json",
        "--timezone",
        "Asia/Tokyo",
        "--profile-id",
        &profile,
    ];
    let run = sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0);
    assert!(run.path(&format!("{profile}.json")).is_file());
    let names = files(&run.path(""));
    let manifest = names.iter().find(|name| name.contains("Z-")).unwrap();
    assert_eq!(run.json(manifest)["run_id"], manifest.trim_end_matches(".json"));
    let output = names.iter().find(|name| name.starts_with("dt=")).unwrap();
    assert_eq!(run.json(manifest)["outputs"][0]["path"], output.as_str());
    assert_eq!(output.len(), "dt=2026-11-28/c-23-30-05.csv".len(), "{output}");
    for (path, why) in
        [("{day}.csv", "there is no {day}"), ("{profile_id}.csv", "goes with --profile-id"), ("}.csv", "a single }")]
    {
        let refused = sent_export().contacts(&simulator.base_url(), &["-o", path]).finish().expect_code(2);
        refused.expect_stderr(why).expect_stderr("hint: write it like exports/dt={date}/contacts.parquet");
    }
}

#[test]
fn only_older_exports_are_removed_after_publishing() {
    let simulator = simulator(20);
    let export = |run: Option<Finished>| {
        let run = run.map_or_else(sent_export, Finished::again);
        let outputs = ["-o", "e/{run_id}/c.csv", "-o", "latest.csv", "--keep", "2"];
        run.contacts(&simulator.base_url(), &outputs).finish().expect_code(0)
    };
    let first = export(None);
    let oldest = files(&first.path("e"));
    // Another program's file in the folder of the first export, and a folder that is not an export.
    let folder = oldest[0].split('/').next().unwrap().to_owned();
    std::fs::write(first.path("e").join(&folder).join("notes.txt"), "").unwrap();
    std::fs::create_dir(first.path("e").join("20260101T000000Z-00000000")).unwrap();
    let mut run = Some(first);
    for _ in 0..3 {
        run = Some(export(run));
    }
    let run = run.unwrap();
    let left = files(&run.path("e"));
    assert_eq!(left.iter().filter(|name| name.ends_with("/c.csv")).count(), 2, "{left:?}");
    assert_eq!(left.iter().filter(|name| name.ends_with(".manifest.json")).count(), 2, "{left:?}");
    assert!(left.contains(&format!("{folder}/notes.txt")), "{left:?}");
    assert!(!left.contains(&oldest[0]) && run.path("latest.csv").is_file(), "files that every run rewrites are kept");
    let refused = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv", "--keep", "2"]).finish();
    refused.expect_code(2).expect_stderr("--keep needs an output whose path differs from run to run");
}

#[test]
fn a_gate_compares_with_the_newest_of_the_earlier_exports() {
    let arguments = ["-o", "e/c-{run_id}.csv", "--max-shrink", "10%"];
    let run = sent_export().contacts(&simulator(500).base_url(), &arguments).finish().expect_code(0);
    let run = run.again().contacts(&simulator(300).base_url(), &arguments).finish().expect_code(8);
    let run = run.expect_stderr("there are 300 contacts, down from 500");
    assert_eq!(files(&run.path("e")).len(), 2, "an output and its manifest");
}

#[test]
fn a_folder_with_a_date_in_its_path_cannot_be_appended_to() {
    let simulator = Simulator::start(Settings::of_messages(10)).unwrap();
    let arguments = ["-o", "m/{date}/", "--partition-by", "created_date", "--since-last"];
    let run = sent_export().messages(&simulator.base_url(), &arguments).finish().expect_code(2);
    run.expect_stderr("its path is different in every run").expect_stderr("m/{date}/");
    assert_eq!(simulator.statistics().list_requests, 0);
}

#[test]
fn a_run_to_a_dated_path_is_resumed() {
    let latency = "5ms..10ms".parse().unwrap();
    let server = Simulator::start(Settings { contacts: 10_000, latency, ..Settings::default() }).unwrap();
    let arguments = ["-o", "e/{run_id}.csv", "--state-dir", "state"];
    let is_time = || server.statistics().list_requests >= 40;
    let folder = sent_export().contacts(&server.base_url(), &arguments).kill_when(is_time);
    let run = run_in(folder).contacts(&server.base_url(), &arguments).finish().expect_code(0);
    run.expect_stderr("resuming the run started ");
    assert!(server.statistics().list_requests < 160, "the second run read everything again");
}

#[test]
fn an_output_is_split_by_number_of_rows() {
    let simulator = simulator(2_500);
    let export = |run: Option<Finished>, arguments: &[&str]| {
        let run = run.map_or_else(sent_export, Finished::again);
        let run = run.contacts(&simulator.base_url(), arguments).finish().expect_code(0);
        assert!(!run.stderr.contains("cannot remove"), "{run:?}");
        run
    };
    let whole = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    let outputs = ["-o", "e/c.parquet", "-o", "e/c.csv"];
    let run = export(None, &[&outputs[..], &["--max-rows-per-file", "1000"]].concat());
    let parts = ["c-00000.csv", "c-00001.csv", "c-00002.csv"];
    let wanted = [
        "_c.parquet.manifest.json",
        parts[0],
        "c-00000.parquet",
        parts[1],
        "c-00001.parquet",
        parts[2],
        "c-00002.parquet",
    ];
    assert_eq!(files(&run.path("e")), wanted);
    let manifest = run.json("e/_c.parquet.manifest.json");
    let rows: Vec<u64> =
        manifest["outputs"].as_array().unwrap().iter().map(|file| file["rows"].as_u64().unwrap()).collect();
    assert_eq!((rows, &manifest["rows"]), (vec![1_000, 1_000, 500, 1_000, 1_000, 500], &2_500.into()));
    let ids = |run: &Finished| parts.iter().flat_map(|part| csv_ids(&run.path("e").join(part))).collect::<Vec<_>>();
    assert_eq!(ids(&run), csv_ids(&whole.path("c.csv")));
    // A report reads all parts of one format.
    let report = run.again().args(["report", "e", "--json", "r.json", "--quiet"]).finish().expect_code(0);
    assert_eq!(report.json("r.json")["contacts"], 2_500);
    assert_eq!(report.json("r.json")["inputs"].as_array().unwrap().len(), 3);
    // Parts that a later run does not write are removed, and so is the unsplit file.
    let run = export(Some(report), &[&outputs[..], &["--max-rows-per-file", "2000"]].concat());
    assert!(!run.path("e/c-00002.csv").exists() && run.path("e/c-00001.csv").exists());
    let run = export(Some(run), &outputs);
    assert_eq!(files(&run.path("e")), ["_c.parquet.manifest.json", "c.csv", "c.parquet"]);
    let run = export(Some(run), &[&outputs[..], &["--max-rows-per-file", "5000"]].concat());
    assert_eq!(files(&run.path("e")), ["_c.parquet.manifest.json", "c-00000.csv", "c-00000.parquet"]);
}

#[test]
fn a_report_on_dated_folders_reads_the_newest_export() {
    let arguments = ["-o", "e/dt={run_id}/c.csv"];
    let run = sent_export().contacts(&simulator(30).base_url(), &arguments).finish().expect_code(0);
    std::thread::sleep(std::time::Duration::from_millis(5));
    let server = simulator(40);
    // Set one address in all manifests; otherwise a report could not know that they are of one account.
    for manifest in files(&run.path("e")).iter().filter(|name| name.ends_with(".manifest.json")) {
        let path = run.path("e").join(manifest);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["api"] = format!("{}/", server.base_url()).into();
        std::fs::write(&path, json.to_string()).unwrap();
    }
    let run = run.again().contacts(&server.base_url(), &arguments).finish().expect_code(0);
    let report = run.again().args(["report", "e", "--json", "r.json", "--quiet"]).finish().expect_code(0);
    assert_eq!(report.json("r.json")["contacts"], 40);
}
