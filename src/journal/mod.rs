//! Saves responses to disk, so that an interrupted run can resume.
//!
//! Responses are appended to a file beside the output, compressed and checksummed, in the order of their arrival. All of
//! them are saved, unless they arrive so fast that fetching them again is cheaper; see [`JournalWriter::append`]. The
//! same command finds the file, reads the responses from it, and requests only what is missing. The state of a walk
//! depends only on its responses, so the walk continues where it stopped. The file is removed when the output is
//! published.
//!
//! `listing` stores windows of a list and `lookup` stores rows by id. Each identifies what it requested by a
//! [`Question`], whose numbers this module does not interpret.
//!
//! A journal belongs to one [`JournalKey`]: resource, endpoint, address, account, filters, profile, page size and
//! consistency level. It never contains the API key: a fingerprint, keyed with random bytes in the file, identifies the
//! account.
//!
//! *Easy to get wrong:* a run may be killed at any byte. An incomplete record at the end is truncated. A damaged record
//! in the middle is skipped, and its rows are fetched again.
//!
//! # Format (version 2, numbers little-endian)
//!
//! ```text
//! file    = "SENTJRNL" version:u32 length:u32 crc32:u32 header(JSON, length bytes) { record }
//! record  = "SJR1" length:u32 crc32:u32 payload(length bytes)
//! payload = session:u32 kind:u8 page:u64 size:u32 elapsed_micros:u64 answered_at:i64 body(Zstandard, one frame)
//! ```

mod reader;
mod record;
mod writer;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use reader::{Journal, JournalState, read_journal};
pub use record::{Entry, Question};
pub use writer::{Engage, JournalWriter};

/// First bytes of a journal.
const MAGIC: &[u8; 8] = b"SENTJRNL";
/// Version of the format; no other version is read.
const FORMAT_VERSION: u32 = 2;

/// Identifies what a journal belongs to. Two runs with the same key send the same requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalKey {
    /// The resource, for instance `contacts`.
    pub resource: String,
    /// Path of the endpoint.
    pub endpoint: String,
    /// Address of the API.
    pub base_url: String,
    /// Rows requested per page.
    pub page_size: u32,
    /// The consistency level.
    pub consistency: String,
    /// Other flags that change what is read, by name.
    pub flags: BTreeMap<String, String>,
    /// The API key and flags with personal values, by name; only fingerprints of them are stored.
    #[serde(skip)]
    pub secrets: BTreeMap<String, Secret>,
}

/// A text that is neither shown nor stored, except as a keyed fingerprint.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Option<String>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: Option<&str>) -> Self {
        Self(text.map(str::to_owned))
    }

    fn fingerprint(&self, salt: &str, name: &str) -> Option<String> {
        let mut digest = Sha256::new();
        for part in [salt, name, self.0.as_deref()?] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        let digest = digest.finalize();
        let first = digest.first_chunk().expect("a SHA-256 has 32 bytes");
        Some(format!("{:032x}", u128::from_be_bytes(*first)))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if self.0.is_some() { "Secret(..)" } else { "Secret" })
    }
}

/// The journal of a run: one to read from, then one to write to.
#[derive(Debug, Default)]
pub struct JournalSlot {
    /// The responses of earlier runs.
    pub past: Option<Journal>,
    /// Where new responses are saved; `None` saves nothing.
    pub writer: Option<JournalWriter>,
}

/// The first record of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    /// The version of the program that wrote it, for people who inspect the file.
    program: String,
    /// When the first run began, in microseconds UTC.
    started_at: i64,
    /// The key of the fingerprints.
    salt: String,
    fingerprints: BTreeMap<String, Option<String>>,
    command: JournalKey,
}

impl Header {
    fn new(key: &JournalKey, started_at: i64) -> Self {
        // A version 4 UUID holds 122 random bits.
        let salt = uuid::Uuid::from_u128(fastrand::u128(..)).to_string();
        Self::with_salt(key, started_at, salt)
    }

    fn with_salt(key: &JournalKey, started_at: i64, salt: String) -> Self {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let fingerprint = |(name, secret): (&String, &Secret)| (name.clone(), secret.fingerprint(&salt, name));
        let fingerprints = key.secrets.iter().map(fingerprint).collect();
        Self { program, started_at, fingerprints, salt, command: key.clone() }
    }

    /// Describes the first part in which another key differs.
    fn difference(&self, key: &JournalKey) -> Option<String> {
        let other = Self::with_salt(key, self.started_at, self.salt.clone());
        let (mine, command) = (&self.command, &other.command);
        let parts = [
            (mine.resource != command.resource, "resource"),
            (mine.endpoint != command.endpoint, "endpoint"),
            (mine.base_url != command.base_url, "--base-url"),
            (mine.page_size != command.page_size, "--page-size"),
            (mine.consistency != command.consistency, "--consistency"),
        ];
        let part = parts.into_iter().find(|&(differs, _)| differs).map(|(_, name)| name.to_owned());
        let secret = || first_difference(&self.fingerprints, &other.fingerprints);
        part.or_else(secret).or_else(|| first_difference(&mine.flags, &command.flags))
    }
}

/// The first name whose values differ.
fn first_difference<V: PartialEq>(one: &BTreeMap<String, V>, other: &BTreeMap<String, V>) -> Option<String> {
    one.keys().chain(other.keys()).find(|&name| one.get(name) != other.get(name)).cloned()
}

/// Removes a journal; a missing one is not an error.
///
/// # Errors
/// When it exists and cannot be removed.
pub fn remove_journal(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
