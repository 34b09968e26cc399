//! Outputs: refused targets, stdout, full disks, signals.

use std::io::Read;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::{
    Answer, Asked, SUMMARY_SCHEMA, ScriptedServer, assert_valid, page, sent_export, sha256, simulator, wait_until,
};

#[test]
fn unwritable_targets_are_refused_before_the_first_request() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    let table: &[(&[&str], i32, &str)] = &[
        (&["-o", "missing/c.csv", "--no-create-dirs"], 7, "missing/c.csv"),
        (&["-o", "ftp://host/c.csv"], 2, "unknown kind of store: ftp://"),
        (&["-o", "s3:///c.csv"], 2, "the address has no bucket"),
        (&["-o", "s3://lake/exports/", "--format", "csv"], 2, "hint: name a file in that folder"),
        (&["-o", "s3://KEY:SECRET@lake/c.csv"], 2, "must not contain credentials"),
        (&["-o", "c.xls"], 2, "c.xls"),
        (&["-o", "c.csv", "-o", "c.csv"], 2, "c.csv"),
        (&["-o", "c.csv", "-o", "./c.csv"], 2, "two outputs are the same file: ./c.csv"),
        (&["-o", "c.csv", "--summary", "_c.csv.manifest.json"], 2, "_c.csv.manifest.json"),
        (&["-o", "c.csv", "--summary", ".c.csv.journal"], 2, ".c.csv.journal"),
        (&["-o", "."], 2, "extension"),
        (&["-o", ".", "--format", "csv"], 7, "folder"),
        (&["-o", "new/", "--format", "csv"], 2, "the output path ends like a folder: new/"),
        (&["-o", "c.csv/"], 2, "hint: name a file in that folder"),
        (&["-o", "c.csv", "--report", "r.html/."], 2, "r.html/."),
        (&["-o", "c.csv", "--manifest", "m.json/"], 2, "m.json/"),
        (&["-o", "c.csv", "--no-create-dirs", "--manifest", "missing/m.json"], 7, "missing/m.json"),
        (&["-o", "c.csv", "--manifest", "c.csv"], 2, "two outputs are the same file: c.csv"),
        (&["-o", "c.csv", "--no-create-dirs", "--summary", "missing/s.json"], 7, "missing/s.json"),
        (&["-o", "c.csv", "--columns", "id,phone_numer"], 2, "phone_number"),
        (&["-o", "c.csv", "--format", "xml"], 2, "xml"),
        (&["-o", "c.csv", "--profile-id", "abc"], 2, "abc"),
        (&["-o", "c.csv", "--timeout", "5"], 2, "30s"),
        (&["-o", "c.csv", "--page-size", "0"], 2, "--page-size"),
        (&[], 2, "--output"),
    ];
    for (arguments, code, text) in table {
        let run = sent_export().contacts(&server.url(), &[]).args(*arguments).finish();
        let run = run.expect_code(*code).expect_stderr(text);
        assert!(run.files().is_empty(), "{arguments:?} left {:?}", run.files());
    }
    assert!(server.requests().is_empty());
    let pace = sent_export().args(["contacts", "--simulate", "-o", "c.csv", "--rate-limit", "fast"]).finish();
    assert!(pace.expect_code(2).expect_stderr("200/min").files().is_empty());
}

#[test]
fn missing_folders_are_created() {
    let simulator = simulator(20);
    let outputs = ["-o", "a/b/c.csv", "-o", "d/c.parquet", "--summary", "e/s.json", "--manifest", "f/m.json"];
    let run = sent_export().contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
    for file in ["a/b/c.csv", "d/c.parquet", "e/s.json", "f/m.json"] {
        assert!(run.path(file).is_file(), "{file}");
    }
    assert_eq!(run.json("f/m.json")["outputs"][0]["path"], "../a/b/c.csv");
    let refused = sent_export().contacts(&simulator.base_url(), &["-o", "a/c.csv", "--no-create-dirs"]).finish();
    let refused = refused.expect_code(7).expect_stderr("the folder a does not exist: a/c.csv");
    assert!(!refused.path("a").exists());
}

#[test]
fn columns_are_written_in_the_requested_order() {
    let simulator = simulator(20);
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "-", "--columns", "region_code,id", "--quiet"])
        .finish()
        .expect_code(0);
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(text.starts_with("region_code,id\n"), "{text}");
    assert_eq!(text.lines().count(), 21);
    assert_eq!(run.stderr, "");
}

#[test]
fn ndjson_goes_to_stdout_line_by_line() {
    let simulator = simulator(20);
    let arguments = ["-o", "-", "--format", "jsonl", "--columns", "id,available_channels,created_at", "--quiet"];
    let run = sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0);
    let text = String::from_utf8(run.stdout).unwrap();
    assert_eq!(text.lines().count(), 20);
    for line in text.lines() {
        assert!(line.starts_with("{\"id\":\"") && line.contains("\",\"available_channels\":["), "{line}");
        let contact: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(contact["created_at"].as_str().unwrap().ends_with('Z'), "{line}");
    }
}

#[test]
fn stdout_takes_parquet_through_a_pipe() {
    let simulator = simulator(150);
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "-", "--format", "parquet"])
        .finish()
        .expect_code(0)
        .expect_stderr("complete: 150 contacts");
    assert!(run.stdout.starts_with(b"PAR1") && run.stdout.ends_with(b"PAR1"));
}

#[test]
fn an_arrow_stream_on_stdout_equals_the_file_whatever_the_page_size() {
    let simulator = simulator(2000);
    let export = |more: &[&str]| {
        let arguments = [&["--format", "arrows", "--quiet"], more].concat();
        sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0)
    };
    let streamed = export(&["-o", "-"]).stdout;
    assert!(streamed.ends_with(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    for page_size in ["17", "100"] {
        let run = export(&["-o", "c.arrows", "--page-size", page_size]);
        assert!(std::fs::read(run.path("c.arrows")).unwrap() == streamed, "pages of {page_size}");
    }
}

#[test]
fn a_reader_that_closes_the_pipe_early_is_not_an_error() {
    let simulator = simulator(20_000);
    let (folder, mut command) = sent_export().contacts(&simulator.base_url(), &["-o", "-", "--quiet"]).into_parts();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    drop(folder);
}

#[cfg(unix)]
#[test]
fn a_full_disk_ends_with_7_and_the_old_file_stays() {
    let simulator = simulator(3000);
    for name in ["c.csv", "c.parquet", "c.csv.gz", "c.csv.zst"] {
        let (folder, command) =
            sent_export().file(name, "old").contacts(&simulator.base_url(), &["-o", name]).into_parts();
        // With its signal ignored, a limit on the size of files makes writes fail as a full disk does.
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let program = command.get_program().to_string_lossy().into_owned();
        let output = std::process::Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"", &program])
            .args(&arguments)
            .current_dir(folder.path())
            .env("SENT_DM_API_KEY", sent_export::simulator::DEFAULT_API_KEY)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(7), "{name}: {stderr}");
        assert!(stderr.contains(name) && stderr.contains("hint:"), "{name}: {stderr}");
        assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), "old");
        let left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|left| !left.to_string_lossy().ends_with(".journal")).collect();
        assert_eq!(left, [name], "only the old file and the journal are left");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_sigterm_and_sighup_leave_everything_as_it_was() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let asked = std::sync::Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let server = ScriptedServer::start(move |_, head| {
            counter.fetch_add(1, Ordering::SeqCst);
            let asked = Asked::by(head);
            if asked.is_first() { asked.answer_of(450) } else { Answer::Silence(Duration::from_secs(3)) }
        });
        let (folder, mut command) =
            sent_export().file("c.csv", "old").contacts(&server.url(), &["-o", "c.csv"]).into_parts();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until(&mut child, || asked.load(Ordering::SeqCst) >= 2);
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains("stopped by a signal") && stderr.contains("hint:"), "{stderr}");
        assert!(stderr.contains("progress is saved in .c.csv.journal"), "{stderr}");
        assert_eq!(std::fs::read_to_string(folder.path().join("c.csv")).unwrap(), "old");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 2, "the old file and the journal");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_ignores_the_end_of_its_terminal_continues() {
    let has_ended = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let hears = has_ended.clone();
    let server = ScriptedServer::start(move |_, head| {
        let asked = Asked::by(head);
        while !asked.is_first() && !hears.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(2));
        }
        asked.answer_of(150)
    });
    let (_folder, command) = sent_export().contacts(&server.url(), &["-o", "c.csv", "--quiet"]).into_parts();
    let mut ignoring = std::process::Command::new("sh");
    ignoring.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    ignoring.current_dir(command.get_current_dir().unwrap());
    ignoring.env("SENT_DM_API_KEY", sent_export::simulator::DEFAULT_API_KEY);
    let mut child = ignoring.spawn().unwrap();
    wait_until(&mut child, || server.requests().len() >= 2);
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", "HUP", &pid]).status().unwrap().success());
    has_ended.store(true, Ordering::SeqCst);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn files_are_readable_only_by_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let simulator = simulator(5);
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.parquet", "--summary", "s.json"])
        .finish()
        .expect_code(0);
    let names = ["c.parquet", "s.json", "_c.parquet.manifest.json"];
    let modes = |run: &crate::support::Finished| {
        names.map(|name| std::fs::metadata(run.path(name)).unwrap().permissions().mode() & 0o777)
    };
    assert_eq!(modes(&run), [0o600; 3]);
    // Files that others could read stay readable for them.
    std::fs::set_permissions(run.path("c.parquet"), PermissionsExt::from_mode(0o664)).unwrap();
    std::fs::set_permissions(run.path(names[2]), PermissionsExt::from_mode(0o644)).unwrap();
    let arguments = ["-o", "c.parquet", "--summary", "s.json"];
    let run = run.again().contacts(&simulator.base_url(), &arguments).finish().expect_code(0);
    assert_eq!(modes(&run), [0o664, 0o600, 0o644]);
    let run = run.again().contacts(&simulator.base_url(), &arguments).args(["--mode", "640"]).finish().expect_code(0);
    assert_eq!(modes(&run), [0o640; 3]);
}

#[cfg(unix)]
#[test]
fn too_few_file_descriptors_are_reported_with_a_hint() {
    let simulator = simulator(5);
    let (folder, command) = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv"]).into_parts();
    let mut last = String::new();
    // The number of descriptors open at the start depends on the system; at some limit above that, the run fails.
    for limit in 4..40 {
        let output = std::process::Command::new("sh")
            .args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")])
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(folder.path())
            .env("SENT_DM_API_KEY", sent_export::simulator::DEFAULT_API_KEY)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(0) {
            break;
        }
        let has_hint = stderr.contains("hint: raise the limit of open files (ulimit -n)");
        assert!(has_hint || !stderr.contains("Too many open files"), "{limit}: {stderr}");
        last = if has_hint { stderr } else { last };
    }
    assert!(last.contains("Too many open files"), "{last}");
}

#[test]
fn the_summary_names_size_and_hash_of_what_is_on_the_disk() {
    let simulator = simulator(250);
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.parquet", "-o", "c.csv.gz", "--summary", "s.json"])
        .finish()
        .expect_code(0);
    let summary = run.json("s.json");
    for (at, name) in ["c.parquet", "c.csv.gz"].into_iter().enumerate() {
        let bytes = std::fs::read(run.path(name)).unwrap();
        let output = &summary["outputs"][at];
        assert_eq!((&output["path"], &output["bytes"]), (&name.into(), &bytes.len().into()));
        assert_eq!((&output["sha256"], &output["rows"]), (&sha256(&bytes).into(), &250.into()));
    }
    assert_valid(&summary, SUMMARY_SCHEMA);
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_is_an_error_of_the_output() {
    let simulator = simulator(2_000);
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv"]);
    let (folder, command) = run.into_parts();
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_str().unwrap()).collect();
    let script = format!("ulimit -f 64; exec {} {}", env!("CARGO_BIN_EXE_sent-export"), arguments.join(" "));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder.path());
    let output = shell.env("SENT_DM_API_KEY", sent_export::simulator::DEFAULT_API_KEY).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(stderr.contains("cannot write the output: c.csv"), "{stderr}");
    assert!(!folder.path().join(".c.csv.partial").exists() && !folder.path().join(".c.csv.lock").exists());
}

#[test]
fn renamed_fields_cause_a_warning() {
    let contact = serde_json::json!({"id": "a", "phoneNumber": "+12025550123"});
    let body = serde_json::json!({"success": true, "data": {"contacts": [contact],
        "pagination": {"page": 1, "page_size": 100, "total_count": 1, "has_more": false}}, "meta": {}});
    let server = ScriptedServer::start(move |_, _| Answer::ok(body.to_string()));
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--quiet"]).finish().expect_code(0);
    run.expect_stderr("warning: no contact has a phone_number, and these fields are not documented: phoneNumber");
}
