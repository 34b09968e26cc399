//! Files of an earlier export that cannot be removed: they are named until a later run has removed them, and no number is
//! doubled meanwhile.

#![cfg(target_os = "linux")]

use std::fs;

use crate::support::{Finished, Run, preloaded, sent_export, simulator};

/// Exports to a folder in which the second run does not replace one file.
struct Case {
    flags: &'static [&'static str],
    /// What the second run adds.
    more: &'static [&'static str],
    stale: &'static str,
    manifest: &'static str,
}

const CASES: [Case; 2] = [
    Case {
        flags: &["-o", "d/c.csv", "--max-rows-per-file", "100", "--quiet"],
        more: &[],
        stale: "d/c-00002.csv",
        manifest: "d/_c.csv.manifest.json",
    },
    Case {
        flags: &["-o", "d", "--partition-by", "opt_out", "--format", "csv", "--quiet"],
        more: &["--only", "reachable"],
        stale: "d/opt_out=true/part-0.csv",
        manifest: "d/_opt_out.manifest.json",
    },
];

/// A run that cannot remove a file, as on a disk with an error.
fn keeping(name: &str, run: Run) -> Run {
    preloaded(run).env("KEPT_FILE", Some(name)).env("KEPT_WITH", Some("5"))
}

fn counted(run: Finished, path: &str) -> (Finished, u64) {
    let run = run.again().args(["report", path, "--json", "r.json", "--quiet"]).finish().expect_code(0);
    let counted = run.json("r.json")["contacts"].as_u64().unwrap();
    (run, counted)
}

#[test]
fn what_cannot_be_removed_is_named_until_it_is_gone() {
    let (large, small) = (simulator(250), simulator(150));
    for Case { flags, more, stale, manifest } in CASES {
        let run = sent_export().contacts(&large.base_url(), flags).finish().expect_code(0);
        let command = |run: Run| run.contacts(&small.base_url(), &[flags, more].concat());
        let run = command(keeping(stale, run.again())).finish().expect_code(7);
        let run =
            run.expect_stderr(&format!("the new files are published, but {stale} of an earlier export cannot be"));
        let run = run.expect_stderr("hint: remove it, or let the same command remove it");
        let listed = run.json(manifest);
        assert_eq!(listed["stale"], serde_json::json!([stale.strip_prefix("d/").unwrap()]));
        let (run, found) = counted(run, "d");
        assert_eq!(found, listed["rows"].as_u64().unwrap(), "the stale file is skipped");
        let run = run.again().args(["report", "d"]).finish().expect_code(0);
        let run = run.expect_stderr(&format!("skipped {stale}: it is of an earlier export and could not be removed"));
        let (run, alone) = counted(run, stale);
        assert!(alone > 0, "who names it gets its rows");
        let run = run.again().args(["verify", "d"]).finish().expect_code(2);
        let stdout = String::from_utf8_lossy(&run.stdout);
        assert!(stdout.contains(&format!("failed  {stale}: it is of an earlier export")), "{run:?}");
        // As long as it stays, every run says so.
        let run = command(keeping(stale, run.again())).finish().expect_code(7);
        assert!(run.path(stale).exists());
        let run = command(run.again()).finish().expect_code(0);
        assert!(!run.path(stale).exists() && run.json(manifest).get("stale").is_none(), "{run:?}");
        let run = run.again().args(["verify", "d"]).finish().expect_code(0);
        let left = fs::read_dir(run.path("d")).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(left.into_iter().all(|name| !name.as_encoded_bytes().starts_with(b".")), "{run:?}");
    }
}

#[test]
fn files_that_no_manifest_lists_are_counted_with_a_warning() {
    let simulator = simulator(120);
    let flags = ["-o", "d", "--partition-by", "opt_out", "--format", "csv"];
    let run = sent_export().contacts(&simulator.base_url(), &flags).finish().expect_code(0);
    let copied = run.path("d/opt_out=other/part-0.csv");
    fs::create_dir(copied.parent().unwrap()).unwrap();
    fs::copy(run.path("d/opt_out=false/part-0.csv"), copied).unwrap();
    let run = run.again().args(["report", "d", "--json", "r.json", "--quiet"]).finish().expect_code(0);
    let run = run.expect_stderr("is not in the manifest of its export: its rows are counted");
    let codes: Vec<_> = run.json("r.json")["notices"].as_array().unwrap().iter().map(|of| of["code"].clone()).collect();
    assert!(codes.contains(&"unlisted_files".into()), "{codes:?}");
    let run = run.again().args(["diff", "d", "d", "--quiet"]).finish();
    drop(run.expect_stderr("does not list d/opt_out=other/part-0.csv, whose rows may be of an earlier export"));
}
