//! Assignment of the initial messages to contacts and times.
//!
//! A [`Dealing`] computes the contact and creation time of each initial message from its number alone. It also finds
//! the messages of a contact without scanning all of them. `mailbox` uses both directions.
//!
//! *Easy to get wrong:* both directions must agree exactly, so the shares of contacts are computed with integers. Times
//! ascend with the number; truncating a fraction must not move a message before its predecessor.
//!
//! A few contacts get many messages and some get none: the share of a contact falls with the square of its rank. More
//! messages are sent by day than by night. One block of 64 messages in twelve is a campaign: all of them have the same
//! creation time.
//!
//! The unit tests deal a few thousand messages and check both directions.

use super::permutation::Permutation;
use super::random::{DrawPurpose, Draws, draw};
use super::times::{DAY, SECOND, Ticks};

/// Number of consecutive messages in a campaign.
const BLOCK: u32 = 64;

/// How many of 1,000 times have how many digits of fraction.
const FRACTION_DIGITS: &[(u32, u32)] = &[(120, 0), (20, 1), (30, 2), (200, 3), (30, 4), (40, 5), (360, 6), (200, 7)];

/// How many of 1,000 messages of a day are sent in each hour, in UTC.
const HOURS: [i64; 24] = [12, 9, 7, 6, 6, 8, 14, 25, 42, 58, 66, 68, 64, 66, 72, 76, 78, 74, 66, 58, 48, 35, 24, 18];

/// The initial messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dealing {
    seed: u64,
    /// How many messages there are.
    count: u32,
    /// How many contacts there are.
    contacts: u32,
    /// When the messages start and end, before [`by_day`] moves them within their day.
    start: i64,
    end: i64,
    shuffled_messages: Permutation,
    shuffled_contacts: Permutation,
}

impl Dealing {
    /// Deals `count` messages, created from `start` to `end`, to the contacts below `contacts`.
    pub(super) fn new(seed: u64, count: u32, contacts: u32, start: Ticks, end: Ticks) -> Self {
        let count = if contacts == 0 { 0 } else { count };
        // Messages are spread evenly, then moved by the hour of the day; the first and last must end up at these two times.
        let [start, end] = [start, end].map(evenly);
        let shuffled_messages = Permutation::new(seed, 1, count);
        let shuffled_contacts = Permutation::new(seed, 2, contacts);
        Self { seed, count, contacts, start, end, shuffled_messages, shuffled_contacts }
    }

    /// How many messages there are.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The contact of a message.
    pub(super) fn contact_of(&self, number: u32) -> u32 {
        let slot = u64::from(self.shuffled_messages.apply(number));
        self.shuffled_contacts.apply(self.rank_of(slot))
    }

    /// The messages of a contact, in no order; none for a contact that was created later.
    pub(super) fn numbers_of(&self, contact: u32) -> impl Iterator<Item = u32> {
        let slots = if contact < self.contacts && self.count > 0 {
            let rank = self.shuffled_contacts.invert(contact);
            self.slots_before(rank)..self.slots_before(rank + 1)
        } else {
            0..0
        };
        slots.map(|slot| self.shuffled_messages.invert(u32::try_from(slot).unwrap_or(u32::MAX)))
    }

    /// Total number of messages of the contacts before this rank.
    fn slots_before(&self, rank: u32) -> u64 {
        u64::from(self.count) - self.slots_of_last(self.contacts - rank)
    }

    /// Total number of messages of the last `contacts` ranks, which is proportional to the cube of `contacts`.
    fn slots_of_last(&self, contacts: u32) -> u64 {
        let cube = |number: u32| u128::from(number).pow(3);
        u64::try_from(u128::from(self.count) * cube(contacts) / cube(self.contacts)).unwrap_or(u64::MAX)
    }

    /// The rank of the contact that a slot belongs to.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a first guess, corrected below"
    )]
    fn rank_of(&self, slot: u64) -> u32 {
        let wanted = u64::from(self.count) - slot;
        let share = (wanted as f64 / f64::from(self.count)).cbrt();
        let mut last = ((share * f64::from(self.contacts)) as u32).min(self.contacts);
        while self.slots_of_last(last) < wanted {
            last += 1;
        }
        while last > 0 && self.slots_of_last(last - 1) >= wanted {
            last -= 1;
        }
        self.contacts - last
    }

    /// When a message was created.
    pub(super) fn created(&self, number: u32) -> Ticks {
        let number = if self.is_campaign(number) { number / BLOCK * BLOCK } else { number };
        let [first, end] = [number, number + 1].map(|number| self.boundary(number));
        let mut draws = Draws::new(self.seed, DrawPurpose::MessageTimes, u64::from(number));
        let within = draws.next() % (end - first).max(1).unsigned_abs();
        let exact = by_day(first + i64::try_from(within).unwrap_or_default());
        let cut = exact.cut_to(*draws.pick_weighted(1_000, FRACTION_DIGITS));
        if cut >= by_day(first) { cut } else { exact }
    }

    /// True if the message belongs to a campaign.
    pub(super) fn is_campaign(&self, number: u32) -> bool {
        draw(self.seed, DrawPurpose::MessageTimes, u64::from(number / BLOCK) | 1 << 40).is_multiple_of(12)
    }

    /// The message that a request with an unstable sort gets at the position of this one, from the same campaign.
    pub(super) fn tied(&self, number: u32, request: u64) -> u32 {
        let first = number / BLOCK * BLOCK;
        if first + BLOCK > self.count || !self.is_campaign(number) {
            return number;
        }
        first + Permutation::new(self.seed ^ request.rotate_left(32), u64::from(first), BLOCK).apply(number - first)
    }

    /// The time that separates a message from its predecessor, if all were spread evenly.
    fn boundary(&self, number: u32) -> i64 {
        let span = i128::from(self.end - self.start);
        let offset = span * i128::from(number) / i128::from(self.count.max(1));
        self.start + i64::try_from(offset).unwrap_or_default()
    }
}

/// Moves a time within its day, so that more messages are sent by day than by night; the order is kept.
fn by_day(even: i64) -> Ticks {
    let (day, within) = (even.div_euclid(DAY), even.rem_euclid(DAY));
    let mut rest = within;
    for (hour, share) in (0_i64..).zip(HOURS) {
        let length = DAY / 1_000 * share;
        if rest < length {
            let hour_ticks = 3_600 * SECOND;
            let offset = i128::from(rest) * i128::from(hour_ticks) / i128::from(length);
            return Ticks(day * DAY + hour * hour_ticks + i64::try_from(offset).unwrap_or_default());
        }
        rest -= length;
    }
    Ticks(even)
}

/// The inverse of [`by_day`]: the time that it moves to `moved`, or to just before.
fn evenly(moved: Ticks) -> i64 {
    let (day, within) = (moved.0.div_euclid(DAY), moved.0.rem_euclid(DAY));
    let hour_ticks = 3_600 * SECOND;
    let hour = usize::try_from(within / hour_ticks).unwrap_or_default();
    let before: i64 = HOURS[..hour].iter().sum();
    let offset = i128::from(within % hour_ticks) * i128::from(DAY / 1_000 * HOURS[hour]) / i128::from(hour_ticks);
    day * DAY + DAY / 1_000 * before + i64::try_from(offset).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Ticks = Ticks(20_454 * DAY);

    fn dealing(count: u32, contacts: u32) -> Dealing {
        Dealing::new(3, count, contacts, START, Ticks(START.0 + 90 * DAY))
    }

    #[test]
    fn both_directions_agree() {
        for (count, contacts) in [(5_000, 700), (10, 1_000), (1_000, 3), (1, 1), (0, 9)] {
            let dealing = dealing(count, contacts);
            let mut seen = 0;
            for contact in 0..contacts {
                for number in dealing.numbers_of(contact) {
                    assert_eq!(dealing.contact_of(number), contact);
                    seen += 1;
                }
            }
            assert_eq!(seen, count);
            assert_eq!(dealing.numbers_of(contacts).count(), 0);
        }
    }

    #[test]
    fn some_contacts_get_many_messages_and_some_get_none() {
        let dealing = dealing(10_000, 2_000);
        let counts: Vec<usize> = (0..2_000).map(|contact| dealing.numbers_of(contact).count()).collect();
        assert!(counts.iter().any(|count| *count >= 14) && counts.contains(&0));
    }

    #[test]
    fn the_largest_account_has_valid_dealing() {
        let dealing = dealing(u32::MAX, u32::MAX);
        let contact = dealing.contact_of(u32::MAX - 1);
        assert!(dealing.numbers_of(contact).any(|number| number == u32::MAX - 1));
    }

    #[test]
    fn times_ascend_and_stay_within_the_days() {
        for count in [300, 20_000] {
            let dealing = dealing(count, 100);
            let times: Vec<Ticks> = (0..count).map(|number| dealing.created(number)).collect();
            assert!(times.is_sorted());
            assert!(times[0] >= START && times[times.len() - 1].0 <= START.0 + 90 * DAY);
        }
    }

    #[test]
    fn no_message_is_created_after_the_end() {
        for hour in [0, 3, 7, 12, 16, 22] {
            let end = Ticks(20_600 * DAY + hour * 3_600 * SECOND + 17);
            let start = Ticks(end.0 - 2 * DAY);
            let dealing = Dealing::new(3, 5_000, 100, start, end);
            let last = dealing.created(4_999);
            assert!(last <= end && last.0 > end.0 - 3_600 * SECOND, "{hour} {last:?}");
            assert!(dealing.created(0).0 > start.0 - SECOND);
            assert!((0..5_000).map(|number| dealing.created(number)).is_sorted());
        }
    }

    #[test]
    fn messages_of_a_campaign_were_created_together() {
        let dealing = dealing(20_000, 100);
        let campaign = (0..20_000).find(|number| dealing.is_campaign(*number)).unwrap();
        assert_eq!(dealing.created(campaign), dealing.created(campaign + 63));
        let others: Vec<u32> = (campaign..campaign + 64).map(|number| dealing.tied(number, 7)).collect();
        assert!(others.iter().all(|number| number / 64 == campaign / 64) && !others.is_sorted());
        assert_eq!(others.iter().collect::<std::collections::HashSet<_>>().len(), 64);
        assert_ne!(others, (campaign..campaign + 64).map(|number| dealing.tied(number, 8)).collect::<Vec<_>>());
        let by_night = (0..20_000).filter(|number| dealing.created(*number).0.rem_euclid(DAY) < DAY / 4).count();
        assert!((500..2_000).contains(&by_night), "{by_night}");
        assert_eq!(HOURS.iter().sum::<i64>(), 1_000);
    }
}
