//! How the list is sorted.

use std::str::FromStr;

use super::parse::ParseError;

/// How the list is sorted. The documentation does not say, so a client must cope with all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// New contacts at the end.
    #[default]
    CreatedAscending,
    /// New contacts at the front.
    CreatedDescending,
    /// New contacts anywhere, as with a sort by id.
    RandomKey,
    /// An update moves a contact to the end, where new ones are, too.
    UpdatedAscending,
    /// An update moves a contact to the front, where new ones are, too.
    UpdatedDescending,
    /// As created, but rows that tie come in another order with every request.
    Unstable,
}

impl FromStr for Order {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "created-ascending" => Ok(Self::CreatedAscending),
            "created-descending" => Ok(Self::CreatedDescending),
            "random-key" => Ok(Self::RandomKey),
            "updated-ascending" => Ok(Self::UpdatedAscending),
            "updated-descending" => Ok(Self::UpdatedDescending),
            "unstable" => Ok(Self::Unstable),
            _ => Err(ParseError::new(
                text,
                "created-ascending, created-descending, random-key, updated-ascending, updated-descending or unstable",
            )),
        }
    }
}
