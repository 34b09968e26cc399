//! What a walk requests, and what it learns from an answer.

use super::source::{Fetched, ListPage};
use super::{RowKey, Window};
use crate::journal::Question;

/// How a list that changes while it is read is handled. See `docs/completeness.md`, "The three modes".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consistency {
    /// Windows overlap, so every boundary is verified on rows that were seen on both sides of it.
    #[default]
    Auto,
    /// Every page is read once.
    Plain,
    /// As `Auto`, and then the whole list is read again and must hold nothing new.
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

/// Why a window is requested. The journal stores these numbers, so they must not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// The next rows of the list, delivered in list order.
    Read = 0,
    /// A place to which the rows read last may have moved.
    Search = 1,
    /// The start of the list, after everything else was read.
    Head = 2,
    /// The rows of a page that could not be fetched at first.
    Gap = 3,
    /// The middle of the list, because the list holds more rows than were read.
    Probe = 4,
    /// A page of a further read of the whole list, or of a read in plain mode.
    Rescan = 5,
}

impl Purpose {
    /// Every purpose, by its number.
    pub const ALL: [Self; 6] = [Self::Read, Self::Search, Self::Head, Self::Gap, Self::Probe, Self::Rescan];
}

/// Set in the kind of a journaled request that was sent after all other answers had arrived.
const ALONE: u8 = 1 << 6;

impl Request {
    /// The request that a journaled answer belongs to, and whether it was sent after all other answers had arrived; `None`
    /// if no version of this program makes such a request.
    pub(super) fn of_question(question: Question) -> Option<(Self, bool)> {
        let Question { kind, page, size } = question;
        let purpose = *Purpose::ALL.get(usize::from(kind & !ALONE))?;
        Some((Self { window: Window { page, size }, purpose }, kind & ALONE != 0))
    }

    /// The request as the journal stores it.
    pub(super) fn question(self, is_alone: bool) -> Question {
        let kind = self.purpose as u8 | if is_alone { ALONE } else { 0 };
        Question { kind, page: self.window.page, size: self.window.size }
    }
}

/// What an answer says about its list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paging {
    /// 1-based number of the page that was answered.
    pub page: Option<u64>,
    /// Rows on a full page, according to the server.
    pub page_size: Option<u32>,
    /// Rows in the whole list.
    pub total_count: Option<u64>,
    /// Whether more rows follow.
    pub has_more: Option<bool>,
}

/// What an answer says, without the rows' values.
#[derive(Debug, Clone, Copy)]
pub struct PageFacts<'a> {
    /// What was requested.
    pub window: Window,
    /// One entry for each item; `None` for an item that is not a row.
    pub items: &'a [Option<RowKey>],
    /// What the server says about the list.
    pub paging: Paging,
    /// When the answer was made, in microseconds UTC of the server's clock: rows with later times were created during the run.
    pub answered_at: Option<i64>,
    /// `meta.request_id`.
    pub request_id: Option<&'a str>,
}

/// Which rows of an answer are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// For each row of the answer, whether it is written. The others were read before, are older than the requested span,
    /// or exceed the limit.
    pub keep: Vec<bool>,
    /// The items that no other answer held, as far as that is known.
    pub fresh: std::ops::Range<usize>,
}

impl Taken {
    /// Keeps only the first `limit` of these rows; returns how many are kept.
    pub(super) fn keep_at_most(&mut self, limit: u64) -> u64 {
        let mut kept = 0;
        for keep in self.keep.iter_mut().filter(|keep| **keep) {
            if kept == limit {
                *keep = false;
            } else {
                kept += 1;
            }
        }
        kept
    }
}

impl<'a> PageFacts<'a> {
    /// What this answer to a request for `window` says.
    pub(super) fn of<P: ListPage>(window: Window, fetched: &'a Fetched<P>) -> Self {
        Self {
            window,
            items: fetched.page.items(),
            paging: fetched.paging,
            answered_at: fetched.answered_at,
            request_id: fetched.request_id.as_deref(),
        }
    }
}

impl PageFacts<'_> {
    /// The page size that the server honors, according to its first answer.
    pub(super) fn honored_size(&self) -> u32 {
        let requested = self.window.size;
        let stated = self.paging.page_size.filter(|&size| size > 0).map(|size| size.min(requested));
        // A server that does not state its page size reveals it by the number of rows on a page that others follow. So
        // does a server that only repeats the requested size: no more than half as many rows are a smaller page, not a
        // full page with some rows left out.
        let rows = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        let is_followed = self.paging.total_count.is_some_and(|total| total > u64::from(rows));
        let most = stated.map_or(requested, |stated| stated / 2);
        let shown = Some(rows).filter(|&rows| is_followed && rows > 0 && rows <= most);
        shown.or(stated).unwrap_or(requested)
    }

    /// Rows of the list before the first row of the answer, and the page size of the answer, according to the server.
    pub(super) fn place_of_answer(&self) -> (u64, u32) {
        // No page holds more than was requested.
        let stated = self.paging.page_size.filter(|&size| size > 0);
        let size = stated.map_or(self.window.size, |size| size.min(self.window.size));
        let page = self.paging.page.filter(|&page| page > 0).unwrap_or(self.window.page);
        (Window { page, size }.offset(), size)
    }

    /// Whether the answer says that more rows follow.
    pub(super) fn claims_more(&self) -> bool {
        let end = self.place_of_answer().0 + self.items.len() as u64;
        self.paging.has_more == Some(true) || self.paging.total_count > Some(end)
    }

    /// Whether the answer has no rows and says that none follow.
    pub(super) fn is_after_the_end(&self) -> bool {
        self.items.is_empty() && self.paging.has_more == Some(false) && !self.claims_more()
    }
}
