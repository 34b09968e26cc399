//! Network failures: no response, slow responses, no server, the wrong server.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use sent_export::simulator::{Settings, Simulator};

use crate::support::{Answer, Asked, ScriptedServer, csv_ids, sent_export};

fn with_faults(contacts: u32, faults: &[&str]) -> Simulator {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    Simulator::start(Settings { contacts, faults, ..Settings::default() }).unwrap()
}

#[test]
fn a_server_that_never_responds_is_unavailable() {
    let server = with_faults(100, &["hang"]);
    let arguments = ["-o", "c.csv", "--timeout", "100ms", "--max-retries", "1"];
    let run = sent_export().contacts(&server.base_url(), &arguments).finish().expect_code(5);
    run.expect_stderr("timed out").expect_stderr("2 attempts").expect_stderr("check the network and --base-url");
}

#[test]
fn a_response_that_is_too_slow_is_requested_again() {
    let server = with_faults(900, &["drip:200ms page=4 times=1"]);
    let run = sent_export().contacts(&server.base_url(), &["-o", "c.csv", "--timeout", "300ms", "--summary", "s.json"]);
    let run = run.finish().expect_code(0);
    assert_eq!(run.json("s.json")["run"]["retries"], 1);
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 900);
}

#[test]
fn a_temporary_outage_loses_no_rows() {
    let server = with_faults(4_000, &["gone:1500ms nth=20 times=1"]);
    let arguments = ["contacts", "-o", "c.csv", "--rate-limit", "none", "--retry-delay", "200ms", "--base-url"];
    let run = sent_export().args(arguments).args([server.base_url()]).finish().expect_code(0);
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 4_000);
}

/// The reader of the output pauses for longer than a request may take. Responses that arrive meanwhile must still be read,
/// or every request in flight would be repeated.
#[test]
fn a_stalled_reader_causes_no_extra_requests() {
    const PAGES: u32 = 500;
    // Windows overlap.
    const WINDOWS: u64 = 571;
    let server = ScriptedServer::start(|_, head| Asked::by(head).answer_of(PAGES * 100));
    let arguments = ["-o", "-", "--format", "csv", "--timeout", "1s", "--summary", "s.json", "--quiet"];
    let (folder, mut command) = sent_export().contacts(&server.url(), &arguments).into_parts();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut asked, mut since) = (0, Instant::now());
    while asked == 0 || since.elapsed() < Duration::from_millis(1_300) {
        std::thread::sleep(Duration::from_millis(10));
        let now = server.requests().len();
        if now != asked {
            (asked, since) = (now, Instant::now());
        }
    }
    assert!(asked < PAGES as usize, "the run must wait for its reader");
    let mut csv = String::new();
    child.stdout.take().unwrap().read_to_string(&mut csv).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(csv.lines().count(), PAGES as usize * 100 + 1);
    let summary = std::fs::read_to_string(folder.path().join("s.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["run"]["retries"], 0);
    // Then the start is reread, and so is the end unless its window was the only one in flight.
    let requests = summary["run"]["requests"].as_u64().unwrap();
    assert!((WINDOWS + 1..=WINDOWS + 2).contains(&requests), "{requests} requests");
}

#[test]
fn a_page_that_fails_for_long_does_not_stop_the_others() {
    let server = with_faults(3_000, &["INTERNAL_004 page=3 times=5"]);
    let arguments = ["-o", "c.csv", "--max-retries", "3", "--summary", "s.json"];
    let run = sent_export().contacts(&server.base_url(), &arguments).finish().expect_code(0);
    let run = run.expect_stderr("retrying at the end").expect_stderr("complete: 3,000");
    // The window shares three rows with the next one, too few to meet them, so one more window connects the two.
    assert_eq!(server.statistics().list_requests, 34 + 2 + 5 + 1);
    assert_eq!(csv_ids(&run.path("c.csv")).len(), 3_000);
}

#[test]
fn a_service_that_stops_working_altogether_ends_the_run() {
    let server = with_faults(100_000, &["INTERNAL_005 after=20"]);
    let arguments = ["-o", "c.csv", "--max-retries", "2", "--concurrency", "4"];
    let run = sent_export().contacts(&server.base_url(), &arguments).finish().expect_code(5);
    assert!(server.statistics().list_requests < 20 + 3 * 12, "the run must not request all other pages");
    run.expect_stderr("INTERNAL_005").expect_stderr("saved in");
}

/// An address on this machine where nothing listens.
fn dead_address() -> String {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{address}")
}

#[test]
fn a_refused_connection_is_reported_at_once_and_the_run_ends_soon() {
    let address = dead_address();
    let run = sent_export().contacts(&address, &["-o", "c.csv", "--phone", "+14155550123"]).finish().expect_code(5);
    let warning = format!("warning: cannot reach {address}: connection refused; retrying");
    assert_eq!(run.stderr.matches(&warning).count(), 1, "{run:?}");
    let run = run
        .expect_stderr("caused by: Connection refused")
        .expect_stderr("(6 attempts in ")
        .expect_stderr(&format!("): cannot reach {address}: connection refused"));
    run.expect_stderr("check the network and --base-url");
}

#[test]
fn a_lower_retry_limit_is_respected() {
    let arguments = ["-o", "c.csv", "--max-retries", "0"];
    let run = sent_export().contacts(&dead_address(), &arguments).finish().expect_code(5);
    assert!(!run.stderr.contains("retrying"), "{run:?}");
    let arguments = ["-o", "c.csv", "--max-retries", "2"];
    sent_export().contacts(&dead_address(), &arguments).finish().expect_code(5).expect_stderr("(3 attempts in ");
}

#[test]
fn a_resumed_run_with_refused_connections_ends_as_soon() {
    let server = ScriptedServer::start(|_, head| match Asked::by(head) {
        asked if asked.holds(650) => Answer::error(500, "INTERNAL_002"),
        asked => asked.answer_of(3_000),
    });
    let (address, arguments) = (server.url(), ["-o", "c.csv", "--max-retries", "1"]);
    let run = sent_export().contacts(&address, &arguments).finish().expect_code(5).expect_stderr("saved in");
    drop(server);
    let run = run.again().contacts(&address, &["-o", "c.csv"]).finish().expect_code(5);
    assert!(!run.stderr.contains("when the others are there"), "{run:?}");
    run.expect_stderr("cannot reach").expect_stderr("saved in");
}

#[test]
fn a_service_that_has_responded_gets_all_retries() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // After the first response, nothing listens on the port.
        drop(listener);
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 503 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    });
    let arguments = ["-o", "c.csv", "--max-retries", "9"];
    let run = sent_export().contacts(&address, &arguments).finish().expect_code(5);
    let run = run.expect_stderr("(10 attempts in ").expect_stderr("connection refused");
    assert!(!run.stderr.contains("warning: "), "{run:?}");
}

#[test]
fn an_unknown_host_name_is_reported() {
    let arguments = ["-o", "c.csv", "--max-retries", "0", "--connect-timeout", "5s"];
    let run = sent_export().contacts("https://sent-export.invalid", &arguments).finish().expect_code(5);
    run.expect_stderr("contacts page 1")
        .expect_stderr("cannot reach https://sent-export.invalid: the name does not resolve")
        .expect_stderr("check the network and --base-url");
}

#[test]
fn https_on_a_plain_http_port_is_reported() {
    let server = with_faults(10, &[]);
    let address = server.base_url().replace("http:", "https:");
    let run = sent_export().contacts(&address, &["-o", "c.csv"]).finish().expect_code(5).expect_stderr("6 attempts");
    run.expect_stderr(&format!("cannot reach {address}: it does not speak TLS")).expect_stderr("use plain HTTP");
}

#[test]
fn a_base_url_with_the_path_of_the_api_is_reported() {
    let server = with_faults(10, &[]);
    let address = format!("{}/v3", server.base_url());
    let run = sent_export().contacts(&address, &["-o", "c.csv"]).finish().expect_code(4);
    run.expect_stderr("RESOURCE_000").expect_stderr("hint: remove /v3 from --base-url");
}

#[test]
fn a_certificate_that_does_not_verify_is_never_retried() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let connections = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = connections.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            crate::support::greet_with_unknown_certificate(stream);
        }
    });
    let run = sent_export().contacts(&address, &["-o", "c.csv"]).finish().expect_code(1);
    run.expect_stderr("certificate is not trusted");
    assert_eq!(connections.load(std::sync::atomic::Ordering::SeqCst), 1);
}

/// A run through a proxy with these responses to CONNECT; also returns how many the proxy sent.
fn through_proxy(answers: &'static [u16], code: i32) -> (crate::support::Finished, usize) {
    let proxy = ScriptedServer::start(move |number, head| {
        assert!(head.starts_with("connect api.sent.invalid:443 http/1.1\r\n"), "{head}");
        Answer::Http(answers[number.min(answers.len() - 1)], vec![], String::new())
    });
    let address = proxy.url().replace("http://", "http://user:wr0ng-word@");
    let run = sent_export().env("HTTPS_PROXY", Some(&address));
    let run = run.contacts("https://api.sent.invalid", &["-o", "c.csv", "-vv"]).finish().expect_code(code);
    assert!(!run.stderr.contains("wr0ng"), "{run:?}");
    (run, proxy.requests().len())
}

#[test]
fn a_proxy_that_refuses_the_credentials_gets_one_request_and_is_named() {
    let (run, asked) = through_proxy(&[407], 6);
    let run = run.expect_stderr("the proxy of HTTPS_PROXY rejected the credentials (HTTP 407)");
    run.expect_stderr("hint: correct the user name and password in HTTPS_PROXY");
    assert_eq!(asked, 1, "a few wrong passwords may lock the account");
}

#[test]
fn a_proxy_that_forbids_the_host_gets_no_further_request_and_is_named() {
    let (run, asked) = through_proxy(&[403], 6);
    run.expect_stderr("the proxy of HTTPS_PROXY refused the connection (HTTP 403)").expect_stderr("allow this host");
    assert_eq!(asked, 2, "the second request obtains the status");
}

#[test]
fn a_proxy_that_fails_is_retried_for_a_while() {
    let (run, asked) = through_proxy(&[502], 5);
    run.expect_stderr("(6 attempts in ").expect_stderr("the proxy of HTTPS_PROXY refused the connection (HTTP 502)");
    assert_eq!(asked, 12);
}

#[test]
fn a_proxy_that_cannot_be_used_is_named_before_anything_is_sent() {
    for (proxy, message) in [
        ("socks5://user:word@127.0.0.1:1", "the proxy of ALL_PROXY has an unsupported scheme: socks5"),
        ("ftp://127.0.0.1:1", "the proxy of ALL_PROXY has an unsupported scheme: ftp"),
        ("user:word@ :", "ALL_PROXY is not the address of a proxy"),
    ] {
        let run = sent_export().env("ALL_PROXY", Some(proxy)).contacts("https://api.sent.invalid", &["-o", "c.csv"]);
        let run = run.finish().expect_code(2).expect_stderr(message).expect_stderr("NO_PROXY");
        assert!(!run.stderr.contains("word"), "{run:?}");
    }
    let server = with_faults(10, &[]);
    let run = sent_export().env("ALL_PROXY", Some("socks5://127.0.0.1:1"));
    run.contacts(&server.base_url(), &["-o", "c.csv"]).finish().expect_code(0);
}

#[test]
fn a_retry_date_is_interpreted_by_the_server_clock() {
    // The server's clock shows 1994. By this machine's clock, the date is long past; by the server's, it is two seconds ahead.
    let limited = Answer::error(429, "BUSINESS_002")
        .with_header("date: Sun, 06 Nov 1994 08:49:37 GMT")
        .with_header("retry-after: Sun, 06 Nov 1994 08:49:38 GMT");
    let server = ScriptedServer::start(move |number, head| match number {
        1 => limited.clone(),
        _ => Asked::by(head).answer_of(300),
    });
    let begun = Instant::now();
    sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(0);
    assert!(begun.elapsed() >= Duration::from_secs(1));
}
