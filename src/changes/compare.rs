//! Compares two sorted snapshots row by row.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;

use super::batch::{Candidates, RowComparison};
use super::chunk::RowRef;
use super::counts::ChangeCounts;
use super::error::ChangesError;
use super::merge::Merge;
use super::row_codec::RowCodec;
use super::settings::CompareSettings;
use super::sorter::SortedSnapshot;

/// Number of rows that are compared column by column at once, and maximum number of rows in a batch.
const MAX_CANDIDATES: usize = 4096;
/// Maximum number of ids compared for one batch, so that the caller can stop in between.
const MAX_SCANNED: usize = 256 << 10;
/// Maximum bytes of the rows that are compared at once, unless a single row has more.
const MAX_CANDIDATE_BYTES: usize = 8 << 20;

/// The changes between two snapshots, batch by batch, sorted by id.
pub struct Changes {
    codec: Arc<RowCodec>,
    old: SnapshotSide,
    new: SnapshotSide,
    comparison: RowComparison,
    candidates: Candidates,
    unchanged: u64,
}

impl fmt::Debug for Changes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Changes").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// Passes on the ids that only the old snapshot has, in order.
///
/// # Errors
/// When a temporary file cannot be read.
pub fn for_each_gone(
    old: &SortedSnapshot,
    new: &SortedSnapshot,
    mut take: impl FnMut(&str),
) -> Result<(), ChangesError> {
    let old_key = old.codec().key();
    let (mut old, mut new) = (SnapshotSide::open(old)?, SnapshotSide::open(new)?);
    while let Some(row) = old.take()? {
        while new.next.as_ref().is_some_and(|other| other.key() < row.key()) {
            new.take()?;
        }
        if new.next.as_ref().is_none_or(|other| other.key() != row.key()) {
            take(old_key.id_of(row.key()));
        }
    }
    Ok(())
}

/// A sorted snapshot and its next row.
struct SnapshotSide {
    rows: Merge,
    next: Option<RowRef>,
    repeated: u64,
}

impl SnapshotSide {
    fn open(snapshot: &SortedSnapshot) -> Result<Self, ChangesError> {
        let mut rows = snapshot.open()?;
        Ok(Self { next: rows.next()?, rows, repeated: snapshot.repeated() })
    }

    /// Returns the next row and advances.
    fn take(&mut self) -> Result<Option<RowRef>, ChangesError> {
        Ok(std::mem::replace(&mut self.next, self.rows.next()?))
    }

    fn repeated(&self) -> u64 {
        self.repeated + self.rows.repeated()
    }
}

impl Changes {
    /// Starts at the first id. Both snapshots must come from one [`SnapshotSorter::pair`](super::SnapshotSorter::pair).
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn between(
        old: &SortedSnapshot,
        new: &SortedSnapshot,
        settings: &CompareSettings,
    ) -> Result<Self, ChangesError> {
        let codec = Arc::clone(old.codec());
        let comparison = RowComparison::new((codec.key(), codec.fields()), settings);
        let (old, new) = (SnapshotSide::open(old)?, SnapshotSide::open(new)?);
        Ok(Self { codec, old, new, comparison, candidates: Candidates::default(), unchanged: 0 })
    }

    /// The changes among the next ids, possibly none; `None` at the end.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, ChangesError> {
        if self.old.next.is_none() && self.new.next.is_none() {
            return Ok(None);
        }
        self.gather()?;
        let candidates = std::mem::take(&mut self.candidates);
        self.comparison.compare(&self.codec, &candidates).map(Some).map_err(ChangesError::ForeignBatch)
    }

    /// The counts so far, which are complete after the last batch.
    pub fn counts(&self) -> ChangeCounts {
        let counts = self.comparison.counts();
        ChangeCounts {
            unchanged: self.unchanged + counts.unchanged,
            repeated: [self.old.repeated(), self.new.repeated()],
            ..counts
        }
    }

    /// Collects rows that differ until there are enough for a batch.
    fn gather(&mut self) -> Result<(), ChangesError> {
        for _ in 0..MAX_SCANNED {
            if self.candidates.len() >= MAX_CANDIDATES || self.candidates.bytes() >= MAX_CANDIDATE_BYTES {
                return Ok(());
            }
            let order = match (&self.old.next, &self.new.next) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.key().cmp(new.key()),
            };
            let old = if order.is_le() { self.old.take()? } else { None };
            let new = if order.is_ge() { self.new.take()? } else { None };
            match (&old, &new) {
                (Some(old), Some(new)) if old.row() == new.row() => self.unchanged += 1,
                _ => self.candidates.push(old.as_ref(), new.as_ref()),
            }
        }
        Ok(())
    }
}
