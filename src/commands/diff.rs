//! `sent-export diff`: added, changed and removed rows between two exports.
//!
//! Checks that need only manifests are made before any file is read. Checks that need the rows, such as that of customer
//! ids, are made before an output is opened.

mod as_of;
mod summary;

use serde::de::IgnoredAny;

use crate::changes::{ChangeCounts, Changes, CompareSettings, GoneAs, SnapshotSorter, SortSettings};
use crate::cli::DiffArgs;
use crate::config::{ConfigError, DiffConfig, ignored_columns};
use crate::error::{Error, ExitCode};
use crate::input::Mirror;
use crate::progress::FileProgress;
use crate::publish::{OutputError, Outputs, read_manifest};
use crate::store::{OutputTarget, check_writable, remove_small_file};

use super::job;
use super::printer::show;
use super::report::{input_places, print_skipped};
use super::stop::Signals;

use super::compare::comparable;
use super::compare::side::{Side, Which};

/// Compares two exports.
///
/// # Errors
/// When a file cannot be read, the exports cannot be compared, or an output cannot be written.
pub(super) fn run(args: &DiffArgs) -> Result<ExitCode, Error> {
    let signals = job::signals().map_err(Error::StartRuntime)?;
    let config = DiffConfig::new(args)?;
    if job::is_check() {
        job::note_places(config.outputs.iter().map(|request| &request.target));
        return Ok(ExitCode::Complete);
    }
    let path_of_new = match (&args.new, args.as_of) {
        (Some(new), _) => new,
        (None, Some(as_of)) => return as_of::run(args, &config, as_of, signals),
        (None, None) => unreachable!("the flags demand one of the two"),
    };
    let mut mirror = Mirror::new(&config.stores);
    let mut found_old = mirror.find_files(std::slice::from_ref(&args.old))?;
    let mut found_new = mirror.find_files(std::slice::from_ref(path_of_new))?;
    config.check_inputs(&input_places(&[&found_old, &found_new], &config.stores)?)?;
    let mut old = Side::new(Which::Old, &args.old, &mut found_old)?;
    let mut new = Side::new(Which::New, path_of_new, &mut found_new)?;
    if !args.quiet {
        print_skipped(&found_old.skipped);
        print_skipped(&found_new.skipped);
    }
    if old.content != new.content {
        return Err(ConfigError::OtherRows { old: old.content.noun(), new: new.content.noun() }.into());
    }
    let has_profiles = old.has_profiles() && new.has_profiles();
    if has_profiles {
        [&mut old, &mut new].into_iter().for_each(Side::match_profiles);
    }
    let schema = old.content.compared_schema(has_profiles);
    let mut ignored = ignored_columns(&schema, &args.ignore)?;
    comparable::check(&old.facts, &new.facts, args.force)?;
    let gone_as = if new.facts.doubts.is_empty() { GoneAs::Removed } else { GoneAs::Missing };
    for side in [&old, &new] {
        side.warn_of_doubts(args.quiet);
    }
    let settings = config.output_settings(&schema);
    for request in &config.outputs {
        check_writable(&request.target, settings.files).map_err(OutputError::from)?;
    }
    let mut sorters = SnapshotSorter::pair(&schema, &SortSettings::default())?;
    let mut progress = FileProgress::new(args.quiet || args.no_progress, old.bytes() + new.bytes());
    for (side, sorter) in [&mut old, &mut new].into_iter().zip(&mut sorters) {
        side.read(sorter, &mut progress)?;
    }
    progress.finish();
    comparable::check(&old.facts, &new.facts, args.force)?;
    ignored.extend(comparable::columns_of_one_side(&old.facts, &new.facts, &schema));
    let complete_profiles = new.complete_profiles();
    let comparison =
        CompareSettings { ignored, layout: config.layout, gone_as, complete_profiles, ..CompareSettings::default() };
    let [old_rows, new_rows] = sorters;
    let [old_rows, new_rows] = [old_rows.finish()?, new_rows.finish()?];
    let mut changes = Changes::between(&old_rows, &new_rows, &comparison)?;
    // From here on, a signal must not end the process without cleanup.
    signals.begin();
    let outputs = Outputs::open(&config.outputs, &settings)?;
    match write(&mut changes, outputs, &config, &signals) {
        Err(Error::Output(error)) if error.is_closed_pipe() => return Ok(ExitCode::Complete),
        result => result?,
    }
    let counts = changes.counts();
    warn_of_repeated(&counts, [&old, &new]);
    if !args.quiet {
        summary::log(&counts);
        show(&summary::text(&counts, old.content, gone_as, [&old.shown, &new.shown]));
    }
    let unchanged = args.exit_code_unchanged.filter(|_| counts.are_equal());
    Ok(unchanged.map_or(ExitCode::Complete, ExitCode::Unchanged))
}

/// Writes all changes and publishes them.
fn write(changes: &mut Changes, mut outputs: Outputs, config: &DiffConfig, signals: &Signals) -> Result<(), Error> {
    while let Some(batch) = changes.next_batch()? {
        if let Some(code) = signals.received() {
            return Err(Error::Stopped(code));
        }
        if batch.num_rows() > 0 {
            outputs.write(&batch)?;
        }
    }
    publish(outputs, config)
}

/// Publishes the outputs.
fn publish(mut outputs: Outputs, config: &DiffConfig) -> Result<(), Error> {
    let staged = outputs.finish()?;
    withdraw_manifests(config)?;
    staged.publish()?;
    Ok(())
}

/// Removes manifests of exports that the outputs replace, because they would not describe the new files.
fn withdraw_manifests(config: &DiffConfig) -> Result<(), OutputError> {
    let manifests = config.outputs.iter().flat_map(|request| request.target.manifests());
    let is_ours = |target: &OutputTarget| {
        // A file of another tool with that name is kept.
        matches!(read_manifest::<IgnoredAny>(target), Ok(Some(manifest)) if !manifest.outputs.is_empty())
    };
    manifests.filter(is_ours).try_for_each(|target| remove_small_file(&target)).map_err(OutputError::from)
}

fn warn_of_repeated(counts: &ChangeCounts, sides: [&Side; 2]) {
    for (side, &repeated) in sides.into_iter().zip(&counts.repeated) {
        side.warn_of_repeated(repeated);
    }
}
