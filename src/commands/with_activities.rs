//! The second phase of an export of messages: their activities, which are read after the list and published with it.
//!
//! It runs between reading the list and publishing it. By then the list is staged and its ids are known. The number of
//! requests follows from these and is printed before the first request.
//!
//! *Easy to get wrong:* saved activities belong to the ids of one list. A run that resumes after an interruption in this
//! phase must read the same list, so the journal of the list is saved from the first response on and removed only when both
//! parts are published.

use std::time::Duration;

use crate::api::{Account, ApiKey};
use crate::base::plural::{count_of, word_for};
use crate::cli::VerbosityArgs;
use crate::config::ExportConfig;
use crate::error::Error;
use crate::export::{Exported, LookupReading, Reading, WrittenIds};
use crate::journal::{Engage, JournalSlot};
use crate::lookup::LookupSettings;
use crate::publish::Outputs;
use crate::report::ActivityCounts;
use crate::resources::activities::Activities;
use crate::time::Timestamp;
use crate::verdict::{Evidence, EvidenceCode, Verdict};

use super::printer::note;
use super::read::read_all;
use super::resume::open_journal;

/// What the second phase needs from the first.
pub(super) struct ActivitiesPhase<'a> {
    pub(super) config: &'a ExportConfig,
    /// The account, whose limiter both phases share.
    pub(super) account: &'a Account,
    pub(super) key: &'a ApiKey,
    pub(super) verbosity: &'a VerbosityArgs,
    pub(super) settings: LookupSettings,
    /// When this run began.
    pub(super) now: Timestamp,
}

/// Reads and stages the activities of the rows in `list`, whose verdict then covers both.
///
/// # Errors
/// As for an export of activities.
pub(super) async fn read_activities<C>(
    phase: &ActivitiesPhase<'_>,
    list: &mut Exported<C>,
    outputs: Outputs,
    journal: &mut JournalSlot,
    stop: impl Future<Output = Error>,
) -> Result<Exported<ActivityCounts>, Error> {
    let ActivitiesPhase { config, account, key, verbosity, settings, now } = *phase;
    let (ids, not_uuids) = list.gathered.ids.take().map(WrittenIds::into_parts).unwrap_or_default();
    let reading = LookupReading { resource: Activities, keys: ids, settings };
    let journal_key = config.journal_key(reading.journal_key(), key);
    let engage = if config.gate.is_set() { Engage::AtOnce } else { Engage::WhenItLasts };
    *journal = open_journal(&config.resume_activities, &journal_key, (now, engage), verbosity.quiet)?;
    if !verbosity.quiet {
        let requests = reading.keys.len() as u64;
        let text =
            budget(("reading activities", "message"), requests, config.pace.span_of(requests), journal.past.is_some());
        note("activities_planned", &text);
    }
    let exported = read_all((&reading, verbosity), config, account, journal, (outputs, None), now, stop).await?;
    // It is written to a file, so there is no reader that could close it.
    let mut exported = *exported.ok_or(Error::WriterDied)?;
    exported.gathered.staged.set_resource(LookupReading::<Activities>::NAME);
    let read = &mut list.read;
    read.verdict = read.verdict.weaker(exported.read.verdict);
    read.evidence.extend(exported.read.evidence.iter().cloned());
    if not_uuids > 0 {
        read.verdict = Verdict::Unverified;
        let messages = count_of(not_uuids, "message has an id that is", "messages have ids that are");
        let text =
            format!("{messages} not a UUID, so {} activities were not read", word_for(not_uuids, "its", "their"));
        read.evidence.push(Evidence::new(EvidenceCode::IdsNotRead, Some(not_uuids), text));
    }
    Ok(exported)
}

/// The number of requests to send, and the time that they take.
pub(super) fn budget((what, one): (&str, &str), requests: u64, span: Option<Duration>, is_resumed: bool) -> String {
    let count = count_of(requests, "request", "requests");
    let time = match span.map(|span| span.as_secs().div_ceil(60)) {
        Some(0 | 1) => ", less than a minute under the rate limit".to_owned(),
        Some(minutes) => format!(", about {} under the rate limit", count_of(minutes, "minute", "minutes")),
        None => ", without a rate limit".to_owned(),
    };
    let rest = if is_resumed { ", minus those saved in the journal" } else { "" };
    format!("{what}: {count}, one per {one}{time}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVITIES: (&str, &str) = ("reading activities", "message");

    #[test]
    fn the_budget_names_requests_and_minutes() {
        let seconds = Duration::from_secs;
        let text = budget(ACTIVITIES, 5_000, Some(seconds(1_500)), false);
        assert_eq!(text, "reading activities: 5,000 requests, one per message, about 25 minutes under the rate limit");
        let text = budget(ACTIVITIES, 1, Some(Duration::from_millis(300)), true);
        let wanted =
            "1 request, one per message, less than a minute under the rate limit, minus those saved in the journal";
        assert_eq!(text, format!("reading activities: {wanted}"));
        let text = budget(ACTIVITIES, 20, None, false);
        assert_eq!(text, "reading activities: 20 requests, one per message, without a rate limit");
    }
}
