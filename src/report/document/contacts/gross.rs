//! Added, removed and changed contacts between two exports, which the difference of two counts does not show.
//!
//! *Easy to get wrong:* a contact can change its region or its channels, so a group can grow without any new contact. Such
//! contacts are counted separately, as gained and lost. The new contacts of a group are its old ones, plus those added and
//! gained, minus those removed and lost.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use crate::report::table::{MAX_KEYS, NONE_KEY, OTHER_KEY, UNKNOWN_KEY, is_countable, key_of};

/// The changes between the contacts of two exports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GrossChanges {
    /// Whether contacts that only the older export has may still exist, because the newer one may lack rows.
    pub removed_may_exist: bool,
    /// All contacts.
    pub total: Gross,
    /// By region.
    pub regions: BTreeMap<String, Gross>,
    /// By available channel; a contact counts once for each, and as `none` without any.
    pub channels: BTreeMap<String, Gross>,
}

/// The changes of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Gross {
    /// Contacts that only the newer export has.
    pub added: u64,
    /// Contacts that only the older export has.
    pub removed: u64,
    /// Contacts of both exports that were not in this group in the older one.
    pub gained: u64,
    /// Contacts of both exports that are not in this group in the newer one.
    pub lost: u64,
    /// Contacts of both exports that opted out in between; counted in their group in the newer export.
    pub opted_out: u64,
    /// Contacts of both exports that opted in again; counted in their group in the newer export.
    pub opted_in: u64,
}

impl AddAssign for Gross {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.removed += other.removed;
        self.gained += other.gained;
        self.lost += other.lost;
        self.opted_out += other.opted_out;
        self.opted_in += other.opted_in;
    }
}

/// The groups of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupsOfContact {
    /// `region_code`
    pub region: Option<String>,
    /// `available_channels`
    pub channels: Vec<String>,
}

/// A change of the opt-out of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptOutChange {
    /// It opted out.
    OptedOut,
    /// It opted in again.
    OptedIn,
}

impl GrossChanges {
    /// Counts a contact that only the newer export has.
    pub fn add_new(&mut self, new: &GroupsOfContact) {
        self.count(new, |gross| gross.added += 1);
    }

    /// Counts a contact that only the older export has.
    pub fn add_removed(&mut self, old: &GroupsOfContact) {
        self.count(old, |gross| gross.removed += 1);
    }

    /// Counts a contact that both exports have.
    pub fn add_changed(&mut self, old: &GroupsOfContact, new: &GroupsOfContact, opt_out: Option<OptOutChange>) {
        if old.region != new.region {
            entry(&mut self.regions, &region_key(old)).lost += 1;
            entry(&mut self.regions, &region_key(new)).gained += 1;
        }
        let (before, after) = (channel_keys(old), channel_keys(new));
        for channel in before.iter().filter(|channel| !after.contains(channel)) {
            entry(&mut self.channels, channel).lost += 1;
        }
        for channel in after.iter().filter(|channel| !before.contains(channel)) {
            entry(&mut self.channels, channel).gained += 1;
        }
        match opt_out {
            Some(OptOutChange::OptedOut) => self.count(new, |gross| gross.opted_out += 1),
            Some(OptOutChange::OptedIn) => self.count(new, |gross| gross.opted_in += 1),
            None => {}
        }
    }

    fn count(&mut self, groups: &GroupsOfContact, add: fn(&mut Gross)) {
        add(&mut self.total);
        add(entry(&mut self.regions, &region_key(groups)));
        for channel in channel_keys(groups) {
            add(entry(&mut self.channels, &channel));
        }
    }

    /// Whether there are no changes.
    pub fn are_none(&self) -> bool {
        self.total == Gross::default() && self.regions.is_empty() && self.channels.is_empty()
    }
}

fn region_key(groups: &GroupsOfContact) -> Cow<'_, str> {
    groups.region.as_deref().map_or(UNKNOWN_KEY.into(), key_of)
}

fn channel_keys(groups: &GroupsOfContact) -> Vec<Cow<'_, str>> {
    let channels = &groups.channels;
    if channels.is_empty() { vec![NONE_KEY.into()] } else { channels.iter().map(|channel| key_of(channel)).collect() }
}

/// The entry of a key; that of [`OTHER_KEY`] for a key beyond [`MAX_KEYS`], or one that could be personal.
fn entry<'a>(groups: &'a mut BTreeMap<String, Gross>, key: &str) -> &'a mut Gross {
    let is_kept = groups.contains_key(key) || groups.len() < MAX_KEYS && is_countable(key);
    groups.entry(if is_kept { key } else { OTHER_KEY }.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_that_moves_is_lost_and_gained_but_neither_added_nor_removed() {
        let contact = |region: &str, channels: &[&str]| GroupsOfContact {
            region: Some(region.to_owned()),
            channels: channels.iter().map(|&channel| channel.to_owned()).collect(),
        };
        let mut changes = GrossChanges::default();
        changes.add_changed(&contact("DE", &[]), &contact("FR", &["sms"]), Some(OptOutChange::OptedOut));
        changes.add_new(&contact("DE", &["sms", "rcs"]));
        changes.add_removed(&contact("+4930123456789", &["sms"]));
        assert_eq!(changes.total, Gross { added: 1, removed: 1, opted_out: 1, ..Gross::default() });
        assert_eq!(changes.regions["DE"], Gross { added: 1, lost: 1, ..Gross::default() });
        assert_eq!(changes.regions["FR"], Gross { gained: 1, opted_out: 1, ..Gross::default() });
        assert_eq!(changes.regions[OTHER_KEY], Gross { removed: 1, ..Gross::default() });
        assert_eq!(
            changes.channels["sms"],
            Gross { added: 1, removed: 1, gained: 1, opted_out: 1, ..Gross::default() }
        );
        assert_eq!(changes.channels[NONE_KEY], Gross { lost: 1, ..Gross::default() });
    }

    #[test]
    fn a_channel_called_none_is_not_the_group_of_contacts_without_one() {
        let contact = |region: Option<&str>, channels: &[&str]| GroupsOfContact {
            region: region.map(str::to_owned),
            channels: channels.iter().map(|&channel| channel.to_owned()).collect(),
        };
        let mut changes = GrossChanges::default();
        changes.add_changed(&contact(None, &[]), &contact(Some("unknown"), &["none"]), None);
        for (groups, key) in [(&changes.regions, UNKNOWN_KEY), (&changes.channels, NONE_KEY)] {
            assert_eq!(groups[key], Gross { lost: 1, ..Gross::default() });
            assert_eq!(groups[&format!("\"{key}\"")], Gross { gained: 1, ..Gross::default() });
        }
    }
}
