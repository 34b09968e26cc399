//! Exit code and hint of a request that failed permanently.

use std::time::Duration;

use url::Url;

use super::ExitCode;
use crate::api::{ApiError, ConnectFailure, Decision, KeySource, Problem, RequestedAccount, decide};

pub(super) fn exit_code(problem: &Problem) -> ExitCode {
    let status = match (problem, problem.status()) {
        // Something between this machine and the API interferes: a case for a person, not for a retry.
        (Problem::ConnectFailed(ConnectFailure::Certificate), _) => return ExitCode::Failure,
        (Problem::ConnectFailed(failure), _) if is_refused_by_proxy(*failure) => return ExitCode::Unauthorized,
        // There is no response, or it is for another profile, which is not a response to this request.
        (_, None) => return ExitCode::Unavailable,
        (_, Some(status)) => status,
    };
    match decide(status, problem.code()) {
        Decision::Retry | Decision::Pause => ExitCode::Unavailable,
        Decision::GiveUp if is_about_the_key(status, problem.code()) => ExitCode::Unauthorized,
        Decision::GiveUp => ExitCode::Rejected,
    }
}

/// True if the proxy refuses permanently; a proxy that fails makes the API unavailable instead.
fn is_refused_by_proxy(failure: ConnectFailure) -> bool {
    failure.is_final()
        && matches!(failure, ConnectFailure::ProxyCredentials { .. } | ConnectFailure::ProxyRefused { .. })
}

fn is_about_the_key(status: u16, code: Option<&str>) -> bool {
    matches!(status, 401 | 403 | 407) || code.is_some_and(|code| code.starts_with("AUTH_"))
}

pub(super) fn hint(ApiError { problem, account, .. }: &ApiError) -> Option<String> {
    let RequestedAccount { base_url, key_source } = account.as_ref();
    match problem {
        Problem::ConnectFailed(failure) => Some(match (no_answer_hint(*failure), proxy_variable(base_url)) {
            (Some(hint), _) => hint,
            (None, Some(proxy)) => format!("check the network, the proxy in {proxy} and --base-url, {THEN_AGAIN}"),
            (None, None) => format!("check the network and --base-url, {THEN_AGAIN}"),
        }),
        Problem::OtherProfile { .. } => Some(OTHER_PROFILE_HINT.to_owned()),
        Problem::IgnoredParameter { .. } => Some(IGNORED_PARAMETER_HINT.to_owned()),
        Problem::RateLimited { wait, .. } => {
            let wait = humantime::format_duration(Duration::from_secs(wait.as_secs()));
            Some(format!("run the same command again in {wait}"))
        }
        Problem::Unreadable { status: 200..=299, .. } => Some(UNKNOWN_FORM_HINT.to_owned()),
        Problem::Unreadable { status: 403 | 407, .. } | Problem::Rejected { status: 407, .. } => {
            Some("check the network, the proxy and --base-url: a proxy or gateway refused the request".to_owned())
        }
        Problem::Rejected { status, .. } | Problem::Unreadable { status, .. } => {
            let is_no_path = *status == 404 && matches!(problem.code(), None | Some("RESOURCE_000"));
            if is_no_path {
                Some(address_hint(base_url.path()))
            } else {
                answer_hint(*status, problem.code(), key_source)
            }
        }
    }
}

const UNKNOWN_FORM_HINT: &str = "run the same command again; if it fails the same way, check --base-url, or report it with \
                                 the request id: this version cannot read the response";

const OTHER_PROFILE_HINT: &str = "bypass any cache in front of the API, check that --profile-id is a profile of this key's \
                                  organization, then run the same command again";

const IGNORED_PARAMETER_HINT: &str = "look the contact up by its id, or export all contacts and search the file; a gateway in \
                                      front of the API may drop the parameter, so check --base-url";

const THEN_AGAIN: &str = "then run the same command again";

/// The variable that selects the proxy; plain http goes only to this machine, without one.
fn proxy_variable(base_url: &Url) -> Option<&'static str> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    names.into_iter().filter(|_| base_url.scheme() == "https").find(is_set)
}

fn no_answer_hint(cause: ConnectFailure) -> Option<String> {
    let hint = match cause {
        ConnectFailure::ProxyCredentials { variable } => {
            return Some(format!("correct the user name and password in {variable}, or exempt the host with NO_PROXY"));
        }
        ConnectFailure::ProxyRefused { variable, .. } => {
            return Some(format!(
                "ask whoever runs the proxy to allow this host, correct {variable}, or exempt the host with NO_PROXY"
            ));
        }
        ConnectFailure::Certificate => {
            "check --base-url and this machine's clock, or add the server's CA certificate to the system or to the file in \
             SSL_CERT_FILE: the server's certificate is not trusted"
        }
        ConnectFailure::NoTls => {
            "check the port of --base-url, or use http:// for a server on this machine: the server seems to use plain HTTP"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// For a base URL below which the endpoint does not exist; `path` is the one of `--base-url`.
fn address_hint(path: &str) -> String {
    let path = path.trim_end_matches('/');
    // URLs in the API reference start with /v3, which the program adds itself.
    match path
        .match_indices("/v3")
        .find(|&(at, version)| matches!(path.as_bytes().get(at + version.len()), None | Some(b'/')))
    {
        Some((at, _)) => format!("remove {} from --base-url", &path[at..]),
        None => "check that --base-url is the address of the Sent API".to_owned(),
    }
}

fn answer_hint(status: u16, code: Option<&str>, key_source: &KeySource) -> Option<String> {
    let hint = match (code, status) {
        (Some("AUTH_004"), _) => "ask an administrator of the account: the role of this key does not allow it",
        (Some("AUTH_005"), _) => "finish the account's setup in the Sent dashboard: it is not activated yet",
        (Some("AUTH_006"), _) => "finish the account's verification (KYC) in the Sent dashboard",
        (Some("AUTH_007"), _) => "add a channel in the Sent dashboard: the account has none",
        (Some("RESOURCE_004"), _) => "check --profile-id: this organization has no such profile",
        (_, 501) => "check --channel, or contact Sent's support: the API does not offer this to the account",
        (_, 403) => "use a key with this permission; only an organization's key may use --profile-id",
        _ if is_about_the_key(status, code) => return Some(key_hint(key_source)),
        (Some(code), _) if code.starts_with("VALIDATION_") => {
            "check --search, --channel, --phone, --page-size and --profile-id"
        }
        (_, 300..=399) => "set --base-url to the final address: redirects are not followed, to protect the key",
        _ if matches!(decide(status, code), Decision::Retry | Decision::Pause) => {
            "run the same command again in a few minutes: the API is failing"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// For a key that the API does not know: where to correct it.
fn key_hint(source: &KeySource) -> String {
    let step = match source {
        KeySource::Variable(place) | KeySource::File(place) => format!("put a valid key into {place}"),
        KeySource::Stdin => "pass a valid key on stdin".to_owned(),
        KeySource::Program => "let the program of --api-key-command print a valid key".to_owned(),
        KeySource::Unknown => "use a valid key".to_owned(),
    };
    step + " (the Sent dashboard shows it)"
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::api::OtherProfile;
    use crate::api::wire::ErrorBody;
    use crate::error::Error;

    pub(in crate::error) fn failed(problem: Problem, base_url: &str) -> Error {
        let account = Box::new(RequestedAccount::of_tests(base_url));
        Error::Api(ApiError { account, ..ApiError::of_first_page(problem) })
    }

    pub(in crate::error) fn rejected(status: u16, code: Option<&str>, base_url: &str) -> Error {
        let error = ErrorBody { code: code.map(str::to_owned), ..ErrorBody::default() };
        failed(Problem::Rejected { status, error: Box::new(error), request_id: None }, base_url)
    }

    pub(in crate::error) fn unanswered(cause: ConnectFailure) -> Error {
        failed(Problem::ConnectFailed(cause), "https://api.sent.dm")
    }

    #[test]
    fn every_rejection_has_the_exit_code_of_its_family() {
        let table = [
            (401, Some("AUTH_001"), ExitCode::Unauthorized, "SENT_DM_API_KEY"),
            (401, None, ExitCode::Unauthorized, "SENT_DM_API_KEY"),
            (401, Some("UNAUTHORIZED"), ExitCode::Unauthorized, "SENT_DM_API_KEY"),
            (200, Some("AUTH_009"), ExitCode::Unauthorized, "SENT_DM_API_KEY"),
            (403, Some("AUTH_004"), ExitCode::Unauthorized, "administrator"),
            (403, None, ExitCode::Unauthorized, "--profile-id"),
            (403, Some("FORBIDDEN"), ExitCode::Unauthorized, "--profile-id"),
            (400, Some("VALIDATION_005"), ExitCode::Rejected, "--page-size"),
            (404, Some("RESOURCE_004"), ExitCode::Rejected, "no such profile"),
            (404, Some("RESOURCE_000"), ExitCode::Rejected, "the address of the Sent API"),
            (404, None, ExitCode::Rejected, "the address of the Sent API"),
            (302, None, ExitCode::Rejected, "redirects"),
            (500, Some("INTERNAL_001"), ExitCode::Unavailable, "is failing"),
            (502, None, ExitCode::Unavailable, "is failing"),
            (429, Some("BUSINESS_002"), ExitCode::Unavailable, "is failing"),
            (501, Some("INTERNAL_001"), ExitCode::Rejected, "does not offer this"),
            (407, None, ExitCode::Unauthorized, "proxy or gateway refused"),
        ];
        for (status, code, wanted, hint) in table {
            let error = rejected(status, code, "https://api.sent.dm");
            assert_eq!(error.exit_code(), wanted, "{status} {code:?}");
            let shown = error.hint().unwrap_or_default();
            assert!(shown.contains(hint), "{status} {code:?}: {shown}");
        }
    }

    #[test]
    fn what_kept_an_answer_from_coming_decides_and_not_its_words() {
        let proxy = |status| ConnectFailure::ProxyRefused { variable: "ALL_PROXY", status };
        let table = [
            (ConnectFailure::Certificate, ExitCode::Failure, "certificate is not trusted"),
            (ConnectFailure::NoTls, ExitCode::Unavailable, "seems to use plain HTTP"),
            (
                ConnectFailure::ProxyCredentials { variable: "HTTPS_PROXY" },
                ExitCode::Unauthorized,
                "password in HTTPS_PROXY",
            ),
            (proxy(Some(403)), ExitCode::Unauthorized, "allow this host"),
            (proxy(Some(502)), ExitCode::Unavailable, "allow this host"),
            (proxy(None), ExitCode::Unavailable, "correct ALL_PROXY"),
            (ConnectFailure::Refused, ExitCode::Unavailable, "check the network and --base-url"),
            (ConnectFailure::TimedOut, ExitCode::Unavailable, "check the network and --base-url"),
        ];
        for (cause, code, hint) in table {
            let error = unanswered(cause);
            assert_eq!(error.exit_code(), code, "{cause:?}");
            assert!(error.hint().unwrap().contains(hint), "{cause:?}");
        }
    }

    #[test]
    fn an_answer_to_another_request_is_none() {
        let request_id = || Some("req_7".to_owned());
        let ignored =
            failed(Problem::IgnoredParameter { name: "phone", request_id: request_id() }, "https://api.sent.dm");
        assert_eq!(ignored.exit_code(), ExitCode::Unavailable);
        assert!(
            ignored
                .to_string()
                .ends_with("the API seems to ignore phone: it sent rows that do not match (request id req_7)")
        );
        assert!(ignored.hint().unwrap().starts_with("look the contact up by its id"));
        let other = OtherProfile { asked: Uuid::from_u128(1), answered: None };
        let other = Problem::OtherProfile { other: Box::new(other), request_id: request_id() };
        assert_eq!(failed(other, "https://api.sent.dm").exit_code(), ExitCode::Unavailable);
    }

    #[test]
    fn an_address_with_a_path_of_the_api_is_reported() {
        let hint = |base_url: &str| rejected(404, Some("RESOURCE_000"), base_url).hint().unwrap();
        assert_eq!(hint("https://api.sent.dm/v3"), "remove /v3 from --base-url");
        assert_eq!(hint("https://api.sent.dm/gate/v3/"), "remove /v3 from --base-url");
        assert_eq!(hint("https://api.sent.dm/v3/contacts"), "remove /v3/contacts from --base-url");
        assert_eq!(hint("https://api.sent.dm/v30/v3"), "remove /v3 from --base-url");
        for other in ["https://api.sent.dm", "https://api.sent.dm/v30", "https://api.sent.dm/xv3é/"] {
            assert_eq!(hint(other), "check that --base-url is the address of the Sent API", "{other}");
        }
    }
}
