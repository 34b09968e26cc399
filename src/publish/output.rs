//! One output: its encoder, and the thread that runs it.
//!
//! Encoding and compressing is most of the work of a run, so each output has its own thread. A short channel keeps batches
//! from piling up in front of a slow output.
//!
//! *Easy to get wrong:* an output and its staged file must be dropped before its lock is released, so dropping an
//! [`OutputThread`] waits for its thread.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;

use super::error::OutputError;
use super::request::OutputRequest;
use super::settings::{OutputReport, OutputSettings};
use crate::format::{CsvSettings, Encode, Format};
use crate::store::{self, FileSettings, HashingWriter, Staged};

/// Maximum number of batches that wait for an output, about 2.5 MB each.
const QUEUED_BATCHES: usize = 2;

/// An output that is complete but not published, and its report.
pub(super) type StagedOutput = (OutputReport, Box<dyn Staged>);

/// An open output.
#[derive(Debug)]
pub(super) struct Output {
    request: OutputRequest,
    encoder: Box<dyn Encode<HashingWriter>>,
    rows: u64,
    /// For the manifest.
    csv: Option<CsvSettings>,
}

impl Output {
    /// Opens the staged file and writes the format's header.
    pub(super) fn open(
        request: &OutputRequest,
        settings: &OutputSettings,
        files: FileSettings,
    ) -> Result<Self, OutputError> {
        let schema = settings.rows.schema();
        request.format.check_columns(schema)?;
        let sink = HashingWriter::new(store::open(&request.target, files)?);
        let encoder = request.format.open(sink, schema, &settings.format);
        let encoder = encoder.map_err(|source| request.write_error(source))?;
        let csv = Some(&settings.format.csv).filter(|_| request.format.format() == Format::Csv);
        let csv = csv.filter(|csv| **csv != CsvSettings::default()).cloned();
        Ok(Self { request: request.clone(), encoder, rows: 0, csv })
    }

    fn encode(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        self.rows += batch.num_rows() as u64;
        self.encoder.write(batch).map_err(|source| self.request.write_error(source))
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        self.encoder.flush().map_err(|source| self.request.write_error(source))
    }

    /// Writes the remaining rows, finishes the format, and syncs or uploads the bytes.
    pub(super) fn finish(self) -> Result<StagedOutput, OutputError> {
        let written = self.encoder.finish().and_then(|sink| Ok(sink.finish()?));
        let written = written.map_err(|source| self.request.write_error(source))?;
        let report = OutputReport {
            path: self.request.target.to_string(),
            resource: None,
            format: self.request.format,
            csv: self.csv,
            rows: self.rows,
            bytes: written.bytes,
            sha256: written.sha256,
        };
        Ok((report, written.staged))
    }
}

/// An output that encodes on its own thread.
#[derive(Debug)]
pub(super) struct OutputThread {
    request: OutputRequest,
    /// `None` after the last batch, which ends the thread.
    batches: Option<SyncSender<RecordBatch>>,
    thread: Option<JoinHandle<Result<Output, OutputError>>>,
}

impl OutputThread {
    pub(super) fn start(mut output: Output) -> Result<Self, OutputError> {
        let request = output.request.clone();
        let (batches, receiver) = sync_channel(QUEUED_BATCHES);
        // So that log messages of the thread belong to the same job.
        let span = tracing::Span::current();
        let encode_all = move || {
            let _entered = span.entered();
            while let Some(batch) = next_batch(&receiver, &mut output)? {
                output.encode(&batch)?;
            }
            Ok(output)
        };
        let started = std::thread::Builder::new().name("output".to_owned()).spawn(encode_all);
        let thread = started.map_err(|error| request.write_error(error.into()))?;
        Ok(Self { request, batches: Some(batches), thread: Some(thread) })
    }

    /// Sends a batch, and waits while the queue is full; returns whether the thread is still running.
    pub(super) fn send(&self, batch: &RecordBatch) -> bool {
        self.batches.as_ref().is_some_and(|batches| batches.send(batch.clone()).is_ok())
    }

    /// Whether it is plain text on stdout.
    pub(super) fn is_a_stream(&self) -> bool {
        self.request.is_a_stream()
    }

    /// Whether it failed: the thread does not end for another reason.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until all batches are encoded, and returns the output.
    ///
    /// # Errors
    /// With the error that ended the thread.
    pub(super) fn join(mut self) -> Result<Output, OutputError> {
        let died = || Err(self.request.write_error(io::Error::other("the thread that writes it died").into()));
        self.batches = None;
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_else(died)
    }
}

/// The next batch. While there is none, a stream is flushed for its reader.
fn next_batch(batches: &Receiver<RecordBatch>, output: &mut Output) -> Result<Option<RecordBatch>, OutputError> {
    if let Ok(batch) = batches.try_recv() {
        return Ok(Some(batch));
    }
    if output.request.is_a_stream() {
        output.flush()?;
    }
    Ok(batches.recv().ok())
}

impl Drop for OutputThread {
    fn drop(&mut self) {
        self.batches = None;
        // An output is dropped like this only when another error is reported.
        drop(self.thread.take().map(JoinHandle::join));
    }
}
