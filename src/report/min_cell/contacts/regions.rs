//! Suppresses counts within a region: contacts that can be reached, opted out, or have a channel.
//!
//! A count is shown if neither it nor its complement among the contacts of the region is small. The same holds for what is
//! left after subtracting counts that exclude each other: contacts that can be reached, opted out, or have no channel.
//!
//! *Easy to get wrong:* the total minus the counts that regions show is the count of all other regions together. If that is
//! small, the count of the next region, smallest first, is suppressed, too.

use super::super::Limit;
use crate::report::document::contacts::summary::{RegionDetail, Summary};
use crate::report::table::{NONE_KEY, OTHER_KEY, Table};

/// Merges the details of merged regions, and suppresses counts within the regions that are left.
pub(super) fn hide(summary: &mut Summary, limit: Limit) {
    merge_others(summary);
    for (code, detail) in &mut summary.region_details {
        hide_in_detail(detail, limit);
        if let Some(channels) = summary.channels_by_region.get_mut(code) {
            hide_in_channels(channels, detail, limit);
        }
    }
    for code in to_hide(summary, limit, summary.reachable.unwrap_or(0), |_, detail| detail.reachable) {
        summary.region_details.entry(code).or_default().reachable = None;
    }
    for code in to_hide(summary, limit, summary.opt_out.yes, |_, detail| detail.opted_out) {
        summary.region_details.entry(code).or_default().opted_out = None;
    }
    let mut totals = summary.channels.clone();
    totals.insert(NONE_KEY.to_owned(), summary.without_channel.unwrap_or(0));
    for (channel, total) in totals {
        let shown = |code: &str, _: &_| summary.channels_by_region.get(code)?.get(&channel).copied();
        for code in to_hide(summary, limit, total, shown) {
            summary.channels_by_region.entry(code).or_default().remove(&channel);
        }
    }
}

/// Regions whose count must be suppressed, smallest first: as many as needed until neither the suppressed count of these
/// regions together nor its complement is small.
fn to_hide(
    summary: &Summary,
    limit: Limit,
    total: u64,
    shown: impl Fn(&str, &RegionDetail) -> Option<u64>,
) -> Vec<String> {
    let details = summary.region_details.iter();
    let mut rows: Vec<(u64, u64, &String)> =
        details.filter_map(|(code, detail)| Some((detail.contacts, shown(code, detail)?, code))).collect();
    rows.sort_unstable();
    let mut hidden_count = total.saturating_sub(rows.iter().map(|&(_, count, _)| count).sum());
    let mut contacts = summary.contacts.saturating_sub(rows.iter().map(|&(contacts, ..)| contacts).sum());
    let mut hidden = Vec::new();
    for (contacts_here, count, code) in rows {
        if limit.allows_part(hidden_count, contacts) {
            break;
        }
        hidden_count += count;
        contacts += contacts_here;
        hidden.push(code.clone());
    }
    hidden
}

/// Adds up the details of merged regions.
fn merge_others(summary: &mut Summary) {
    let is_left = |code: &String| code != OTHER_KEY && summary.regions.contains_key(code);
    let hidden: Vec<String> = summary.region_details.keys().filter(|code| !is_left(code)).cloned().collect();
    let (mut detail_of_others, mut channels_of_others) = (RegionDetail::default(), Table::new());
    for code in &hidden {
        let detail = summary.region_details.remove(code).unwrap_or_default();
        detail_of_others.contacts += detail.contacts;
        for (channel, count) in summary.channels_by_region.remove(code).unwrap_or_default() {
            *channels_of_others.entry(channel).or_default() += count;
        }
    }
    if !hidden.is_empty() {
        summary.region_details.insert(OTHER_KEY.to_owned(), detail_of_others);
        summary.channels_by_region.insert(OTHER_KEY.to_owned(), channels_of_others);
    }
}

fn hide_in_detail(detail: &mut RegionDetail, limit: Limit) {
    let contacts = detail.contacts;
    detail.reachable = detail.reachable.filter(|&count| limit.allows_part(count, contacts));
    let unreachable = contacts - detail.reachable.unwrap_or(0);
    detail.opted_out = detail
        .opted_out
        .filter(|&count| limit.allows_part(count, contacts) && limit.allows(unreachable.saturating_sub(count)));
}

fn hide_in_channels(channels: &mut Table, detail: &RegionDetail, limit: Limit) {
    channels.retain(|_, &mut count| limit.allows_part(count, detail.contacts));
    let Some(&none) = channels.get(NONE_KEY) else { return };
    let with_channel = detail.contacts - none;
    // Contacts are unreachable if they have no channel or opted out.
    let unreachable = detail.reachable.map(|reachable| detail.contacts - reachable);
    let opted_out_with_channel = unreachable.map(|count| count.saturating_sub(none));
    let neither = unreachable.zip(detail.opted_out).map(|(count, opted_out)| count.saturating_sub(opted_out));
    let opted_out_without = neither.map(|count| none.saturating_sub(count));
    let others = channels.iter().filter(|(channel, _)| *channel != NONE_KEY);
    let mut complements = others
        .map(|(_, &count)| with_channel.saturating_sub(count))
        .chain(opted_out_with_channel)
        .chain(opted_out_without);
    if !complements.all(|count| limit.allows(count)) {
        channels.remove(NONE_KEY);
    }
}
