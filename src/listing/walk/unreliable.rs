//! Why the order of rows, or the windows, cannot be relied on.

use crate::verdict::{Evidence, EvidenceCode};

/// Why the order of rows, or the windows, cannot be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreliable {
    /// Rows that did not change came in another order.
    OrderChanges,
    /// The API did not honor the requested page sizes.
    SizesNotHonored,
    /// Pages are too small to overlap.
    PagesTooSmall,
    /// The API announced more rows and sent nothing new.
    NoProgress,
    /// The list changed faster than it could be read.
    TooRestless,
}

impl Unreliable {
    pub(super) fn evidence(self) -> Evidence {
        let (code, text) = match self {
            Self::OrderChanges => {
                (EvidenceCode::OrderChanges, "rows came again in another place, so the list's order is not stable")
            }
            Self::SizesNotHonored => {
                (EvidenceCode::SizesNotHonored, "the API did not keep to the page sizes asked for")
            }
            Self::PagesTooSmall => (EvidenceCode::PagesTooSmall, "the API's pages are too small to overlap"),
            Self::NoProgress => (EvidenceCode::NoProgress, "the API announced more rows and sent nothing new"),
            Self::TooRestless => (EvidenceCode::TooRestless, "the list changed faster than it could be read"),
        };
        Evidence::new(code, None, text.to_owned())
    }
}
