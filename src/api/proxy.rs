//! The proxy that the environment names, as far as error messages need it. The HTTP library finds and uses the proxy
//! itself.
//!
//! *Easy to get wrong:* the address of a proxy may contain a password, so only its scheme and the name of the variable
//! are ever shown.

use std::time::Duration;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// Environment variables that name a proxy for `https`, in order of precedence.
const VARIABLES: [[&str; 2]; 2] = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];

/// A proxy on the way to the API.
#[derive(Debug)]
pub(super) struct Proxy {
    /// The variable that names it.
    pub(super) variable: &'static str,
    address: Intercept,
}

/// A proxy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", unsupported(variable, .scheme.as_deref()))]
pub struct UnsupportedProxy {
    /// The variable that names it.
    pub variable: &'static str,
    /// The scheme of its address, if it has one.
    pub scheme: Option<String>,
}

fn unsupported(variable: &str, scheme: Option<&str>) -> String {
    match scheme {
        Some(scheme) => format!("the proxy of {variable} has an unsupported scheme: {scheme}"),
        None => format!("{variable} is not the address of a proxy"),
    }
}

impl Proxy {
    /// The proxy on the way to `base_url`. There is none for plain http, which stays on this machine.
    ///
    /// # Errors
    /// When the environment names one that cannot be used, which must not be ignored silently.
    pub(super) fn of_environment(base_url: &Url) -> Result<Option<Self>, UnsupportedProxy> {
        // In a CGI program, the variable may come from a request header. The HTTP library ignores it there, too.
        if base_url.scheme() != "https" || std::env::var_os("REQUEST_METHOD").is_some() {
            return Ok(None);
        }
        Self::find(base_url, |name| std::env::var(name).ok())
    }

    fn find(base_url: &Url, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, UnsupportedProxy> {
        let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
        let Ok(target) = base_url.as_str().parse::<http::Uri>() else { return Ok(None) };
        let exempt = first(["NO_PROXY", "no_proxy"]).map(|(_, list)| list).unwrap_or_default();
        let through = |proxy: &str| Matcher::builder().all(proxy).no(exempt.as_str()).build().intercept(&target);
        if through("http://localhost").is_none() {
            return Ok(None);
        }
        let Some((variable, value)) = VARIABLES.into_iter().filter_map(first).find(|(_, value)| !value.is_empty())
        else {
            return Ok(None);
        };
        match through(&value) {
            Some(address) if matches!(address.uri().scheme_str(), Some("http" | "https")) => {
                Ok(Some(Self { variable, address }))
            }
            _ => {
                let is_scheme = |scheme: &&str| scheme.len() <= 16 && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
                let scheme = value.split_once("://").map(|(scheme, _)| scheme).filter(is_scheme);
                Err(UnsupportedProxy { variable, scheme: scheme.map(str::to_lowercase) })
            }
        }
    }

    /// Sends CONNECT to the proxy and returns its status, which the HTTP library does not expose. `None` if the proxy does
    /// not respond, or only through TLS.
    pub(super) async fn connect_status(&self, base_url: &Url, limit: Duration) -> Option<u16> {
        let uri = self.address.uri();
        if uri.scheme_str() != Some("http") {
            return None;
        }
        let target = format!("{}:{}", base_url.host_str()?, base_url.port_or_known_default()?);
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(credentials) = self.address.basic_auth() {
            head.extend([b"Proxy-Authorization: ", credentials.as_bytes(), b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        let asking = async {
            let host = uri.host()?.trim_matches(['[', ']']);
            let mut stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await.ok()?;
            stream.write_all(&head).await.ok()?;
            let mut start = [0; "HTTP/1.1 200".len()];
            stream.read_exact(&mut start).await.ok()?;
            std::str::from_utf8(&start).ok()?.strip_prefix("HTTP/1.")?.get(2..)?.parse().ok()
        };
        tokio::time::timeout(limit, asking).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(variables: &[(&str, &str)]) -> Result<Option<(&'static str, String)>, String> {
        let base_url = Url::parse("https://api.sent.dm").unwrap();
        let value =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let found = Proxy::find(&base_url, value).map_err(|error| error.to_string())?;
        Ok(found.map(|proxy| (proxy.variable, proxy.address.uri().to_string())))
    }

    #[test]
    fn the_proxy_of_the_environment_is_found() {
        assert_eq!(find(&[]), Ok(None));
        assert_eq!(find(&[("HTTPS_PROXY", ""), ("ALL_PROXY", "")]), Ok(None));
        let found = |variable, address: &str| Ok(Some((variable, address.to_owned())));
        assert_eq!(find(&[("https_proxy", "http://u:p@a:1")]), found("https_proxy", "http://a:1/"));
        assert_eq!(find(&[("HTTPS_PROXY", ""), ("ALL_PROXY", "a:1")]), found("ALL_PROXY", "http://a:1/"));
        assert_eq!(
            find(&[("HTTPS_PROXY", "https://a:1"), ("NO_PROXY", "other")]),
            found("HTTPS_PROXY", "https://a:1/")
        );
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_without_its_password() {
        let socks = "the proxy of ALL_PROXY has an unsupported scheme: socks5";
        assert_eq!(find(&[("ALL_PROXY", "socks5://u:word@a:1")]), Err(socks.to_owned()));
        assert_eq!(find(&[("ALL_PROXY", "SOCKS5://a:1")]), Err(socks.to_owned()));
        let ftp = "the proxy of HTTPS_PROXY has an unsupported scheme: ftp";
        assert_eq!(find(&[("HTTPS_PROXY", "ftp://a:1")]), Err(ftp.to_owned()));
        let junk = "https_proxy is not the address of a proxy";
        assert_eq!(find(&[("https_proxy", "u:word@ a")]), Err(junk.to_owned()));
        assert_eq!(find(&[("ALL_PROXY", "socks5://a:1"), ("no_proxy", ".sent.dm")]), Ok(None));
    }
}
