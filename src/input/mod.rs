//! Reads exported files back into record batches, for reports and comparisons. Called by `commands`.
//!
//! [`find_files`] finds the files named by the paths of a command line. [`read_file`] returns their rows batch by batch, so
//! memory is one batch and one Parquet page per column, however large the files are.
//!
//! [`detect_contents`] detects from the columns whether files contain contacts, messages or activities ([`Content`]); a
//! report covers only one of them. [`choose_snapshots`] detects which of several files are older snapshots of the same
//! account. [`find_listings`] finds manifests and the files they list, and [`verify_file`] compares a file with its
//! manifest; [`verify_history()`] checks a history, whose files no manifest lists together. [`published_at`] finds the
//! export that a run will replace, and [`HistoryFolder`] the files of a history.
//!
//! *Easy to get wrong:* a file may lack columns, and CSV cannot distinguish null from an empty text. So every [`Piece`] has
//! a list of the columns that were read, and an empty text is null in every format.
//!
//! Tests compare the report on every format with the summary of the export (`tests/it/report.rs`).

mod at_output;
mod coerce;
mod column_builders;
mod columns;
mod constant;
mod content;
mod contents;
mod csv;
mod csv_nulls;
mod csv_text;
mod customers;
mod error;
mod events;
mod find;
mod history;
mod id_column;
mod id_error;
mod ids;
mod ipc;
mod listings;
mod mirror;
mod ndjson;
mod parquet;
mod piece;
mod published;
mod read;
mod read_back;
mod sketch;
mod snapshots;
mod source_file;
mod stem;
mod text;
mod text_file;
mod tracked;
mod verify;
mod verify_history;
mod watch;
mod xlsx;

pub use self::at_output::{ExportPlace, is_as_listed, is_in_place, published_at};
pub use self::content::{ColumnSet, Content};
pub use self::contents::detect_contents;
pub use self::customers::add_customers;
pub use self::error::SourceError;
pub use self::find::{FoundFiles, Skipped, find_files};
pub use self::history::{HISTORY_KEY, HistoryFacts, HistoryFile, HistoryFolder, check_chain};
pub use self::id_column::IdColumn;
pub use self::id_error::IdError;
pub use self::ids::IdList;
pub use self::listings::{FoundListings, ListedFile, Listing, UnreadPath, datasets_in, find_listings};
pub use self::mirror::Mirror;
pub use self::piece::{FileFacts, Piece};
pub use self::published::PublicationFacts;
pub use self::read::read_file;
pub use self::read_back::as_read_back;
pub use self::snapshots::{Chosen, Snapshots, choose_snapshots};
pub use self::source_file::SourceFile;
pub use self::verify::{Depth, Verified, verify_file};
pub use self::verify_history::{VerifiedHistoryFile, verify_history};
