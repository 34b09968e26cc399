//! Builders for all columns of a text format.

use arrow::array::ArrayRef;
use arrow::datatypes::Schema;

use super::coerce::ColumnBuilder;

/// Builders of the columns that are read, each with its index in the file.
pub(super) struct ColumnBuilders {
    builders: Vec<Option<(usize, ColumnBuilder)>>,
    count: usize,
}

impl ColumnBuilders {
    pub(super) fn new(schema: &Schema, places: &[Option<usize>]) -> Self {
        let builder = |(column, place): (usize, &Option<usize>)| {
            place.map(|place| (place, ColumnBuilder::new(schema.field(column).data_type())))
        };
        Self { builders: places.iter().enumerate().map(builder).collect(), count: 0 }
    }

    /// Adds a row: each column takes the text at its index.
    pub(super) fn push<'a>(&mut self, text_at: impl Fn(usize) -> Option<&'a str>) {
        for (place, builder) in self.builders.iter_mut().flatten() {
            builder.push(text_at(*place));
        }
        self.count += 1;
    }

    /// Rows since the last [`finish`](Self::finish).
    pub(super) fn rows(&self) -> usize {
        self.count
    }

    /// Returns the columns and starts over.
    pub(super) fn finish(&mut self) -> Vec<Option<ArrayRef>> {
        self.count = 0;
        self.builders.iter_mut().map(|builder| builder.as_mut().map(|(_, builder)| builder.finish())).collect()
    }

    /// Values that could not be parsed, by column.
    pub(super) fn malformed(&self) -> Vec<(usize, u64)> {
        let builders = self.builders.iter().enumerate();
        let malformed = builders.filter_map(|(column, builder)| Some((column, builder.as_ref()?.1.malformed())));
        malformed.filter(|&(_, values)| values > 0).collect()
    }
}
