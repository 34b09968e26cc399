//! `sent-export messages`: the messages of an account, newest first.

use std::io;
use std::num::NonZeroU64;

use serde::Deserialize;
use uuid::Uuid;

use crate::api::ChildProfile;
use crate::cli::{MessagesArgs, SinceArg, SinceStartArg};
use crate::config::{
    BesideFlags, CREATED_DATE, ChangesFlags, ConfigError, ExportFlags, Naming, ProfileNaming, RowFormat, SecondOutput,
    api_name, gate, partition_by, read_settings, sample_settings,
};
use crate::error::{Error, ExitCode};
use crate::export::{ListReading, Since, SinceStart, WrittenIds};
use crate::lookup::LookupSettings;
use crate::publish::{PartitionBy, PublicationRecord, PublishedManifest, read_manifest};
use crate::report::{DeliveryCounts, Filters};
use crate::resources::LookupResource;
use crate::resources::activities::{Activities, activities_schema};
use crate::resources::messages::{Messages, column, messages_schema};
use crate::simulator::Settings;
use crate::store::OutputTarget;
use crate::time::Timestamp;
use crate::verdict::Verdict;

use super::export_command::{ExportCommand, Intent};
use super::job;
use super::profiles::{SinceLast, export_list, written_schema};

/// Exports messages.
///
/// # Errors
/// When the configuration is wrong, a page cannot be fetched, or an output cannot be written.
pub(super) fn run(args: &MessagesArgs, intent: Intent<'_>) -> Result<ExitCode, Error> {
    let simulate = args.run.account.simulate.map(Settings::of_messages);
    let of_activities = RowFormat {
        name: Activities::NOUN.many,
        schema: activities_schema(),
        schema_version: Activities::SCHEMA_VERSION,
        hidden_columns: Vec::new(),
        unique_columns: Activities::UNIQUE_COLUMNS,
        partition: None,
    };
    let activities =
        args.activities.activities_output.as_deref().map(|path| SecondOutput { path, rows: of_activities });
    let needs_all = [
        (args.changes.compares(), "--changes, --history and --exit-code-unchanged"),
        // Otherwise a file with some messages of a day would replace that with all of them.
        (args.output.partition_by.is_some(), "--partition-by"),
        (args.since.is_some() && args.list.sample.is_some(), "--since"),
    ];
    let sample = sample_settings(&args.list, &needs_all)?;
    let is_span = args.since.is_some() || args.since_last;
    let span = is_span.then_some(if args.since.is_some() { "--since" } else { "--since-last" });
    let changes = ChangesFlags { args: &args.changes, confirms_removed: false, span };
    if let Some(SinceArg { text, start: SinceStartArg::Before(_) }) = &args.since
        && args.changes.compares()
        && args.output.partition_by.is_none()
    {
        return Err(ConfigError::ChangesOfMovingSpan(text.clone()).into());
    }
    let flags = ExportFlags {
        output: &args.output,
        beside: BesideFlags { reports: Some(&args.reports), missing: None, activities, changes: Some(changes) },
        gate: gate(&args.gates, args.min_messages),
        run: &args.run,
        simulate,
    };
    // The export of each profile continues from its own last export.
    let continues_each = args.since_last && args.profiles.profiles.is_some();
    let profile_id = args.run.account.profile_id;
    let of_account = (ProfileNaming::by_id(profile_id), profile_id);
    let start = if continues_each { None } else { since(args, of_account)? };
    let days = Some((column::CREATED_AT, start.is_none()));
    let partition = partition_by(&args.output, &written_schema(&args.profiles, messages_schema()), days)?;
    if let (Some(by), Some(flag)) = (partition.as_ref().filter(|by| !by.keeps_others()), span) {
        return Err(ConfigError::PartOfDataset { flag, column: by.name.clone() }.into());
    }
    let undated_column = partition.as_ref().and_then(PartitionBy::undated_column);
    let limit = args.list.limit.map(NonZeroU64::get);
    let drawn = args.list.sample.map(NonZeroU64::get);
    let since_text = start.as_ref().map(|since| since.text.clone());
    let filters = Filters { since: since_text, limit, sample: drawn, ..Filters::default() };
    let reading = ListReading {
        resource: Messages { has_body: !args.no_body, has_extra: args.extra || args.output.columns.names("extra") },
        settings: read_settings(&args.list, &args.run.pace),
        since: start,
        sample,
        ids: args.activities.with_activities.then(|| WrittenIds::new(column::ID, undated_column)),
    };
    let settings =
        LookupSettings { concurrency: args.run.pace.concurrency, allow_unread: args.activities.allow_unread };
    let activities = args.activities.with_activities.then_some(settings);
    let command = ExportCommand { reading, partition, activities };
    let of_profile = |profile: &ChildProfile| since(args, (ProfileNaming::of(profile), Some(profile.id)));
    let since_last: Option<&SinceLast<'_>> = if continues_each { Some(&of_profile) } else { None };
    export_list::<_, DeliveryCounts>(&command, intent, flags, filters, (&args.profiles, since_last))
}

/// Whose messages are read: the profile's name in paths, and its id if it is not the account itself.
type Whose = (ProfileNaming, Option<Uuid>);

/// The time from which messages are requested.
fn since(args: &MessagesArgs, whose: Whose) -> Result<Option<Since>, ConfigError> {
    let is_whole_days = args.output.partition_by.is_some();
    if let Some(since) = &args.since {
        let start = match since.start {
            SinceStartArg::At(moment) => SinceStart::At(moment.micros()),
            SinceStartArg::Before(age) => SinceStart::Before(age),
        };
        return Ok(Some(Since { start, is_whole_days, text: since.text.clone() }));
    }
    // A check does not access a store.
    let Some(start) = (if args.since_last && !job::is_check() { start_after_last_run(args, whose)? } else { None })
    else {
        return Ok(None);
    };
    let text = start.to_seconds();
    Ok(Some(Since { start: SinceStart::At(start.micros()), is_whole_days, text }))
}

/// The fields of a manifest that an export needs to continue from it.
#[derive(Debug, Deserialize)]
struct LastRun {
    resource: Option<String>,
    api: Option<String>,
    started_at: String,
    verdict: Verdict,
    #[serde(default)]
    filters: Filters,
}

/// The time before which the export in the output's folder is complete; `None` reads everything, as in the first run.
fn start_after_last_run(args: &MessagesArgs, (profile, profile_id): Whose) -> Result<Option<Timestamp>, ConfigError> {
    let state_dir = args.run.resume.state_dir.as_deref();
    let naming = Naming::new(&args.output.files.store, state_dir, profile, Timestamp::now())?;
    let typed = args.output.files.output.first().cloned().unwrap_or_default();
    let folder = naming.target(&typed)?;
    if naming.is_dated(&typed) || args.output.manifest.as_deref().is_some_and(|path| naming.is_dated(path)) {
        let why = "its path is different in every run ({date}, {time}, {run_id})".to_owned();
        return Err(ConfigError::NotContinuable { path: typed.display().to_string(), why });
    }
    let target = match &args.output.manifest {
        Some(path) => naming.target(path)?,
        None => folder.join(CREATED_DATE).manifests().into_iter().next().unwrap_or_else(|| folder.clone()),
    };
    let refused = |why: String| ConfigError::NotContinuable { path: target.to_string(), why };
    let last: LastRun = match last_manifest(&folder.join(CREATED_DATE), &target, &naming) {
        Ok(Some(manifest)) => manifest.details,
        Ok(None) => {
            tracing::info!("no last run: reading all messages");
            return Ok(None);
        }
        Err(error) => return Err(refused(error.to_string())),
    };
    if last.resource.as_deref() != Some("messages") {
        return Err(refused("it is of another resource".to_owned()));
    }
    let api = api_name(&args.run.account)?;
    if last.api.as_ref() != Some(&api) {
        let other = last.api.as_deref().unwrap_or("an unknown address");
        return Err(refused(format!("it was exported from {other}, but this run reads {api}")));
    }
    let profile_id = profile_id.map(|id| id.to_string());
    if !last.filters.profiles.is_empty() || last.filters.profile_id != profile_id {
        return Err(refused("it was made with another --profile-id, or with --profiles".to_owned()));
    }
    if last.verdict == Verdict::Unverified {
        // Messages that that run may have missed are in its time span.
        tracing::warn!("the last run is unverified: reading its span again");
        return Ok(last.filters.since.and_then(|since| Timestamp::parse_in_table(&since)));
    }
    let started_at = Timestamp::parse(&last.started_at);
    let started_at = started_at.map_err(|_| refused("it does not say when it was made".to_owned()))?;
    Ok(Some(started_at.saturating_sub(args.reread)))
}

/// The manifest of the last run that has finished. One that was interrupted while it published is repeated with the same
/// start, so that its journal can be used, even if its manifest is already written.
fn last_manifest(
    output: &OutputTarget,
    manifest: &OutputTarget,
    naming: &Naming,
) -> io::Result<Option<PublishedManifest<LastRun>>> {
    let published = read_manifest::<LastRun>(manifest)?;
    let file = PublicationRecord::file_of(output);
    let record = file.map_or(Ok(None), |file| PublicationRecord::read(&file, naming.stores()))?;
    let Some(record) = record else { return Ok(published) };
    let is_next = |published: &PublishedManifest<LastRun>| {
        let next = record.next.read::<LastRun>();
        next.is_ok_and(|next| next.details.started_at == published.details.started_at)
    };
    match published {
        Some(published) if !is_next(&published) => Ok(Some(published)),
        _ => record.withdrawn_from(manifest),
    }
}
