//! Compares two snapshots of one resource, and returns added, changed and removed rows, sorted by id, in bounded memory.
//!
//! Rows are matched by id, and also by profile if both snapshots have rows of several profiles.
//!
//! A [`SnapshotSorter`] takes the rows of one snapshot in any order. When they exceed its budget, it sorts them by id and
//! writes them to a temporary file. [`Changes`] merges the sorted rows of both sides, compares rows with the same id, and
//! returns batches of [`changes_schema`]. Memory is the budget of [`SortSettings`] for each side, one chunk of each
//! temporary file, and one batch, whatever the size of the snapshots. [`StateRows`] does the reverse: it restores the rows
//! at a time from many changes. `commands` calls this module, which depends neither on HTTP nor on the formats of files.
//!
//! A row is encoded without its id in Arrow's row format, so that unchanged rows have equal bytes and need not be decoded.
//! Only rows that differ are decoded and compared column by column.
//!
//! *Easy to get wrong:* the result must not depend on the budget. So batch boundaries depend only on the compared rows, and
//! the choice among several rows with one id does not depend on their order: the row with the highest rank is used, and
//! among these the one with the greatest encoding.
//!
//! A property test compares random snapshots with a model that holds everything in memory, with budgets from one row to
//! all of them.

mod batch;
mod chunk;
mod compare;
mod counts;
mod error;
mod key;
mod layout;
mod merge;
mod row_codec;
mod run;
mod settings;
mod sorter;
mod state;
#[cfg(test)]
mod tests;

pub use self::compare::{Changes, for_each_gone};
pub use self::counts::ChangeCounts;
pub use self::error::ChangesError;
pub use self::layout::{CHANGE, ChangeLayout, GoneAs, VALID_FROM, changes_schema};
pub use self::settings::CompareSettings;
pub use self::sorter::{SnapshotSorter, SortSettings, SortedSnapshot};
pub use self::state::{StateRows, history_rows_schema};
