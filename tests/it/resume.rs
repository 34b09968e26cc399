//! Resuming interrupted runs.

use std::cell::Cell;

use sent_export::journal::{Engage, Entry, JournalKey, JournalWriter, Question, Secret};
use sent_export::simulator::{DEFAULT_API_KEY, Latency, Settings, Simulator};

use crate::support::{Answer, Asked, ScriptedServer, csv_ids, page, run_in, sent_export, simulator, wait_until};

/// A server that answers slowly enough to be interrupted.
fn slow(contacts: u32, latency: &str) -> Simulator {
    let latency: Latency = latency.parse().unwrap();
    Simulator::start(Settings { contacts, latency, ..Settings::default() }).unwrap()
}

fn until_requests(simulator: &Simulator, requests: u64) -> impl FnMut() -> bool {
    move || simulator.statistics().list_requests >= requests
}

#[test]
fn ten_kills_repeat_only_requests_in_flight_and_give_the_same_bytes() {
    const CONTACTS: u32 = 20_000;
    /// Requests for the contacts with overlap, and for rereading start and end.
    const WINDOWS: u64 = 228 + 2;
    const CONCURRENCY: u64 = 8;
    let arguments = ["-o", "c.csv", "-o", "c.parquet", "--concurrency", "8"];
    let whole = sent_export().contacts(&simulator(CONTACTS).base_url(), &arguments).finish().expect_code(0);

    let server = slow(CONTACTS, "30ms..60ms");
    let mut random = fastrand::Rng::with_seed(11);
    let mut folder = tempfile::tempdir().unwrap();
    for kill in 1..=10 {
        let at = kill * 18 + random.u64(0..18);
        folder = run_in(folder).contacts(&server.base_url(), &arguments).kill_when(until_requests(&server, at));
        assert!(!folder.path().join("c.csv").exists(), "killed too late");
    }
    let run = run_in(folder).contacts(&server.base_url(), &arguments).finish().expect_code(0);
    let run = run.expect_stderr("resuming the run started ").expect_stderr("complete: 20,000 contacts");
    for name in ["c.csv", "c.parquet"] {
        assert!(std::fs::read(run.path(name)).unwrap() == std::fs::read(whole.path(name)).unwrap(), "{name} differs");
    }
    let requests = server.statistics().list_requests;
    assert!(requests <= WINDOWS + 10 * CONCURRENCY, "{requests} requests");
    assert_eq!(run.files(), ["_c.csv.manifest.json", "c.csv", "c.parquet"]);
}

#[test]
fn an_exhausted_retry_continues_where_it_stopped() {
    let is_broken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let flag = is_broken.clone();
    let server = ScriptedServer::start(move |_, head| {
        let asked = Asked::by(head);
        if asked.holds(650) && flag.load(std::sync::atomic::Ordering::SeqCst) {
            return Answer::error(500, "INTERNAL_001");
        }
        asked.answer_of(1_950)
    });
    let arguments = ["-o", "c.csv", "--max-retries", "1"];
    let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(5);
    let run = run.expect_stderr("contacts page 7").expect_stderr("progress is saved in .c.csv.journal");
    let asked = server.requests().len();
    assert_eq!(asked, 21 + 2 + 2, "every other window, and two requests for one window with two attempts each");
    is_broken.store(false, std::sync::atomic::Ordering::SeqCst);
    let run = run.again().contacts(&server.url(), &arguments).finish().expect_code(0);
    assert_eq!(server.requests().len(), asked + 1 + 2, "that window, and rereads of start and end");
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 1_950);
}

/// Pages after a gap wait for it, however many they are, and the output has the order of the list.
#[test]
fn a_hole_in_the_journal_does_not_change_the_output() {
    const CONTACTS: u32 = 14_000;
    let is_broken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let flag = is_broken.clone();
    let server = ScriptedServer::start(move |_, head| match Asked::by(head) {
        asked if asked.holds(50) && flag.load(std::sync::atomic::Ordering::SeqCst) => {
            Answer::error(500, "INTERNAL_001")
        }
        asked => asked.answer_of(CONTACTS),
    });
    // With a gate, the journal starts with the first response, however fast responses arrive.
    let arguments = ["-o", "c.csv", "--page-size", "20", "--max-retries", "0", "--min-contacts", "0"];
    let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(5).expect_stderr("page 3");
    // The first record is that of the first page.
    let journal = run.path(".c.csv.journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    let first = bytes.windows(4).position(|window| window == b"SJR1").unwrap();
    bytes[first + 20] ^= 0xff;
    std::fs::write(&journal, bytes).unwrap();
    is_broken.store(false, std::sync::atomic::Ordering::SeqCst);
    let before = server.requests().len();
    let run = run.again().contacts(&server.url(), &arguments).finish().expect_code(0).expect_stderr("complete: 14,000");
    assert_eq!(server.requests().len() - before, 2 + 2, "failed windows, damaged windows, start and end");
    let whole = sent_export().contacts(&server.url(), &arguments).finish().expect_code(0);
    let content = |run: &crate::support::Finished| std::fs::read(run.path("c.csv")).unwrap();
    assert!(content(&run) == content(&whole), "the bytes differ");
}

#[test]
fn pages_that_cannot_be_fetched_are_named_if_they_may_be_missing() {
    let server = ScriptedServer::start(|_, head| match Asked::by(head) {
        asked if asked.holds(650) => Answer::error(500, "INTERNAL_001"),
        asked => asked.answer_of(1_950),
    });
    let arguments = ["-o", "c.csv", "--max-retries", "1", "--allow-missing-pages", "--summary", "s.json"];
    let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(3);
    let missing = run.json("s.json")["run"]["consistency"]["missing_rows"].clone();
    let missing: Vec<[usize; 2]> = serde_json::from_value(missing).unwrap();
    let [[from, to]] = missing[..] else { panic!("{missing:?}") };
    assert!(from <= 650 && to >= 650 && to - from < 100, "{missing:?}");
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 1_950 - (to - from + 1));
    assert_eq!(run.evidence("s.json", "missing_rows"), Some((to - from + 1).into()));
    run.expect_stderr(&format!("rows {from} to {to} of the list could not be fetched and are missing"));
}

#[test]
fn rows_that_moved_between_runs_are_healed() {
    let server = slow(6_000, "20ms");
    let folder = sent_export().contacts(&server.base_url(), &["-o", "c.csv"]).kill_when(until_requests(&server, 30));
    (0..40).for_each(|_| assert!(server.delete_at(7)));
    server.create(40);
    let run = run_in(folder).contacts(&server.base_url(), &["-o", "c.csv", "--summary", "s.json"]).finish();
    let run = run.expect_code(0).expect_stderr("healed: ");
    let ids: std::collections::HashSet<_> = csv_ids(&run.path("c.csv")).into_iter().collect();
    assert!(server.truth().present_throughout.iter().all(|id| ids.contains(id)));
    let resumed = run.json("s.json")["run"]["consistency"]["pages_resumed"].as_u64().unwrap();
    assert!((15..30).contains(&resumed), "{resumed}");
}

#[test]
fn another_command_an_old_journal_or_fresh_start_over() {
    let server = slow(3_000, "100ms");
    let stop = |folder| {
        let seen = server.statistics().list_requests;
        let asked = Cell::new(seen + 15);
        run_in(folder)
            .contacts(&server.base_url(), &["-o", "c.csv"])
            .kill_when(|| server.statistics().list_requests >= asked.get())
    };
    let mut folder = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (&["--fresh"][..], ""),
        (&["--search", "a"], "another --search"),
        (&["--page-size", "50"], "another --page-size"),
        (&["--resume-within", "1ms"], "older than --resume-within"),
    ] {
        folder = stop(folder);
        assert!(folder.path().join(".c.csv.journal").exists());
        let before = server.statistics().list_requests;
        let run = run_in(folder).contacts(&server.base_url(), &["-o", "c.csv", "--summary", "s.json"]).args(arguments);
        let run = run.finish().expect_code(0).expect_stderr(words);
        let pages = run.json("s.json")["run"]["pages"].as_u64().unwrap();
        assert_eq!(server.statistics().list_requests - before, pages, "{arguments:?}: every page was asked for");
        assert!(!run.stderr.contains("going on"), "{run:?}");
        folder = run.into_folder();
    }
}

#[test]
fn only_the_damaged_part_of_a_journal_is_lost() {
    let server = slow(5_000, "20ms");
    let folder = sent_export().contacts(&server.base_url(), &["-o", "c.csv"]).kill_when(until_requests(&server, 40));
    let journal = folder.path().join(".c.csv.journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    bytes.truncate(bytes.len() - 5);
    std::fs::write(&journal, bytes).unwrap();
    let before = server.statistics().list_requests;
    let run = run_in(folder).contacts(&server.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    let run = run.expect_stderr("skipping 1 damaged part of the journal; the rows are fetched again");
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 5_000);
    // The windows, start and end, two damaged windows, and at most eight that were in flight when the run was
    // killed.
    let all = server.statistics().list_requests;
    assert!((57 + 2 + 2..=57 + 2 + 2 + 8).contains(&all), "{all} requests, {before} of them by the first run");
}

/// Another version may have saved responses that this one cannot read.
#[test]
fn an_unreadable_journaled_answer_is_fetched_again_and_reported() {
    let server = ScriptedServer::start(|_, head| Asked::by(head).answer_of(300));
    let secrets = [("API key", Some(DEFAULT_API_KEY)), ("--search", None), ("--phone", None)];
    let key = JournalKey {
        resource: "contacts".into(),
        endpoint: "v3/contacts".into(),
        base_url: format!("{}/", server.url()),
        page_size: 100,
        consistency: "auto".into(),
        flags: std::collections::BTreeMap::new(),
        secrets: secrets.map(|(name, value)| (name.to_owned(), Secret::new(value))).into(),
    };
    let folder = tempfile::tempdir().unwrap();
    let now = chrono::Utc::now().timestamp_micros();
    let mut writer = JournalWriter::new(folder.path().join(".c.csv.journal"), &key, now, Engage::AtOnce);
    // The windows of 300 contacts; the second has a body with a different structure.
    for (number, size) in [(1, 100), (2, 99), (3, 98), (4, 97)] {
        let body = if number == 2 { r#"{"contacts":[]}"#.to_owned() } else { page(number, size, 300) };
        let question = Question { kind: 0, page: number.into(), size };
        writer.append(Entry { session: 0, question, elapsed_micros: 1, answered_at: now, body: body.into() });
    }
    assert!(writer.keep().is_some());
    let run = run_in(folder).contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(0);
    let run = run
        .expect_stderr("resuming the run")
        .expect_stderr("skipping 1 damaged part of the journal; the rows are fetched again");
    // That window, and rereads of start and end.
    assert_eq!((server.requests().len(), csv_ids(&run.path("c.csv")).len()), (1 + 2, 300));
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_progress_and_says_how_to_resume() {
    let server = slow(5_000, "20ms");
    let (folder, mut command) = sent_export().contacts(&server.base_url(), &["-o", "c.csv"]).into_parts();
    let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_until(&mut child, || server.statistics().list_requests >= 30);
    assert!(
        std::process::Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap().success()
    );
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("run the same command again; progress is saved in"), "{stderr}");
    let before = server.statistics().list_requests;
    run_in(folder).contacts(&server.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    let asked = server.statistics().list_requests - before;
    assert!(asked <= 57 + 2 - 30 + 8, "{asked}");
}

#[test]
fn a_run_that_is_out_of_time_or_retries_continues_later() {
    let server = slow(10_000, "100ms");
    let run = sent_export().contacts(&server.base_url(), &["-o", "c.csv", "--max-duration", "1s"]).finish();
    let run =
        run.expect_code(5).expect_stderr("time limit reached (--max-duration 1s)").expect_stderr("hint: run the same");
    let between = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let run = run.again().contacts(&server.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    let run = run.expect_stderr("resuming the run");
    let manifest = run.json("_c.csv.manifest.json");
    let time = |name: &str| manifest[name].as_str().unwrap().to_owned();
    assert!(time("started_at") < between && time("finished_at") > between, "{manifest}");

    let failing = ScriptedServer::start(|number, head| match Asked::by(head) {
        asked if !asked.is_first() && number < 100 => Answer::error(503, "SERVICE_001"),
        asked => asked.answer_of(900),
    });
    let arguments = ["-o", "d.csv", "--retry-budget", "20", "--max-retries", "100"];
    let run = sent_export().contacts(&failing.url(), &arguments).finish().expect_code(5);
    run.expect_stderr("retry budget of the run used up (20 retries)").expect_stderr("saved in");
}

#[test]
fn publishing_removes_the_journal_of_the_same_outputs_in_another_order() {
    let simulator = simulator(150);
    let run = sent_export().file(".a.csv.journal", "of another run");
    let run = run.contacts(&simulator.base_url(), &["-o", "b.csv", "-o", "a.csv"]).finish().expect_code(0);
    assert_eq!(run.files(), ["_b.csv.manifest.json", "a.csv", "b.csv"]);
}
