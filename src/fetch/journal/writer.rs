//! Appends answers to the journal, on a thread of its own.
//!
//! Compressing and writing a page takes about a tenth of a millisecond, which a run that waits for its quota never
//! notices and one at full speed would. So the first answers are only held; see [`JournalWriter::append`] for when the
//! file is begun.
//!
//! *Easy to get wrong:* a journal that cannot be written must not end an export that can. It is given up with a warning.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::record::Entry;
use super::{FORMAT_VERSION, Header, JournalKey, MAGIC, remove_journal};

/// A run that is over before this needs no journal.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// Answers held until then, in bytes. More of them mean a service so fast that asking again costs less than writing.
const MAX_HELD_BYTES: usize = 16 << 20;
/// When the journal of such a fast run is begun after all.
const FAST_RUN_WAIT: Duration = Duration::from_secs(3);
/// Time between two syncs to the disk: what a power cut may cost.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// Answers waiting for the writing thread; a slow disk then slows the network.
const QUEUED_ENTRIES: usize = 64;
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
    began: Instant,
    state: State,
}

#[derive(Debug)]
enum State {
    Holding {
        entries: Vec<Entry>,
        bytes: usize,
    },
    /// Too many to hold; nothing is kept until the run proves to be long.
    Passing,
    Writing {
        sender: SyncSender<Entry>,
        thread: JoinHandle<io::Result<()>>,
    },
    GivenUp,
}

impl JournalWriter {
    /// A new journal; nothing is on the disk yet. `started_at` is in microseconds UTC.
    pub fn new(path: PathBuf, key: &JournalKey, started_at: i64, engage: Engage) -> Self {
        let state = State::Holding { entries: Vec::new(), bytes: 0 };
        Self { path, header: Header::new(key, started_at), engage, began: Instant::now(), state }
    }

    /// Goes on with a journal that is there, behind its last whole record.
    pub(super) fn resume(path: PathBuf, header: Header, end: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(end)?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        let state = start_writing(file)?;
        Ok(Self { path, header, engage: Engage::AtOnce, began: Instant::now(), state })
    }

    /// Keeps an answer.
    ///
    /// Answers are held in memory for a tenth of a second; a run that lasts longer gets its file then, with all of
    /// them. If more than 16 MiB come before, the service is so fast that the file is begun after three seconds only,
    /// without what came before.
    pub fn append(&mut self, entry: Entry) {
        match &mut self.state {
            State::Holding { entries, bytes } => {
                *bytes += entry.body.len();
                entries.push(entry);
                let is_full = *bytes > MAX_HELD_BYTES;
                if self.engage == Engage::AtOnce || self.began.elapsed() >= FIRST_WAIT {
                    self.begin();
                } else if is_full {
                    self.state = State::Passing;
                }
            }
            State::Passing if self.began.elapsed() >= FAST_RUN_WAIT => {
                self.state = State::Holding { entries: vec![entry], bytes: 0 };
                self.begin();
            }
            State::Writing { sender, .. } => {
                if sender.send(entry).is_err() {
                    self.give_up();
                }
            }
            State::Passing | State::GivenUp => {}
        }
    }

    /// Brings everything to the disk for a later run; says where it is, if there is anything.
    pub fn keep(mut self) -> Option<PathBuf> {
        if matches!(&self.state, State::Holding { entries, .. } if !entries.is_empty()) {
            self.begin();
        }
        if let State::Writing { .. } = self.state {
            self.close()?;
            return Some(self.path);
        }
        None
    }

    /// Removes the journal: its answers are in an output that has its name.
    pub fn remove(mut self) {
        if let State::Writing { .. } = self.state {
            self.close();
        }
        if let Err(error) = remove_journal(&self.path) {
            tracing::warn!("cannot remove the journal {}: {error}", self.path.display());
        }
    }

    /// Creates the file and writes what was held.
    fn begin(&mut self) {
        let State::Holding { entries, .. } = std::mem::replace(&mut self.state, State::GivenUp) else { return };
        match create(&self.path, &self.header).and_then(start_writing) {
            Ok(state) => self.state = state,
            Err(error) => warn_given_up(&self.path, &error),
        }
        for entry in entries {
            self.append(entry);
        }
    }

    fn close(&mut self) -> Option<()> {
        let State::Writing { sender, thread } = std::mem::replace(&mut self.state, State::GivenUp) else { return None };
        drop(sender);
        match thread.join() {
            Ok(Ok(())) => Some(()),
            Ok(Err(error)) => {
                warn_given_up(&self.path, &error);
                None
            }
            Err(_) => None,
        }
    }

    fn give_up(&mut self) {
        self.close();
    }
}

fn warn_given_up(path: &Path, error: &io::Error) {
    tracing::warn!("cannot write the journal {}, this run cannot be resumed: {error}", path.display());
}

fn create(path: &Path, header: &Header) -> io::Result<File> {
    remove_journal(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let header = serde_json::to_vec(header)?;
    let mut head = MAGIC.to_vec();
    head.extend(FORMAT_VERSION.to_le_bytes());
    head.extend(u32::try_from(header.len()).map_err(io::Error::other)?.to_le_bytes());
    head.extend(crc32fast::hash(&header).to_le_bytes());
    head.extend(header);
    file.write_all(&head)?;
    Ok(file)
}

fn start_writing(file: File) -> io::Result<State> {
    let (sender, receiver) = sync_channel(QUEUED_ENTRIES);
    let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || write_all(file, &receiver))?;
    Ok(State::Writing { sender, thread })
}

fn write_all(mut file: File, receiver: &Receiver<Entry>) -> io::Result<()> {
    let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
    let mut record = Vec::new();
    let mut unsynced_since: Option<Instant> = None;
    loop {
        let wait = unsynced_since.map_or(SYNC_INTERVAL, |since| SYNC_INTERVAL.saturating_sub(since.elapsed()));
        match receiver.recv_timeout(wait) {
            Ok(entry) => {
                record.clear();
                entry.write(&mut compressor, &mut record)?;
                file.write_all(&record)?;
                unsynced_since.get_or_insert_with(Instant::now);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return file.sync_all(),
        }
        if unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_INTERVAL) {
            file.sync_data()?;
            unsynced_since = None;
        }
    }
}
