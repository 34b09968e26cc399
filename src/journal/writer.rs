//! Appends responses to the journal.
//!
//! Once the file exists, each response is passed to the operating system before the next request is sent, so that a killed
//! run loses only the requests in flight. A background thread syncs the file to disk once a second, which limits the loss
//! after a power failure.
//!
//! Compressing and writing a page takes about a tenth of a millisecond. That is negligible while a run waits for the
//! network or its quota, but not at full speed. So the first responses stay in memory; [`JournalWriter::append`] describes
//! when the file is created.
//!
//! *Easy to get wrong:* an export must not fail because its journal cannot be written. The run then continues without one,
//! with a warning.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use crate::store::{BackgroundSync, sync_all};

use super::record::Entry;
use super::{FORMAT_VERSION, Header, JournalKey, MAGIC, remove_journal};

/// A shorter run needs no journal, and the rate of responses cannot be determined earlier.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// Responses that arrive faster than this on average are cheaper to fetch again than to save: saving all of them costs an
/// export at full speed a third of its CPU time, see `benches/README.md`.
const FAST_ANSWER: Duration = Duration::from_millis(1);
/// Time after which even such a fast run creates its journal. It limits how much must be fetched again.
const FAST_RUN_WAIT: Duration = Duration::from_secs(30);
/// Bytes of responses that a fast run holds in memory until then.
const MAX_HELD_BYTES: usize = 4 << 20;
/// Time between two syncs to disk, and the most that a power failure can lose.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// Zstandard level: the fastest one that shrinks pages to a fifth.
const ZSTD_LEVEL: i32 = 1;

/// When the file of a journal is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engage {
    /// Once the run has lasted long enough; see [`JournalWriter::append`].
    WhenItLasts,
    /// With the first response, because every response may be needed again.
    AtOnce,
}

/// Saves responses, at first in memory and later in the file.
#[derive(Debug)]
pub struct JournalWriter {
    path: PathBuf,
    header: Header,
    engage: Engage,
    first_answer: Option<Instant>,
    answers: u32,
    state: WriterState,
}

#[derive(Debug)]
enum WriterState {
    Holding {
        entries: Vec<Entry>,
        bytes: usize,
    },
    /// There were too many bytes to hold in memory. Nothing is saved until the run has lasted long enough.
    Passing,
    Writing(Box<OpenJournalFile>),
    GivenUp,
}

impl JournalWriter {
    /// A new journal that writes nothing to disk yet. `started_at` is in microseconds UTC.
    pub fn new(path: PathBuf, key: &JournalKey, started_at: i64, engage: Engage) -> Self {
        let state = WriterState::Holding { entries: Vec::new(), bytes: 0 };
        Self { path, header: Header::new(key, started_at), engage, first_answer: None, answers: 0, state }
    }

    /// Continues an existing journal after its last complete record.
    pub(super) fn resume(path: PathBuf, header: Header, end: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(end)?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        let state = WriterState::Writing(Box::new(OpenJournalFile::new(file)?));
        Ok(Self { path, header, engage: Engage::AtOnce, first_answer: None, answers: 0, state })
    }

    /// Saves a response.
    ///
    /// The file is created 50 milliseconds after the first response and starts with all responses so far. While responses
    /// arrive faster than 1,000 a second on average, it is created only after 30 seconds, and lacks the first ones if they
    /// exceeded 4 MiB.
    pub fn append(&mut self, entry: Entry) {
        let elapsed = self.first_answer.get_or_insert_with(Instant::now).elapsed();
        self.answers = self.answers.saturating_add(1);
        let is_fast = self.engage != Engage::AtOnce && elapsed < FAST_ANSWER * self.answers && elapsed < FAST_RUN_WAIT;
        match &mut self.state {
            WriterState::Holding { entries, bytes } => {
                *bytes += entry.body.len();
                entries.push(entry);
                if !is_fast && (elapsed >= FIRST_WAIT || self.engage == Engage::AtOnce) {
                    self.begin();
                } else if *bytes > MAX_HELD_BYTES {
                    self.state = WriterState::Passing;
                }
            }
            WriterState::Passing if !is_fast => {
                self.state = WriterState::Holding { entries: vec![entry], bytes: 0 };
                self.begin();
            }
            // The responses were slow at first, but are fast now.
            WriterState::Writing(_) if is_fast => {}
            WriterState::Writing(_) => self.write(&entry),
            WriterState::Passing | WriterState::GivenUp => {}
        }
    }

    fn write(&mut self, entry: &Entry) {
        if let WriterState::Writing(journal) = &mut self.state
            && let Err(error) = journal.write(entry)
        {
            self.give_up(&error);
        }
    }

    /// Writes everything so far to disk, because outputs are about to be replaced that only these responses complete.
    pub fn save(&mut self) {
        if matches!(&self.state, WriterState::Holding { entries, .. } if !entries.is_empty()) {
            self.begin();
        }
        if let WriterState::Writing(journal) = &mut self.state
            && let Err(error) = journal.sync()
        {
            self.give_up(&error);
        }
    }

    /// Writes everything to disk for a later run; returns the path, if there is anything to resume from.
    pub fn keep(mut self) -> Option<PathBuf> {
        if matches!(&self.state, WriterState::Holding { entries, .. } if !entries.is_empty()) {
            self.begin();
        }
        let WriterState::Writing(journal) = std::mem::replace(&mut self.state, WriterState::GivenUp) else {
            return None;
        };
        match journal.close() {
            // The file or its folder may have been removed in the meantime.
            Ok(()) => Some(self.path).filter(|path| path.exists()),
            Err(error) => {
                self.give_up(&error);
                None
            }
        }
    }

    /// Removes the journal, because the output with its responses is published.
    pub fn remove(self) {
        if let Err(error) = remove_journal(&self.path) {
            tracing::warn!("cannot remove the journal {}: {error}", self.path.display());
        }
    }

    /// Creates the file and writes the responses held in memory.
    fn begin(&mut self) {
        let WriterState::Holding { entries, .. } = std::mem::replace(&mut self.state, WriterState::GivenUp) else {
            return;
        };
        match self.create() {
            Ok(journal) => self.state = WriterState::Writing(Box::new(journal)),
            Err(error) => self.give_up(&error),
        }
        for entry in &entries {
            self.write(entry);
        }
    }

    fn create(&self) -> io::Result<OpenJournalFile> {
        remove_journal(&self.path)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        let header = serde_json::to_vec(&self.header)?;
        let mut head = MAGIC.to_vec();
        head.extend(FORMAT_VERSION.to_le_bytes());
        head.extend(u32::try_from(header.len()).map_err(io::Error::other)?.to_le_bytes());
        head.extend(crc32fast::hash(&header).to_le_bytes());
        head.extend(header);
        file.write_all(&head)?;
        OpenJournalFile::new(file)
    }

    fn give_up(&mut self, error: &io::Error) {
        tracing::warn!("cannot write the journal {}, this run cannot be resumed: {error}", self.path.display());
        self.state = WriterState::GivenUp;
    }
}

/// The file of a journal that is being written.
struct OpenJournalFile {
    file: File,
    compressor: zstd::bulk::Compressor<'static>,
    record: Vec<u8>,
    synced_at: Instant,
    sync: BackgroundSync,
}

impl std::fmt::Debug for OpenJournalFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("OpenJournalFile").field("file", &self.file).finish_non_exhaustive()
    }
}

impl OpenJournalFile {
    fn new(file: File) -> io::Result<Self> {
        let compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
        Ok(Self { file, compressor, record: Vec::new(), synced_at: Instant::now(), sync: BackgroundSync::default() })
    }

    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        self.record.clear();
        entry.write(&mut self.compressor, &mut self.record)?;
        self.file.write_all(&self.record)?;
        if self.synced_at.elapsed() >= SYNC_INTERVAL && self.sync.begin(&self.file)? {
            self.synced_at = Instant::now();
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync.end()?;
        sync_all(&self.file)
    }

    fn close(mut self) -> io::Result<()> {
        self.sync()
    }
}
