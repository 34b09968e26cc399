//! What the simulator was asked.
//!
//! [`Statistics`] are plain counters that the server raises as requests come and go. A test reads them from the running
//! simulator, anybody else at `/_simulator/statistics`, to check a client from the other side.
//!
//! *Easy to get wrong:* a request that was already on its way when a 429 went out cannot have known of it. Such requests are
//! counted in `requests_while_paused`, but not in `requests_deep_in_pause`; only the latter are a client's fault.
//!
//! A quarter of a second is how late a request may be on its way on a busy machine.
//!
//! The tests of the server check each counter.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// Counters of what was asked and answered. Requests to `/_simulator/` are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Statistics {
    /// Requests that arrived, answered or not.
    pub requests: u64,
    /// Of these, those for a page of the list of contacts.
    pub list_requests: u64,
    /// Requests for a page of messages.
    pub conversation_requests: u64,
    /// Requests answered with success.
    pub answered_ok: u64,
    /// Requests answered with an error that was the client's own fault: key, validation, nothing there.
    pub refused: u64,
    /// Requests that a fault struck.
    pub faults_injected: u64,
    /// Requests over the limit.
    pub rate_limited: u64,
    /// Requests with a missing or wrong key.
    pub bad_keys: u64,
    /// Requests that are being answered at this moment.
    pub in_flight: u64,
    /// The most requests that were being answered at the same time.
    pub max_concurrent: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Requests that arrived before the time was up that a 429 had asked to wait.
    pub requests_while_paused: u64,
    /// Of these, those that arrived more than a quarter of a second after that 429 was sent.
    pub requests_deep_in_pause: u64,
    /// Visits to the path that a redirect without a URL leads to.
    pub redirect_target_hits: u64,
    /// Of these, visits that carried an API key.
    pub redirect_target_hits_with_key: u64,
    /// Contacts created while the simulator ran.
    pub contacts_created: u64,
    /// Contacts deleted while the simulator ran.
    pub contacts_deleted: u64,
    /// Updates of contacts while the simulator ran.
    pub contacts_updated: u64,
    /// Messages that arrived while the simulator ran.
    pub messages_arrived: u64,
    /// Whether the last request had a key that is good.
    pub last_api_key_ok: Option<bool>,
    /// The profile that the last request was for.
    pub last_profile_id: Option<String>,
    /// What the last request called itself.
    pub last_user_agent: Option<String>,
    /// How often each page was asked for, by its number and the page size asked for.
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
