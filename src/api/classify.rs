//! Whether a failed attempt is retried: one function, and a table in its test that lists every case.
//!
//! The code of the envelope decides if there is one; otherwise the HTTP status decides, for instance for a gateway's HTML
//! or an empty body. Source: the error catalog of the API reference.

/// What to do after an attempt without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Retry after a backoff delay; uses up a retry.
    Retry,
    /// The account exceeded its rate limit: all requests wait, and no retry is used up.
    Pause,
    /// Another attempt would have the same result.
    GiveUp,
}

/// Decides by the HTTP status and the code in the envelope, if there is one.
pub fn decide(status: u16, code: Option<&str>) -> Decision {
    // Not implemented for this channel or account, whatever the code.
    if status == 501 {
        return Decision::GiveUp;
    }
    match code {
        Some("BUSINESS_002") => return Decision::Pause,
        Some("CONFLICT_001" | "SERVICE_001") => return Decision::Retry,
        Some(code) if code.starts_with("INTERNAL_") => return Decision::Retry,
        Some(code) if is_final_family(code) => return Decision::GiveUp,
        _ => {}
    }
    match status {
        429 => Decision::Pause,
        // A 2xx without a usable envelope was damaged in transit.
        200..=299 | 408 | 409 | 500.. => Decision::Retry,
        _ => Decision::GiveUp,
    }
}

fn is_final_family(code: &str) -> bool {
    ["AUTH_", "VALIDATION_", "RESOURCE_"].iter().any(|family| code.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_status_is_classified() {
        use Decision::{GiveUp, Pause, Retry};
        let table: &[(u16, Option<&str>, Decision)] = &[
            (401, Some("AUTH_001"), GiveUp),
            (401, Some("AUTH_002"), GiveUp),
            (403, Some("AUTH_004"), GiveUp),
            (403, Some("AUTH_005"), GiveUp),
            (403, Some("AUTH_006"), GiveUp),
            (403, Some("AUTH_007"), GiveUp),
            (400, Some("VALIDATION_001"), GiveUp),
            (400, Some("VALIDATION_002"), GiveUp),
            (400, Some("VALIDATION_003"), GiveUp),
            (400, Some("VALIDATION_004"), GiveUp),
            (400, Some("VALIDATION_005"), GiveUp),
            (400, Some("VALIDATION_006"), GiveUp),
            (400, Some("VALIDATION_007"), GiveUp),
            (404, Some("RESOURCE_001"), GiveUp),
            (404, Some("RESOURCE_003"), GiveUp),
            (404, Some("RESOURCE_004"), GiveUp),
            (429, Some("BUSINESS_002"), Pause),
            (200, Some("BUSINESS_002"), Pause),
            (409, Some("CONFLICT_001"), Retry),
            (503, Some("SERVICE_001"), Retry),
            (500, Some("INTERNAL_001"), Retry),
            (500, Some("INTERNAL_002"), Retry),
            (502, Some("INTERNAL_003"), Retry),
            (504, Some("INTERNAL_004"), Retry),
            (503, Some("INTERNAL_005"), Retry),
            // `success: false` inside a 200 is decided by its code alone.
            (200, Some("INTERNAL_001"), Retry),
            (200, Some("AUTH_002"), GiveUp),
            // For an undocumented code, the status decides.
            (400, Some("BUSINESS_009"), GiveUp),
            (500, Some("NEW_001"), Retry),
            (429, Some("NEW_001"), Pause),
            // No envelope.
            (200, None, Retry),
            (204, None, Retry),
            (301, None, GiveUp),
            (302, None, GiveUp),
            (307, None, GiveUp),
            (400, None, GiveUp),
            (401, None, GiveUp),
            (403, None, GiveUp),
            (404, None, GiveUp),
            (405, None, GiveUp),
            (407, None, GiveUp),
            (408, None, Retry),
            (409, None, Retry),
            (410, None, GiveUp),
            (422, None, GiveUp),
            (429, None, Pause),
            (500, None, Retry),
            (501, None, GiveUp),
            (501, Some("INTERNAL_001"), GiveUp),
            (501, Some("SERVICE_001"), GiveUp),
            (501, Some("BUSINESS_002"), GiveUp),
            (502, None, Retry),
            (503, None, Retry),
            (504, None, Retry),
            (520, None, Retry),
            (599, None, Retry),
        ];
        for &(status, code, decision) in table {
            assert_eq!(decide(status, code), decision, "{status} {code:?}");
        }
    }
}
