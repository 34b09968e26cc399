//! Every endpoint that is read: its path, its page sizes, and which of its refusals mean "empty" or "not found".
//!
//! No other file names a path of the API or interprets such a code. All of these endpoints only read: none changes
//! anything, or costs money as the number lookup does.

use uuid::Uuid;

use super::Problem;

/// Below this, the page size is unlikely to be why the API rejects a request.
const MIN_PAGE_SIZE: u32 = 10;
/// Largest page that the API is known to honor (documented on sibling lists, "between 1 and 100").
const KNOWN_PAGE_SIZE: u32 = 100;

/// A list that is read page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListEndpoint {
    /// Path below the base URL.
    pub path: &'static str,
    /// What it lists, for messages.
    pub name: &'static str,
    /// Error codes that say that nothing matches an exact filter.
    empty_codes: &'static [&'static str],
}

/// `GET /v3/contacts` (API reference, "Get contacts list").
pub const CONTACTS: ListEndpoint =
    ListEndpoint { path: "v3/contacts", name: "contacts", empty_codes: &["RESOURCE_001"] };

/// `GET /v3/conversations` (API reference, "Get all conversations"): the messages of all conversations, newest first.
pub const CONVERSATIONS: ListEndpoint = ListEndpoint { path: "v3/conversations", name: "messages", empty_codes: &[] };

/// `GET /v3/sender-profiles` (API reference, "List sender profiles"). It refuses a profile header.
pub const SENDER_PROFILES: ListEndpoint =
    ListEndpoint { path: "v3/sender-profiles", name: "sender profiles", empty_codes: &[] };

/// `GET /v3/me` (API reference, "Get account"): path of the account that the key belongs to.
pub const ME: &str = "v3/me";

/// `GET /v3/contacts/{id}` (API reference, "Get contact").
pub const CONTACT: RowEndpoint =
    RowEndpoint { list: "v3/contacts", part: "", name: "contact", not_found_code: "RESOURCE_001" };

/// `GET /v3/contacts/{id}/message-summary` (API reference, "Get contact message summary").
pub const MESSAGE_SUMMARY: RowEndpoint = RowEndpoint {
    list: "v3/contacts",
    part: "/message-summary",
    name: "message summary of contact",
    not_found_code: "RESOURCE_001",
};

/// `GET /v3/messages/{id}/activities` (API reference, "Get message activities").
pub const ACTIVITIES: RowEndpoint = RowEndpoint {
    list: "v3/messages",
    part: "/activities",
    name: "activities of message",
    not_found_code: "RESOURCE_003",
};

impl ListEndpoint {
    /// Whether a refusal says that the list is empty. According to the API reference, the response to an exact number
    /// without a match is `RESOURCE_001`; for an export, that means zero rows.
    pub fn is_empty_list(&self, problem: &Problem) -> bool {
        problem.code().is_some_and(|code| self.empty_codes.contains(&code))
    }
}

/// One row, or what belongs to it, read by the row's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowEndpoint {
    /// Path of the list that the row is in.
    list: &'static str,
    /// What follows the id.
    part: &'static str,
    /// What it reads, for messages; the id follows.
    name: &'static str,
    /// Error code that says that no row has this id.
    not_found_code: &'static str,
}

impl RowEndpoint {
    /// The path with the placeholder `{id}`, as in the API reference.
    pub fn template(&self) -> String {
        format!("{}/{{id}}{}", self.list, self.part)
    }

    /// Path for an id, below the base URL.
    pub fn path(&self, id: Uuid) -> String {
        format!("{}/{id}{}", self.list, self.part)
    }

    /// Name of a request for an id, for errors and logs.
    pub fn request_name(&self, id: Uuid) -> String {
        format!("{} {id}", self.name)
    }

    /// Whether a refusal says that no row has this id. A 404 without the code comes from a gateway or a wrong address.
    pub fn is_not_found(&self, problem: &Problem) -> bool {
        problem.status() == Some(404) && problem.code() == Some(self.not_found_code)
    }
}

/// Whether the service refuses this window but may serve others: some services refuse deep pages.
pub fn is_window_refused(problem: &Problem) -> bool {
    let Problem::Rejected { status, .. } = problem else { return false };
    matches!(status, 400 | 404 | 416 | 422)
}

/// Whether the service refuses only this id. Every other refusal concerns all ids.
pub fn is_row_refused(problem: &Problem) -> bool {
    let Problem::Rejected { status, .. } = problem else { return false };
    matches!(status, 400 | 404 | 410 | 422)
}

/// The page size to try after one was refused; `None` if the refusal is not about the size.
pub fn smaller_page_size(problem: &Problem, size: u32) -> Option<u32> {
    let Problem::Rejected { error, .. } = problem else { return None };
    if !error.code.as_deref()?.starts_with("VALIDATION_") {
        return None;
    }
    let names_size = |text: &str| text.to_lowercase().replace(['_', ' '], "").contains("pagesize");
    let is_about_size = match &error.details {
        Some(details) if !details.is_empty() => details.keys().any(|field| names_size(field)),
        _ => {
            let says_so = error.message.as_deref().is_some_and(names_size);
            says_so || size > KNOWN_PAGE_SIZE || error.code.as_deref() == Some("VALIDATION_005")
        }
    };
    let smaller = if size > KNOWN_PAGE_SIZE { KNOWN_PAGE_SIZE } else { size / 2 };
    (is_about_size && smaller >= MIN_PAGE_SIZE).then_some(smaller)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire::ErrorBody;

    fn rejected(code: &str, field: Option<&str>, message: &str) -> Problem {
        let details = field.map(|field| serde_json::json!({ field: ["out of range"] }));
        let error = serde_json::json!({"code": code, "details": details, "message": message});
        let error: ErrorBody = serde_json::from_value(error).unwrap();
        Problem::Rejected { status: 400, error: Box::new(error), request_id: None }
    }

    #[test]
    fn a_row_is_missing_only_when_the_api_says_so() {
        let problem = |status, code: &str| {
            let error = ErrorBody { code: Some(code.to_owned()), ..ErrorBody::default() };
            Problem::Rejected { status, error: Box::new(error), request_id: None }
        };
        assert!(ACTIVITIES.is_not_found(&problem(404, "RESOURCE_003")));
        assert!(CONTACT.is_not_found(&problem(404, "RESOURCE_001")));
        assert!(!ACTIVITIES.is_not_found(&problem(404, "RESOURCE_014")), "the profile was not found");
        assert!(!ACTIVITIES.is_not_found(&problem(400, "RESOURCE_003")));
        let gateway = Problem::Rejected { status: 404, error: Box::default(), request_id: None };
        assert!(!ACTIVITIES.is_not_found(&gateway));
    }

    #[test]
    fn paths_are_those_of_the_reference() {
        let id = Uuid::from_u128(1);
        assert_eq!(ACTIVITIES.path(id), "v3/messages/00000000-0000-0000-0000-000000000001/activities");
        assert_eq!(CONTACT.path(id), "v3/contacts/00000000-0000-0000-0000-000000000001");
        assert_eq!(MESSAGE_SUMMARY.template(), "v3/contacts/{id}/message-summary");
    }

    #[test]
    fn only_a_refused_page_size_is_made_smaller() {
        let refusals = [
            ("VALIDATION_005", Some("page_size"), "", 500, Some(100)),
            ("VALIDATION_001", Some("PageSize"), "", 100, Some(50)),
            ("VALIDATION_001", None, "Page size must be between 1 and 50", 100, Some(50)),
            ("VALIDATION_005", None, "", 500, Some(100)),
            ("VALIDATION_005", None, "", 100, Some(50)),
            ("VALIDATION_001", None, "", 100, None),
            ("VALIDATION_005", None, "", 12, None),
            ("VALIDATION_005", Some("channel"), "", 500, None),
            ("AUTH_001", Some("page_size"), "", 500, None),
            ("VALIDATION_005", Some("page_size"), "", 1, None),
        ];
        for (code, field, message, size, smaller) in refusals {
            let found = smaller_page_size(&rejected(code, field, message), size);
            assert_eq!(found, smaller, "{code} {field:?} {message} {size}");
        }
    }
}
