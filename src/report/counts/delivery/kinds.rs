//! The meaning of directions and statuses, computed once for each distinct text.

use super::super::names::Names;

/// Direction of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Outbound,
    Inbound,
    Unknown,
}

impl From<&str> for Direction {
    fn from(text: &str) -> Self {
        match () {
            () if text.eq_ignore_ascii_case("OUTBOUND") => Self::Outbound,
            () if text.eq_ignore_ascii_case("INBOUND") => Self::Inbound,
            () => Self::Unknown,
        }
    }
}

/// What a status means for delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Queued,
    Sent,
    Delivered,
    Read,
    Failed,
    Filtered,
    Blocked,
    /// In progress, received, or undocumented.
    Other,
}

impl From<&str> for Status {
    fn from(text: &str) -> Self {
        const STATUSES: [(&str, Status); 7] = [
            ("QUEUED", Status::Queued),
            ("SENT", Status::Sent),
            ("DELIVERED", Status::Delivered),
            ("READ", Status::Read),
            ("FAILED", Status::Failed),
            ("FILTERED", Status::Filtered),
            ("BLOCKED", Status::Blocked),
        ];
        let found = STATUSES.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name));
        found.map_or(Self::Other, |(_, status)| status)
    }
}

impl Status {
    /// How far a message with this status got: 1 sent, 2 delivered, 3 read, 0 for any other status.
    pub(super) fn stage(self) -> usize {
        match self {
            Self::Sent => 1,
            Self::Delivered => 2,
            Self::Read => 3,
            _ => 0,
        }
    }
}

/// The distinct texts of a column, by number, with their meanings.
#[derive(Debug, Clone)]
pub(super) struct Meanings<T> {
    pub(super) names: Names,
    by_number: Vec<T>,
    /// The number of the text of each row of the current batch.
    pub(super) numbers: Vec<u16>,
}

impl<T: for<'a> From<&'a str> + Copy> Meanings<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { names: Names::new(limit), by_number: Vec::new(), numbers: Vec::new() }
    }

    /// Computes the meanings of new texts.
    pub(super) fn refresh(&mut self) {
        for number in self.by_number.len()..self.names.len() {
            self.by_number.push(T::from(self.names.name(number)));
        }
    }

    pub(super) fn of(&self, number: u16) -> T {
        self.by_number[usize::from(number)]
    }
}
