//! What changed between two summaries of contacts, as it is told.

use serde::Serialize;

use super::super::change::{Change, Changes};

/// What changed since an older summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The file or the files that hold the older state.
    pub with: String,
    /// Its moment, RFC 3339, UTC; of files that of their manifest, or when they were written.
    pub as_of: String,
    /// Contacts.
    pub contacts: Change,
    /// Whether the two sides were exported with different filters, as far as they tell: what differs then need not have
    /// changed.
    pub filters_differ: bool,
    /// Columns that one of the sides does not have; what rests on them is not compared.
    pub columns_not_in_both: Vec<String>,
    /// Contacts that can be reached.
    pub reachable: Option<Change>,
    /// Contacts that opted out.
    pub opted_out: Option<Change>,
    /// Contacts without any channel.
    pub without_channel: Option<Change>,
    /// By available channel.
    pub channels: Changes,
    /// By region.
    pub regions: Changes,
    /// Regions that had no contact then.
    pub new_regions: Vec<String>,
    /// Regions that have no contact any more.
    pub gone_regions: Vec<String>,
}
