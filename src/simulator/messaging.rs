//! Settings of the messages: how many, from which period, and how time passes for them.
//!
//! [`Messaging`] configures `mailbox`. Its clock is not the machine's: by default it does not advance, so that the
//! same seed gives the same messages, and it can run as fast as a test needs.
//!
//! *Easy to get wrong:* the status of a message depends on this clock alone. While the clock does not advance, no status
//! changes; only a new message advances it a little.
//!
//! By default, messages start on January 1, 2026, just after the last generated contact was created.
//!
//! The unit tests parse valid and invalid values of each type.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use super::movement::Pace;
use super::parse::{ParseError, parse_duration};

/// The messages of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Messaging {
    /// Initial number of messages of the organization; profiles have as many per contact.
    pub count: u32,
    /// Number of days they are spread over.
    pub days: u32,
    /// When these days end.
    pub until: Until,
    /// Rate of new messages: in real time, or per request for a page of messages.
    pub arrivals: Pace,
    /// How time passes.
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

/// When the initial messages end and the clock starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Until {
    /// Such that the first was created on January 1, 2026.
    #[default]
    Fixed,
    /// When the simulator started.
    Now,
    /// At this time.
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

/// How time passes for the messages.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum MessageClock {
    /// Not at all.
    #[default]
    Still,
    /// This many times as fast as real time.
    Running(f64),
    /// This much per request for a page of messages.
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
    fn message_clocks_are_parsed() {
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
    fn end_times_are_parsed() {
        assert_eq!("now".parse(), Ok(Until::Now));
        assert_eq!("fixed".parse(), Ok(Until::Fixed));
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!("1970-01-01T00:00:01Z".parse(), Ok(Until::At(second)));
        assert!("tomorrow".parse::<Until>().is_err());
    }
}
