//! `sent-export activities`: the delivery history of messages.

use crate::cli::ActivitiesArgs;
use crate::config::{BesideFlags, ExportFlags, Naming, ProfileNaming, check_stdin, gate, partition_by};
use crate::error::{Error, ExitCode};
use crate::export::LookupReading;
use crate::input::{IdColumn, IdList, Mirror};
use crate::lookup::LookupSettings;
use crate::report::{ActivityCounts, Filters};
use crate::resources::activities::{Activities, activities_schema};
use crate::simulator::Settings;
use crate::time::Timestamp;

use super::export::run_export;
use super::export_command::{ExportCommand, Intent};
use super::{job, warn_of_ids};

/// Columns with the ids of messages, in files of activities and of messages.
const ID_COLUMNS: [&str; 2] = ["message_id", "id"];

/// Exports the activities of messages.
///
/// # Errors
/// When the configuration is wrong, the ids cannot be read, a message cannot be fetched, or an output cannot be written.
pub(super) fn run(args: &ActivitiesArgs, intent: Intent<'_>) -> Result<ExitCode, Error> {
    check_stdin(args.ids.as_deref(), &args.run.account)?;
    let ids = read_ids(args)?;
    warn_of_ids(&ids, "--messages");
    let simulate = args.run.account.simulate.map(Settings::of_messages);
    let flags = ExportFlags {
        output: &args.output,
        beside: BesideFlags {
            reports: Some(&args.reports),
            missing: args.lookup.missing.as_deref(),
            ..BesideFlags::default()
        },
        gate: gate(&args.gates, args.min_activities),
        run: &args.run,
        simulate,
    };
    let settings = LookupSettings { concurrency: args.run.pace.concurrency, allow_unread: args.lookup.allow_unread };
    let reading = LookupReading { resource: Activities, keys: ids.into_ids(), settings };
    let partition = partition_by(&args.output, &activities_schema(), None)?;
    let command = ExportCommand { reading, partition, activities: None };
    run_export::<_, ActivityCounts>(&command, intent, flags, Filters::default())
}

fn read_ids(args: &ActivitiesArgs) -> Result<IdList, Error> {
    let mut ids = IdList::default();
    for (number, id) in (1..).zip(&args.message) {
        ids.add(id, || format!("argument {number}"))?;
    }
    if job::is_check() {
        // An earlier job may write the files.
        return Ok(ids);
    }
    if let Some(path) = &args.ids {
        ids.read_text(path)?;
    }
    let column = args.id_column.as_deref().map_or_else(|| IdColumn::first_of(&ID_COLUMNS), IdColumn::named);
    let state_dir = args.run.resume.state_dir.as_deref();
    let naming = Naming::new(&args.output.files.store, state_dir, ProfileNaming::default(), Timestamp::now())?;
    let mut mirror = Mirror::new(naming.stores());
    for path in &args.messages {
        ids.read_tables(&mut mirror, path, &column)?;
    }
    Ok(ids)
}
