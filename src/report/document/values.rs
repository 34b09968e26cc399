//! Small values that the documents of several resources use.

use serde::{Deserialize, Serialize};

/// The earliest and the latest time of a column.
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
    /// Number of keys that more than one contact has.
    pub keys: u64,
    /// Number of contacts that have these keys.
    pub contacts: u64,
    /// Whether both are estimates from a sample, because there were too many distinct keys to keep.
    pub approximate: bool,
}
