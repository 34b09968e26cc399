//! Splits batches of any size into batches of a fixed size, for formats whose bytes depend on where a batch ends.
//!
//! The size of incoming batches depends on pages and retries. An outgoing batch ends after [`MAX_ROWS`] rows or before the
//! row that would exceed [`MAX_BYTES`], which depends on the rows alone.
//!
//! *Easy to get wrong:* a slice of an array shares its bitmaps, and the bits after its last value belong to rows that are
//! not in it. So every batch is copied, even one of the right size.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MutableArrayData, RecordBatch, make_array};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;

use super::texts::position;

/// Rows of a full batch: few enough for a reader on a pipe, many enough that the header of a batch hardly matters.
const MAX_ROWS: usize = 16 << 10;
/// Maximum bytes of values in a batch, unless a single row has more.
const MAX_BYTES: usize = 16 << 20;

/// Gathers rows until a batch is full.
#[derive(Debug)]
pub(super) struct Rebatcher {
    schema: SchemaRef,
    parts: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    max_rows: usize,
    max_bytes: usize,
}

impl Rebatcher {
    pub(super) fn new(schema: SchemaRef) -> Self {
        Self { schema, parts: Vec::new(), rows: 0, bytes: 0, max_rows: MAX_ROWS, max_bytes: MAX_BYTES }
    }

    /// Adds rows, and passes every full batch to `full`.
    ///
    /// # Errors
    /// When a batch cannot be built, or with the first error of `full`.
    pub(super) fn push<E: From<ArrowError>>(
        &mut self,
        batch: &RecordBatch,
        mut full: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = 0;
        while start < batch.num_rows() {
            let count = self.fitting(batch, start);
            if count > 0 {
                self.rows += count;
                self.bytes += bytes_of_rows(batch, start..start + count);
                self.parts.push(batch.slice(start, count));
                start += count;
            }
            if start < batch.num_rows() || self.rows == self.max_rows {
                self.finish()?.map_or(Ok(()), |batch| full(&batch))?;
            }
        }
        Ok(())
    }

    /// How many rows from `start` on still fit into the current batch.
    fn fitting(&self, batch: &RecordBatch, start: usize) -> usize {
        let most = (batch.num_rows() - start).min(self.max_rows - self.rows);
        let fits = |count| self.bytes + bytes_of_rows(batch, start..start + count) <= self.max_bytes;
        // More rows have more bytes, so the largest number that fits is found by bisection.
        let (mut fitting, mut beyond) = (0, most + 1);
        if fits(most) {
            fitting = most;
        }
        while fitting < most && beyond - fitting > 1 {
            let middle = fitting.midpoint(beyond);
            if fits(middle) { fitting = middle } else { beyond = middle }
        }
        // A row larger than a batch becomes a batch by itself.
        if self.rows == 0 { fitting.max(1) } else { fitting }
    }

    /// The remaining rows, if any.
    ///
    /// # Errors
    /// When the batch cannot be built.
    pub(super) fn finish(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let parts = std::mem::take(&mut self.parts);
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if parts.is_empty() {
            return Ok(None);
        }
        let column = |at: usize| copied(&parts.iter().map(|part| part.column(at)).collect::<Vec<_>>(), rows);
        let columns = (0..self.schema.fields().len()).map(column).collect::<Result<_, _>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map(Some)
    }
}

/// Copies the values of several arrays of one type into a new one.
fn copied(parts: &[&ArrayRef], rows: usize) -> Result<ArrayRef, ArrowError> {
    let parts: Vec<_> = parts.iter().map(Array::to_data).collect();
    let mut copy = MutableArrayData::new(parts.iter().collect(), false, rows);
    for (at, part) in parts.iter().enumerate() {
        copy.try_extend(at, 0, part.len())?;
    }
    Ok(make_array(copy.freeze()))
}

fn bytes_of_rows(batch: &RecordBatch, rows: Range<usize>) -> usize {
    batch.columns().iter().map(|column| bytes_of(column.as_ref(), rows.clone())).sum()
}

/// The approximate size of the values in bytes; the same for the same rows however they are split.
fn bytes_of(array: &dyn Array, rows: Range<usize>) -> usize {
    let within = |offsets: &[i32]| position(offsets[rows.start])..position(offsets[rows.end]);
    let count = rows.len();
    match array.data_type() {
        DataType::Utf8 => within(array.as_string::<i32>().value_offsets()).len() + count * size_of::<i32>(),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            bytes_of(lists.values().as_ref(), within(lists.value_offsets())) + count * size_of::<i32>()
        }
        DataType::Struct(_) => {
            let members = array.as_struct().columns().iter();
            members.map(|member| bytes_of(member.as_ref(), rows.clone())).sum()
        }
        other => count * other.primitive_width().unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{BooleanArray, StringArray};
    use proptest::prelude::*;

    use super::*;

    fn batch(texts: &[Option<String>]) -> RecordBatch {
        let flags: BooleanArray = texts.iter().map(|text| text.as_ref().map(|text| text.len() % 2 == 0)).collect();
        let columns: [(&str, ArrayRef, bool); 2] =
            [("text", Arc::new(StringArray::from(texts.to_vec())), true), ("flag", Arc::new(flags), true)];
        RecordBatch::try_from_iter_with_nullable(columns).unwrap()
    }

    fn rebatched(parts: &[RecordBatch], max_bytes: usize) -> Vec<RecordBatch> {
        let mut rebatcher = Rebatcher { max_rows: 10, max_bytes, ..Rebatcher::new(parts[0].schema()) };
        let mut full = Vec::new();
        for part in parts {
            let keep = |batch: &RecordBatch| -> Result<(), ArrowError> {
                full.push(batch.clone());
                Ok(())
            };
            rebatcher.push(part, keep).unwrap();
        }
        full.extend(rebatcher.finish().unwrap());
        full
    }

    #[test]
    fn a_batch_ends_by_rows_or_by_bytes() {
        let texts = |lengths: &[usize]| lengths.iter().map(|&length| Some("x".repeat(length))).collect::<Vec<_>>();
        let sizes = |lengths: &[usize]| {
            let batches = rebatched(&[batch(&texts(lengths))], 50);
            batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&[0; 25]), [10, 10, 5]);
        assert_eq!(sizes(&[0; 20]), [10, 10]);
        // Each takes five bytes more than its text.
        assert_eq!(sizes(&[20, 20, 20]), [2, 1]);
        assert_eq!(sizes(&[1, 1000, 1]), [1, 1, 1]);
        assert_eq!(sizes(&[]), [0; 0]);
    }

    proptest! {
        #[test]
        fn the_same_rows_give_the_same_batches_wherever_they_were_cut(
            texts in prop::collection::vec(prop::option::of("[a-z]{0,12}"), 1..60),
            cuts in prop::collection::vec(0..60_usize, 0..6),
        ) {
            let whole = batch(&texts);
            let mut ends: Vec<usize> = cuts.iter().map(|&cut| cut.min(texts.len())).chain([texts.len()]).collect();
            ends.sort_unstable();
            let starts = [0].into_iter().chain(ends.iter().copied());
            let parts: Vec<_> = starts.zip(&ends).map(|(start, &end)| whole.slice(start, end - start)).collect();
            let batches = rebatched(&parts, 60);
            prop_assert_eq!(&batches, &rebatched(std::slice::from_ref(&whole), 60));
            prop_assert_eq!(arrow::compute::concat_batches(&whole.schema(), &batches).unwrap(), whole);
        }
    }
}
