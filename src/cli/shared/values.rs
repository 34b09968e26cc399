//! Parsers for the values of flags. Every error says how to write the value.

use std::num::{NonZeroU64, NonZeroUsize};
use std::str::FromStr;
use std::time::Duration;

use uuid::Uuid;

use crate::api::{BadRateSpec, RateSpec};
use crate::listing::Consistency;
use crate::telemetry::{LogFormat, NotifyForm};
use crate::time::{MICROS_PER_DAY, Timestamp};
use crate::verdict::Verdict;

/// More than this on one account is a mistake: the documented quota is met by eight.
const MAX_CONCURRENCY: u64 = 1024;

/// `--rate-limit`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimitArg {
    /// As fast as responses arrive.
    Unlimited,
    /// At most this fast.
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

pub(in crate::cli) fn consistency(text: &str) -> Result<Consistency, String> {
    let all = [Consistency::Auto, Consistency::Plain, Consistency::Strict];
    all.into_iter().find(|way| way.name() == text).ok_or_else(|| "write auto, plain or strict".to_owned())
}

pub(in crate::cli) fn required_verdict(text: &str) -> Result<Verdict, String> {
    let all = [Verdict::Complete, Verdict::Healed];
    all.into_iter().find(|verdict| verdict.name() == text).ok_or_else(|| "write complete or healed".to_owned())
}

/// Reads a whole number.
pub(in crate::cli) fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number, such as 1000".to_owned())
}

/// Reads a whole number from `least` to `most`.
pub(in crate::cli) fn number_between<N: TryFrom<u64>>(text: &str, least: u64, most: u64) -> Result<N, String> {
    let number = number(text).ok().filter(|number| (least..=most).contains(number));
    number
        .and_then(|number| number.try_into().ok())
        .ok_or_else(|| format!("write a whole number from {least} to {most}"))
}

/// Reads an exit code that a flag chooses.
pub(in crate::cli) fn exit_code(text: &str) -> Result<u8, String> {
    number_between(text, 0, u8::MAX.into())
}

/// Reads a time up to which something is wanted; a date alone is the end of its day, UTC.
pub(in crate::cli) fn end_of_moment(text: &str) -> Result<Timestamp, &'static str> {
    let moment = moment(text)?;
    let is_date = text.trim() == moment.to_date();
    Ok(if is_date { Timestamp::from_micros(moment.micros() + MICROS_PER_DAY - 1) } else { moment })
}

pub(in crate::cli) fn page_size(text: &str) -> Result<u32, String> {
    number_between(text, 1, 10_000)
}

/// Reads after how many rows reading stops.
pub(in crate::cli) fn limit(text: &str) -> Result<NonZeroU64, String> {
    number(text).ok().and_then(NonZeroU64::new).ok_or_else(|| "write a whole number of at least 1".to_owned())
}

pub(in crate::cli) fn burst(text: &str) -> Result<u32, String> {
    number_between(text, 1, u32::MAX.into())
}

pub(in crate::cli) fn slots(text: &str) -> Result<NonZeroUsize, String> {
    let slots: usize = number_between(text, 1, MAX_CONCURRENCY)?;
    NonZeroUsize::new(slots).ok_or_else(|| "write 1 or more".to_owned())
}

/// Reads how many contacts or messages the simulator has.
pub(in crate::cli) fn simulated(text: &str) -> Result<u32, String> {
    number_between(text, 0, u32::MAX.into())
}

/// Reads how many exports are kept: this one is always among them.
pub(in crate::cli) fn kept_exports(text: &str) -> Result<NonZeroUsize, String> {
    let kept: usize = number_between(text, 1, 1_000_000)?;
    NonZeroUsize::new(kept).ok_or_else(|| "write 1 or more".to_owned())
}

/// Reads the most partitions of a dataset. A file system takes more, its readers hardly.
pub(in crate::cli) fn partitions(text: &str) -> Result<NonZeroUsize, String> {
    let most: usize = number_between(text, 1, 100_000)?;
    NonZeroUsize::new(most).ok_or_else(|| "write 1 or more".to_owned())
}

/// Reads the most rows of a file. Fewer would make more files than anyone wants.
pub(in crate::cli) fn rows_per_file(text: &str) -> Result<NonZeroU64, String> {
    let rows: u64 = number_between(text, 100, u64::MAX)?;
    NonZeroU64::new(rows).ok_or_else(|| "write 100 or more".to_owned())
}

/// Reads how messages are written.
pub(in crate::cli) fn log_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("write text or json"),
    }
}

/// Reads what is posted of a run.
pub(in crate::cli) fn notify_form(text: &str) -> Result<NotifyForm, &'static str> {
    match text {
        "json" => Ok(NotifyForm::Json),
        "slack" => Ok(NotifyForm::Slack),
        _ => Err("write json or slack"),
    }
}

/// Reads the title of a report. An empty one is most likely a variable that was not set.
pub(in crate::cli) fn report_title(text: &str) -> Result<String, String> {
    const MAX_LENGTH: usize = 120;
    match text.trim() {
        "" => Err("the title is empty".to_owned()),
        title if title.chars().count() > MAX_LENGTH => Err(format!("write at most {MAX_LENGTH} characters")),
        title => Ok(title.to_owned()),
    }
}

/// An empty filter is most likely a variable that was not set: it would export everything.
pub(in crate::cli) fn filter(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("the filter is empty; leave the flag out to export everything".to_owned());
    }
    Ok(text.to_owned())
}

pub(in crate::cli) fn uuid(text: &str) -> Result<Uuid, String> {
    text.parse().map_err(|_| "write a UUID, like 6f9619ff-8b86-4011-b42d-00cf4fc964ff".to_owned())
}

/// Reads `500ms`, `30s`, `2m` or `1h`.
pub(in crate::cli) fn duration(text: &str) -> Result<Duration, String> {
    let duration =
        humantime::parse_duration(text).map_err(|error| format!("{error}; write it like 500ms, 30s, 2m or 1h"))?;
    if duration.is_zero() { Err("must be greater than zero".to_owned()) } else { Ok(duration) }
}

/// Parses a time; a date alone is its midnight, UTC.
pub(in crate::cli) fn moment(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse_in_table(text).ok_or("write it like 2026-03-31 or 2026-03-31T00:00:00Z")
}

/// The start of a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinceArg {
    /// As it was typed.
    pub text: String,
    /// What it says.
    pub start: SinceStartArg,
}

/// A time, or an age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceStartArg {
    /// This time.
    At(Timestamp),
    /// This long before the start of the run.
    Before(Duration),
}

impl FromStr for SinceArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let start = match (moment(text), duration(text)) {
            (Ok(moment), _) => SinceStartArg::At(moment),
            (Err(_), Ok(age)) => SinceStartArg::Before(age),
            _ => return Err("write a time like 2026-03-31 or 2026-03-31T08:00:00Z, or an age like 7d or 12h"),
        };
        Ok(Self { text: text.to_owned(), start })
    }
}
