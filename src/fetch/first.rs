//! The first request: it finds out which page size the API accepts.

use crate::api::{Client, Problem, Reply};

use super::answer::{FetchedPage, fetch_window};
use super::{FetchError, FetchSettings, Window};

/// Below this the size is hardly what the API refuses.
const MIN_PAGE_SIZE: u32 = 10;
/// Largest page that the API is known to honour (the official n8n node asks for it).
const KNOWN_PAGE_SIZE: u32 = 100;

/// The first page, and the page size that it was asked with; `None` when a number matches no contact.
pub(super) async fn fetch_first(
    client: &Client,
    settings: &FetchSettings,
) -> Result<Option<(u32, Reply<FetchedPage>)>, FetchError> {
    let size = settings.page_size;
    let error = match fetch_window(client, settings, Window::first(size), client.turn().await).await {
        Ok(reply) => return Ok(Some((size, reply))),
        Err(error) => error,
    };
    // The API reference: an exact number without a match is RESOURCE_001, which for an export is an empty list.
    if settings.query.phone.is_some() && error.problem.code() == Some("RESOURCE_001") {
        return Ok(None);
    }
    let (mut size, mut error) = (size, error);
    while let Some(smaller) = smaller_page_size(&error.problem, size) {
        tracing::warn!("the API refuses pages of {size} contacts, going on with {smaller}");
        size = smaller;
        match fetch_window(client, settings, Window::first(size), client.turn().await).await {
            Ok(reply) => return Ok(Some((size, reply))),
            Err(next) => error = next,
        }
    }
    Err(FetchError::Api(error))
}

/// The size to step down to when the server rejected the one asked for.
fn smaller_page_size(problem: &Problem, size: u32) -> Option<u32> {
    let Problem::Rejected { error, .. } = problem else { return None };
    if !error.code.as_deref()?.starts_with("VALIDATION_") {
        return None;
    }
    let is_about_size = match &error.details {
        Some(details) if !details.is_empty() => {
            details.keys().any(|field| field.to_lowercase().replace('_', "").contains("pagesize"))
        }
        _ => size > KNOWN_PAGE_SIZE || error.code.as_deref() == Some("VALIDATION_005"),
    };
    let smaller = if size > KNOWN_PAGE_SIZE { KNOWN_PAGE_SIZE } else { size / 2 };
    (is_about_size && smaller >= MIN_PAGE_SIZE).then_some(smaller)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire::ErrorBody;

    fn rejected(code: &str, field: Option<&str>) -> Problem {
        let details = field.map(|field| serde_json::json!({ field: ["out of range"] }));
        let error: ErrorBody = serde_json::from_value(serde_json::json!({"code": code, "details": details})).unwrap();
        Problem::Rejected { status: 400, error: Box::new(error), request_id: None }
    }

    #[test]
    fn only_a_rejected_page_size_is_stepped_down() {
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", Some("page_size")), 500), Some(100));
        assert_eq!(smaller_page_size(&rejected("VALIDATION_001", Some("PageSize")), 100), Some(50));
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", None), 500), Some(100));
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", None), 100), Some(50));
        assert_eq!(smaller_page_size(&rejected("VALIDATION_001", None), 100), None);
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", None), 12), None);
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", Some("channel")), 500), None);
        assert_eq!(smaller_page_size(&rejected("AUTH_001", Some("page_size")), 500), None);
        assert_eq!(smaller_page_size(&rejected("VALIDATION_005", Some("page_size")), 1), None);
    }
}
