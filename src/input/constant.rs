//! The column after which the folder of a file is named: all its rows have the same value, which is not in the file.
//!
//! *Easy to get wrong:* if the file has the column, too, its values count: people rename folders without rewriting files.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::DataType;

use super::piece::Piece;
use super::source_file::SourceFile;
use crate::base::hive::partition_of;

/// A column with its value in the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConstantColumn {
    /// Its index in [`SourceFile::schema`].
    pub(super) at: usize,
    value: Option<String>,
}

impl ConstantColumn {
    /// The column of a dataset's file; `None` for other files, or if no column with that name is read.
    pub(super) fn of(file: &SourceFile) -> Option<Self> {
        let folder = file.path.parent()?.file_name()?.to_str()?;
        let (column, value) = partition_of(folder).filter(|_| file.is_part())?;
        let schema = file.schema();
        let at = schema.index_of(column).ok()?;
        matches!(schema.field(at).data_type(), DataType::Utf8 | DataType::Boolean).then_some(Self { at, value })
    }

    /// Fills the column, unless the file has it.
    pub(super) fn add_to(&self, piece: &mut Piece) {
        let is_known = piece.columns[self.at] || piece.missing.iter().any(|(column, _)| *column == self.at);
        if is_known {
            return;
        }
        let rows = piece.batch.num_rows();
        let schema = piece.batch.schema();
        let mut columns = piece.batch.columns().to_vec();
        columns[self.at] = self.values(schema.field(self.at).data_type(), rows);
        piece.batch =
            RecordBatch::try_new(schema, columns).expect("a column is replaced by one of its type and length");
        piece.columns[self.at] = true;
    }

    fn values(&self, data_type: &DataType, rows: usize) -> ArrayRef {
        match (data_type, &self.value) {
            (DataType::Utf8, Some(value)) => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows))),
            (DataType::Boolean, Some(value)) => match value.as_str() {
                "true" => Arc::new(BooleanArray::from(vec![true; rows])),
                "false" => Arc::new(BooleanArray::from(vec![false; rows])),
                _ => new_null_array(data_type, rows),
            },
            _ => new_null_array(data_type, rows),
        }
    }
}
