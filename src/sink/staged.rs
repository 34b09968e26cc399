//! Files that are written beside their target and renamed when they are whole.
//!
//! A staged file lies in the target's own folder, so the rename is atomic, and is readable by its owner alone from the
//! start. A symbolic link is followed: the file it points to is replaced and the link stays. A target that is no
//! regular file (`/dev/null`, a named pipe) is written to directly, since renaming onto it would destroy it.
//!
//! *Easy to get wrong:* the bytes must be on the disk before the name is, and the folder's entry after it; a crash in
//! between then leaves either the old file or the new one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{OutputLock, OutputTarget, SinkError};
use crate::background_sync::BackgroundSync;
use crate::companion::Companion;

/// Bytes gathered before they go to the operating system.
const WRITE_BUFFER_BYTES: usize = 256 << 10;
/// Bytes after which they are sent on to the disk, so that the end of the run need not wait for all.
const SYNC_BYTES: u64 = 4 << 20;

/// Links that are followed from a path to its file, as many as Linux follows.
const MAX_LINKS: usize = 40;

/// Where bytes go until they are published.
#[derive(Debug)]
pub(super) enum Destination {
    Staged { file: NamedTempFile, target: PathBuf },
    Direct(File),
    Stdout(Stdout),
}

impl Destination {
    /// Opens a target whose lock the caller holds: what a run that died has left staged is replaced.
    pub(super) fn open_locked(target: &OutputTarget) -> Result<Self, SinkError> {
        match target {
            OutputTarget::Stdout => Ok(Self::Stdout(io::stdout())),
            OutputTarget::File(path) => Self::open_file(path, true),
        }
    }

    fn open_file(path: &Path, is_locked: bool) -> Result<Self, SinkError> {
        let failed = |source| SinkError::OpenStaged { path: path.to_owned(), source };
        if is_descriptor(path) {
            return File::options().append(true).open(path).map(Self::Direct).map_err(failed);
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(SinkError::IsFolder { path: path.to_owned() }),
            Ok(found) if !found.is_file() => {
                return File::options().write(true).open(path).map(Self::Direct).map_err(failed);
            }
            _ => {}
        }
        let target = real_path(path).map_err(failed)?;
        let folder = folder_of(&target);
        if !folder.is_dir() {
            return Err(SinkError::MissingFolder { path: path.to_owned() });
        }
        let staged = Companion::Partial.path(&target);
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        // tempfile opens with mode 0600 and never follows or reuses what is there.
        let mut builder = tempfile::Builder::new();
        if is_locked {
            builder.prefix(staged.file_name().unwrap_or_default()).rand_bytes(0);
            remove_if_there(&staged).map_err(failed)?;
        } else {
            builder.prefix(&prefix).suffix(".partial");
        }
        let file = builder.tempfile_in(folder).map_err(failed)?;
        Ok(Self::Staged { file, target })
    }

    /// Gives the file its name. Bytes that went elsewhere are out already.
    pub(super) fn publish(self) -> Result<(), SinkError> {
        let Self::Staged { file, target } = self else { return Ok(()) };
        let failed = |source| SinkError::Publish { path: target.clone(), source };
        file.persist(&target).map_err(|error| failed(error.error))?;
        sync_folder(folder_of(&target)).map_err(failed)
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Staged { file, .. } => file.write(bytes),
            Self::Direct(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Staged { file, .. } => file.flush(),
            Self::Direct(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where a path leads to when it is a symbolic link, whether or not there is a file yet.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if !path.is_symlink() {
            return Ok(path);
        }
        path = folder_of(&path).join(fs::read_link(&path)?);
    }
    Err(io::Error::other("too many symbolic links, one behind the other"))
}

/// Whether a path stands for what somebody has opened already, like the log behind `/dev/stderr`: that is added to, and
/// never replaced.
fn is_descriptor(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|start| path.starts_with(start))
}

/// Whether a path is no regular file of its own.
pub fn is_written_directly(path: &Path) -> bool {
    is_descriptor(path) || fs::metadata(path).is_ok_and(|found| !found.is_file())
}

/// Tells two spellings of the same file: its path without links.
pub fn file_identity(path: &Path) -> PathBuf {
    let real = real_path(path).unwrap_or_else(|_| path.to_owned());
    match (fs::canonicalize(folder_of(&real)), real.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => real,
    }
}

impl OutputTarget {
    /// Whether what is written there is gone at once, and cannot be held back or replaced.
    pub fn is_stream(&self) -> bool {
        match self {
            Self::Stdout => true,
            Self::File(path) => is_written_directly(path) && !path.is_dir(),
        }
    }

    /// The regular file that the output becomes, where there is one: beside it lie the staged file, the lock and the
    /// journal.
    pub fn staged_path(&self) -> Option<PathBuf> {
        let Self::File(path) = self else { return None };
        if is_written_directly(path) { None } else { real_path(path).ok() }
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    // Only Unix lets a folder be opened as a file.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Counts and hashes what passes on its way to a destination.
pub(super) struct HashingWriter {
    writer: BufWriter<Destination>,
    digest: Sha256,
    bytes: u64,
    /// Bytes that were there when a sync began.
    synced: u64,
    sync: BackgroundSync,
}

/// A destination that has all its bytes.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) destination: Destination,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl HashingWriter {
    pub(super) fn new(destination: Destination) -> Self {
        let writer = BufWriter::with_capacity(WRITE_BUFFER_BYTES, destination);
        Self { writer, digest: Sha256::new(), bytes: 0, synced: 0, sync: BackgroundSync::default() }
    }

    /// Brings the bytes to the disk.
    pub(super) fn finish(mut self) -> io::Result<Written> {
        self.sync.end()?;
        let mut destination = self.writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        destination.flush()?;
        if let Destination::Staged { file, .. } = &destination {
            file.as_file().sync_all()?;
        }
        let sha256 = hex(&self.digest.finalize());
        Ok(Written { destination, bytes: self.bytes, sha256 })
    }
}

impl Write for HashingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        if self.bytes - self.synced >= SYNC_BYTES
            && let Destination::Staged { file, .. } = self.writer.get_ref()
            && self.sync.begin(file.as_file())?
        {
            self.synced = self.bytes;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl std::fmt::Debug for HashingWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HashingWriter").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Locks a file that will be written, against other runs; one that is written to directly needs no lock.
///
/// # Errors
/// When another run has it, or its folder cannot be written.
pub fn lock_target(target: &OutputTarget) -> Result<Option<OutputLock>, SinkError> {
    match target.staged_path() {
        Some(path) if folder_of(&path).is_dir() => OutputLock::acquire(&path).map(Some),
        _ => Ok(None),
    }
}

/// Proves that a file can be written at a path, and leaves nothing behind.
///
/// # Errors
/// When it cannot.
pub fn check_writable(path: &Path) -> Result<(), SinkError> {
    if OutputTarget::File(path.to_owned()).is_stream() {
        // A pipe is opened once: its reader takes the first end for the last.
        return Ok(());
    }
    Destination::open_file(path, false).map(drop)
}

/// Writes a small file whole or not at all, readable by its owner alone.
///
/// # Errors
/// When it cannot be written; what was there stays then.
pub fn write_small_file(path: &Path, bytes: &[u8]) -> Result<(), SinkError> {
    write_staged(Destination::open_file(path, false)?, path, bytes)?.publish()
}

/// Writes a small file that has no name yet, and whose lock the caller holds: what a run that died has left is replaced.
///
/// # Errors
/// When it cannot be written.
pub fn stage_small_file(path: &Path, bytes: &[u8]) -> Result<StagedFile, SinkError> {
    write_staged(Destination::open_file(path, true)?, path, bytes)
}

fn write_staged(destination: Destination, path: &Path, bytes: &[u8]) -> Result<StagedFile, SinkError> {
    let mut writer = HashingWriter::new(destination);
    let written = writer.write_all(bytes).and_then(|()| writer.finish());
    let failed = |source: io::Error| SinkError::Write { path: path.display().to_string(), source: source.into() };
    written.map(|written| StagedFile(written.destination)).map_err(failed)
}

/// A small file that is whole on the disk but does not have its name yet. Dropping it removes it.
#[derive(Debug)]
pub struct StagedFile(Destination);

impl StagedFile {
    /// Removes what has its name so far.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn withdraw_old(&self) -> Result<(), SinkError> {
        let Destination::Staged { target, .. } = &self.0 else { return Ok(()) };
        remove_if_there(target).map_err(|source| SinkError::Publish { path: target.clone(), source })
    }

    /// Gives the file its name, replacing what was there.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn publish(self) -> Result<(), SinkError> {
        self.0.publish()
    }
}
