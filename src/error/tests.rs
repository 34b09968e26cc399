use std::io;
use std::time::Duration;

use super::request::tests::{failed, rejected, unanswered};
use super::*;
use crate::api::{ConnectFailure, Problem};
use crate::base::noun::RowNoun;

const BASE_URL: &str = "https://api.sent.dm";

/// Each error as a person sees it, with its exit code.
fn shown(errors: impl IntoIterator<Item = Error>) -> String {
    let shown = |error: Error| format!("exit code {}\n{}\n", error.exit_code() as u8, error.explanation());
    errors.into_iter().map(shown).collect()
}

fn disk_full() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "no space left on device")
}

#[test]
fn errors_of_a_run() {
    let evidence =
        Evidence { code: crate::verdict::EvidenceCode::PagesReadOnce, count: Some(3), text: "3 pages".into() };
    let gate = Error::Gate {
        failure: GateFailure::TooFew { noun: RowNoun { one: "contact", many: "contacts" }, rows: 10, wanted: 100 },
        verdict: Verdict::Unverified,
        evidence: vec![evidence],
    };
    let listen = |port| StartError::Listen { port, source: io::Error::from(io::ErrorKind::AddrInUse) };
    let Error::Api(refused) = rejected(400, Some("VALIDATION_001"), BASE_URL) else { unreachable!() };
    let kept = |error: Error| Error::Kept { error: Box::new(error), journal: ".contacts.parquet.journal".into() };
    let text = shown([
        Error::Config(ConfigError::MissingKey),
        Error::from(Box::<dyn StdError + Send + Sync>::from("no CA certificates")),
        Error::from(Box::<dyn StdError + Send + Sync>::from(UnsupportedProxy {
            variable: "ALL_PROXY",
            scheme: Some("socks5".to_owned()),
        })),
        Error::StartSimulator(listen(8080)),
        Error::StartSimulator(StartError::Thread(io::Error::from(io::ErrorKind::OutOfMemory))),
        Error::StartRuntime(io::Error::from(io::ErrorKind::OutOfMemory)),
        Error::RefusedFrom { row: 10_001, error: Box::new(refused) },
        Error::Unfinished,
        Error::Print(disk_full()),
        Error::Journal(io::Error::from(io::ErrorKind::PermissionDenied)),
        gate,
        Error::TimeLimit(Duration::from_secs(90)),
        Error::WriterDied,
        Error::Stopped(ExitCode::Interrupted),
        kept(Error::Stopped(ExitCode::Terminated)),
        kept(rejected(401, Some("AUTH_002"), BASE_URL)),
        kept(rejected(400, Some("VALIDATION_001"), BASE_URL)),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn errors_of_requests() {
    let rejections = [
        (401, Some("AUTH_001")),
        (403, Some("AUTH_004")),
        (403, Some("AUTH_005")),
        (403, Some("AUTH_006")),
        (403, Some("AUTH_007")),
        (403, None),
        (400, Some("VALIDATION_001")),
        (404, Some("RESOURCE_004")),
        (404, Some("RESOURCE_000")),
        (302, None),
        (407, None),
        (500, Some("INTERNAL_001")),
        (501, None),
    ];
    let rejections = rejections.map(|(status, code)| rejected(status, code, BASE_URL));
    let failures = [
        ConnectFailure::UnknownName,
        ConnectFailure::Refused,
        ConnectFailure::NoTls,
        ConnectFailure::Certificate,
        ConnectFailure::ProxyCredentials { variable: "HTTPS_PROXY" },
        ConnectFailure::ProxyRefused { variable: "HTTPS_PROXY", status: Some(403) },
        ConnectFailure::NotConnected,
        ConnectFailure::TimedOut,
        ConnectFailure::BrokenOff,
    ];
    let request_id = || Some("req_7".to_owned());
    let unreadable = |status| Problem::Unreadable { status, reason: "it is HTML".to_owned(), request_id: request_id() };
    let others = [
        Problem::RateLimited { wait: Duration::from_secs(1200), request_id: request_id() },
        unreadable(200),
        unreadable(403),
        unreadable(502),
    ];
    let others = others.map(|problem| failed(problem, BASE_URL));
    let text = shown(rejections.into_iter().chain(failures.map(unanswered)).chain(others));
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_kept_is_promised_to_the_command_that_it_belongs_to() {
    let kept = |error: Error| Error::Kept { error: Box::new(error), journal: "j".into() }.hint().unwrap();
    let base_url = "https://api.sent.dm";
    let hint = kept(rejected(401, Some("AUTH_002"), base_url));
    let wanted = "; progress is saved in j: the same command resumes with this key, and starts over with another";
    assert!(hint.ends_with(wanted), "{hint}");
    let hint = kept(rejected(400, Some("VALIDATION_001"), base_url));
    let wanted = "; progress is saved in j: the same command resumes, a different one starts over";
    assert!(hint.ends_with(wanted), "{hint}");
    let hint = kept(unanswered(ConnectFailure::Refused));
    assert!(hint.ends_with("; progress is saved in j"), "{hint}");
}

#[test]
fn causes_of_an_error_that_is_kept_are_those_of_the_error_itself() {
    let journal = Error::Journal(std::io::Error::other("damaged"));
    let kept = Error::Kept { error: Box::new(journal), journal: "j".into() };
    assert_eq!(kept.to_string(), "cannot read the journal of the previous run");
    assert_eq!(kept.causes().map(ToString::to_string).collect::<Vec<_>>(), ["damaged"]);
}
