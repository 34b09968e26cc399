//! Reads the lists of several profiles of an organization, one after another.
//!
//! Each profile has its own list, with its own walk, verdict and journal. Its rows come in separate batches, to which the
//! columns of the profile are added. Reading concurrently would not be faster, because all profiles share one quota, and
//! the order of the rows would depend on which responses arrive first.
//!
//! *Easy to get wrong:* if a profile cannot be read, the others must not be lost, but a failure of the whole account (its
//! key, the network, the retry budget) must not be reported as a failure of each profile in turn. See [`is_of_profile`].

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use uuid::Uuid;

use super::delivered::Delivered;
use super::estimate::{Estimate, Estimating, ProfileEstimate};
use super::profile_progress::SumOfProgress;
use super::profile_tally::ProfileTally;
use super::profile_verdict::{add_up, conclude};
use super::read_report::ReadReport;
use super::reading::{ListReading, Reading};
use super::since::Since;
use super::written_ids::WrittenIds;
use crate::api::{Account, AttemptsEnd, ChildProfile, Problem, Scope};
use crate::base::noun::RowNoun;
use crate::base::printable::printable;
use crate::error::{Error, ExitCode};
use crate::journal::{JournalKey, JournalSlot};
use crate::listing::ReadProgress;
use crate::publish::OutputError;
use crate::report::{ProfileFacts, ProfileFailure};
use crate::resources::{
    BuildBatches, FilterCheck, PageFindings, Resource, RowFilter, RowPage, of_profile, profiles_check, with_profile,
};
use crate::verdict::{Evidence, Verdict};

/// Opens the journal of a profile, by its position.
pub type JournalOpener<'a> = dyn Fn(usize) -> Result<JournalSlot, Error> + 'a;

/// Reads the lists of several profiles.
pub struct ProfilesReading<'a, R> {
    /// The resource and the settings.
    pub list: &'a ListReading<R>,
    /// The profiles, in order.
    pub profiles: Arc<[ChildProfile]>,
    /// Ids of all profiles of the organization, whether or not they are read.
    pub organization: Arc<BTreeSet<Uuid>>,
    /// The time from which rows are read; `None` reads all of them.
    pub since: Option<Since>,
    /// When the run began, in microseconds UTC, or the first run if this one resumes it.
    pub began_at: i64,
    /// Opens the journal of each profile.
    pub open_journal: Box<JournalOpener<'a>>,
}

impl<R: fmt::Debug> fmt::Debug for ProfilesReading<'_, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("ProfilesReading");
        shown.field("list", &self.list).field("profiles", &self.profiles).field("began_at", &self.began_at);
        shown.finish_non_exhaustive()
    }
}

impl<R: Resource> Reading for ProfilesReading<'_, R> {
    const NAME: &'static str = ListReading::<R>::NAME;
    const NOUN: RowNoun = R::NOUN;
    const COUNTED: RowNoun = R::NOUN;
    const SCHEMA_VERSION: u32 = R::SCHEMA_VERSION;
    const UNIQUE_COLUMNS: &'static [&'static str] = R::UNIQUE_COLUMNS;
    type Page = ProfilePage<R::Page>;
    type Batches = ProfileBatches<R::Batches>;

    fn schema(&self) -> SchemaRef {
        with_profile(&self.list.schema())
    }

    fn hidden_columns(&self) -> Vec<&'static str> {
        self.list.hidden_columns()
    }

    fn row_filter(&self) -> Option<RowFilter> {
        self.list.row_filter()
    }

    /// The scope is unused, because each profile has its own.
    fn filter_checks(&self, _: Scope) -> Vec<FilterCheck> {
        let mut checks = self.list.resource.filter_checks();
        checks.push(profiles_check(Arc::clone(&self.organization)));
        checks
    }

    fn written_ids(&self) -> Option<WrittenIds> {
        self.list.written_ids()
    }

    fn profile_tally(&self) -> Option<ProfileTally> {
        Some(ProfileTally::new(self.list.resource.reachable()))
    }

    fn began_at(&self) -> Option<i64> {
        Some(self.began_at)
    }

    fn batches(&self) -> Self::Batches {
        ProfileBatches {
            rows: self.list.batches(),
            schema: self.schema(),
            profiles: Arc::clone(&self.profiles),
            current: 0,
        }
    }

    fn queued_pages(&self) -> usize {
        self.list.queued_pages()
    }

    fn journal_key(&self) -> JournalKey {
        self.list.journal_key_since(self.since.as_ref())
    }

    /// The scope is unused, because each profile has its own. `journal` receives that of the current profile.
    async fn read(
        &self,
        account: &Account,
        _: Scope,
        journal: &mut JournalSlot,
        mut deliver: impl AsyncFnMut(Delivered<Self::Page>) -> ControlFlow<()>,
        mut observe: impl FnMut(ReadProgress),
    ) -> Result<Option<ReadReport>, Error> {
        let not_before = self.since.as_ref().map(|since| since.moment(self.began_at));
        let (mut whole, mut failures) = (None, Vec::new());
        let (mut profiles, mut progress) = (Vec::new(), SumOfProgress::default());
        for (place, profile) in self.profiles.iter().enumerate() {
            *journal = (self.open_journal)(place)?;
            let deliver = async |Delivered { page, keep, fresh, place: at }: Delivered<R::Page>| {
                deliver(Delivered { page: ProfilePage { page, profile: place }, keep, fresh, place: at }).await
            };
            let is_last = place + 1 == self.profiles.len();
            let observe = |of_profile| observe(progress.with(of_profile, is_last));
            let connection = (account, Scope::profile(profile.id));
            let read = self.list.read_scope(connection, not_before, journal, deliver, observe).await;
            let facts = match read {
                Ok(Some(read)) => {
                    let facts = facts_of(profile, read.verdict, read.evidence.clone(), None);
                    let facts = ProfileFacts { items_rejected: read.rejected, ..facts };
                    whole = Some(add_up(whole, read));
                    facts
                }
                Ok(None) => return Ok(None),
                Err(error) if is_of_profile(&error) => {
                    let failure = ProfileFailure { exit_code: error.exit_code().number(), text: error.in_one_line() };
                    failures.push(error);
                    let facts = facts_of(profile, Verdict::Unverified, Vec::new(), Some(failure));
                    // The error of the only profile is the error of the run.
                    if self.profiles.len() > 1 {
                        warn_of_failure(&facts);
                    }
                    facts
                }
                Err(error) => return Err(error),
            };
            profiles.push(facts);
            progress.end_profile();
            // Written to disk, for a run that resumes this one before its outputs are published.
            if let Some(writer) = std::mem::take(journal).writer {
                writer.keep();
            }
        }
        match whole {
            Some(whole) => Ok(Some(conclude(whole, profiles))),
            // All of them failed.
            None => Err(worst(failures).unwrap_or(Error::Unfinished)),
        }
    }
}

impl<R: Resource> Estimating for ProfilesReading<'_, R> {
    /// One request for each profile.
    async fn estimate(&self, account: &Account, _: Scope) -> Result<Estimate, Error> {
        let (mut whole, mut failures, mut profiles) = (None::<Estimate>, Vec::new(), Vec::new());
        for profile in self.profiles.iter() {
            let estimate = match self.list.estimate(account, Scope::profile(profile.id)).await {
                Ok(estimate) => estimate,
                Err(error) if is_of_profile(&error) => {
                    profiles.push(ProfileEstimate { profile: profile.clone(), rows: Err(error.in_one_line()) });
                    failures.push(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            profiles.push(ProfileEstimate { profile: profile.clone(), rows: Ok(estimate.rows) });
            let sample = estimate.sample.map(|(batch, of)| labeled(&batch, &self.schema(), profile).map(|it| (it, of)));
            let estimate = Estimate { sample: sample.transpose()?, ..estimate };
            whole = Some(match whole {
                None => estimate,
                Some(whole) => Estimate {
                    requests: whole.requests + estimate.requests,
                    overlap: whole.overlap + estimate.overlap,
                    rows: whole.rows.zip(estimate.rows).map(|(one, other)| one + other),
                    // Known where only a part of a list is read.
                    total: (whole.total.is_some() || estimate.total.is_some())
                        .then(|| whole.total.or(whole.rows).zip(estimate.total.or(estimate.rows)))
                        .flatten()
                        .map(|(one, other)| one + other),
                    page_size: whole.page_size.min(estimate.page_size),
                    is_maximum: whole.is_maximum,
                    // The sample of the largest list is the most representative.
                    sample: [whole.sample, estimate.sample].into_iter().flatten().max_by_key(|(_, of)| *of),
                    profiles: Vec::new(),
                },
            });
        }
        match whole {
            Some(whole) => Ok(Estimate { profiles, is_maximum: self.since.is_some(), ..whole }),
            None => Err(worst(failures).unwrap_or(Error::Unfinished)),
        }
    }
}

/// Whether an error concerns one profile, so that others may still be read: not the key, the network, or anything that all
/// of them share.
pub fn is_of_profile(error: &Error) -> bool {
    let error = match error {
        Error::Api(error) => error,
        Error::RefusedFrom { error, .. } => error,
        _ => return false,
    };
    let is_about_key = matches!(error.problem.status(), Some(401 | 407))
        || matches!(error.problem.code(), Some("AUTH_001" | "AUTH_002"));
    let is_of_all = matches!(error.problem, Problem::ConnectFailed(_) | Problem::RateLimited { .. })
        || matches!(error.end, AttemptsEnd::BudgetUsedUp { .. });
    !is_about_key && !is_of_all
}

/// The most severe failure.
fn worst(failures: Vec<Error>) -> Option<Error> {
    let code = ExitCode::worst(failures.iter().map(Error::exit_code))?;
    failures.into_iter().find(|error| error.exit_code() == code)
}

fn facts_of(
    profile: &ChildProfile,
    verdict: Verdict,
    evidence: Vec<Evidence>,
    failure: Option<ProfileFailure>,
) -> ProfileFacts {
    let (id, name) = (profile.id.to_string(), profile.name.clone());
    // Rows are counted when they are written.
    ProfileFacts { id, name, rows: 0, reachable: None, items_rejected: 0, verdict, evidence, failure }
}

/// Warns immediately that a profile cannot be read, because the others may take hours.
fn warn_of_failure(facts: &ProfileFacts) {
    let Some(ProfileFailure { exit_code, text }) = &facts.failure else { return };
    let (name, profile_id, exit_code) = (printable(facts.label()), facts.id.as_str(), u64::from(*exit_code));
    tracing::warn!(name: "profile_failed", %profile_id, exit_code, "cannot read profile {name}: {text}");
}

/// A page of a profile.
#[derive(Debug)]
pub struct ProfilePage<P> {
    page: P,
    /// The position of the profile.
    profile: usize,
}

impl<P: RowPage> RowPage for ProfilePage<P> {
    fn findings(&self) -> &PageFindings {
        self.page.findings()
    }
}

/// Builds record batches with the columns of the profile, each with rows of one profile.
#[derive(Debug)]
pub struct ProfileBatches<B> {
    rows: B,
    schema: SchemaRef,
    profiles: Arc<[ChildProfile]>,
    /// The position of the current profile.
    current: usize,
}

impl<B: BuildBatches> ProfileBatches<B> {
    fn label(&self, batch: &RecordBatch) -> RecordBatch {
        labeled(batch, &self.schema, &self.profiles[self.current])
            .expect("the schema is that of the batches and a profile")
    }
}

fn labeled(batch: &RecordBatch, schema: &SchemaRef, profile: &ChildProfile) -> Result<RecordBatch, OutputError> {
    let id = profile.id.to_string();
    of_profile(batch, schema, (&id, profile.name.as_deref())).map_err(OutputError::ForeignBatch)
}

impl<B: BuildBatches> BuildBatches for ProfileBatches<B> {
    type Page = ProfilePage<B::Page>;

    fn append(&mut self, page: &ProfilePage<B::Page>, keep: &[bool]) -> Vec<RecordBatch> {
        let mut batches = Vec::new();
        if page.profile != self.current {
            batches.extend(self.finish());
            self.current = page.profile;
        }
        let full = self.rows.append(&page.page, keep);
        batches.extend(full.iter().map(|batch| self.label(batch)));
        batches
    }

    fn finish(&mut self) -> Option<RecordBatch> {
        self.rows.finish().map(|batch| self.label(&batch))
    }
}

#[cfg(test)]
#[path = "profiles_tests.rs"]
mod tests;
