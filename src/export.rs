//! One export: the walk, the gatherer and the outputs, each on a thread of its own, bounded channels between them.
//!
//! ```text
//!  walk ── pages ──► gatherer ── batches ─┬─► output      one thread each,
//!                    rows ─► batches      └─► output      see `sink`
//!                    counts, findings
//! ```
//!
//! Three stages of about the same length keep two processor cores busy whatever the format, and one more output costs no
//! wall time where there is a core for it. A slow disk slows the network through the channels, and memory is set by what
//! fits in them. The end of a channel is what ends the stage behind it. Whichever stage fails, the others are brought to
//! their end before the error is given back, and the error is that of the stage that failed first, never "channel closed".

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

/// Rows in pages between the walk and the gatherer, about half a kilobyte each with their bodies: enough that neither often
/// waits for the other.
const QUEUED_ROWS: usize = 5_000;

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
    let queued_pages = QUEUED_ROWS.checked_div(settings.page_size as usize).unwrap_or_default().max(1);
    let (sender, pages) = mpsc::channel(queued_pages);
    let gathering = tokio::task::spawn_blocking(move || Gatherer::new(outputs, now_micros).take_all(pages));
    let deliver = async |delivery: Delivery| sender.send(delivery).await.map_err(|_| ReceiverGone);
    let walked = tokio::select! {
        walked = fetch_contacts(client, settings, journal, deliver, observe) => walked,
        error = cancel => {
            // Without a sender the gatherer ends, and dropping the outputs removes what they staged.
            drop(sender);
            drop(gathering.await);
            return Err(error);
        }
    };
    drop(sender);
    let gathered = gathering.await.map_err(|_| Error::WriterDied)?;
    let Gathered { outputs, counts, findings } = match gathered {
        Err(error) if error.is_closed_pipe() => return Ok(Outcome::ReaderLeft),
        Err(error) => return Err(error.into()),
        Ok(gathered) => gathered,
    };
    let walk = match walked {
        Ok(walk) => walk,
        Err(FetchError::Api(error)) => return Err(Error::Api(error)),
        Err(FetchError::ReceiverGone) => return Err(Error::WriterDied),
        Err(FetchError::Journal(error)) => return Err(Error::Journal(error)),
    };
    let finished = tokio::task::spawn_blocking(move || outputs.finish()).await.map_err(|_| Error::WriterDied)?;
    match finished {
        Err(error) if error.is_closed_pipe() => Ok(Outcome::ReaderLeft),
        Err(error) => Err(error.into()),
        Ok(staged) => Ok(Outcome::Finished(Box::new(Exported { walk, counts, findings, staged }))),
    }
}

/// What the pages of a walk held, and where it went.
struct Gathered {
    outputs: Outputs,
    counts: Counts,
    findings: Findings,
}

/// Gathers the contacts of pages in batches, counts them and hands them to the outputs, on a thread that may block.
struct Gatherer {
    batches: BatchBuilder,
    gathered: Gathered,
    now_micros: i64,
}

impl Gatherer {
    fn new(outputs: Outputs, now_micros: i64) -> Self {
        let gathered = Gathered { outputs, counts: Counts::default(), findings: Findings::default() };
        Self { batches: BatchBuilder::default(), gathered, now_micros }
    }

    fn take_all(mut self, mut pages: mpsc::Receiver<Delivery>) -> Result<Gathered, SinkError> {
        while let Some(delivery) = pages.blocking_recv() {
            self.gathered.outputs.check()?;
            self.note_findings(&delivery);
            for batch in self.batches.append(&delivery.contacts, &delivery.taken.keep) {
                self.take_batch(&batch)?;
            }
        }
        if let Some(batch) = self.batches.finish() {
            self.take_batch(&batch)?;
        }
        Ok(self.gathered)
    }

    /// The outputs come first, so that they have work while the batch is counted.
    fn take_batch(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        self.gathered.outputs.write(batch)?;
        self.gathered.counts.add_batch(batch, self.now_micros);
        Ok(())
    }

    fn note_findings(&mut self, delivery: &Delivery) {
        let findings = &mut self.gathered.findings;
        let Delivery { window, contacts, taken: Taken { keep, fresh } } = delivery;
        for item in contacts.rejected.iter().filter(|item| fresh.contains(&item.position)) {
            let at = || format!("page {} of {} rows, item {}", window.page, window.size, item.position + 1);
            findings.add_rejected(at, item.reason.name(), &item.fields);
        }
        let kept = |rows: &[u32]| rows.iter().filter(|&&row| keep.get(row as usize) == Some(&true)).count() as u64;
        for (name, rows) in &contacts.unknown_fields {
            findings.add_unknown_field(name, kept(rows));
        }
        findings.never_created += kept(&contacts.never_created);
        // Windows that close gaps hold rows that came before, and with them what was noted already.
        let is_counted = keep.contains(&true);
        for &(column, values) in contacts.malformed.iter().filter(|_| is_counted) {
            findings.add_malformed(contacts_schema().field(column).name(), values);
        }
    }
}
