//! The messages of one account, and their state at a given time.
//!
//! A [`Mailbox`] serves the endpoints: a window of all messages, one message, the messages of a contact. Initial
//! messages are computed (`dealing`); a message that arrives later is stored as two times and a contact.
//! `message_maker` generates everything else on demand.
//!
//! *Easy to get wrong:* every query takes a time, because a replica responds as of an earlier one. A message is visible from
//! its commit on. With `--late-commits` that is later than its creation, so it appears among messages that a reader has
//! already passed.
//!
//! Memory: 24 bytes for each message that arrives. If several accounts share a mailbox, also four bytes for each message of
//! a profile whose list has been requested.
//!
//! The unit tests add messages and compare lists, summaries and single messages.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use uuid::Uuid;

use super::contact::Contact;
use super::dealing::Dealing;
use super::hostile_message;
use super::maker::Maker;
use super::message::Message;
use super::message_maker::{MessageDraft, Sender};
use super::messaging::{MessageClock, Messaging, Until};
use super::movement::{Arrival, Movement, Mover};
use super::random::{DrawPurpose, Draws, mix};
use super::settings::Settings;
use super::times::{DAY, SECOND, Ticks};
use super::world::{World, as_texts};

/// January 1, 2026.
const FIRST_DAY: Ticks = Ticks(20_454 * DAY);

/// The messages of an account.
#[derive(Debug)]
pub(super) struct Mailbox {
    seed: u64,
    /// Used only to generate ids.
    ids: Maker,
    dealing: Dealing,
    /// The senders, by the owner of the contact.
    senders: Vec<Sender>,
    hostile: bool,
    /// Messages that arrived later, in order of creation.
    arrived: Vec<ArrivedMessage>,
    /// The latest time.
    clock: Ticks,
    manner: MessageClock,
    /// When the clock was last read.
    looked_at: Option<Instant>,
    mover: Mover,
    /// Maximum time from creation to commit.
    late: i64,
    /// The time of the first request for the list.
    first_read: Option<Ticks>,
    /// The initial messages of each owner, in order of creation, if there are several.
    owned: HashMap<usize, Vec<u32>>,
}

/// A message that arrived while the simulator was running.
#[derive(Debug, Clone, Copy)]
struct ArrivedMessage {
    created: Ticks,
    committed: Ticks,
    contact: u32,
}

/// Ground truth about the organization's messages: what an export must and may contain.
///
/// Messages without an id, which only hostile mode has, are counted and not listed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct MessageTruth {
    /// The ids visible now, newest first.
    #[serde(serialize_with = "as_texts")]
    pub present_now: Vec<Uuid>,
    /// The ids visible when the first page was requested, newest first.
    #[serde(serialize_with = "as_texts")]
    pub present_throughout: Vec<Uuid>,
    /// Number of items visible now that have no id or are not objects.
    pub unidentified_now: u64,
}

/// A window of the list, newest first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MessageWindow {
    /// The numbers of the messages in it.
    pub(super) numbers: Vec<u32>,
    /// Number of messages in the whole list.
    pub(super) total: u32,
}

impl Mailbox {
    /// The messages of an account with this many contacts; `count` is the initial number of messages.
    pub(super) fn new(settings: &Settings, seed: u64, contacts: u32, count: u32, senders: Vec<Sender>) -> Self {
        let messaging = &settings.messaging;
        let (start, end) = span(messaging);
        let dealing = Dealing::new(mix(seed ^ DrawPurpose::Message as u64), count, contacts, start, end);
        let movement = Movement { created: messaging.arrivals, ..Movement::default() };
        Self {
            seed,
            ids: Maker {
                seed: mix(seed ^ DrawPurpose::Messages as u64),
                initial: dealing.count(),
                customer_id: None,
                hostile: false,
            },
            dealing,
            senders,
            hostile: settings.hostile,
            arrived: Vec::new(),
            clock: end,
            manner: messaging.clock,
            looked_at: None,
            mover: Mover::new(movement, mix(seed)),
            late: ticks_of(settings.service.late_commits),
            first_read: None,
            owned: HashMap::new(),
        }
    }

    /// The time as of which a query is answered, by the primary or by a replica with this lag.
    pub(super) fn moment(&self, lag: Duration) -> Ticks {
        let speed = if let MessageClock::Running(speed) = self.manner { speed } else { 1.0 };
        Ticks(self.clock.0 - ticks_of(lag.mul_f64(speed)))
    }

    /// Advances the time to this time of the real clock.
    pub(super) fn advance_clock(&mut self, now: Instant) {
        let before = *self.looked_at.get_or_insert(now);
        if let MessageClock::Running(speed) = self.manner
            && now > before
        {
            self.clock.0 += ticks_of((now - before).mul_f64(speed));
            self.looked_at = Some(now);
        }
    }

    /// Adds the messages that are due when a page is requested; returns how many.
    pub(super) fn add_due_messages(&mut self, arrival: Arrival, world: &World) -> u64 {
        let before = self.clock;
        self.advance_clock(arrival.at);
        if let MessageClock::PerRequest(duration) = self.manner {
            self.clock.0 += ticks_of(duration);
        }
        self.first_read.get_or_insert(before);
        let count = u32::try_from(self.mover.steps(arrival).len()).unwrap_or(u32::MAX);
        let now = self.clock;
        self.receive(count, before, now, world);
        u64::from(count)
    }

    /// Advances the time, with new messages evenly spread over it.
    pub(super) fn pass_time(&mut self, duration: Duration, count: u32, world: &World) {
        let before = self.clock;
        self.clock.0 += ticks_of(duration);
        let now = self.clock;
        self.receive(count, before, now, world);
    }

    /// Adds messages created at even intervals after `before` and until `now`; if no time has passed, advances the clock.
    fn receive(&mut self, count: u32, before: Ticks, now: Ticks, world: &World) {
        for position in 1..=i64::from(count) {
            let number = self.next_number();
            let mut draws = Draws::new(self.seed, DrawPurpose::Commit, u64::from(number));
            let created = if now > before {
                let offset = i128::from(now.0 - before.0) * i128::from(position) / i128::from(count);
                Ticks(before.0 + i64::try_from(offset).unwrap_or_default()).cut_to(6)
            } else {
                self.clock.0 += SECOND / 5 + i64::from(draws.below(18_000_000));
                self.clock.cut_to(6)
            };
            let share = i64::from(draws.below(1_001));
            let committed = Ticks(created.0 + self.late / 1_000 * share);
            let contact = recipient(&mut draws, world);
            if let Some(contact) = contact {
                self.arrived.push(ArrivedMessage { created, committed, contact });
            }
        }
    }

    /// The number that the next message gets.
    fn next_number(&self) -> u32 {
        self.dealing.count() + u32::try_from(self.arrived.len()).unwrap_or(u32::MAX)
    }

    /// Reorders ties in the window for this request, if the sort is unstable.
    pub(super) fn mix_ties(&self, window: &mut MessageWindow, request: u64) {
        for number in &mut window.numbers {
            *number = self.dealing.tied(*number, request);
        }
    }

    /// The messages visible at a time, from `offset` on; only those of one owner, if given.
    pub(super) fn window(
        &mut self,
        owner: Option<usize>,
        offset: u64,
        size: u32,
        moment: Ticks,
        world: &World,
    ) -> MessageWindow {
        let initial = self.dealing.count();
        // Messages that arrived and were committed early enough, newest last.
        let committed_all = self.arrived.partition_point(|message| message.created.0 + self.late <= moment.0);
        let is_of = |contact: u32| world.is_of(contact, owner);
        let number = |place: usize| initial + u32::try_from(place).unwrap_or(u32::MAX);
        let arrived: Vec<u32> = (0..self.arrived.len())
            .filter(|place| *place < committed_all || self.arrived[*place].committed <= moment)
            .filter(|place| is_of(self.arrived[*place].contact))
            .map(number)
            .collect();
        let dealing = self.dealing;
        let from_beginning = owner.map(|owner| {
            &*self.owned.entry(owner).or_insert_with(|| {
                (0..initial).filter(|number| world.owner_of(dealing.contact_of(*number)) == owner).collect()
            })
        });
        let first = from_beginning.map_or(initial, |list| u32::try_from(list.len()).unwrap_or(u32::MAX));
        let total = first.saturating_add(u32::try_from(arrived.len()).unwrap_or(u32::MAX));
        let start = u32::try_from(offset).unwrap_or(u32::MAX).min(total);
        let numbers = (start..start.saturating_add(size).min(total)).map(|position| {
            let by_creation = total - 1 - position;
            match (by_creation.checked_sub(first), from_beginning) {
                (Some(place), _) => arrived[place as usize],
                (None, Some(list)) => list[by_creation as usize],
                (None, None) => by_creation,
            }
        });
        MessageWindow { numbers: numbers.collect(), total }
    }

    /// The id of a message.
    pub(super) fn id(&self, number: u32) -> Uuid {
        self.ids.id(number)
    }

    /// The number of the message with this id, if visible at that time.
    pub(super) fn number_of(&self, id: Uuid, moment: Ticks) -> Option<u32> {
        self.ids.index_of(id).filter(|number| self.is_visible(*number, moment))
    }

    fn is_visible(&self, number: u32, moment: Ticks) -> bool {
        match number.checked_sub(self.dealing.count()) {
            None => true,
            Some(place) => self.arrived.get(place as usize).is_some_and(|message| message.committed <= moment),
        }
    }

    /// The contact of a message that exists.
    pub(super) fn contact_of(&self, number: u32) -> u32 {
        match number.checked_sub(self.dealing.count()) {
            None => self.dealing.contact_of(number),
            Some(place) => self.arrived[place as usize].contact,
        }
    }

    fn created(&self, number: u32) -> Ticks {
        match number.checked_sub(self.dealing.count()) {
            None => self.dealing.created(number),
            Some(place) => self.arrived[place as usize].created,
        }
    }

    fn sketch(&self, number: u32, contact: &Contact) -> MessageDraft {
        let is_campaign = number < self.dealing.count() && self.dealing.is_campaign(number);
        MessageDraft::new(self.seed, number, self.created(number), contact, is_campaign)
    }

    /// An existing message as of a time.
    pub(super) fn message(&self, number: u32, moment: Ticks, world: &World) -> Message {
        let index = self.contact_of(number);
        let contact = world.contact(index);
        let sender = &self.senders[world.owner_of(index)];
        let mut message = self.sketch(number, &contact).message(self.id(number), &contact, sender, moment);
        if self.hostile {
            hostile_message::distort(&mut message, self.seed);
        }
        message
    }

    /// The messages of a contact as of a time: creation time, channel and status of each.
    pub(super) fn history(
        &self,
        contact: u32,
        moment: Ticks,
        world: &World,
    ) -> Vec<(Ticks, &'static str, &'static str)> {
        let written = world.contact(contact);
        let arrived = (self.dealing.count()..self.next_number())
            .filter(|number| self.contact_of(*number) == contact && self.is_visible(*number, moment));
        let mut numbers: Vec<u32> = self.dealing.numbers_of(contact).chain(arrived).collect();
        numbers.sort_unstable();
        numbers
            .into_iter()
            .map(|number| {
                let sketch = self.sketch(number, &written);
                (self.created(number), sketch.channel, sketch.status(moment))
            })
            .collect()
    }

    /// What a list of all messages must and may contain.
    pub(super) fn truth(&self) -> MessageTruth {
        let first = self.first_read.unwrap_or(self.clock);
        let identified = |moment: Ticks| -> Vec<Uuid> {
            let numbers = (0..self.next_number()).rev().filter(|number| self.is_visible(*number, moment));
            let numbers = numbers.filter(|number| !self.hostile || !hostile_message::takes_id(*number));
            numbers.map(|number| self.id(number)).collect()
        };
        let visible_now = (0..self.next_number()).filter(|number| self.is_visible(*number, self.clock)).count();
        let present_now = identified(self.clock);
        let unidentified_now = (visible_now - present_now.len()) as u64;
        MessageTruth { present_throughout: identified(first), present_now, unidentified_now }
    }

    /// The senders.
    pub(super) fn senders(&self) -> &[Sender] {
        &self.senders
    }
}

/// A contact that is in the list, if a few draws find one.
fn recipient(draws: &mut Draws, world: &World) -> Option<u32> {
    let initial = world.initial();
    let candidates: Vec<u32> = (0..8).map(|_| draws.below(initial)).collect();
    let present = candidates.iter().copied().find(|contact| world.is_present(*contact));
    present.or(candidates.first().copied()).filter(|_| initial > 0)
}

/// First and last creation time of the initial messages.
fn span(messaging: &Messaging) -> (Ticks, Ticks) {
    let length = i64::from(messaging.days.max(1)) * DAY;
    match messaging.until {
        Until::Fixed => (FIRST_DAY, Ticks(FIRST_DAY.0 + length)),
        Until::Now => (Ticks(Ticks::now().0 - length), Ticks::now()),
        Until::At(time) => (Ticks(Ticks::from_system(time).0 - length), Ticks::from_system(time)),
    }
}

fn ticks_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
#[path = "mailbox_tests.rs"]
mod tests;
