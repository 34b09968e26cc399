//! Counts added, removed and changed rows between two exports: sorts their rows by id and profile, and compares them.
//!
//! Rows are added while they are counted, so no file is read twice, and only the necessary columns are kept. Memory is
//! limited as in [`changes`](crate::changes), whatever the size of the exports.

mod contacts;
mod messages;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef};

use crate::changes::{Changes, ChangesError, CompareSettings, GoneAs, SnapshotSorter, SortSettings};
use crate::input::{Content, SourceFile};
use crate::transform::Privacy;
use crate::verdict::Verdict;

use super::super::compare::comparable;
use super::super::compare::side::SideFacts;

/// Counts of rows that differ.
pub(super) trait GrossCounts {
    /// The resource of the rows.
    const CONTENT: Content;
    /// The key columns and the compared columns. The profile is part of the key, because two profiles may share an id.
    const COLUMNS: &'static [&'static str];

    /// Empty counts; `removed_may_exist` if the newer side may lack rows.
    fn of_sides(removed_may_exist: bool) -> Self;

    /// Adds a batch of changes that contain whole rows.
    fn count(&mut self, batch: &RecordBatch);
}

/// The rows of both sides.
pub(super) struct GrossRows {
    places: Vec<usize>,
    sides: [SnapshotSorter; 2],
}

impl GrossRows {
    /// The rows of two exports; `None` if they contain other rows, or cannot be compared.
    ///
    /// # Errors
    /// When the rows cannot be sorted.
    pub(super) fn between<G: GrossCounts>(
        old: &[SourceFile],
        new: &[SourceFile],
    ) -> Result<Option<Self>, ChangesError> {
        let has_rows = |file: &SourceFile| file.content == G::CONTENT;
        if !old.iter().chain(new).all(has_rows) || comparable::difference(&facts(old), &facts(new)).is_some() {
            return Ok(None);
        }
        let Some(schema) = new.first().map(SourceFile::schema) else { return Ok(None) };
        let places: Option<Vec<usize>> = G::COLUMNS.iter().map(|name| schema.index_of(name).ok()).collect();
        let Some(places) = places else { return Ok(None) };
        let sides = SnapshotSorter::pair(&projected(&schema, &places), &SortSettings::default())?;
        Ok(Some(Self { places, sides }))
    }

    /// The rows of the older side.
    pub(super) fn old(&mut self) -> RowsOfSide<'_> {
        RowsOfSide { places: &self.places, sorter: &mut self.sides[0] }
    }

    /// The rows of the newer side.
    pub(super) fn new_rows(&mut self) -> RowsOfSide<'_> {
        RowsOfSide { places: &self.places, sorter: &mut self.sides[1] }
    }

    /// Compares both sides. If the newer side may lack rows, missing ones are not counted as removed.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub(super) fn compare<G: GrossCounts>(self, new_verdict: Option<Verdict>) -> Result<G, ChangesError> {
        let removed_may_exist = new_verdict == Some(Verdict::Unverified);
        let gone_as = if removed_may_exist { GoneAs::Missing } else { GoneAs::Removed };
        let [old, new] = self.sides;
        let (old, new) = (old.finish()?, new.finish()?);
        let settings = CompareSettings { whole_rows: true, gone_as, ..CompareSettings::default() };
        let mut changes = Changes::between(&old, &new, &settings)?;
        let mut gross = G::of_sides(removed_may_exist);
        while let Some(batch) = changes.next_batch()? {
            gross.count(&batch);
        }
        Ok(gross)
    }
}

/// Receives the rows of one side.
pub(super) struct RowsOfSide<'a> {
    places: &'a [usize],
    sorter: &'a mut SnapshotSorter,
}

impl RowsOfSide<'_> {
    /// Adds the rows of a file's batch; among rows with the same key, the one with the highest rank counts.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub(super) fn add(&mut self, batch: &RecordBatch, rank: u32) -> Result<(), ChangesError> {
        let columns: Vec<ArrayRef> = self.places.iter().map(|&place| Arc::clone(batch.column(place))).collect();
        let batch = RecordBatch::try_new(Arc::new(projected(&batch.schema(), self.places)), columns);
        self.sorter.add(&batch.map_err(ChangesError::ForeignBatch)?, rank)
    }
}

fn projected(schema: &SchemaRef, places: &[usize]) -> Schema {
    Schema::new(places.iter().map(|&place| Arc::clone(&schema.fields()[place])).collect::<Vec<_>>())
}

/// The accounts and filters in the manifests.
fn facts(files: &[SourceFile]) -> SideFacts {
    let mut facts = SideFacts::default();
    for file in files {
        if let Some(published) = &file.published {
            facts.add_export(published.api.as_deref(), &published.filters, &Privacy::default(), file.is_part());
        }
    }
    facts
}
