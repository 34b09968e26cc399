//! One export: the walk, the gatherer and the outputs, each on a thread of its own, bounded channels between them.
//!
//! ```text
//!  walk ── pages ──► gatherer ── batches ─┬─► output      one thread each,
//!                    rows ─► batches      └─► output      see `publish`
//!                    counts, findings
//! ```
//!
//! Fetching, gathering and encoding take about the same time, so two processor cores stay busy in every format. Each output
//! has its own thread and adds no wall time while a core is free. A slow disk slows the network through the channels, and
//! memory is set by what fits in them. The end of a channel ends the stage behind it. Whichever stage fails, the others
//! are brought to their end before the error is returned, and the error is that of the stage that failed first, never
//! "channel closed".
//!
//! *Easy to get wrong:* an output may hang, a pipe that no one reads above all. Whatever may wait for one is done on the
//! gatherer's thread, so that a signal is heard at any time.

mod delivered;
mod estimate;
mod lookup_reading;
mod new_rows;
mod profile_progress;
mod profile_tally;
mod profiles;
mod read_report;
mod reading;
mod sample;
mod since;
mod written_ids;

use std::ops::ControlFlow;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use tokio::sync::mpsc;

use crate::api::{Account, Scope};
use crate::error::Error;
use crate::journal::JournalSlot;
use crate::listing::ReadProgress;
use crate::publish::{OutputError, Outputs, StagedOutputs};
use crate::report::{Findings, RowCounts};
use crate::resources::{BuildBatches, PageFindings, RowFilter, RowPage};

pub use self::delivered::{Delivered, RequestSubject};
pub use self::estimate::{Estimate, Estimating, ProfileEstimate};
pub use self::lookup_reading::{LookupReading, lookup_progress};
pub use self::new_rows::NewRows;
pub use self::profile_tally::ProfileTally;
pub use self::profiles::{JournalOpener, ProfileBatches, ProfilePage, ProfilesReading, is_of_profile};
pub use self::read_report::ReadReport;
pub use self::reading::{ListReading, Reading};
pub use self::sample::SampleSettings;
pub use self::since::{Since, SinceStart};
pub use self::written_ids::WrittenIds;

/// Longest time that a run which has failed waits for its outputs to be removed.
const GRACE: Duration = Duration::from_secs(3);

/// What an export brought; the outputs are whole but do not have their names yet.
#[derive(Debug)]
pub struct Exported<C> {
    /// What the read met.
    pub read: ReadReport,
    /// What became of its pages.
    pub gathered: Gathered<C>,
}

/// What the pages of a read held, and where it went.
#[derive(Debug)]
pub struct Gathered<C> {
    /// What the rows are.
    pub counts: C,
    /// What else the pages held.
    pub findings: Findings,
    /// The files.
    pub staged: StagedOutputs,
    /// The rows in them, if they are compared with those that they replace.
    pub new_rows: Option<NewRows>,
    /// The ids of the rows in them, if the reading requests those.
    pub ids: Option<WrittenIds>,
    /// Rows that were read and are in no file, by the reading's filter; `None` if it has none.
    pub rows_left_out: Option<u64>,
    /// The rows of each profile, if several are read.
    pub profiles: Option<ProfileTally>,
}

/// How an export ended.
#[derive(Debug)]
pub enum ExportOutcome<C> {
    /// All pages were read and written.
    Finished(Box<Exported<C>>),
    /// The reader of the only output, a pipe, has seen enough.
    ReaderLeft,
}

/// Reads everything that `reading` requests into `outputs`, and counts it; what is written goes to `new_rows`, too.
///
/// Answers are taken from and kept in `journal`.
/// `now_micros` is the moment that ages are counted from, in microseconds UTC. `cancel` ends the export early.
///
/// # Errors
/// When a page cannot be fetched, an output cannot be written, or `cancel` comes true, with its error.
pub async fn export<R: Reading, C: RowCounts>(
    reading: &R,
    (account, scope): (&Account, Scope),
    journal: &mut JournalSlot,
    (outputs, new_rows): (Outputs, Option<NewRows>),
    now_micros: i64,
    observe: impl FnMut(ReadProgress),
    cancel: impl Future<Output = Error>,
) -> Result<ExportOutcome<C>, Error> {
    let (sender, messages) = mpsc::channel(reading.queued_pages());
    let start = Gatherer::<R::Batches, C>::new(reading, (outputs, new_rows), now_micros);
    // The log messages of its thread are those of the same job.
    let span = tracing::Span::current();
    let mut gathering = tokio::task::spawn_blocking(move || span.in_scope(|| start.take_all(messages)));
    let walking = async move {
        let deliver =
            async |delivered: Delivered<R::Page>| match sender.send(GathererMessage::Page(Box::new(delivered))).await {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
        let read = reading.read(account, scope, journal, deliver, observe).await?;
        if read.is_some() {
            // A gatherer that is gone has its own error to tell.
            drop(sender.send(GathererMessage::End).await);
        }
        Ok(read)
    };
    let both = async {
        match walking.await {
            Ok(read) => (Ok(read), Some((&mut gathering).await)),
            Err(error) => (Err(error), tokio::time::timeout(GRACE, &mut gathering).await.ok()),
        }
    };
    let (read, gathered) = tokio::select! {
        ended = both => ended,
        error = cancel => {
            drop(tokio::time::timeout(GRACE, gathering).await);
            return Err(error);
        }
    };
    match (read, gathered.transpose().map_err(|_| Error::WriterDied)?) {
        (_, Some(Err(FailedGatherer { error, .. }))) if is_closed_pipe(&error) => Ok(ExportOutcome::ReaderLeft),
        (_, Some(Err(FailedGatherer { error, rest }))) => {
            let removing = tokio::task::spawn_blocking(move || drop(rest));
            drop(tokio::time::timeout(GRACE, removing).await);
            Err(*error)
        }
        (Ok(Some(read)), Some(Ok(Some(gathered)))) => {
            Ok(ExportOutcome::Finished(Box::new(Exported { read, gathered })))
        }
        (Err(error), _) => Err(error),
        (Ok(_), _) => Err(Error::WriterDied),
    }
}

fn is_closed_pipe(error: &Error) -> bool {
    matches!(error, Error::Output(error) if error.is_closed_pipe())
}

/// What the walk tells the gatherer.
enum GathererMessage<P> {
    /// The next page.
    Page(Box<Delivered<P>>),
    /// The walk is at its end. Without this, what was gathered is of no use.
    End,
}

/// What ended the gatherer, and all that is left of it: another output may hang, which must not keep the error back.
struct FailedGatherer<B, C> {
    error: Box<Error>,
    rest: Box<Gatherer<B, C>>,
}

/// Gathers the rows of pages in batches, counts them and hands them to the outputs, on a thread that may block.
struct Gatherer<B, C> {
    batches: B,
    schema: SchemaRef,
    outputs: Outputs,
    counts: C,
    findings: Findings,
    new_rows: Option<NewRows>,
    ids: Option<WrittenIds>,
    filter: Option<RowFilter>,
    rows_left_out: u64,
    profiles: Option<ProfileTally>,
    now_micros: i64,
}

impl<B: BuildBatches<Page: RowPage>, C: RowCounts> Gatherer<B, C> {
    fn new<R: Reading<Batches = B>>(
        reading: &R,
        (mut outputs, new_rows): (Outputs, Option<NewRows>),
        now_micros: i64,
    ) -> Self {
        outputs.set_started_at(now_micros);
        let (batches, schema, ids) = (reading.batches(), reading.schema(), reading.written_ids());
        let (counts, findings) = (C::default(), Findings::default());
        let (filter, rows_left_out, profiles) = (reading.row_filter(), 0, reading.profile_tally());
        Self { batches, schema, outputs, counts, findings, new_rows, ids, filter, rows_left_out, profiles, now_micros }
    }

    /// Takes pages up to the end of the walk; `None` when it never came to its end, and the outputs are removed.
    fn take_all(
        mut self,
        mut messages: mpsc::Receiver<GathererMessage<B::Page>>,
    ) -> Result<Option<Gathered<C>>, FailedGatherer<B, C>> {
        match self.take_messages(&mut messages) {
            Ok(false) => Ok(None),
            Ok(true) => self.finish().map(Some),
            Err(error) => Err(FailedGatherer { error: Box::new(error), rest: Box::new(self) }),
        }
    }

    /// Says whether the walk came to its end.
    fn take_messages(&mut self, messages: &mut mpsc::Receiver<GathererMessage<B::Page>>) -> Result<bool, Error> {
        while let Some(message) = self.next_message(messages)? {
            match message {
                GathererMessage::Page(delivery) => self.take_page(&delivery)?,
                GathererMessage::End => return self.take_rest().map(|()| true),
            }
        }
        Ok(false)
    }

    /// The next message. While there is none, whoever reads a stream of rows gets those that are there.
    fn next_message(
        &mut self,
        messages: &mut mpsc::Receiver<GathererMessage<B::Page>>,
    ) -> Result<Option<GathererMessage<B::Page>>, Error> {
        if let Ok(message) = messages.try_recv() {
            return Ok(Some(message));
        }
        if self.outputs.are_a_stream() {
            self.take_rest()?;
        }
        Ok(messages.blocking_recv())
    }

    fn take_page(&mut self, delivery: &Delivered<B::Page>) -> Result<(), Error> {
        self.outputs.check()?;
        self.note_findings(delivery);
        for batch in self.batches.append(&delivery.page, &delivery.keep) {
            self.take_batch(&batch)?;
        }
        Ok(())
    }

    /// The rows that filled no batch.
    fn take_rest(&mut self) -> Result<(), Error> {
        self.batches.finish().map_or(Ok(()), |batch| self.take_batch(&batch))
    }

    /// The outputs come first, so that they have work while the batch is counted.
    fn take_batch(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let chosen = self.filter.map(|filter| filter_record_batch(batch, &filter(batch)));
        let chosen = chosen.transpose().map_err(OutputError::ForeignBatch)?;
        let all_rows = batch.num_rows();
        let batch = chosen.as_ref().unwrap_or(batch);
        self.rows_left_out += (all_rows - batch.num_rows()) as u64;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let written = self.outputs.write(batch)?;
        if let Some(new_rows) = &mut self.new_rows {
            new_rows.add_batch(batch, &written)?;
        }
        self.counts.add_batch(batch, self.now_micros);
        if let Some(ids) = &mut self.ids {
            ids.add_batch(batch);
        }
        if let Some(profiles) = &mut self.profiles {
            profiles.add_batch(batch);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Gathered<C>, FailedGatherer<B, C>> {
        match self.outputs.finish() {
            Ok(staged) => {
                let Self { counts, findings, new_rows, ids, filter, rows_left_out, profiles, .. } = self;
                let rows_left_out = filter.map(|_| rows_left_out);
                Ok(Gathered { counts, findings, staged, new_rows, ids, rows_left_out, profiles })
            }
            Err(error) => Err(FailedGatherer { error: Box::new(error.into()), rest: Box::new(self) }),
        }
    }

    fn note_findings(&mut self, delivery: &Delivered<B::Page>) {
        let findings = &mut self.findings;
        let Delivered { page, keep, fresh, place } = delivery;
        let PageFindings { rejected, unknown_fields, never_created, malformed } = page.findings();
        for items in rejected {
            for position in items.positions.iter().filter(|&position| fresh.contains(position)) {
                let at = || format!("{place}, item {}", position + 1);
                findings.add_rejected(at, items.reason.name(), &items.fields);
            }
        }
        let kept = |rows: &[u32]| rows.iter().filter(|&&row| keep.get(row as usize) == Some(&true)).count() as u64;
        for (name, rows) in unknown_fields {
            findings.add_unknown_field(name, kept(rows));
        }
        findings.never_created += kept(never_created);
        for (column, rows) in malformed {
            findings.add_malformed(self.schema.field(*column).name(), kept(rows));
        }
    }
}
