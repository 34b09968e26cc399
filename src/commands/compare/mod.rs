//! Comparing two snapshots: facts about each side, and whether the two can be compared.
//!
//! Used by `sent-export diff`, and by runs that compare with the export they replace.

pub(super) mod comparable;
pub(super) mod history;
pub(super) mod side;
