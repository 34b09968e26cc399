//! Posts JSON to an address: a webhook or a lineage server.
//!
//! There is one attempt with a timeout of ten seconds. Certificates and proxies are those of the API client. Redirects are
//! not followed, because they could send the body or a token elsewhere.
//!
//! *Easy to get wrong:* anyone with such an address can post to it, so only its host is shown.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use url::Url;

/// Timeout of a post.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An HTTP address to post to.
#[derive(Clone)]
pub struct PostAddress(Url);

/// Why an address is invalid, without showing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// It is not a URL.
    #[error("it is not a URL")]
    NotUrl,
    /// It is not an HTTP address.
    #[error("it does not begin with https:// or http://")]
    Scheme,
}

/// A token for `Authorization: Bearer`, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

/// Why a post was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The client cannot be created.
    #[error("cannot set up HTTPS: {}", root_of(source.as_ref()))]
    Client {
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// There was no response.
    #[error("{}", root_of(source))]
    Send {
        /// Why, without the address.
        source: reqwest::Error,
    },
    /// The response is not a success.
    #[error("HTTP {status}")]
    Refused {
        /// Its status.
        status: u16,
    },
    /// The runtime cannot be created.
    #[error("{0}")]
    Runtime(std::io::Error),
}

/// The innermost cause, which is the most specific.
fn root_of(error: &(dyn StdError + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}

impl fmt::Debug for PostAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PostAddress").field("host", &self.host()).finish_non_exhaustive()
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BearerToken(..)")
    }
}

impl BearerToken {
    /// Trims a token; `None` if it is invalid in a header.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }
}

impl PostAddress {
    /// Parses an address.
    ///
    /// # Errors
    /// When it is not an HTTP address.
    pub fn new(url: &str) -> Result<Self, AddressProblem> {
        let url = Url::parse(url.trim()).map_err(|_| AddressProblem::NotUrl)?;
        match url.scheme() {
            "http" | "https" => Ok(Self(url)),
            _ => Err(AddressProblem::Scheme),
        }
    }

    /// The same address, with this path if it has none.
    #[must_use]
    pub fn with_default_path(mut self, path: &str) -> Self {
        if self.0.path() == "/" {
            self.0.set_path(path);
        }
        self
    }

    /// The host, which is all that may be shown.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Posts a JSON body, using a separate runtime because the runtime of the run may have ended.
    ///
    /// # Errors
    /// When the response is not a success.
    pub fn post(&self, body: String, token: Option<&BearerToken>) -> Result<(), PostError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PostError::Runtime)?;
        let posted = runtime.block_on(self.send(body, token));
        // Name resolution may still hang on another thread.
        runtime.shutdown_background();
        posted
    }

    async fn send(&self, body: String, token: Option<&BearerToken>) -> Result<(), PostError> {
        let client = self.client().map_err(|source| PostError::Client { source: source.into() })?;
        let mut request = client.post(self.0.clone()).header("content-type", "application/json").body(body);
        if let Some(BearerToken(token)) = token {
            request = request.bearer_auth(token);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Err(PostError::Send { source: error.without_url() }),
        };
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(PostError::Refused { status: status.as_u16() }) }
    }

    fn client(&self) -> Result<reqwest::Client, reqwest::Error> {
        // This fails only if a provider is already installed, which is fine.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("sent-export/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(TIMEOUT);
        if self.0.scheme() == "http" {
            // Certificates are not loaded, so that a machine without any can post to a local address.
            builder = builder.tls_certs_only([]);
        }
        builder.build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_token_are_never_shown() {
        let address = PostAddress::new(" https://user:pw@hooks.example.com/services/T0/secret?token=x\n").unwrap();
        let shown = format!("{address:?} {:?}", BearerToken::new(" abc\n"));
        assert_eq!(shown, r#"PostAddress { host: "hooks.example.com", .. } Some(BearerToken(..))"#);
        assert_eq!(PostAddress::new("hooks.example.com/secret").unwrap_err(), AddressProblem::NotUrl);
        assert_eq!(PostAddress::new("ftp://x/secret").unwrap_err(), AddressProblem::Scheme);
        for unusable in ["", " ", "a b", "a\nb", "ü"] {
            assert_eq!(BearerToken::new(unusable), None, "{unusable:?}");
        }
    }

    #[test]
    fn an_address_without_a_path_gets_one() {
        let with_path = |url: &str| PostAddress::new(url).unwrap().with_default_path("api/v1/lineage").0.to_string();
        assert_eq!(with_path("http://marquez:5000"), "http://marquez:5000/api/v1/lineage");
        assert_eq!(with_path("http://marquez:5000/other?x=1"), "http://marquez:5000/other?x=1");
    }
}
