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
        let (text, _) = verify(&folder, &[path], 2);
        assert!(text.contains(why) && text.contains("next: "), "{text}");
    }
    fs::write(folder.path().join("_c.csv.manifest.json"), "{").unwrap();
    let (text, _) = verify(&folder, &["c.csv"], 2);
    assert!(text.contains("failed  c.csv: cannot read the manifest"), "{text}");
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

#[test]
fn what_cannot_be_read_hides_no_other_failure() {
    let folder = export(&["-o", "a/1.csv"]);
    let simulator = simulator(20);
    for name in ["2.csv", "3.csv"] {
        let more = ["-o".to_owned(), folder.path().join("a").join(name).display().to_string()];
        let flags = [more[0].as_str(), &more[1], "--quiet"];
        sent_export().contacts(&simulator.base_url(), &flags).finish().expect_code(0);
    }
    verify(&folder, &["a"], 0);
    fs::write(folder.path().join("a/_2.csv.manifest.json"), "{").unwrap();
    let third = fs::read_to_string(folder.path().join("a/3.csv")).unwrap() + "x\n";
    fs::write(folder.path().join("a/3.csv"), third).unwrap();
    for paths in [&["a"][..], &["a/1.csv", "a/_2.csv.manifest.json", "a/3.csv", "a/4.csv"]] {
        let (text, stderr) = verify(&folder, &[paths, &["--json", "r.json"]].concat(), 2);
        let failed = paths.len().max(3) - 1;
        assert!(text.contains("failed  a/_2.csv.manifest.json: cannot read the manifest: "), "{text}");
        assert!(text.contains("next: restore the manifest, or export again"), "{text}");
        assert!(text.contains("ok      a/1.csv: 250 rows read"), "{text}");
        assert!(text.contains("failed  a/3.csv: the file has "), "{text}");
        assert_eq!(text.contains("failed  a/4.csv: cannot open: a/4.csv"), failed == 3, "{text}");
        assert!(text.ends_with(&format!("{failed} of {} files not as published\n", failed + 1)), "{text}");
        assert_eq!(stderr, "");
        let report = json(&folder, "r.json");
        assert_eq!((report["ok"].clone(), report["exports"].as_array().unwrap().len()), (false.into(), 2));
        assert_eq!(report["unread"][0]["path"], "a/_2.csv.manifest.json");
        assert_eq!(report["exports"][1]["files"][0]["ok"], false);
    }
}

#[test]
fn a_json_log_has_every_failure_and_the_conclusion() {
    let folder = export(&with_outputs(&["c.csv", "c.ndjson"]));
    for name in ["c.csv", "c.ndjson"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let (_, stderr) = verify(&folder, &[".", "--log-format", "json"], 2);
    let lines: Vec<Value> = stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> = lines.iter().map(|line| (line["event"].as_str(), line["path"].as_str())).collect();
    let error = |path| (Some("error"), Some(path));
    let [started, finished] = ["run_started", "run_finished"].map(|event| (Some(event), None));
    assert_eq!(seen, [started, error("c.csv"), error("c.ndjson"), finished], "{stderr}");
    assert_eq!(lines[3]["message"], "2 of 2 files not as published");
}

/// A folder with an export, and the histories of several runs in it: the newest file is last.
fn history(contacts: &[u32]) -> (TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    for &contacts in contacts {
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (simulate, output, history) = (format!("--simulate={contacts}"), path("v/c.csv"), path("v/h"));
        let flags = ["contacts", &simulate, "-o", &output, "--history", &history, "--rate-limit", "none", "--quiet"];
        sent_export().args(flags).finish().expect_code(0);
    }
    let mut names: Vec<String> = fs::read_dir(folder.path().join("v/h"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("changes-"))
        .map(|name| format!("v/h/{name}"))
        .collect();
    names.sort();
    assert_eq!(names.len(), contacts.len());
    (folder, names)
}

#[test]
fn a_history_is_verified_with_its_export_alone_and_file_by_file() {
    let (folder, names) = history(&[20, 30, 40]);
    let (text, _) = verify(&folder, &["v", "--json", "r.json"], 0);
    let unlisted = |rows: &str, name: &str| format!("ok      {name}: {rows}, ");
    for name in &names[..2] {
        let line = text.lines().find(|line| line.starts_with(&format!("ok      {name}: "))).unwrap();
        assert!(line.contains(" rows read, ") && line.ends_with("no manifest has its SHA-256"), "{line}");
    }
    let line = text.lines().find(|line| line.contains(&names[2])).unwrap();
    assert!(line.ends_with("SHA-256 matches") && !line.contains("no manifest"), "the newest is listed: {line}");
    assert!(text.ends_with("as published: 4 files of 1 export and 1 history\n"), "{text}");
    let report = json(&folder, "r.json");
    assert_eq!(report["histories"][0]["files"].as_array().unwrap().len(), 2);
    assert_eq!(report["histories"][0]["files"][0]["rows"], 20);
    let (text, _) = verify(&folder, &["v/h", "--quick"], 0);
    assert!(text.contains(&unlisted("20 rows by its metadata", &names[0])), "{text}");
    assert!(text.ends_with("as published: 3 files of 1 history\n"), "{text}");
    let (text, _) = verify(&folder, &[&names[1]], 0);
    assert!(text.ends_with("as published: 1 file of 1 history\n"), "{text}");
    let (text, _) = verify(&folder, &["v/_c.csv.manifest.json"], 0);
    assert!(text.contains(&names[2]) && text.ends_with("as published: 2 files of 1 export\n"), "{text}");
}

#[test]
fn every_damaged_or_missing_file_of_a_history_that_can_be_known_is_named() {
    let (folder, names) = history(&[20, 30, 40, 50]);
    let path = |at: usize| folder.path().join(&names[at]);
    let whole: Vec<Vec<u8>> = (0..4).map(|at| fs::read(path(at)).unwrap()).collect();
    for flags in [&["v"][..], &["v", "--quick"]] {
        // Cut to nothing, and cut at its end.
        for (at, kept) in [(0, 0), (1, 700), (3, 0), (3, 700)] {
            fs::write(path(at), &whole[at][..kept]).unwrap();
            let (text, _) = verify(&folder, flags, 2);
            assert!(text.contains(&format!("failed  {}: ", names[at])), "{text}");
            assert!(text.contains("next: restore the file, or start a new history in another folder"), "{text}");
            assert!(text.ends_with("1 of 5 files not as published\n"), "{text}");
            fs::write(path(at), &whole[at]).unwrap();
        }
        for at in 0..3 {
            fs::remove_file(path(at)).unwrap();
            let (text, _) = verify(&folder, &[flags, &["--json", "r.json"]].concat(), 2);
            assert!(text.contains(&format!("failed  {}: the history has a gap before ", names[at + 1])), "{text}");
            assert!(text.ends_with("1 gap in histories\n"), "{text}");
            let report = json(&folder, "r.json");
            assert_eq!(
                (report["ok"].clone(), &report["histories"][0]["gaps"][0]["path"]),
                (false.into(), &names[at + 1].clone().into())
            );
            fs::write(path(at), &whole[at]).unwrap();
        }
        // After the newest file there is no other, but the manifest lists it.
        fs::remove_file(path(3)).unwrap();
        let (text, _) = verify(&folder, flags, 2);
        assert!(text.contains(&format!("failed  {}: cannot open: ", names[3])), "{text}");
        fs::write(path(3), &whole[3]).unwrap();
        // Two at once.
        fs::write(path(0), "").unwrap();
        fs::remove_file(path(2)).unwrap();
        let (text, _) = verify(&folder, flags, 2);
        assert!(
            text.contains(&format!("failed  {}: ", names[0])) && text.contains(&format!("failed  {}: ", names[3])),
            "{text}"
        );
        assert!(text.ends_with("1 of 4 files not as published, 1 gap in histories\n"), "{text}");
        (0..4).for_each(|at| fs::write(path(at), &whole[at]).unwrap());
        verify(&folder, flags, 0);
    }
    // A file whose end is there, but not its rows: only reading them shows it.
    let mut bytes = whole[0].clone();
    bytes[4..200].fill(0xff);
    fs::write(path(0), &bytes).unwrap();
    verify(&folder, &["v", "--quick"], 0);
    let (text, _) = verify(&folder, &["v"], 2);
    assert!(text.contains(&format!("failed  {}: ", names[0])), "{text}");
    // Any other file of that name.
    fs::copy(folder.path().join("v/c.csv"), path(0)).unwrap();
    verify(&folder, &["v/h", "--quick"], 2);
}
