//! The address of the API, and whether the key may be sent there.

use url::{Host, Url};

use super::ConfigError;

/// Parses `--base-url`, and checks that the key does not leave this machine unencrypted.
pub(super) fn check_base_url(text: &str) -> Result<Url, ConfigError> {
    let bad = || ConfigError::BadBaseUrl(without_credentials(text));
    let url = Url::parse(text).map_err(|_| bad())?;
    // A query or fragment would swallow the path of a request, and the API has no sign-in by user info.
    let is_plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if !is_plain || url.cannot_be_a_base() {
        return Err(bad());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(ConfigError::InsecureBaseUrl(url.to_string())),
        _ => Err(bad()),
    }
}

/// An address without parts that may be secret: user name, password and query.
fn without_credentials(url: &str) -> String {
    let shown = match url.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => url.to_owned(),
    };
    match shown.split_once(['?', '#']) {
        Some((address, _)) => format!("{address}?…"),
        None => shown,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_over_https_or_stays_on_this_machine() {
        for good in ["https://api.sent.dm", "http://127.0.0.1:80", "http://[::1]:9/", "http://localhost/base"] {
            assert!(check_base_url(good).is_ok(), "{good}");
        }
        for insecure in ["http://api.sent.dm", "http://192.168.1.2", "http://localhost.evil.example"] {
            assert!(matches!(check_base_url(insecure), Err(ConfigError::InsecureBaseUrl(_))), "{insecure}");
        }
        let with_secrets = [
            "https://user:secret@api.sent.dm",
            "https://api.sent.dm?key=secret",
            "api#secret",
            "https://api.sent.dm/#secret",
            "https://api.sent.dm#",
            "https://api.sent.dm/?",
        ];
        for bad in ["", "api.sent.dm", "ftp://api.sent.dm", "mailto:a@b"].into_iter().chain(with_secrets) {
            let error = check_base_url(bad).unwrap_err();
            assert!(matches!(error, ConfigError::BadBaseUrl(_)), "{bad}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
