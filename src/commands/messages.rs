//! `sent-export messages`: every message of an account, the newest first.

use crate::cli::MessagesArgs;
use crate::config::{ExportFlags, read_settings};
use crate::error::{Error, ExitCode};
use crate::export::ListReading;
use crate::report::{Filters, MessageCounts};
use crate::resources::messages::Messages;
use crate::simulator::{Messaging, Settings};

use super::export::{ExportCommand, run_export};

/// Exports messages.
///
/// # Errors
/// When the configuration is wrong, a page cannot be fetched, or an output cannot be written.
pub(super) fn run(args: &MessagesArgs) -> Result<ExitCode, Error> {
    let simulate = args.simulate.map(|count| {
        let messaging = Messaging { count, ..Messaging::default() };
        Settings { messaging, ..Settings::default() }
    });
    let flags = ExportFlags {
        output: &args.output,
        reports: None,
        min_rows: args.min_messages,
        gates: &args.gates,
        resume: &args.resume,
        account: &args.account,
        pace: &args.pace,
        simulate,
    };
    let reading = ListReading {
        resource: Messages { has_body: !args.no_body, has_extra: args.extra },
        settings: read_settings(&args.list, &args.pace),
        since: None,
    };
    let command = ExportCommand { reading, verbosity: &args.verbosity };
    run_export::<_, MessageCounts>(&command, flags, Filters::default())
}
