//! One export: the walk on one side, the writer on a thread of its own on the other, a bounded channel between them.
//!
//! A slow disk thereby slows the network, and memory is set by the pages in the channel. The channel's end is what ends
//! the writer. Whichever side fails, the other is brought to its end before the error is given back, and the error is
//! that of the side that failed first, never "channel closed".

use arrow::array::RecordBatch;
use tokio::sync::mpsc;

use crate::api::Client;
use crate::contacts::{BatchBuilder, contacts_schema};
use crate::error::Error;
use crate::fetch::{Delivery, FetchError, FetchSettings, JournalSlot, Progress, Taken, Walk, fetch_contacts};
use crate::sink::{Outputs, SinkError, StagedOutputs};
use crate::summary::{Counts, Findings};

/// Pages between the walk and the writer: enough to keep both busy, about 3 MB.
const QUEUED_PAGES: usize = 64;

/// What an export brought; the outputs are whole but do not have their names yet.
#[derive(Debug)]
pub struct Exported {
    /// What the walk met.
    pub walk: Walk,
    /// What the contacts are.
    pub counts: Counts,
    /// What else the pages held.
    pub findings: Findings,
    /// The files.
    pub staged: StagedOutputs,
}

/// How an export ended.
#[derive(Debug)]
pub enum Outcome {
    /// All pages were read and written.
    Finished(Box<Exported>),
    /// The reader of the only output, a pipe, has seen enough.
    ReaderLeft,
}

/// Exports all contacts into `outputs`.
///
/// Answers are taken from and kept in `journal`.
/// `now_micros` is the moment that ages are counted from, in microseconds UTC. `cancel` ends the export early.
///
/// # Errors
/// When a page cannot be fetched, an output cannot be written, or `cancel` comes true, with its error.
pub async fn export(
    client: &Client,
    settings: &FetchSettings,
    journal: &mut JournalSlot,
    outputs: Outputs,
    now_micros: i64,
    observe: impl FnMut(Progress),
    cancel: impl Future<Output = Error>,
) -> Result<Outcome, Error> {
    let (sender, receiver) = mpsc::channel(QUEUED_PAGES);
    let writer = tokio::task::spawn_blocking(move || Writer::new(outputs, now_micros).take_all(receiver));
    let walked = tokio::select! {
        walked = fetch_contacts(client, settings, journal, sender, observe) => walked,
        error = cancel => {
            // The sender is gone with the walk, so the writer ends and removes what it staged.
            drop(writer.await);
            return Err(error);
        }
    };
    let written = writer.await.map_err(|_| Error::WriterDied)?;
    let writer = match written {
        Err(error) if error.is_closed_pipe() => return Ok(Outcome::ReaderLeft),
        Err(error) => return Err(error.into()),
        Ok(writer) => writer,
    };
    let walk = match walked {
        Ok(walk) => walk,
        Err(FetchError::Api(error)) => return Err(Error::Api(error)),
        Err(FetchError::ReceiverGone) => return Err(Error::WriterDied),
        Err(FetchError::Journal(error)) => return Err(Error::Journal(error)),
    };
    let Writer { outputs, counts, findings, .. } = writer;
    let finished = tokio::task::spawn_blocking(move || outputs.finish()).await.map_err(|_| Error::WriterDied)?;
    match finished {
        Err(error) if error.is_closed_pipe() => Ok(Outcome::ReaderLeft),
        Err(error) => Err(error.into()),
        Ok(staged) => Ok(Outcome::Finished(Box::new(Exported { walk, counts, findings, staged }))),
    }
}

/// Puts pages in their order into batches, counts and writes them, on a thread that may block.
struct Writer {
    batches: BatchBuilder,
    outputs: Outputs,
    counts: Counts,
    findings: Findings,
    now_micros: i64,
}

impl Writer {
    fn new(outputs: Outputs, now_micros: i64) -> Self {
        let batches = BatchBuilder::default();
        Self { batches, outputs, counts: Counts::default(), findings: Findings::default(), now_micros }
    }

    fn take_all(mut self, mut receiver: mpsc::Receiver<Delivery>) -> Result<Self, SinkError> {
        while let Some(delivery) = receiver.blocking_recv() {
            self.take(&delivery)?;
        }
        if let Some(batch) = self.batches.finish() {
            self.write(&batch)?;
        }
        Ok(self)
    }

    fn take(&mut self, delivery: &Delivery) -> Result<(), SinkError> {
        let Delivery { window, contacts, taken: Taken { keep, fresh } } = delivery;
        for item in contacts.rejected.iter().filter(|item| fresh.contains(&item.position)) {
            let at = || format!("page {} of {} rows, item {}", window.page, window.size, item.position + 1);
            self.findings.add_rejected(at, item.reason.name(), &item.fields);
        }
        let kept = |rows: &[u32]| rows.iter().filter(|&&row| keep.get(row as usize) == Some(&true)).count() as u64;
        for (name, rows) in &contacts.unknown_fields {
            self.findings.add_unknown_field(name, kept(rows));
        }
        self.findings.never_created += kept(&contacts.never_created);
        // Windows that close gaps hold rows that came before, and with them what was noted already.
        let is_counted = keep.contains(&true);
        for &(column, values) in contacts.malformed.iter().filter(|_| is_counted) {
            self.findings.add_malformed(contacts_schema().field(column).name(), values);
        }
        for batch in self.batches.append(contacts, keep) {
            self.write(&batch)?;
        }
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        self.counts.add_batch(batch, self.now_micros);
        self.outputs.write(batch)
    }
}
