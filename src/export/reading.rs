//! The ways of reading rows: a whole list, the lists of several profiles, or a lookup by keys.
//!
//! [`ListReading`] passes a list to `listing`, [`ProfilesReading`](super::ProfilesReading) does so for one profile after
//! another, and [`LookupReading`](super::LookupReading) passes a list of keys to `lookup`. The rest, from pages to
//! published files, is the same for all: pages in order, and a [`ReadReport`] with the verdict at the end.

use std::ops::ControlFlow;

use arrow::datatypes::SchemaRef;

use super::delivered::{Delivered, RequestSubject};
use super::profile_tally::ProfileTally;
use super::read_report::ReadReport;
use super::sample::{SampleEnd, SampleSettings, read_sample};
use super::since::Since;
use super::written_ids::WrittenIds;
use crate::api::{Account, Scope};
use crate::base::noun::RowNoun;
use crate::error::Error;
use crate::journal::{Journal, JournalKey, JournalSlot, Secret};
use crate::listing::{
    Consistency, DeliveredPage, ReadError, ReadProgress, ReadSettings, ReceiverGone, Taken, Walk, WalkReport, read_list,
};
use crate::report::ConsistencyFacts;
use crate::resources::{BuildBatches, FilterCheck, ListError, ListSource, Resource, RowFilter, RowPage, profile_check};
use crate::time::Timestamp;

/// Maximum number of rows that wait between reading and gathering, about half a kilobyte each with their bodies: enough
/// that neither stage often waits for the other.
const QUEUED_ROWS: usize = 5_000;

/// A way of reading rows.
pub trait Reading {
    /// Name of the resource, for journal and manifest.
    const NAME: &'static str;
    /// What the rows are called.
    const NOUN: RowNoun;
    /// What progress counts: rows, unless a request has several and their number is unknown before it.
    const COUNTED: RowNoun;
    /// Version of [`schema`](Self::schema).
    const SCHEMA_VERSION: u32;
    /// Columns with mostly distinct values.
    const UNIQUE_COLUMNS: &'static [&'static str];
    /// The rows of one response.
    type Page: RowPage;
    /// The builder of record batches.
    type Batches: BuildBatches<Page = Self::Page>;

    /// The schema of the record batches.
    fn schema(&self) -> SchemaRef;

    /// Columns of the schema that are never written, because their values were not requested.
    fn hidden_columns(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Selects the rows of a batch that are written; `None` writes all of them.
    fn row_filter(&self) -> Option<RowFilter> {
        None
    }

    /// Checks that the API applied the requested filters, and returned rows of the requested profile.
    fn filter_checks(&self, _scope: Scope) -> Vec<FilterCheck> {
        Vec::new()
    }

    /// A collector of the ids, if something is then read by them.
    fn written_ids(&self) -> Option<WrittenIds> {
        None
    }

    /// A tally of the rows of each profile, if several are read.
    fn profile_tally(&self) -> Option<ProfileTally> {
        None
    }

    /// When the run began, or the first run that it resumes, for a reading that opens its own journals; `None` for all
    /// others.
    fn began_at(&self) -> Option<i64> {
        None
    }

    /// Creates an empty batch builder.
    fn batches(&self) -> Self::Batches;

    /// Maximum number of responses that wait between reading and gathering.
    fn queued_pages(&self) -> usize;

    /// The key of the journal, without the account.
    fn journal_key(&self) -> JournalKey;

    /// Reads everything and passes it to `deliver` in order. `deliver` breaks when nobody receives pages anymore, and the
    /// read then returns `None`.
    ///
    /// # Errors
    /// When something cannot be fetched, or the journal cannot be read.
    fn read(
        &self,
        account: &Account,
        scope: Scope,
        journal: &mut JournalSlot,
        deliver: impl AsyncFnMut(Delivered<Self::Page>) -> ControlFlow<()>,
        observe: impl FnMut(ReadProgress),
    ) -> impl Future<Output = Result<Option<ReadReport>, Error>>;
}

/// Reads a whole list.
#[derive(Debug)]
pub struct ListReading<R> {
    /// The resource.
    pub resource: R,
    /// The settings.
    pub settings: ReadSettings,
    /// The time from which rows are read; `None` reads all of them.
    pub since: Option<Since>,
    /// The settings of a sample; `None` reads the list from its start.
    pub sample: Option<SampleSettings>,
    /// A collector of the ids, if something is then read by them.
    pub ids: Option<WrittenIds>,
}

impl<R: Resource> Reading for ListReading<R> {
    const NAME: &'static str = R::ENDPOINT.name;
    const NOUN: RowNoun = R::NOUN;
    const COUNTED: RowNoun = R::NOUN;
    const SCHEMA_VERSION: u32 = R::SCHEMA_VERSION;
    const UNIQUE_COLUMNS: &'static [&'static str] = R::UNIQUE_COLUMNS;
    type Page = R::Page;
    type Batches = R::Batches;

    fn schema(&self) -> SchemaRef {
        self.resource.schema()
    }

    fn hidden_columns(&self) -> Vec<&'static str> {
        self.resource.hidden_columns()
    }

    fn row_filter(&self) -> Option<RowFilter> {
        self.resource.row_filter()
    }

    fn filter_checks(&self, scope: Scope) -> Vec<FilterCheck> {
        let mut checks = self.resource.filter_checks();
        checks.extend(scope.profile_id().map(profile_check));
        checks
    }

    fn written_ids(&self) -> Option<WrittenIds> {
        self.ids.clone()
    }

    fn batches(&self) -> R::Batches {
        self.resource.batches()
    }

    fn queued_pages(&self) -> usize {
        QUEUED_ROWS.checked_div(self.settings.page_size as usize).unwrap_or_default().max(1)
    }

    fn journal_key(&self) -> JournalKey {
        self.journal_key_since(self.since.as_ref())
    }

    async fn read(
        &self,
        account: &Account,
        scope: Scope,
        journal: &mut JournalSlot,
        deliver: impl AsyncFnMut(Delivered<R::Page>) -> ControlFlow<()>,
        observe: impl FnMut(ReadProgress),
    ) -> Result<Option<ReadReport>, Error> {
        let began_at = journal.past.as_ref().map_or_else(|| Timestamp::now().micros(), Journal::started_at);
        let not_before = self.since.as_ref().map(|since| since.moment(began_at));
        self.read_scope((account, scope), not_before, journal, deliver, observe).await
    }
}

impl<R: Resource> ListReading<R> {
    /// The key of the journal, without the account, for rows read from another time on.
    pub fn journal_key_since(&self, since: Option<&Since>) -> JournalKey {
        let parameters = self.resource.parameters();
        let open = parameters.iter().filter(|parameter| !parameter.is_personal);
        let open = open.filter_map(|parameter| Some((parameter.flag.to_owned(), parameter.value?.to_owned())));
        let personal = parameters.iter().filter(|parameter| parameter.is_personal);
        let since = since.map(|since| ("--since".to_owned(), since.text.clone()));
        let limit = self.settings.limit.map(|limit| ("--limit".to_owned(), limit.to_string()));
        let sample = self.sample.map(|sample| ("--sample".to_owned(), format!("{} {}", sample.rows, sample.seed)));
        JournalKey {
            resource: R::ENDPOINT.name.to_owned(),
            endpoint: R::ENDPOINT.path.to_owned(),
            base_url: String::new(),
            page_size: self.settings.page_size,
            consistency: self.settings.consistency.name().to_owned(),
            flags: open.chain(since).chain(limit).chain(sample).collect(),
            secrets: personal.map(|parameter| (parameter.flag.to_owned(), Secret::new(parameter.value))).collect(),
        }
    }

    /// Reads the list of one account or profile, except rows older than `not_before`, in microseconds UTC.
    ///
    /// # Errors
    /// As for [`Reading::read`].
    pub(super) async fn read_scope(
        &self,
        (account, scope): (&Account, Scope),
        not_before: Option<i64>,
        journal: &mut JournalSlot,
        mut deliver: impl AsyncFnMut(Delivered<R::Page>) -> ControlFlow<()>,
        observe: impl FnMut(ReadProgress),
    ) -> Result<Option<ReadReport>, Error> {
        let source = ListSource { account, scope, resource: &self.resource };
        if let Some(sample) = self.sample {
            return match read_sample(&source, (sample, &self.settings, R::NOUN), deliver, observe).await {
                Ok(report) => Ok(Some(report)),
                Err(SampleEnd::ReceiverGone) => Ok(None),
                Err(SampleEnd::Failed(ListError { error, .. })) => Err(Error::Api(error)),
            };
        }
        let deliver = async |DeliveredPage { window, page, taken: Taken { keep, fresh } }: DeliveredPage<R::Page>| {
            let place = RequestSubject::Page { number: window.page, size: window.size };
            let is_taken = deliver(Delivered { page, keep, fresh, place }).await.is_continue();
            if is_taken { Ok(()) } else { Err(ReceiverGone) }
        };
        let settings = ReadSettings { not_before, ..self.settings.clone() };
        match read_list(&source, &settings, journal, deliver, observe).await {
            Ok(walk) => Ok(Some(list_report(&walk, self.settings.consistency, R::NOUN))),
            Err(ReadError::ReceiverGone) => Ok(None),
            Err(ReadError::Source(ListError { error, .. })) => Err(Error::Api(error)),
            Err(ReadError::RefusedFrom { row, error }) => Err(Error::RefusedFrom { row, error: Box::new(error.error) }),
            Err(ReadError::Journal(error)) => Err(Error::Journal(error)),
            Err(ReadError::Unfinished) => Err(Error::Unfinished),
        }
    }
}

fn list_report(walk: &Walk, mode: Consistency, noun: RowNoun) -> ReadReport {
    let (verdict, evidence) = walk.verdict(noun);
    let report = walk.report();
    ReadReport {
        verdict,
        evidence,
        pages: report.pages,
        rejected: report.rejected,
        duplicates: report.duplicates,
        total_first: report.total_first,
        total_last: report.total_last,
        consistency: consistency_facts(mode, report),
        not_found: Vec::new(),
        profiles: Vec::new(),
    }
}

fn consistency_facts(mode: Consistency, report: &WalkReport) -> ConsistencyFacts {
    let [first_request_id, last_request_id] = report.request_ids.clone();
    ConsistencyFacts {
        mode: mode.name(),
        total_count_min: report.total_min,
        total_count_max: report.total_max,
        changes_seen: report.changes,
        created_during_run: report.created,
        updated_during_run: report.updated,
        deleted_during_run_at_least: report.deleted_at_least(),
        boundaries_verified: report.boundaries,
        boundaries_searched: report.searches,
        rescans: report.rescans,
        missing_rows: report.missing_ranges(),
        pages_resumed: report.pages_resumed,
        last_request_id: last_request_id.or_else(|| first_request_id.clone()),
        first_request_id,
    }
}
