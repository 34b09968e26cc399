//! Sort orders of the list.

use std::str::FromStr;

use super::parse::ParseError;

/// How the list is sorted. The documentation does not say, so a client must handle all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// New contacts at the end.
    #[default]
    CreatedAscending,
    /// New contacts at the front.
    CreatedDescending,
    /// New contacts at random positions, as with a sort by id.
    RandomKey,
    /// An update moves a contact to the end, where new ones also appear.
    UpdatedAscending,
    /// An update moves a contact to the front, where new ones also appear.
    UpdatedDescending,
    /// By creation, but ties are in a different order in every response.
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
