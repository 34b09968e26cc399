//! Pages of the plain walk that came before their turn.
//!
//! [`Parked`] holds them until the driver takes them in page order. While requests are in flight, the driver's read-ahead
//! bounds their number. When a stopped run goes on, nothing does: every page behind one that no run has answered waits for
//! it, and such holes are common, since the journal of a fast run lacks its first answers.
//!
//! *Easy to get wrong:* neither memory nor the order of the output may depend on where holes are. So a page of the journal
//! that finds no room is let go, and read again when its turn comes.

use std::collections::BTreeMap;
use std::io;

use super::Request;
use super::answer::Arrived;
use super::journal::{Entry, Journal, JournalWriter};

/// Pages of a journal that are held in memory: more than most runs have out of order, and a few megabytes.
const MAX_HELD: usize = 64;

/// Pages by their numbers, and the journal that some of them are left in.
#[derive(Default)]
pub(super) struct Parked {
    pages: BTreeMap<u64, ParkedPage>,
    held: usize,
    journal: Option<Journal>,
}

enum ParkedPage {
    Held(Box<Arrived>),
    /// In the journal, at this position.
    Left(Request, u64),
}

impl Parked {
    /// No pages yet; those that are left in a journal will be read from this one.
    pub(super) fn new(journal: Option<Journal>) -> Self {
        Self { journal, ..Self::default() }
    }

    /// The journal's next answer, and its position.
    pub(super) fn next_entry(&mut self) -> io::Result<Option<(Entry, u64)>> {
        let Some(journal) = &mut self.journal else { return Ok(None) };
        Ok(journal.next_entry()?.map(|entry| (entry, journal.position())))
    }

    /// Damaged parts of the journal met so far.
    pub(super) fn damaged(&self) -> u64 {
        self.journal.as_ref().map_or(0, Journal::damaged)
    }

    /// Goes on writing the journal; gives the number of the run that begins. `None` without a journal.
    pub(super) fn resume_journal(&self) -> io::Result<Option<(JournalWriter, u32)>> {
        self.journal.as_ref().map(Journal::resume).transpose()
    }

    /// Whether no page waits.
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Parks a page that just came.
    pub(super) fn hold(&mut self, arrived: Arrived) {
        self.insert(arrived.request.window.page, ParkedPage::Held(Box::new(arrived)));
    }

    /// Parks a page of the journal, which stands there at `position`.
    pub(super) fn hold_or_leave(&mut self, arrived: Arrived, position: u64) {
        if self.held < MAX_HELD {
            self.hold(arrived);
        } else {
            self.insert(arrived.request.window.page, ParkedPage::Left(arrived.request, position));
        }
    }

    fn insert(&mut self, number: u64, page: ParkedPage) {
        self.held += usize::from(matches!(page, ParkedPage::Held(_)));
        let before = self.pages.insert(number, page);
        self.held -= usize::from(matches!(before, Some(ParkedPage::Held(_))));
    }

    /// What the first page answers.
    pub(super) fn first(&self) -> Option<Request> {
        self.pages.first_key_value().map(|(_, page)| match page {
            ParkedPage::Held(arrived) => arrived.request,
            ParkedPage::Left(request, _) => *request,
        })
    }

    /// Takes the first page out.
    pub(super) fn pop_first(&mut self) -> io::Result<Option<Arrived>> {
        let position = match self.pages.pop_first() {
            None => return Ok(None),
            Some((_, ParkedPage::Held(arrived))) => {
                self.held -= 1;
                return Ok(Some(*arrived));
            }
            Some((_, ParkedPage::Left(_, position))) => position,
        };
        let entry = self.journal.as_mut().map(|journal| journal.entry_again(position)).transpose()?.flatten();
        // It was sound when it was left there.
        let arrived = entry.as_ref().and_then(Arrived::of_entry);
        arrived.map(Some).ok_or_else(|| io::Error::other("the journal changed while it was read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::journal::{Engage, JournalKey, JournalState, Secret, read_journal};
    use crate::fetch::{Purpose, Window};

    fn entry(page: u64) -> Entry {
        let request = Request { window: Window { page, size: 1 }, purpose: Purpose::Page };
        let body = r#"{"success":true,"data":{"contacts":[]},"meta":{}}"#.into();
        Entry { session: 0, request, elapsed_micros: 1, answered_at: 1, body }
    }

    /// The journal of a run that has read these pages in this order.
    fn journal(folder: &std::path::Path, pages: impl Iterator<Item = u64>) -> Journal {
        let key = JournalKey {
            base_url: "https://api.sent.dm/".into(),
            profile_id: None,
            channel: None,
            page_size: 1,
            consistency: "auto".into(),
            account: Secret::default(),
            search: Secret::default(),
            phone: Secret::default(),
        };
        let path = folder.join("j");
        let mut writer = JournalWriter::new(path.clone(), &key, 7, Engage::AtOnce);
        pages.for_each(|page| writer.append(entry(page)));
        writer.keep();
        match read_journal(&path, &key).unwrap() {
            JournalState::Usable(journal) => *journal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_number_of_pages_comes_back_in_order_and_few_are_held() {
        const PAGES: u64 = 4 * MAX_HELD as u64;
        let folder = tempfile::tempdir().unwrap();
        // The last page is there twice: once held and once left.
        let pages = std::iter::once(PAGES).chain(1..=PAGES);
        let mut parked = Parked::new(Some(journal(folder.path(), pages)));
        while let Some((entry, position)) = parked.next_entry().unwrap() {
            parked.hold_or_leave(Arrived::of_entry(&entry).unwrap(), position);
            assert!(parked.held <= MAX_HELD);
        }
        let pops = std::iter::from_fn(|| {
            let first = parked.first();
            let arrived = parked.pop_first().unwrap();
            assert_eq!(arrived.as_ref().map(|arrived| arrived.request), first);
            arrived
        });
        let popped: Vec<u64> = pops.map(|arrived| arrived.request.window.page).collect();
        assert_eq!(popped, (1..=PAGES).collect::<Vec<_>>());
        assert!(parked.is_empty() && parked.held == 0);
    }

    #[test]
    fn a_journal_that_changed_meanwhile_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut parked = Parked::new(Some(journal(folder.path(), [1].into_iter())));
        let (entry, position) = parked.next_entry().unwrap().unwrap();
        parked.held = MAX_HELD;
        parked.hold_or_leave(Arrived::of_entry(&entry).unwrap(), position + 1);
        assert!(parked.pop_first().is_err());
    }
}
