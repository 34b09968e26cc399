//! Every fault, as seen on the wire.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use sent_export::simulator::{DEFAULT_API_KEY, ErrorCode, Fault, Settings, Simulator};

use super::client::{Answer, ask, connect, page, start, try_ask};

fn with_faults(faults: &[&str]) -> Simulator {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    start(Settings { faults, ..Settings::default() })
}

fn struck(fault: &str) -> Answer {
    page(&with_faults(&[fault]), 1, 100)
}

#[test]
fn every_error_of_the_catalog_can_be_sent() {
    for code in ErrorCode::all() {
        let answer = struck(code.name());
        assert_eq!(answer.error(), (code.status(), code.name().to_owned()));
        assert!(answer.header("x-request-id").is_some());
        assert_eq!(answer.header("retry-after").is_some(), code == ErrorCode::BUSINESS_002);
    }
}

#[test]
fn an_error_can_hide_inside_a_success() {
    let answer = struck("ok-envelope:INTERNAL_001");
    assert_eq!(answer.error(), (200, "INTERNAL_001".into()));
    assert_eq!(answer.json()["success"], false);
}

#[test]
fn gateways_answer_without_an_envelope() {
    let html = struck("html-502");
    assert_eq!((html.status, html.header("content-type")), (502, Some("text/html")));
    assert!(html.text().contains("<h1>502</h1>"));
    assert_eq!((html.header("x-request-id"), html.header("x-ratelimit-limit")), (None, None));
    let bare = struck("503");
    assert_eq!((bare.status, bare.text().as_str()), (503, "503 Service Unavailable\n"));
}

#[test]
fn bodies_can_lack_what_they_need() {
    let empty = struck("empty-body");
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let broken = struck("not-json");
    assert_eq!(broken.header("content-length"), Some(broken.body.len().to_string().as_str()));
    assert!(serde_json::from_slice::<serde_json::Value>(&broken.body).is_err());
    assert!(struck("missing-data").json().get("data").is_none());
    assert!(struck("null-data").json()["data"].is_null());
}

#[test]
fn a_cut_off_body_is_half_of_what_was_promised() {
    let answer = struck("cut-off");
    let promised: usize = answer.header("content-length").unwrap().parse().unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.len(), promised / 2);
}

#[test]
fn a_pause_is_requested_in_seconds() {
    let answer = struck("429:30");
    assert_eq!(answer.error(), (429, "BUSINESS_002".into()));
    assert_eq!(answer.header("retry-after"), Some("30"));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
}

#[test]
fn a_connection_is_reset_or_closed_without_an_answer() {
    let error = try_ask(&with_faults(&["reset"]), "/v3/me").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let error = try_ask(&with_faults(&["close"]), "/v3/me").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_hanging_request_is_in_flight_until_the_client_gives_up() {
    let simulator = with_faults(&["hang"]);
    let mut stream = connect(&simulator).unwrap();
    stream.write_all(b"GET /v3/me HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let error = stream.read(&mut [0; 10]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert_eq!(simulator.statistics().in_flight, 1);
    drop(stream);
    let deadline = Instant::now() + Duration::from_secs(5);
    while simulator.statistics().in_flight > 0 {
        assert!(Instant::now() < deadline, "the simulator did not notice");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_dripping_body_comes_a_byte_at_a_time() {
    let simulator = with_faults(&["drip:5ms"]);
    let begin = Instant::now();
    let answer = ask(&simulator, "/v3/nowhere");
    assert_eq!(answer.status, 404);
    assert!(begin.elapsed() > Duration::from_millis(5) * u32::try_from(answer.body.len()).unwrap());
    assert!(answer.json()["meta"].is_object(), "the body is complete in the end");
}

#[test]
fn a_slow_answer_is_right_but_late() {
    let begin = Instant::now();
    assert_eq!(struck("slow:150ms").status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(150));
}

#[test]
fn pages_can_lack_rows_or_become_smaller() {
    let simulator = with_faults(&["rows:7 nth=1", "page-cap:25 nth=2"]);
    let short = page(&simulator, 2, 100);
    assert_eq!((short.ids().len(), short.total_count()), (7, 5_000));
    let capped = page(&simulator, 2, 100).json();
    assert_eq!(capped["data"]["pagination"]["page_size"], 25);
    assert_eq!(capped["data"]["pagination"]["total_pages"], 200);
    assert_eq!(page(&simulator, 2, 100).ids()[..7], short.ids());
}

#[test]
fn a_redirect_leads_where_visits_are_counted() {
    let simulator = with_faults(&["redirect"]);
    let answer = page(&simulator, 1, 100);
    assert_eq!((answer.status, answer.header("location")), (302, Some("/_simulator/redirect-target")));
    ask(&simulator, "/_simulator/redirect-target");
    let statistics = simulator.statistics();
    assert_eq!((statistics.redirect_target_hits, statistics.redirect_target_hits_with_key), (1, 1));
    let elsewhere = struck("redirect:http://127.0.0.1:1/elsewhere");
    assert_eq!(elsewhere.header("location"), Some("http://127.0.0.1:1/elsewhere"));
}

#[test]
fn a_stopped_server_refuses_connections_and_can_restart() {
    let simulator = with_faults(&["gone:300ms nth=2"]);
    assert_eq!(ask(&simulator, "/v3/me").status, 200);
    let begin = Instant::now();
    assert!(try_ask(&simulator, "/v3/me").is_err());
    assert_eq!(connect(&simulator).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    while connect(&simulator).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(10), "the server never listened again");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_eq!(ask(&simulator, "/v3/me").status, 200);
}

#[test]
fn faults_apply_to_pages_and_request_numbers_a_limited_number_of_times() {
    let simulator = with_faults(&["INTERNAL_002 page=7 times=2", "INTERNAL_005 nth=4..5"]);
    let statuses: Vec<u16> = [7, 7, 7, 1, 1, 1].map(|number| page(&simulator, number, 100).status).into();
    assert_eq!(statuses, [500, 500, 200, 503, 503, 200]);
    assert_eq!(simulator.statistics().faults_injected, 4);
}

#[test]
fn faults_drawn_by_rate_are_the_same_for_the_same_seed() {
    let statuses = || {
        let simulator = with_faults(&["INTERNAL_001 rate=20%"]);
        (0..50).map(|_| page(&simulator, 1, 1).status).collect::<Vec<_>>()
    };
    let first = statuses();
    assert_eq!(first, statuses());
    assert!((3..20).contains(&first.iter().filter(|status| **status == 500).count()));
}

#[test]
fn faults_can_be_armed_and_disarmed_while_it_runs() {
    let simulator = start(Settings::default());
    simulator.add_fault("SERVICE_001".parse::<Fault>().unwrap());
    assert_eq!(page(&simulator, 1, 1).status, 503);
    simulator.clear_faults();
    assert_eq!(page(&simulator, 1, 1).status, 200);
}

#[test]
fn a_connection_survives_an_error_and_serves_the_next_request() {
    let simulator = with_faults(&["INTERNAL_001 nth=1"]);
    let mut stream = connect(&simulator).unwrap();
    for expected in ["HTTP/1.1 500", "HTTP/1.1 200"] {
        let request = format!("GET /v3/me HTTP/1.1\r\nhost: x\r\nx-api-key: {DEFAULT_API_KEY}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = vec![0; 65_536];
        let count = stream.read(&mut bytes).unwrap();
        assert!(String::from_utf8_lossy(&bytes[..count]).starts_with(expected));
    }
    assert_eq!(simulator.statistics().connections, 1);
}
