//! Exports to and reports from object stores, against servers of their protocols: S3 (moto), Azure (Azurite), and the XML
//! API of Google Cloud Storage.
//!
//! Each object is compared with the file of the same export on disk.

use std::process::{Command, Stdio};

use sent_export::simulator::{Settings, Simulator};

use super::object_server::{Azurite, ObjectServer};
use super::python;
use crate::support::{Run, run_in, sent_export, simulator, wait_until};

/// Enough contacts for a CSV upload of two parts.
const TWO_PARTS: u32 = 50_000;

/// An export to a store; its state is stored in the folder of the run.
fn export(run: Run, server: &ObjectServer, base_url: &str, arguments: &[&str]) -> Run {
    run.contacts(base_url, arguments).args(["--state-dir", "state"]).args(server.options())
}

/// A server that answers slowly enough to be interrupted.
fn slow(contacts: u32) -> Simulator {
    let latency = "5ms..10ms".parse().unwrap();
    Simulator::start(Settings { contacts, latency, ..Settings::default() }).unwrap()
}

#[test]
#[ignore = "needs Python with moto and pyarrow"]
fn objects_have_the_bytes_of_files() {
    let (server, simulator) = (ObjectServer::start(&python(), "s3"), simulator(TWO_PARTS));
    let files = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv", "-o", "c.parquet"]).finish();
    // Every third part is refused at least once.
    server.set("fail_parts=3");
    let outputs = ["-o", "s3://lake/a/c.csv", "-o", "s3://lake/a/c.parquet", "--summary", "s3://lake/a/s.json", "-v"];
    let run = export(sent_export(), &server, &simulator.base_url(), &outputs).finish().expect_code(0);
    let run = run.expect_stderr("retry 1 of 10");
    for name in ["c.csv", "c.parquet"] {
        let same = server.get(&format!("a/{name}")).unwrap() == std::fs::read(files.path(name)).unwrap();
        assert!(same, "{name} differs");
    }
    let manifest: serde_json::Value = serde_json::from_slice(&server.get("a/_c.csv.manifest.json").unwrap()).unwrap();
    assert_eq!((&manifest["rows"], &manifest["outputs"][1]["path"]), (&TWO_PARTS.into(), &"c.parquet".into()));
    assert_eq!(server.open_uploads(), 0);
    assert_eq!(std::fs::read_dir(run.path("state")).unwrap().count(), 0, "nothing is left on this machine");
    assert_eq!(run.files(), ["state"]);

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/s3_rows.py");
    let rows = Command::new(python()).args([script, &server.endpoint(), "lake/a/c.parquet"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&rows.stdout).trim(), TWO_PARTS.to_string());

    let report = |folder: &str, options: Vec<String>| {
        let run = run_in(tempfile::tempdir().unwrap()).args(["report", folder, "--json", "-", "--quiet"]).args(options);
        let run = run.finish().expect_code(0);
        serde_json::from_slice::<serde_json::Value>(&run.stdout).unwrap()
    };
    let (of_store, of_files) =
        (report("s3://lake/a/", server.options()), report(&files.path("").to_string_lossy(), vec![]));
    assert_eq!(of_store["inputs"][0]["path"], "s3://lake/a/c.parquet");
    for field in ["contacts", "channels", "regions"] {
        assert_eq!(of_store[field], of_files[field], "{field}");
    }
}

#[test]
#[ignore = "needs Python with moto"]
fn exports_in_a_store_are_compared() {
    let (server, simulator) = (ObjectServer::start(&python(), "s3"), simulator(1_000));
    let outputs = |day: &str| [format!("{day}.csv"), format!("s3://lake/{day}/c.parquet")];
    let mut run = sent_export();
    for day in ["monday", "tuesday"] {
        let [file, object] = outputs(day);
        run = export(run, &server, &simulator.base_url(), &["-o", &file, "-o", &object, "--quiet"])
            .finish()
            .expect_code(0)
            .again();
        simulator.create(10);
        assert!(simulator.delete_at(7));
    }
    let run = run.args(["diff", "monday.csv", "tuesday.csv", "-o", "changes.csv"]).finish().expect_code(0);
    let of_store = ["diff", "s3://lake/monday/", "s3://lake/tuesday/c.parquet", "-o", "s3://lake/changes.csv"];
    let run = run.again().args(of_store).args(server.options()).finish().expect_code(0);
    let run = run.expect_stderr("Changes of contacts from s3://lake/monday/ to s3://lake/tuesday/c.parquet\n");
    assert!(server.get("changes.csv").unwrap() == std::fs::read(run.path("changes.csv")).unwrap());
    assert_eq!(server.open_uploads(), 0);
    let replacing = ["diff", "s3://lake/monday/", "s3://lake/tuesday/", "-o", "s3://lake/tuesday/c.parquet"];
    let run = run.again().args(replacing).args(server.options()).finish().expect_code(2);
    run.expect_stderr("would overwrite one of the files to compare: s3://lake/tuesday/c.parquet");
}

#[test]
#[ignore = "needs Python with moto"]
fn changes_and_histories_in_a_store_are_those_of_files() {
    let (server, simulator) = (ObjectServer::start(&python(), "s3"), simulator(500));
    let places = |root: &str| {
        let path = |name: &str| format!("{root}{name}");
        ["-o", &path("c.arrow"), "--changes", &path("changes.ndjson"), "--history", &path("history/"), "--quiet"]
            .map(str::to_owned)
    };
    let mut run = sent_export();
    for _ in 0..3 {
        for root in ["", "s3://lake/"] {
            let arguments = places(root);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            run = export(run, &server, &simulator.base_url(), &arguments).finish().expect_code(0).again();
        }
        simulator.create(10);
        assert!(simulator.delete_at(7) && simulator.update_at(9));
    }
    let run = run.args(["diff", "history", "--as-of", "9999-12-30", "-o", "state.ndjson"]).finish().expect_code(0);
    assert!(server.get("changes.ndjson").unwrap() == std::fs::read(run.path("changes.ndjson")).unwrap());
    let of_store = ["diff", "s3://lake/history/", "--as-of", "9999-12-30", "-o", "s3://lake/state.ndjson"];
    let run = run.again().args(of_store).args(server.options()).finish().expect_code(0);
    assert!(server.get("state.ndjson").unwrap() == std::fs::read(run.path("state.ndjson")).unwrap());
    let manifest: serde_json::Value = serde_json::from_slice(&server.get("_c.arrow.manifest.json").unwrap()).unwrap();
    assert_eq!((&manifest["changes"]["added"], &manifest["changes"]["removed"]), (&10.into(), &1.into()));
    assert!(manifest["history"]["path"].as_str().unwrap().starts_with("history/changes-"), "{manifest:#}");
    assert_eq!(server.open_uploads(), 0);
}

#[test]
#[ignore = "needs Python with moto"]
fn a_killed_run_is_resumed_and_its_upload_aborted() {
    let (server, slow) = (ObjectServer::start(&python(), "s3"), slow(20_000));
    let arguments = ["-o", "s3://lake/c.csv"];
    let is_time = || slow.statistics().list_requests >= 60;
    let folder = export(sent_export(), &server, &slow.base_url(), &arguments).kill_when(is_time);
    assert_eq!(server.open_uploads(), 1);
    assert_eq!(server.get("c.csv"), None);
    let run = export(run_in(folder), &server, &slow.base_url(), &arguments).finish().expect_code(0);
    let run = run.expect_stderr("resuming the run started ");
    assert_eq!(server.open_uploads(), 0);
    let files = sent_export().contacts(&slow.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    assert!(server.get("c.csv").unwrap() == std::fs::read(files.path("c.csv")).unwrap());
    assert!(slow.statistics().list_requests < 600, "the second run reread everything");
    drop(run);
}

#[test]
#[ignore = "needs Python with moto"]
fn a_stopped_run_leaves_no_upload() {
    let (server, slow) = (ObjectServer::start(&python(), "s3"), slow(20_000));
    let (folder, mut command) =
        export(sent_export(), &server, &slow.base_url(), &["-o", "s3://lake/c.csv"]).into_parts();
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    wait_until(&mut child, || slow.statistics().list_requests >= 60);
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!((server.open_uploads(), server.get("c.csv")), (0, None));
    drop(folder);
}

#[test]
#[ignore = "needs Python with moto"]
fn of_two_concurrent_runs_one_publishes_and_the_other_reports_a_conflict() {
    for kind in ["s3", "gcs"] {
        let (server, slow) = (ObjectServer::start(&python(), kind), slow(10_000));
        let output = if kind == "s3" { "s3://lake/c.csv" } else { "gs://lake/c.csv" };
        let (folder, mut command) = export(sent_export(), &server, &slow.base_url(), &["-o", output]).into_parts();
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        wait_until(&mut child, || slow.statistics().list_requests >= 10);
        let quick = simulator(300);
        export(sent_export(), &server, &quick.base_url(), &["-o", output]).finish().expect_code(0);
        let winner = server.get("c.csv").unwrap();
        let ended = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(7), "{stderr}");
        assert!(stderr.contains("another run changed it in the meantime"), "{stderr}");
        assert!(server.get("c.csv").unwrap() == winner, "{kind}: the loser replaced the output of the winner");
        assert_eq!(server.open_uploads(), 0);
        drop(folder);
    }
}

#[test]
#[ignore = "needs Python with moto"]
fn unwritable_objects_are_refused_before_the_first_request() {
    let (server, simulator) = (ObjectServer::start(&python(), "s3"), simulator(100));
    let with = |arguments: &[&str], options: &[&str]| {
        let run = export(sent_export(), &server, &simulator.base_url(), arguments);
        run.args(options.iter().flat_map(|option| ["--store-option", option])).finish()
    };
    with(&["-o", "s3://other/c.csv"], &[]).expect_code(7).expect_stderr("there is no such bucket");
    let wrong = with(&["-o", "s3://lake/c.csv"], &["access_key_id=wrong", "secret_access_key=hidden"]).expect_code(7);
    let wrong = wrong.expect_stderr("the store denied access").expect_stderr("InvalidAccessKeyId");
    assert!(!wrong.stderr.contains("hidden"), "{wrong:?}");
    with(&["-o", "s3://lake/c.csv"], &["shade=blue"]).expect_code(2).expect_stderr("no store option shade");
    with(&["-o", "s3://lake/c.csv"], &["endpoint=http://storage.invalid"])
        .expect_code(2)
        .expect_stderr("allow_http=true");
    server.set("deny=1");
    with(&["-o", "s3://lake/c.csv"], &[]).expect_code(7).expect_stderr("AccessDenied");
    with(&["-o", "c.csv", "--summary", "s3://lake/s.json"], &[]).expect_code(7).expect_stderr("s3://lake/s.json");
    assert_eq!(simulator.statistics().list_requests, 0);
}

#[test]
#[ignore = "needs Python with moto"]
fn gates_compare_with_the_manifest_in_the_store() {
    let server = ObjectServer::start(&python(), "s3");
    let arguments = ["-o", "s3://lake/c.csv", "--max-shrink", "10%"];
    export(sent_export(), &server, &simulator(500).base_url(), &arguments).finish().expect_code(0);
    let before = server.get("c.csv");
    let run = export(sent_export(), &server, &simulator(300).base_url(), &arguments).finish().expect_code(8);
    run.expect_stderr("there are 300 contacts, down from 500");
    assert!(server.get("c.csv") == before && server.open_uploads() == 0);
}

#[test]
#[ignore = "needs Python with moto"]
fn a_folder_of_days_in_a_store_is_extended() {
    let server = ObjectServer::start(&python(), "s3");
    let simulator = Simulator::start(Settings::of_messages(3_000)).unwrap();
    let run = |run: Run, output: &str, more: &[&str]| {
        let run = run.messages(&simulator.base_url(), &["-o", output, "--partition-by", "created_date"]);
        run.args(more).args(["--state-dir", "state"]).args(server.options()).finish().expect_code(0)
    };
    let files = run(sent_export(), "m/", &[]);
    run(sent_export(), "s3://lake/m/", &[]);
    let manifest = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    let of_files = manifest(&std::fs::read(files.path("m/_created_date.manifest.json")).unwrap());
    let of_store = || manifest(&server.get("m/_created_date.manifest.json").unwrap());
    assert_eq!(of_store()["outputs"], of_files["outputs"]);
    for output in of_files["outputs"].as_array().unwrap() {
        let path = output["path"].as_str().unwrap();
        assert!(
            server.get(&format!("m/{path}")).unwrap() == std::fs::read(files.path("m").join(path)).unwrap(),
            "{path}"
        );
    }
    let requests = simulator.statistics().list_requests;
    run(sent_export(), "s3://lake/m/", &["--since-last"]);
    assert!(simulator.statistics().list_requests - requests < 20, "the whole list was reread");
    assert_eq!(of_store()["outputs"], of_files["outputs"], "days that were not read are carried over");
    // The ids of the messages are read from the store, too.
    let run = sent_export().args(["activities", "--messages", "s3://lake/m/", "-o", "a.csv", "--rate-limit", "none"]);
    let run = run.args(["--base-url", &simulator.base_url(), "--quiet"]).args(server.options()).finish().expect_code(0);
    assert_eq!(run.json("_a.csv.manifest.json")["verdict"], "complete");
}

#[test]
#[ignore = "needs Python with moto"]
fn a_dataset_in_a_store_is_replaced_and_read_back_whole() {
    let server = ObjectServer::start(&python(), "s3");
    let regions = Simulator::start(Settings { contacts: 300, hostile: true, ..Settings::default() }).unwrap();
    let export = |run: Run, output: &str| {
        let run = run.contacts(&regions.base_url(), &["-o", output, "--partition-by", "region_code", "--quiet"]);
        run.args(["--state-dir", "state"]).args(server.options()).finish().expect_code(0)
    };
    let files = export(sent_export(), "c/");
    let manifest: serde_json::Value = files.json("c/_region_code.manifest.json");
    let outputs = manifest["outputs"].as_array().unwrap();
    assert!(outputs.len() > 10, "{}", outputs.len());
    for _ in 0..2 {
        let run = export(sent_export(), "s3://lake/c/");
        for output in outputs {
            let path = output["path"].as_str().unwrap();
            let object = server.get(&format!("c/{path}")).unwrap_or_else(|| panic!("there is no {path}"));
            assert!(object == std::fs::read(files.path("c").join(path)).unwrap(), "{path}");
        }
        let run = run.again().args(["verify", "s3://lake/c/"]).args(server.options()).finish().expect_code(0);
        let run = run.again().args(["report", "s3://lake/c/", "--json", "r.json", "--quiet"]).args(server.options());
        assert_eq!(run.finish().expect_code(0).json("r.json")["contacts"], manifest["rows"]);
    }
    assert_eq!(server.open_uploads(), 0);
}

#[test]
#[ignore = "needs Azurite, and Python with azure-storage-blob"]
fn azure_and_google_store_and_return_the_same_bytes() {
    let (simulator, azurite) = (simulator(3_000), Azurite::start());
    let google = ObjectServer::start(&python(), "gcs");
    let files = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    let file = std::fs::read(files.path("c.csv")).unwrap();
    for (output, options) in [("az://lake/a/c.csv", azurite.options()), ("gs://lake/a/c.csv", google.options())] {
        // The second run replaces the manifest of the first.
        for _ in 0..2 {
            let run = sent_export().contacts(&simulator.base_url(), &["-o", output, "--state-dir", "state"]);
            run.args(&options).finish().expect_code(0);
        }
        let run = sent_export().args(["report", output, "--json", "r.json", "--quiet"]).args(&options);
        let run = run.finish().expect_code(0);
        assert_eq!(run.json("r.json")["contacts"], 3_000);
        // The checksum of the manifest has been compared by the report.
        assert_eq!(run.json("r.json")["inputs"][0]["bytes"], file.len());
    }
    assert!(google.get("a/c.csv").unwrap() == file && google.open_uploads() == 0);
    let missing = sent_export().contacts(&simulator.base_url(), &["-o", "az://none/c.csv", "--state-dir", "state"]);
    missing.args(azurite.options()).finish().expect_code(7).expect_stderr("ContainerNotFound");
}
