//! The flags of `sent-export contacts`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use uuid::Uuid;

use crate::api::{BadRateSpec, RateSpec, RetryPolicy};
use crate::base::percent::Percent;
use crate::format::{FileFormat, format_extensions, format_names};
use crate::listing::Consistency;
use crate::store::FileMode;
use crate::verdict::Verdict;

/// Address of the API (API reference, "Base URL").
pub const DEFAULT_BASE_URL: &str = "https://api.sent.dm";

/// Eight requests in flight use up the documented 200 requests a minute even when an answer takes two seconds, and
/// are gentle on a service without a limit.
const DEFAULT_CONCURRENCY: &str = "8";

/// More than this on one account is a mistake: the documented quota is met by eight.
const MAX_CONCURRENCY: u64 = 1024;

const EXAMPLES: &str = "\
Examples:
  sent-export contacts --simulate --output contacts.parquet
      A first try without an account, against the built-in simulator
  SENT_DM_API_KEY=... sent-export contacts --output contacts.parquet --output contacts.csv
      The whole account into two files, from one read of the API
  sent-export contacts --output - --columns id,format_e164 | head
      CSV to stdout

Exit codes:
  0 complete, 1 unexpected failure, 2 wrong usage, 3 written but completeness not verified,
  4 rejected by the API, 5 API unavailable or rate limited for too long, 6 key or permission,
  7 output could not be written, 8 held back by a gate and not published, 130/143 stopped by a signal";

/// The flags of `sent-export contacts`, as they were typed.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[command(after_long_help = EXAMPLES)]
pub struct ContactsArgs {
    /// Where to write the contacts, `-` for stdout; repeat it for several outputs from one read of the API
    #[arg(short, long, value_name = "PATH", required = true, long_help = output_help(), help_heading = "Output")]
    pub output: Vec<PathBuf>,

    /// Format of all outputs, whatever their extension
    #[arg(long, help = format!("Format of all outputs, whatever their extension: {}", format_names()), help_heading = "Output")]
    pub format: Option<FileFormat>,

    /// Columns to write, in this order, with commas between them [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Output")]
    pub columns: Option<Vec<String>>,

    /// Also write the summary as JSON, `-` for stdout
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub summary: Option<PathBuf>,

    /// Also write a report, as .html or .md for people or as .json; repeat it for several
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub report: Vec<PathBuf>,

    /// Where to write the manifest, or `none` [default: _OUTPUT.manifest.json beside the first output]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub manifest: Option<PathBuf>,

    /// Permissions of all files written, like 640 [default: those of the file that is replaced, 600 for a new one]
    #[arg(long, value_name = "OCTAL", help_heading = "Output")]
    pub mode: Option<FileMode>,

    /// Publish only if there are at least this many contacts; otherwise the old files stay and the run ends with 8
    #[arg(long, value_name = "N", value_parser = number, help_heading = "Gates")]
    pub min_contacts: Option<u64>,

    /// Publish only if the contacts have not become fewer by more than this share since the last manifest
    #[arg(long, value_name = "SHARE", help_heading = "Gates")]
    pub max_shrink: Option<Percent>,

    /// Publish only if at most this share of the items was left out because they are not contacts, like 1%
    #[arg(long, value_name = "SHARE", help_heading = "Gates")]
    pub max_rejected: Option<Percent>,

    /// Publish only if in every column at most this share of values has an undocumented type or form
    #[arg(long, value_name = "SHARE", help_heading = "Gates")]
    pub max_malformed: Option<Percent>,

    /// Publish only with this verdict: complete, or healed (which complete meets, too)
    #[arg(long, value_name = "VERDICT", value_parser = required_verdict, help_heading = "Gates")]
    pub require: Option<Verdict>,

    /// How to prove that nothing is missing: auto (read with overlap and verify every boundary), plain (read each page
    /// once; proves nothing beyond a single page) or strict (auto, then read everything again and find nothing new)
    #[arg(long, default_value = "auto", value_parser = consistency, value_name = "HOW", help_heading = "Completeness")]
    pub consistency: Consistency,

    /// Start over instead of going on with a run that was stopped
    #[arg(long, help_heading = "Completeness")]
    pub fresh: bool,

    /// Oldest stopped run that is still continued; less than a day, so that no daily run takes yesterday's answers
    #[arg(long, default_value = "20h", value_parser = duration, value_name = "TIME", help_heading = "Completeness")]
    pub resume_within: Duration,

    /// Write the output even if some pages cannot be fetched; the verdict then is unverified and names them
    #[arg(long, help_heading = "Completeness")]
    pub allow_missing_pages: bool,

    /// Only contacts that the API finds for this text
    #[arg(long, value_name = "TEXT", value_parser = filter, help_heading = "Filters")]
    pub search: Option<String>,

    /// Only contacts with this channel, for instance sms, whatsapp or rcs
    #[arg(long, value_parser = filter, help_heading = "Filters")]
    pub channel: Option<String>,

    /// Only the contact with exactly this number
    #[arg(long, value_name = "NUMBER", value_parser = phone_number, help_heading = "Filters")]
    pub phone: Option<String>,

    /// Read one child profile of an organization (the key must be the organization's)
    #[arg(long, value_name = "UUID", value_parser = uuid, help_heading = "Account")]
    pub profile_id: Option<Uuid>,

    /// File that holds the API key, `-` for stdin [default: the variable `SENT_DM_API_KEY`]
    #[arg(long, value_name = "PATH", help_heading = "Account")]
    pub api_key_file: Option<PathBuf>,

    /// Address of the API
    #[arg(
        long,
        env = "SENT_BASE_URL",
        default_value = DEFAULT_BASE_URL,
        value_name = "URL",
        help_heading = "Account"
    )]
    pub base_url: String,

    /// Export the built-in simulator's invented contacts instead of an account's
    #[arg(
        long,
        value_name = "CONTACTS",
        num_args = 0..=1,
        default_missing_value = "5000",
        value_parser = contacts,
        help_heading = "Account"
    )]
    pub simulate: Option<u32>,

    /// Contacts asked for per page; the API may honor less
    #[arg(long, default_value_t = 100, value_parser = page_size, value_name = "N", help_heading = "Pace")]
    pub page_size: u32,

    /// Requests in flight at most; eight use up the documented quota even when an answer takes two seconds
    #[arg(long, default_value = DEFAULT_CONCURRENCY, value_parser = slots, value_name = "N", help_heading = "Pace")]
    pub concurrency: NonZeroUsize,

    /// Requests sent in a span of time, like 200/min or 10/s, or `none` [default: 200/min, none with --simulate]
    #[arg(long, value_name = "RATE", help_heading = "Pace")]
    pub rate_limit: Option<RateLimitArg>,

    /// Requests that may go at once after a rest
    #[arg(long, default_value_t = 50, value_parser = burst, value_name = "N", help_heading = "Pace")]
    pub burst: u32,

    /// Share of the quota that is left to the account's other traffic
    #[arg(long, default_value = "0%", value_name = "SHARE", help_heading = "Pace")]
    pub reserve: Percent,

    /// Stop after this time, with everything kept for the next run
    #[arg(long, value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub max_duration: Option<Duration>,

    /// Retries of the whole run; beyond them it stops, with everything kept for the next run
    #[arg(long, default_value_t = RetryPolicy::DEFAULT_BUDGET, value_name = "N", value_parser = number, help_heading = "Pace")]
    pub retry_budget: u64,

    /// Retries of one request after failures in passing
    #[arg(long, default_value_t = RetryPolicy::DEFAULT_MAX_RETRIES, value_name = "N", help_heading = "Pace")]
    pub max_retries: u32,

    /// Longest rest before the first retry; it doubles with every further one
    #[arg(long, default_value = "500ms", value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub retry_delay: Duration,

    /// Longest time for one attempt, to the last byte of its answer
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub timeout: Duration,

    /// Longest time to connect
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME", help_heading = "Pace")]
    pub connect_timeout: Duration,

    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Messages")]
    pub quiet: bool,

    /// Say what is tried again and why; twice: every request
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Messages")]
    pub verbose: u8,

    /// Show no progress
    #[arg(long, help_heading = "Messages")]
    pub no_progress: bool,
}

fn output_help() -> String {
    format!(
        "Where to write the contacts, `-` for stdout; repeat it for several outputs from one read of the API\n\n\
         The extension chooses the format: {}. Files are written to a temporary name, synced, then renamed, with mode and \
         owner of the file they replace; a new one is readable by its owner alone.",
        format_extensions()
    )
}

/// `--rate-limit`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimitArg {
    /// As fast as answers come.
    Unlimited,
    /// No faster than this.
    Limited(RateSpec),
}

impl RateLimitArg {
    /// The documented limit of standard endpoints (API reference, "Rate limits").
    pub const DEFAULT: Self = Self::Limited(RateSpec { requests: 200, span: Duration::from_secs(60) });
}

impl FromStr for RateLimitArg {
    type Err = BadRateSpec;

    fn from_str(text: &str) -> Result<Self, BadRateSpec> {
        if text == "none" { Ok(Self::Unlimited) } else { text.parse().map(Self::Limited) }
    }
}

fn consistency(text: &str) -> Result<Consistency, String> {
    let all = [Consistency::Auto, Consistency::Plain, Consistency::Strict];
    all.into_iter().find(|way| way.name() == text).ok_or_else(|| "write auto, plain or strict".to_owned())
}

fn required_verdict(text: &str) -> Result<Verdict, String> {
    let all = [Verdict::Complete, Verdict::Healed];
    all.into_iter().find(|verdict| verdict.name() == text).ok_or_else(|| "write complete or healed".to_owned())
}

/// Reads a whole number.
fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number, for instance 1000".to_owned())
}

/// Reads a whole number from `least` to `most`.
fn number_between<N: TryFrom<u64>>(text: &str, least: u64, most: u64) -> Result<N, String> {
    let number = number(text).ok().filter(|number| (least..=most).contains(number));
    number
        .and_then(|number| number.try_into().ok())
        .ok_or_else(|| format!("write a whole number from {least} to {most}"))
}

fn contacts(text: &str) -> Result<u32, String> {
    number_between(text, 0, u32::MAX.into())
}

fn page_size(text: &str) -> Result<u32, String> {
    number_between(text, 1, 10_000)
}

fn burst(text: &str) -> Result<u32, String> {
    number_between(text, 1, u32::MAX.into())
}

fn slots(text: &str) -> Result<NonZeroUsize, String> {
    let slots: usize = number_between(text, 1, MAX_CONCURRENCY)?;
    NonZeroUsize::new(slots).ok_or_else(|| "write 1 or more".to_owned())
}

/// An empty filter is most likely a variable that was not set: it would export everything.
fn filter(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("the filter is empty; leave the flag out to export everything".to_owned());
    }
    Ok(text.to_owned())
}

/// A number without digits would match nobody, and an export of nobody replace the last one.
fn phone_number(text: &str) -> Result<String, String> {
    if text.bytes().filter(u8::is_ascii_digit).count() < 3 {
        return Err("write a phone number with its country code, like +12025550123".to_owned());
    }
    Ok(text.to_owned())
}

fn uuid(text: &str) -> Result<Uuid, String> {
    text.parse().map_err(|_| "write a UUID, like 6f9619ff-8b86-4011-b42d-00cf4fc964ff".to_owned())
}

/// Reads `500ms`, `30s`, `2m` or `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let duration =
        humantime::parse_duration(text).map_err(|error| format!("{error}; write it like 500ms, 30s, 2m or 1h"))?;
    if duration.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(duration) }
}
