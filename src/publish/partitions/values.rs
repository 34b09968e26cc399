//! One file per value of a column, for a whole list in any order.
//!
//! Rows wait until all of them have arrived: in memory, and on disk if there are many. Then the files are written one at a
//! time, so memory is the limit for waiting rows and one encoder, whatever the number of values.
//!
//! *Easy to get wrong:* a value that cannot be written must be reported when it is read, not when its file is opened after
//! hours of reading.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{BatchCoalescer, take_record_batch};
use arrow::datatypes::{DataType, TimestampMicrosecondType};

use super::super::error::OutputError;
use super::super::output::{Output, OutputThread, StagedOutput};
use super::super::settings::PartitionBy;
use super::spill::{Spill, SpillPosition};
use super::{BATCH_ROWS, DatasetPlace, NewFolders, StagedPartitions};
use crate::base::hive::partition_name;
use crate::format::Projection;
use crate::store::check_writable;
use crate::time::Timestamp;

/// Maximum size of the rows that wait in memory, in bytes.
const BUDGET_BYTES: usize = 64 << 20;
/// Maximum length of a folder's name; file systems allow 255 bytes.
const MAX_NAME_BYTES: usize = 255;

/// A value of the column; `None` is null or an empty text, which Hive does not distinguish.
type Value = Option<String>;

/// The files of all values.
#[derive(Debug)]
pub(in crate::publish) struct ValuePartitions {
    place: DatasetPlace,
    /// What the folders are named after.
    name: String,
    /// The column with the values.
    key: Key,
    /// The columns in the files, by their positions among the written columns.
    in_files: Vec<usize>,
    max: NonZeroUsize,
    /// Maximum size of the rows in memory, in bytes; others are on disk.
    budget: usize,
    waiting: BTreeMap<Value, WaitingRows>,
    in_memory: usize,
    spill: Spill,
    /// After the files, because fields are dropped in this order.
    folders: NewFolders,
}

/// The column with the values.
#[derive(Debug, Clone, Copy)]
enum Key {
    /// One of the written columns. It is not in the files, because the folders are named after it.
    Written(usize),
    /// A time column of the resource, of which the date is used. It is in the files if it is written.
    Time(usize),
}

/// The rows of a value, in order of arrival.
#[derive(Debug, Default)]
struct WaitingRows {
    spilled: Vec<SpillPosition>,
    rows: Vec<RecordBatch>,
}

impl ValuePartitions {
    /// Checks that files can be written where the folders will be.
    pub(super) fn new(mut place: DatasetPlace, by: &PartitionBy, max: NonZeroUsize) -> Result<Self, OutputError> {
        check_writable(&place.request.target, place.files)?;
        let written = Arc::clone(place.settings.rows.schema());
        let key = written.index_of(&by.name).map_or(Key::Time(by.column), Key::Written);
        let is_in_files = |column: &usize| !matches!(key, Key::Written(key) if key == *column);
        let in_files: Vec<usize> = (0..written.fields().len()).filter(is_in_files).collect();
        let names = in_files.iter().map(|&column| written.field(column).name());
        let projection = Projection::select(&written, names).expect("the flags leave at least one other column");
        place.settings.rows = projection.into();
        Ok(Self {
            place,
            name: by.name.clone(),
            key,
            in_files,
            max,
            budget: BUDGET_BYTES,
            waiting: BTreeMap::new(),
            in_memory: 0,
            spill: Spill::default(),
            folders: NewFolders::default(),
        })
    }

    /// Takes a batch with all columns, and the columns of it that are written.
    pub(super) fn write(&mut self, batch: &RecordBatch, written: &RecordBatch) -> Result<(), OutputError> {
        let in_files = written.project(&self.in_files).map_err(OutputError::ForeignBatch)?;
        let key = match self.key {
            Key::Written(column) => written.column(column),
            Key::Time(column) => batch.column(column),
        };
        for (value, rows) in rows_by_value(key) {
            let rows = take_record_batch(&in_files, &UInt32Array::from(rows)).map_err(OutputError::ForeignBatch)?;
            self.in_memory += rows.get_array_memory_size();
            if let Some(waiting) = self.waiting.get_mut(&value) {
                waiting.rows.push(rows);
            } else {
                self.check_new(value.as_deref())?;
                self.waiting.insert(value, WaitingRows { rows: vec![rows], ..WaitingRows::default() });
            }
        }
        if self.in_memory > self.budget { self.spill_all() } else { Ok(()) }
    }

    /// Checks a value that occurs for the first time.
    fn check_new(&self, value: Option<&str>) -> Result<(), OutputError> {
        let column = || self.name.clone();
        if self.waiting.len() >= self.max.get() {
            return Err(OutputError::TooManyPartitions { column: column(), max: self.max });
        }
        let bytes = self.name.len() + 1 + value.map_or(0, |value| partition_name(value).len());
        if bytes > MAX_NAME_BYTES {
            return Err(OutputError::LongPartition { column: column(), bytes });
        }
        Ok(())
    }

    fn spill_all(&mut self) -> Result<(), OutputError> {
        for waiting in self.waiting.values_mut() {
            waiting.spilled.extend(self.spill.write(&waiting.rows).map_err(OutputError::Spill)?);
            waiting.rows.clear();
        }
        self.in_memory = 0;
        Ok(())
    }

    /// Writes the files of all values in order; null comes first.
    pub(super) fn finish(mut self) -> Result<StagedPartitions, OutputError> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut staged = Vec::new();
        for (value, waiting) in waiting {
            staged.push(self.write_file(value.as_deref(), waiting)?);
        }
        let (reports, files) = staged.into_iter().unzip();
        Ok(StagedPartitions { reports, files, folders: std::mem::take(&mut self.folders) })
    }

    fn write_file(&mut self, value: Option<&str>, waiting: WaitingRows) -> Result<StagedOutput, OutputError> {
        let request = self.place.request_for(value);
        self.folders.make_for(&request.target)?;
        let settings = &self.place.settings;
        let output = OutputThread::start(Output::open(&request, settings, self.place.files)?)?;
        let mut rows = BatchCoalescer::new(settings.rows.schema().clone(), BATCH_ROWS);
        let send = |batch: RecordBatch, rows: &mut BatchCoalescer| -> Result<bool, OutputError> {
            rows.push_batch(batch).map_err(OutputError::ForeignBatch)?;
            Ok(send_completed(rows, &output))
        };
        for place in waiting.spilled {
            for batch in self.spill.read(place).map_err(OutputError::Spill)? {
                if !send(batch.map_err(OutputError::Spill)?, &mut rows)? {
                    return output.join().and_then(Output::finish);
                }
            }
        }
        for batch in waiting.rows {
            if !send(batch, &mut rows)? {
                return output.join().and_then(Output::finish);
            }
        }
        rows.finish_buffered_batch().map_err(OutputError::ForeignBatch)?;
        send_completed(&mut rows, &output);
        output.join().and_then(Output::finish)
    }
}

/// Sends the full batches; returns whether the output accepts more. If not, joining it returns the error.
fn send_completed(rows: &mut BatchCoalescer, output: &OutputThread) -> bool {
    while let Some(batch) = rows.next_completed_batch() {
        if !output.send(&batch) {
            return false;
        }
    }
    true
}

/// The rows of each value in a batch.
fn rows_by_value(column: &ArrayRef) -> Vec<(Value, Vec<u32>)> {
    let mut places: HashMap<Value, usize> = HashMap::new();
    let mut groups: Vec<(Value, Vec<u32>)> = Vec::new();
    let mut last = None;
    for row in 0..column.len() {
        let value = value_at(column, row);
        // Neighboring rows often have the same value.
        let place = match last.filter(|&place: &usize| groups[place].0 == value) {
            Some(place) => place,
            None => *places.entry(value.clone()).or_insert_with(|| {
                groups.push((value, Vec::new()));
                groups.len() - 1
            }),
        };
        groups[place].1.push(u32::try_from(row).expect("a batch has thousands of rows"));
        last = Some(place);
    }
    groups
}

fn value_at(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return None;
    }
    let value = match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Timestamp(..) => {
            Timestamp::from_micros(column.as_primitive::<TimestampMicrosecondType>().value(row)).to_date()
        }
        _ => column.as_string::<i32>().value(row).to_owned(),
    };
    Some(value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::format::FileFormat;
    use crate::publish::{OutputRequest, OutputSettings, PartitionFiles};
    use crate::store::{FileSettings, OutputTarget};
    use arrow::array::StringArray;
    use arrow::datatypes::{Field, Schema};

    /// Rows with an id and one of seven regions, or none.
    fn batch(rows: std::ops::Range<usize>) -> RecordBatch {
        let region = |row: usize| (!row.is_multiple_of(8)).then(|| format!("R{}", row % 8));
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(rows.clone().map(|row| row.to_string())));
        let regions: ArrayRef = Arc::new(rows.map(region).collect::<StringArray>());
        let fields = ["id", "region"].map(|name| Field::new(name, DataType::Utf8, true));
        RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), vec![ids, regions]).unwrap()
    }

    /// The bytes of the files by folder, and the size of the temporary file.
    fn written(budget: usize, batches: &[RecordBatch]) -> (BTreeMap<String, Vec<u8>>, u64) {
        let folder = tempfile::tempdir().unwrap();
        let target = OutputTarget::File(folder.path().join("region"));
        let settings = OutputSettings::new(Projection::all(batches[0].schema()));
        let request = OutputRequest { target, format: FileFormat::PARQUET };
        let place = DatasetPlace { request, settings, files: FileSettings::default() };
        let max = NonZeroUsize::new(8).unwrap();
        let by = PartitionBy { name: "region".to_owned(), column: 1, files: PartitionFiles::Values { max } };
        let mut values = ValuePartitions { budget, ..ValuePartitions::new(place, &by, max).unwrap() };
        for batch in batches {
            values.write(batch, batch).unwrap();
        }
        let spilled = values.spill.bytes();
        let StagedPartitions { reports, files, folders } = values.finish().unwrap();
        for file in files {
            file.publish().unwrap();
        }
        drop(folders);
        let named = reports.iter().map(|report| {
            let path = std::path::Path::new(&report.path);
            (path.parent().unwrap().file_name().unwrap().display().to_string(), fs::read(path).unwrap())
        });
        (named.collect(), spilled)
    }

    #[test]
    fn bytes_do_not_depend_on_batches_or_on_what_fits_in_memory() {
        let (whole, spilled) = written(usize::MAX, &[batch(0..5_000)]);
        assert_eq!((whole.len(), spilled), (8, 0));
        let batches: Vec<RecordBatch> = (0..5_000).step_by(250).map(|start| batch(start..start + 250)).collect();
        let (parts, spilled) = written(20_000, &batches);
        assert!(spilled > 50_000, "{spilled}");
        assert!(parts == whole);
    }
}
