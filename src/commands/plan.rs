//! `sent-export plan`: estimates the cost of an export.

use crate::cli::{PlanArgs, PlannedExport};
use crate::error::{Error, ExitCode};

use super::export_command::Intent;
use super::{activities, contacts, messages};

/// Plans an export.
///
/// # Errors
/// Those of the export itself before its second request.
pub(super) fn run(args: &PlanArgs) -> Result<ExitCode, Error> {
    match &args.export {
        PlannedExport::Contacts(args) => contacts::run(args, Intent::Plan),
        PlannedExport::Messages(args) => messages::run(args, Intent::Plan),
        PlannedExport::Activities(args) => activities::run(args, Intent::Plan),
    }
}
