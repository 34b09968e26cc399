//! Reads rows by looking up a list of keys.

use std::collections::HashSet;
use std::ops::ControlFlow;

use arrow::datatypes::SchemaRef;
use sha2::{Digest, Sha256};

use super::delivered::{Delivered, RequestSubject};
use super::read_report::ReadReport;
use super::reading::Reading;
use crate::api::{Account, Scope};
use crate::base::noun::RowNoun;
use crate::error::Error;
use crate::journal::{JournalKey, JournalSlot, Secret};
use crate::listing::ReadProgress;
use crate::lookup::{
    Looked, LookupAnswer, LookupError, LookupKey, LookupProgress, LookupReport, LookupSettings, look_up,
};
use crate::report::ConsistencyFacts;
use crate::resources::{LookupRefusal, LookupResource, LookupSource, RowPage};

/// Maximum number of responses, of a few rows each, that wait between reading and gathering.
const QUEUED_ANSWERS: usize = 256;

/// Reads the rows of a list of keys.
#[derive(Debug)]
pub struct LookupReading<R: LookupResource> {
    /// The resource.
    pub resource: R,
    /// The keys, without duplicates.
    pub keys: Vec<R::Key>,
    /// The settings of the lookup.
    pub settings: LookupSettings,
}

/// Name of this way of reading, for journal and manifest.
const BY_ID: &str = "by_id";

impl<R: LookupResource> Reading for LookupReading<R> {
    const NAME: &'static str = R::NAME;
    const NOUN: RowNoun = R::NOUN;
    const COUNTED: RowNoun = R::ASKED;
    const SCHEMA_VERSION: u32 = R::SCHEMA_VERSION;
    const UNIQUE_COLUMNS: &'static [&'static str] = R::UNIQUE_COLUMNS;
    type Page = R::Page;
    type Batches = R::Batches;

    fn schema(&self) -> SchemaRef {
        self.resource.schema()
    }

    fn batches(&self) -> R::Batches {
        self.resource.batches()
    }

    fn queued_pages(&self) -> usize {
        QUEUED_ANSWERS
    }

    /// Responses are stored by the position of their key, so a journal belongs to one list of keys.
    fn journal_key(&self) -> JournalKey {
        let mut digest = Sha256::new();
        self.keys.iter().for_each(|key| digest.update(format!("{key}\n")));
        let secrets: Vec<&str> = self.keys.iter().filter_map(LookupKey::secret).collect();
        let secrets = (!secrets.is_empty()).then(|| secrets.join("\n"));
        let digest = digest.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        JournalKey {
            resource: Self::NAME.to_owned(),
            endpoint: R::ENDPOINT.template(),
            base_url: String::new(),
            page_size: 1,
            consistency: BY_ID.to_owned(),
            flags: [("list of ids".to_owned(), digest)].into(),
            secrets: secrets.map(|secrets| ("numbers".to_owned(), Secret::new(Some(&secrets)))).into_iter().collect(),
        }
    }

    async fn read(
        &self,
        account: &Account,
        scope: Scope,
        journal: &mut JournalSlot,
        mut deliver: impl AsyncFnMut(Delivered<R::Page>) -> ControlFlow<()>,
        mut observe: impl FnMut(ReadProgress),
    ) -> Result<Option<ReadReport>, Error> {
        let source = LookupSource::<R>::new(account, scope);
        let mut not_found = Vec::new();
        // Ids are requested once, but a row found by another key may also be found by its id.
        let mut seen = self.keys.iter().any(|key| key.secret().is_some()).then(HashSet::new);
        let (mut duplicates, mut rejected) = (0, 0);
        let deliver = async |looked: Looked<'_, R::Key, R::Page>| {
            let page = match looked.answer {
                LookupAnswer::Found(page) => page,
                LookupAnswer::NotFound => {
                    not_found.push(looked.key.requested());
                    return ControlFlow::Continue(());
                }
                LookupAnswer::Unread => return ControlFlow::Continue(()),
            };
            let mut is_new = |id| seen.as_mut().is_none_or(|seen| seen.insert(id));
            let keep: Vec<bool> = R::row_ids(&page).into_iter().map(|id| id.is_none_or(&mut is_new)).collect();
            duplicates += keep.iter().filter(|&&keep| !keep).count() as u64;
            rejected += page.findings().rejected.iter().map(|items| items.positions.len() as u64).sum::<u64>();
            let place = RequestSubject::Key(looked.key.to_string());
            deliver(Delivered { page, keep, fresh: 0..usize::MAX, place }).await
        };
        let observe = |progress| observe(lookup_progress(progress));
        match look_up(&source, &self.keys, self.settings, journal, deliver, observe).await {
            Ok(report) => Ok(Some(ReadReport { rejected, duplicates, not_found, ..lookup_report(&report) })),
            Err(LookupError::ReceiverGone) => Ok(None),
            Err(LookupError::Source(LookupRefusal { error, .. })) => Err(Error::Api(error)),
            Err(LookupError::Journal(error)) => Err(Error::Journal(error)),
        }
    }
}

/// The progress of a lookup, counted in keys.
pub fn lookup_progress(LookupProgress { delivered, total }: LookupProgress) -> ReadProgress {
    let (delivered, total) = (delivered as u64, total as u64);
    ReadProgress {
        pages: delivered,
        planned_pages: Some(total),
        rows: delivered,
        total: Some(total),
        is_healing: false,
    }
}

fn lookup_report(report: &LookupReport) -> ReadReport {
    let (verdict, evidence) = report.verdict();
    let [first_request_id, last_request_id] = report.request_ids.clone();
    ReadReport {
        verdict,
        evidence,
        pages: (report.found + report.not_found) as u64,
        consistency: ConsistencyFacts {
            mode: BY_ID,
            pages_resumed: report.resumed as u64,
            first_request_id,
            last_request_id,
            ..ConsistencyFacts::default()
        },
        not_found: Vec::new(),
        rejected: 0,
        duplicates: 0,
        total_first: None,
        total_last: None,
        profiles: Vec::new(),
    }
}
