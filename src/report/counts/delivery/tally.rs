//! Counters of one group of messages.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::kinds::{Direction, Status};
use crate::report::document::delivery::group::{Group, Groups, add_group};
use crate::report::document::delivery::money::Spending;

/// A group of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) messages: u64,
    outbound: u64,
    inbound: u64,
    successful: u64,
    failed: u64,
    withheld: u64,
    spent: Spending,
}

impl Tally {
    /// One message.
    pub(super) fn of(direction: Direction, status: Status, spent: Spending) -> Self {
        let is_outbound = direction == Direction::Outbound;
        let has = |statuses: &[Status]| u64::from(is_outbound && statuses.contains(&status));
        Self {
            messages: 1,
            outbound: u64::from(is_outbound),
            inbound: u64::from(direction == Direction::Inbound),
            successful: has(&[Status::Sent, Status::Delivered, Status::Read]),
            failed: has(&[Status::Failed]),
            withheld: has(&[Status::Filtered, Status::Blocked]),
            spent,
        }
    }

    pub(super) fn group(self) -> Group {
        Group {
            messages: self.messages,
            outbound: Some(self.outbound),
            inbound: Some(self.inbound),
            successful: Some(self.successful),
            failed: Some(self.failed),
            withheld: Some(self.withheld),
            spent: self.spent,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.outbound += other.outbound;
        self.inbound += other.inbound;
        self.successful += other.successful;
        self.failed += other.failed;
        self.withheld += other.withheld;
        self.spent += other.spent;
    }
}

/// Groups by the numbers of their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Tallies {
    by_number: Vec<Tally>,
}

impl Tallies {
    pub(super) fn add(&mut self, number: u16, tally: Tally) {
        let place = usize::from(number);
        if self.by_number.len() <= place {
            self.by_number.resize(place + 1, Tally::default());
        }
        self.by_number[place] += tally;
    }

    /// With their names.
    pub(super) fn groups<'a>(&self, name: impl Fn(usize) -> &'a str) -> Groups {
        let mut groups = Groups::new();
        for (number, tally) in self.by_number.iter().enumerate().filter(|(_, tally)| tally.messages > 0) {
            *groups.entry(name(number).to_owned()).or_default() += tally.group();
        }
        groups
    }
}

/// Groups by day.
#[derive(Debug, Clone, Default)]
pub(super) struct Days {
    by_day: BTreeMap<i64, Tally>,
    /// Messages of the days that exceed the maximum number of days.
    beyond: Tally,
    /// Messages without a time.
    unknown: Tally,
}

impl Days {
    /// Adds a message of a day, counted from 1970-01-01; `None` if its time is unknown.
    pub(super) fn add(&mut self, day: Option<i64>, max_days: usize, tally: Tally) {
        let Some(day) = day else {
            self.unknown += tally;
            return;
        };
        if let Some(known) = self.by_day.get_mut(&day) {
            *known += tally;
        } else if self.by_day.len() < max_days {
            self.by_day.insert(day, tally);
        } else {
            self.beyond += tally;
        }
    }

    /// With their names.
    pub(super) fn groups(&self, name: impl Fn(i64) -> String, other: &str, unknown: &str) -> Groups {
        let mut groups: Groups = self.by_day.iter().map(|(&day, tally)| (name(day), tally.group())).collect();
        for (key, tally) in [(other, self.beyond), (unknown, self.unknown)] {
            if tally.messages > 0 {
                add_group(&mut groups, key, tally.group());
            }
        }
        groups
    }
}
