//! Files that are written under a temporary name, synced, then renamed.
//!
//! A staged file is in its target's folder, so that a rename replaces the target atomically, and is readable by its owner
//! alone until then. A symbolic link is followed: the file it points to is replaced and the link stays. A target that is
//! not a regular file (`/dev/null`, a named pipe) is written to directly, since renaming onto it would destroy it.
//!
//! *Easy to get wrong:* the bytes must be synced before the rename, and the folder after it; a crash in between then leaves
//! either the old file or the new one.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::access::{self, FileMode};
use super::background_sync::BackgroundSync;
use super::error::StoreError;
use super::file_system::{refuses_folder_sync, refuses_rename, sync_all};
use super::hindrance::Hindrance;
use super::paths::{ends_as_a_folder, folder_of, is_descriptor, real_path};
use super::replace::{Way, choose_way, create_private, overwrite};
use super::sidecar::Sidecar;
use super::staged::{FileSettings, Staged, Stream};

/// Bytes after which a sync is started, so that the end of the run need not wait for all of them.
const SYNC_BYTES: u64 = 4 << 20;

/// A file beside its target.
#[derive(Debug)]
pub(super) struct LocalFile {
    file: NamedTempFile,
    target: PathBuf,
    way: Way,
    mode: Option<FileMode>,
    /// Metadata of the previous file, if it was withdrawn.
    withdrawn: Option<Metadata>,
    bytes: u64,
    /// Bytes that were written when the last sync began.
    synced: u64,
    sync: BackgroundSync,
}

/// The name of a file until it has that of [`Sidecar::Partial`] or is removed. What a killed run leaves under a fixed name is
/// replaced by the next. All are equally long, so a probe shows whether the file system takes the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TemporaryName {
    /// For a probe without contents, which other runs may remove at any time.
    Probe,
    /// For a target that is locked against other runs.
    Locked,
    /// Six random characters: other runs may write files for the same target.
    Random,
}

impl TemporaryName {
    fn path(self, target: &Path) -> Option<PathBuf> {
        let word = match self {
            Self::Probe => "probed",
            Self::Locked => "staged",
            Self::Random => return None,
        };
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        Some(target.with_file_name(format!(".{name}.{word}.partial")))
    }
}

/// Opens a file beside its target, or the target itself if it is no regular file.
///
/// # Errors
/// When it cannot be written.
pub(super) fn open(path: &Path, settings: FileSettings) -> Result<Box<dyn Staged>, StoreError> {
    match open_directly(path)? {
        Some(file) => Ok(Box::new(Stream(file))),
        None => Ok(Box::new(LocalFile::stage(path, settings)?)),
    }
}

/// Checks the same, and leaves nothing behind.
///
/// # Errors
/// When it cannot be written.
pub(super) fn prove_writable(path: &Path, settings: FileSettings) -> Result<(), StoreError> {
    match open_directly(path)? {
        Some(_) => Ok(()),
        None => create_beside(path, settings, TemporaryName::Probe).map(drop),
    }
}

/// Checks that files can be removed, as far as this shows in advance, and leaves nothing behind.
///
/// # Errors
/// With the first file that cannot be removed.
pub(super) fn prove_removable<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<(), StoreError> {
    let mut probe: Option<(&Path, NamedTempFile)> = None;
    for path in paths.filter(|path| path.symlink_metadata().is_ok()) {
        let folder = folder_of(path);
        let file = match probe.take().filter(|(other, _)| *other == folder) {
            Some((_, file)) => file,
            None => match temporary_file(path, TemporaryName::Probe) {
                Ok(file) => file,
                Err(source)
                    if matches!(source.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) =>
                {
                    return Err(StoreError::Remove { path: path.to_owned(), source });
                }
                // A full disk, for instance, does not keep a file from being removed.
                Err(_) => continue,
            },
        };
        match choose_way(path, file.as_file()) {
            Ok(Way::Overwrite(hindrance)) | Err(StoreError::CannotReplace { hindrance, .. }) => {
                return Err(StoreError::CannotRemove { path: path.to_owned(), hindrance });
            }
            Ok(Way::Rename) => {}
            Err(error) => return Err(error),
        }
        probe = Some((folder, file));
    }
    Ok(())
}

/// Removes what a killed run left of a file.
pub(super) fn remove_partial(path: &Path) {
    let names = [TemporaryName::Probe, TemporaryName::Locked].into_iter().filter_map(|name| name.path(path));
    for left in names.chain([Sidecar::Partial.path(path)]) {
        // Usually there is none.
        fs::remove_file(left).ok();
    }
}

/// Opens a target that is no regular file; `None` if it is one, or does not exist.
fn open_directly(path: &Path) -> Result<Option<File>, StoreError> {
    let failed = |source| StoreError::OpenStaged { path: path.to_owned(), source };
    if ends_as_a_folder(path) {
        return Err(StoreError::TrailingSlash { path: path.to_owned() });
    }
    let direct = |options: &fs::OpenOptions| options.open(path).map(Some).map_err(failed);
    if is_descriptor(path) {
        return direct(File::options().append(true));
    }
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(StoreError::IsFolder { path: path.to_owned() }),
        Ok(found) if !found.is_file() => direct(File::options().write(true)),
        _ => Ok(None),
    }
}

/// Creates a file beside a target, and tells how it can replace that.
fn create_beside(
    path: &Path,
    settings: FileSettings,
    name: TemporaryName,
) -> Result<(NamedTempFile, PathBuf, Way), StoreError> {
    let failed = |source| StoreError::OpenStaged { path: path.to_owned(), source };
    let target = real_path(path).map_err(failed)?;
    let folder = folder_of(&target);
    if !folder.is_dir() {
        if !settings.makes_folders {
            return Err(StoreError::MissingFolder { path: path.to_owned() });
        }
        make_folders(folder).map_err(|source| StoreError::MakeFolder { path: path.to_owned(), source })?;
    }
    let file = temporary_file(&target, name).map_err(failed)?;
    let way = choose_way(&target, file.as_file())?;
    Ok((file, target, way))
}

impl LocalFile {
    /// Creates a file beside its target.
    ///
    /// # Errors
    /// When it cannot be created, or could not be given its name.
    pub(super) fn stage(path: &Path, settings: FileSettings) -> Result<Self, StoreError> {
        let failed = |source| StoreError::OpenStaged { path: path.to_owned(), source };
        let name = if settings.is_locked { TemporaryName::Locked } else { TemporaryName::Random };
        let (file, target, mut way) = create_beside(path, settings, name)?;
        if let Some(probe) = TemporaryName::Probe.path(&target).filter(|_| settings.is_locked) {
            // Usually there is none.
            fs::remove_file(probe).ok();
        }
        let (file, is_renamed) =
            if settings.is_locked { take_name(file, &target).map_err(failed)? } else { (file, true) };
        if !is_renamed && way == Way::Rename {
            way = Way::Overwrite(Hindrance::NoRename);
        }
        let sync = BackgroundSync::default();
        Ok(Self { file, target, way, mode: settings.mode, withdrawn: None, bytes: 0, synced: 0, sync })
    }

    /// The path that it will have.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Removes the previous file.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(super) fn withdraw_old(&mut self) -> Result<(), StoreError> {
        let Self { target, way, withdrawn, .. } = self;
        *withdrawn = fs::symlink_metadata(&*target).ok();
        let removed = match (way, fs::remove_file(&*target)) {
            (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            // A file that cannot be removed can be truncated.
            (Way::Overwrite(_), Err(_)) => File::options().write(true).truncate(true).open(&*target).map(drop),
            (_, removed) => removed,
        };
        removed.map_err(|source| StoreError::Publish { path: target.clone(), source })
    }

    /// Replaces the staged bytes.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn rewrite(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.as_file().set_len(0)?;
        self.file.rewind()?;
        self.write_all(bytes)?;
        self.seal()
    }

    /// Leaves something in the place of the withdrawn file, until it is published.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn leave(&self, placeholder: &[u8]) -> Result<(), StoreError> {
        if self.way != Way::Rename {
            return Ok(());
        }
        // Renamed when it is whole: a run that is killed here must not leave a part of it.
        let has_final_name = self.file.path().file_name() == Sidecar::Partial.path(&self.target).file_name();
        let name = if has_final_name { TemporaryName::Locked } else { TemporaryName::Random };
        let written = temporary_file(&self.target, name).and_then(|mut file| {
            file.write_all(placeholder)?;
            file.as_file().sync_all()?;
            file.persist(&self.target).map_err(|error| error.error)
        });
        let written = written.map(drop);
        written.map_err(|source| StoreError::Publish { path: self.target.clone(), source })
    }
}

/// Creates a file with a temporary name beside its target.
fn temporary_file(target: &Path, name: TemporaryName) -> io::Result<NamedTempFile<File>> {
    if let Some(path) = name.path(target) {
        let created = match create_private(&path) {
            // Without following a link in its place. If another user left it, a random name will do.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&path).and_then(|()| create_private(&path)).ok()
            }
            created => Some(created?),
        };
        if let Some(file) = created {
            return Ok(NamedTempFile::from_parts(file, TempPath::try_from_path(path)?));
        }
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    // Without `make_in`, tempfile would hide the OS error code.
    tempfile::Builder::new().prefix(&prefix).suffix(".partial").make_in(folder_of(target), create_private)
}

/// Makes the folder that an output goes to, and those above it.
pub(crate) fn make_folders(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

impl Write for LocalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        if self.bytes - self.synced >= SYNC_BYTES && self.sync.begin(self.file.as_file())? {
            self.synced = self.bytes;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Staged for LocalFile {
    fn seal(&mut self) -> io::Result<()> {
        self.sync.end()?;
        self.file.flush()?;
        sync_all(self.file.as_file())
    }

    fn publish(self: Box<Self>) -> Result<(), StoreError> {
        let Self { mut file, target, way, mode, withdrawn, .. } = *self;
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

    fn reopen(&self) -> io::Result<File> {
        File::open(self.file.path())
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
