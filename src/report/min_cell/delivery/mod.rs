//! Merges small groups of messages and suppresses small counts.
//!
//! - In tables and groups that add up, smaller groups are merged into `(other)`.
//! - A part of a group (outbound, delivered, failed and so on) is shown if neither it nor its complement is small, and if it
//!   cannot be derived from the other groups.
//! - Dates and times of single messages are suppressed, and so are the shortest and the longest duration.
//!
//! Totals over all messages are kept: the funnel, deliverability, how many contacts replied, and the findings on quality.
//!
//! *Easy to get wrong:* both sides of a comparison must merge the same groups, or one reveals what the other hides.

use std::collections::BTreeSet;

use super::{Limit, merge, small_keys};
use crate::report::document::delivery::group::{Group, Groups, messages_of};
use crate::report::document::delivery::summary::{DeliverySummary, DeliveryTimes, Failure, Percentiles};
use crate::report::document::values::TimeRange;
use crate::report::table::{OTHER_KEY, Table};

#[cfg(test)]
mod tests;

type DeliveryTableOf = for<'a> fn(&'a mut DeliverySummary) -> &'a mut Table;
type GroupsOf = for<'a> fn(&'a mut DeliverySummary) -> &'a mut Groups;
type PartOf = for<'a> fn(&'a mut Group) -> &'a mut Option<u64>;

/// Every table that adds up to all messages, or to those with a time.
const TABLES: [DeliveryTableOf; 4] = [
    |summary| &mut summary.directions,
    |summary| &mut summary.statuses,
    |summary| &mut summary.template_categories,
    |summary| &mut summary.hours,
];

/// Every table of groups that add up to all messages.
const GROUPS: [GroupsOf; 4] = [
    |summary| &mut summary.channels,
    |summary| &mut summary.regions,
    |summary| &mut summary.templates,
    |summary| &mut summary.days,
];

/// The parts of a group.
const PARTS: [PartOf; 5] = [
    |group| &mut group.outbound,
    |group| &mut group.inbound,
    |group| &mut group.successful,
    |group| &mut group.failed,
    |group| &mut group.withheld,
];

impl DeliverySummary {
    /// Hides counts of fewer than `min_cell` messages, in this summary and in the one it is compared with.
    pub fn merge_small_groups(&mut self, min_cell: u64, old: Option<&mut Self>) {
        let limit = Limit(min_cell);
        let mut both: Vec<&mut Self> = std::iter::once(self).chain(old).collect();
        for table in TABLES {
            let small = both.iter_mut().flat_map(|summary| small_keys(table(summary), limit)).collect();
            for summary in &mut both {
                merge(table(summary), &small);
            }
        }
        for groups in GROUPS {
            let small = both.iter_mut().flat_map(|summary| small_keys(&messages_of(groups(summary)), limit)).collect();
            for summary in &mut both {
                merge_groups(groups(summary), &small);
            }
        }
        let small = both.iter().flat_map(|summary| small_keys(&messages_of_failures(summary), limit)).collect();
        for summary in both {
            merge_failures(&mut summary.failures, &small);
            hide(summary, limit);
            summary.min_cell = Some(min_cell);
        }
    }
}

fn messages_of_failures(summary: &DeliverySummary) -> Table {
    summary.failures.iter().map(|failure| (failure.reason_code.clone(), failure.messages)).collect()
}

fn merge_groups(groups: &mut Groups, small: &BTreeSet<String>) {
    let merged: Vec<Group> = small.iter().filter_map(|key| groups.remove(key)).collect();
    if !merged.is_empty() {
        let others = groups.entry(OTHER_KEY.to_owned()).or_default();
        for group in merged {
            *others += group;
        }
    }
}

fn merge_failures(failures: &mut Vec<Failure>, small: &BTreeSet<String>) {
    let (merged, kept): (Vec<Failure>, Vec<Failure>) =
        std::mem::take(failures).into_iter().partition(|failure| small.contains(&failure.reason_code));
    *failures = kept;
    if merged.is_empty() {
        return;
    }
    let sum = |part: fn(&Failure) -> Option<u64>| merged.iter().map(part).sum::<Option<u64>>();
    failures.push(Failure {
        reason_code: OTHER_KEY.to_owned(),
        messages: merged.iter().map(|failure| failure.messages).sum(),
        failed: sum(|failure| failure.failed),
        filtered: sum(|failure| failure.filtered),
        blocked: sum(|failure| failure.blocked),
        ..Failure::default()
    });
}

/// Suppresses small counts within the groups that are left.
fn hide(summary: &mut DeliverySummary, limit: Limit) {
    let mut total = summary.total;
    for groups in GROUPS {
        for group in groups(summary).values_mut() {
            hide_parts(group, limit);
        }
        for part in PARTS {
            hide_rest(groups(summary), limit, part, *part(&mut total));
        }
    }
    for failure in &mut summary.failures {
        let messages = failure.messages;
        let parts = [&mut failure.failed, &mut failure.filtered, &mut failure.blocked];
        if !parts.iter().all(|part| part.is_none_or(|part| limit.allows_part(part, messages))) {
            for part in parts {
                *part = None;
            }
        }
        (failure.began_on, failure.last_seen_on) = (None, None);
    }
    summary.region_names.retain(|code, _| summary.regions.contains_key(code));
    if !summary.hours_by_weekday.iter().flat_map(|day| &day.hours).all(|&count| limit.allows(count))
        || summary.hours.contains_key(OTHER_KEY)
    {
        summary.hours_by_weekday.clear();
    }
    if let Some(from) = &mut summary.from_activities {
        from.messages_without = from.messages_without.filter(|&count| limit.allows(count));
        from.messages_not_found = from.messages_not_found.filter(|&count| limit.allows(count));
    }
    // Each is the time of one message.
    summary.created_range = TimeRange::default();
    let channels = &summary.channels;
    summary.times_by_channel.retain(|channel, _| channels.contains_key(channel));
    summary.times_by_channel.values_mut().for_each(|times| hide_times(times, limit));
    hide_times(&mut summary.times, limit);
}

/// Suppresses the parts of a group that are small or have a small complement.
fn hide_parts(group: &mut Group, limit: Limit) {
    let messages = group.messages;
    if !PARTS[..2].iter().all(|part| part(group).is_none_or(|part| limit.allows_part(part, messages)))
        || !limit.allows(messages.saturating_sub(group.outbound.unwrap_or(0) + group.inbound.unwrap_or(0)))
    {
        (group.outbound, group.inbound) = (None, None);
    }
    // These parts exclude each other and are parts of the outbound messages.
    let whole = group.outbound.unwrap_or(messages);
    let rest = PARTS[2..].iter().filter_map(|part| *part(group)).fold(whole, u64::saturating_sub);
    if !PARTS[2..].iter().all(|part| part(group).is_none_or(|part| limit.allows_part(part, whole)))
        || !limit.allows(rest)
    {
        PARTS[2..].iter().for_each(|part| *part(group) = None);
    }
}

/// Suppresses a part in further groups, smallest first, as long as the total minus the counts that groups show is small.
fn hide_rest(groups: &mut Groups, limit: Limit, part: PartOf, total: Option<u64>) {
    let Some(total) = total else { return };
    let mut shown: Vec<(u64, u64, String)> = Vec::new();
    let mut hidden_messages = 0;
    for (key, group) in groups.iter_mut() {
        match *part(group) {
            Some(count) => shown.push((group.messages, count, key.clone())),
            None => hidden_messages += group.messages,
        }
    }
    shown.sort_unstable();
    let mut hidden = total.saturating_sub(shown.iter().map(|&(_, count, _)| count).sum());
    for (messages, count, key) in shown {
        if limit.allows_part(hidden, hidden_messages) {
            break;
        }
        hidden += count;
        hidden_messages += messages;
        if let Some(group) = groups.get_mut(&key) {
            *part(group) = None;
        }
    }
}

fn hide_times(times: &mut DeliveryTimes, limit: Limit) {
    for found in [&mut times.to_delivered, &mut times.to_read] {
        *found = found.filter(|found| limit.allows(found.messages));
        *found = found.map(|found| Percentiles { min_ms: None, max_ms: None, ..found });
    }
}
