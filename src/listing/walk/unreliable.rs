//! Why the order of rows, or the windows, cannot be relied on.

use crate::verdict::{Evidence, EvidenceCode};

/// Why the order of rows, or the windows, cannot be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreliable {
    /// Unchanged rows were in another order.
    OrderChanges,
    /// The API did not honor the requested page sizes.
    SizesNotHonored,
    /// Pages are too small to overlap.
    PagesTooSmall,
    /// The API reported more rows but sent nothing new.
    NoProgress,
    /// The list changed faster than it could be read.
    TooRestless,
}

impl Unreliable {
    pub(super) fn evidence(self) -> Evidence {
        let (code, text) = match self {
            Self::OrderChanges => (
                EvidenceCode::OrderChanges,
                "rows were repeated in another position, so the order of the list is not stable",
            ),
            Self::SizesNotHonored => (EvidenceCode::SizesNotHonored, "the API did not honor the requested page sizes"),
            Self::PagesTooSmall => (EvidenceCode::PagesTooSmall, "the API's pages are too small to overlap"),
            Self::NoProgress => (EvidenceCode::NoProgress, "the API reported more rows but sent nothing new"),
            Self::TooRestless => (EvidenceCode::TooRestless, "the list changed faster than it could be read"),
        };
        Evidence::new(code, None, text.to_owned())
    }
}
