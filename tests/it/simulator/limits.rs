//! The rate limit, its headers, and what the simulator counts.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sent_export::simulator::{Latency, Rate, RateHeaderStyle, RetryAfter, Settings, Simulator};

use super::client::{ask, ask_with, page, start};

fn limited(settings: Settings) -> Simulator {
    start(Settings { rate_limit: Some(Rate { per_minute: 120.0 }), burst: 3, ..settings })
}

#[test]
fn a_burst_passes_and_the_next_request_must_wait() {
    let simulator = limited(Settings::default());
    let answers: Vec<_> = (0..4).map(|_| page(&simulator, 1, 1)).collect();
    let remaining: Vec<_> = answers.iter().map(|answer| answer.header("x-ratelimit-remaining").unwrap()).collect();
    assert_eq!(remaining, ["2", "1", "0", "0"]);
    assert!(answers.iter().all(|answer| answer.header("x-ratelimit-limit") == Some("120")));
    let last = &answers[3];
    assert_eq!(last.error(), (429, "BUSINESS_002".into()));
    assert_eq!(last.header("retry-after"), Some("1"));
    let reset: u64 = last.header("x-ratelimit-reset").unwrap().parse().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!((now..=now + 3).contains(&reset), "{reset} is not soon after {now}");
    assert_eq!(simulator.statistics().rate_limited, 1);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(page(&simulator, 1, 1).status, 200);
}

#[test]
fn profiles_share_the_limit_of_their_organization_and_a_bad_key_costs_nothing() {
    let simulator = limited(Settings::default());
    let profile = simulator.profile_ids()[0].to_string();
    let key = simulator.settings().api_key.clone();
    for _ in 0..5 {
        assert_eq!(ask_with(&simulator, "/v3/me", &[("x-api-key", "wrong")]).status, 401);
    }
    let statuses: Vec<u16> = (0..4)
        .map(|_| ask_with(&simulator, "/v3/me", &[("x-api-key", &key), ("x-profile-id", &profile)]).status)
        .collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
}

#[test]
fn retry_after_comes_in_every_form() {
    let header = |retry_after| {
        let simulator = start(Settings { retry_after, faults: vec!["429:90".parse().unwrap()], ..Settings::default() });
        page(&simulator, 1, 1).header("retry-after").map(str::to_owned)
    };
    assert_eq!(header(RetryAfter::Seconds).as_deref(), Some("90"));
    assert_eq!(header(RetryAfter::Missing), None);
    assert_eq!(header(RetryAfter::Junk).as_deref(), Some("in a little while"));
    let date = header(RetryAfter::Date).unwrap();
    assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
}

#[test]
fn headers_about_the_limit_come_on_every_answer_in_every_form() {
    for path in ["/v3/me", "/v3/contacts", "/v3/nowhere"] {
        let answer = ask(&start(Settings::default()), path);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("1000000"), "{path}");
        assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req_")));
    }
    let headers = |rate_headers| {
        let answer = page(&limited(Settings { rate_headers, ..Settings::default() }), 1, 1);
        answer.header("x-ratelimit-remaining").map(str::to_owned)
    };
    assert_eq!(headers(RateHeaderStyle::Window).as_deref(), Some("119"));
    assert_eq!(headers(RateHeaderStyle::Missing), None);
    assert_eq!(headers(RateHeaderStyle::Junk).as_deref(), Some("-"));
}

#[test]
fn the_request_id_in_the_header_is_that_of_the_envelope() {
    let answer = page(&start(Settings::default()), 1, 1);
    assert_eq!(answer.header("x-request-id"), answer.json()["meta"]["request_id"].as_str());
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
}

#[test]
fn requests_during_a_pause_are_counted() {
    let simulator = start(Settings { faults: vec!["429:1 nth=1".parse().unwrap()], ..Settings::default() });
    page(&simulator, 1, 1);
    page(&simulator, 1, 1);
    let statistics = simulator.statistics();
    assert_eq!((statistics.requests_while_paused, statistics.requests_deep_in_pause), (1, 0));
    std::thread::sleep(Duration::from_millis(300));
    page(&simulator, 1, 1);
    assert_eq!(simulator.statistics().requests_deep_in_pause, 1);
    std::thread::sleep(Duration::from_millis(800));
    page(&simulator, 1, 1);
    assert_eq!(simulator.statistics().requests_while_paused, 2);
}

#[test]
fn requests_at_the_same_time_are_counted_and_latency_is_kept() {
    let wait = Duration::from_millis(200);
    let simulator = start(Settings { latency: Latency { shortest: wait, longest: wait }, ..Settings::default() });
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for number in 1..=5 {
            let simulator = &simulator;
            scope.spawn(move || page(simulator, number, 10));
        }
    });
    assert!(begin.elapsed() >= wait);
    let statistics = simulator.statistics();
    assert_eq!((statistics.max_concurrent, statistics.in_flight), (5, 0));
    assert_eq!((statistics.requests, statistics.list_requests, statistics.answered_ok), (5, 5, 5));
    assert_eq!(statistics.requests_by_window.len(), 5);
    assert_eq!(statistics.requests_by_window[&(3, 10)], 1);
}

#[test]
fn statistics_and_truth_are_served_over_http_without_being_counted() {
    let simulator = start(Settings { contacts: 20, ..Settings::default() });
    page(&simulator, 1, 10);
    let statistics = ask_with(&simulator, "/_simulator/statistics", &[]).json();
    assert_eq!(statistics["requests"], 1);
    assert_eq!(statistics["requests_by_window"]["page=1&page_size=10"], 1);
    let truth = ask_with(&simulator, "/_simulator/truth", &[]).json();
    assert_eq!(truth["present_now"].as_array().unwrap().len(), 20);
    assert_eq!(truth["present_throughout"][0], simulator.truth().present_throughout[0].to_string());
    assert_eq!(simulator.statistics().requests, 1);
}
