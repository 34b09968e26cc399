//! The flags of `sent-export contact`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::shared::{ColumnArgs, CsvArgs, LookupArgs, OutputArgs, RunArgs, StoreArgs, number_between};
use crate::format::FileFormat;
use crate::store::FileMode;

const EXAMPLES: &str = "\
Examples:
  sent-export contact 6ba7b810-9dad-11d1-80b4-00c04fd430c8
      One contact: a readable block on a terminal, a line of JSON in a pipe
  sent-export contact +12025550123 --message-summary
      By number, with the counts of its messages and their outcome
  sent-export contact --ids ids.txt --missing gone.txt --output contacts.parquet
      Many contacts, with the ids that no longer exist written to gone.txt

Exit codes:
  0 found, or all of several looked up, 1 unexpected failure, 2 wrong usage,
  3 written, but some contacts could not be read, 4 not found or rejected by the API,
  5 API unavailable or rate limited for too long, 6 key or permission, 7 output could not be written,
  130/143 stopped by a signal";

/// The flags of `sent-export contact`, as they were typed.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, group = ArgGroup::new("contacts_to_read").required(true).multiple(true))]
pub struct ContactArgs {
    /// Contact ids, or phone numbers with country code, such as +12025550123
    #[arg(value_name = "ID|+NUMBER", group = "contacts_to_read")]
    pub contact: Vec<String>,

    /// Text file with one contact id per line, `-` for stdin; requires --output
    #[arg(
        long,
        value_name = "FILE",
        group = "contacts_to_read",
        requires = "output",
        help_heading = "Contacts to read"
    )]
    pub ids: Option<PathBuf>,

    /// Add the number of messages, their first and last times, and their outcome on each channel
    #[arg(long, conflicts_with = "output")]
    pub message_summary: bool,

    /// Where to write the contacts, `-` for stdout; may be repeated [default: print them]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub output: Vec<PathBuf>,

    /// Format of all outputs, regardless of extension
    #[arg(long, requires = "output", help_heading = "Output")]
    pub format: Option<FileFormat>,

    /// What CSV outputs look like.
    #[command(flatten)]
    pub csv: CsvArgs,

    /// Which columns are written.
    #[command(flatten)]
    pub columns: ColumnArgs,

    /// Where to write the manifest, or `none` [default: _OUTPUT.manifest.json next to the first output]
    #[arg(long, value_name = "PATH", requires = "output", help_heading = "Output")]
    pub manifest: Option<PathBuf>,

    /// Permissions of all written files, such as 640 [default: those of the replaced file, or 600]
    #[arg(long, value_name = "OCTAL", requires = "output", help_heading = "Output")]
    pub mode: Option<FileMode>,

    /// How files and objects are reached.
    #[command(flatten)]
    pub store: StoreArgs,

    /// What is done about ids that are not found or cannot be read.
    #[command(flatten)]
    pub lookup: LookupArgs,

    /// How the command runs.
    #[command(flatten)]
    pub run: RunArgs,

    /// Read contacts of the built-in simulator instead of an account
    #[arg(
        long,
        value_name = "CONTACTS",
        num_args = 0..=1,
        default_missing_value = "5000",
        value_parser = contacts,
        help_heading = "Account"
    )]
    pub simulate: Option<u32>,
}

impl ContactArgs {
    /// The flags of the outputs, if there are any.
    pub fn outputs(&self) -> Option<OutputArgs> {
        let Self { output, format, csv, columns, manifest, mode, store, .. } = self;
        (!output.is_empty()).then(|| OutputArgs {
            output: output.clone(),
            format: *format,
            csv: csv.clone(),
            columns: columns.clone(),
            manifest: manifest.clone(),
            mode: *mode,
            max_rows_per_file: None,
            keep: None,
            store: store.clone(),
        })
    }
}

fn contacts(text: &str) -> Result<u32, String> {
    number_between(text, 0, u32::MAX.into())
}
