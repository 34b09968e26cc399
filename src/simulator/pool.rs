//! The contacts of several accounts in one list, as returned for an organization's key.
//!
//! A [`Pool`] numbers the contacts of its [`Maker`]s: first those of the organization, then those of each profile, then
//! those created while the simulator runs. `world` identifies contacts by these numbers only. With one maker, they are
//! the maker's own.
//!
//! *Easy to get wrong:* the account of a contact created later is drawn from its number. That account's maker generates its
//! id, so the id still maps back to the number.
//!
//! One contact of a profile in twenty shares its phone number with a contact of the organization, so such a list
//! contains that number once for each account.
//!
//! The unit tests map numbers to ids and back.

use uuid::Uuid;

use super::contact::Contact;
use super::maker::{ContactChange, ContactTimes, Maker};
use super::random::{DrawPurpose, Draws, draw};

/// Contacts of one or more accounts.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    makers: Vec<Maker>,
    /// The number of the first contact of each, and the number after the last.
    starts: Vec<u32>,
}

impl From<Maker> for Pool {
    fn from(maker: Maker) -> Self {
        Self::new(vec![maker])
    }
}

impl Pool {
    /// The contacts of these makers, at least one.
    pub(super) fn new(makers: Vec<Maker>) -> Self {
        let mut starts = vec![0];
        starts.extend(makers.iter().scan(0_u32, |end, maker| {
            *end = end.saturating_add(maker.initial);
            Some(*end)
        }));
        Self { makers, starts }
    }

    /// Initial number of contacts.
    pub(super) fn initial(&self) -> u32 {
        self.starts[self.makers.len()]
    }

    /// The seed of movement.
    pub(super) fn seed(&self) -> u64 {
        self.makers[0].seed
    }

    /// Whether to generate hostile contacts.
    pub(super) fn is_hostile(&self) -> bool {
        self.makers[0].hostile
    }

    /// True if there are contacts of more than one account.
    pub(super) fn is_mixed(&self) -> bool {
        self.makers.len() > 1
    }

    /// The account of this contact, by the index of its maker.
    pub(super) fn owner_of(&self, index: u32) -> usize {
        if !self.is_mixed() {
            0
        } else if index < self.initial() {
            self.starts.partition_point(|start| *start <= index) - 1
        } else {
            let mut draws = Draws::new(self.seed(), DrawPurpose::Account, u64::from(index) | 1 << 40);
            draws.below(u32::try_from(self.makers.len()).unwrap_or(u32::MAX)) as usize
        }
    }

    /// The account of this contact, and its number there.
    fn local(&self, index: u32) -> (&Maker, u32) {
        let owner = self.owner_of(index);
        let number = if index < self.initial() { index - self.starts[owner] } else { index };
        (&self.makers[owner], number)
    }

    /// The id of a contact.
    pub(super) fn id(&self, index: u32) -> Uuid {
        let (maker, number) = self.local(index);
        maker.id(number)
    }

    /// The number of the contact with this id, if any maker generates it.
    pub(super) fn index_of(&self, id: Uuid) -> Option<u32> {
        self.makers.iter().zip(0..).find_map(|(maker, owner)| {
            let number = maker.index_of(id)?;
            let index = if number < maker.initial { self.starts[owner] + number } else { number };
            (self.id_is_of(index, owner) && self.id(index) == id).then_some(index)
        })
    }

    fn id_is_of(&self, index: u32, owner: usize) -> bool {
        self.owner_of(index) == owner
    }

    /// When an initial contact was created and updated.
    pub(super) fn times(&self, index: u32) -> ContactTimes {
        let (maker, number) = self.local(index);
        maker.times(number)
    }

    /// The contact with this number, after its changes by movement.
    pub(super) fn contact(&self, index: u32, change: ContactChange) -> Contact {
        let (maker, number) = self.local(index);
        let mut contact = maker.contact(number, change);
        contact.index = index;
        let first = &self.makers[0];
        let is_twin = || draw(maker.seed, DrawPurpose::Twin, u64::from(number)).is_multiple_of(20);
        if self.owner_of(index) > 0 && first.initial > 0 && !first.hostile && is_twin() {
            let twin = first.contact(number % first.initial, ContactChange::default());
            contact = Contact {
                phone_number: twin.phone_number,
                format_e164: twin.format_e164,
                format_international: twin.format_international,
                format_national: twin.format_national,
                format_rfc: twin.format_rfc,
                country_code: twin.country_code,
                region_code: twin.region_code,
                ..contact
            };
        }
        contact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maker(seed: u64, initial: u32) -> Maker {
        Maker { seed, initial, customer_id: Some(Uuid::from_u128(seed.into())), hostile: false }
    }

    #[test]
    fn with_one_maker_the_numbers_are_its_own() {
        let (pool, maker) = (Pool::from(maker(1, 50)), maker(1, 50));
        for index in [0, 49, 50, 1_000] {
            assert_eq!(pool.contact(index, ContactChange::default()), maker.contact(index, ContactChange::default()));
            assert_eq!(pool.index_of(maker.id(index)), Some(index));
        }
    }

    #[test]
    fn every_number_has_an_id_that_maps_back_to_it() {
        let pool = Pool::new(vec![maker(1, 100), maker(2, 30), maker(3, 0), maker(4, 7)]);
        assert_eq!(pool.initial(), 137);
        let mut owners = [0; 4];
        for index in 0..400 {
            assert_eq!(pool.index_of(pool.id(index)), Some(index));
            owners[pool.owner_of(index)] += u32::from(index < 137);
            let customer = Uuid::from_u128(pool.owner_of(index) as u128 + 1).to_string();
            assert_eq!(pool.contact(index, ContactChange::default()).customer_id, Some(customer));
        }
        assert_eq!(owners, [100, 30, 0, 7]);
        assert!((137..400).any(|index| pool.owner_of(index) == 2));
        assert_eq!(pool.index_of(Uuid::nil()), None);
    }

    #[test]
    fn some_numbers_are_in_two_accounts() {
        let pool = Pool::new(vec![maker(1, 500), maker(2, 500)]);
        let number = |index| pool.contact(index, ContactChange::default()).format_e164;
        let twins = (0..500).filter(|index| number(*index).is_some() && number(*index) == number(500 + index)).count();
        assert!((10..45).contains(&twins), "{twins}");
    }
}
