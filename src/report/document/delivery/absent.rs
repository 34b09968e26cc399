//! Omits counts that need a column which some files lack.
//!
//! A message without a direction counts as neither outbound nor inbound, which is also correct if the column is missing. But
//! "no message was delivered" would be wrong, so counts that need a missing column are omitted.

use super::summary::DeliverySummary;

/// Omits the counts that need one of the absent columns.
pub(super) fn omit(summary: &mut DeliverySummary) {
    if summary.from_activities.is_some() {
        omit_groups(summary);
    }
    let has_direction = summary.has(&["direction"]);
    let has_status = has_direction && summary.has(&["status"]);
    let groups = [&mut summary.channels, &mut summary.regions, &mut summary.templates, &mut summary.days];
    let groups = groups.into_iter().flat_map(|groups| groups.values_mut()).chain([&mut summary.total]);
    for group in groups {
        if !has_direction {
            (group.outbound, group.inbound) = (None, None);
        }
        if !has_status {
            (group.successful, group.failed, group.withheld) = (None, None, None);
        }
    }
    if !has_status {
        (summary.funnel, summary.deliverability) = (None, None);
        summary.failures.clear();
    }
    if !has_direction || !summary.has(&["contact_id", "created_at"]) {
        summary.contacts = None;
    }
    if !has_direction || !summary.has(&["price"]) {
        summary.quality.outbound_without_price = 0;
    }
}

/// Omits groups by columns that activities never have.
fn omit_groups(summary: &mut DeliverySummary) {
    for groups in [&mut summary.channels, &mut summary.regions, &mut summary.templates] {
        groups.clear();
    }
    summary.region_names.clear();
    summary.template_categories.clear();
    summary.times_by_channel.clear();
}
