//! How many messages there are, from when, and what happens to them meanwhile.
//!
//! [`Messaging`] is the setting that `mailbox` lives by. Its clock is not that of the machine: it stands still unless told
//! otherwise, so that the same seed gives the same messages, and it can be made to run as fast as a test needs.
//!
//! *Easy to get wrong:* the status of a message depends on this clock alone. While it stands still nothing changes, except
//! that each new message takes it on a little.
//!
//! Messages begin with 2026 by default, when the last of the invented contacts has just been created.
//!
//! The unit tests read each type from text and back from nonsense.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use super::movement::Pace;
use super::parse::{ParseError, parse_duration};

/// The messages of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Messaging {
    /// How many messages the organization has when nothing has moved yet; profiles have as many for each contact.
    pub count: u32,
    /// Over how many days they are spread.
    pub days: u32,
    /// When these days end.
    pub until: Until,
    /// How often a new message arrives: in real time, or with each request for a page of messages.
    pub arrivals: Pace,
    /// How the time passes.
    pub clock: MessageClock,
}

impl Default for Messaging {
    fn default() -> Self {
        Self {
            count: 20_000,
            days: 90,
            until: Until::default(),
            arrivals: Pace::default(),
            clock: MessageClock::default(),
        }
    }
}

/// When the messages that are there from the beginning end, which is where the clock starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Until {
    /// So that the first was created on the first of January 2026.
    #[default]
    Fixed,
    /// When the simulator started.
    Now,
    /// At this moment.
    At(SystemTime),
}

impl FromStr for Until {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "fixed" => Ok(Self::Fixed),
            "now" => Ok(Self::Now),
            time => humantime::parse_rfc3339(time)
                .map(Self::At)
                .map_err(|_| ParseError::new(text, "fixed, now, or a time such as 2026-11-28T00:00:00Z")),
        }
    }
}

/// How the time of the messages passes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum MessageClock {
    /// Not at all.
    #[default]
    Still,
    /// So many times as fast as real time.
    Running(f64),
    /// So much with each request for a page of messages.
    PerRequest(Duration),
}

impl FromStr for MessageClock {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || ParseError::new(text, "still, real, a speed such as 60x, or a time with each request such as 10s/req");
        match text {
            "still" => return Ok(Self::Still),
            "real" => return Ok(Self::Running(1.0)),
            _ => {}
        }
        if let Some(duration) = text.strip_suffix("/req") {
            return parse_duration(duration).map(Self::PerRequest).map_err(|_| wrong());
        }
        let speed = text.strip_suffix('x').and_then(|number| number.parse().ok());
        speed.filter(|speed| (0.001..=1e6).contains(speed)).map(Self::Running).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_read() {
        for (text, clock) in [
            ("still", MessageClock::Still),
            ("real", MessageClock::Running(1.0)),
            ("60x", MessageClock::Running(60.0)),
            ("10s/req", MessageClock::PerRequest(Duration::from_secs(10))),
        ] {
            assert_eq!(text.parse(), Ok(clock), "{text}");
        }
        for wrong in ["", "fast", "0x", "-1x", "x", "soon/req"] {
            assert!(wrong.parse::<MessageClock>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ends_are_read() {
        assert_eq!("now".parse(), Ok(Until::Now));
        assert_eq!("fixed".parse(), Ok(Until::Fixed));
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!("1970-01-01T00:00:01Z".parse(), Ok(Until::At(second)));
        assert!("tomorrow".parse::<Until>().is_err());
    }
}
