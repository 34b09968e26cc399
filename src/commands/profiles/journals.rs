//! The journals of several profiles: one file per profile, beside the output and named after the profile.
//!
//! They belong to one run: they are opened one after another, as profiles are read, and removed together. A profile that
//! was read to the end is read again from its journal, without requests.

use std::path::PathBuf;

use uuid::Uuid;

use crate::config::ResumeConfig;
use crate::error::Error;
use crate::journal::{
    Engage, Journal, JournalKey, JournalSlot, JournalState, JournalWriter, read_journal, remove_journal,
};
use crate::time::Timestamp;

use super::super::resume::open_journal;

/// The journals of a run, in the order of its profiles.
pub(super) struct Journals {
    /// Common start of the paths.
    base: Option<PathBuf>,
    files: Vec<ProfileJournal>,
    began_at: i64,
}

struct ProfileJournal {
    /// `None` if nothing is saved.
    path: Option<PathBuf>,
    key: JournalKey,
    /// Whether an earlier run left a journal that can be used.
    has_past: bool,
}

impl Journals {
    /// Looks for journals of an earlier run, and prints whether it is resumed.
    ///
    /// # Errors
    /// When a journal exists and can be neither read nor removed.
    pub(super) fn find(
        config: &ResumeConfig,
        profiles: Vec<(Uuid, JournalKey)>,
        now: Timestamp,
        mut is_quiet: bool,
    ) -> Result<Self, Error> {
        let (mut files, mut began_at) = (Vec::new(), now.micros());
        for (id, key) in profiles {
            let config = config.of_profile(id);
            // It is opened again when the profile is read, because an organization may have more profiles than a process
            // may open files.
            let past = open_journal(&config, &key, (now, Engage::AtOnce), is_quiet)?.past;
            if let Some(past) = &past {
                began_at = began_at.min(Journal::started_at(past));
                // One message for all journals is enough.
                is_quiet = true;
            }
            files.push(ProfileJournal { path: config.journal, key, has_past: past.is_some() });
        }
        Ok(Self { base: config.journal.clone(), files, began_at })
    }

    /// Journals that save nothing.
    pub(super) fn none(now: Timestamp) -> Self {
        Self { base: None, files: Vec::new(), began_at: now.micros() }
    }

    /// The start of the run, or that of the first run if this run resumes it.
    pub(super) fn began_at(&self) -> i64 {
        self.began_at
    }

    /// Whether an earlier run left any journal that can be used.
    pub(super) fn are_resumed(&self) -> bool {
        self.files.iter().any(|file| file.has_past)
    }

    /// Opens the journal of the profile at a position.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    pub(super) fn open(&self, place: usize) -> Result<JournalSlot, Error> {
        let Some(ProfileJournal { path: Some(path), key, has_past }) = self.files.get(place) else {
            return Ok(JournalSlot::default());
        };
        if *has_past && let JournalState::Usable(past) = read_journal(path, key).map_err(Error::Journal)? {
            return Ok(JournalSlot { past: Some(*past), writer: None });
        }
        let writer = JournalWriter::new(path.clone(), key, self.began_at, Engage::AtOnce);
        Ok(JournalSlot { past: None, writer: Some(writer) })
    }

    /// Removes all journals, because the outputs are published, and older journals of runs over other profiles.
    pub(super) fn remove(&self) {
        let others = self.base.iter().flat_map(|base| ResumeConfig::profile_journals(base));
        for path in self.files.iter().filter_map(|file| file.path.clone()).chain(others) {
            if let Err(error) = remove_journal(&path) {
                tracing::warn!("cannot remove the journal {}: {error}", path.display());
            }
        }
    }

    /// Adds the location of the journals to an error.
    pub(super) fn kept(&self, error: Error) -> Error {
        if matches!(error, Error::Kept { .. }) {
            return error;
        }
        match self.files.iter().filter_map(|file| file.path.as_ref()).find(|path| path.exists()) {
            Some(journal) => Error::Kept { error: Box::new(error), journal: journal.clone() },
            None => error,
        }
    }
}
