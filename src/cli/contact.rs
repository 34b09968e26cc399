//! The flags of `sent-export contact`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::shared::{
    AccountArgs, GateArgs, LookupArgs, OutputArgs, PaceArgs, ResumeArgs, VerbosityArgs, number_between,
};
use crate::format::FileFormat;
use crate::store::FileMode;

const EXAMPLES: &str = "\
Examples:
  sent-export contact 6ba7b810-9dad-11d1-80b4-00c04fd430c8
      One contact: a readable block on a terminal, a line of JSON in a pipe
  sent-export contact +12025550123 --message-summary
      By number, with how many messages it had and how they fared
  sent-export contact --ids ids.txt --missing gone.txt --output contacts.parquet
      Many contacts by their ids, and which of them are gone

Exit codes:
  0 found, or with several asked for: all answered, 1 unexpected failure, 2 wrong usage,
  3 written but some contacts could not be read, 4 not found or rejected by the API,
  5 API unavailable or rate limited for too long, 6 key or permission, 7 output could not be written,
  130/143 stopped by a signal";

/// The flags of `sent-export contact`, as they were typed.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, group = ArgGroup::new("contacts_to_read").required(true).multiple(true))]
pub struct ContactArgs {
    /// Ids of contacts, or phone numbers with their country code, like +12025550123
    #[arg(value_name = "ID|+NUMBER", group = "contacts_to_read")]
    pub contact: Vec<String>,

    /// Text file with one contact id a line, `-` for stdin; needs --output
    #[arg(
        long,
        value_name = "FILE",
        group = "contacts_to_read",
        requires = "output",
        help_heading = "Contacts to read"
    )]
    pub ids: Option<PathBuf>,

    /// Add how many messages the contact had, when, and how they fared on each channel
    #[arg(long, conflicts_with = "output")]
    pub message_summary: bool,

    /// Where to write the contacts, `-` for stdout; repeat it for several [default: print them]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub output: Vec<PathBuf>,

    /// Format of all outputs, whatever their extension
    #[arg(long, requires = "output", help_heading = "Output")]
    pub format: Option<FileFormat>,

    /// Columns to write, in this order, with commas between them [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "output", help_heading = "Output")]
    pub columns: Option<Vec<String>>,

    /// Where to write the manifest, or `none` [default: _OUTPUT.manifest.json beside the first output]
    #[arg(long, value_name = "PATH", requires = "output", help_heading = "Output")]
    pub manifest: Option<PathBuf>,

    /// Permissions of all files written, like 640 [default: those of the file that is replaced, 600 for a new one]
    #[arg(long, value_name = "OCTAL", requires = "output", help_heading = "Output")]
    pub mode: Option<FileMode>,

    /// What is done about ids that are not found or cannot be read.
    #[command(flatten)]
    pub lookup: LookupArgs,

    /// Whether an interrupted run resumes.
    #[command(flatten)]
    pub resume: ResumeArgs,

    /// Which account is read.
    #[command(flatten)]
    pub account: AccountArgs,

    /// Read the built-in simulator's contacts instead of an account's
    #[arg(
        long,
        value_name = "CONTACTS",
        num_args = 0..=1,
        default_missing_value = "5000",
        value_parser = contacts,
        help_heading = "Account"
    )]
    pub simulate: Option<u32>,

    /// How fast requests are sent.
    #[command(flatten)]
    pub pace: PaceArgs,

    /// What is written to stderr.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

impl ContactArgs {
    /// The flags of the outputs, if there are any.
    pub fn outputs(&self) -> Option<OutputArgs> {
        let Self { output, format, columns, manifest, mode, .. } = self;
        (!output.is_empty()).then(|| OutputArgs {
            output: output.clone(),
            format: *format,
            columns: columns.clone(),
            manifest: manifest.clone(),
            mode: *mode,
        })
    }

    /// No gates: a lookup replaces no standing export.
    pub fn gates() -> GateArgs {
        GateArgs { max_shrink: None, max_rejected: None, max_malformed: None, require: None }
    }
}

fn contacts(text: &str) -> Result<u32, String> {
    number_between(text, 0, u32::MAX.into())
}
