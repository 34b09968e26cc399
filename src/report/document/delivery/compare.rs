//! Compares two summaries of messages.

use super::super::change::{CountChange, CountChanges, changes};
use super::comparison::{DeliveryComparison, MoneyChange, RateChange};
use super::group::{Groups, messages_of};
use super::summary::DeliverySummary;
use crate::report::table::Table;

/// Columns that a comparison needs.
const COMPARED: [&str; 8] =
    ["channel", "direction", "status", "region_code", "template_name", "reason_code", "price", "active_contact_price"];

/// Compares two summaries; `with` names the source of the older one.
pub fn compare_deliveries(old: &DeliverySummary, new: &DeliverySummary, with: String) -> DeliveryComparison {
    let have = |columns: &[&str]| old.has(columns) && new.has(columns);
    let both = |then: Option<u64>, now: Option<u64>| Some(CountChange { old: then?, new: now? });
    let groups = |column: &str, of: fn(&DeliverySummary) -> &Groups| {
        if have(&[column]) { changes(&messages_of(of(old)), &messages_of(of(new))) } else { CountChanges::new() }
    };
    let failures = |summary: &DeliverySummary| -> Table {
        summary.failures.iter().map(|failure| (failure.reason_code.clone(), failure.messages)).collect()
    };
    let rates = old.deliverability.zip(new.deliverability).map(|(old, new)| RateChange {
        part: CountChange { old: old.successful, new: new.successful },
        whole: CountChange { old: old.attempted, new: new.attempted },
    });
    let unsuccessful = |summary: &DeliverySummary| Some(summary.total.failed? + summary.total.withheld?);
    let has_prices = have(&["price", "active_contact_price"]);
    let spent = MoneyChange { old: old.total.spent.total(), new: new.total.spent.total() };
    let absent = COMPARED.into_iter().filter(|&column| !have(&[column]));
    DeliveryComparison {
        with,
        as_of: old.as_of.clone(),
        messages: CountChange { old: old.messages, new: new.messages },
        gross: None,
        filters_differ: new.origin.has_other_filters(&old.origin),
        columns_not_in_both: absent.map(str::to_owned).collect(),
        outbound: both(old.total.outbound, new.total.outbound),
        inbound: both(old.total.inbound, new.total.inbound),
        deliverability: rates,
        unsuccessful: both(unsuccessful(old), unsuccessful(new)),
        spent: has_prices.then_some(spent),
        contacts_messaged: both(
            old.contacts.map(|contacts| contacts.messaged),
            new.contacts.map(|contacts| contacts.messaged),
        ),
        contacts_replied: both(
            old.contacts.map(|contacts| contacts.replied),
            new.contacts.map(|contacts| contacts.replied),
        ),
        channels: groups("channel", |summary| &summary.channels),
        statuses: if have(&["status"]) { changes(&old.statuses, &new.statuses) } else { CountChanges::new() },
        regions: groups("region_code", |summary| &summary.regions),
        templates: groups("template_name", |summary| &summary.templates),
        failures: if have(&["status", "reason_code"]) {
            changes(&failures(old), &failures(new))
        } else {
            CountChanges::new()
        },
    }
}
