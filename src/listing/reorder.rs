//! Pages that arrived out of order.
//!
//! [`Reorder`] holds them until the driver delivers them in list order. While requests are in flight, the driver's
//! read-ahead bounds their number. When an interrupted run resumes, all pages after a missing one wait until it is
//! fetched.
//!
//! *Easy to get wrong:* neither memory use nor the order of the output may depend on where pages are missing. At most
//! [`MAX_HELD`] pages from the journal are held in memory; the others are read from the journal again when they are due.

use std::collections::BTreeMap;
use std::io;

use super::Request;
use super::in_flight::ArrivedPage;
use crate::journal::{Entry, Journal, JournalWriter};

/// Maximum number of pages from the journal held in memory: more than most runs have out of order, and only a few
/// megabytes.
const MAX_HELD: usize = 64;

/// Pages by their position in the list, and the journal that holds those not in memory.
pub(super) struct Reorder<P> {
    /// By offset, size and order of arrival: a window may be requested twice.
    pages: BTreeMap<(u64, u32, u64), WaitingPage<P>>,
    arrivals: u64,
    held: usize,
    journal: Option<Journal>,
}

enum WaitingPage<P> {
    Held(Box<ArrivedPage<P>>),
    /// Not in memory, but in the journal at this position.
    Journaled(Request, u64),
}

/// The next page out of the reorder buffer.
pub(super) enum Next<P> {
    Page(Box<ArrivedPage<P>>),
    /// A page that is still in the journal.
    Entry(Request, Entry),
}

impl<P> Reorder<P> {
    /// Starts without pages. Pages that are not held in memory are read from `journal`.
    pub(super) fn new(journal: Option<Journal>) -> Self {
        Self { pages: BTreeMap::new(), arrivals: 0, held: 0, journal }
    }

    /// The journal's next answer, and its position.
    pub(super) fn next_entry(&mut self) -> io::Result<Option<(Entry, u64)>> {
        let Some(journal) = &mut self.journal else { return Ok(None) };
        Ok(journal.next_entry()?.map(|entry| (entry, journal.position())))
    }

    /// Damaged parts of the journal found so far.
    pub(super) fn damaged(&self) -> u64 {
        self.journal.as_ref().map_or(0, Journal::damaged)
    }

    /// Continues writing the journal; returns the number of this run. `None` without a journal.
    pub(super) fn resume_journal(&self) -> io::Result<Option<(JournalWriter, u32)>> {
        self.journal.as_ref().map(Journal::resume).transpose()
    }

    /// Holds a page that just arrived. A page from the journal, with its position there, is held in memory only while
    /// fewer than [`MAX_HELD`] pages are.
    pub(super) fn hold(&mut self, arrived: ArrivedPage<P>, position: Option<u64>) {
        let window = arrived.request.window;
        let page = match position {
            Some(position) if self.held >= MAX_HELD => WaitingPage::Journaled(arrived.request, position),
            _ => WaitingPage::Held(Box::new(arrived)),
        };
        self.held += usize::from(matches!(page, WaitingPage::Held(_)));
        self.arrivals += 1;
        self.pages.insert((window.offset(), window.size, self.arrivals), page);
    }

    /// The request that the first page answers.
    pub(super) fn first(&self) -> Option<Request> {
        self.pages.first_key_value().map(|(_, page)| match page {
            WaitingPage::Held(arrived) => arrived.request,
            WaitingPage::Journaled(request, _) => *request,
        })
    }

    /// Takes the first page out.
    pub(super) fn pop_first(&mut self) -> io::Result<Option<Next<P>>> {
        let (request, position) = match self.pages.pop_first() {
            None => return Ok(None),
            Some((_, WaitingPage::Held(arrived))) => {
                self.held -= 1;
                return Ok(Some(Next::Page(arrived)));
            }
            Some((_, WaitingPage::Journaled(request, position))) => (request, position),
        };
        let entry = self.journal.as_mut().map(|journal| journal.entry_again(position)).transpose()?.flatten();
        // It was intact when it was read for the first time.
        entry.map(|entry| Some(Next::Entry(request, entry))).ok_or_else(changed)
    }
}

/// The journal changed while it was read.
pub(super) fn changed() -> io::Error {
    io::Error::other("the journal changed while it was read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::tests::{entry, open, written_pages};
    use crate::listing::source::Fetched;
    use crate::listing::{Paging, Purpose};

    fn arrived(entry: &Entry) -> ArrivedPage<()> {
        let fetched = Fetched {
            page: (),
            paging: Paging::default(),
            request_id: None,
            answered_at: None,
            elapsed_micros: 1,
            body: entry.body.clone(),
        };
        let (request, _) = Request::of_question(entry.question).unwrap();
        ArrivedPage { request: Request { purpose: Purpose::Read, ..request }, fetched, is_alone: false }
    }

    #[test]
    fn any_number_of_pages_comes_back_in_order_and_few_are_held() {
        const PAGES: u64 = 4 * MAX_HELD as u64;
        let folder = tempfile::tempdir().unwrap();
        // The journal holds the last page twice: one copy is held in memory, the other is not. Both are returned.
        let path = written_pages(folder.path(), std::iter::once(PAGES).chain(1..=PAGES));
        let mut reorder = Reorder::new(Some(open(&path)));
        while let Some((entry, position)) = reorder.next_entry().unwrap() {
            reorder.hold(arrived(&entry), Some(position));
            assert!(reorder.held <= MAX_HELD);
        }
        let pops = std::iter::from_fn(|| {
            let first = reorder.first();
            let request = reorder.pop_first().unwrap().map(|next| match next {
                Next::Page(arrived) => arrived.request,
                Next::Entry(request, _) => request,
            });
            assert_eq!(request, first);
            request
        });
        let popped: Vec<u64> = pops.map(|request| request.window.page).collect();
        assert_eq!(popped, (1..=PAGES).chain([PAGES]).collect::<Vec<_>>());
        assert!(reorder.first().is_none() && reorder.held == 0);
    }

    #[test]
    fn a_journal_that_changed_meanwhile_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = written_pages(folder.path(), 1..=1);
        let mut reorder = Reorder::new(Some(open(&path)));
        let (first, position) = reorder.next_entry().unwrap().unwrap();
        assert_eq!(first, entry(1));
        reorder.held = MAX_HELD;
        reorder.hold(arrived(&first), Some(position + 1));
        assert!(reorder.pop_first().is_err());
    }
}
