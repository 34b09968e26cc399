//! Columns that the API has no field for. They follow those of the resource, and are written only on request.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, TimeUnit};
use sha2::{Digest, Sha256};

use crate::base::hex::push_hex;
use crate::format::for_each_json_object;
use crate::resources::is_profile_column;

/// Length of a row's hash in bytes: two different rows of an account never share one by chance.
const HASH_BYTES: usize = 16;

/// A column that the API has no field for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionalColumn {
    /// `exported_at`: the start of the run, to the millisecond, as in `started_at` of the manifest.
    ExportedAt,
    /// `row_hash`: the first 128 bits of the SHA-256 of the row's NDJSON line, with all columns of the schema except those
    /// of the profile, so that renaming a profile changes no row.
    RowHash,
}

impl OptionalColumn {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 2] = [Self::ExportedAt, Self::RowHash];

    /// The name of the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExportedAt => "exported_at",
            Self::RowHash => "row_hash",
        }
    }

    /// The field in the schema; never null.
    pub fn field(self) -> Field {
        let data_type = match self {
            Self::ExportedAt => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::RowHash => DataType::Utf8,
        };
        Field::new(self.name(), data_type, false)
    }

    /// The values for the rows of a batch with all columns of the resource. `started_at` is the start of the run, in
    /// microseconds UTC.
    pub(super) fn values(self, batch: &RecordBatch, started_at: i64) -> ArrayRef {
        match self {
            Self::ExportedAt => {
                let started_at = started_at.div_euclid(1000) * 1000;
                Arc::new(TimestampMicrosecondArray::from_value(started_at, batch.num_rows()).with_timezone("UTC"))
            }
            Self::RowHash => Arc::new(row_hashes(&without_profile(batch)).finish()),
        }
    }
}

fn without_profile(batch: &RecordBatch) -> RecordBatch {
    let schema = batch.schema();
    let fields = schema.fields().iter().enumerate();
    let kept: Vec<usize> = fields.filter(|(_, field)| !is_profile_column(field.name())).map(|(at, _)| at).collect();
    if kept.len() == schema.fields().len() {
        return batch.clone();
    }
    batch.project(&kept).expect("the columns are those of the batch")
}

fn row_hashes(batch: &RecordBatch) -> StringBuilder {
    let mut hashes = StringBuilder::with_capacity(batch.num_rows(), batch.num_rows() * 2 * HASH_BYTES);
    let mut text = String::with_capacity(2 * HASH_BYTES);
    for_each_json_object(batch, |line| {
        text.clear();
        push_hex(&Sha256::digest(line)[..HASH_BYTES], &mut text);
        hashes.append_value(&text);
    });
    hashes
}

impl fmt::Display for OptionalColumn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for OptionalColumn {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|column| column.name() == name.trim());
        found.ok_or_else(|| format!("write {}", Self::ALL.map(Self::name).join(" or ")))
    }
}
