//! What changed between two summaries of messages.

use serde::Serialize;

use super::super::change::{CountChange, CountChanges};
use super::gross::MessageChanges;
use super::money::Money;

/// An amount in an older state and in the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MoneyChange {
    /// In the older state.
    pub old: Money,
    /// In the current state.
    pub new: Money,
}

/// A part and its whole, in an older state and in the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RateChange {
    /// The part.
    pub part: CountChange,
    /// The whole.
    pub whole: CountChange,
}

/// What changed since an older summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryComparison {
    /// Name of the file or folder with the older state.
    pub with: String,
    /// Time of the older state, RFC 3339, UTC; for files, the time in their manifest, or else when they were written.
    pub as_of: String,
    /// Messages.
    pub messages: CountChange,
    /// Added, removed and changed messages; `None` if one side is a summary, which has only counts, or if differences
    /// between the sides are not necessarily changes.
    pub gross: Option<MessageChanges>,
    /// Whether the two sides were exported with different filters, as far as is known. Differences are then not
    /// necessarily changes.
    pub filters_differ: bool,
    /// Columns that one of the sides lacks; counts that need them are not compared.
    pub columns_not_in_both: Vec<String>,
    /// Outbound messages.
    pub outbound: Option<CountChange>,
    /// Inbound messages.
    pub inbound: Option<CountChange>,
    /// Deliverability as the dashboard defines it.
    pub deliverability: Option<RateChange>,
    /// Outbound messages that failed, were filtered or blocked.
    pub unsuccessful: Option<CountChange>,
    /// Money spent, `price` and `active_contact_price` together.
    pub spent: Option<MoneyChange>,
    /// Contacts with an outbound message.
    pub contacts_messaged: Option<CountChange>,
    /// Those of them that replied.
    pub contacts_replied: Option<CountChange>,
    /// Messages by channel.
    pub channels: CountChanges,
    /// Messages by status.
    pub statuses: CountChanges,
    /// Messages by region.
    pub regions: CountChanges,
    /// Messages by template.
    pub templates: CountChanges,
    /// Messages by the reason code of their failure.
    pub failures: CountChanges,
}

impl DeliveryComparison {
    /// Whether all numbers that are compared are the same on both sides.
    pub fn is_unchanged(&self) -> bool {
        let is_same = |change: &CountChange| change.old == change.new;
        let Self { deliverability, spent, .. } = self;
        let counts = [self.outbound, self.inbound, self.unsuccessful, self.contacts_messaged, self.contacts_replied];
        let rates = deliverability.iter().flat_map(|rate| [rate.part, rate.whole]);
        let groups = [&self.channels, &self.statuses, &self.regions, &self.templates, &self.failures];
        let mut all = counts.into_iter().flatten().chain(rates).chain([self.messages]);
        all.all(|change| is_same(&change))
            && groups.into_iter().flat_map(CountChanges::values).all(is_same)
            && spent.is_none_or(|spent| spent.old == spent.new)
    }
}
