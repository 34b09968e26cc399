//! Counts who came and who left between two exports of contacts: sorts their rows by id and profile, and compares them.
//!
//! Rows are added while they are counted, so no file is read twice, and only the necessary columns are kept. Memory is
//! limited as in [`changes`](crate::changes), whatever the size of the exports.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{Schema, SchemaRef};

use crate::changes::{CHANGE, Changes, ChangesError, CompareSettings, GoneAs, SnapshotSorter, SortSettings};
use crate::input::{Content, SourceFile};
use crate::report::{GrossChanges, GroupsOfContact, OptOutChange};
use crate::resources::PROFILE_ID;
use crate::transform::Privacy;
use crate::verdict::Verdict;

use super::super::compare::comparable;
use super::super::compare::side::SideFacts;

/// The columns that are compared, behind those that rows are matched by: two profiles may share a contact.
const COLUMNS: [&str; 5] = ["id", PROFILE_ID, "region_code", "available_channels", "opt_out"];

/// The rows of both sides.
pub(super) struct GrossRows {
    places: Vec<usize>,
    sides: [SnapshotSorter; 2],
}

impl GrossRows {
    /// For two exports; `None` if they hold no contacts, or cannot be compared.
    ///
    /// # Errors
    /// When the rows cannot be sorted.
    pub(super) fn between(old: &[SourceFile], new: &[SourceFile]) -> Result<Option<Self>, ChangesError> {
        let is_of_contacts = |file: &SourceFile| file.content == Content::Contacts;
        if !old.iter().chain(new).all(is_of_contacts) || comparable::difference(&facts(old), &facts(new)).is_some() {
            return Ok(None);
        }
        let Some(schema) = new.first().map(SourceFile::schema) else { return Ok(None) };
        let places: Option<Vec<usize>> = COLUMNS.iter().map(|name| schema.index_of(name).ok()).collect();
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
    pub(super) fn compare(self, new_verdict: Option<Verdict>) -> Result<GrossChanges, ChangesError> {
        let removed_may_exist = new_verdict == Some(Verdict::Unverified);
        let gone_as = if removed_may_exist { GoneAs::Missing } else { GoneAs::Removed };
        let [old, new] = self.sides;
        let (old, new) = (old.finish()?, new.finish()?);
        let settings = CompareSettings { whole_rows: true, gone_as, ..CompareSettings::default() };
        let mut changes = Changes::between(&old, &new, &settings)?;
        let mut gross = GrossChanges { removed_may_exist, ..GrossChanges::default() };
        while let Some(batch) = changes.next_batch()? {
            count(&batch, &mut gross);
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
    /// Adds the rows of a file's batch; among rows with the same id, the one with the highest rank counts.
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

fn count(batch: &RecordBatch, gross: &mut GrossChanges) {
    let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let side = |name: &str| batch.column_by_name(name).and_then(|column| column.as_struct_opt());
    let (Some(kinds), Some(old), Some(new)) = (text(CHANGE), side("old"), side("new")) else { return };
    let opt_outs = text("opt_out_change");
    for row in 0..batch.num_rows() {
        match kinds.value(row) {
            "added" => gross.add_new(&groups(new, row)),
            "changed" => {
                let opt_out = opt_outs.filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row));
                let opt_out = match opt_out {
                    Some("opted_out") => Some(OptOutChange::OptedOut),
                    Some("opted_in") => Some(OptOutChange::OptedIn),
                    _ => None,
                };
                gross.add_changed(&groups(old, row), &groups(new, row), opt_out);
            }
            _ => gross.add_removed(&groups(old, row)),
        }
    }
}

/// The groups of the contact in a row of one side.
fn groups(side: &StructArray, row: usize) -> GroupsOfContact {
    let texts = |values: &StringArray| -> Vec<String> { values.iter().flatten().map(str::to_owned).collect() };
    let regions = side.column_by_name("region_code").and_then(|column| column.as_string_opt::<i32>());
    let lists = side.column_by_name("available_channels").and_then(|column| column.as_list_opt::<i32>());
    let channels = lists.filter(|lists| lists.is_valid(row)).map(|lists| lists.value(row));
    GroupsOfContact {
        region: regions.filter(|regions| regions.is_valid(row)).map(|regions| regions.value(row).to_owned()),
        channels: channels.and_then(|list| list.as_string_opt::<i32>().map(texts)).unwrap_or_default(),
    }
}
