//! Answers of an earlier run, found again by the place of their key.

use std::io;

use crate::journal::{Entry, Journal, JournalWriter};

/// The journal of earlier runs and where in it the answer about each key stands: eight bytes a key.
pub(super) struct Past {
    journal: Journal,
    /// By position of the key; [`NOWHERE`] for one that was not answered.
    places: Vec<u64>,
}

/// No answer stands at the end of the file system.
const NOWHERE: u64 = u64::MAX;

impl Past {
    /// Reads a journal to its end. Nothing is kept in memory but where the answers stand.
    pub(super) fn read(mut journal: Journal, keys: usize) -> io::Result<Self> {
        let mut places = vec![NOWHERE; keys];
        while let Some(entry) = journal.next_entry()? {
            let position = usize::try_from(entry.question.page).ok();
            if let Some(place) = position.and_then(|position| places.get_mut(position)) {
                *place = journal.position();
            }
        }
        Ok(Self { journal, places })
    }

    /// Damaged parts of the journal.
    pub(super) fn damaged(&self) -> u64 {
        self.journal.damaged()
    }

    /// Continues writing the journal; gives the number of the run that begins.
    pub(super) fn resume(&self) -> io::Result<(JournalWriter, u32)> {
        self.journal.resume()
    }

    /// Takes out the answer about the key at a position; `None` if there is none.
    pub(super) fn take(&mut self, position: usize) -> io::Result<Option<Entry>> {
        let place = self.places.get_mut(position).map_or(NOWHERE, |place| std::mem::replace(place, NOWHERE));
        if place == NOWHERE {
            return Ok(None);
        }
        let entry = self.journal.entry_again(place)?;
        // It was sound a moment ago.
        entry.map(Some).ok_or_else(|| io::Error::other("the journal changed while it was read"))
    }
}
