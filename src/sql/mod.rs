//! SQL that loads exported files: the table's definition, what reads or registers the files, and an upsert by key.
//!
//! One file a family of engines, and one table of engines ([`Engine`]) from which flags, help and errors take their lists.
//! `config` makes a [`SqlRequest`] from flags; [`sql`] turns it into text. Nothing here reads a file or connects to anything:
//! columns come from the Arrow schema of the resource, through `column`, so that no second list of them exists.
//!
//! *Easy to get wrong:* a null and an empty text are different cells of CSV (see [`format`](crate::format)), and most
//! engines need to be told; where one cannot tell them apart, the text says so in a comment.
//!
//! Unit tests hold what matters of the texts. `tests/it/peers/sql.rs` runs them in the engines that can be installed and
//! compares every value, and parses those of the others.

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
