//! Comparing two snapshots: what is known of each side, and whether their differences are changes.
//!
//! Used by `sent-export diff`, and by runs that compare with the export which they replace.

pub(super) mod comparable;
pub(super) mod history;
pub(super) mod side;
