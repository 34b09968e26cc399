//! One export: the walk on one side, the writer on a thread of its own on the other, a bounded channel between them.
//!
//! The walk's thread puts the rows of a page into a batch while the page is still in the cache of its processor core; what
//! crosses to the writer are whole batches, which it counts and encodes. A slow disk thereby slows the network, and memory
//! is set by the batches in the channel. The channel's end is what ends the writer. Whichever side fails, the other is
//! brought to its end before the error is given back, and the error is that of the side that failed first, never "channel
//! closed".

use arrow::array::RecordBatch;
use tokio::sync::mpsc;

use crate::api::Client;
use crate::contacts::{BatchBuilder, contacts_schema};
use crate::error::Error;
use crate::fetch::{
    Delivery, FetchError, FetchSettings, JournalSlot, Progress, ReceiverGone, Taken, Walk, fetch_contacts,
};
use crate::sink::{Outputs, SinkError, StagedOutputs};
use crate::summary::{Counts, Findings};

/// Batches between the walk and the writer, about 2.5 MB each: enough to keep both busy.
const QUEUED_BATCHES: usize = 2;

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
    let (sender, receiver) = mpsc::channel(QUEUED_BATCHES);
    let writer = tokio::task::spawn_blocking(move || Writer::new(outputs, now_micros).take_all(receiver));
    let mut gatherer = Gatherer { batches: BatchBuilder::default(), findings: Findings::default(), sender };
    let deliver = async |delivery: Delivery| gatherer.take(&delivery).await;
    let walked = tokio::select! {
        walked = fetch_contacts(client, settings, journal, deliver, observe) => walked,
        error = cancel => {
            // Without a sender the writer ends and removes what it staged.
            drop(gatherer);
            drop(writer.await);
            return Err(error);
        }
    };
    let findings = gatherer.finish().await;
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
    let Writer { outputs, counts, .. } = writer;
    let finished = tokio::task::spawn_blocking(move || outputs.finish()).await.map_err(|_| Error::WriterDied)?;
    match finished {
        Err(error) if error.is_closed_pipe() => Ok(Outcome::ReaderLeft),
        Err(error) => Err(error.into()),
        Ok(staged) => Ok(Outcome::Finished(Box::new(Exported { walk, counts, findings, staged }))),
    }
}

/// Gathers the contacts of pages in batches, and what else is to be said of them.
struct Gatherer {
    batches: BatchBuilder,
    findings: Findings,
    sender: mpsc::Sender<RecordBatch>,
}

impl Gatherer {
    async fn take(&mut self, delivery: &Delivery) -> Result<(), ReceiverGone> {
        self.note_findings(delivery);
        for batch in self.batches.append(&delivery.contacts, &delivery.taken.keep) {
            self.sender.send(batch).await.map_err(|_| ReceiverGone)?;
        }
        Ok(())
    }

    fn note_findings(&mut self, delivery: &Delivery) {
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
    }

    /// Sends what is left, and lets the writer come to its end.
    async fn finish(mut self) -> Findings {
        if let Some(batch) = self.batches.finish() {
            // A writer that is gone has its own error to tell.
            drop(self.sender.send(batch).await);
        }
        self.findings
    }
}

/// Counts and writes batches, on a thread that may block.
struct Writer {
    outputs: Outputs,
    counts: Counts,
    now_micros: i64,
}

impl Writer {
    fn new(outputs: Outputs, now_micros: i64) -> Self {
        Self { outputs, counts: Counts::default(), now_micros }
    }

    fn take_all(mut self, mut receiver: mpsc::Receiver<RecordBatch>) -> Result<Self, SinkError> {
        while let Some(batch) = receiver.blocking_recv() {
            self.counts.add_batch(&batch, self.now_micros);
            self.outputs.write(&batch)?;
        }
        Ok(self)
    }
}
