//! Chooses the journal that a run reads from and writes to.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::base::printable::printable;
use crate::config::ResumeConfig;
use crate::error::Error;
use crate::journal::{
    Engage, Journal, JournalKey, JournalSlot, JournalState, JournalWriter, read_journal, remove_journal,
};
use crate::time::Timestamp;

use super::printer::note;

/// Opens the journal beside the output, whose lock must be held, and prints a line if an earlier run is resumed. `engage`
/// determines when a new journal is created.
///
/// # Errors
/// When a journal exists and can be neither read nor removed.
pub(super) fn open_journal(
    config: &ResumeConfig,
    journal_key: &JournalKey,
    (now, engage): (Timestamp, Engage),
    is_quiet: bool,
) -> Result<JournalSlot, Error> {
    let Some(path) = &config.journal else { return Ok(JournalSlot::default()) };
    if config.starts_over {
        remove_journal(path).map_err(|error| of_journal(path, error))?;
    }
    let unused = |why: &str| {
        tracing::warn!(name: "journal_unused", "starting over without the journal {}: {why}", path.display());
        None
    };
    let past = match read_journal(path, journal_key) {
        Ok(JournalState::None) => None,
        Ok(JournalState::Unusable(why)) => unused(&why),
        Ok(JournalState::Usable(journal)) if is_too_old(&journal, config, now) => {
            unused("it is older than --resume-within")
        }
        Ok(JournalState::Usable(journal)) => Some(*journal),
        // Another user left the journal. It is replaced if both users may write to the folder.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && remove_journal(path).is_ok() => {
            unused("it belongs to another user and cannot be read")
        }
        Err(error) => return Err(of_journal(path, error)),
    };
    if let Some(journal) = &past {
        if !is_quiet {
            note("resumed", &announcement(journal, path));
        }
        return Ok(JournalSlot { past, writer: None });
    }
    let writer = JournalWriter::new(path.clone(), journal_key, now.micros(), engage);
    Ok(JournalSlot { past: None, writer: Some(writer) })
}

/// An error that names the journal and its owner.
#[derive(Debug, thiserror::Error)]
#[error("{path}{owner}")]
struct JournalError {
    path: String,
    owner: String,
    source: io::Error,
}

fn of_journal(path: &Path, source: io::Error) -> Error {
    let owner = owner_of(path).map(|user| format!(" (it belongs to user {user})")).unwrap_or_default();
    let kind = source.kind();
    Error::Journal(io::Error::new(kind, JournalError { path: path.display().to_string(), owner, source }))
}

#[cfg(unix)]
fn owner_of(path: &Path) -> Option<u32> {
    std::fs::metadata(path).map(|found| std::os::unix::fs::MetadataExt::uid(&found)).ok()
}

#[cfg(not(unix))]
fn owner_of(_: &Path) -> Option<u32> {
    None
}

fn is_too_old(journal: &Journal, config: &ResumeConfig, now: Timestamp) -> bool {
    let age = now.micros().saturating_sub(journal.started_at());
    u128::try_from(age).is_ok_and(|age| age > config.within.as_micros())
}

fn announcement(journal: &Journal, path: &Path) -> String {
    let started = Timestamp::from_micros(journal.started_at()).to_seconds();
    format!("resuming the run started {started} (journal {}; --fresh starts over)", printable(&path.to_string_lossy()))
}
