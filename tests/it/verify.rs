//! `verify`: files that are as published pass, and every kind of difference is reported.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{sent_export, sha256, simulator};

const FORMATS: [&str; 6] = ["c.parquet", "c.csv.gz", "c.ndjson.zst", "c.arrow", "c.arrows", "c.xlsx"];

/// A folder with an export of 250 contacts.
fn export(flags: &[&str]) -> TempDir {
    let simulator = simulator(250);
    let flags = [flags, &["--quiet"]].concat();
    sent_export().contacts(&simulator.base_url(), &flags).finish().expect_code(0).into_folder()
}

/// Runs `verify` in a folder; returns its stdout and stderr.
#[track_caller]
fn verify(folder: &TempDir, flags: &[&str], code: i32) -> (String, String) {
    let (_own, mut command) = sent_export().args(["verify"]).args(flags).into_parts();
    let output = command.current_dir(folder.path()).output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    (stdout, stderr)
}

fn json(folder: &TempDir, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap()
}

fn with_outputs(outputs: &[&'static str]) -> Vec<&'static str> {
    outputs.iter().flat_map(|output| ["-o", *output]).collect()
}

#[test]
fn every_format_is_verified_by_file_manifest_and_folder() {
    let folder = export(&with_outputs(&FORMATS));
    for path in FORMATS.into_iter().chain(["_c.parquet.manifest.json", "."]) {
        let (checked, _) = verify(&folder, &[path], 0);
        let files = if FORMATS.contains(&path) { 1 } else { FORMATS.len() };
        let text = checked;
        assert_eq!(text.matches(": 250 rows read, ").count(), files, "{text}");
        assert!(text.contains("SHA-256 matches"), "{text}");
    }
    let (quick, _) = verify(&folder, &["c.parquet", "--quick"], 0);
    assert!(quick.contains("250 rows by the manifest"), "{}", quick);
}

#[test]
fn missing_changed_and_truncated_files_are_named_with_the_next_step() {
    let folder = export(&with_outputs(&["c.parquet", "c.csv", "c.ndjson"]));
    let mut bytes = fs::read(folder.path().join("c.parquet")).unwrap();
    bytes[1_000] ^= 1;
    fs::write(folder.path().join("c.parquet"), &bytes).unwrap();
    let text = fs::read_to_string(folder.path().join("c.csv")).unwrap();
    fs::write(folder.path().join("c.csv"), &text[..text.len() / 2]).unwrap();
    fs::remove_file(folder.path().join("c.ndjson")).unwrap();
    for flags in [&[".", "--json", "r.json"][..], &["_c.parquet.manifest.json", "--quick", "--json", "r.json"]] {
        let (checked, _) = verify(&folder, flags, 2);
        let text = checked;
        assert!(text.contains("failed  c.parquet: the SHA-256 differs from _c.parquet.manifest.json"), "{text}");
        assert!(text.contains("failed  c.csv: the file has "), "{text}");
        assert!(text.contains("failed  c.ndjson: cannot open: c.ndjson"), "{text}");
        assert!(text.contains("next: ") && text.ends_with("3 of 3 files not as published\n"), "{text}");
        let report = json(&folder, "r.json");
        assert_eq!(report["ok"], false);
        let problems = report["exports"][0]["files"].as_array().unwrap().iter().map(|file| file["problem"].is_string());
        assert_eq!(problems.collect::<Vec<_>>(), [true; 3]);
    }
    let (one, _) = verify(&folder, &["c.csv", "--quiet"], 2);
    assert!(!one.contains("c.parquet: "), "only the given file is verified: {one}");
}

#[test]
fn rows_are_counted_and_ids_must_differ() {
    // The manifest is forged, so that the checksum passes.
    let folder = export(&["-o", "c.csv"]);
    let text = fs::read_to_string(folder.path().join("c.csv")).unwrap();
    let row = text.lines().nth(1).unwrap();
    let forge = |text: &str, rows: u64| {
        fs::write(folder.path().join("c.csv"), text).unwrap();
        let mut manifest = json(&folder, "_c.csv.manifest.json");
        let file = &mut manifest["outputs"][0];
        file["sha256"] = sha256(text.as_bytes()).into();
        file["bytes"] = text.len().into();
        file["rows"] = rows.into();
        fs::write(folder.path().join("_c.csv.manifest.json"), manifest.to_string()).unwrap();
    };
    forge(&format!("{text}{row}\n"), 250);
    let (checked, _) = verify(&folder, &["c.csv"], 2);
    assert!(checked.contains("the file has 251 contacts, but 250 in"), "{checked}");
    verify(&folder, &["c.csv", "--quick"], 0);
    forge(&format!("{text}{row}\n"), 251);
    let (checked, _) = verify(&folder, &["c.csv"], 2);
    assert!(checked.contains("1 id occurs more than once"), "{checked}");
    assert!(checked.ends_with("1 output with repeated ids\n"), "{checked}");
}

#[test]
fn datasets_parts_and_activities_are_verified_together() {
    let folder = export(&["-o", "c.csv", "--max-rows-per-file", "100"]);
    let (checked, _) = verify(&folder, &["."], 0);
    assert!(checked.ends_with("as published: 3 files of 1 export\n"), "{checked}");
    fs::copy(folder.path().join("c-00000.csv"), folder.path().join("c-00001.csv")).unwrap();
    verify(&folder, &["c-00000.csv"], 0);
    verify(&folder, &["."], 2);
    let flags = ["messages", "--simulate=200", "-o", "m/", "--partition-by", "created_date", "--quiet"];
    let more = ["--with-activities", "--activities-output", "a.parquet", "--rate-limit", "none"];
    let folder = sent_export().args(flags).args(more).finish().expect_code(0).into_folder();
    let (checked, _) = verify(&folder, &["m/"], 0);
    let text = checked;
    assert!(text.contains("created_date=") && text.contains("a.parquet: "), "{text}");
    let day = text.split("m/created_date=").nth(1).unwrap().split('/').next().unwrap();
    let part = format!("m/created_date={day}/part-0.parquet");
    let (checked, _) = verify(&folder, &[&part], 0);
    assert!(checked.ends_with("as published: 1 file of 1 export\n"), "{checked}");
}

#[test]
fn formats_in_a_folder_named_after_a_date_are_outputs_of_their_own() {
    let folder = export(&["-o", "dt=1/c.csv", "-o", "dt=1/c.parquet", "--manifest", "m.json"]);
    let (checked, _) = verify(&folder, &["m.json"], 0);
    assert!(checked.ends_with("as published: 2 files of 1 export\n"), "{checked}");
}

#[test]
fn unverifiable_paths_are_refused_and_unverified_exports_are_reported() {
    let folder = export(&["-o", "c.csv", "--manifest", "none"]);
    for (path, why) in [
        ("c.csv", "no manifest lists the file: c.csv"),
        (".", "no manifest in folder: ."),
        ("d.csv", "cannot open: d.csv"),
    ] {
        let (_, stderr) = verify(&folder, &[path], 2);
        assert!(stderr.contains(why) && stderr.contains("hint: "), "{stderr}");
    }
    fs::write(folder.path().join("_c.csv.manifest.json"), "{").unwrap();
    let (_, stderr) = verify(&folder, &["c.csv"], 2);
    assert!(stderr.contains("cannot read the manifest"), "{stderr}");
    let simulator = simulator(250);
    let plain = ["-o", "c.csv", "--consistency", "plain", "--quiet", "--manifest", "m.json"];
    let folder = sent_export().contacts(&simulator.base_url(), &plain).finish().expect_code(3).into_folder();
    let (checked, _) = verify(&folder, &["m.json"], 3);
    assert!(checked.starts_with("ok      c.csv") && checked.contains("unverified when it was exported"));
    let (text, _) = verify(&folder, &["m.json", "--json", "-"], 3);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((report["ok"].clone(), report["exports"][0]["verdict"].clone()), (true.into(), "unverified".into()));
}

#[test]
fn a_part_of_a_dataset_that_no_manifest_lists_is_named() {
    let folder = export(&["-o", "c", "--partition-by", "region_code"]);
    verify(&folder, &["c"], 0);
    let part = |region: &str| folder.path().join(format!("c/region_code={region}/part-0.parquet"));
    fs::create_dir(folder.path().join("c/region_code=ZZ")).unwrap();
    fs::copy(part("US"), part("ZZ")).unwrap();
    // Files that readers of the folder ignore are not reported.
    fs::write(folder.path().join("c/notes.txt"), "mine").unwrap();
    fs::write(folder.path().join("c/region_code=ZZ/notes.txt"), "mine").unwrap();
    for path in ["c", "."] {
        let (text, _) = verify(&folder, &[path, "--json", "r.json"], 2);
        let line = text.lines().find(|line| line.starts_with("failed")).unwrap();
        assert!(line.contains("region_code=ZZ/part-0.parquet: no manifest lists it"), "{text}");
        assert_eq!(text.matches("failed ").count(), 1, "{text}");
        assert!(text.contains("next: remove it, or export again"), "{text}");
        assert_eq!(json(&folder, "r.json")["ok"], false);
    }
}

#[test]
fn a_file_of_any_name_in_a_folder_of_a_dataset_is_named() {
    let folder = export(&["-o", "c", "--partition-by", "region_code"]);
    let path = |name: &str| folder.path().join("c").join(name);
    let unlisted = ["region_code=US/copy.parquet", "region_code=US/sub/part-0.parquet", "region_code=QQ/a.csv.gz"];
    let passed_over = ["region_code=US/_copy.parquet", "region_code=US/_sub/part.parquet", "other/copy.parquet"];
    for name in unlisted.into_iter().chain(passed_over) {
        fs::create_dir_all(path(name).parent().unwrap()).unwrap();
        fs::copy(path("region_code=US/part-0.parquet"), path(name)).unwrap();
    }
    for name in [unlisted.as_slice(), &[]] {
        let (text, _) = verify(&folder, &["c"], if name.is_empty() { 0 } else { 2 });
        assert_eq!(text.matches("failed ").count(), name.len(), "{text}");
        for name in name {
            assert!(
                text.contains(&format!("{name}: no manifest lists it, but readers of the folder treat it")),
                "{text}"
            );
            fs::remove_file(path(name)).unwrap();
        }
    }
}
