//! The settings of an export, whatever its resource.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use uuid::Uuid;

use super::naming::{Naming, ProfileNaming};
use super::outputs::BesideFlags;
use super::row_format::RowFormat;
use super::{AccountConfig, ConfigError, KeyEnvironment, OutputsConfig, PaceConfig};
use crate::api::{ApiKey, ChildProfile, Scope};
use crate::cli::{GateArgs, ListArgs, OutputArgs, PaceArgs, RunArgs};
use crate::export::SampleSettings;
use crate::journal::{JournalKey, Secret};
use crate::listing::ReadSettings;
use crate::publish::{Gate, PublicationRecord, RecordedManifest};
use crate::report::Filters;
use crate::simulator;
use crate::store::{SeenObject, Sidecar};
use crate::time::Timestamp;

/// The flags of an export.
#[derive(Debug, Clone)]
pub struct ExportFlags<'a> {
    /// The outputs.
    pub output: &'a OutputArgs,
    /// The files written beside them.
    pub beside: BesideFlags<'a>,
    /// Conditions for publishing.
    pub gate: Gate,
    /// Flags for resuming, the account, pace and messages.
    pub run: &'a RunArgs,
    /// Settings of the simulator, if it replaces the account.
    pub simulate: Option<simulator::Settings>,
}

/// The settings of an export, whatever its resource.
#[derive(Debug)]
pub struct ExportConfig {
    /// Which account is read.
    pub account: AccountConfig,
    /// Retry, pace and time limits.
    pub pace: PaceConfig,
    /// How responses are saved for resuming.
    pub resume: ResumeConfig,
    /// The same for looking up rows that are gone.
    pub resume_removed: ResumeConfig,
    /// The same for the activities of the rows.
    pub resume_activities: ResumeConfig,
    /// The conditions for publishing.
    pub gate: Gate,
    /// Rows of the last export; only known once its path is locked.
    pub published_before: Option<u64>,
    /// The record of a run that was interrupted while it published; only known once its path is locked.
    pub interrupted: Option<PublicationRecord>,
    /// The manifest in that record whose files are in place, if one is needed for a comparison.
    pub in_place: Option<RecordedManifest>,
    /// The state of the manifest's object at the start of the run.
    pub seen_manifest: Option<SeenObject>,
    /// When to stop.
    pub max_duration: Option<Duration>,
    /// The outputs.
    pub outputs: OutputsConfig,
    /// The filters, for the report.
    pub filters: Filters,
    naming: Naming,
}

/// How responses are saved for resuming.
#[derive(Debug, Clone)]
pub struct ResumeConfig {
    /// The journal's path; `None` if there is no regular file beside which to put it, or nothing worth saving.
    pub journal: Option<PathBuf>,
    /// The maximum age of a journal.
    pub within: Duration,
    /// Whether an existing journal is discarded.
    pub starts_over: bool,
}

impl ResumeConfig {
    /// The same for one of several profiles, with its own file.
    #[must_use]
    pub fn of_profile(&self, id: Uuid) -> Self {
        let of_profile = |path: &PathBuf| {
            let (_, output) = Sidecar::of(path).unwrap_or((Sidecar::Journal, "output"));
            Sidecar::Journal.path(&path.with_file_name(format!("{output}.{id}")))
        };
        Self { journal: self.journal.as_ref().map(of_profile), ..self.clone() }
    }

    /// The journals of profiles beside a journal.
    pub fn profile_journals(journal: &Path) -> Vec<PathBuf> {
        let folder = journal.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Some((_, output)) = Sidecar::of(journal) else { return Vec::new() };
        let is_of_profile = |path: &PathBuf| match Sidecar::of(path) {
            Some((Sidecar::Journal, name)) => {
                let id = name.strip_prefix(output).and_then(|rest| rest.strip_prefix('.'));
                id.is_some_and(|id| Uuid::try_parse(id).is_ok())
            }
            _ => false,
        };
        // A missing folder has none.
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_of_profile).collect()
    }
}

impl ExportConfig {
    /// Checks flags and environment.
    ///
    /// # Errors
    /// When a setting is missing or invalid.
    pub fn new(
        flags: ExportFlags<'_>,
        filters: Filters,
        rows: &RowFormat,
        key: &KeyEnvironment,
    ) -> Result<Self, ConfigError> {
        let RunArgs { resume, account, .. } = flags.run;
        let profile = if filters.profiles.is_empty() {
            ProfileNaming::by_id(account.profile_id)
        } else {
            ProfileNaming::unknown()
        };
        let filters = Filters { profile_id: account.profile_id.map(|id| id.to_string()), ..filters };
        let (store, state_dir) = (&flags.output.files.store, resume.state_dir.as_deref());
        let naming = Naming::new(store, state_dir, profile, Timestamp::now())?;
        let simulate = flags.simulate.clone();
        Self::build(flags, filters, rows, naming, || AccountConfig::new(account, simulate, key))
    }

    /// The settings of the same run for one profile, with its own outputs, reading rows from `since` on.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn for_profile(
        &self,
        flags: ExportFlags<'_>,
        rows: &RowFormat,
        profile: &ChildProfile,
        since: Option<String>,
    ) -> Result<Self, ConfigError> {
        let profile_id = Some(profile.id.to_string());
        let filters = Filters { profile_id, profiles: Vec::new(), since, ..self.filters.clone() };
        let naming = self.naming.for_profile(ProfileNaming::of(profile));
        let account = AccountConfig { scope: Scope::profile(profile.id), ..self.account.clone() };
        Self::build(flags, filters, rows, naming, || Ok(account))
    }

    /// The account comes last, because reading its key may run a program.
    fn build(
        flags: ExportFlags<'_>,
        filters: Filters,
        rows: &RowFormat,
        naming: Naming,
        account: impl FnOnce() -> Result<AccountConfig, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let ExportFlags { output, beside, gate, run: RunArgs { resume, pace, .. }, simulate } = flags;
        let is_simulated = simulate.is_some();
        let outputs = OutputsConfig::new(output, &beside, gate.max_shrink.is_some(), (rows, &filters), &naming)?;
        if let Some(stream) = outputs.first_stream().filter(|_| gate.is_set()) {
            return Err(ConfigError::GateOnStream(stream.clone()));
        }
        let account = account()?;
        // A simulator on its own port does not outlive the run, so there is nothing to resume.
        let kept = |journal: &Option<PathBuf>| ResumeConfig {
            journal: journal.clone().filter(|_| !is_simulated),
            within: resume.resume_within,
            starts_over: resume.fresh,
        };
        Ok(Self {
            pace: PaceConfig::new(pace, is_simulated)?,
            account,
            resume: kept(&outputs.journal),
            resume_removed: kept(&outputs.changes.as_ref().and_then(|changes| changes.journal.clone())),
            resume_activities: kept(&outputs.activities.as_ref().and_then(|activities| activities.journal.clone())),
            gate,
            published_before: None,
            interrupted: None,
            in_place: None,
            seen_manifest: None,
            max_duration: pace.max_duration,
            outputs,
            filters,
            naming,
        })
    }

    /// Completes the key of a journal with the account: `key` describes what is read.
    pub fn journal_key(&self, key: JournalKey, api_key: &ApiKey) -> JournalKey {
        self.journal_key_of(self.filters.profile_id.clone(), key, api_key)
    }

    /// The same for one of several profiles.
    pub fn journal_key_of(&self, profile_id: Option<String>, key: JournalKey, api_key: &ApiKey) -> JournalKey {
        let profile = profile_id.map(|id| ("--profile-id".to_owned(), id));
        let api_key = ("API key".to_owned(), Secret::new(Some(api_key.expose())));
        JournalKey {
            base_url: self.account.base_url.to_string(),
            flags: key.flags.into_iter().chain(profile).collect(),
            secrets: key.secrets.into_iter().chain([api_key]).collect(),
            ..key
        }
    }
}

/// The conditions for publishing; `min_rows` is the minimum number of rows.
pub fn gate(args: &GateArgs, min_rows: Option<u64>) -> Gate {
    let GateArgs { max_shrink, max_rejected, max_malformed, require } = *args;
    Gate { min_rows, max_shrink, require, max_rejected, max_malformed }
}

/// The settings for reading a sample; `None` reads all rows. `needs_all` names flags that need the whole list.
///
/// # Errors
/// When only a part is read, but a flag needs the whole list.
pub fn sample_settings(
    list: &ListArgs,
    needs_all: &[(bool, &'static str)],
) -> Result<Option<SampleSettings>, ConfigError> {
    let part = match (list.limit, list.sample) {
        (None, None) => return Ok(None),
        (Some(_), _) => "--limit",
        (None, Some(_)) => "--sample",
    };
    if let Some((_, whole)) = needs_all.iter().find(|(is_given, _)| *is_given) {
        return Err(ConfigError::PartOfList { part, whole });
    }
    Ok(list.sample.map(|rows| SampleSettings { rows: rows.get(), seed: list.sample_seed }))
}

/// How a list is read.
pub fn read_settings(list: &ListArgs, pace: &PaceArgs) -> ReadSettings {
    ReadSettings {
        page_size: list.page_size,
        concurrency: pace.concurrency,
        consistency: list.consistency,
        allow_missing_pages: list.allow_missing_pages,
        not_before: None,
        recount_delay: pace.retry_delay,
        limit: list.limit.map(NonZeroU64::get),
    }
}
