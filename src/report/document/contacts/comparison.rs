//! What changed between two summaries of contacts.

use serde::Serialize;

use super::super::change::{CountChange, CountChanges};
use super::gross::GrossChanges;

/// What changed since an older summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Name of the file or folder with the older state.
    pub with: String,
    /// Time of the older state, RFC 3339, UTC; for files, the time in their manifest, or else when they were written.
    pub as_of: String,
    /// Contacts.
    pub contacts: CountChange,
    /// Added, removed and changed contacts; `None` if one side is a summary, which has only counts.
    pub gross: Option<GrossChanges>,
    /// Whether the two sides were exported with different filters, as far as is known. Differences are then not
    /// necessarily changes.
    pub filters_differ: bool,
    /// Columns that one of the sides lacks; counts that need them are not compared.
    pub columns_not_in_both: Vec<String>,
    /// Contacts that can be reached.
    pub reachable: Option<CountChange>,
    /// Contacts that opted out.
    pub opted_out: Option<CountChange>,
    /// Contacts without any channel.
    pub without_channel: Option<CountChange>,
    /// By available channel.
    pub channels: CountChanges,
    /// By region.
    pub regions: CountChanges,
    /// Regions that have contacts only in the current state.
    pub new_regions: Vec<String>,
    /// Regions that have contacts only in the older state.
    pub gone_regions: Vec<String>,
}
