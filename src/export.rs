//! Runs one export: walk, gatherer and outputs on separate threads, with bounded channels between them.
//!
//! ```text
//!  walk ── pages ──► gatherer ── batches ─┬─► output      one thread each,
//!                    rows ─► batches      └─► output      see `publish`
//!                    counts, findings
//! ```
//!
//! Fetching, gathering and encoding take about the same time, so two processor cores stay busy in every format. Each output
//! has its own thread and adds no wall time while a core is free. A slow disk slows the network through the channels, whose
//! capacity limits memory. When a channel closes, the stage behind it ends. If any stage fails, the others are ended before
//! the error is returned, and it is the error of the stage that failed first, never "channel closed".
//!
//! *Easy to get wrong:* an output may hang, in particular a pipe that nobody reads. Everything that may wait for an output
//! runs on the gatherer's thread, so that signals are handled at any time.

mod delivered;
mod estimate;
mod lookup_reading;
mod new_rows;
mod profile_progress;
mod profile_tally;
mod profile_verdict;
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
use crate::resources::{BuildBatches, FilterCheck, PageFindings, RowFilter, RowPage};

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

/// Maximum time that a failed run waits for its outputs to be removed.
const GRACE: Duration = Duration::from_secs(3);
/// How long the gatherer lets pages wait when it has taken all of them. At full speed one comes every tenth of a
/// millisecond, and to wake the thread for each costs a twentieth of a run's CPU time.
const PAUSE: Duration = Duration::from_millis(2);

/// The result of an export; its outputs are complete but not published.
#[derive(Debug)]
pub struct Exported<C> {
    /// The report of the read.
    pub read: ReadReport,
    /// The results of gathering its pages.
    pub gathered: Gathered<C>,
}

/// The contents of the pages, and the files made of them.
#[derive(Debug)]
pub struct Gathered<C> {
    /// Counts of the rows.
    pub counts: C,
    /// What the pages held besides rows.
    pub findings: Findings,
    /// The files.
    pub staged: StagedOutputs,
    /// The written rows, if they are compared with those that they replace.
    pub new_rows: Option<NewRows>,
    /// The ids of the written rows, if the reading requests them.
    pub ids: Option<WrittenIds>,
    /// Rows that the reading's filter excluded; `None` without a filter.
    pub rows_left_out: Option<u64>,
    /// The rows of each profile, if several are read.
    pub profiles: Option<ProfileTally>,
}

/// How an export ended.
#[derive(Debug)]
pub enum ExportOutcome<C> {
    /// All pages were read and written.
    Finished(Box<Exported<C>>),
    /// The reader of the only output, a pipe, closed it.
    ReaderLeft,
}

/// Reads everything that `reading` requests into `outputs`, and counts it. Written rows are also added to `new_rows`.
///
/// Responses are taken from and saved in `journal`. Ages are counted from `now_micros`, in microseconds UTC. `cancel` ends
/// the export early.
///
/// # Errors
/// When a page cannot be fetched or an output cannot be written, or with the error of `cancel` when that completes.
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
    let start = Gatherer::<R::Batches, C>::new((reading, scope), (outputs, new_rows), now_micros);
    // So that log messages of the thread belong to the same job.
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
            // If the gatherer has ended, its error is reported instead.
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

/// A message from the walk to the gatherer.
enum GathererMessage<P> {
    /// The next page.
    Page(Box<Delivered<P>>),
    /// The walk is finished. Without this, the gathered rows are discarded.
    End,
}

/// The error that ended the gatherer, and what is left of it, because dropping another output may hang and must not delay
/// the error.
struct FailedGatherer<B, C> {
    error: Box<Error>,
    rest: Box<Gatherer<B, C>>,
}

/// Gathers the rows of pages in batches, counts them and passes them to the outputs, on a thread that may block.
struct Gatherer<B, C> {
    batches: B,
    schema: SchemaRef,
    outputs: Outputs,
    counts: C,
    findings: Findings,
    new_rows: Option<NewRows>,
    ids: Option<WrittenIds>,
    checks: Vec<FilterCheck>,
    filter: Option<RowFilter>,
    rows_left_out: u64,
    profiles: Option<ProfileTally>,
    now_micros: i64,
}

impl<B: BuildBatches<Page: RowPage>, C: RowCounts> Gatherer<B, C> {
    fn new<R: Reading<Batches = B>>(
        (reading, scope): (&R, Scope),
        (mut outputs, new_rows): (Outputs, Option<NewRows>),
        now_micros: i64,
    ) -> Self {
        outputs.set_started_at(now_micros);
        let (batches, schema, ids) = (reading.batches(), reading.schema(), reading.written_ids());
        let (counts, findings, checks) = (C::default(), Findings::default(), reading.filter_checks(scope));
        let (filter, rows_left_out, profiles) = (reading.row_filter(), 0, reading.profile_tally());
        Self {
            batches,
            schema,
            outputs,
            counts,
            findings,
            new_rows,
            ids,
            checks,
            filter,
            rows_left_out,
            profiles,
            now_micros,
        }
    }

    /// Takes pages until the walk is finished; `None`, with the outputs removed, if it did not finish.
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

    /// Takes messages; returns whether the walk finished.
    fn take_messages(&mut self, messages: &mut mpsc::Receiver<GathererMessage<B::Page>>) -> Result<bool, Error> {
        while let Some(message) = self.next_message(messages)? {
            match message {
                GathererMessage::Page(delivery) => self.take_page(&delivery)?,
                GathererMessage::End => return self.take_rest().map(|()| true),
            }
        }
        Ok(false)
    }

    /// The next message. While there is none, rows are passed to the reader of a stream without waiting for a full batch.
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
        std::thread::sleep(PAUSE);
        Ok(messages.try_recv().ok().or_else(|| messages.blocking_recv()))
    }

    fn take_page(&mut self, delivery: &Delivered<B::Page>) -> Result<(), Error> {
        self.outputs.check()?;
        self.note_findings(delivery);
        for batch in self.batches.append(&delivery.page, &delivery.keep) {
            self.take_batch(&batch)?;
        }
        Ok(())
    }

    /// Takes the rows that did not fill a batch.
    fn take_rest(&mut self) -> Result<(), Error> {
        self.batches.finish().map_or(Ok(()), |batch| self.take_batch(&batch))
    }

    /// The outputs come first, so that they work while the batch is counted.
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
        for check in &mut self.checks {
            self.findings.add_ignored_filter(check.flag, check.contradictions(batch));
        }
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
