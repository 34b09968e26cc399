//! Added, removed and changed messages between two exports, which the difference of two counts does not show.
//!
//! *Easy to get wrong:* messages move between statuses. The new messages of a status are its old ones, plus those added and
//! gained, minus those removed and lost.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use super::money::{Money, Spending};
use crate::report::table::{MAX_KEYS, OTHER_KEY, Table, UNKNOWN_KEY, add, is_countable, key_of};

/// The changes between the messages of two exports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MessageChanges {
    /// Whether messages that only the older export has may still exist, because the newer one may lack rows.
    pub removed_may_exist: bool,
    /// Messages that only the newer export has.
    pub added: u64,
    /// Messages that only the older export has.
    pub removed: u64,
    /// Messages of both exports whose status changed; `None` if one side has no status.
    pub status_changed: Option<u64>,
    /// The changes by status.
    pub statuses: BTreeMap<String, StatusGross>,
    /// Messages of both exports whose status changed, by old and new status.
    pub transitions: BTreeMap<String, Table>,
    /// Messages of both exports whose price changed; `None` if one side has no prices, or if suppressed.
    pub prices: Option<PriceChanges>,
}

/// The changes of a status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StatusGross {
    /// Messages that only the newer export has.
    pub added: u64,
    /// Messages that only the older export has.
    pub removed: u64,
    /// Messages of both exports that had another status in the older one.
    pub gained: u64,
    /// Messages of both exports that have another status in the newer one.
    pub lost: u64,
}

impl AddAssign for StatusGross {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.removed += other.removed;
        self.gained += other.gained;
        self.lost += other.lost;
    }
}

/// Messages of both exports whose `price` or `active_contact_price` changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PriceChanges {
    /// Number of messages.
    pub messages: u64,
    /// Number of them without an old price.
    pub became_known: u64,
    /// Sum of the old `price` and `active_contact_price`.
    pub old: Money,
    /// Sum of the new ones.
    pub new: Money,
}

/// The compared values of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ComparedMessage<'a> {
    /// `status`
    pub status: Option<&'a str>,
    /// `price`, in millionths.
    pub price: Option<i128>,
    /// `active_contact_price`, in millionths.
    pub active_contact_price: Option<i128>,
}

impl ComparedMessage<'_> {
    /// The key of its status; an empty text is treated as none.
    fn status_key(&self) -> Cow<'_, str> {
        self.status.filter(|status| !status.is_empty()).map_or(UNKNOWN_KEY.into(), key_of)
    }

    fn prices(&self) -> [Option<i128>; 2] {
        [self.price, self.active_contact_price]
    }

    fn spent(&self) -> Money {
        let [price, active_contact_price] = self.prices().map(|price| Money(price.unwrap_or(0)));
        Spending { price, active_contact_price }.total()
    }
}

impl MessageChanges {
    /// Counts a message that only the newer export has.
    pub fn add_new(&mut self, new: ComparedMessage<'_>) {
        self.added += 1;
        self.status(&new.status_key()).added += 1;
    }

    /// Counts a message that only the older export has.
    pub fn add_removed(&mut self, old: ComparedMessage<'_>) {
        self.removed += 1;
        self.status(&old.status_key()).removed += 1;
    }

    /// Counts a message that both exports have.
    pub fn add_changed(&mut self, old: ComparedMessage<'_>, new: ComparedMessage<'_>) {
        let (before, after) = (old.status_key(), new.status_key());
        if before != after {
            *self.status_changed.get_or_insert_default() += 1;
            self.status(&before).lost += 1;
            self.status(&after).gained += 1;
            self.add_transition(&before, &after);
        }
        if old.prices() != new.prices() {
            let prices = self.prices.get_or_insert_default();
            prices.messages += 1;
            prices.became_known += u64::from(old.prices() == [None; 2]);
            prices.old += old.spent();
            prices.new += new.spent();
        }
    }

    /// The entry of a status; that of [`OTHER_KEY`] for a status beyond [`MAX_KEYS`], or one that could be personal.
    fn status(&mut self, key: &str) -> &mut StatusGross {
        let is_kept = self.statuses.contains_key(key) || self.statuses.len() < MAX_KEYS && is_countable(key);
        self.statuses.entry(if is_kept { key } else { OTHER_KEY }.to_owned()).or_default()
    }

    fn add_transition(&mut self, before: &str, after: &str) {
        let pairs: usize = self.transitions.values().map(Table::len).sum();
        let is_known = self.transitions.get(before).is_some_and(|to| to.contains_key(after));
        let has_room = is_known || pairs < MAX_KEYS;
        let [before, after] = [before, after].map(|key| if has_room && is_countable(key) { key } else { OTHER_KEY });
        add(self.transitions.entry(before.to_owned()).or_default(), after, 1);
    }

    /// Whether there are no known changes.
    pub fn are_none(&self) -> bool {
        let has_prices = self.prices.is_some_and(|prices| prices.messages > 0);
        [self.added, self.removed, self.status_changed.unwrap_or(0)] == [0; 3] && !has_prices
    }

    /// Removes counts of groups, which can be single messages.
    pub fn omit_groups(&mut self) {
        self.statuses.clear();
        self.transitions.clear();
        self.prices = None;
    }

    /// Removes counts that need columns which one side lacks.
    pub fn omit_columns(&mut self, columns: &[String]) {
        let is_absent = |name: &str| columns.iter().any(|column| column == name);
        if is_absent("status") {
            self.status_changed = None;
            self.statuses.clear();
            self.transitions.clear();
        }
        if is_absent("price") || is_absent("active_contact_price") {
            self.prices = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(status: &str, price: Option<i128>) -> ComparedMessage<'_> {
        ComparedMessage { status: Some(status), price, active_contact_price: None }
    }

    #[test]
    fn every_status_adds_up_and_prices_are_exact() {
        let mut changes = MessageChanges::default();
        changes.add_new(message("QUEUED", None));
        changes.add_removed(message("FAILED", Some(1)));
        changes.add_changed(message("SENT", None), message("DELIVERED", Some(7_900)));
        changes.add_changed(message("", None), message("DELIVERED", None));
        changes.add_changed(message("SENT", Some(100_000)), message("SENT", Some(300_000)));
        changes.add_changed(message("+4930123456789", None), message("SENT", None));
        assert_eq!((changes.added, changes.removed, changes.status_changed), (1, 1, Some(3)));
        let gross = |added, removed, gained, lost| StatusGross { added, removed, gained, lost };
        let wanted = [
            ("QUEUED", gross(1, 0, 0, 0)),
            ("FAILED", gross(0, 1, 0, 0)),
            ("SENT", gross(0, 0, 1, 1)),
            ("DELIVERED", gross(0, 0, 2, 0)),
            (UNKNOWN_KEY, gross(0, 0, 0, 1)),
            (OTHER_KEY, gross(0, 0, 0, 1)),
        ];
        assert_eq!(changes.statuses, wanted.map(|(key, gross)| (key.to_owned(), gross)).into());
        assert_eq!(changes.transitions["SENT"], [("DELIVERED".to_owned(), 1)].into());
        assert_eq!(changes.transitions[OTHER_KEY], [("SENT".to_owned(), 1)].into());
        let prices = PriceChanges { messages: 2, became_known: 1, old: Money(100_000), new: Money(307_900) };
        assert_eq!(changes.prices, Some(prices));
        assert!(!changes.are_none() && MessageChanges::default().are_none());
    }

    #[test]
    fn a_status_called_unknown_is_not_the_group_of_messages_without_one() {
        let mut changes = MessageChanges::default();
        changes.add_changed(ComparedMessage::default(), message("unknown", None));
        assert_eq!(changes.status_changed, Some(1));
        assert_eq!(changes.transitions[UNKNOWN_KEY], [("\"unknown\"".to_owned(), 1)].into());
        assert_eq!((changes.statuses[UNKNOWN_KEY].lost, changes.statuses["\"unknown\""].gained), (1, 1));
    }

    #[test]
    fn the_number_of_statuses_is_limited() {
        let mut changes = MessageChanges::default();
        let name = |at: u32| {
            format!("S{}{}", char::from_u32(0x4e00 + at / 64).unwrap(), char::from_u32(0x4e00 + at % 64).unwrap())
        };
        for at in 0..4000 {
            changes.add_changed(message(&name(at), None), message(&name(at + 1), None));
        }
        let pairs: usize = changes.transitions.values().map(Table::len).sum();
        assert!(pairs <= MAX_KEYS + 1 && changes.statuses.len() <= MAX_KEYS + 1, "{pairs}");
        assert_eq!(changes.transitions.values().flat_map(Table::values).sum::<u64>(), 4000);
    }
}
