//! What came and went between two exports: their rows are sorted by id and compared.
//!
//! Rows are taken while they are counted, so no file is read twice, and only the columns that matter are kept. Memory is that
//! of [`changes`](crate::changes), whatever the size of the exports.

mod contacts;
mod messages;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Schema, SchemaRef};

use crate::changes::{Changes, ChangesError, CompareSettings, GoneAs, SnapshotSorter, SortSettings};
use crate::input::{Content, SourceFile};
use crate::resources::PROFILE_ID;
use crate::transform::Privacy;
use crate::verdict::Verdict;

use super::super::compare::comparable;
use super::super::compare::side::SideFacts;

/// What is counted of the rows that differ.
pub(super) trait GrossCounts {
    /// What the rows are.
    const CONTENT: Content;
    /// The columns that are compared, `id` first.
    const COLUMNS: &'static [&'static str];

    /// Nothing yet; `removed_may_exist` says whether a newer side may lack rows.
    fn of_sides(removed_may_exist: bool) -> Self;

    /// Counts a batch of changes with whole rows.
    fn count(&mut self, batch: &RecordBatch);
}

/// The rows of both sides.
pub(super) struct GrossRows {
    places: Vec<usize>,
    sides: [SnapshotSorter; 2],
}

impl GrossRows {
    /// For two exports; nothing if they hold other rows, or if what differs between them may not have changed.
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

    /// Compares the rows of both sides. Rows of a newer side that may lack some are not surely removed.
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

/// Takes the rows of one side.
pub(super) struct RowsOfSide<'a> {
    places: &'a [usize],
    sorter: &'a mut SnapshotSorter,
}

impl RowsOfSide<'_> {
    /// Takes the rows of a batch of a file; of several with one id, the one of the highest rank counts.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub(super) fn add(&mut self, batch: &RecordBatch, rank: u32) -> Result<(), ChangesError> {
        let mut columns: Vec<ArrayRef> = self.places.iter().map(|&place| Arc::clone(batch.column(place))).collect();
        if let Some(ids) = ids_by_profile(batch, &columns[0]) {
            columns[0] = ids;
        }
        let batch = RecordBatch::try_new(Arc::new(projected(&batch.schema(), self.places)), columns);
        self.sorter.add(&batch.map_err(ChangesError::ForeignBatch)?, rank)
    }
}

/// The ids behind those of their profiles, which may share a contact; `None` if the rows are of no profile.
fn ids_by_profile(batch: &RecordBatch, ids: &ArrayRef) -> Option<ArrayRef> {
    let profiles = batch.column_by_name(PROFILE_ID)?.as_string_opt::<i32>()?;
    if profiles.null_count() == profiles.len() {
        return None;
    }
    let named = ids.as_string_opt::<i32>()?.iter().zip(profiles);
    let named = named.map(|(id, profile)| id.map(|id| format!("{}/{id}", profile.unwrap_or_default())));
    Some(Arc::new(named.collect::<StringArray>()))
}

fn projected(schema: &SchemaRef, places: &[usize]) -> Schema {
    Schema::new(places.iter().map(|&place| Arc::clone(&schema.fields()[place])).collect::<Vec<_>>())
}

/// What manifests say of the accounts and filters.
fn facts(files: &[SourceFile]) -> SideFacts {
    let mut facts = SideFacts::default();
    for file in files {
        if let Some(published) = &file.published {
            facts.add_export(published.api.as_deref(), &published.filters, &Privacy::default(), file.is_part());
        }
    }
    facts
}
