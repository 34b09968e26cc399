//! Answers of earlier runs, found by the position of their key.

use std::io;

use crate::journal::{Entry, Journal, JournalWriter};

/// The journal of earlier runs, with the position of each key's answer in it: eight bytes per key.
pub(super) struct Past {
    journal: Journal,
    /// By position of the key; [`NO_ENTRY`] if it was not answered.
    offsets: Vec<u64>,
}

/// No file is long enough for this offset.
const NO_ENTRY: u64 = u64::MAX;

impl Past {
    /// Reads a journal to its end. Only the positions of the answers stay in memory.
    pub(super) fn read(mut journal: Journal, keys: usize) -> io::Result<Self> {
        let mut offsets = vec![NO_ENTRY; keys];
        while let Some(entry) = journal.next_entry()? {
            let position = usize::try_from(entry.question.page).ok();
            if let Some(offset) = position.and_then(|position| offsets.get_mut(position)) {
                *offset = journal.position();
            }
        }
        Ok(Self { journal, offsets })
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
        let offset = self.offsets.get_mut(position).map_or(NO_ENTRY, |offset| std::mem::replace(offset, NO_ENTRY));
        if offset == NO_ENTRY {
            return Ok(None);
        }
        let entry = self.journal.entry_again(offset)?;
        // It was readable when the journal was read first.
        entry.map(Some).ok_or_else(|| io::Error::other("the journal changed while it was read"))
    }
}
