//! Compares rows that differ column by column, and builds batches of changes.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray, UInt32Array, make_comparator,
};
use arrow::compute::{SortOptions, take};
use arrow::datatypes::{FieldRef, SchemaRef};
use arrow::error::ArrowError;

use super::chunk::RowRef;
use super::counts::ChangeCounts;
use super::key::KeyColumns;
use super::layout::{ChangeLayout, GoneAs, OPT_OUT, name_field, schema_of, value_columns};
use super::row_codec::RowCodec;
use super::settings::CompareSettings;

/// Rows that only one side has, or that differ. They are copied, because a reference would keep a whole chunk in memory.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    keys: Vec<String>,
    old: EncodedRows,
    new: EncodedRows,
}

/// The rows of one side.
#[derive(Debug, Default)]
struct EncodedRows {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// For each candidate, the row of this side.
    places: Vec<Option<u32>>,
}

impl EncodedRows {
    fn push(&mut self, row: Option<&RowRef>) {
        let count = u32::try_from(self.ends.len()).expect("a batch has fewer than 2^32 rows");
        self.places.push(row.map(|_| count));
        if let Some(row) = row {
            self.bytes.extend_from_slice(row.row());
            self.ends.push(self.bytes.len());
        }
    }

    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }
}

impl Candidates {
    /// Adds a key with its row on each side that has it.
    pub(super) fn push(&mut self, old: Option<&RowRef>, new: Option<&RowRef>) {
        self.keys.extend(old.or(new).map(|row| row.key().to_owned()));
        self.old.push(old);
        self.new.push(new);
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.old.bytes.len() + self.new.bytes.len()
    }
}

/// Compares rows and counts changes.
#[derive(Debug)]
pub(super) struct RowComparison {
    key: KeyColumns,
    fields: Vec<FieldRef>,
    is_compared: Vec<bool>,
    has_whole_rows: bool,
    layout: ChangeLayout,
    gone_as: GoneAs,
    not_gone: HashSet<String>,
    complete_profiles: HashSet<String>,
    schema: SchemaRef,
    counts: ChangeCounts,
    /// Changed rows for each column.
    changed: Vec<u64>,
}

/// A change: a candidate, and the columns that differ.
struct RowChange {
    candidate: usize,
    name: &'static str,
    old: Option<u32>,
    new: Option<u32>,
    /// Columns that differ; `None` if one side lacks the row.
    fields: Option<Vec<usize>>,
}

impl RowChange {
    /// Whether a value is part of the change.
    fn has(&self, column: usize) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.contains(&column))
    }
}

impl RowComparison {
    pub(super) fn new((key, fields): (KeyColumns, &[FieldRef]), settings: &CompareSettings) -> Self {
        let is_compared = |field: &FieldRef| !settings.ignored.contains(field.name());
        Self {
            key,
            is_compared: fields.iter().map(is_compared).collect(),
            has_whole_rows: settings.whole_rows,
            layout: settings.layout,
            gone_as: settings.gone_as,
            not_gone: settings.not_gone.clone(),
            complete_profiles: settings.complete_profiles.clone(),
            schema: schema_of((key, fields), settings.layout),
            counts: ChangeCounts::default(),
            changed: vec![0; fields.len()],
            fields: fields.to_vec(),
        }
    }

    /// The counts so far.
    pub(super) fn counts(&self) -> ChangeCounts {
        let fields = self.fields.iter().zip(&self.changed).filter(|&(_, &rows)| rows > 0);
        let fields = fields.map(|(field, &rows)| (field.name().clone(), rows)).collect();
        ChangeCounts { fields, ..self.counts.clone() }
    }

    /// The changes among candidates, in their order; there may be none.
    ///
    /// # Errors
    /// When their bytes are not those of rows.
    pub(super) fn compare(&mut self, codec: &RowCodec, candidates: &Candidates) -> Result<RecordBatch, ArrowError> {
        let old = codec.decode(candidates.old.rows())?;
        let new = codec.decode(candidates.new.rows())?;
        let changes = self.find_changes(candidates, &old, &new)?;
        let keys = changes.iter().map(|change| candidates.keys[change.candidate].as_str());
        let kinds = StringArray::from_iter_values(changes.iter().map(|change| change.name));
        let mut columns = self.key.columns(keys);
        if let ChangeLayout::Log { valid_from } = self.layout {
            let times = TimestampMicrosecondArray::from_value(valid_from, changes.len());
            columns.push(Arc::new(times.with_timezone("UTC")));
        }
        columns.extend([Arc::new(kinds) as ArrayRef, self.field_names(&changes)]);
        if let Some(column) = self.fields.iter().position(|field| field.name() == OPT_OUT) {
            columns.push(self.opt_out_changes(column, &changes, &old, &new));
        }
        if matches!(self.layout, ChangeLayout::Log { .. }) {
            let rows: UInt32Array = changes.iter().map(|change| change.new).collect();
            let whole = |array: &ArrayRef| take(array.as_ref(), &rows, None);
            columns.extend(new.iter().map(whole).collect::<Result<Vec<_>, _>>()?);
            return RecordBatch::try_new(Arc::clone(&self.schema), columns);
        }
        let values =
            [self.values(&old, &changes, |change| change.old)?, self.values(&new, &changes, |change| change.new)?];
        let has_old = changes.iter().map(|change| change.old.is_some()).collect();
        let has_new = changes.iter().map(|change| change.new.is_some()).collect();
        columns.extend(value_columns(&self.fields, self.layout, values, [has_old, has_new]));
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }

    fn find_changes(
        &mut self,
        candidates: &Candidates,
        old: &[ArrayRef],
        new: &[ArrayRef],
    ) -> Result<Vec<RowChange>, ArrowError> {
        let compared = (0..self.fields.len()).filter(|&column| self.is_compared[column]);
        let comparators = compared.map(|column| {
            Ok((column, make_comparator(old[column].as_ref(), new[column].as_ref(), SortOptions::default())?))
        });
        let comparators: Vec<_> = comparators.collect::<Result<_, ArrowError>>()?;
        let mut changes = Vec::with_capacity(candidates.len());
        for (candidate, (&old, &new)) in candidates.old.places.iter().zip(&candidates.new.places).enumerate() {
            let (name, fields) = match (old, new) {
                (Some(old), Some(new)) => {
                    let differs = |(_, compare): &&(usize, _)| differ(compare, old, new);
                    let fields: Vec<usize> = comparators.iter().filter(differs).map(|(column, _)| *column).collect();
                    if fields.is_empty() {
                        self.counts.unchanged += 1;
                        continue;
                    }
                    self.counts.changed += 1;
                    for &column in &fields {
                        self.changed[column] += 1;
                    }
                    ("changed", Some(fields))
                }
                (None, _) => {
                    self.counts.added += 1;
                    ("added", None)
                }
                (Some(_), None) => {
                    let gone_as = self.gone_as(&candidates.keys[candidate]);
                    match gone_as {
                        GoneAs::Removed => self.counts.removed += 1,
                        GoneAs::Missing => self.counts.missing += 1,
                    }
                    (gone_as.name(), None)
                }
            };
            changes.push(RowChange { candidate, name, old, new, fields });
        }
        Ok(changes)
    }

    /// How to report a row that only the old snapshot has.
    fn gone_as(&self, key: &str) -> GoneAs {
        let is_complete = self.key.profile_of(key).is_some_and(|profile| self.complete_profiles.contains(profile));
        if self.not_gone.contains(self.key.id_of(key)) {
            GoneAs::Missing
        } else if is_complete {
            GoneAs::Removed
        } else {
            self.gone_as
        }
    }

    fn field_names(&self, changes: &[RowChange]) -> ArrayRef {
        let mut lists = ListBuilder::new(StringBuilder::new()).with_field(name_field());
        for change in changes {
            let columns = change.fields.iter().flatten();
            columns.for_each(|&column| lists.values().append_value(self.fields[column].name()));
            lists.append(change.fields.is_some());
        }
        Arc::new(lists.finish())
    }

    /// Whether contacts opted out or in. An opt-out must not be missed, so an unknown value that becomes true is an
    /// opt-out; one that becomes false is not an opt-in.
    fn opt_out_changes(
        &mut self,
        column: usize,
        changes: &[RowChange],
        old: &[ArrayRef],
        new: &[ArrayRef],
    ) -> ArrayRef {
        let flag = |side: &[ArrayRef], row: Option<u32>| {
            let flags: &BooleanArray = side[column].as_boolean_opt()?;
            let row = row? as usize;
            flags.is_valid(row).then(|| flags.value(row))
        };
        let mut texts = StringBuilder::new();
        for change in changes {
            let is_changed = change.fields.as_ref().is_some_and(|fields| fields.contains(&column));
            let text = match (flag(old, change.old), flag(new, change.new)) {
                _ if !is_changed => None,
                (_, Some(true)) => {
                    self.counts.opted_out += 1;
                    Some("opted_out")
                }
                (Some(true), Some(false)) => {
                    self.counts.opted_in += 1;
                    Some("opted_in")
                }
                _ => None,
            };
            texts.append_option(text);
        }
        Arc::new(texts.finish())
    }

    /// The values of one side that are part of the changes; all others are null, unless whole rows are written.
    fn values(
        &self,
        arrays: &[ArrayRef],
        changes: &[RowChange],
        row: impl Fn(&RowChange) -> Option<u32>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let value = |(column, array): (usize, &ArrayRef)| {
            let places = changes.iter().map(|change| row(change).filter(|_| self.has_whole_rows || change.has(column)));
            take(array.as_ref(), &places.collect::<UInt32Array>(), None)
        };
        arrays.iter().enumerate().map(value).collect()
    }
}

fn differ(compare: &impl Fn(usize, usize) -> Ordering, old: u32, new: u32) -> bool {
    compare(old as usize, new as usize) != Ordering::Equal
}
