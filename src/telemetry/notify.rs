//! Posts the outcome of a run to a webhook.

use serde::Serialize;

use super::RunRecord;
use super::post::{AddressProblem, PostAddress, PostError};

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
#[derive(Debug, Clone)]
pub struct Webhook {
    address: PostAddress,
    form: NotifyForm,
}

#[derive(Serialize)]
struct WebhookBody<'a> {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a RunRecord>,
}

impl Webhook {
    /// A webhook at an address.
    ///
    /// # Errors
    /// When it is not an HTTP address.
    pub fn new(url: &str, form: NotifyForm) -> Result<Self, AddressProblem> {
        Ok(Self { address: PostAddress::new(url)?, form })
    }

    /// The part of the address that may be shown.
    pub fn host(&self) -> &str {
        self.address.host()
    }

    /// Posts the outcome of a run.
    ///
    /// # Errors
    /// When the response is not a success.
    pub fn post(&self, record: &RunRecord) -> Result<(), PostError> {
        self.address.post(self.body(record), None)
    }

    fn body(&self, record: &RunRecord) -> String {
        let body = match self.form {
            NotifyForm::Json => WebhookBody { text: record.digest(), run: Some(record) },
            NotifyForm::Slack => WebhookBody { text: escaped_for_slack(&record.digest()), run: None },
        };
        // Texts and finite numbers can always be written as JSON.
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
    fn markup_is_escaped_for_slack() {
        let record = RunRecord { command: "contacts".to_owned(), summary: "a<b>&c".to_owned(), ..RunRecord::default() };
        let body = |form| Webhook::new("https://x", form).unwrap().body(&record);
        let slack: serde_json::Value = serde_json::from_str(&body(NotifyForm::Slack)).unwrap();
        assert_eq!(slack, serde_json::json!({"text": "contacts: a&lt;b&gt;&amp;c [exit code 0, 0 requests, 0s]"}));
        let json: serde_json::Value = serde_json::from_str(&body(NotifyForm::Json)).unwrap();
        assert_eq!(json["run"]["command"], "contacts");
    }
}
