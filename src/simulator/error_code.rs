//! The error codes of the API.
//!
//! [`ErrorCode`] has the status, message and documentation link of each code in the public error catalog. `reply` puts
//! them into an envelope; `fault` parses them by name, so that each can be injected.
//!
//! *Easy to get wrong:* the envelope decides whether a request failed; the status is only a hint. The service may send a
//! failure inside a 200, and `fault` can inject that, too.
//!
//! Codes and statuses are those of the catalog. Where it does not define the meaning (`VALIDATION_001`, `002`, `004`,
//! `006` and `007`), the message is invented.
//!
//! The unit tests parse every name and check that every status is an error.

use std::str::FromStr;

use super::parse::ParseError;

/// An error of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(&'static CatalogEntry);

#[derive(Debug, PartialEq, Eq)]
struct CatalogEntry {
    code: &'static str,
    status: u16,
    message: &'static str,
}

const fn entry(code: &'static str, status: u16, message: &'static str) -> CatalogEntry {
    CatalogEntry { code, status, message }
}

static CATALOG: [CatalogEntry; 28] = [
    entry("AUTH_001", 401, "User is not authenticated"),
    entry("AUTH_002", 401, "Invalid or missing API key"),
    entry("AUTH_004", 403, "Insufficient permissions for this operation"),
    entry("AUTH_005", 403, "Your account is not yet activated"),
    entry("AUTH_006", 403, "Your KYC verification is not complete"),
    entry("AUTH_007", 403, "No messaging channel is set up"),
    entry("VALIDATION_001", 400, "Request validation failed"),
    entry("VALIDATION_002", 400, "Invalid phone number"),
    entry("VALIDATION_003", 400, "Invalid ID format."),
    entry("VALIDATION_004", 400, "Required field is missing"),
    entry("VALIDATION_005", 400, "Value is out of range"),
    entry("VALIDATION_006", 400, "Value is not one of those allowed"),
    entry("VALIDATION_007", 400, "Invalid idempotency key"),
    entry("RESOURCE_001", 404, "Contact not found"),
    entry("RESOURCE_003", 404, "Message not found"),
    entry("RESOURCE_004", 404, "Customer not found"),
    entry("BUSINESS_002", 429, "Rate limit exceeded"),
    entry("CONFLICT_001", 409, "A request with the same idempotency key is being processed"),
    entry("SERVICE_001", 503, "Cache service is unavailable"),
    entry("INTERNAL_001", 500, "An unexpected error occurred"),
    entry("INTERNAL_002", 500, "A database error occurred"),
    entry("INTERNAL_003", 502, "A provider returned an error"),
    entry("INTERNAL_004", 504, "The operation timed out"),
    entry("INTERNAL_005", 503, "The service is unavailable"),
    entry("RESOURCE_002", 404, "Template not found"),
    entry("RESOURCE_014", 404, "Profile not found"),
    entry("BUSINESS_014", 403, "Your account is suspended"),
    // Not in the catalog: the error for an unknown path or a wrong method.
    entry("RESOURCE_000", 404, "There is nothing at this path"),
];

impl ErrorCode {
    /// No key.
    pub const AUTH_001: Self = Self(&CATALOG[0]);
    /// An unknown key.
    pub const AUTH_002: Self = Self(&CATALOG[1]);
    /// Not allowed.
    pub const AUTH_004: Self = Self(&CATALOG[2]);
    /// The request is invalid; the details say why.
    pub const VALIDATION_001: Self = Self(&CATALOG[6]);
    /// A malformed UUID.
    pub const VALIDATION_003: Self = Self(&CATALOG[8]);
    /// Out of range.
    pub const VALIDATION_005: Self = Self(&CATALOG[10]);
    /// No such contact.
    pub const RESOURCE_001: Self = Self(&CATALOG[13]);
    /// No such message.
    pub const RESOURCE_003: Self = Self(&CATALOG[14]);
    /// No such profile.
    pub const RESOURCE_004: Self = Self(&CATALOG[15]);
    /// Too many requests.
    pub const BUSINESS_002: Self = Self(&CATALOG[16]);
    /// No such profile, on newer endpoints.
    pub const RESOURCE_014: Self = Self(&CATALOG[25]);
    /// No such path.
    pub const NO_SUCH_PATH: Self = Self(&CATALOG[27]);

    /// The name, for instance `INTERNAL_001`.
    pub fn name(self) -> &'static str {
        self.0.code
    }

    /// The HTTP status it is sent with.
    pub fn status(self) -> u16 {
        self.0.status
    }

    /// The message.
    pub fn message(self) -> &'static str {
        self.0.message
    }

    /// The documentation link.
    pub fn doc_url(self) -> String {
        format!("https://docs.sent.dm/errors/{}", self.0.code)
    }

    /// All codes of the catalog.
    pub fn all() -> impl Iterator<Item = Self> {
        CATALOG.iter().filter(|entry| entry.code != Self::NO_SUCH_PATH.name()).map(Self)
    }
}

impl FromStr for ErrorCode {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|code| code.name() == text)
            .ok_or_else(|| ParseError::new(text, "an error code of the API, for instance INTERNAL_001"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_parsed_by_its_name() {
        assert_eq!(ErrorCode::all().count(), 27);
        for code in ErrorCode::all() {
            assert_eq!(code.name().parse(), Ok(code));
            assert!((400..600).contains(&code.status()));
        }
        assert!("INTERNAL_999".parse::<ErrorCode>().is_err());
    }

    #[test]
    fn constants_match_their_codes() {
        for (code, name) in [
            (ErrorCode::AUTH_001, "AUTH_001"),
            (ErrorCode::AUTH_002, "AUTH_002"),
            (ErrorCode::AUTH_004, "AUTH_004"),
            (ErrorCode::VALIDATION_001, "VALIDATION_001"),
            (ErrorCode::VALIDATION_003, "VALIDATION_003"),
            (ErrorCode::VALIDATION_005, "VALIDATION_005"),
            (ErrorCode::RESOURCE_001, "RESOURCE_001"),
            (ErrorCode::RESOURCE_003, "RESOURCE_003"),
            (ErrorCode::RESOURCE_004, "RESOURCE_004"),
            (ErrorCode::RESOURCE_014, "RESOURCE_014"),
            (ErrorCode::BUSINESS_002, "BUSINESS_002"),
        ] {
            assert_eq!(code.name(), name);
        }
    }
}
