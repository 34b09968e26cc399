//! Request statistics.
//!
//! [`Statistics`] are counters that the server updates for each request. To check a client from the server's side, tests
//! read them from the running simulator, and others at `/_simulator/statistics`.
//!
//! *Easy to get wrong:* a request that was already in flight when a 429 was sent cannot have known about it. Such
//! requests are counted in `requests_while_paused` but not in `requests_deep_in_pause`; only the latter are the
//! client's fault. On a busy machine, a request may be in flight for up to 250 ms.
//!
//! The server tests check each counter.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// Counters of requests and responses. Requests to `/_simulator/` are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Statistics {
    /// Requests that arrived, answered or not.
    pub requests: u64,
    /// Requests for a page of contacts.
    pub list_requests: u64,
    /// Requests for a page of messages.
    pub conversation_requests: u64,
    /// Requests answered with success.
    pub answered_ok: u64,
    /// Requests answered with a client error: key, validation, not found.
    pub refused: u64,
    /// Requests with an injected fault.
    pub faults_injected: u64,
    /// Requests over the limit.
    pub rate_limited: u64,
    /// Requests with a missing or wrong key.
    pub bad_keys: u64,
    /// Requests in flight now.
    pub in_flight: u64,
    /// Maximum number of requests in flight at the same time.
    pub max_concurrent: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Requests that arrived during the pause that a 429 required.
    pub requests_while_paused: u64,
    /// Of these, the requests that arrived more than 250 ms after that 429 was sent.
    pub requests_deep_in_pause: u64,
    /// Visits to the target of a redirect without a URL.
    pub redirect_target_hits: u64,
    /// Of these, visits with an API key.
    pub redirect_target_hits_with_key: u64,
    /// Contacts created while the simulator was running.
    pub contacts_created: u64,
    /// Contacts deleted while the simulator was running.
    pub contacts_deleted: u64,
    /// Updates of contacts while the simulator was running.
    pub contacts_updated: u64,
    /// Messages that arrived while the simulator was running.
    pub messages_arrived: u64,
    /// Whether the last request had a valid key.
    pub last_api_key_ok: Option<bool>,
    /// The profile that the last request was for.
    pub last_profile_id: Option<String>,
    /// The user agent of the last request.
    pub last_user_agent: Option<String>,
    /// Number of requests by page number and page size.
    #[serde(serialize_with = "windows_by_name")]
    pub requests_by_window: BTreeMap<(u64, u32), u64>,
}

/// Writes the windows as `"page=3&page_size=100": 1`.
fn windows_by_name<S: Serializer>(windows: &BTreeMap<(u64, u32), u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        windows.iter().map(|((page, page_size), count)| (format!("page={page}&page_size={page_size}"), count)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_named_in_json() {
        let statistics = Statistics { requests_by_window: BTreeMap::from([((3, 100), 2)]), ..Statistics::default() };
        let json = serde_json::to_value(statistics).unwrap();
        assert_eq!(json["requests_by_window"]["page=3&page_size=100"], 2);
    }
}
