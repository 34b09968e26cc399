//! The outputs of a run: opened and locked together, written concurrently, published together.

use arrow::array::RecordBatch;

use super::error::OutputError;
use super::lock::{OutputLock, lock_target};
use super::output::{Output, OutputThread};
use super::partitions::{NewFolders, Partitions, StagedPartitions};
use super::parts::SplitOutput;
use super::request::OutputRequest;
use super::settings::{OutputReport, OutputSettings};
use crate::store::{FileSettings, Staged};
use crate::transform::RowTransform;

/// The open outputs of a run.
#[derive(Debug)]
pub struct Outputs {
    rows: RowTransform,
    /// Start of the run, in microseconds UTC.
    started_at: i64,
    open: Vec<OutputThread>,
    /// Outputs that are split into files by row count.
    parts: Vec<SplitOutput>,
    /// The files of a folder, one for each value of a column.
    partitions: Option<Partitions>,
    /// After the outputs, because fields are dropped in this order.
    locks: Vec<OutputLock>,
}

impl Outputs {
    /// Locks every target and opens a staged file beside it, which verifies that all of them can be written.
    ///
    /// # Errors
    /// When a target cannot be written or another run is writing it; nothing is left behind then.
    pub fn open(requests: &[OutputRequest], settings: &OutputSettings) -> Result<Self, OutputError> {
        let (mut locks, mut partitions, mut parts) = (Vec::new(), None, Vec::new());
        let mut open_one = |request: &OutputRequest| {
            let files = FileSettings { is_locked: false, ..settings.files };
            let lock = lock_target(&request.target, files)?;
            let files = FileSettings { is_locked: lock.as_ref().is_some_and(OutputLock::is_held), ..files };
            locks.extend(lock);
            if let Some(by) = &settings.partition {
                partitions = Some(Partitions::new(request, settings, files, by)?);
                return Ok(None);
            }
            if let Some(max_rows) = settings.max_rows.filter(|_| !request.target.is_stream()) {
                parts.push(SplitOutput::open(request, settings, files, max_rows)?);
                return Ok(None);
            }
            OutputThread::start(Output::open(request, settings, files)?).map(Some)
        };
        let mut open = Vec::new();
        for request in requests {
            let opened = open_one(request);
            // Who writes a dataset has named its folder.
            let opened = if settings.partition.is_some() {
                opened.map_err(|error| error.of_folder(&request.target))
            } else {
                opened
            };
            open.extend(opened?);
        }
        Ok(Self { rows: settings.rows.clone(), started_at: 0, open, parts, partitions, locks })
    }

    /// Sets the start of the run, in microseconds UTC, which rows may contain. It is only known after looking for a
    /// journal.
    pub fn set_started_at(&mut self, started_at: i64) {
        self.started_at = started_at;
    }

    /// Passes a batch with all columns of the resource to every output, waiting for those that are behind. Returns the
    /// columns that are written.
    ///
    /// # Errors
    /// When an output could not be written, which shows a batch or two later; [`Outputs::check`] reports it sooner. A
    /// closed stdout is an error only if it was the last output; see [`OutputError::is_closed_pipe`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<RecordBatch, OutputError> {
        let written = self.rows.apply(batch, self.started_at).map_err(OutputError::ForeignBatch)?;
        if let Some(partitions) = &mut self.partitions {
            partitions.write(batch, &written)?;
        }
        self.parts.iter_mut().try_for_each(|parts| parts.write(&written))?;
        self.let_go(|output| !output.send(&written))?;
        Ok(written)
    }

    /// Checks whether an output has failed since the last batch; costs almost nothing.
    ///
    /// # Errors
    /// As for [`Outputs::write`].
    pub fn check(&mut self) -> Result<(), OutputError> {
        self.partitions.as_mut().map_or(Ok(()), Partitions::check)?;
        self.parts.iter_mut().try_for_each(SplitOutput::check)?;
        self.let_go(|output| output.has_ended())
    }

    /// Whether every lock keeps other runs away; not every file system supports locks.
    pub fn are_locked(&self) -> bool {
        self.locks.iter().all(OutputLock::is_held)
    }

    /// Whether rows are read as they are written: the only output is a pipe, in a format whose bytes do not depend on
    /// batches.
    pub fn are_a_stream(&self) -> bool {
        matches!(self.open.as_slice(), [output] if output.is_a_stream())
    }

    /// Joins the outputs that have ended. One whose reader closed it is dropped while others remain; every other end is an
    /// error, and takes precedence over a closed pipe.
    fn let_go(&mut self, is_gone: impl FnMut(&mut OutputThread) -> bool) -> Result<(), OutputError> {
        let gone: Vec<_> = self.open.extract_if(.., is_gone).collect();
        let mut reader_left = None;
        for output in gone {
            match output.join() {
                Err(error) if error.is_closed_pipe() => reader_left = Some(error),
                result => drop(result?),
            }
        }
        reader_left.filter(|_| self.open.is_empty()).map_or(Ok(()), Err)
    }

    /// Writes the remaining rows, finishes every format, and syncs or uploads the bytes.
    ///
    /// # Errors
    /// When an output cannot be written.
    pub fn finish(&mut self) -> Result<StagedOutputs, OutputError> {
        self.check()?;
        let (mut reports, mut files) = (Vec::new(), Vec::new());
        let is_single = self.open.len() + self.parts.len() == 1;
        // One at a time, so that an error does not wait for the others.
        while !self.open.is_empty() {
            match self.open.remove(0).join().and_then(Output::finish) {
                Ok((report, file)) => {
                    reports.push(report);
                    files.push(file);
                }
                Err(error) if error.is_closed_pipe() && !is_single => {}
                Err(error) => return Err(error),
            }
        }
        let mut rows = reports.first().map(|report: &OutputReport| report.rows);
        for parts in self.parts.drain(..) {
            let (of_parts, parts): (Vec<_>, Vec<_>) = parts.finish()?.into_iter().unzip();
            rows = rows.or_else(|| Some(of_parts.iter().map(|report| report.rows).sum()));
            reports.extend(of_parts);
            files.extend(parts);
        }
        let rows = rows.unwrap_or(0);
        let mut staged = StagedOutputs { reports, rows, files, folders: NewFolders::default(), locks: Vec::new() };
        if let Some(partitions) = self.partitions.take() {
            let StagedPartitions { reports, files, folders } = partitions.finish()?;
            let rows = reports.iter().map(|report| report.rows).sum();
            staged = StagedOutputs { reports, rows, files, folders, locks: Vec::new() };
        }
        Ok(StagedOutputs { locks: std::mem::take(&mut self.locks), ..staged })
    }
}

/// Outputs that are complete but not published. Dropping them removes them.
#[derive(Debug)]
pub struct StagedOutputs {
    reports: Vec<OutputReport>,
    rows: u64,
    files: Vec<Box<dyn Staged>>,
    folders: NewFolders,
    /// After the files, because fields are dropped in this order.
    locks: Vec<OutputLock>,
}

impl StagedOutputs {
    /// What is staged.
    pub fn reports(&self) -> &[OutputReport] {
        &self.reports
    }

    /// Rows of the export: of every output, or of all files of a folder together.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Sets the resource of the rows, for the manifest of another resource.
    pub fn set_resource(&mut self, resource: &'static str) {
        self.reports.iter_mut().for_each(|report| report.resource = Some(resource));
    }

    /// Publishes every file under its final name. The outputs stay locked until the result is dropped, so that files that
    /// belong to them can be written.
    ///
    /// # Errors
    /// When one cannot be published; those before it in the order of the command line keep their new content.
    pub fn publish(self) -> Result<PublishedOutputs, OutputError> {
        for file in self.files {
            file.publish()?;
        }
        drop(self.folders);
        Ok(PublishedOutputs { reports: self.reports, _locks: self.locks })
    }
}

/// Published outputs, still locked against other runs.
#[derive(Debug)]
pub struct PublishedOutputs {
    /// What was written.
    pub reports: Vec<OutputReport>,
    _locks: Vec<OutputLock>,
}
