//! What changed between two summaries of messages.

use serde::Serialize;

use super::super::change::{Change, Changes};
use super::gross::MessageChanges;
use super::money::Money;

/// An amount then and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MoneyChange {
    /// Then.
    pub old: Money,
    /// Now.
    pub new: Money,
}

/// A part and its whole, then and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RateChange {
    /// The part.
    pub part: Change,
    /// The whole.
    pub whole: Change,
}

/// What changed since an older summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryComparison {
    /// Name of the file or folder with the older state.
    pub with: String,
    /// Its time, RFC 3339, UTC; for files, the time in their manifest or else when they were written.
    pub as_of: String,
    /// Messages.
    pub messages: Change,
    /// Which messages are new, gone or changed; `None` if one side is a summary, which has counts only, or if what differs
    /// between the sides may not have changed.
    pub gross: Option<MessageChanges>,
    /// Whether the two sides were exported with different filters, as far as is known. Differences are then not
    /// necessarily changes.
    pub filters_differ: bool,
    /// Columns that one of the sides lacks; counts that need them are not compared.
    pub columns_not_in_both: Vec<String>,
    /// Outbound messages.
    pub outbound: Option<Change>,
    /// Inbound messages.
    pub inbound: Option<Change>,
    /// Deliverability as the dashboard defines it.
    pub deliverability: Option<RateChange>,
    /// Outbound messages that failed, were filtered or blocked.
    pub unsuccessful: Option<Change>,
    /// Money spent, `price` and `active_contact_price` together.
    pub spent: Option<MoneyChange>,
    /// Contacts that outbound messages went to.
    pub contacts_messaged: Option<Change>,
    /// Those that replied.
    pub contacts_replied: Option<Change>,
    /// Messages by channel.
    pub channels: Changes,
    /// Messages by status.
    pub statuses: Changes,
    /// Messages by region.
    pub regions: Changes,
    /// Messages by template.
    pub templates: Changes,
    /// Messages by the reason code of their failure.
    pub failures: Changes,
}
