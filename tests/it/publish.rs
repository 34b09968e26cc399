//! Publishing: which files become visible, in which order, and what prevents it.

use sent_export::simulator::{Settings, Simulator};

use crate::support::{
    Answer, Asked, MANIFEST_SCHEMA, ScriptedServer, assert_valid, page, sent_export, sha256, simulator, wait_until,
};

#[test]
fn the_manifest_names_every_file_with_its_hash_and_the_verdict() {
    let simulator = simulator(250);
    let arguments = ["-o", "c.parquet", "-o", "c.csv", "--channel", "sms"];
    let run = sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0);
    assert_eq!(run.files(), ["_c.parquet.manifest.json", "c.csv", "c.parquet"]);
    let manifest = run.json("_c.parquet.manifest.json");
    assert_valid(&manifest, MANIFEST_SCHEMA);
    assert_eq!((&manifest["schema_version"], &manifest["verdict"]), (&1.into(), &"complete".into()));
    assert_eq!(manifest["filters"]["channel"], "sms");
    assert_eq!(manifest["tool_version"], env!("CARGO_PKG_VERSION"));
    for (at, name) in ["c.parquet", "c.csv"].into_iter().enumerate() {
        let (bytes, output) = (std::fs::read(run.path(name)).unwrap(), &manifest["outputs"][at]);
        assert_eq!((&output["path"], &output["sha256"]), (&name.into(), &sha256(&bytes).into()));
        assert_eq!((&output["bytes"], &output["rows"]), (&bytes.len().into(), &manifest["contacts"]));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(run.path("_c.parquet.manifest.json")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_failed_gate_keeps_the_old_files_and_the_journal() {
    let large = simulator(1_000);
    let run = sent_export().contacts(&large.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    let old = std::fs::read(run.path("c.csv")).unwrap();
    let manifest = std::fs::read(run.path("_c.csv.manifest.json")).unwrap();

    let small = simulator(700);
    let arguments = ["-o", "c.csv", "--max-shrink", "20%"];
    let run = run.again().contacts(&small.base_url(), &arguments).finish().expect_code(8);
    let run = run.expect_stderr("700 contacts, down from 1000").expect_stderr("--max-shrink 20%");
    let run = run.expect_stderr("  verdict: complete\n").expect_stderr("  evidence: ");
    assert_eq!(std::fs::read(run.path("c.csv")).unwrap(), old);
    assert_eq!(std::fs::read(run.path("_c.csv.manifest.json")).unwrap(), manifest);
    assert_eq!(run.files(), [".c.csv.journal", "_c.csv.manifest.json", "c.csv"]);

    let run = run.again().contacts(&small.base_url(), &["-o", "c.csv", "--max-shrink", "40%"]).finish();
    let run = run.expect_code(0).expect_stderr("complete: 700 contacts");
    assert_eq!(small.statistics().list_requests, 8 + 2, "only start and end are reread");
    assert_eq!(run.files(), ["_c.csv.manifest.json", "c.csv"]);
    assert_eq!(run.json("_c.csv.manifest.json")["contacts"], 700);
}

#[test]
fn a_gate_without_effect_is_refused() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    for outputs in [&["-o", "-"][..], &["-o", "c.csv", "-o", "/dev/null", "--format", "csv"]] {
        let run = sent_export().contacts(&server.url(), outputs).args(["--min-contacts", "1"]).finish();
        run.expect_code(2)
            .expect_stderr("cannot hold back data that is written immediately")
            .expect_stderr("hint: write to a");
    }
    let run = sent_export().file("_c.csv.manifest.json", "{").contacts(&server.url(), &["-o", "c.csv"]);
    let run = run.args(["--max-shrink", "20%"]).finish().expect_code(2);
    run.expect_stderr("cannot read the manifest that --max-shrink compares with: _c.csv.manifest.json")
        .expect_stderr("restore");
    assert!(server.requests().is_empty());

    let run = sent_export().file("c.csv", "old").contacts(&server.url(), &["-o", "c.csv", "--max-shrink", "20%", "-q"]);
    let run = run.finish().expect_code(0);
    run.expect_stderr("--max-shrink has nothing to compare with: _c.csv.manifest.json does not exist");
}

#[test]
fn an_unwritable_manifest_is_refused_before_the_first_request() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("_c.csv.manifest.json")).unwrap();
    let run = crate::support::run_in(folder).contacts(&server.url(), &["-o", "c.csv"]).finish();
    let run = run.expect_code(7).expect_stderr("_c.csv.manifest.json");
    assert_eq!(run.files(), ["_c.csv.manifest.json"]);
    assert!(server.requests().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_published_if_the_summary_cannot_be_written() {
    let simulator = simulator(150);
    let arguments = ["-o", "c.csv", "--summary", "/dev/full"];
    let run = sent_export().file("c.csv", "old").contacts(&simulator.base_url(), &arguments).finish();
    let run = run.expect_code(7).expect_stderr("/dev/full");
    assert_eq!(std::fs::read_to_string(run.path("c.csv")).unwrap(), "old");
    assert!(!run.path("_c.csv.manifest.json").exists());
}

#[test]
fn a_summary_does_not_bypass_the_lock_of_an_output() {
    let (simulator, folder, mut first) = a_run_that_hangs();
    let arguments = ["-o", "other.csv", "--summary", "c.csv"];
    let second = crate::support::run_in(folder).contacts(&simulator.base_url(), &arguments).finish();
    let second = second.expect_code(7).expect_stderr(&format!("process {}", first.id()));
    first.kill().unwrap();
    first.wait().unwrap();
    // Temporary files of a killed run are replaced, regardless of their purpose.
    let stages = ["partial", "staged.partial", "probed.partial"];
    for (output, stage) in ["s.json", "c.csv", "_c.csv.manifest.json"].into_iter().flat_map(|o| stages.map(|s| (o, s)))
    {
        std::fs::write(second.path(&format!(".{output}.{stage}")), "{").unwrap();
    }
    let run = second.again().contacts(&simulator.base_url(), &["-o", "c.csv", "--summary", "s.json"]).finish();
    assert_eq!(run.expect_code(0).files(), ["_c.csv.manifest.json", "c.csv", "s.json"]);
}

#[test]
fn too_few_contacts_or_a_weak_verdict_are_not_published() {
    let simulator = simulator(50);
    let few = ["-o", "c.csv", "--min-contacts", "51"];
    let run = sent_export().contacts(&simulator.base_url(), &few).finish().expect_code(8).expect_stderr("51");
    assert!(!run.path("c.csv").exists());
    let deletion = vec!["delete=1 at=3".parse().unwrap()];
    let movement = sent_export::simulator::Movement { moves: deletion, ..Default::default() };
    let moving = Simulator::start(Settings { contacts: 500, movement, ..Settings::default() }).unwrap();
    let strict = ["-o", "d.csv", "--require", "complete"];
    let run = run.again().contacts(&moving.base_url(), &strict).finish().expect_code(8).expect_stderr("is healed");
    let healed = ["-o", "d.csv", "--require", "healed"];
    run.again().contacts(&moving.base_url(), &healed).finish().expect_code(0).expect_stderr("healed: ");
}

/// A run that writes `c.csv` and waits for its second page.
fn a_run_that_hangs() -> (Simulator, tempfile::TempDir, std::process::Child) {
    let faults = vec!["hang nth=2".parse().unwrap()];
    let simulator = Simulator::start(Settings { contacts: 1_000, faults, ..Settings::default() }).unwrap();
    let (folder, mut command) = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv", "--quiet"]).into_parts();
    let mut run = command.spawn().unwrap();
    wait_until(&mut run, || simulator.statistics().list_requests >= 3);
    (simulator, folder, run)
}

#[test]
fn an_output_that_is_being_written_is_refused_to_others() {
    let (simulator, folder, mut first) = a_run_that_hangs();
    let idle = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    let second = crate::support::run_in(folder).contacts(&idle.url(), &["-o", "c.csv"]).finish();
    let second = second.expect_code(7).expect_stderr(&format!("process {}", first.id())).expect_stderr("started 20");
    assert!(idle.requests().is_empty());
    first.kill().unwrap();
    first.wait().unwrap();
    second.again().contacts(&simulator.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
}

/// A page with 98 contacts and 2 items that are not contacts.
fn with_items_that_are_no_contacts() -> ScriptedServer {
    ScriptedServer::start(|_, head| {
        let asked = Asked::by(head);
        let mut body: serde_json::Value = serde_json::from_str(&asked.page_of(100)).unwrap();
        let items = body["data"]["contacts"].as_array_mut().unwrap();
        if asked.is_first() {
            items[3] = "no object".into();
            items[7].as_object_mut().unwrap().remove("id");
        }
        Answer::ok(body.to_string())
    })
}

#[test]
fn rejected_items_cause_a_warning_and_can_fail_a_gate() {
    let server = with_items_that_are_no_contacts();
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--quiet"]).finish().expect_code(0);
    let run = run.expect_stderr("warning: 2 items were left out because they are not contacts (");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    let old = std::fs::read(run.path("c.csv")).unwrap();
    let run = run.again().contacts(&server.url(), &["-o", "c.csv", "--quiet", "--max-rejected", "1%"]).finish();
    let run = run.expect_code(8).expect_stderr("2 of 100 items were rejected").expect_stderr("--max-rejected 1%");
    assert_eq!(std::fs::read(run.path("c.csv")).unwrap(), old);
    for enough in ["2%", "0.02"] {
        sent_export().contacts(&server.url(), &["-o", "c.csv", "--max-rejected", enough]).finish().expect_code(0);
    }
}

#[test]
fn a_column_without_readable_values_causes_a_warning_and_can_fail_a_gate() {
    let server = ScriptedServer::start(|_, head| {
        let mut body: serde_json::Value = serde_json::from_str(&Asked::by(head).page_of(50)).unwrap();
        for contact in body["data"]["contacts"].as_array_mut().unwrap() {
            contact["created_at"] = "01/02/2025 10:00:00".into();
        }
        Answer::ok(body.to_string())
    });
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--quiet"]).finish().expect_code(0);
    run.expect_stderr("warning: No value of created_at could be read: 50 values have");
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--quiet", "--max-malformed", "99%"]).finish();
    let run = run.expect_code(8).expect_stderr("50 of 50 values of created_at").expect_stderr("--max-malformed 99%");
    assert!(!run.path("c.csv").exists());
}

#[test]
fn the_manifest_is_written_as_requested_with_paths_relative_to_it() {
    let simulator = simulator(150);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("data/day")).unwrap();
    std::fs::create_dir(folder.path().join("state")).unwrap();
    let outputs = ["-o", "data/day/c.parquet", "-o", "c.csv"];
    let run = crate::support::run_in(folder).contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
    let paths = |manifest: &serde_json::Value| -> Vec<String> {
        let outputs = manifest["outputs"].as_array().unwrap().iter();
        outputs.map(|output| output["path"].as_str().unwrap().to_owned()).collect()
    };
    let beside = "data/day/_c.parquet.manifest.json";
    assert_eq!(paths(&run.json(beside)), ["c.parquet", "../../c.csv"]);

    // The manifest of the previous run must not stay next to new files, and neither must one by version 0.1.
    std::fs::copy(run.path(beside), run.path("data/day/c.parquet.manifest.json")).unwrap();
    let run = run.again().contacts(&simulator.base_url(), &outputs).args(["--manifest", "state/m.json"]).finish();
    let run = run.expect_code(0);
    assert_eq!(paths(&run.json("state/m.json")), ["../data/day/c.parquet", "../c.csv"]);
    assert_valid(&run.json("state/m.json"), MANIFEST_SCHEMA);
    let left: Vec<_> =
        std::fs::read_dir(run.path("data/day")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["c.parquet"]);

    let run = run.again().contacts(&simulator.base_url(), &outputs).args(["--manifest", "none"]).finish();
    assert!(!run.expect_code(0).path(beside).exists());
}

#[test]
fn without_a_manifest_no_comparison_is_possible() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    let arguments = ["-o", "c.csv", "--manifest", "none", "--max-shrink", "20%"];
    let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(2);
    run.expect_stderr("--manifest none writes none").expect_stderr("hint:");
    assert!(server.requests().is_empty());

    // A manifest by version 0.1 is still read; a file with that name by another tool is not touched.
    let old = r#"{"contacts": 10, "outputs": [{"path": "c.csv", "rows": 10, "bytes": 1}]}"#;
    for (text, code, is_left) in [(old, 8, true), (r#"{"contacts": 1}"#, 0, true), (&old.replace("10", "1"), 0, false)]
    {
        let run = sent_export().file("c.csv.manifest.json", text);
        let run = run.contacts(&server.url(), &["-o", "c.csv", "--max-shrink", "20%"]).finish().expect_code(code);
        assert_eq!(run.path("c.csv.manifest.json").exists(), is_left, "{text}");
    }
}

#[test]
fn two_runs_cannot_write_the_same_manifest() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    let run = sent_export().file(".m.json.lock", "process 7, started today\n");
    let (folder, mut command) = run.contacts(&server.url(), &["-o", "c.csv", "--manifest", "m.json"]).into_parts();
    let lock = std::fs::File::open(folder.path().join(".m.json.lock")).unwrap();
    lock.try_lock().unwrap();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&output.stderr).contains("process 7, started today"));
    assert!(server.requests().is_empty());
}
