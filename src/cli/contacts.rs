//! The flags of `sent-export contacts`.

use clap::Args;

use crate::resources::contacts::OnlyContacts;

use super::shared::{
    ChangesArgs, GateArgs, ListArgs, OutputArgs, ProfilesArgs, ReportFileArgs, RunArgs, WatchArgs, filter, number,
};

const EXAMPLES: &str = "\
Examples:
  sent-export contacts --simulate --output contacts.parquet
      Try it without an account, with the built-in simulator
  SENT_DM_API_KEY=... sent-export contacts --output contacts.parquet --output contacts.csv
      All contacts in two formats, from one read of the API
  sent-export contacts --output - --columns id,format_e164 | head
      CSV to stdout

Exit codes:
  0 complete, 1 unexpected failure, 2 wrong usage, 3 written, but completeness not verified,
  4 rejected by the API, 5 API unavailable or rate limited for too long, 6 key or permission,
  7 output could not be written, 8 not published: a gate failed, 130/143 stopped by a signal";

/// The flags of `sent-export contacts`, before they are checked.
#[derive(Debug, Args)]
#[command(mut_arg("output", |output| output.required(true)), after_long_help = EXAMPLES)]
pub struct ContactsArgs {
    /// Where the contacts go.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Which reports are written.
    #[command(flatten)]
    pub reports: ReportFileArgs,

    /// Flags about changes since the last export.
    #[command(flatten)]
    pub changes: ChangesArgs,

    /// Add the column `extra`: undocumented fields, and values that their columns cannot hold, as JSON
    #[arg(long, help_heading = "Output")]
    pub extra: bool,

    /// Look up each contact that is gone, one request each, and report those that still exist as missing, not removed
    ///
    /// For --changes, --history and --exit-code-unchanged. A contact that still exists, though the whole list was read
    /// without it, makes the export unverified.
    #[arg(long, help_heading = "Changes")]
    pub confirm_removed: bool,

    /// Publish only if there are at least this many contacts; otherwise keep the old files and exit with 8
    #[arg(long, value_name = "N", value_parser = number, help_heading = "Gates")]
    pub min_contacts: Option<u64>,

    /// What else is demanded of the export.
    #[command(flatten)]
    pub gates: GateArgs,

    /// How the list is read.
    #[command(flatten)]
    pub list: ListArgs,

    /// Export only contacts that the API finds for this text
    #[arg(long, value_name = "TEXT", value_parser = filter, help_heading = "Filters")]
    pub search: Option<String>,

    /// Export only contacts with this channel, such as sms, whatsapp or rcs
    #[arg(long, value_parser = filter, help_heading = "Filters")]
    pub channel: Option<String>,

    /// Export only the contact with exactly this number
    #[arg(long, value_name = "NUMBER", value_parser = phone_number, help_heading = "Filters")]
    pub phone: Option<String>,

    /// Write only contacts that opted out, or only those that are reachable
    ///
    /// opted-out: `opt_out` is true; reachable: not opted out, with at least one channel. The API has no such filter, so
    /// all contacts are read and verified, and the others are left out of the files and the report.
    #[arg(long, value_name = "WHICH", value_parser = only, help_heading = "Filters")]
    pub only: Option<OnlyContacts>,

    /// Which profiles are read.
    #[command(flatten)]
    pub profiles: ProfilesArgs,

    /// How the run is watched.
    #[command(flatten)]
    pub watch: WatchArgs,

    /// How the command runs.
    #[command(flatten)]
    pub run: RunArgs,
}

fn only(text: &str) -> Result<OnlyContacts, String> {
    let found = OnlyContacts::ALL.into_iter().find(|only| only.name() == text);
    found.ok_or_else(|| format!("write {}", OnlyContacts::ALL.map(OnlyContacts::name).join(" or ")))
}

/// A number without digits would match nobody, and an export of nobody replace the last one.
fn phone_number(text: &str) -> Result<String, String> {
    if text.bytes().filter(u8::is_ascii_digit).count() < 3 {
        return Err("write a phone number with its country code, like +12025550123".to_owned());
    }
    Ok(text.to_owned())
}
