//! Filters of the list of contacts.
//!
//! A [`Filter`] is the three documented query parameters. [`FilteredRows`] caches which contacts match it, so that the
//! second page of a filtered list is not computed from scratch. `world` keeps a few of them.
//!
//! *Easy to get wrong:* an updated contact may start or stop matching, so the cache is refreshed for every contact
//! touched since.
//!
//! The documentation says only "search term", "exact number" and channel names. Here `search` matches part of any form of
//! the number, `phone` matches the number as sent or in E.164, and `channel` matches one of the available channels.
//!
//! The cache takes one bit per contact. The unit tests compare it with a plain search.

use std::str::FromStr;

use super::contact::Contact;
use super::parse::ParseError;

/// The filter of a list request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filter {
    /// Part of a number.
    pub(super) search: Option<String>,
    /// A required available channel.
    pub(super) channel: Option<Channel>,
    /// An exact number.
    pub(super) phone: Option<String>,
}

/// The supported channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Sms,
    Whatsapp,
    Rcs,
}

impl FromStr for Channel {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "sms" => Ok(Self::Sms),
            "whatsapp" => Ok(Self::Whatsapp),
            "rcs" => Ok(Self::Rcs),
            _ => Err(ParseError::new(text, "sms, whatsapp or rcs")),
        }
    }
}

impl Filter {
    /// True if every contact matches.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// True if the contact matches.
    pub(super) fn fits(&self, contact: &Contact) -> bool {
        if contact.shape.not_an_object.is_some() {
            return false;
        }
        let numbers = [
            &contact.phone_number,
            &contact.format_e164,
            &contact.format_international,
            &contact.format_national,
            &contact.format_rfc,
        ];
        let mut numbers = numbers.into_iter().flatten();
        self.search.as_deref().is_none_or(|term| numbers.any(|number| contains_ignoring_case(number, term)))
            && self.channel.is_none_or(|channel| {
                contact.available_channels.as_deref().is_some_and(|list| {
                    list.split(',').any(|name| name.trim().parse::<Channel>().is_ok_and(|name| name == channel))
                })
            })
            && self.phone.as_deref().is_none_or(|phone| {
                [&contact.phone_number, &contact.format_e164].into_iter().flatten().any(|number| number == phone)
            })
    }
}

fn contains_ignoring_case(text: &str, term: &str) -> bool {
    text.contains(term) || text.to_lowercase().contains(&term.to_lowercase())
}

/// Which contacts match a filter.
#[derive(Debug, Clone)]
pub(super) struct FilteredRows {
    filter: Filter,
    /// A bit for each contact.
    fitting: Vec<u64>,
    /// Number of checked contacts.
    known: u32,
    /// Number of touched contacts that have been checked again.
    touches_seen: usize,
}

impl FilteredRows {
    /// An empty cache.
    pub(super) fn new(filter: Filter) -> Self {
        Self { filter, fitting: Vec::new(), known: 0, touches_seen: 0 }
    }

    /// The filter.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Checks new contacts up to `end`, and those touched since.
    pub(super) fn renew(&mut self, end: u32, touched: &[u32], contact: impl Fn(u32) -> Contact) {
        self.fitting.resize(end.div_ceil(64) as usize, 0);
        let news = self.known..end;
        let again = touched[self.touches_seen..].iter().copied().filter(|index| *index < self.known);
        for index in again.chain(news) {
            let bit = 1_u64 << (index % 64);
            let word = &mut self.fitting[(index / 64) as usize];
            if self.filter.fits(&contact(index)) {
                *word |= bit;
            } else {
                *word &= !bit;
            }
        }
        self.known = end;
        self.touches_seen = touched.len();
    }

    /// True if the contact matches; it must have been checked.
    pub(super) fn fits(&self, index: u32) -> bool {
        self.fitting[(index / 64) as usize] & (1 << (index % 64)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::maker::{ContactChange, Maker};
    use super::*;

    fn maker() -> Maker {
        Maker { seed: 2, initial: 500, customer_id: None, hostile: false }
    }

    #[test]
    fn channels_are_compared_whatever_their_spelling() {
        let filter = Filter { channel: Some(Channel::Whatsapp), ..Filter::default() };
        let with = |channels: &str| Contact {
            available_channels: Some(channels.to_owned()),
            ..maker().contact(0, ContactChange::default())
        };
        assert!(filter.fits(&with("sms, WhatsApp")));
        assert!(!filter.fits(&with("sms,rcs")));
        assert!(!filter.fits(&with("")));
    }

    #[test]
    fn a_phone_is_exact_and_a_search_is_not() {
        let contact = (0..500)
            .map(|index| maker().contact(index, ContactChange::default()))
            .find(|contact| contact.format_e164.is_some());
        let contact = contact.unwrap();
        let number = contact.format_e164.clone().unwrap();
        let phone = |phone: &str| Filter { phone: Some(phone.to_owned()), ..Filter::default() }.fits(&contact);
        let search = |term: &str| Filter { search: Some(term.to_owned()), ..Filter::default() }.fits(&contact);
        assert!(phone(&number) && !phone(&number[1..]));
        assert!(search(&number) && search(&number[1..8]) && search("TEL:+") && !search("no number"));
    }

    #[test]
    fn cached_matches_are_updated_for_touched_contacts() {
        let filter = Filter { channel: Some(Channel::Sms), ..Filter::default() };
        let mut rows = FilteredRows::new(filter.clone());
        rows.renew(400, &[], |index| maker().contact(index, ContactChange::default()));
        let changed = ContactChange { revision: 1, ..ContactChange::default() };
        let touched: Vec<u32> = (0..400).step_by(2).collect();
        let now = |index: u32| {
            let change = if index < 400 && index.is_multiple_of(2) { changed } else { ContactChange::default() };
            maker().contact(index, change)
        };
        rows.renew(500, &touched, now);
        assert!((0..500).all(|index| rows.fits(index) == filter.fits(&now(index))));
    }
}
