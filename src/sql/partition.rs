//! Extracts the value of the partition column from the path of a file, for engines that do not do so themselves.

use super::column::{SqlColumn, SqlType};
use super::dialect::Dialect;
use crate::base::hive::{NULL_PARTITION, escapes};

/// The comment about values that cannot be decoded.
pub(super) const CONTROLS_NOTE: &str = "-- Control characters in the names of folders stay written as %00 to %1F.\n";

/// The regular expression whose first group is the value in the path of a file. Column names are plain words.
pub(super) fn pattern(column: &str) -> String {
    format!("{column}=([^/]*)/")
}

/// The SQL expression for the value, given the expression for its encoded form in the path.
pub(super) fn value_of(column: &SqlColumn, dialect: &Dialect, written: &str) -> String {
    if column.kind == SqlType::Flag {
        return format!("CASE {written} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END");
    }
    escapes().fold(format!("NULLIF({written}, '{NULL_PARTITION}')"), |value, (escape, character)| {
        format!("REPLACE({value}, '{escape}', {})", dialect.literal(&character.to_string()))
    })
}
