//! Reads a journal back, and skips incomplete and damaged records.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use super::record::{Entry, MAX_PAYLOAD, RECORD_HEAD, RECORD_MAGIC};
use super::writer::JournalWriter;
use super::{FORMAT_VERSION, Header, JournalKey, MAGIC};

/// Whether there is a journal beside an output, and whether it can be used.
#[derive(Debug)]
pub enum JournalState {
    /// There is none.
    None,
    /// A journal that cannot be used, with the reason.
    Unusable(String),
    /// A journal of this command.
    Usable(Box<Journal>),
}

/// A journal of an earlier run, open for reading.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    header: Header,
    reader: BufReader<File>,
    /// Start of the entry that was returned last.
    position: u64,
    /// End of the last complete record.
    end: u64,
    damaged: u64,
    last_session: u32,
}

/// Looks for a journal at `path` that belongs to `key`.
///
/// # Errors
/// When the file exists but cannot be read.
pub fn read_journal(path: &Path, key: &JournalKey) -> io::Result<JournalState> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(JournalState::None),
        file => file?,
    };
    let mut reader = BufReader::with_capacity(256 << 10, file);
    let (header, end) = match read_header(&mut reader)? {
        Head::Sound(header, end) => (*header, end),
        Head::OtherVersion(version) => {
            return Ok(JournalState::Unusable(format!(
                "it has format version {version}, this program reads {FORMAT_VERSION}"
            )));
        }
        Head::Damaged => return Ok(JournalState::Unusable("its beginning is damaged".to_owned())),
    };
    if let Some(part) = header.difference(key) {
        return Ok(JournalState::Unusable(format!("it belongs to a command with another {part}")));
    }
    let journal = Journal { path: path.to_owned(), header, reader, position: end, end, damaged: 0, last_session: 0 };
    Ok(JournalState::Usable(Box::new(journal)))
}

/// The result of reading the start of the file.
enum Head {
    Sound(Box<Header>, u64),
    OtherVersion(u32),
    Damaged,
}

fn read_header(reader: &mut BufReader<File>) -> io::Result<Head> {
    let mut head = [0; 20];
    if !fill(reader, &mut head)? || head[..8] != *MAGIC {
        return Ok(Head::Damaged);
    }
    let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let length = number(12) as usize;
    if number(8) != FORMAT_VERSION {
        return Ok(Head::OtherVersion(number(8)));
    }
    if length > 1 << 20 {
        return Ok(Head::Damaged);
    }
    let mut json = vec![0; length];
    if !fill(reader, &mut json)? || crc32fast::hash(&json) != number(16) {
        return Ok(Head::Damaged);
    }
    let header = serde_json::from_slice(&json).ok();
    Ok(header.map_or(Head::Damaged, |header| Head::Sound(Box::new(header), (head.len() + length) as u64)))
}

/// Fills the buffer; returns whether the file was long enough.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        result => result.map(|()| true),
    }
}

enum NextRecord {
    Entry(Box<Entry>),
    Damage,
    End,
}

impl Journal {
    /// When the first run began, in microseconds UTC.
    pub fn started_at(&self) -> i64 {
        self.header.started_at
    }

    /// Number of damaged records that were skipped.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The next response, in the order of arrival; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        let mut at = self.end;
        let mut is_in_damage = false;
        loop {
            match self.entry_at(at)? {
                NextRecord::Entry(entry) => {
                    self.damaged += u64::from(is_in_damage);
                    self.position = at;
                    self.end = self.reader.stream_position()?;
                    self.last_session = self.last_session.max(entry.session);
                    return Ok(Some(*entry));
                }
                NextRecord::Damage => {
                    is_in_damage = true;
                    let Some(next) = self.next_magic(at + 1)? else { return Ok(None) };
                    at = next;
                }
                NextRecord::End => return Ok(None),
            }
        }
    }

    /// The position of the entry that [`next_entry`](Self::next_entry) returned last.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Reads an earlier entry by its position; `None` if it is no longer there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entry_again(&mut self, position: u64) -> io::Result<Option<Entry>> {
        Ok(match self.entry_at(position)? {
            NextRecord::Entry(entry) => Some(*entry),
            NextRecord::Damage | NextRecord::End => None,
        })
    }

    fn entry_at(&mut self, at: u64) -> io::Result<NextRecord> {
        self.seek(at)?;
        let mut head = [0; RECORD_HEAD];
        if !fill(&mut self.reader, &mut head)? {
            return Ok(NextRecord::End);
        }
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let length = number(4) as usize;
        if head[..4] != *RECORD_MAGIC || length > MAX_PAYLOAD {
            return Ok(NextRecord::Damage);
        }
        // A damaged length must not allocate more than the file holds.
        let mut payload = Vec::new();
        Read::by_ref(&mut self.reader).take(length as u64).read_to_end(&mut payload)?;
        if payload.len() < length || crc32fast::hash(&payload) != number(8) {
            return Ok(NextRecord::Damage);
        }
        Ok(Entry::read(&payload).map_or(NextRecord::Damage, |entry| NextRecord::Entry(Box::new(entry))))
    }

    /// Where the next record may start.
    fn next_magic(&mut self, from: u64) -> io::Result<Option<u64>> {
        self.seek(from)?;
        let mut matched = 0;
        let mut at = from;
        let mut byte = [0; 1];
        while fill(&mut self.reader, &mut byte)? {
            at += 1;
            // The first byte of the magic does not occur again in it, so the search restarts after a mismatch.
            matched = match byte[0] {
                next if next == RECORD_MAGIC[matched] => matched + 1,
                next => usize::from(next == RECORD_MAGIC[0]),
            };
            if matched == RECORD_MAGIC.len() {
                return Ok(Some(at - RECORD_MAGIC.len() as u64));
            }
        }
        Ok(None)
    }

    fn seek(&mut self, to: u64) -> io::Result<()> {
        let at = self.reader.stream_position()?;
        let by = i64::try_from(to).unwrap_or(i64::MAX) - i64::try_from(at).unwrap_or(i64::MAX);
        self.reader.seek_relative(by)
    }

    /// Truncates an incomplete record at the end and reopens the file for appending; also returns the number of the new
    /// run. Entries that were read remain readable.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn resume(&self) -> io::Result<(JournalWriter, u32)> {
        let writer = JournalWriter::resume(self.path.clone(), self.header.clone(), self.end)?;
        Ok((writer, self.last_session.saturating_add(1)))
    }
}
