//! From exported files back to record batches, for reports on what is already on the disk.
//!
//! [`find_files`] turns the paths of a command line into files, [`read_file`] hands their rows on batch by batch, so
//! that memory is one batch and one Parquet page per column, whatever the files' size. Called by `commands::report`.
//!
//! [`tell_contents`] finds out by the columns whether files hold contacts or messages ([`Content`]); a report reads only one
//! of them. [`choose_snapshots`] finds out which of several files are older states of the same account.
//!
//! *Easy to get wrong:* a file need not have all columns, and a null cannot be told from an empty text in CSV. So every
//! [`Piece`] says which of its columns are real, and an empty text is null in every format.
//!
//! Tests compare the report on every format with the export's own summary (`tests/it/report.rs`).

mod coerce;
mod column_builders;
mod columns;
mod content;
mod contents;
mod csv;
mod csv_text;
mod error;
mod events;
mod find;
mod id_column;
mod id_error;
mod ids;
mod ipc;
mod ndjson;
mod parquet;
mod piece;
mod published;
mod read;
mod sketch;
mod snapshots;
mod source_file;
mod stem;
mod text;
mod text_file;
mod tracked;
mod watch;
mod xlsx;

pub use self::content::Content;
pub use self::contents::tell_contents;
pub use self::error::SourceError;
pub use self::find::{Found, Skipped, find_files};
pub use self::id_column::IdColumn;
pub use self::id_error::IdError;
pub use self::ids::IdList;
pub use self::piece::{FileFacts, Piece};
pub use self::published::Published;
pub use self::read::read_file;
pub use self::snapshots::{Chosen, Snapshots, choose_snapshots};
pub use self::source_file::SourceFile;
