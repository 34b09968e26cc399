//! The answer to "is it all there?", which the walk gives and the summary shows.

use serde::{Deserialize, Serialize};

/// Whether the output holds every contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The list did not move and every contact is there.
    Complete,
    /// The list moved and every gap was closed.
    Healed,
    /// Contacts may be missing.
    Unverified,
}

impl Verdict {
    /// Its name in the JSON form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Healed => "healed",
            Self::Unverified => "unverified",
        }
    }

    /// Whether it says as much as another one.
    pub fn is_at_least(self, other: Self) -> bool {
        let rank = |verdict| match verdict {
            Self::Complete => 2,
            Self::Healed => 1,
            Self::Unverified => 0,
        };
        rank(self) >= rank(other)
    }
}
