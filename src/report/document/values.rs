//! Small values that the documents of several resources use.

use serde::{Deserialize, Serialize};

/// The earliest and the latest of some times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// RFC 3339, UTC; `None` without any time.
    pub oldest: Option<String>,
    /// RFC 3339, UTC; `None` without any time.
    pub newest: Option<String>,
}

/// Keys that several contacts share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// Keys that more than one contact has.
    pub keys: u64,
    /// Contacts that have them.
    pub contacts: u64,
    /// Whether both are estimates from a sample, because there were too many distinct keys to keep.
    pub approximate: bool,
}
