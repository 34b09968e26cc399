//! Estimates the cost of an export with one request per list. Nothing is written or locked.

use std::path::PathBuf;
use std::time::Duration;

use indicatif::DecimalBytes;
use tokio::runtime::Runtime;

use crate::api::Account;
use crate::base::noun::RowNoun;
use crate::base::plural::{count_of, grouped};
use crate::base::printable::printable;
use crate::config::{ConfigError, ExportConfig, PaceConfig};
use crate::error::{Error, ExitCode};
use crate::export::{Estimate, Estimating, ProfileEstimate};
use crate::journal::{Journal, JournalKey, JournalState, read_journal};
use crate::publish::{OutputError, OutputRequest, expected_bytes};
use crate::time::Timestamp;

use super::export_command::{ExportCommand, with_account};
use super::print;

/// Width of the first column.
const NAME_WIDTH: usize = 9;

/// Prints the estimate for an export with checked settings.
///
/// # Errors
/// When the request or reading a journal fails, or a format cannot hold the rows.
pub(super) fn plan_export<R: Estimating>(
    command: &ExportCommand<R>,
    config: &mut ExportConfig,
) -> Result<ExitCode, Error> {
    with_account(config, |config, account, runtime| {
        let key = config.account.api_key.clone().ok_or(ConfigError::MissingKey)?;
        let journal_key = config.journal_key(command.reading.journal_key(), &key);
        let journal = config.resume.journal.clone().filter(|_| !config.resume.starts_over);
        let journals = journal.map(|journal| (journal, journal_key)).into_iter().collect();
        describe((command, config), account, runtime, &Planned { journals, is_split: false })
    })
}

/// Facts about a run that are known before the estimate.
pub(super) struct Planned {
    /// Journals that an earlier run may have left, each with its required key.
    pub(super) journals: Vec<(PathBuf, JournalKey)>,
    /// Whether each profile has its own outputs.
    pub(super) is_split: bool,
}

/// Prints an estimate.
///
/// # Errors
/// When the request or reading a journal fails, or a format cannot hold the rows.
pub(super) fn describe<R: Estimating>(
    (command, config): (&ExportCommand<R>, &ExportConfig),
    account: &Account,
    runtime: &Runtime,
    planned: &Planned,
) -> Result<ExitCode, Error> {
    let estimate = runtime.block_on(command.reading.estimate(account, config.account.scope))?;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text += &format!("{name:NAME_WIDTH$} {}\n", printable(value));
    for ProfileEstimate { profile, rows } in &estimate.profiles {
        let rows = match rows {
            Ok(Some(rows)) => count_of(*rows, R::NOUN.one, R::NOUN.many),
            Ok(None) => "the API does not report how many".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        line("profile", &format!("{profile}: {rows}"));
    }
    line("rows", &rows_text(&estimate, R::NOUN));
    line("requests", &requests_text(&estimate));
    for (journal, journal_key) in &planned.journals {
        match read_journal(journal, journal_key).map_err(Error::Journal)? {
            JournalState::None => {}
            JournalState::Unusable(why) => line("resume", &format!("not possible: {why}")),
            JournalState::Usable(journal) => line("resume", &resume_text(*journal)?),
        }
    }
    let mut requests = estimate.requests;
    if !estimate.profiles.is_empty() {
        line("", "and one to list the profiles");
        requests += 1;
    }
    if command.activities.is_some() {
        let messages = estimate.rows.unwrap_or_default();
        line("", &format!("and {} for activities, one for each message", count_of(messages, "request", "requests")));
        requests += messages;
    }
    line("time", &time_text(&config.pace, requests));
    for request in &config.outputs.outputs {
        let size = size_text(config, &estimate, request)?;
        let of_all = if planned.is_split { ", all profiles together" } else { "" };
        line("output", &format!("{}, {size}{of_all}", config.outputs.shown(&request.target)));
    }
    print(&text).map(|()| ExitCode::Complete)
}

fn rows_text(estimate: &Estimate, noun: RowNoun) -> String {
    match (estimate.rows, estimate.page_size) {
        (Some(rows), Some(size)) if let Some(total) = estimate.total => {
            let (rows, total) = (count_of(rows, noun.one, noun.many), grouped(total));
            format!("{rows} of the {total} in the list, {size} on a page")
        }
        (Some(rows), Some(size)) => format!("{} in the list, {size} on a page", count_of(rows, noun.one, noun.many)),
        (None, Some(size)) => format!("the API does not report how many, {size} on a page"),
        (_, None) => "known only after they are read".to_owned(),
    }
}

fn requests_text(estimate: &Estimate) -> String {
    let requests = count_of(estimate.requests, "request", "requests");
    let most = if estimate.is_maximum { "at most " } else { "" };
    match estimate.overlap {
        0 => format!("{most}{requests}"),
        overlap => format!("{most}about {requests}: {} to prove that no row is missing", grouped(overlap)),
    }
}

fn resume_text(mut journal: Journal) -> Result<String, Error> {
    let started = Timestamp::from_micros(journal.started_at()).to_seconds();
    let mut answers = 0;
    while journal.next_entry().map_err(Error::Journal)?.is_some() {
        answers += 1;
    }
    Ok(format!("the run started {started} saves {} (--fresh starts over)", count_of(answers, "request", "requests")))
}

fn time_text(pace: &PaceConfig, requests: u64) -> String {
    let Some(rate) = pace.rate() else { return "as fast as the API answers: no rate limit is set".to_owned() };
    // Requests of the first burst are not delayed.
    let paced = pace.span_of(requests.saturating_sub(u64::from(rate.burst))).unwrap_or_default();
    if paced < Duration::from_secs(1) {
        return "within the burst of the rate limit: no waiting".to_owned();
    }
    format!("{} under the rate limit", humantime::format_duration(Duration::from_secs(paced.as_secs())))
}

fn size_text(config: &ExportConfig, estimate: &Estimate, request: &OutputRequest) -> Result<String, Error> {
    let unknown = || format!("{}, of unknown size", request.format);
    let (Some(rows), Some((sample, of))) = (estimate.rows, &estimate.sample) else { return Ok(unknown()) };
    let settings = &config.outputs.settings;
    let sample = settings.rows.apply(sample, 0).map_err(OutputError::ForeignBatch)?;
    let written = rows.saturating_mul(sample.num_rows() as u64) / (*of as u64).max(1);
    let bytes = expected_bytes(request, settings, &sample, written)?;
    Ok(bytes.map_or_else(unknown, |bytes| format!("{}, about {} or less", request.format, DecimalBytes(bytes))))
}
