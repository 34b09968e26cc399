//! Why there was no response, determined by the types of the libraries' errors, because their texts change.
//!
//! The one exception is the response of a proxy to CONNECT, because the type of that error is private. The proxy tests in
//! `tests/it/network.rs` fail when its text changes.

use std::error::Error;
use std::io;

/// Why there was no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectFailure {
    /// The name of the host does not resolve.
    #[error("the name does not resolve")]
    UnknownName,
    /// Nothing listens at the address.
    #[error("connection refused")]
    Refused,
    /// The server does not speak TLS.
    #[error("it does not speak TLS")]
    NoTls,
    /// TLS refused the server's certificate.
    #[error("its certificate is not trusted")]
    Certificate,
    /// The proxy rejects the credentials (HTTP 407).
    #[error("the proxy of {variable} rejected the credentials (HTTP 407)")]
    ProxyCredentials {
        /// The variable that names the proxy.
        variable: &'static str,
    },
    /// The proxy does not connect to the API.
    #[error("the proxy of {variable} refused the connection{}", with_status(*status))]
    ProxyRefused {
        /// The variable that names the proxy.
        variable: &'static str,
        /// Its HTTP status, if known.
        status: Option<u16>,
    },
    /// No connection for another reason.
    #[error("no connection")]
    NotConnected,
    /// An attempt, or connecting, timed out.
    #[error("timed out")]
    TimedOut,
    /// The connection closed before the response was complete.
    #[error("the connection closed early")]
    BrokenOff,
}

impl ConnectFailure {
    /// Classifies an error of the HTTP library. `proxy` is the environment variable that names the proxy, if there is
    /// one.
    pub(super) fn of(error: &reqwest::Error, proxy: Option<&'static str>) -> Self {
        if let Some(refused) = proxy.and_then(|variable| find_cause(error, |cause| proxy_problem(cause, variable))) {
            return refused;
        }
        if let Some(tls) = find_cause(error, tls_problem) {
            return tls;
        }
        // This error may be nested deeply if there is a proxy, or if the name has several addresses.
        let is_refused = |cause: &(dyn Error + 'static)| {
            let error = cause.downcast_ref::<io::Error>()?;
            (error.kind() == io::ErrorKind::ConnectionRefused).then_some(Self::Refused)
        };
        match error {
            error if error.is_timeout() => Self::TimedOut,
            error if error.is_dns() => Self::UnknownName,
            error if error.is_connect() => find_cause(error, is_refused).unwrap_or(Self::NotConnected),
            _ => Self::BrokenOff,
        }
    }

    /// Whether the failure is unlikely to be transient, so that retries end early if the service never responded.
    pub(super) fn is_lasting(self) -> bool {
        matches!(self, Self::UnknownName | Self::Refused | Self::NoTls | Self::ProxyRefused { .. })
    }

    /// Whether another attempt would fail in the same way. A proxy may even lock an account after a few wrong passwords.
    pub fn is_final(self) -> bool {
        match self {
            Self::Certificate | Self::ProxyCredentials { .. } => true,
            Self::ProxyRefused { status: Some(status), .. } => {
                matches!(status, 400..=499) && !matches!(status, 408 | 429)
            }
            _ => false,
        }
    }

    /// The failure as text, with the address.
    pub(super) fn at(self, address: &str) -> String {
        match self {
            Self::TimedOut | Self::BrokenOff => format!("no response from {address}: {self}"),
            _ => format!("cannot reach {address}: {self}"),
        }
    }
}

fn with_status(status: Option<u16>) -> String {
    status.map_or_else(String::new, |status| format!(" (HTTP {status})"))
}

/// What led to a failed connection, in the words of the HTTP library. The library's first message only repeats that of
/// [`ApiError`], so the chain begins with the cause of that error.
///
/// [`ApiError`]: super::ApiError
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ConnectCause {
    message: String,
    source: Option<Box<Self>>,
}

impl ConnectCause {
    /// The causes of an error; `None` if it has none.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Box<Self>> {
        let cause = error.source()?;
        Some(Box::new(Self { message: cause.to_string(), source: Self::of(cause) }))
    }
}

fn tls_problem(cause: &(dyn Error + 'static)) -> Option<ConnectFailure> {
    match cause.downcast_ref()? {
        rustls::Error::InvalidCertificate(_) => Some(ConnectFailure::Certificate),
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => Some(ConnectFailure::NoTls),
        _ => None,
    }
}

fn proxy_problem(cause: &(dyn Error + 'static), variable: &'static str) -> Option<ConnectFailure> {
    match cause.to_string().as_str() {
        "tunnel error: proxy authorization required" => Some(ConnectFailure::ProxyCredentials { variable }),
        "tunnel error: unsuccessful" => Some(ConnectFailure::ProxyRefused { variable, status: None }),
        _ => None,
    }
}

/// The first result of `find` for an error and its causes.
fn find_cause<T>(error: &(dyn Error + 'static), find: impl Fn(&(dyn Error + 'static)) -> Option<T>) -> Option<T> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(found) = find(current) {
            return Some(found);
        }
        // An I/O error that wraps another error does not return it as its source.
        let inner = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| current.source());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_end_early_only_for_permanent_failures() {
        use ConnectFailure::{
            BrokenOff, Certificate, NoTls, NotConnected, ProxyRefused, Refused, TimedOut, UnknownName,
        };
        let table = [
            (UnknownName, true, "cannot reach http://a:1: the name does not resolve"),
            (Refused, true, "cannot reach http://a:1: connection refused"),
            (NoTls, true, "cannot reach http://a:1: it does not speak TLS"),
            // This one is never retried.
            (Certificate, false, "cannot reach http://a:1: its certificate is not trusted"),
            (NotConnected, false, "cannot reach http://a:1: no connection"),
            (
                ProxyRefused { variable: "P", status: Some(502) },
                true,
                "cannot reach http://a:1: the proxy of P refused the connection (HTTP 502)",
            ),
            (TimedOut, false, "no response from http://a:1: timed out"),
            (BrokenOff, false, "no response from http://a:1: the connection closed early"),
        ];
        for (problem, is_lasting, text) in table {
            assert_eq!((problem.is_lasting(), problem.at("http://a:1").as_str()), (is_lasting, text));
        }
    }

    #[test]
    fn causes_inside_of_io_errors_are_found() {
        let certificate = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let wrapped = io::Error::other(io::Error::other(certificate));
        assert_eq!(find_cause(&wrapped, tls_problem), Some(ConnectFailure::Certificate));
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert_eq!(find_cause(&io::Error::other(plain), tls_problem), Some(ConnectFailure::NoTls));
        assert_eq!(find_cause(&io::Error::other("certificate"), tls_problem), None);
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Nested(&'static str, #[source] Option<Box<Nested>>);

    #[test]
    fn causes_are_copied_in_order_without_the_message_of_the_library() {
        let error = Nested("sending", Some(Box::new(Nested("connecting", Some(Box::new(Nested("refused", None)))))));
        let first = ConnectCause::of(&error).expect("it has a cause");
        let causes = std::iter::successors(Some(&*first as &(dyn Error + 'static)), |&cause| cause.source());
        assert_eq!(causes.map(ToString::to_string).collect::<Vec<_>>(), ["connecting", "refused"]);
        assert!(ConnectCause::of(&Nested("alone", None)).is_none());
    }
}
