//! Programs that print keys, and errors that name the source of a key.

use std::path::Path;

use sent_export::simulator::DEFAULT_API_KEY;

use super::{QUICK, rows, run_jobs};
use crate::support::{Run, sent_export, simulator, wait_until};

/// The programs of the tests.
const PATH: Option<&str> = Some("/usr/bin:/bin");

fn calls(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// A file whose jobs take their keys from programs; `jobs` are their tables.
fn with_programs(base_url: &str, jobs: &str) -> String {
    format!("[defaults]\ncommand = \"contacts\"\nbase-url = \"{base_url}\"\n{QUICK}output = \"{{job}}.csv\"\n{jobs}")
}

#[test]
fn a_program_that_fails_is_not_run_again_for_other_jobs() {
    let server = simulator(120);
    let program = "api-key-command = \"sh -c 'echo x >> calls; exit 1'\"\n";
    let file = with_programs(&server.base_url(), &format!("{program}[jobs.a]\n[jobs.b]\n[jobs.c]\n"));
    for arguments in [&[][..], &["--parallel", "3"], &["--check"]] {
        let run = run_jobs(&file, arguments).env("PATH", PATH).finish().expect_code(6);
        assert_eq!(calls(&run.path("calls")), "x\n", "{run:?}");
        let stdout = String::from_utf8_lossy(&run.stdout).into_owned();
        for job in ["a", "b", "c"] {
            let said = run.stderr.clone() + &stdout;
            assert!(said.contains(&format!("{job}: ")) && said.contains("sh failed: exit status: 1"), "{job}: {run:?}");
        }
    }
    assert_eq!(server.statistics().requests, 0);
}

#[test]
fn a_slow_program_delays_only_the_jobs_that_need_its_key() {
    let server = simulator(120);
    let slow = "sh -c 'echo x >> slow; while ! test -e go; do sleep 0.01; done; cat key'";
    let jobs = format!(
        "[jobs.d]\napi-key-command = \"{slow}\"\n[jobs.e]\napi-key-command = \"{slow}\"\n[jobs.a]\napi-key-command = \"cat key\"\n\
         [jobs.b]\napi-key-command = \"cat key\"\n[jobs.c]\n"
    );
    let run = run_jobs(&with_programs(&server.base_url(), &jobs), &["--parallel", "2"]).file("key", DEFAULT_API_KEY);
    let (folder, mut command) = run.env("PATH", PATH).into_parts();
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let done = |name: &str| folder.path().join(format!("_{name}.csv.manifest.json")).exists();
    wait_until(&mut child, || done("a") && done("b") && done("c"));
    assert!(!done("d") && !done("e"));
    std::fs::write(folder.path().join("go"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(done("d") && done("e"));
    assert_eq!(calls(&folder.path().join("slow")), "x\n");
}

#[test]
fn a_job_that_waits_for_its_key_is_not_started_after_a_failure() {
    let server = simulator(120);
    let slow = "sh -c 'while ! test -e bad.ended; do sleep 0.01; done; cat key'";
    let jobs = format!("[jobs.slow]\napi-key-command = \"{slow}\"\n[jobs.bad]\nmin-contacts = 1000\n");
    let run = run_jobs(&with_programs(&server.base_url(), &jobs), &["--parallel", "2", "--stop-on-failure"]);
    let (folder, mut command) = run.file("key", DEFAULT_API_KEY).env("PATH", PATH).into_parts();
    let mut child = command.stderr(std::fs::File::create(folder.path().join("stderr")).unwrap()).spawn().unwrap();
    let said = || calls(&folder.path().join("stderr"));
    wait_until(&mut child, || said().contains("bad: error: not published"));
    std::fs::write(folder.path().join("bad.ended"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(8), "{}", said());
    assert!(said().contains("  slow    -  not started, because bad failed"), "{}", said());
    assert!(!folder.path().join("slow.csv").exists());
}

#[test]
fn jobs_whose_programs_print_one_key_share_its_quota() {
    let server = simulator(120);
    let jobs = "[jobs.a]\napi-key-command = \"cat key\"\n[jobs.b]\napi-key-command = \"cat ./key\"\n[jobs.c]\n";
    let run = run_jobs(&with_programs(&server.base_url(), jobs), &["--parallel", "3"]).file("key", DEFAULT_API_KEY);
    let run = run.env("PATH", PATH).finish().expect_code(0);
    let mut spans: Vec<(String, String)> = Vec::new();
    for name in ["a", "b", "c"] {
        assert_eq!(rows(&run, &format!("{name}.csv")), 120);
        let manifest = run.json(&format!("_{name}.csv.manifest.json"));
        let time = |key: &str| manifest[key].as_str().unwrap().to_owned();
        spans.push((time("started_at"), time("finished_at")));
    }
    spans.sort();
    assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "one after another: {spans:?} {run:?}");
}

#[test]
fn a_rejected_key_is_corrected_where_it_came_from() {
    let server = simulator(120);
    let read = |more: &[&str], change: fn(Run) -> Run| {
        let run = sent_export().contacts(&server.base_url(), &["-o", "c.csv"]).args(more);
        let run = change(run.env("PATH", PATH).file("wrong.txt", "wrong-key")).finish().expect_code(6);
        run.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap_or_default().to_owned()
    };
    let wrong = |run: Run| run.env("SENT_DM_API_KEY", Some("wrong-key")).env("GLOBEX_KEY", Some("wrong-key"));
    for (more, place) in [
        (&[][..], "put a valid key into SENT_DM_API_KEY"),
        (&["--api-key-env", "GLOBEX_KEY"], "put a valid key into GLOBEX_KEY"),
        (&["--api-key-file", "wrong.txt"], "put a valid key into wrong.txt"),
        (&["--api-key-command", "cat wrong.txt"], "let the program of --api-key-command print a valid key"),
    ] {
        let hint = read(more, wrong);
        assert!(hint.starts_with(&format!("hint: {place} (the Sent dashboard shows it)")), "{hint}");
    }
    let hint = read(&["--api-key-file", "-"], |run| run.stdin("wrong-key"));
    assert!(hint.starts_with("hint: pass a valid key on stdin"), "{hint}");
}
