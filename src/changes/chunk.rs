//! A chunk of a sorted run: the unit in which runs are written, read and held in memory.

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, AsArray, BinaryArray, BinaryBuilder, PrimitiveArray, RecordBatch, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};

/// Columns of a chunk in a temporary file.
pub(super) static CHUNK_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |name, data_type| Field::new(name, data_type, false);
    Arc::new(Schema::new(vec![
        field("key", DataType::Utf8),
        field("row", DataType::Binary),
        field("rank", DataType::UInt32),
    ]))
});

/// Rows in the order of [`compare_rows`].
#[derive(Debug)]
pub(super) struct Chunk {
    keys: StringArray,
    rows: BinaryArray,
    ranks: PrimitiveArray<UInt32Type>,
}

impl Chunk {
    pub(super) fn from_batch(batch: &RecordBatch) -> Option<Self> {
        let [keys, rows, ranks] = batch.columns() else { return None };
        let (keys, rows) = (keys.as_string_opt()?.clone(), rows.as_binary_opt()?.clone());
        Some(Self { keys, rows, ranks: ranks.as_primitive_opt()?.clone() })
    }

    pub(super) fn to_batch(&self) -> RecordBatch {
        let columns: Vec<Arc<dyn Array>> =
            vec![Arc::new(self.keys.clone()), Arc::new(self.rows.clone()), Arc::new(self.ranks.clone())];
        RecordBatch::try_new(Arc::clone(&CHUNK_SCHEMA), columns).expect("the columns are those of a chunk")
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}

/// A row of a chunk. It keeps the whole chunk in memory.
#[derive(Debug, Clone)]
pub(super) struct RowRef {
    pub(super) chunk: Arc<Chunk>,
    pub(super) at: usize,
}

impl RowRef {
    /// The key by which rows are matched.
    pub(super) fn key(&self) -> &str {
        self.chunk.keys.value(self.at)
    }

    /// The other columns as bytes.
    pub(super) fn row(&self) -> &[u8] {
        self.chunk.rows.value(self.at)
    }

    pub(super) fn keyed(&self) -> KeyedRow<'_> {
        KeyedRow { key: self.key(), rank: self.chunk.ranks.value(self.at), row: self.row() }
    }
}

/// The parts of a row that determine its order.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyedRow<'a> {
    pub(super) key: &'a str,
    pub(super) rank: u32,
    pub(super) row: &'a [u8],
}

/// Compares by key. Of rows with the same key, the one that is used comes first.
pub(super) fn compare_rows(one: KeyedRow<'_>, other: KeyedRow<'_>) -> Ordering {
    let by_key = one.key.as_bytes().cmp(other.key.as_bytes());
    by_key.then_with(|| other.rank.cmp(&one.rank)).then_with(|| other.row.cmp(one.row))
}

/// The first bytes of a key as a number with the same order, which settles most comparisons without reading the key.
pub(super) fn prefix_of(key: &str) -> u128 {
    const BYTES: usize = size_of::<u128>();
    let mut prefix = [0; BYTES];
    let length = key.len().min(BYTES);
    prefix[..length].copy_from_slice(&key.as_bytes()[..length]);
    u128::from_be_bytes(prefix)
}

/// Collects rows into chunks. The rows must arrive in order.
#[derive(Debug, Default)]
pub(super) struct ChunkBuilder {
    keys: StringBuilder,
    rows: BinaryBuilder,
    ranks: Vec<u32>,
    bytes: usize,
}

impl ChunkBuilder {
    pub(super) fn push(&mut self, row: KeyedRow<'_>) {
        self.keys.append_value(row.key);
        self.rows.append_value(row.row);
        self.ranks.push(row.rank);
        self.bytes += row.key.len() + row.row.len() + 3 * size_of::<u32>();
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the rows added since the last call, if there are any.
    pub(super) fn take(&mut self) -> Option<Chunk> {
        if self.ranks.is_empty() {
            return None;
        }
        self.bytes = 0;
        let ranks = std::mem::take(&mut self.ranks).into();
        Some(Chunk { keys: self.keys.finish(), rows: self.rows.finish(), ranks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_in_the_order_of_keys() {
        let keys = ["", "a", "a\0", "ab", "abcdefghijklmnop", "abcdefghijklmnopq", "b", "\u{e9}"];
        for (one, other) in keys.iter().zip(&keys[1..]) {
            assert!(prefix_of(one) <= prefix_of(other) && one < other, "{one:?} {other:?}");
        }
        assert!(prefix_of("ab") < prefix_of("b"));
    }
}
