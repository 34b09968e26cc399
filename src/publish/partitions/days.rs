//! One Parquet file per day, for a list that is read in order of days.
//!
//! A row goes into the file of its day. A run replaces the files of the days for which it has rows, each atomically, and
//! leaves all others unchanged.
//!
//! *Easy to get wrong:* only a few files are open at a time, but rows of a window that was searched for or could not be
//! fetched at first arrive late. The file of their day is then written once more.

use std::collections::BTreeMap;
use std::fs::File;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::BatchCoalescer;
use arrow::datatypes::TimestampMicrosecondType;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::super::error::OutputError;
use super::super::output::{Output, OutputThread, StagedOutput};
use super::super::request::OutputRequest;
use super::{BATCH_ROWS, DatasetPlace, NewFolders, StagedPartitions};
use crate::store::FileSettings;
use crate::time::Timestamp;

/// Maximum number of open files: each has an encoder with an unfinished row group.
const MAX_OPEN: usize = 4;
/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Days since 1970; `None` for rows without a time.
type Day = Option<i64>;

/// The files of all days.
#[derive(Debug)]
pub(in crate::publish) struct DayPartitions {
    place: DatasetPlace,
    /// The time column that determines the day, by its position in the schema of the resource.
    column: usize,
    /// Whether rows without a time are written: only a read of the whole list has all of them.
    keeps_undated: bool,
    /// The day that was written last is at the end.
    open: Vec<OpenDay>,
    closed: BTreeMap<Day, StagedOutput>,
    undated: u64,
    /// After the files, because fields are dropped in this order.
    folders: NewFolders,
}

#[derive(Debug)]
struct OpenDay {
    day: Day,
    rows: BatchCoalescer,
    output: OutputThread,
}

impl DayPartitions {
    pub(super) fn new(place: DatasetPlace, column: usize, keeps_undated: bool) -> Self {
        let place = DatasetPlace { files: FileSettings { is_read_back: true, ..place.files }, ..place };
        let (open, closed) = (Vec::new(), BTreeMap::new());
        Self { place, column, keeps_undated, open, closed, undated: 0, folders: NewFolders::default() }
    }

    /// Takes a batch with all columns, and the columns of it that are written.
    pub(super) fn write(&mut self, batch: &RecordBatch, written: &RecordBatch) -> Result<(), OutputError> {
        let times = batch.column(self.column).as_primitive::<TimestampMicrosecondType>();
        let day = |row: usize| times.is_valid(row).then(|| times.value(row).div_euclid(DAY));
        let mut start = 0;
        while start < batch.num_rows() {
            let today = day(start);
            let end = (start + 1..batch.num_rows()).find(|&row| day(row) != today).unwrap_or(batch.num_rows());
            self.write_day(today, &written.slice(start, end - start))?;
            start = end;
        }
        Ok(())
    }

    /// Checks whether an output has failed since the last batch.
    pub(super) fn check(&mut self) -> Result<(), OutputError> {
        match self.open.iter().position(|day| day.output.has_ended()) {
            Some(at) => self.open.remove(at).output.join().map(drop),
            None => Ok(()),
        }
    }

    fn write_day(&mut self, day: Day, rows: &RecordBatch) -> Result<(), OutputError> {
        if day.is_none() && !self.keeps_undated {
            self.undated += rows.num_rows() as u64;
            return Ok(());
        }
        let at = match self.open.iter().position(|open| open.day == day) {
            Some(at) => at,
            None => self.open_day(day)?,
        };
        // The current day is at the end.
        let open = self.open.remove(at);
        self.open.push(open);
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        open.rows.push_batch(rows.clone()).map_err(OutputError::ForeignBatch)?;
        self.send_full()
    }

    /// Passes full batches to the output of the current day.
    fn send_full(&mut self) -> Result<(), OutputError> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        while let Some(batch) = open.rows.next_completed_batch() {
            if !open.output.send(&batch) {
                return self.open.pop().map_or(Ok(()), |open| open.output.join().map(drop));
            }
        }
        Ok(())
    }

    /// Opens the file of a day, with the rows that it had when it was closed.
    fn open_day(&mut self, day: Day) -> Result<usize, OutputError> {
        if self.open.len() >= MAX_OPEN {
            // Rows created during the run belong to the newest day, so its file stays open.
            let newest = self.open.iter().map(|open| open.day).max();
            let at = self.open.iter().position(|open| Some(open.day) != newest).unwrap_or(0);
            let open = self.open.remove(at);
            self.close(open)?;
        }
        let date = day.map(|day| Timestamp::from_micros(day.saturating_mul(DAY)).to_date());
        let request = self.place.request_for(date.as_deref());
        self.folders.make_for(&request.target)?;
        let earlier = match self.closed.remove(&day) {
            Some((_, staged)) => {
                // Read through the handle, because the new file takes over the name.
                let file = staged.reopen().map_err(|error| request.write_error(error.into()))?;
                drop(staged);
                Some(file)
            }
            None => None,
        };
        let output = OutputThread::start(Output::open(&request, &self.place.settings, self.place.files)?)?;
        let rows = BatchCoalescer::new(self.place.settings.rows.schema().clone(), BATCH_ROWS);
        self.open.push(OpenDay { day, rows, output });
        if let Some(file) = earlier {
            self.write_again(file, &request)?;
        }
        Ok(self.open.len() - 1)
    }

    /// Writes the rows of an earlier file of the day that was opened last.
    fn write_again(&mut self, file: File, request: &OutputRequest) -> Result<(), OutputError> {
        let failed = |error: parquet::errors::ParquetError| request.write_error(std::io::Error::other(error).into());
        let options = ArrowReaderOptions::new().with_schema(self.place.settings.rows.schema().clone());
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(failed)?;
        for batch in reader.with_batch_size(BATCH_ROWS).build().map_err(failed)? {
            let batch = batch.map_err(OutputError::ForeignBatch)?;
            if let Some(open) = self.open.last_mut() {
                open.rows.push_batch(batch).map_err(OutputError::ForeignBatch)?;
            }
            self.send_full()?;
        }
        Ok(())
    }

    fn close(&mut self, open: OpenDay) -> Result<(), OutputError> {
        let OpenDay { day, mut rows, output } = open;
        rows.finish_buffered_batch().map_err(OutputError::ForeignBatch)?;
        while let Some(batch) = rows.next_completed_batch() {
            if !output.send(&batch) {
                return output.join().map(drop);
            }
        }
        let staged = output.join().and_then(Output::finish)?;
        self.closed.insert(day, staged);
        Ok(())
    }

    /// Closes all files, the oldest day first.
    pub(super) fn finish(mut self) -> Result<StagedPartitions, OutputError> {
        while let Some(open) = self.open.pop() {
            self.close(open)?;
        }
        if self.undated > 0 {
            let rows = self.undated;
            tracing::warn!("only a run over the whole list writes rows without a creation time: {rows} skipped");
        }
        let (reports, files) = std::mem::take(&mut self.closed).into_values().unzip();
        Ok(StagedPartitions { reports, files, folders: std::mem::take(&mut self.folders) })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::super::settings::OutputSettings;
    use super::*;
    use crate::format::{FileFormat, Projection};
    use crate::resources::messages::{MessageBatches, column, decode_page, messages_schema};
    use crate::resources::{BuildBatches, PageLimit};
    use crate::store::OutputTarget;

    /// Ten messages of a day in March.
    fn day(day: u32) -> RecordBatch {
        let message = |at: u32| {
            serde_json::json!({
                "id": format!("{day}-{at}"), "created_at": format!("2026-03-{day:02}T12:00:{at:02}Z"), "price": 0.25,
                "events": [{"status": "SENT", "timestamp": "2026-03-01T00:00:00Z"}],
            })
        };
        let messages: Vec<_> = (0..10).map(message).collect();
        let body = serde_json::json!({"success": true, "data": {"messages": messages}}).to_string();
        let page = decode_page(&body.into(), PageLimit::default()).unwrap().data.unwrap().items.unwrap();
        let mut batches = MessageBatches::new(true, false);
        batches.append(&page, &[true; 10]);
        batches.finish().unwrap()
    }

    /// Writes batches into a new folder; returns the bytes of its files by name.
    fn written(batches: &[RecordBatch]) -> BTreeMap<String, Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let target = OutputTarget::File(folder.path().join("created_date"));
        let request = OutputRequest { target, format: FileFormat::PARQUET };
        let settings = OutputSettings::new(Projection::all(messages_schema()));
        let files = FileSettings { is_locked: true, ..FileSettings::default() };
        let place = DatasetPlace { request, settings, files };
        let mut partitions = DayPartitions::new(place, column::CREATED_AT, true);
        for batch in batches {
            partitions.write(batch, batch).unwrap();
        }
        let StagedPartitions { reports, files, folders } = partitions.finish().unwrap();
        for file in files {
            file.publish().unwrap();
        }
        drop(folders);
        let bytes = reports.into_iter().map(|report| {
            let name = Path::new(&report.path).strip_prefix(folder.path()).unwrap().display().to_string();
            (name, fs::read(report.path).unwrap())
        });
        bytes.collect()
    }

    #[test]
    fn rows_that_come_late_are_in_the_file_of_their_day() {
        let days: Vec<RecordBatch> = (1..=9).rev().map(day).collect();
        let in_order = written(&days);
        assert_eq!(in_order.len(), 9);
        // The first half of a day, eight other days, which close its file, and the second half.
        let (first, second) = (days[1].slice(0, 5), days[1].slice(5, 5));
        let mut late = vec![days[0].clone(), first];
        late.extend_from_slice(&days[2..]);
        late.push(second);
        assert_eq!(written(&late), in_order);
    }

    #[test]
    fn how_rows_were_cut_into_batches_does_not_show() {
        let days: Vec<RecordBatch> = (1..=3).rev().map(day).collect();
        let whole = arrow::compute::concat_batches(&messages_schema(), &days).unwrap();
        let parts: Vec<RecordBatch> = (0..30).step_by(3).map(|at| whole.slice(at, 3)).collect();
        assert_eq!(written(&parts), written(&days));
    }
}
