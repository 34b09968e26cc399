//! What to do about messages that were not delivered.

use super::super::action::{Action, ActionCode, Share, is_plain, parquet_file};
use super::group::Group;
use super::summary::{DeliverySummary, Failure};
use crate::base::plural::grouped;
use crate::report::format::{percent, shown};
use crate::report::table::{is_leftover, value_of};

/// Maximum number of groups of one kind that are listed.
const MAX_GROUPS: usize = 3;
/// A reason is frequent if it has at least this many messages and at least one in this many failures.
const MIN_FAILURES: u64 = 10;
const MIN_PART: u64 = 10;
/// The statuses of messages that were not delivered, in a query.
const UNDELIVERED: &str = "upper(status) in ('FAILED', 'FILTERED', 'BLOCKED')";

/// Everything that needs attention, most important first.
pub(in crate::report) fn actions(summary: &DeliverySummary) -> Vec<Action> {
    // Files of activities have no rows of messages to list.
    let file = summary.from_activities.is_none().then(|| parquet_file(&summary.origin, "messages.parquet"));
    let file = file.as_deref();
    let channels = channels(summary, file);
    reasons(summary, file).into_iter().chain(channels).collect()
}

fn query(file: Option<&str>, condition: &str) -> Option<String> {
    file.map(|file| format!("select * from '{file}' where {condition}"))
}

/// The most frequent known reasons.
fn reasons(summary: &DeliverySummary, file: Option<&str>) -> Vec<Action> {
    let all: u64 = summary.failures.iter().map(|failure| failure.messages).sum();
    let is_frequent = |failure: &&Failure| {
        failure.messages >= MIN_FAILURES && failure.messages * MIN_PART >= all && !is_leftover(&failure.reason_code)
    };
    let action = |failure: &Failure| {
        let code = &failure.reason_code;
        let sentence = failure.reason.as_deref().map(|reason| format!(" ({})", shown(reason))).unwrap_or_default();
        let value = value_of(code);
        let condition = format!("{UNDELIVERED} and reason_code = '{value}'");
        Action {
            code: ActionCode::FrequentFailure,
            keys: vec![code.clone()],
            count: failure.messages,
            of: all,
            approximate: false,
            text: format!(
                "{} ({}) of the {} messages that failed, were filtered or were blocked have the reason code {}{sentence}.",
                grouped(failure.messages),
                percent(failure.messages, all),
                grouped(all),
                shown(code)
            ),
            command: None,
            sql: if is_plain(value) { query(file, &condition) } else { None },
        }
    };
    summary.failures.iter().filter(is_frequent).take(MAX_GROUPS).map(action).collect()
}

/// Channels whose percentage of undelivered messages is unusually high.
fn channels(summary: &DeliverySummary, file: Option<&str>) -> Vec<Action> {
    let undelivered = |group: &Group| Some((group.failed? + group.withheld?, group.outbound?));
    let Some((all_parts, all_wholes)) = undelivered(&summary.total) else { return Vec::new() };
    let mut found: Vec<(u64, u64, &str)> = summary
        .channels
        .iter()
        .filter(|(name, _)| !is_leftover(name))
        .filter_map(|(name, group)| undelivered(group).map(|(part, whole)| (part, whole, name.as_str())))
        .filter(|&(part, whole, _)| Share { part, whole, all_parts, all_wholes }.stands_out())
        .collect();
    found.sort_by_key(|&(part, _, name)| (std::cmp::Reverse(part), name));
    let action = |(part, whole, name): (u64, u64, &str)| Action {
        code: ActionCode::HighFailureShare,
        keys: vec![name.to_owned()],
        count: part,
        of: whole,
        approximate: false,
        text: format!(
            "{} of {} outbound messages on {} ({}) failed, were filtered or were blocked, compared with {} on all other \
             channels.",
            grouped(part),
            grouped(whole),
            shown(name),
            percent(part, whole),
            percent(all_parts.saturating_sub(part), all_wholes.saturating_sub(whole))
        ),
        command: None,
        sql: if is_plain(value_of(name)) {
            let value = value_of(name);
            query(file, &format!("upper(direction) = 'OUTBOUND' and {UNDELIVERED} and channel = '{value}'"))
        } else {
            None
        },
    };
    found.into_iter().take(MAX_GROUPS).map(action).collect()
}
