//! The status changes of a message over time.
//!
//! [`Timeline::draw`] decides all events of a message at once; [`Timeline::until`] returns those up to a given time.
//! `message_maker` puts them into a message. So the status of a message changes as the mailbox's clock advances, without
//! stored state.
//!
//! *Easy to get wrong:* times ascend, and the first is that of the creation. A held message has a second `SCHEDULED` if quiet
//! hours postponed its release.
//!
//! The proportions are guesses: one message in twenty fails, one in thirty is filtered or blocked, one in twenty-five
//! is held. A few receipts arrive days later, which is why a client must reread old messages.
//!
//! The unit tests check order, proportions, and that every documented status occurs.

use super::random::Draws;
use super::times::{DAY, SECOND, Ticks};

/// An event of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatusEvent {
    /// The new status.
    pub(super) status: &'static str,
    /// When it happens.
    pub(super) at: Ticks,
    /// Scheduled release; for `SCHEDULED` and `CANCELLED`.
    pub(super) scheduled: Option<Ticks>,
    /// Why it failed: code and description.
    pub(super) reason: Option<(&'static str, &'static str)>,
}

/// All events of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Timeline {
    steps: Vec<StatusEvent>,
}

/// The outcome of an outbound message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessageOutcome {
    Delivered,
    /// No receipt ever arrives.
    Sent,
    FailedAtOnce,
    FailedLater,
    Filtered,
    Blocked,
    Cancelled,
}

const OUTCOMES: &[(u32, MessageOutcome)] = &[
    (840, MessageOutcome::Delivered),
    (65, MessageOutcome::Sent),
    (30, MessageOutcome::FailedAtOnce),
    (25, MessageOutcome::FailedLater),
    (18, MessageOutcome::Filtered),
    (14, MessageOutcome::Blocked),
    (8, MessageOutcome::Cancelled),
];

const FAILURES: &[(&str, &str)] = &[
    ("DELIVERY_007", "The recipient is not registered on this channel"),
    ("DELIVERY_003", "The carrier rejected the message"),
    ("DELIVERY_001", "The number cannot be reached"),
    ("BUSINESS_003", "Insufficient balance"),
];

const FILTERS: &[(&str, &str)] = &[
    ("DELIVERY_011", "The content was filtered by the carrier"),
    ("DELIVERY_012", "Too many messages to this number"),
];

const BLOCKS: &[(&str, &str)] =
    &[("BUSINESS_008", "The contact opted out"), ("BUSINESS_009", "The destination isn't enabled & can't be reached")];

/// March 1, 2026; messages created before that start as ACCEPTED.
const NO_LONGER_ACCEPTED: Ticks = Ticks(20_513 * DAY);

impl Timeline {
    /// The events of an inbound message.
    pub(super) fn inbound(created: Ticks) -> Self {
        Self { steps: vec![StatusEvent { status: "RECEIVED", at: created, scheduled: None, reason: None }] }
    }

    /// Draws the events of an outbound message; `is_read` says whether its channel reports reads.
    pub(super) fn draw(created: Ticks, is_read: bool, draws: &mut Draws) -> Self {
        let outcome = *draws.pick_weighted(1_000, OUTCOMES);
        let mut line = Self { steps: Vec::with_capacity(7) };
        let mut at = created;
        if created < NO_LONGER_ACCEPTED && draws.in_thousand(50) {
            line.push("ACCEPTED", at);
            at = later(at, 10, 900, draws);
        }
        line.push("QUEUED", at);
        if outcome == MessageOutcome::Blocked {
            line.fail("BLOCKED", later(at, 20, 600, draws), BLOCKS, draws);
            return line;
        }
        if outcome == MessageOutcome::Cancelled || draws.in_thousand(36) {
            at = line.hold(at, outcome, draws);
            if outcome == MessageOutcome::Cancelled {
                return line;
            }
        }
        at = later(at, 50, 2_000, draws);
        line.push("PROCESSED", at);
        if outcome == MessageOutcome::Filtered {
            line.fail("FILTERED", later(at, 10, 400, draws), FILTERS, draws);
            return line;
        }
        at = later(at, 0, 900, draws);
        line.push("ROUTED", at);
        at = later(at, 100, 5_000, draws);
        if outcome == MessageOutcome::FailedAtOnce {
            line.fail("FAILED", at, FAILURES, draws);
            return line;
        }
        line.push("SENT", at);
        match outcome {
            MessageOutcome::Delivered => {
                at = receipt(at, draws);
                line.push("DELIVERED", at);
                if is_read && draws.in_thousand(720) {
                    line.push("READ", reading(at, draws));
                }
            }
            MessageOutcome::FailedLater => line.fail("FAILED", receipt(at, draws), FAILURES, draws),
            _ => {}
        }
        line
    }

    fn push(&mut self, status: &'static str, at: Ticks) {
        self.steps.push(StatusEvent { status, at, scheduled: None, reason: None });
    }

    fn fail(&mut self, status: &'static str, at: Ticks, reasons: &[(&'static str, &'static str)], draws: &mut Draws) {
        self.steps.push(StatusEvent { status, at, scheduled: None, reason: Some(*draws.pick(reasons)) });
    }

    /// Adds the events of holding the message, and returns when it is released.
    fn hold(&mut self, at: Ticks, outcome: MessageOutcome, draws: &mut Draws) -> Ticks {
        let mut release = Ticks((at.0 / (900 * SECOND) + 2 + i64::from(draws.below(190))) * 900 * SECOND);
        let held = later(at, 20, 300, draws);
        self.steps.push(StatusEvent { status: "SCHEDULED", at: held, scheduled: Some(release), reason: None });
        if outcome == MessageOutcome::Cancelled {
            let share = i64::from(draws.below(900));
            let at = Ticks(held.0 + (release.0 - held.0) / 1_000 * share);
            self.steps.push(StatusEvent { status: "CANCELLED", at, scheduled: Some(release), reason: None });
        } else if draws.in_thousand(250) {
            let moved = later(release, 5, 500, draws);
            release = Ticks(release.0 + 8 * 3_600 * SECOND);
            self.steps.push(StatusEvent { status: "SCHEDULED", at: moved, scheduled: Some(release), reason: None });
        }
        release
    }

    /// The events up to this time; the creation is always included.
    pub(super) fn until(&self, now: Ticks) -> &[StatusEvent] {
        &self.steps[..self.steps.partition_point(|step| step.at <= now).max(1)]
    }
}

/// A time between `shortest` and `longest` milliseconds later.
fn later(at: Ticks, shortest: u32, longest: u32, draws: &mut Draws) -> Ticks {
    let millis = i64::from(shortest + draws.below(longest - shortest));
    Ticks(at.0 + millis * SECOND / 1_000 + i64::from(draws.below(1_000)) * 10)
}

/// When the delivery receipt arrives: usually soon, sometimes days later.
fn receipt(at: Ticks, draws: &mut Draws) -> Ticks {
    match draws.below(1_000) {
        0..940 => later(at, 400, 30_000, draws),
        940..990 => later(at, 30_000, 6 * 3_600_000, draws),
        _ => later(at, 6 * 3_600_000, 3 * 86_400_000, draws),
    }
}

/// When it is read.
fn reading(at: Ticks, draws: &mut Draws) -> Ticks {
    match draws.below(1_000) {
        0..600 => later(at, 2_000, 900_000, draws),
        600..970 => later(at, 900_000, 20 * 3_600_000, draws),
        _ => later(at, 20 * 3_600_000, 6 * 86_400_000, draws),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::random::DrawPurpose;
    use super::*;

    const CREATED: Ticks = Ticks(20_460 * DAY);

    fn drawn(number: u64) -> Timeline {
        Timeline::draw(CREATED, true, &mut Draws::new(3, DrawPurpose::Message, number))
    }

    #[test]
    fn every_documented_status_occurs_and_times_ascend() {
        let mut seen = BTreeMap::<&str, u32>::new();
        for number in 0..20_000 {
            let line = drawn(number);
            assert_eq!(line.steps[0].at, CREATED);
            assert!(line.steps.is_sorted_by_key(|step| step.at), "{line:?}");
            for step in &line.steps {
                *seen.entry(step.status).or_default() += 1;
                let explains = matches!(step.status, "FAILED" | "FILTERED" | "BLOCKED");
                assert_eq!(step.reason.is_some(), explains);
                assert_eq!(step.scheduled.is_some(), matches!(step.status, "SCHEDULED" | "CANCELLED"));
            }
        }
        let expected = [
            "ACCEPTED",
            "BLOCKED",
            "CANCELLED",
            "DELIVERED",
            "FAILED",
            "FILTERED",
            "PROCESSED",
            "QUEUED",
            "READ",
            "ROUTED",
            "SCHEDULED",
            "SENT",
        ];
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), expected);
        assert!((900..1_300).contains(&seen["FAILED"]), "{seen:?}");
    }

    #[test]
    fn some_are_held_twice() {
        let held = |line: &Timeline| line.steps.iter().filter(|step| step.status == "SCHEDULED").count();
        assert!((0..5_000).any(|number| held(&drawn(number)) == 2));
    }

    #[test]
    fn future_events_are_hidden() {
        let line = drawn(1);
        assert_eq!(line.until(Ticks(0)).len(), 1);
        assert_eq!(line.until(CREATED)[0].status, line.steps[0].status);
        assert_eq!(line.until(Ticks(CREATED.0 + 30 * DAY)).len(), line.steps.len());
    }

    #[test]
    fn an_inbound_message_is_received_and_nothing_more() {
        assert_eq!(Timeline::inbound(CREATED).until(CREATED)[0].status, "RECEIVED");
    }
}
