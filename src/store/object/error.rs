//! Errors of objects as short texts, because those of the client library contain whole requests and responses.

use std::error::Error;

use super::address::ObjectAddress;

/// Why a request about an object failed.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct ObjectError {
    problem: String,
    kind: ObjectErrorKind,
    /// Details from the store or the library.
    #[source]
    source: Option<Detail>,
}

/// The kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectErrorKind {
    /// The object does not exist or, when writing, its bucket does not.
    NotFound,
    /// The credentials lack a permission.
    Denied,
    /// There are no credentials, or the store rejects them.
    Unauthenticated,
    /// Another run changed the object in the meantime.
    Changed,
    /// The store does not support the request.
    Unsupported,
    /// A store option is unknown or invalid.
    Option,
    /// The store did not respond, or failed even after retries.
    Unavailable,
}

/// One line from the store or the connection.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Detail(String);

impl ObjectError {
    pub(super) fn option(problem: String) -> Self {
        Self { problem, kind: ObjectErrorKind::Option, source: None }
    }

    pub(super) fn credentials(problem: String, detail: String) -> Self {
        Self { problem, kind: ObjectErrorKind::Unauthenticated, source: Some(Detail(detail)) }
    }

    /// The kind of failure.
    pub fn kind(&self) -> ObjectErrorKind {
        self.kind
    }

    pub(in crate::store) fn of(address: &ObjectAddress, error: &object_store::Error) -> Self {
        use object_store::Error as Store;
        let (kind, problem) = match error {
            Store::NotFound { .. } => (ObjectErrorKind::NotFound, "there is no such bucket or object"),
            Store::PermissionDenied { .. } => (ObjectErrorKind::Denied, "the store denied access"),
            Store::Unauthenticated { .. } => (ObjectErrorKind::Unauthenticated, "the store rejected the credentials"),
            Store::AlreadyExists { .. } | Store::Precondition { .. } => {
                (ObjectErrorKind::Changed, "another run changed it in the meantime")
            }
            Store::NotSupported { .. } | Store::NotImplemented { .. } => {
                (ObjectErrorKind::Unsupported, "the store does not support the request")
            }
            Store::UnknownConfigurationKey { key, .. } => {
                return Self::option(format!("there is no store option {key} for {}", address.bucket));
            }
            other if causes(other).iter().any(|text| text.contains("URL scheme is not allowed")) => {
                return Self::option(format!(
                    "{address}: plain http leaves this machine only with --store-option allow_http=true"
                ));
            }
            other if is_about_credentials(other) => {
                (ObjectErrorKind::Unauthenticated, "no usable credentials were found for the store")
            }
            _ => (ObjectErrorKind::Unavailable, "the store did not respond"),
        };
        Self { problem: format!("{address}: {problem}"), kind, source: Some(Detail(detail(error))) }
    }

    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self.kind {
            ObjectErrorKind::NotFound => {
                "create the bucket first, or correct its name, region or --store-option endpoint"
            }
            ObjectErrorKind::Denied => {
                "grant read, write and list on that prefix, and aborting uploads; docs/stores.md lists the permissions"
            }
            ObjectErrorKind::Unauthenticated => {
                "set the cloud's own variables or files (AWS_*, GOOGLE_*, AZURE_*); docs/stores.md lists them"
            }
            ObjectErrorKind::Changed => "run the same command again if this run's state should replace the other's",
            ObjectErrorKind::Unsupported => "see docs/stores.md for what a store must support",
            ObjectErrorKind::Option => "docs/stores.md lists the options",
            ObjectErrorKind::Unavailable => {
                "check the network and --store-option endpoint, then run the same command again"
            }
        }
    }
}

/// Whether finding or fetching credentials failed.
fn is_about_credentials(error: &object_store::Error) -> bool {
    let text = causes(error).join(" ").to_lowercase();
    [
        "credential",
        "access_token",
        "account must be specified",
        "169.254.169.254",
        "metadata.google.internal",
        "service account",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

/// The texts of an error and its causes.
fn causes(error: &object_store::Error) -> Vec<String> {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    causes
}

/// The store's code and message, or the text of the last cause; never a whole document, which repeats the request.
fn detail(error: &object_store::Error) -> String {
    let causes = causes(error);
    let coded = causes.iter().find_map(|text| {
        let code = between(text, "<Code>", "</Code>")?;
        Some(match between(text, "<Message>", "</Message>") {
            Some(message) => format!("{code}: {message}"),
            None => code.to_owned(),
        })
    });
    let last = || causes.last().cloned().unwrap_or_default();
    let text = coded.unwrap_or_else(last);
    // Without possible signed addresses or documents.
    let text = text.split(['<', '?']).next().unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let from = text.find(start)? + start.len();
    let length = text[from..].find(end)?;
    Some(&text[from..from + length])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: &object_store::Error) -> (ObjectErrorKind, String, String) {
        let address = ObjectAddress::parse("s3://lake/c.csv").unwrap().unwrap();
        let error = ObjectError::of(&address, error);
        let detail = error.source().map(ToString::to_string).unwrap_or_default();
        (error.kind(), error.to_string(), detail)
    }

    #[test]
    fn code_and_message_are_shown_and_no_document() {
        let body = "Error performing PUT http://h/lake/c.csv - Server returned non-2xx status code: 403 Forbidden: \
            <?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><Message>The signature differs</Message>\
            <AWSAccessKeyId>AKIDHIDDEN</AWSAccessKeyId></Error>";
        let error = object_store::Error::PermissionDenied { path: "c.csv".into(), source: body.into() };
        let (kind, problem, detail) = told(&error);
        assert_eq!(kind, ObjectErrorKind::Denied);
        assert_eq!(problem, "s3://lake/c.csv: the store denied access");
        assert_eq!(detail, "SignatureDoesNotMatch: The signature differs");
    }

    #[test]
    fn addresses_with_signatures_are_cut() {
        let error = object_store::Error::Generic { store: "S3", source: "cannot reach http://h/c?sig=hidden".into() };
        let (kind, _, detail) = told(&error);
        assert_eq!((kind, detail.as_str()), (ObjectErrorKind::Unavailable, "cannot reach http://h/c"));
    }
}
