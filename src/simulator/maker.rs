//! Generates contacts.
//!
//! [`Maker`] computes a [`Contact`] from seed and index alone and stores nothing, so a million contacts fit in a few
//! megabytes. `world` calls it whenever a page is written or a filter is applied.
//!
//! *Easy to get wrong:* a contact must never depend on the clock or on its position in the list. Only rows that changed
//! contain the real time, from the [`ContactChange`] that the caller passes. Dates are spread evenly over the years, so they
//! are the only values that depend on the number of contacts.
//!
//! The proportions of nulls, number formats, channels and opt-outs are guesses at a messy but realistic account: 4% opted
//! out, 60% never updated, 3% without channels, a few numbers that no library can parse.
//!
//! The unit tests check proportions and determinism; `tests/sdk/check_phone_numbers.py` checks the numbers against
//! libphonenumber.

use uuid::Uuid;

use super::contact::{Contact, Shape};
use super::hostile;
use super::random::{DrawPurpose, Draws, draw};
use super::regions::Region;
use super::times::{DAY, Ticks, ZoneSuffix};

/// How movement changed a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ContactChange {
    /// When it was created, if that was while the simulator ran.
    pub(super) created: Option<Ticks>,
    /// When it was last updated, if that was while the simulator ran.
    pub(super) updated: Option<Ticks>,
    /// How often it was updated.
    pub(super) revision: u32,
}

/// Makes the contacts of one account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maker {
    /// The account's seed.
    pub(super) seed: u64,
    /// Initial number of contacts, over which dates are spread.
    pub(super) initial: u32,
    /// The account of the contacts; `None` omits the field, as in older versions of the API.
    pub(super) customer_id: Option<Uuid>,
    /// Whether to generate hostile contacts.
    pub(super) hostile: bool,
}

/// When a contact was created and updated.
#[derive(Debug, Clone, Copy)]
pub(super) struct ContactTimes {
    /// When it was created.
    pub(super) created: Ticks,
    /// When it was updated, if ever.
    pub(super) updated: Option<Ticks>,
}

/// Channel lists and how many of 1,000 contacts have them.
const CHANNELS: &[(u32, Option<&str>)] = &[
    (430, Some("sms")),
    (300, Some("sms,whatsapp")),
    (80, Some("sms,whatsapp,rcs")),
    (70, Some("whatsapp")),
    (30, Some("sms,rcs")),
    (10, Some("rcs")),
    (20, Some("whatsapp,sms")),
    (20, Some("sms, whatsapp")),
    (5, Some("SMS,WhatsApp")),
    (3, Some(" sms ,whatsapp")),
    (2, Some("sms,sms")),
    (20, None),
    (10, Some("")),
];

/// How many of 1,000 times have how many digits of fraction.
const FRACTION_DIGITS: &[(u32, u32)] = &[(150, 0), (20, 1), (30, 2), (200, 3), (30, 4), (40, 5), (330, 6), (200, 7)];

/// January 1, 2019, before which no contact was created.
const EARLIEST: Ticks = Ticks(17_897 * DAY);

impl Maker {
    /// The id of a contact: a version 4 UUID that encodes the index.
    pub(super) fn id(&self, index: u32) -> Uuid {
        let high = draw(self.seed, DrawPurpose::Id, u64::from(index));
        let high = (high & !0xF000) | 0x4000;
        let mask = draw(self.seed, DrawPurpose::Id, high);
        let low = (mask & 0x3FFF_FFFF_0000_0000) | u64::from(index ^ low_half(mask)) | 0x8000_0000_0000_0000;
        Uuid::from_u64_pair(high, low)
    }

    /// The index of the contact with this id, if this maker generates it.
    pub(super) fn index_of(&self, id: Uuid) -> Option<u32> {
        let (high, low) = id.as_u64_pair();
        let index = low_half(low) ^ low_half(draw(self.seed, DrawPurpose::Id, high));
        (self.id(index) == id).then_some(index)
    }

    /// When a contact was created and changed: ascending with the index, never after a fixed time in the past.
    pub(super) fn times(&self, index: u32) -> ContactTimes {
        let mut draws = Draws::new(self.seed, DrawPurpose::Times, u64::from(index));
        let end = self.last_moment();
        let step = (end.0 - EARLIEST.0) / i64::from(self.initial.max(1));
        let start = EARLIEST.0 + i64::from(index) * step;
        let created = start + i64::try_from(draws.next() % step.max(1).unsigned_abs()).unwrap_or_default();
        let digits = *draws.pick_weighted(1_000, FRACTION_DIGITS);
        let created = Ticks(created).cut_to(digits).max(EARLIEST);
        let updated = draws.in_thousand(400).then(|| {
            // Squaring puts most updates soon after the creation.
            let share = i64::from(draws.below(1_000));
            let after = ((end.0 - created.0) / 1_000_000).saturating_mul(share * share);
            Ticks(created.0.saturating_add(after.max(0))).cut_to(digits)
        });
        ContactTimes { created, updated }
    }

    /// The time of the last initial change, in the last quarter of 2025.
    fn last_moment(&self) -> Ticks {
        let days = i64::from(low_half(draw(self.seed, DrawPurpose::Account, 0)) % 90);
        Ticks(20_362 * DAY + days * DAY)
    }

    /// The contact with this index, after its changes by movement.
    pub(super) fn contact(&self, index: u32, change: ContactChange) -> Contact {
        let mut draws = Draws::new(self.seed, DrawPurpose::Contact, u64::from(index));
        let region = Region::drawn(&mut draws);
        let digits = region.digits(&mut draws);
        let formats = Formats::new(region, &digits);
        let spelling = spelling(&formats, region, &digits, &mut draws);
        let parsed = !draws.in_thousand(8);
        let region_code = region_code(region, &mut draws);
        let available_channels = *draws.pick_weighted(1_000, CHANNELS);
        let default_channel = default_channel(available_channels, &mut draws);
        let opt_out = match draws.below(1_000) {
            0..40 => Some(true),
            40..45 => None,
            _ => Some(false),
        };
        let (created_at, updated_at) = self.written_times(index, change, &mut draws);
        let when_parsed = |text: String| parsed.then_some(text);
        let mut contact = Contact {
            index,
            id: Some(self.id(index).to_string()),
            phone_number: if parsed { spelling } else { Some(digits[..5].to_owned()) },
            format_e164: when_parsed(formats.e164),
            format_international: when_parsed(formats.international),
            format_national: when_parsed(formats.national),
            format_rfc: when_parsed(formats.rfc),
            country_code: when_parsed(region.calling_code.to_owned()),
            region_code: region_code.filter(|_| parsed),
            available_channels: available_channels.map(str::to_owned),
            default_channel: default_channel.map(str::to_owned),
            opt_out,
            is_inherited: Some(false),
            created_at,
            updated_at,
            customer_id: self.customer_id.map(|id| id.to_string()),
            shape: Shape::default(),
        };
        if change.revision > 0 {
            self.revise(&mut contact, change.revision);
        }
        if self.hostile {
            hostile::distort(&mut contact, self.seed);
        }
        contact
    }

    /// Applies an update to the contact's values.
    fn revise(&self, contact: &mut Contact, revision: u32) {
        let mut draws =
            Draws::new(self.seed, DrawPurpose::Revision, u64::from(contact.index) << 32 | u64::from(revision));
        contact.opt_out = Some(contact.opt_out.unwrap_or_default() ^ (revision % 2 == 1));
        let channels = *draws.pick_weighted(1_000, CHANNELS);
        contact.available_channels = channels.map(str::to_owned);
        contact.default_channel = default_channel(channels, &mut draws).map(str::to_owned);
    }

    fn written_times(&self, index: u32, change: ContactChange, draws: &mut Draws) -> (Option<String>, Option<String>) {
        let times = self.times(index);
        let kind = draws.below(1_000);
        let zone = if draws.in_thousand(50) { ZoneSuffix::Offset } else { ZoneSuffix::Letter };
        let unset = Ticks::UNSET.text([ZoneSuffix::Missing, ZoneSuffix::Letter, ZoneSuffix::Offset][kind as usize % 3]);
        let created_at = match (change.created, kind) {
            (Some(created), _) => Some(created.text(zone)),
            (None, 0..3) => Some(unset.clone()),
            (None, 3..5) => None,
            _ => Some(times.created.text(zone)),
        };
        let updated_at = match (change.updated, change.created, kind) {
            (Some(updated), _, _) => Some(updated.text(zone)),
            (None, Some(_), _) => None,
            (None, None, 995..1_000) => Some(unset),
            _ => times.updated.map(|updated| updated.text(zone)),
        };
        (created_at, updated_at)
    }
}

/// The formatted forms of a number.
struct Formats {
    e164: String,
    international: String,
    national: String,
    rfc: String,
}

impl Formats {
    fn new(region: &Region, digits: &str) -> Self {
        let mut e164 = String::with_capacity(16);
        e164.push('+');
        e164.push_str(region.calling_code);
        let mut international = String::with_capacity(24);
        international.push_str(&e164);
        international.push(' ');
        region.write_international(digits, false, &mut international);
        let mut national = String::with_capacity(24);
        region.write_national(digits, &mut national);
        let mut rfc = String::with_capacity(28);
        rfc.push_str("tel:");
        rfc.push_str(&e164);
        rfc.push('-');
        region.write_international(digits, true, &mut rfc);
        e164.push_str(digits);
        Self { e164, international, national, rfc }
    }
}

/// The number as it was entered.
fn spelling(formats: &Formats, region: &Region, digits: &str, draws: &mut Draws) -> Option<String> {
    let text = match draws.below(1_000) {
        0..600 => formats.e164.clone(),
        600..700 => formats.national.clone(),
        700..800 => formats.international.clone(),
        800..850 => format!("00{}{digits}", region.calling_code),
        850..900 => format!("{}{digits}", region.calling_code),
        900..940 => formats.international.replace(' ', "\u{a0}"),
        940..960 => formats.international.replace(' ', "."),
        // Full-width digits and plus, as East Asian input methods produce them.
        960..980 => formats.e164.chars().map(full_width).collect(),
        980..995 => format!("(+{}) {digits}", region.calling_code),
        _ => return None,
    };
    Some(text)
}

/// The full-width form of an ASCII character.
fn full_width(character: char) -> char {
    char::from_u32(u32::from(character) + 0xFEE0).unwrap_or(character)
}

fn region_code(region: &Region, draws: &mut Draws) -> Option<String> {
    match draws.below(1_000) {
        0..3 => None,
        3..5 => Some(String::new()),
        5..10 => Some(region.code.to_lowercase()),
        _ => Some(region.code.to_owned()),
    }
}

/// Usually the first of the channels, sometimes another value.
fn default_channel(channels: Option<&'static str>, draws: &mut Draws) -> Option<&'static str> {
    match draws.below(1_000) {
        0..40 => None,
        40..45 => Some(""),
        45..55 => Some("SMS"),
        _ => channels.and_then(|list| list.split(',').next()).map(str::trim).filter(|channel| !channel.is_empty()),
    }
}

/// The low 32 bits.
fn low_half(bits: u64) -> u32 {
    u32::try_from(bits & 0xFFFF_FFFF).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maker() -> Maker {
        Maker { seed: 1, initial: 20_000, customer_id: Some(Uuid::from_u128(1)), hostile: false }
    }

    fn share(is_counted: impl Fn(&Contact) -> bool) -> usize {
        (0..20_000).filter(|index| is_counted(&maker().contact(*index, ContactChange::default()))).count() / 20
    }

    #[test]
    fn the_same_seed_and_index_give_the_same_contact() {
        assert_eq!(maker().contact(17, ContactChange::default()), maker().contact(17, ContactChange::default()));
        let other = Maker { seed: 2, ..maker() };
        assert_ne!(maker().contact(17, ContactChange::default()).id, other.contact(17, ContactChange::default()).id);
    }

    #[test]
    fn an_id_maps_back_to_its_index_and_a_foreign_id_does_not() {
        for index in [0, 1, 77, 1_000_000, u32::MAX] {
            let id = maker().id(index);
            assert_eq!(id.get_version_num(), 4);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(maker().index_of(id), Some(index));
            assert_eq!(Maker { seed: 2, ..maker() }.index_of(id), None);
        }
        assert_eq!(maker().index_of(Uuid::nil()), None);
    }

    #[test]
    fn proportions_are_realistic() {
        assert!((30..=50).contains(&share(|contact| contact.opt_out == Some(true))));
        assert!((580..=620).contains(&share(|contact| contact.updated_at.is_none())));
        assert!((15..=25).contains(&share(|contact| contact.available_channels.is_none())));
        assert!((3..=14).contains(&share(|contact| contact.format_e164.is_none())));
        assert!((60..=110).contains(&share(|contact| contact.default_channel.is_none())));
    }

    #[test]
    fn creation_times_ascend_and_end_in_the_past() {
        let mut before = Ticks::UNSET;
        for index in 0..20_000 {
            let times = maker().times(index);
            assert!(times.created >= before, "{index}");
            assert!(
                times.updated.is_none_or(|updated| updated >= times.created && updated.0 < 20_454 * DAY),
                "{index}"
            );
            before = times.created;
        }
        assert!(before.0 < 20_454 * DAY, "times before 2026");
    }

    #[test]
    fn an_update_shows_in_the_values() {
        let before = maker().contact(5, ContactChange::default());
        let change = ContactChange { updated: Some(Ticks(20_500 * DAY)), revision: 1, ..ContactChange::default() };
        let after = maker().contact(5, change);
        assert_ne!(before.opt_out, after.opt_out);
        assert_eq!(after.updated_at.as_deref().map(|text| &text[..10]), Some("2026-02-16"));
        assert_eq!(before.id, after.id);
    }

    #[test]
    fn the_formats_of_a_number_agree() {
        for index in 0..2_000 {
            let contact = maker().contact(index, ContactChange::default());
            let digits = |text: &Option<String>| {
                text.as_ref().map(|text| text.chars().filter(char::is_ascii_digit).collect::<String>())
            };
            assert_eq!(digits(&contact.format_e164), digits(&contact.format_international));
            assert_eq!(digits(&contact.format_e164), digits(&contact.format_rfc));
        }
    }
}
