//! Small values that the documents of all resources are made of.

use serde::{Deserialize, Serialize};

/// The first and the last of some times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// RFC 3339, UTC; nothing when there is no time.
    pub oldest: Option<String>,
    /// RFC 3339, UTC; nothing when there is no time.
    pub newest: Option<String>,
}

/// Keys that several contacts share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// Keys that more than one contact has.
    pub keys: u64,
    /// Contacts that have them.
    pub contacts: u64,
    /// Whether both are estimates from a sample, since there were too many different keys to hold.
    pub approximate: bool,
}
