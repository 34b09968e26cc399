//! A service that fails: what is retried, what is not, and how a run that cannot continue ends.

use std::time::{Duration, Instant, SystemTime};

use sent_export::simulator::{Settings, Simulator};

use crate::support::{Answer, Asked, ScriptedServer, page, sent_export, simulator};

fn csv_lines(run: &crate::support::Finished) -> usize {
    std::fs::read_to_string(run.path("c.csv")).unwrap().lines().count()
}

/// 450 contacts; the first request for the 250th gets the given response.
fn failing_once(answer: &Answer) -> ScriptedServer {
    let answer = answer.clone();
    let failed = std::sync::atomic::AtomicBool::new(false);
    ScriptedServer::start(move |_, head| match Asked::by(head) {
        asked if asked.holds(250) && !failed.swap(true, std::sync::atomic::Ordering::SeqCst) => answer.clone(),
        asked => asked.answer_of(450),
    })
}

#[test]
fn every_transient_failure_is_retried() {
    let passing = [
        Answer::error(500, "INTERNAL_001"),
        Answer::error(500, "INTERNAL_002"),
        Answer::error(502, "INTERNAL_003"),
        Answer::error(504, "INTERNAL_004"),
        Answer::error(503, "INTERNAL_005"),
        Answer::error(503, "SERVICE_001"),
        Answer::error(409, "CONFLICT_001"),
        Answer::error(200, "INTERNAL_001"),
        Answer::Http(502, vec![], "<html>Bad Gateway</html>".into()),
        Answer::Http(408, vec![], String::new()),
        Answer::ok(""),
        Answer::ok("{}"),
        Answer::ok("not json"),
        Answer::ok(r#"{"success":true,"data":null}"#),
        Answer::ok(r#"{"success":true,"data":{}}"#),
        Answer::CutOff(page(3, 100, 450)),
        Answer::Close,
    ];
    for answer in passing {
        let server = failing_once(&answer);
        let run =
            sent_export().contacts(&server.url(), &["-o", "c.csv", "--summary", "s.json"]).finish().expect_code(0);
        assert_eq!(csv_lines(&run), 451, "{answer:?}");
        let summary = run.json("s.json");
        assert_eq!(summary["run"]["retries"], 1, "{answer:?}");
        assert_eq!(summary["run"]["requests"], 5 + 2 + 1, "windows, rereads of start and end, the retry: {answer:?}");
    }
}

#[test]
fn a_timeout_is_retried() {
    let server = failing_once(&Answer::Silence(Duration::from_secs(2)));
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv", "--timeout", "300ms"]).finish().expect_code(0);
    assert_eq!(csv_lines(&run), 451);
}

/// How long a run takes whose first response is this one.
fn seconds_after(limited: Answer) -> f64 {
    let server = ScriptedServer::start(move |number, head| match number {
        0 => limited.clone(),
        _ => Asked::by(head).answer_of(450),
    });
    let begun = Instant::now();
    sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(0);
    begun.elapsed().as_secs_f64()
}

#[test]
fn retry_after_wins_over_a_contradicting_reset() {
    let reset = |seconds| format!("x-ratelimit-reset: {}", now() + seconds);
    let limited = Answer::error(429, "BUSINESS_002").with_header("x-ratelimit-remaining: 0");
    let both = limited.clone().with_header(&reset(50)).with_header("retry-after: 1");
    let seconds = seconds_after(both);
    assert!((1.0..20.0).contains(&seconds), "{seconds}");
    let seconds = seconds_after(limited.with_header(&reset(4)));
    assert!((2.0..20.0).contains(&seconds), "without other headers, the reset applies: {seconds}");
}

/// In Unix seconds.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn an_implausible_reset_is_ignored() {
    for reset in
        [(now() - 100).to_string(), format!("{}000", now() - 100), "0".to_owned(), (now() + 86_400).to_string()]
    {
        let header = format!("x-ratelimit-reset: {reset}");
        let server = ScriptedServer::start(move |_, head| {
            let answer = Asked::by(head).answer_of(450).with_header("x-ratelimit-remaining: 0");
            answer.with_header(&header)
        });
        let begun = Instant::now();
        sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(0);
        assert!(begun.elapsed() < Duration::from_secs(20), "{reset}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_status_without_a_body_is_enough() {
    for (status, code, hint) in
        [(401, 6, "SENT_DM_API_KEY"), (403, 6, "permission"), (404, 4, "--base-url"), (501, 4, "does not offer")]
    {
        let server = ScriptedServer::start(move |_, _| Answer::Http(status, vec![], String::new()));
        let run = sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(code);
        run.expect_stderr(&format!("HTTP {status}")).expect_stderr(hint);
        assert_eq!(server.requests().len(), 1, "{status}");
    }
    let server = ScriptedServer::start(|_, _| Answer::error(501, "INTERNAL_001"));
    sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(4).expect_stderr("does not offer");
    assert_eq!(server.requests().len(), 1, "the request is not retried");
}

#[test]
fn a_rate_limit_pauses_all_requests_and_uses_no_retry() {
    let limited = Answer::error(429, "BUSINESS_002").with_header("retry-after: 1");
    let server = failing_once(&limited);
    let run = sent_export()
        .contacts(&server.url(), &["-o", "c.csv", "--max-retries", "0", "--summary", "s.json"])
        .finish()
        .expect_code(0);
    let summary = run.json("s.json");
    assert_eq!((&summary["run"]["retries"], &summary["run"]["rate_limited"]), (&0.into(), &1.into()));
    assert!(summary["run"]["elapsed_seconds"].as_f64().unwrap() >= 1.0);
    assert_eq!(csv_lines(&run), 451);
}

#[test]
fn a_wait_longer_than_the_run_accepts_ends_it_at_once() {
    let server = ScriptedServer::start(|_, _| Answer::error(429, "BUSINESS_002").with_header("retry-after: 86400"));
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(5).expect_stderr("86400 s");
    assert!(run.files().is_empty(), "{:?}", run.files());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn overlong_waits_end_the_run_without_a_panic() {
    let server = ScriptedServer::start(|number, _| {
        let wait = if number == 0 { "1" } else { "18446744073709551615" };
        Answer::error(429, "BUSINESS_002").with_header(&format!("retry-after: {wait}"))
    });
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(5);
    run.expect_stderr("rate limited").expect_stderr("hint: run the same command again in");
    assert_eq!(server.requests().len(), 2);
    // A failing server may request such a wait, too. Then it is ignored, and retries continue.
    let server = ScriptedServer::start(|number, head| match number {
        0 => Answer::error(503, "INTERNAL_005").with_header("retry-after: 18446744073709551615"),
        _ => Asked::by(head)
            .answer_of(100)
            .with_header("x-ratelimit-remaining: 0")
            .with_header("x-ratelimit-reset: 18446744073709551615"),
    });
    sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(0);
}

#[test]
fn when_the_retries_are_used_up_the_run_ends_with_5_and_the_old_file_stays() {
    let server = ScriptedServer::start(|_, head| match Asked::by(head) {
        asked if asked.holds(150) => Answer::error(500, "INTERNAL_002"),
        asked => asked.answer_of(450),
    });
    let run = sent_export()
        .file("c.csv", "old")
        .contacts(&server.url(), &["-o", "c.csv", "--max-retries", "3"])
        .finish()
        .expect_code(5)
        .expect_stderr("contacts page 2")
        .expect_stderr("INTERNAL_002")
        .expect_stderr("4 attempts")
        .expect_stderr("req_test");
    assert_eq!(run.files(), [".c.csv.journal", "c.csv"], "what was read is kept");
    assert_eq!(std::fs::read_to_string(run.path("c.csv")).unwrap(), "old");
}

#[test]
fn rejected_requests_are_sent_once_and_have_their_own_exit_code() {
    let table = [
        (401, "AUTH_001", 6, "SENT_DM_API_KEY"),
        (401, "AUTH_002", 6, "SENT_DM_API_KEY"),
        (401, "UNAUTHORIZED", 6, "SENT_DM_API_KEY"),
        (403, "FORBIDDEN", 6, "permission"),
        (403, "AUTH_004", 6, "administrator"),
        (403, "AUTH_005", 6, "not activated"),
        (403, "AUTH_006", 6, "KYC"),
        (403, "AUTH_007", 6, "add a channel"),
        (400, "VALIDATION_001", 4, "--search"),
        (404, "RESOURCE_004", 4, "--profile-id"),
        (200, "VALIDATION_003", 4, "--profile-id"),
    ];
    for (status, code, exit_code, hint) in table {
        let server = ScriptedServer::start(move |_, _| Answer::error(status, code));
        let run = sent_export()
            .contacts(&server.url(), &["-o", "c.csv"])
            .finish()
            .expect_code(exit_code)
            .expect_stderr(code)
            .expect_stderr("req_test")
            .expect_stderr(hint);
        assert_eq!(server.requests().len(), 1, "{code}");
        assert!(run.files().is_empty(), "{code}");
    }
}

#[test]
fn a_server_that_echoes_the_request_reveals_no_number_and_no_search() {
    let server = ScriptedServer::start(|number, head| {
        let target = head.split(' ').nth(1).unwrap();
        let error = serde_json::json!({"code": "SEARCH_001", "message": format!("bad request: {target}"),
            "details": {"phone": [format!("{target} has no contact_14155550123")]}, "doc_url": target});
        let meta = serde_json::json!({"request_id": "req_20260101123456"});
        let answer = serde_json::json!({"success": false, "error": error, "meta": meta}).to_string();
        Answer::Http(if number == 0 { 503 } else { 400 }, vec![], answer)
    });
    for filter in [["--phone", "+1 415 555-0123"], ["--phone", "+14155550123"], ["--search", "Søren (sales)"]] {
        let arguments = ["-o", "c.csv", "-vv", filter[0], filter[1]];
        let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(4);
        let run = run.expect_stderr("SEARCH_001").expect_stderr("req_20260101123456");
        for part in ["555-0123", "5550123", "s%c3%b8", "søren", "sales"] {
            assert!(!run.stderr.to_lowercase().contains(part), "{part} shows in{run:?}");
        }
    }
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn the_simulators_own_errors_have_their_exit_codes() {
    let simulator = simulator(10);
    let url = simulator.base_url();
    sent_export().env("SENT_DM_API_KEY", Some("wrong")).contacts(&url, &["-o", "c.csv"]).finish().expect_code(6);
    let unknown = "6f9619ff-8b86-4011-b42d-00cf4fc964ff";
    sent_export().contacts(&url, &["-o", "c.csv", "--profile-id", unknown]).finish().expect_code(4);
    sent_export().contacts(&url, &["-o", "c.csv", "--channel", "pigeon"]).finish().expect_code(4);
}

#[test]
fn a_key_revoked_halfway_ends_the_run_and_the_hint_names_the_cost_of_another() {
    let server = ScriptedServer::start(|_, head| match Asked::by(head) {
        asked if asked.holds(250) => Answer::error(401, "AUTH_002"),
        asked => asked.answer_of(450),
    });
    let run = sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(6);
    run.expect_stderr("SENT_DM_API_KEY")
        .expect_stderr("the same command resumes with this key, and starts over with another");
}

#[test]
fn delays_before_retries_count_as_waiting() {
    let server = ScriptedServer::start(|number, head| match number {
        0..5 => Answer::error(500, "INTERNAL_001"),
        _ => Asked::by(head).answer_of(100),
    });
    let arguments = ["contacts", "-o", "c.csv", "--summary", "s.json", "--rate-limit", "none", "--retry-delay", "40ms"];
    let run = sent_export().args(arguments).args(["--base-url", &server.url()]).finish().expect_code(0);
    let run = run.json("s.json")["run"].clone();
    let [waited, elapsed] = ["waited_seconds", "elapsed_seconds"].map(|name| run[name].as_f64().unwrap());
    // Five random delays of up to 40, 80, 160, 320 and 640 ms: their sum is below this once in many millions of runs.
    assert!(waited > 0.01 && waited <= elapsed, "{waited} of {elapsed}");
}

#[test]
fn a_redirect_is_not_followed_and_gets_no_key() {
    let other = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    let location = format!("location: {}/v3/contacts", other.url());
    let server = ScriptedServer::start(move |_, _| Answer::Http(307, vec![location.clone()], String::new()));
    sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(4).expect_stderr("redirects");
    assert!(other.requests().is_empty());
}

#[test]
fn a_rejected_page_size_is_reduced_once_and_reported() {
    let server = ScriptedServer::start(|_, head| {
        if head.contains("page_size=500") {
            let error = serde_json::json!({"code": "VALIDATION_005", "message": "out of range",
                "details": {"page_size": ["must be at most 100"]}});
            return Answer::Http(400, vec![], serde_json::json!({"success": false, "error": error}).to_string());
        }
        Asked::by(head).answer_of(250)
    });
    let run = sent_export()
        .contacts(&server.url(), &["-o", "c.csv", "--page-size", "500"])
        .finish()
        .expect_code(0)
        .expect_stderr("refuses pages of 500");
    assert_eq!(csv_lines(&run), 251);
}

#[test]
fn a_shrinking_list_is_read_to_its_end_and_reported_as_healed() {
    let server = ScriptedServer::start(|number, head| Asked::by(head).answer_of(if number == 0 { 250 } else { 249 }));
    let run = sent_export()
        .contacts(&server.url(), &["-o", "c.csv", "--summary", "s.json", "--show-table"])
        .finish()
        .expect_code(0)
        .expect_stderr("between 249 and 250");
    assert_eq!(run.json("s.json")["run"]["verdict"], "healed");
    assert_eq!(csv_lines(&run), 250);
}

#[test]
fn a_count_that_differs_from_the_listed_rows_is_unverified() {
    let server = ScriptedServer::start(|_, head| {
        let page = Asked::by(head).page_of(249);
        Answer::ok(page.replace(r#""total_count":249"#, r#""total_count":250"#))
    });
    let run = sent_export()
        .contacts(&server.url(), &["-o", "c.csv", "--summary", "s.json"])
        .finish()
        .expect_code(3)
        .expect_stderr("the API counts 250 contacts but lists a different number");
    assert_eq!(run.json("s.json")["run"]["verdict"], "unverified");
    assert_eq!(run.evidence("s.json", "count_disagrees"), Some(250.into()));
    assert_eq!(csv_lines(&run), 250);
}

#[test]
fn a_contact_that_comes_twice_is_written_once() {
    // Every request returns the first page, which says that another one follows. Two pages beyond the one that
    // had new rows are requested; then the run stops.
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 200)));
    let arguments = ["-o", "c.csv", "--summary", "s.json"];
    let run =
        sent_export().contacts(&server.url(), &arguments).args(["--consistency", "plain"]).finish().expect_code(3);
    assert_eq!(csv_lines(&run), 101);
    assert_eq!(run.json("s.json")["run"]["duplicates_removed"], 200);
    assert_eq!(server.requests().len(), 3);
    // If gaps are to be healed, the run soon detects that this server is unreliable.
    let run = sent_export().contacts(&server.url(), &arguments).finish().expect_code(3);
    assert_eq!(csv_lines(&run), 101);
    assert!(server.requests().len() < 60, "{} requests", server.requests().len());
}

#[test]
fn an_export_through_all_kinds_of_failures_holds_every_contact_once() {
    let faults = [
        "INTERNAL_001 rate=5%",
        "INTERNAL_002 page=7 times=4",
        "429:1 page=11 times=1",
        "html-502 page=13 times=1",
        "cut-off page=17 times=1",
        "reset page=19 times=1",
    ];
    let faults = faults.into_iter().map(|fault| fault.parse().unwrap()).collect();
    let simulator = Simulator::start(Settings { contacts: 4_000, faults, ..Settings::default() }).unwrap();
    let run = sent_export()
        .contacts(&simulator.base_url(), &["-o", "c.csv", "--summary", "s.json"])
        .finish()
        .expect_code(0)
        .expect_stderr("complete: 4,000 contacts");
    assert_eq!(csv_lines(&run), 4001);
    let (summary, statistics) = (run.json("s.json"), simulator.statistics());
    let retries = summary["run"]["retries"].as_u64().unwrap();
    assert!(retries >= 7, "four for page 7, one each for pages 13, 17 and 19, and 5% of all requests: {retries}");
    assert_eq!(summary["run"]["rate_limited"], 1);
    assert_eq!(summary["run"]["requests"], statistics.list_requests);
    assert_eq!(
        statistics.list_requests,
        46 + 2 + retries + 1,
        "windows, rereads of start and end, retries, and the request that got the 429"
    );
    assert_eq!(statistics.requests_deep_in_pause, 0, "no request is sent during a pause");
}

#[test]
fn a_client_within_the_limit_gets_no_429() {
    let rate_limit = Some("40/s".parse().unwrap());
    let settings = Settings { contacts: 6_000, rate_limit, burst: 10, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    let arguments = ["contacts", "-o", "c.csv", "--rate-limit", "40/s", "--burst", "10", "--base-url"];
    sent_export().args(arguments).args([simulator.base_url()]).finish().expect_code(0);
    let statistics = simulator.statistics();
    assert_eq!(statistics.rate_limited, 0);
    // The start is reread, and so is the end unless its window was the only one in flight.
    assert!((68 + 1..=68 + 2).contains(&statistics.list_requests), "{} requests", statistics.list_requests);
}

#[test]
fn an_unknown_limit_is_learned_from_429s_without_losing_rows() {
    let rate_limit = Some("40/s".parse().unwrap());
    let settings = Settings { contacts: 4_000, rate_limit, burst: 10, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
    assert_eq!(csv_lines(&run), 4001);
    assert_eq!(simulator.statistics().requests_deep_in_pause, 0);
}
