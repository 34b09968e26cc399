//! Settings for partitioning an export into a folder of files.

use std::num::NonZeroUsize;

use arrow::datatypes::{DataType, Field, Schema};

use super::ConfigError;
use crate::cli::OutputArgs;
use crate::publish::{PartitionBy, PartitionFiles};
use crate::resources::Personal;

/// The name of daily folders: the date of `created_at`, UTC.
pub const CREATED_DATE: &str = "created_date";

/// Default maximum of partitions: more files are usually a mistake, and slow to read.
pub const DEFAULT_MAX_PARTITIONS: NonZeroUsize = NonZeroUsize::new(300).expect("300 is not zero");

/// A time column is partitioned by date, with this ending instead of `_at`.
const DATE_ENDING: &str = "_date";
const TIME_ENDING: &str = "_at";

/// How the flags partition rows with this schema; `None` without --partition-by.
///
/// For a list that is read in order of days, `days` names the column with the day, and whether rows without a time are
/// written.
///
/// # Errors
/// When the column is unknown, or folders cannot be named after its values.
pub fn partition_by(
    args: &OutputArgs,
    schema: &Schema,
    days: Option<(usize, bool)>,
) -> Result<Option<PartitionBy>, ConfigError> {
    let Some(name) = args.partition_by.as_deref().map(str::trim) else { return Ok(None) };
    let is_protected = args.columns.mask_phones || args.columns.hash_phones.is_some();
    let names: Vec<(String, usize)> = schema
        .fields()
        .iter()
        .enumerate()
        .filter_map(|(at, field)| Some((folder_name(field, is_protected)?, at)))
        .collect();
    let Some((_, column)) = names.iter().find(|(known, _)| known == name) else {
        let names: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
        return Err(ConfigError::UnknownPartition { name: name.to_owned(), names: names.join(", ") });
    };
    let files = match days {
        Some((time, keeps_undated)) if time == *column => {
            if args.max_partitions.is_some() {
                return Err(ConfigError::MaxOfDays);
            }
            PartitionFiles::Days { keeps_undated }
        }
        _ => PartitionFiles::Values { max: args.max_partitions.unwrap_or(DEFAULT_MAX_PARTITIONS) },
    };
    Ok(Some(PartitionBy { name: name.to_owned(), column: *column, files }))
}

/// The name of the folders for the values of a column; `None` for lists, amounts and columns that may contain phone numbers
/// when these are protected.
fn folder_name(field: &Field, is_protected: bool) -> Option<String> {
    let is_personal = Personal::of(field).is_some_and(|personal| is_protected || personal != Personal::Quotes);
    match field.data_type() {
        DataType::Timestamp(..) => Some(format!("{}{DATE_ENDING}", field.name().strip_suffix(TIME_ENDING)?)),
        DataType::Utf8 | DataType::Boolean if !is_personal => Some(field.name().clone()),
        _ => None,
    }
}
