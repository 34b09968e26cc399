//! Pipes and special files: outputs that others read while they are written, that hang, or that are not regular files.

#![cfg(unix)]

use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Answer, Asked, ScriptedServer, page, run_in, sent_export, simulator, wait_until};

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

#[test]
fn the_reader_of_a_pipe_gets_rows_as_they_arrive() {
    let server = ScriptedServer::start(|_, head| {
        let asked = Asked::by(head);
        if asked.is_first() { asked.answer_of(450) } else { Answer::Silence(Duration::from_secs(30)) }
    });
    let arguments = ["-o", "-", "--quiet", "--columns", "id"];
    let (_folder, mut command) = sent_export().contacts(&server.url(), &arguments).into_parts();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // The header and 100 ids.
    let mut text = vec![0; 3 + 100 * 37];
    child.stdout.as_mut().unwrap().read_exact(&mut text).unwrap();
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("id\n") && text.lines().count() == 101, "{text}");
}

#[test]
fn a_signal_is_handled_while_an_output_hangs() {
    let simulator = simulator(20_000);
    let (folder, mut command) = sent_export()
        .contacts(&simulator.base_url(), &["-o", "-", "-o", "c.csv", "--format", "csv", "--quiet"])
        .into_parts();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // All pages have been received, and nothing reads the output.
    wait_until(&mut child, || simulator.statistics().list_requests >= 200);
    signal(&child, "TERM");
    assert_eq!(code_before_long(child), Some(143));
    assert!(!folder.path().join("c.csv").exists());
}

/// Waits for a run that should end soon, and returns its exit code.
fn code_before_long(mut child: Child) -> Option<i32> {
    // Take stdin, so that waiting does not close it.
    let _stdout = child.stdout.take();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the run did not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn make_pipe(path: &std::path::Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_pipe_for_the_summary_is_opened_once() {
    let simulator = simulator(150);
    let (folder, mut command) =
        sent_export().contacts(&simulator.base_url(), &["-o", "c.csv", "--summary", "s.json", "--quiet"]).into_parts();
    let pipe = folder.path().join("s.json");
    make_pipe(&pipe);
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    assert_eq!(code_before_long(command.spawn().unwrap()), Some(0));
    let summary: serde_json::Value = serde_json::from_slice(&reader.join().unwrap()).unwrap();
    assert_eq!(summary["contacts"], 150);
}

#[test]
fn the_second_signal_ends_a_run_whose_report_is_not_read() {
    let simulator = simulator(2_000);
    let (folder, mut command) =
        sent_export().contacts(&simulator.base_url(), &["-o", "c.csv", "--report", "r.html", "--quiet"]).into_parts();
    let pipe = folder.path().join("r.html");
    make_pipe(&pipe);
    let child = command.spawn().unwrap();
    // The report does not fit into the pipe; its first byte shows that the run has reached its end.
    let mut unread = std::fs::File::open(&pipe).unwrap();
    unread.read_exact(&mut [0]).unwrap();
    signal(&child, "TERM");
    let (pid, (ended, end)) = (child.id().to_string(), std::sync::mpsc::channel::<()>());
    // Two signals that are both pending count as one.
    let again = std::thread::spawn(move || {
        while end.recv_timeout(Duration::from_millis(20)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            Command::new("kill").args(["-s", "TERM", &pid]).stderr(Stdio::null()).status().unwrap();
        }
    });
    assert_eq!(code_before_long(child), Some(143));
    drop(ended);
    again.join().unwrap();
    drop(unread);
    assert!(!folder.path().join("c.csv").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn publishing_succeeds_even_if_stdout_rejects_the_summary() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    // With a gate, the journal starts with the first response.
    let arguments = ["-o", "c.csv", "--summary", "-", "--min-contacts", "1", "--quiet"];
    let (folder, mut command) = sent_export().contacts(&server.url(), &arguments).into_parts();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(command.stdout(full).status().unwrap().code(), Some(7));
    let run = run_in(folder).contacts(&server.url(), &arguments).finish().expect_code(0);
    assert_eq!(run.files(), ["_c.csv.manifest.json", "c.csv"]);
    assert_eq!(server.requests().len(), 2, "the second run starts over");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_even_when_the_reader_of_stdout_has_left_or_hangs() {
    let simulator = simulator(20_000);
    for (arguments, has_left) in [(["-o", "-", "-o", "/dev/full"], true), (["-o", "/dev/full", "-o", "-"], false)] {
        let run = sent_export().contacts(&simulator.base_url(), &arguments).args(["--format", "csv"]);
        let (_folder, mut command) = run.into_parts();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let unread = child.stdout.take().filter(|_| !has_left);
        let output = child.wait_with_output().unwrap();
        drop(unread);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(7), "{stderr}");
        assert!(stderr.contains("cannot write the output: /dev/full"), "{stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_opened_by_another_process_is_appended_to_and_never_replaced() {
    let simulator = simulator(150);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    std::fs::write(&log, "before\n").unwrap();
    let append = || std::fs::File::options().append(true).open(&log).unwrap();
    let base_url = simulator.base_url();
    for (arguments, is_stdout) in [
        (&["-o", "/dev/stdout", "--format", "csv", "--quiet"][..], true),
        (&["-o", "c.csv", "--summary", "/dev/stderr", "--quiet"][..], false),
        (&["-o", "/dev/fd/1", "--format", "csv", "--quiet"][..], true),
    ] {
        let (_folder, mut command) = sent_export().contacts(&base_url, arguments).into_parts();
        let (out, err) = if is_stdout { (append().into(), Stdio::null()) } else { (Stdio::null(), append().into()) };
        assert!(command.stdout(out).stderr(err).status().unwrap().success(), "{arguments:?}");
    }
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.starts_with("before\nid,") && text.contains("\"schema_version\": 1"), "{text}");
    assert_eq!(text.matches("id,phone_number").count(), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn stdout_takes_the_summary_or_the_contacts() {
    let simulator = simulator(150);
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.csv", "--summary", "-", "--quiet"])
        .finish()
        .expect_code(0);
    let summary: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(summary["contacts"], 150);
    assert_eq!(run.files(), ["_c.csv.manifest.json", "c.csv"]);

    let both = sent_export().contacts(&simulator.base_url(), &["-o", "-", "--summary", "-"]).finish();
    both.expect_code(2).expect_stderr("two outputs are the same file: -");
}

#[cfg(target_os = "linux")]
#[test]
fn devices_that_mean_stdout_are_written_to() {
    let simulator = simulator(150);
    let arguments = ["-o", "/dev/stdout", "--format", "csv", "--quiet"];
    let run = sent_export().contacts(&simulator.base_url(), &arguments).finish().expect_code(0);
    assert_eq!(String::from_utf8(run.stdout.clone()).unwrap().lines().count(), 151);
    assert!(run.files().is_empty());
}

#[test]
fn a_link_is_followed_to_a_file_that_is_not_there_yet() {
    let simulator = simulator(150);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("store")).unwrap();
    symlink("store/c.csv", folder.path().join("latest.csv")).unwrap();
    symlink("latest.csv", folder.path().join("link.csv")).unwrap();
    let run = run_in(folder).contacts(&simulator.base_url(), &["-o", "link.csv"]).finish().expect_code(0);
    assert_eq!(run.files(), ["_link.csv.manifest.json", "latest.csv", "link.csv", "store"]);
    assert!(run.path("store/c.csv").is_file() && run.path("link.csv").is_symlink());
    assert_eq!(std::fs::read_dir(run.path("store")).unwrap().count(), 1);

    // The same file under two names is refused.
    let run = run.again().contacts(&simulator.base_url(), &["-o", "link.csv", "-o", "store/../store/c.csv"]).finish();
    run.expect_code(2).expect_stderr("two outputs are the same file: store/../store/c.csv");
}

#[test]
fn the_first_signal_ends_a_run_that_has_not_begun() {
    let (folder, mut command) = sent_export().args(["contacts", "--simulate=5", "-o", "c.csv"]).into_parts();
    make_pipe(&folder.path().join("c.csv"));
    let child = command.stderr(Stdio::null()).spawn().unwrap();
    // Nothing reads the pipe, so opening it blocks. A signal that arrives before the run handles signals ends it, too.
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "INT");
    let code = code_before_long(child);
    assert!(code == Some(130) || code.is_none(), "{code:?}");
}
