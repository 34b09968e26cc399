//! Generates SQL that loads exported files: the definition of the table, statements that read or register the files, and an
//! upsert by key.
//!
//! Each family of engines has a file, and the table of engines ([`Engine`]) provides the lists in flags, help and errors.
//! `config` makes a [`SqlRequest`] from flags, and [`sql`] turns it into text. It reads no files and opens no connections.
//! Columns are derived from the Arrow schema of the resource in `column`, so that there is no second list of them.
//!
//! *Easy to get wrong:* null and empty text are different CSV cells (see [`format`](crate::format)), and most engines need
//! options for that; if one cannot distinguish them, a comment in the text says so.
//!
//! Unit tests check the important parts of the texts. `tests/it/peers/sql.rs` runs them in the engines that can be
//! installed and compares every value, and parses those for the other engines.

mod bigquery;
mod clickhouse;
mod column;
mod dialect;
mod duckdb;
mod engine;
mod error;
mod history;
mod hive;
mod load;
mod part;
mod partition;
mod postgres;
mod python;
mod redshift;
mod remote;
mod request;
mod snowflake;
mod spark;
mod sqlite;
#[cfg(test)]
mod tests;
mod upsert;

pub use self::engine::Engine;
pub use self::error::SqlError;
pub use self::part::FilePart;
pub use self::request::{HistoryRequest, SqlRequest, history_sql, sql};
