//! What a walk asks for, and what it is told.

use crate::api::wire::Pagination;
use crate::contacts::RowKey;

use super::{Place, Window};

/// What is done about a list that moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consistency {
    /// Gaps are healed.
    #[default]
    Auto,
    /// Pages are read once, and the verdict tells what was seen.
    Plain,
    /// As `Auto`, and then the whole list is read again and must show nothing new.
    Strict,
}

impl Consistency {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Plain => "plain",
            Self::Strict => "strict",
        }
    }
}

/// What to fetch, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request {
    /// The rows.
    pub window: Window,
    /// Why.
    pub purpose: Purpose,
}

/// Why a window is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A page of the plain walk.
    Page,
    /// The gap behind this place is closed.
    Join {
        /// The place.
        gap: Place,
    },
    /// A long stretch is split, so that two chains can read it.
    Seed {
        /// Number of the new block.
        block: i64,
    },
    /// A page of a sweep over the whole list.
    Sweep,
}

/// What an answer says, without its contacts.
#[derive(Debug, Clone, Copy)]
pub struct PageFacts<'a> {
    /// What was asked for.
    pub window: Window,
    /// One entry for each item; `None` for an item that is no contact.
    pub items: &'a [Option<RowKey>],
    /// What the server says of the list.
    pub pagination: &'a Pagination,
    /// When the list was read for the answer, at the earliest and the latest, in microseconds of the server's clock.
    pub read_between: Option<(i64, i64)>,
    /// By how much the server's clock is ahead of this machine's, at the least and at the most, as the answer shows it; in
    /// microseconds. Less than other answers show means that this one is older than it should be.
    pub clock: Option<(i64, i64)>,
    /// Which run read it, from 0: between two runs the list may have moved.
    pub session: u32,
    /// `meta.request_id`.
    pub request_id: Option<&'a str>,
}

/// What becomes of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// For each contact of the answer, whether it is written; the others came before.
    pub keep: Vec<bool>,
    /// The items that no other answer held, as far as that is known.
    pub fresh: std::ops::Range<usize>,
}

impl PageFacts<'_> {
    /// The page size that the server keeps to, as its first answer shows.
    pub(super) fn honoured_size(&self) -> u32 {
        let asked = self.window.size;
        let told = self.pagination.page_size.filter(|&size| size > 0).map(|size| size.min(asked));
        // A server that does not tell its page size shows it by the rows of a page that others follow; so does one that
        // repeats what was asked for, when there are so few that they are no page with some left out.
        let rows = u32::try_from(self.items.len()).unwrap_or(0);
        let is_followed = self.pagination.total_count.is_some_and(|total| total > u64::from(rows));
        let most = told.map_or(asked, |told| told / 2);
        let shown = Some(rows).filter(|&rows| is_followed && rows > 0 && rows <= most);
        shown.or(told).unwrap_or(asked)
    }

    /// Rows of the list before the answer's first one, and the page size of the answer, as the server says them.
    pub(super) fn place_of_answer(&self) -> (u64, u32) {
        // More than what was asked for is on no page.
        let told = self.pagination.page_size.filter(|&size| size > 0);
        let size = told.map_or(self.window.size, |size| size.min(self.window.size));
        let page = self.pagination.page.filter(|&page| page > 0).unwrap_or(self.window.page);
        (Window { page, size }.offset(), size)
    }

    /// Whether a page has fewer or more items than its place in the list asks for.
    pub(super) fn is_odd(&self, page_size: u32) -> bool {
        let Some(total) = self.pagination.total_count else { return false };
        let expected = total.saturating_sub(self.window.offset()).min(u64::from(page_size));
        let is_misplaced = self.place_of_answer().0 != self.window.offset() && self.window.page > 1;
        self.items.len() as u64 != expected || is_misplaced
    }

    /// Whether the list ends with this answer, which begins at `offset`. A count that is too small ends nothing while
    /// more is said to follow, and one that is too large is not followed beyond an empty answer.
    pub(super) fn is_end(&self, offset: u64, honoured: u32) -> bool {
        let end = offset + self.items.len() as u64;
        match (self.pagination.total_count, self.pagination.has_more) {
            (_, Some(true)) => false,
            // Rows where by its own count there are none: only their end is to be believed.
            (Some(total), _) if end > total => self.items.len() < honoured as usize,
            (Some(total), _) => end == total || self.is_behind_the_end(),
            (None, Some(false)) => true,
            (None, None) => self.items.len() < honoured as usize,
        }
    }

    /// Whether the list has no row here and, as the answer says, none behind.
    pub(super) fn is_behind_the_end(&self) -> bool {
        self.items.is_empty() && self.pagination.has_more == Some(false)
    }
}
