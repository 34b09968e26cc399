//! Counters over contacts, filled batch by batch in one pass.
//!
//! [`ContactCounts::add_batch`] is called for every page of an export, and [`ContactCounts::add_columns`] for every batch of
//! a file. A row is counted in one cell of a table of region × combination of channels × opt-out, which is looked up by small
//! numbers instead of texts; [`ContactCounts::summary`] adds the cells up. No contact is kept.
//!
//! *Easy to get wrong:* a contact counts once for each of its channels, so the counts of channels add up to more than the
//! contacts; every other table adds up to the number of contacts. Memory must not grow with the account: tables have at most
//! [`MAX_KEYS`] keys, and repeated numbers are found in lists of limited size.
//!
//! Measured by `benches/count.rs`; compared with `DuckDB` in `tests/it/peers/numbers.rs`.

mod channels;
mod numbers;
mod owners;
mod summary;
mod times;

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, TimestampMicrosecondType};

use self::channels::ChannelSets;
use self::numbers::{NumberChecks, NumberColumns};
use self::owners::Owners;
use self::times::{Clock, MonthCounts};
use super::names::{Names, OTHER, TextColumn, UNKNOWN};
use super::repeats::{Repeats, hash};
use crate::report::document::contacts::summary::UpdatedCounts;
use crate::report::table::MAX_KEYS;
use crate::resources::contacts::column;

/// Contacts of one region and one combination of channels, by opt-out: no, yes, unknown.
type OptOutCounts = [u64; 3];

const OPTED_IN: usize = 0;
const OPTED_OUT: usize = 1;
const OPT_OUT_UNKNOWN: usize = 2;

/// Everything counted over contacts.
#[derive(Debug, Clone)]
pub struct ContactCounts {
    /// Contacts.
    pub contacts: u64,
    regions: Names,
    calling_codes: Names,
    default_channels: Names,
    channels: ChannelSets,
    /// Contacts by region, then by combination of channels.
    cells: Vec<Vec<OptOutCounts>>,
    /// Contacts whose combination has no number of its own, by region and by the bits of the combination.
    other_combinations: BTreeMap<(u16, u64), OptOutCounts>,
    by_calling_code: Vec<u64>,
    by_default_channel: Vec<u64>,
    /// Bit of each default channel among the available channels; 0 if the channel has no bit yet.
    default_bits: Vec<u64>,
    default_not_available: u64,
    created: MonthCounts,
    updated: UpdatedCounts,
    missing: [u64; column::COUNT],
    numbers: NumberChecks,
    /// Repeated ids; `None` for an export, which removes them.
    ids: Option<Repeats>,
    scratch: ContactBuffers,
}

/// Buffers that are reused for every batch.
#[derive(Debug, Clone, Default)]
struct ContactBuffers {
    regions: Vec<u16>,
    calling_codes: Vec<u16>,
    default_channels: Vec<u16>,
    sets: Vec<u64>,
}

impl Default for ContactCounts {
    /// Counters for an export, which removes repeated ids.
    fn default() -> Self {
        Self {
            contacts: 0,
            regions: Names::new(MAX_KEYS),
            calling_codes: Names::new(MAX_KEYS),
            default_channels: Names::new(MAX_KEYS),
            channels: ChannelSets::new(),
            cells: Vec::new(),
            other_combinations: BTreeMap::new(),
            by_calling_code: Vec::new(),
            by_default_channel: Vec::new(),
            default_bits: Vec::new(),
            default_not_available: 0,
            created: MonthCounts::default(),
            updated: UpdatedCounts::default(),
            missing: [0; column::COUNT],
            numbers: NumberChecks::default(),
            ids: None,
            scratch: ContactBuffers::default(),
        }
    }
}

impl ContactCounts {
    /// Counters for files, which can repeat ids.
    pub fn for_files() -> Self {
        Self { ids: Some(Repeats::default()), ..Self::default() }
    }

    /// Stops counting repeated ids.
    pub fn ignore_repeated_ids(&mut self) {
        self.ids = None;
    }

    /// Counts the contacts of a batch with all columns of the contacts schema.
    ///
    /// `now_micros` is the start of the run in microseconds UTC, from which ages are measured. Contacts that were changed
    /// during the run count as changed in the last 7 days.
    pub fn add_batch(&mut self, batch: &RecordBatch, now_micros: i64) {
        self.count(batch, Clock::since(now_micros), &[true; column::COUNT]);
    }

    /// Counts the contacts of a batch of a file. Columns that are false in `columns` were filled with nulls, which do not
    /// count as missing. Only wrong dates are later than `until_micros`.
    pub fn add_columns(&mut self, batch: &RecordBatch, now_micros: i64, until_micros: i64, columns: &[bool]) {
        self.count(batch, Clock::between(now_micros, until_micros), columns);
    }

    fn count(&mut self, batch: &RecordBatch, clock: Clock, columns: &[bool]) {
        let text = |column: usize| -> &StringArray { batch.column(column).as_string() };
        let time = |column: usize| -> &PrimitiveArray<TimestampMicrosecondType> { batch.column(column).as_primitive() };
        self.contacts += batch.num_rows() as u64;
        self.regions.numbers(text(column::REGION_CODE), &mut self.scratch.regions);
        self.calling_codes.numbers(text(column::COUNTRY_CODE), &mut self.scratch.calling_codes);
        let lists = batch.column(column::AVAILABLE_CHANNELS).as_list();
        self.scratch.sets.clear();
        self.channels.read(lists, &mut self.scratch.sets);
        self.count_cells(batch.column(column::OPT_OUT).as_boolean());
        self.default_channels.numbers(text(column::DEFAULT_CHANNEL), &mut self.scratch.default_channels);
        self.count_default_channels(text(column::DEFAULT_CHANNEL), lists);
        self.by_calling_code.resize(self.calling_codes.len(), 0);
        for &code in &self.scratch.calling_codes {
            self.by_calling_code[usize::from(code)] += 1;
        }
        self.created.add(time(column::CREATED_AT), clock);
        self.updated.add(time(column::UPDATED_AT), clock);
        let numbers = NumberColumns {
            e164: TextColumn::new(text(column::FORMAT_E164)),
            as_given: TextColumn::new(text(column::PHONE_NUMBER)),
            regions: &self.scratch.regions,
            calling_codes: &self.scratch.calling_codes,
        };
        // Contacts of two profiles may have the same number, and two profiles may have the same contact.
        let owners = Owners::of(batch, text(column::CUSTOMER_ID));
        self.numbers.add(numbers, owners, &self.regions, &self.calling_codes);
        if let Some(ids) = &mut self.ids {
            let mut owners = owners;
            let of_rows = text(column::ID).iter().enumerate();
            of_rows.for_each(|(row, id)| id.into_iter().for_each(|id| ids.add(hash(id) ^ owners.hash(row))));
        }
        for (column, &is_there) in columns.iter().enumerate().take(column::COUNT) {
            if is_there {
                self.missing[column] += count_missing(batch.column(column).as_ref());
            }
        }
    }

    /// Counts missing values of a column that was not read because the file states their number.
    pub fn add_missing(&mut self, column: usize, values: u64) {
        self.missing[column] += values;
    }

    /// Counts each row in the cell of its region and channels.
    fn count_cells(&mut self, opt_out: &BooleanArray) {
        self.cells.resize(self.regions.len(), Vec::new());
        let (answers, nulls) = (opt_out.values(), opt_out.nulls());
        for (row, (&region, &set)) in self.scratch.regions.iter().zip(&self.scratch.sets).enumerate() {
            let combination = self.channels.number(set);
            let opt_out = if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                OPT_OUT_UNKNOWN
            } else if answers.value(row) {
                OPTED_OUT
            } else {
                OPTED_IN
            };
            if combination == channels::OTHERS {
                self.other_combinations.entry((region, set)).or_default()[opt_out] += 1;
            }
            let cells = &mut self.cells[usize::from(region)];
            if cells.len() <= usize::from(combination) {
                cells.resize(usize::from(combination) + 1, [0; 3]);
            }
            cells[usize::from(combination)][opt_out] += 1;
        }
    }

    fn count_default_channels(&mut self, defaults: &StringArray, lists: &ListArray) {
        self.by_default_channel.resize(self.default_channels.len(), 0);
        self.default_bits.resize(self.default_channels.len(), 0);
        for (row, (&set, &default)) in self.scratch.sets.iter().zip(&self.scratch.default_channels).enumerate() {
            let place = usize::from(default);
            self.by_default_channel[place] += 1;
            if default == UNKNOWN || set & self.default_bits[place] != 0 {
                continue;
            }
            let text = defaults.value(row);
            if default != OTHER {
                self.default_bits[place] = self.channels.bit(text).unwrap_or(0);
            }
            if set & self.default_bits[place] == 0 && !channels::holds(lists, row, text) {
                self.default_not_available += 1;
            }
        }
    }
}

/// The number of missing values: nulls, empty texts and empty lists.
fn count_missing(values: &dyn Array) -> u64 {
    let count_empty = |offsets: &[i32]| {
        let empty = offsets.iter().zip(&offsets[1..]).map(|(start, end)| u32::from(start == end)).sum::<u32>();
        // A null is usually empty, but its slot may contain text.
        let nulls = values.nulls().map(|nulls| !nulls.inner());
        let nulls = nulls.iter().flat_map(BooleanBuffer::set_indices);
        u64::from(empty) + nulls.filter(|&row| offsets[row] != offsets[row + 1]).count() as u64
    };
    match values.data_type() {
        DataType::Utf8 => count_empty(values.as_string::<i32>().value_offsets()),
        DataType::List(_) => count_empty(values.as_list::<i32>().value_offsets()),
        _ => values.null_count() as u64,
    }
}
