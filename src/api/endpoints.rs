//! Every endpoint that is read: its path, and what its refusals mean.

use super::Problem;

/// Below this the page size is hardly what the API refuses.
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
    /// Codes by which it says that nothing matches an exact filter.
    empty_codes: &'static [&'static str],
}

/// `GET /v3/contacts` (API reference, "Get contacts list").
pub const CONTACTS: ListEndpoint =
    ListEndpoint { path: "v3/contacts", name: "contacts", empty_codes: &["RESOURCE_001"] };

/// `GET /v3/conversations` (API reference, "List conversations"): all messages of all conversations, the newest first.
pub const CONVERSATIONS: ListEndpoint = ListEndpoint { path: "v3/conversations", name: "messages", empty_codes: &[] };

impl ListEndpoint {
    /// Whether a refusal says that the list is empty. The API reference: an exact number without a match is
    /// `RESOURCE_001`, which for an export means zero rows.
    pub fn is_empty_list(&self, problem: &Problem) -> bool {
        problem.code().is_some_and(|code| self.empty_codes.contains(&code))
    }
}

/// Whether the service refuses a window as such, as some do with deep pages.
pub fn is_window_refused(problem: &Problem) -> bool {
    let Problem::Rejected { status, .. } = problem else { return false };
    matches!(status, 400 | 404 | 416 | 422)
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
