//! Restores the state at a time from the files of a history.
//!
//! A history has a whole row for each change, with the values from then on ([`ChangeLayout::Log`](super::ChangeLayout)).
//! So the state is the newest row of each id, unless that row is marked as removed. The rows of all files go through one
//! [`SnapshotSorter`], ranked by age, in the same bounded memory as a comparison.
//!
//! *Easy to get wrong:* a file may lack columns that others have. A state has all columns of all files; the caller selects
//! those that the newest file has.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::error::ChangesError;
use super::layout::{CHANGE, GoneAs};
use super::merge::Merge;
use super::row_codec::RowCodec;
use super::sorter::{SnapshotSorter, SortSettings, SortedSnapshot};

/// Maximum number of rows in a batch.
const BATCH_ROWS: usize = 8192;
/// Bytes of encoded rows in a batch, unless a single row has more.
const BATCH_BYTES: usize = 8 << 20;

/// The columns that determine a state: those of the rows, followed by `change`.
pub fn history_rows_schema(rows: &Schema) -> SchemaRef {
    let change: Arc<Field> = Arc::new(Field::new(CHANGE, DataType::Utf8, true));
    Arc::new(Schema::new(rows.fields().iter().cloned().chain([change]).collect::<Vec<_>>()))
}

/// The rows of a state, sorted by id.
pub struct StateRows {
    codec: Arc<RowCodec>,
    schema: SchemaRef,
    rows: Merge,
}

impl StateRows {
    /// Creates the state of rows with this schema. `history` has the rows of a history with the columns of
    /// [`history_rows_schema`]; among rows with the same id, the newest has the highest rank.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn of(history: &SortedSnapshot, schema: &SchemaRef) -> Result<Self, ChangesError> {
        Ok(Self { codec: Arc::clone(history.codec()), schema: Arc::clone(schema), rows: history.open()? })
    }

    /// The rows among the next ids, possibly none; `None` at the end.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, ChangesError> {
        let (mut keys, mut rows, mut bytes) = (Vec::new(), Vec::new(), 0);
        while keys.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(row) = self.rows.next()? else { break };
            keys.push(row.key().to_owned());
            rows.push(row.row().to_vec());
            bytes += row.row().len();
        }
        if keys.is_empty() {
            return Ok(None);
        }
        self.batch(&keys, &rows).map(Some).map_err(ChangesError::ForeignBatch)
    }

    fn batch(&self, keys: &[String], rows: &[Vec<u8>]) -> Result<RecordBatch, ArrowError> {
        let values = self.codec.decode(rows.iter().map(Vec::as_slice))?;
        let is_there = |change: Option<&str>| {
            Some(![GoneAs::Removed, GoneAs::Missing].map(GoneAs::name).iter().any(|gone| change == Some(gone)))
        };
        let mut columns: HashMap<&str, ArrayRef> = HashMap::new();
        let key = self.codec.key();
        let keyed = key.columns(keys.iter().map(String::as_str));
        let key_fields = key.fields();
        columns.extend(key_fields.iter().map(|field| field.name().as_str()).zip(keyed));
        columns.extend(self.codec.fields().iter().map(|field| field.name().as_str()).zip(values));
        let there = columns.remove(CHANGE).and_then(|kinds| {
            kinds.as_string_opt::<i32>().map(|kinds| kinds.iter().map(is_there).collect::<BooleanArray>())
        });
        let column = |field: &FieldRef| {
            let array = columns.get(field.name().as_str()).cloned();
            array.ok_or_else(|| ArrowError::SchemaError(format!("no column {}", field.name())))
        };
        let columns = self.schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        let there = there.ok_or_else(|| ArrowError::SchemaError("no column change".to_owned()))?;
        filter_record_batch(&batch, &there)
    }
}

impl SnapshotSorter {
    /// A sorter for the rows of a history; see [`StateRows`].
    ///
    /// # Errors
    /// When the schema has no text column `id`, or a column of a type that cannot be compared.
    pub fn of_history(rows: &Schema, settings: &SortSettings) -> Result<Self, ChangesError> {
        Self::new(&history_rows_schema(rows), settings)
    }
}

impl std::fmt::Debug for StateRows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StateRows").field("schema", &self.schema).finish_non_exhaustive()
    }
}
