//! Sorts the rows of a snapshot by id, on disk if there are many.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Schema;
use arrow::row::Rows;

use super::chunk::{KeyedRow, compare_rows, prefix_of};
use super::error::ChangesError;
use super::merge::Merge;
use super::row_codec::RowCodec;
use super::run::{RunWriter, SortedRun};

/// How much memory sorting may use, and where the remaining rows are written.
#[derive(Debug, Clone)]
pub struct SortSettings {
    /// Maximum bytes of encoded rows of one snapshot in memory; above it, they are sorted and written to a temporary file.
    pub budget_bytes: usize,
    /// Maximum number of temporary files that are merged at once, at least 2.
    pub max_merged_runs: usize,
    /// Bytes of a chunk: of each temporary file, one is in memory during a merge.
    pub chunk_bytes: usize,
    /// Folder for temporary files.
    pub folder: PathBuf,
}

impl Default for SortSettings {
    /// Two snapshots of 10 million contacts take less than 250 MB of memory, and those of 100 million not much more.
    fn default() -> Self {
        Self { budget_bytes: 64 << 20, max_merged_runs: 64, chunk_bytes: 256 << 10, folder: std::env::temp_dir() }
    }
}

/// Sorts the rows of a snapshot by id.
#[derive(Debug)]
pub struct SnapshotSorter {
    codec: Arc<RowCodec>,
    settings: SortSettings,
    /// Rows that are not yet in a run.
    parts: Vec<BatchRows>,
    bytes: usize,
    /// Runs, grouped by the number of times their rows were merged.
    levels: Vec<Vec<SortedRun>>,
    without_id: u64,
    repeated: u64,
}

/// The rows of a batch.
#[derive(Debug)]
struct BatchRows {
    keys: StringArray,
    rows: Rows,
    rank: u32,
}

impl BatchRows {
    fn row(&self, at: usize) -> KeyedRow<'_> {
        KeyedRow { key: self.keys.value(at), rank: self.rank, row: self.rows.row(at).data() }
    }
}

/// A row of a batch, with the prefix of its id, which settles most comparisons.
struct SortEntry {
    prefix: u128,
    part: u32,
    at: u32,
}

impl SnapshotSorter {
    /// Creates the sorters for two snapshots with this schema, which has a text column `id`. If it also has a text column
    /// `profile_id`, rows are matched by both.
    ///
    /// # Errors
    /// When the schema has no such column, or a column of a type that cannot be compared.
    pub fn pair(schema: &Schema, settings: &SortSettings) -> Result<[Self; 2], ChangesError> {
        let first = Self::new(schema, settings)?;
        let second = first.another();
        Ok([first, second])
    }

    /// Creates the sorter for one snapshot with this schema, which has a text column `id`.
    ///
    /// # Errors
    /// As for [`pair`](Self::pair).
    pub fn new(schema: &Schema, settings: &SortSettings) -> Result<Self, ChangesError> {
        let codec = Arc::new(RowCodec::new(schema).map_err(ChangesError::ForeignBatch)?);
        Ok(Self::with_codec(codec, settings.clone()))
    }

    /// Creates an empty sorter for a snapshot that is compared with this one.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::with_codec(Arc::clone(&self.codec), self.settings.clone())
    }

    fn with_codec(codec: Arc<RowCodec>, settings: SortSettings) -> Self {
        Self { codec, settings, parts: Vec::new(), bytes: 0, levels: Vec::new(), without_id: 0, repeated: 0 }
    }

    /// Adds rows. Among rows with the same key, the one with the highest `rank` is used. Rows without an id are only counted.
    ///
    /// # Errors
    /// When the batch has other columns, or a temporary file cannot be written.
    pub fn add(&mut self, batch: &RecordBatch, rank: u32) -> Result<(), ChangesError> {
        let (mut keys, mut rows) = self.codec.encode(batch).map_err(ChangesError::ForeignBatch)?;
        if keys.null_count() > 0 {
            self.without_id += keys.null_count() as u64;
            let has_id = arrow::compute::is_not_null(&keys).map_err(ChangesError::ForeignBatch)?;
            let kept = filter_record_batch(batch, &has_id).map_err(ChangesError::ForeignBatch)?;
            (keys, rows) = self.codec.encode(&kept).map_err(ChangesError::ForeignBatch)?;
        }
        self.bytes += keys.value_data().len() + rows.size() + keys.len() * size_of::<SortEntry>();
        self.parts.push(BatchRows { keys, rows, rank });
        if self.bytes >= self.settings.budget_bytes { self.spill() } else { Ok(()) }
    }

    /// Number of rows so far that were skipped because they have no id.
    pub fn without_id(&self) -> u64 {
        self.without_id
    }

    /// Sorts the remaining rows.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read.
    pub fn finish(mut self) -> Result<SortedSnapshot, ChangesError> {
        if self.levels.is_empty() {
            let mut writer = RunWriter::in_memory(self.settings.chunk_bytes);
            self.write_sorted(&mut writer)?;
            return Ok(SortedSnapshot { codec: self.codec, runs: vec![writer.finish()?], repeated: 0 });
        }
        self.spill()?;
        // Starts at the level with the shortest runs, until all remaining ones can be merged at once.
        let mut levels = std::mem::take(&mut self.levels).into_iter();
        let mut runs: Vec<SortedRun> = levels.next().unwrap_or_default();
        for level in levels {
            if runs.len() + level.len() > self.settings.max_merged_runs {
                runs = vec![self.merge(&runs)?];
            }
            runs.extend(level);
        }
        Ok(SortedSnapshot { codec: self.codec, runs, repeated: self.repeated })
    }

    /// Writes the rows in memory to a temporary file, and merges temporary files if there are many.
    fn spill(&mut self) -> Result<(), ChangesError> {
        let mut writer = RunWriter::in_file(&self.settings.folder, self.settings.chunk_bytes)?;
        self.write_sorted(&mut writer)?;
        let mut run = writer.finish()?;
        let mut level = 0;
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(run);
            if self.levels[level].len() < self.settings.max_merged_runs.max(2) {
                return Ok(());
            }
            let full = std::mem::take(&mut self.levels[level]);
            run = self.merge(&full)?;
            level += 1;
        }
    }

    /// Merges runs into one in a temporary file.
    fn merge(&mut self, runs: &[SortedRun]) -> Result<SortedRun, ChangesError> {
        let mut merge = Merge::open(runs)?;
        let mut writer = RunWriter::in_file(&self.settings.folder, self.settings.chunk_bytes)?;
        while let Some(row) = merge.next()? {
            writer.push(row.keyed())?;
        }
        self.repeated += merge.repeated();
        writer.finish()
    }

    /// Writes the rows in memory in order, and removes them from memory.
    fn write_sorted(&mut self, writer: &mut RunWriter) -> Result<(), ChangesError> {
        let parts = std::mem::take(&mut self.parts);
        self.bytes = 0;
        let index = |at: usize| u32::try_from(at).expect("a budget has fewer than 2^32 rows");
        let mut entries: Vec<SortEntry> = Vec::with_capacity(parts.iter().map(|part| part.keys.len()).sum());
        for (part, rows) in parts.iter().enumerate() {
            let entry = |at| SortEntry { prefix: prefix_of(rows.keys.value(at)), part: index(part), at: index(at) };
            entries.extend((0..rows.keys.len()).map(entry));
        }
        let row = |entry: &SortEntry| parts[entry.part as usize].row(entry.at as usize);
        entries.sort_unstable_by(|one, other| {
            one.prefix.cmp(&other.prefix).then_with(|| compare_rows(row(one), row(other)))
        });
        entries.iter().try_for_each(|entry| writer.push(row(entry)))
    }
}

/// The rows of a snapshot, sorted by id, in memory or in temporary files.
///
/// It can be read several times, but not at the same time, because all readers share the files.
#[derive(Debug)]
pub struct SortedSnapshot {
    codec: Arc<RowCodec>,
    runs: Vec<SortedRun>,
    /// Rows skipped so far, because another row has the same id.
    repeated: u64,
}

impl SortedSnapshot {
    /// An empty snapshot, for comparison with another one.
    #[must_use]
    pub fn empty_like(other: &Self) -> Self {
        Self { codec: Arc::clone(&other.codec), runs: Vec::new(), repeated: 0 }
    }

    pub(super) fn codec(&self) -> &Arc<RowCodec> {
        &self.codec
    }

    pub(super) fn repeated(&self) -> u64 {
        self.repeated
    }

    /// All rows in order, from the first.
    pub(super) fn open(&self) -> Result<Merge, ChangesError> {
        Merge::open(&self.runs)
    }
}
