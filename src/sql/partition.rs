//! The value of a column that folders are named after, from the path of a file, for engines that do not take it from there
//! by themselves.

use super::column::{SqlColumn, SqlType};
use super::dialect::Dialect;
use crate::base::hive::{NULL_PARTITION, escapes};

/// What a comment says of values that stay as they are in the name of a folder.
pub(super) const CONTROLS_NOTE: &str = "-- Control characters in the names of folders stay written as %00 to %1F.\n";

/// The regular expression whose first group is the value in the path of a file. Names of columns are plain words.
pub(super) fn pattern(column: &str) -> String {
    format!("{column}=([^/]*)/")
}

/// The value of a column, from an expression for what stands for it in the path.
pub(super) fn value_of(column: &SqlColumn, dialect: &Dialect, written: &str) -> String {
    if column.kind == SqlType::Flag {
        return format!("CASE {written} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END");
    }
    escapes().fold(format!("NULLIF({written}, '{NULL_PARTITION}')"), |value, (escape, character)| {
        format!("REPLACE({value}, '{escape}', {})", dialect.literal(&character.to_string()))
    })
}
