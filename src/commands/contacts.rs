//! `sent-export contacts`: every contact of an account.

use std::num::NonZeroU64;

use crate::cli::ContactsArgs;
use crate::config::{BesideFlags, ChangesFlags, ExportFlags, gate, partition_by, read_settings, sample_settings};
use crate::error::{Error, ExitCode};
use crate::export::ListReading;
use crate::report::{ContactCounts, Filters};
use crate::resources::Resource;
use crate::resources::contacts::Contacts;
use crate::simulator;

use super::export_command::{ExportCommand, Intent};
use super::profiles::{export_list, written_schema};

/// Exports all contacts.
///
/// # Errors
/// When the configuration is wrong, a page cannot be fetched, or an output cannot be written.
pub(super) fn run(args: &ContactsArgs, intent: Intent<'_>) -> Result<ExitCode, Error> {
    let (search, channel, phone) = (args.search.clone(), args.channel.clone(), args.phone.clone());
    let has_extra = args.extra || args.output.columns.names("extra");
    let contacts = Contacts { search, channel, phone, only: args.only, has_extra };
    let filters = Filters {
        search: args.search.as_deref().map(Filters::shown_search),
        channel: args.channel.clone(),
        phone: args.phone.is_some(),
        only: args.only.map(|only| only.name().to_owned()),
        limit: args.list.limit.map(NonZeroU64::get),
        sample: args.list.sample.map(NonZeroU64::get),
        ..Filters::default()
    };
    let comparing = (args.changes.compares(), "--changes, --history and --exit-code-unchanged");
    let sample = sample_settings(&args.list, &[comparing])?;
    let simulate = args.run.account.simulate.map(simulator::Settings::of_contacts);
    let flags = ExportFlags {
        output: &args.output,
        beside: BesideFlags {
            reports: Some(&args.reports),
            changes: Some(ChangesFlags { args: &args.changes, confirms_removed: args.confirm_removed, span: None }),
            ..BesideFlags::default()
        },
        gate: gate(&args.gates, args.min_contacts),
        run: &args.run,
        simulate,
    };
    let read = read_settings(&args.list, &args.run.pace);
    let reading = ListReading { resource: contacts, settings: read, since: None, sample, ids: None };
    let partition = partition_by(&args.output, &written_schema(&args.profiles, reading.resource.schema()), None)?;
    let command = ExportCommand { reading, partition, activities: None };
    export_list::<_, ContactCounts>(&command, intent, flags, filters, (&args.profiles, None))
}
