//! Exports of several profiles of an organization (`--profiles`).
//!
//! ```text
//!  owner of the key ──► profiles ─┬─► together   one output, rows with the columns of their profile
//!                                 └─► apart      an output for each, published one after another
//! ```
//!
//! Both read with one account, and therefore one limiter. If a profile cannot be read, the others are still exported, see
//! [`ProfilesReading`]; if none can, nothing is published.
//!
//! *Easy to get wrong:* after a killed run, profiles that were read to the end must not be read again. Therefore, the
//! journals of all profiles are kept until the end of the run, even if their outputs are already published.

mod apart;
mod journals;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::api::{Account, ChildProfile, Profile, Scope};
use crate::cli::{ProfilesArgs, VerbosityArgs};
use crate::config::{ConfigError, ExportConfig, ExportFlags, ProfileChoice, ProfileError, RowFormat, is_split};
use crate::error::{Error, ExitCode};
use crate::export::{ListReading, ProfilesReading, Since};
use crate::journal::JournalKey;
use crate::publish::PartitionBy;
use crate::report::{Filters, RowCounts};
use crate::resources::{Resource, with_profile};
use crate::simulator;
use crate::time::Timestamp;

use self::journals::Journals;
use super::account::key_environment;
use super::estimate::{Planned, describe};
use super::export::{Opened, open, read_and_publish, report_result, run_export};
use super::export_command::{ExportCommand, Intent, is_only_checked, with_account};
use super::interrupted::remove_record;
use super::monitor::RunMonitor;
use super::publish::remove_older_exports;
use super::{job, stop};

/// The time from which the rows of a profile are read, according to its last export; `None` reads all of them.
pub(super) type SinceLast<'a> = dyn Fn(&ChildProfile) -> Result<Option<Since>, ConfigError> + 'a;

/// The columns that are written, including those of the profile if `--profiles` is given.
pub(super) fn written_schema(profiles: &ProfilesArgs, schema: SchemaRef) -> SchemaRef {
    if profiles.profiles.is_some() { with_profile(&schema) } else { schema }
}

/// Exports a list: that of the account, or those of the profiles in `--profiles`.
///
/// # Errors
/// As for [`run_export`], and when the profiles cannot be listed or chosen, or none of them can be read.
pub(super) fn export_list<R: Resource, C: RowCounts>(
    command: &ExportCommand<ListReading<R>>,
    intent: Intent<'_>,
    flags: ExportFlags<'_>,
    filters: Filters,
    (profiles, since_last): (&ProfilesArgs, Option<&SinceLast<'_>>),
) -> Result<ExitCode, Error> {
    let Some(names) = &profiles.profiles else { return run_export::<_, C>(command, intent, flags, filters) };
    let flags = ExportFlags { simulate: flags.simulate.map(simulator::Settings::shared_by_profiles), ..flags };
    let choice = ProfileChoice::new(names)?;
    let is_split = is_split(flags.output, &flags.beside)?;
    check_flags(command, &flags, is_split)?;
    let signals = job::signals().map_err(Error::StartRuntime)?;
    let verbosity = &flags.run.verbosity;
    let rows = RowFormat {
        name: R::NOUN.many,
        schema: with_profile(&command.reading.resource.schema()),
        schema_version: R::SCHEMA_VERSION,
        hidden_columns: command.reading.resource.hidden_columns(),
        unique_columns: R::UNIQUE_COLUMNS,
        partition: command.partition.clone(),
    };
    let filters = Filters { profiles: choice.names(), ..filters };
    let mut config = ExportConfig::new(flags.clone(), filters, &rows, &key_environment())?;
    if is_only_checked(&config, intent) {
        return Ok(ExitCode::Complete);
    }
    // Shared outputs are opened before the first request; separate ones are named after their profiles, which are not known
    // yet.
    let monitor = match intent {
        Intent::Run(monitor) => Some(monitor),
        Intent::Plan => None,
    };
    if let Some(monitor) = monitor {
        monitor.begin(Some(&config))?;
    }
    let opens_now = monitor.is_some() && !is_split;
    let opened = opens_now.then(|| open::<ListReading<R>>(&mut config, verbosity)).transpose()?;
    with_account(&mut config, |config, account, runtime| {
        let mut stop = Box::pin(stop::requested(config.max_duration, signals));
        let profiles = runtime.block_on(async {
            tokio::select! {
                profiles = choose(account, &choice) => profiles,
                error = stop.as_mut() => Err(error),
            }
        });
        if let Some(monitor) = monitor {
            monitor.note_requests(account.stats());
        }
        let OrganizationProfiles { chosen: profiles, all } = profiles?;
        let run = ProfilesRun { command, since_last, flags, rows, all, of_run: (config, account, runtime), verbosity };
        match (monitor, opened) {
            (None, _) => run.plan(profiles, is_split),
            (Some(monitor), Some(opened)) => run.export_together::<C>(profiles, opened, monitor, stop.as_mut()),
            (Some(monitor), None) => run.export_apart::<C>(profiles, monitor, stop.as_mut()),
        }
    })
}

/// Checks that all flags can be used with several profiles.
fn check_flags<R>(
    command: &ExportCommand<ListReading<R>>,
    flags: &ExportFlags<'_>,
    is_split: bool,
) -> Result<(), ConfigError> {
    let confirms_removed = flags.beside.changes.as_ref().is_some_and(|changes| changes.confirms_removed);
    let asks = "it requests contacts by id, and each id would have to be requested in its own profile";
    let reads = "it reads messages by id, and each id would have to be read in its own profile";
    let refused =
        [(confirms_removed, "--confirm-removed", asks), (command.activities.is_some(), "--with-activities", reads)];
    if let Some((_, flag, why)) = refused.into_iter().find(|(is_given, ..)| *is_given) {
        return Err(ProfileError::Flag { flag, why }.into());
    }
    // A run replaces the days that it read. If it did not read all profiles, the rows of the others would be lost.
    if command.partition.as_ref().is_some_and(PartitionBy::keeps_others) && !is_split {
        return Err(ProfileError::OneFolder.into());
    }
    Ok(())
}

/// The profiles of an organization.
struct OrganizationProfiles {
    /// Those that are read.
    chosen: Vec<ChildProfile>,
    /// The ids of all of them.
    all: Arc<BTreeSet<Uuid>>,
}

/// The profiles of the key's organization.
///
/// # Errors
/// When a request fails, the key does not belong to an organization, or a name does not match exactly one profile.
async fn choose(account: &Account, choice: &ProfileChoice) -> Result<OrganizationProfiles, Error> {
    let identity = account.identity(Scope::ACCOUNT).await.map_err(Error::Api)?.data;
    ProfileChoice::check_key(&identity)?;
    let all = account.profiles(&identity).await.map_err(Error::Api)?;
    let chosen = choice.of(&all)?;
    Ok(OrganizationProfiles { chosen, all: Arc::new(all.iter().filter_map(Profile::uuid).collect()) })
}

/// A run with known profiles.
struct ProfilesRun<'a, R> {
    command: &'a ExportCommand<ListReading<R>>,
    since_last: Option<&'a SinceLast<'a>>,
    flags: ExportFlags<'a>,
    rows: RowFormat,
    /// Ids of all profiles of the organization.
    all: Arc<BTreeSet<Uuid>>,
    of_run: (&'a ExportConfig, &'a Account, &'a Runtime),
    verbosity: &'a VerbosityArgs,
}

/// A profile with its own outputs.
struct OneProfile {
    profile: ChildProfile,
    config: ExportConfig,
    since: Option<Since>,
    partition: Option<PartitionBy>,
}

impl<'a, R: Resource> ProfilesRun<'a, R> {
    /// Reads all profiles into the shared outputs.
    fn export_together<C: RowCounts>(
        &self,
        profiles: Vec<ChildProfile>,
        opened: Opened,
        monitor: &RunMonitor<'_>,
        stop: Pin<&mut impl Future<Output = Error>>,
    ) -> Result<ExitCode, Error> {
        let (config, account, runtime) = self.of_run;
        let since = self.command.reading.since.clone();
        let journals = self.journals(config, &profiles, since.as_ref(), self.verbosity.quiet)?;
        let command = self.reading(profiles, (since, None), &journals);
        let watch = (self.verbosity, monitor);
        let reading = read_and_publish::<_, C>(&command, watch, (config, account), opened, stop);
        match runtime.block_on(reading) {
            Ok(published) => {
                // Removed before anything is printed: if stdout is full, a published export must not look unfinished.
                journals.remove();
                if published.is_some() {
                    remove_record(config);
                    remove_older_exports(config, R::ENDPOINT.name);
                }
                let report = |published| report_result::<ListReading<R>, _>(config, watch, published);
                published.map_or(Ok(ExitCode::Complete), report)
            }
            Err(error) => Err(journals.kept(error)),
        }
    }

    /// Prints an estimate for reading the profiles.
    fn plan(&self, profiles: Vec<ChildProfile>, is_split: bool) -> Result<ExitCode, Error> {
        let (config, account, runtime) = self.of_run;
        let (mut journals, mut since) = (Vec::new(), self.command.reading.since.clone());
        for profile in &profiles {
            let one = is_split.then(|| self.one(profile.clone())).transpose()?;
            since = one.as_ref().map_or(since, |one| one.since.clone());
            let config = one.as_ref().map_or(config, |one| &one.config);
            if let Some(path) = config.resume.of_profile(profile.id).journal.filter(|_| !config.resume.starts_over) {
                journals.push((path, self.journal_key(config, profile, since.as_ref())?));
            }
        }
        let nothing = Journals::none(Timestamp::now());
        let command = self.reading(profiles, (since, None), &nothing);
        describe((&command, config), account, runtime, &Planned { journals, is_split })
    }

    /// The settings for one profile with its own outputs.
    fn one(&self, profile: ChildProfile) -> Result<OneProfile, Error> {
        let since = match self.since_last {
            Some(since_last) => since_last(&profile)?,
            None => self.command.reading.since.clone(),
        };
        // Only reading the whole list returns all rows without a time.
        let keeps_undated = since.is_none();
        let partition = self.command.partition.clone().map(|by| by.with_undated(keeps_undated));
        let rows = RowFormat { partition: partition.clone(), ..self.rows.clone() };
        let text = since.as_ref().map(|since| since.text.clone());
        let config = self.of_run.0.for_profile(self.flags.clone(), &rows, &profile, text)?;
        Ok(OneProfile { profile, config, since, partition })
    }

    /// Reads the lists of some profiles with their journals.
    fn reading<'b>(
        &self,
        profiles: Vec<ChildProfile>,
        (since, partition): (Option<Since>, Option<PartitionBy>),
        journals: &'b Journals,
    ) -> ExportCommand<ProfilesReading<'b, R>>
    where
        'a: 'b,
    {
        let reading = ProfilesReading {
            list: &self.command.reading,
            profiles: Arc::from(profiles),
            organization: Arc::clone(&self.all),
            since,
            began_at: journals.began_at(),
            open_journal: Box::new(|place| journals.open(place)),
        };
        ExportCommand { reading, partition, activities: None }
    }

    fn journals(
        &self,
        config: &ExportConfig,
        profiles: &[ChildProfile],
        since: Option<&Since>,
        is_quiet: bool,
    ) -> Result<Journals, Error> {
        let keyed = profiles.iter().map(|profile| Ok((profile.id, self.journal_key(config, profile, since)?)));
        let keyed = keyed.collect::<Result<Vec<_>, Error>>()?;
        Journals::find(&config.resume, keyed, Timestamp::now(), is_quiet)
    }

    fn journal_key(
        &self,
        config: &ExportConfig,
        profile: &ChildProfile,
        since: Option<&Since>,
    ) -> Result<JournalKey, Error> {
        let key = config.account.api_key.as_ref().ok_or(ConfigError::MissingKey)?;
        let list = self.command.reading.journal_key_since(since);
        Ok(config.journal_key_of(Some(profile.id.to_string()), list, key))
    }
}
