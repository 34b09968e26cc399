//! From record batches to files that load at the first try.
//!
//! [`Outputs`] takes every batch once and hands it to each output; [`Outputs::finish`] closes them into
//! [`StagedOutputs`], and only [`StagedOutputs::publish`] gives the files their names. A run that fails in between
//! leaves the last good files as they were.
//!
//! Every output is locked against other runs from the start; the [`Manifest`] is written when all files have their names.
//!
//! *Easy to get wrong:* the bytes of a file depend on how its rows were cut into batches, so that must not depend on
//! anything but the rows: [`BatchBuilder`](crate::contacts::BatchBuilder) sees to it. Memory is one Parquet row group an
//! output.
//!
//! Tests read every format back and compare rows; `tests/it/outputs.rs` covers full disks and closed pipes.

mod csv;
mod csv_time;
mod error;
mod format;
mod lock;
mod manifest;
mod parquet;
mod staged;
#[cfg(test)]
mod tests;

use arrow::array::RecordBatch;
use serde::Serialize;

pub use self::error::SinkError;
pub use self::format::{OutputFormat, OutputRequest, OutputTarget};
pub use self::lock::OutputLock;
pub use self::manifest::{MANIFEST_SCHEMA_VERSION, Manifest, PublishedBefore, manifest_path, read_manifest};
pub use self::parquet::ParquetSettings;
use self::staged::{Destination, HashingWriter};
pub use self::staged::{check_writable, write_small_file};
use crate::contacts::ColumnSelection;

/// What all outputs of a run share.
#[derive(Debug, Clone, Default)]
pub struct OutputSettings {
    /// Columns and their order.
    pub columns: ColumnSelection,
    /// Key-value metadata of Parquet files.
    pub metadata: Vec<(String, String)>,
    /// How Parquet files are laid out.
    pub parquet: ParquetSettings,
}

/// What became of one output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputReport {
    /// The path as it was given, `-` for stdout.
    pub path: String,
    /// Name of the format.
    pub format: OutputFormat,
    /// Contacts in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// The open outputs of a run.
#[derive(Debug)]
pub struct Outputs {
    locks: Vec<OutputLock>,
    columns: ColumnSelection,
    open: Vec<Output>,
}

#[derive(Debug)]
struct Output {
    request: OutputRequest,
    encoder: Encoder,
    rows: u64,
}

#[derive(Debug)]
enum Encoder {
    Csv(Box<csv::CsvEncoder<HashingWriter>>),
    Parquet(Box<parquet::ParquetEncoder<HashingWriter>>),
}

impl Outputs {
    /// Locks every target and opens a staged file beside it, which proves that all of them can be written.
    ///
    /// # Errors
    /// When a target cannot be written, or another run writes it; nothing is left behind then.
    pub fn open(requests: &[OutputRequest], settings: &OutputSettings) -> Result<Self, SinkError> {
        let mut locks = Vec::new();
        let open = |request: &OutputRequest| {
            locks.extend(Destination::lock(&request.target)?);
            let writer = HashingWriter::new(Destination::open_locked(&request.target)?);
            let failed = |source| SinkError::write(request, source);
            let encoder = match request.format {
                OutputFormat::Parquet => {
                    let schema = settings.columns.schema();
                    let encoder = parquet::ParquetEncoder::new(writer, schema, &settings.parquet, &settings.metadata);
                    Encoder::Parquet(Box::new(encoder.map_err(|error| failed(error.into()))?))
                }
                OutputFormat::Csv | OutputFormat::CsvGzip | OutputFormat::CsvZstd => {
                    let schema = settings.columns.schema();
                    let encoder = csv::CsvEncoder::new(writer, request.format, &schema);
                    Encoder::Csv(Box::new(encoder.map_err(|error| failed(error.into()))?))
                }
            };
            Ok(Output { request: request.clone(), encoder, rows: 0 })
        };
        let open = requests.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { locks, columns: settings.columns.clone(), open })
    }

    /// Writes a batch with all columns of the contacts schema.
    ///
    /// # Errors
    /// When an output cannot be written. A stdout that was closed is only an error when it was the last output; see
    /// [`SinkError::is_closed_pipe`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        let batch = self.columns.project(batch);
        self.each_output(|output| output.encode(&batch))
    }

    /// Does something with every output; one that was closed by its reader is let go while others remain.
    fn each_output(&mut self, mut act: impl FnMut(&mut Output) -> Result<(), SinkError>) -> Result<(), SinkError> {
        let mut at = 0;
        while at < self.open.len() {
            match act(&mut self.open[at]) {
                Err(error) if error.is_closed_pipe() && self.open.len() > 1 => drop(self.open.remove(at)),
                result => result?,
            }
            at += 1;
        }
        Ok(())
    }

    /// Writes what is left, closes every format and brings the bytes to the disk.
    ///
    /// # Errors
    /// When an output cannot be written.
    pub fn finish(self) -> Result<StagedOutputs, SinkError> {
        let mut staged = StagedOutputs { locks: self.locks, reports: Vec::new(), destinations: Vec::new() };
        let count = self.open.len();
        for output in self.open {
            match output.finish() {
                Ok((report, destination)) => {
                    staged.reports.push(report);
                    staged.destinations.push(destination);
                }
                Err(error) if error.is_closed_pipe() && count > 1 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(staged)
    }
}

impl Output {
    fn encode(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        let written = match &mut self.encoder {
            Encoder::Csv(encoder) => encoder.encode(batch).map_err(Into::into),
            Encoder::Parquet(encoder) => encoder.encode(batch).map_err(Into::into),
        };
        self.rows += batch.num_rows() as u64;
        written.map_err(|source| SinkError::write(&self.request, source))
    }

    fn finish(self) -> Result<(OutputReport, Destination), SinkError> {
        let writer = match self.encoder {
            Encoder::Csv(encoder) => encoder.finish().map_err(Into::into),
            Encoder::Parquet(encoder) => encoder.finish().map_err(Into::into),
        };
        let closed = writer.and_then(|writer| writer.finish().map_err(Into::into));
        let written = closed.map_err(|source| SinkError::write(&self.request, source))?;
        let report = OutputReport {
            path: self.request.target.to_string(),
            format: self.request.format,
            rows: self.rows,
            bytes: written.bytes,
            sha256: written.sha256,
        };
        Ok((report, written.destination))
    }
}

/// Outputs that are whole on the disk but do not have their names yet. Dropping them removes them.
#[derive(Debug)]
pub struct StagedOutputs {
    locks: Vec<OutputLock>,
    reports: Vec<OutputReport>,
    destinations: Vec<Destination>,
}

impl StagedOutputs {
    /// What is staged.
    pub fn reports(&self) -> &[OutputReport] {
        &self.reports
    }

    /// Gives every file its name, replacing what was there. The outputs stay locked until the result is dropped, so
    /// that what belongs to them can be written.
    ///
    /// # Errors
    /// When a file cannot be renamed; those before it in the order of the command line keep their new content.
    pub fn publish(self) -> Result<PublishedOutputs, SinkError> {
        for destination in self.destinations {
            destination.publish()?;
        }
        Ok(PublishedOutputs { reports: self.reports, _locks: self.locks })
    }
}

/// Outputs that have their names, still locked against other runs.
#[derive(Debug)]
pub struct PublishedOutputs {
    /// What was written.
    pub reports: Vec<OutputReport>,
    _locks: Vec<OutputLock>,
}
