//! Posts the outcome of a run to a webhook.
//!
//! There is one attempt with a timeout of ten seconds: the run has ended, and should not wait for a chat service.
//! Certificates and proxies are those of the API's client. Redirects are not followed, because they could carry the digest
//! elsewhere.
//!
//! *Easy to get wrong:* anyone with the address of a webhook can post to it, so only its host is shown.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use url::Url;

use super::RunRecord;

/// Timeout for a notification.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The form of a notification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NotifyForm {
    /// `{"text": digest, "run": record}`
    #[default]
    Json,
    /// `{"text": digest}`, for Slack and compatible chats.
    Slack,
}

/// The address and form of notifications.
#[derive(Clone)]
pub struct Webhook {
    url: Url,
    form: NotifyForm,
}

/// Why an address is invalid, without showing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookProblem {
    /// It is not a URL.
    #[error("it is not a URL")]
    NotUrl,
    /// It is not an HTTP address.
    #[error("it does not begin with https:// or http://")]
    Scheme,
}

/// Why a notification was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The client cannot be created.
    #[error("cannot set up HTTPS to notify {host}")]
    Client {
        /// Host of the webhook.
        host: String,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// There was no response.
    #[error("cannot notify {host}")]
    Send {
        /// Host of the webhook.
        host: String,
        /// Why, without the address.
        source: reqwest::Error,
    },
    /// The response is not a success.
    #[error("cannot notify {host}: HTTP {status}")]
    Refused {
        /// Host of the webhook.
        host: String,
        /// Its status.
        status: u16,
    },
}

#[derive(Serialize)]
struct WebhookBody<'a> {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a RunRecord>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Webhook").field("host", &self.host()).field("form", &self.form).finish_non_exhaustive()
    }
}

impl Webhook {
    /// A webhook at an address.
    ///
    /// # Errors
    /// When it is not an HTTP address.
    pub fn new(url: &str, form: NotifyForm) -> Result<Self, WebhookProblem> {
        let url = Url::parse(url.trim()).map_err(|_| WebhookProblem::NotUrl)?;
        match url.scheme() {
            "http" | "https" => Ok(Self { url, form }),
            _ => Err(WebhookProblem::Scheme),
        }
    }

    /// The part of the address that may be shown.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Posts the outcome of a run.
    ///
    /// # Errors
    /// When the response is not a success.
    pub async fn post(&self, record: &RunRecord) -> Result<(), NotifyError> {
        let host = self.host().to_owned();
        let client =
            self.client().map_err(|source| NotifyError::Client { host: host.clone(), source: source.into() })?;
        let request = client.post(self.url.clone()).header("content-type", "application/json").body(self.body(record));
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Err(NotifyError::Send { host, source: error.without_url() }),
        };
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(NotifyError::Refused { host, status: status.as_u16() }) }
    }

    fn client(&self) -> Result<reqwest::Client, reqwest::Error> {
        // Fails only if a provider is already installed, which is fine.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("sent-export/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(TIMEOUT);
        if self.url.scheme() == "http" {
            // No certificates are loaded, so that a machine without any can post within itself.
            builder = builder.tls_certs_only([]);
        }
        builder.build()
    }

    fn body(&self, record: &RunRecord) -> String {
        let body = match self.form {
            NotifyForm::Json => WebhookBody { text: record.digest(), run: Some(record) },
            NotifyForm::Slack => WebhookBody { text: escaped_for_slack(&record.digest()), run: None },
        };
        // Texts and finite numbers always have a JSON form.
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// Slack uses these three characters for its markup.
fn escaped_for_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_never_shows() {
        let hook = Webhook::new(" https://user:pw@hooks.example.com/services/T0/secret?token=x\n", NotifyForm::Slack);
        let shown = format!("{:?}", hook.unwrap());
        assert_eq!(shown, r#"Webhook { host: "hooks.example.com", form: Slack, .. }"#);
        assert_eq!(Webhook::new("hooks.example.com/secret", NotifyForm::Json).unwrap_err(), WebhookProblem::NotUrl);
        assert_eq!(Webhook::new("ftp://x/secret", NotifyForm::Json).unwrap_err(), WebhookProblem::Scheme);
    }

    #[test]
    fn slack_gets_a_text_without_markup() {
        let record = RunRecord { command: "contacts".to_owned(), summary: "a<b>&c".to_owned(), ..RunRecord::default() };
        let body = |form| Webhook::new("https://x", form).unwrap().body(&record);
        let slack: serde_json::Value = serde_json::from_str(&body(NotifyForm::Slack)).unwrap();
        assert_eq!(slack, serde_json::json!({"text": "contacts: a&lt;b&gt;&amp;c [exit code 0, 0 requests, 0s]"}));
        let json: serde_json::Value = serde_json::from_str(&body(NotifyForm::Json)).unwrap();
        assert_eq!(json["run"]["command"], "contacts");
    }
}
