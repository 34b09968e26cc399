//! Files that are written under a temporary name, synced, then renamed.
//!
//! A staged file is in its target's folder, so that a rename replaces the target atomically, and is readable by its owner
//! alone until then. A symbolic link is followed: the file it points to is replaced and the link stays. A target that is
//! not a regular file (`/dev/null`, a named pipe) is written to directly, since renaming onto it would destroy it.
//!
//! *Easy to get wrong:* the bytes must be synced before the rename, and the folder after it; a crash in between then leaves
//! either the old file or the new one.

use std::fs::{self, File, Metadata};
use std::io::{self, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::access::{self, FileMode};
use super::error::StoreError;
use super::file_system::{refuses_folder_sync, refuses_rename};
use super::hindrance::Hindrance;
use super::paths::{ends_as_a_folder, folder_of, is_descriptor, real_path};
use super::replace::{Way, choose_way, create_private, overwrite};
use super::sidecar::Sidecar;
use super::target::OutputTarget;

/// How files are staged and published.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileSettings {
    /// Requested permissions; those of the replaced file if none.
    pub mode: Option<FileMode>,
    /// Whether the target is locked against other runs, so that a staged file left by a crashed run can be replaced.
    pub is_locked: bool,
}

/// Where bytes go until they are published.
#[derive(Debug)]
pub(crate) enum Destination {
    Staged(Box<Staged>),
    Direct(File),
    Stdout(Stdout),
}

/// A file beside its target.
#[derive(Debug)]
pub(crate) struct Staged {
    file: NamedTempFile,
    target: PathBuf,
    way: Way,
    mode: Option<FileMode>,
    /// Metadata of the previous file, if it was withdrawn.
    withdrawn: Option<Metadata>,
}

impl Destination {
    /// Opens a target.
    pub(crate) fn open(target: &OutputTarget, settings: FileSettings) -> Result<Self, StoreError> {
        match target {
            OutputTarget::Stdout => Ok(Self::Stdout(io::stdout())),
            OutputTarget::File(path) => Self::open_file(path, settings),
        }
    }

    pub(crate) fn open_file(path: &Path, settings: FileSettings) -> Result<Self, StoreError> {
        let failed = |source| StoreError::OpenStaged { path: path.to_owned(), source };
        if ends_as_a_folder(path) {
            return Err(StoreError::TrailingSlash { path: path.to_owned() });
        }
        if is_descriptor(path) {
            return File::options().append(true).open(path).map(Self::Direct).map_err(failed);
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(StoreError::IsFolder { path: path.to_owned() }),
            Ok(found) if !found.is_file() => {
                return File::options().write(true).open(path).map(Self::Direct).map_err(failed);
            }
            _ => {}
        }
        let target = real_path(path).map_err(failed)?;
        let folder = folder_of(&target);
        if !folder.is_dir() {
            return Err(StoreError::MissingFolder { path: path.to_owned() });
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        // Without `make_in`, tempfile would hide the OS error code.
        let file = tempfile::Builder::new().prefix(&prefix).suffix(".partial").make_in(folder, create_private);
        let file = file.map_err(failed)?;
        let mut way = choose_way(&target, file.as_file())?;
        let (file, is_renamed) =
            if settings.is_locked { take_name(file, &target).map_err(failed)? } else { (file, true) };
        if !is_renamed && way == Way::Rename {
            way = Way::Overwrite(Hindrance::NoRename);
        }
        Ok(Self::Staged(Box::new(Staged { file, target, way, mode: settings.mode, withdrawn: None })))
    }

    /// Moves the file to its final name. Bytes that went to a stream are already out.
    pub(crate) fn publish(self) -> Result<(), StoreError> {
        let Self::Staged(staged) = self else { return Ok(()) };
        let Staged { mut file, target, way, mode, withdrawn } = *staged;
        let hindrance = match way {
            Way::Overwrite(hindrance) => hindrance,
            Way::Rename => {
                let old = withdrawn.or_else(|| fs::symlink_metadata(&target).ok());
                access::settle(file.as_file(), &target, old.as_ref(), mode);
                match file.persist(&target) {
                    Ok(_) => return sync_folder(&target),
                    Err(error) if refuses_rename(&error.error) => {
                        tracing::warn!("cannot rename a file to {}: {}", target.display(), error.error);
                        file = error.file;
                        Hindrance::NoRename
                    }
                    Err(error) => return Err(StoreError::Publish { path: target, source: error.error }),
                }
            }
        };
        let why = hindrance.describe();
        tracing::warn!("overwriting {} in place, so it is incomplete for a moment: {why}", target.display());
        let written = overwrite(&mut file, &target);
        let written = written.map_err(|source| StoreError::Overwrite { path: target.clone(), source })?;
        if mode.is_some() {
            access::settle(&written, &target, None, mode);
        }
        Ok(())
    }

    /// The staged file; `None` for a stream or a target that is written directly.
    pub(crate) fn staged_file(&self) -> Option<&File> {
        match self {
            Self::Staged(staged) => Some(staged.file.as_file()),
            Self::Direct(_) | Self::Stdout(_) => None,
        }
    }

    /// Opens what is staged for reading.
    pub(crate) fn reopen(&self) -> io::Result<File> {
        match self {
            Self::Staged(staged) => File::open(staged.file.path()),
            _ => Err(io::Error::other("only a staged file can be read")),
        }
    }

    /// Removes the previous file.
    pub(crate) fn withdraw_old(&mut self) -> Result<(), StoreError> {
        let Self::Staged(staged) = self else { return Ok(()) };
        let Staged { target, way, withdrawn, .. } = staged.as_mut();
        *withdrawn = fs::symlink_metadata(&*target).ok();
        let removed = match (way, fs::remove_file(&*target)) {
            (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            // A file that cannot be removed can be truncated.
            (Way::Overwrite(_), Err(_)) => File::options().write(true).truncate(true).open(&*target).map(drop),
            (_, removed) => removed,
        };
        removed.map_err(|source| StoreError::Publish { path: target.clone(), source })
    }
}

/// Renames a staged file to the name that all runs use, so that crashed runs leave at most one; returns whether the file
/// system can rename at all.
fn take_name(file: NamedTempFile, target: &Path) -> io::Result<(NamedTempFile, bool)> {
    let name = Sidecar::Partial.path(target);
    match fs::rename(file.path(), &name) {
        Ok(()) => {
            let (file, mut old_name) = file.into_parts();
            old_name.disable_cleanup(true);
            Ok((NamedTempFile::from_parts(file, TempPath::try_from_path(name)?), true))
        }
        // Another user left a file of that name, which we cannot remove: the first name will do.
        Err(_) if name.symlink_metadata().is_ok() => Ok((file, true)),
        Err(error) if refuses_rename(&error) => Ok((file, false)),
        Err(error) => Err(error),
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Staged(staged) => staged.file.write(bytes),
            Self::Direct(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Staged(staged) => staged.file.flush(),
            Self::Direct(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

/// Syncs the folder of a file. The file is already renamed, so a refusal changes nothing.
fn sync_folder(target: &Path) -> Result<(), StoreError> {
    // Only Unix can open a folder as a file.
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder_of(target)).and_then(|folder| folder.sync_all()) {
        Err(error) if refuses_folder_sync(&error) => {
            tracing::debug!("the folder of {} cannot be synced: {error}", target.display());
            Ok(())
        }
        Err(source) => Err(StoreError::Publish { path: target.to_owned(), source }),
        Ok(()) => Ok(()),
    }
}
