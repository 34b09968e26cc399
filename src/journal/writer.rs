//! Appends answers to the journal.
//!
//! Once the file is begun, an answer is in the hands of the operating system before the next request is sent, so that a run
//! that is killed loses no more than what was in flight. The sync to the disk, which a power cut asks for, is left to a thread once a second.
//!
//! Compressing and writing a page takes about a tenth of a millisecond, which a run that waits for the network or its
//! quota never notices and one at full speed would. So the first answers are only held; see [`JournalWriter::append`] for
//! when the file is begun.
//!
//! *Easy to get wrong:* a journal that cannot be written must not end an export that can. It is given up with a warning.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use crate::store::{BackgroundSync, sync_all};

use super::record::Entry;
use super::{FORMAT_VERSION, Header, JournalKey, MAGIC, remove_journal};

/// A run that is over before this needs no journal, and whether answers come fast is not known earlier.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// Answers that come faster than this on average are cheaper to ask for again than to keep.
const FAST_ANSWER: Duration = Duration::from_millis(1);
/// When the journal of such a fast run is begun after all: what a fast run may have to read again.
const FAST_RUN_WAIT: Duration = Duration::from_secs(30);
/// Bytes of answers that a fast run holds until then.
const MAX_HELD_BYTES: usize = 4 << 20;
/// Time between two syncs to the disk: what a power cut may cost.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// Level of Zstandard: the fastest that still shrinks pages to a fifth.
const ZSTD_LEVEL: i32 = 1;

/// When a journal is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engage {
    /// When the run proves to last.
    WhenItLasts,
    /// With the first answer, because every answer may be needed again.
    AtOnce,
}

/// Keeps answers, in memory first and in the file later.
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
    /// Too many to hold; nothing is kept until the run proves to be long.
    Passing,
    Writing(Box<OpenJournalFile>),
    GivenUp,
}

impl JournalWriter {
    /// A new journal; nothing is on the disk yet. `started_at` is in microseconds UTC.
    pub fn new(path: PathBuf, key: &JournalKey, started_at: i64, engage: Engage) -> Self {
        let state = WriterState::Holding { entries: Vec::new(), bytes: 0 };
        Self { path, header: Header::new(key, started_at), engage, first_answer: None, answers: 0, state }
    }

    /// Goes on with a journal that is there, behind its last whole record.
    pub(super) fn resume(path: PathBuf, header: Header, end: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(end)?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        let state = WriterState::Writing(Box::new(OpenJournalFile::new(file)?));
        Ok(Self { path, header, engage: Engage::AtOnce, first_answer: None, answers: 0, state })
    }

    /// Keeps an answer.
    ///
    /// The file is begun fifty milliseconds after the first answer, with all answers so far; but while they come faster than
    /// a thousand a second on average, after thirty seconds only, and without the first ones if they were more than 4 MiB.
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
            // It seemed slow at first.
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

    /// Brings everything to the disk for a later run; says where it is, if there is anything.
    pub fn keep(mut self) -> Option<PathBuf> {
        if matches!(&self.state, WriterState::Holding { entries, .. } if !entries.is_empty()) {
            self.begin();
        }
        let WriterState::Writing(journal) = std::mem::replace(&mut self.state, WriterState::GivenUp) else {
            return None;
        };
        match journal.close() {
            // Somebody may have removed it, or the folder, in the meantime.
            Ok(()) => Some(self.path).filter(|path| path.exists()),
            Err(error) => {
                self.give_up(&error);
                None
            }
        }
    }

    /// Removes the journal: its answers are in an output that has its name.
    pub fn remove(self) {
        if let Err(error) = remove_journal(&self.path) {
            tracing::warn!("cannot remove the journal {}: {error}", self.path.display());
        }
    }

    /// Creates the file and writes what was held.
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

/// A journal's file while it grows.
struct OpenJournalFile {
    file: File,
    compressor: zstd::bulk::Compressor<'static>,
    record: Vec<u8>,
    synced_at: Instant,
    sync: BackgroundSync,
}

impl std::fmt::Debug for OpenJournalFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("OpenJournal").field("file", &self.file).finish_non_exhaustive()
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

    fn close(mut self) -> io::Result<()> {
        self.sync.end()?;
        sync_all(&self.file)
    }
}
