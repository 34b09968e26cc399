//! The flags of `sent-export plan`.

use clap::{Args, Subcommand};

use super::{ActivitiesArgs, ContactsArgs, MessagesArgs, VerbosityArgs};

const EXAMPLES: &str = "\
Examples:
  sent-export plan contacts --output contacts.parquet
      What this export would take, by one request
  sent-export plan messages --with-activities --output m.parquet --activities-output a.parquet
      The same with a request for each message

Exit codes:
  0 planned; otherwise as those of the export";

/// The flags of `sent-export plan`, before they are checked.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct PlanArgs {
    /// The export, with its flags.
    #[command(subcommand)]
    pub export: PlannedExport,
}

impl PlanArgs {
    /// What is written to stderr.
    pub fn verbosity(&self) -> &VerbosityArgs {
        match &self.export {
            PlannedExport::Contacts(args) => &args.run.verbosity,
            PlannedExport::Messages(args) => &args.run.verbosity,
            PlannedExport::Activities(args) => &args.run.verbosity,
        }
    }
}

/// An export that can be planned.
#[derive(Debug, Subcommand)]
pub enum PlannedExport {
    /// Plan an export of all contacts
    Contacts(Box<ContactsArgs>),
    /// Plan an export of all messages
    Messages(Box<MessagesArgs>),
    /// Plan an export of the delivery history of messages
    Activities(Box<ActivitiesArgs>),
}
