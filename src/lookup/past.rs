//! Answers of earlier runs, found by the position of their key.

use std::io;

use crate::journal::{Entry, Journal, JournalWriter};

/// The journal of earlier runs, with the position of each key's answer in it: eight bytes per key.
pub(super) struct Past {
    journal: Journal,
    /// By position of the key; [`NOWHERE`] if it was not answered.
    places: Vec<u64>,
}

/// No file is long enough for this position.
const NOWHERE: u64 = u64::MAX;

impl Past {
    /// Reads a journal to its end. Only the positions of the answers stay in memory.
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

    /// Number of damaged parts in the journal.
    pub(super) fn damaged(&self) -> u64 {
        self.journal.damaged()
    }

    /// Reopens the journal for appending; also returns the number of the new run.
    pub(super) fn resume(&self) -> io::Result<(JournalWriter, u32)> {
        self.journal.resume()
    }

    /// Takes the answer about the key at a position; `None` if there is none.
    pub(super) fn take(&mut self, position: usize) -> io::Result<Option<Entry>> {
        let place = self.places.get_mut(position).map_or(NOWHERE, |place| std::mem::replace(place, NOWHERE));
        if place == NOWHERE {
            return Ok(None);
        }
        let entry = self.journal.entry_again(place)?;
        // It was readable a moment ago.
        entry.map(Some).ok_or_else(|| io::Error::other("the journal changed while it was read"))
    }
}
