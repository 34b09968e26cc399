//! Files and objects that are small enough to be written at once: summaries, reports, the manifest.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::local::{self, LocalFile};
use super::object::{self, Version};
use super::open::open;
use super::paths::folder_of;
use super::staged::{FileSettings, Staged};
use super::target::{ObjectTarget, OutputTarget};

/// Checks that a target can be written, and leaves nothing behind.
///
/// # Errors
/// When it cannot.
pub fn check_writable(target: &OutputTarget, settings: FileSettings) -> Result<(), StoreError> {
    match target {
        OutputTarget::Stdout => Ok(()),
        // A pipe can be opened only once: its reader stops at the first end of file.
        OutputTarget::File(path) if is_pipe(path) => Ok(()),
        OutputTarget::Object(object) => object::prove_writable(object, settings),
        OutputTarget::File(path) => local::prove_writable(path, settings),
    }
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(path: &Path) -> bool {
    super::paths::is_written_directly(path) && !path.is_dir()
}

/// Reads a small file or object; `None` if it does not exist.
///
/// # Errors
/// When it cannot be read.
pub fn read_small_file(target: &OutputTarget) -> io::Result<Option<Vec<u8>>> {
    match target {
        OutputTarget::Stdout => Ok(None),
        OutputTarget::Object(object) => object::read(object).map(|(bytes, _)| bytes).map_err(io::Error::other),
        OutputTarget::File(path) => match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// Writes a small file or object atomically.
///
/// # Errors
/// When it cannot be written; the previous one is unchanged.
pub fn write_small_file(target: &OutputTarget, bytes: &[u8], settings: FileSettings) -> Result<(), StoreError> {
    stage_small_file(target, bytes, settings)?.publish()
}

/// The files in the folder of another one, and below it.
#[derive(Debug)]
pub enum Neighbors {
    /// On this machine, checked one by one.
    Folder(PathBuf),
    /// In a store, listed once, relative to the folder.
    Objects(HashSet<String>),
}

impl Neighbors {
    /// The files beside a file or object.
    pub fn of(target: &OutputTarget) -> Self {
        match target {
            OutputTarget::Stdout => Self::Objects(HashSet::new()),
            OutputTarget::File(path) => Self::Folder(folder_of(path).to_owned()),
            OutputTarget::Object(object) => {
                let listed = object.folder().list_all().unwrap_or_else(|error| {
                    tracing::warn!("cannot list the objects beside {target}: {error}");
                    Vec::new()
                });
                Self::Objects(listed.into_iter().map(|found| found.name).collect())
            }
        }
    }

    /// Whether there is a file of this name, which may contain folders.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::Folder(folder) => folder.join(name).is_file(),
            Self::Objects(names) => names.contains(name),
        }
    }
}

/// The size of a file or object in bytes; `None` if it does not exist.
///
/// # Errors
/// When it cannot be determined.
pub fn size_of(target: &OutputTarget) -> io::Result<Option<u64>> {
    match target {
        OutputTarget::Stdout => Ok(None),
        OutputTarget::Object(object) => object::size(object).map_err(io::Error::other),
        OutputTarget::File(path) => match fs::metadata(path) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// Removes the folder of a file if it is empty.
pub fn remove_empty_folder(target: &OutputTarget) {
    if let OutputTarget::File(path) = target {
        // Fails if it is not empty, as intended.
        fs::remove_dir(folder_of(path)).ok();
    }
}

/// Removes the temporary files that a killed run left.
pub fn remove_partial(target: &OutputTarget) {
    if let OutputTarget::File(path) = target {
        local::remove_partial(path);
    }
}

/// Removes a small file or object.
///
/// # Errors
/// When it cannot be removed.
pub fn remove_small_file(target: &OutputTarget) -> Result<(), StoreError> {
    match target {
        OutputTarget::Stdout => Ok(()),
        OutputTarget::Object(object) => object::remove(object),
        OutputTarget::File(path) => {
            fs::remove_file(path).map_err(|source| StoreError::Remove { path: path.clone(), source })
        }
    }
}

/// Checks that files can be removed, as far as this shows in advance, and leaves nothing behind. About objects, nothing is
/// known before they are removed.
///
/// # Errors
/// With the first file that cannot be removed.
pub fn check_removable(targets: &[OutputTarget]) -> Result<(), StoreError> {
    local::prove_removable(targets.iter().filter_map(OutputTarget::path))
}

/// Stages a small file or object.
///
/// # Errors
/// When it cannot be written.
pub fn stage_small_file(target: &OutputTarget, bytes: &[u8], settings: FileSettings) -> Result<SmallFile, StoreError> {
    let written = |path: &Path, staged: &mut dyn Staged| {
        let written = staged.write_all(bytes).and_then(|()| staged.seal());
        written.map_err(|source| StoreError::write_file(path, source))
    };
    Ok(SmallFile(match target {
        OutputTarget::Object(object) => {
            SmallFileKind::Object { target: object.clone(), bytes: bytes.to_vec(), seen: None }
        }
        OutputTarget::File(path) if !target.is_stream() => {
            let mut file = LocalFile::stage(path, settings)?;
            written(path, &mut file)?;
            SmallFileKind::File(Box::new(file))
        }
        stream => {
            let mut output = open(stream, settings)?;
            written(stream.name(), &mut *output)?;
            SmallFileKind::Stream
        }
    }))
}

/// A small file or object that is complete but not published. Dropping it removes it.
#[derive(Debug)]
pub struct SmallFile(SmallFileKind);

#[derive(Debug)]
enum SmallFileKind {
    File(Box<LocalFile>),
    /// `seen` is the state that may be replaced; `None` replaces any.
    Object {
        target: ObjectTarget,
        bytes: Vec<u8>,
        seen: Option<Version>,
    },
    /// It was written directly.
    Stream,
}

impl SmallFile {
    /// Removes the previous file of its name, and replaces the previous object with `placeholder` if it is still as it was
    /// `seen_at_start`. After that, no other run can replace the object unnoticed. With `stays`, the placeholder replaces a
    /// file, too.
    ///
    /// # Errors
    /// When it cannot be replaced, or another run changed it in the meantime.
    pub fn withdraw_old(
        &mut self,
        (placeholder, stays): (&[u8], bool),
        seen_at_start: Option<&SeenObject>,
    ) -> Result<(), StoreError> {
        match &mut self.0 {
            SmallFileKind::File(file) => {
                file.withdraw_old()?;
                if stays { file.leave(placeholder) } else { Ok(()) }
            }
            SmallFileKind::Stream => Ok(()),
            SmallFileKind::Object { target, seen, .. } => {
                let Some(SeenObject(version)) = seen_at_start else { return Ok(()) };
                *seen = Some(object::replace(target, placeholder.to_vec(), version)?);
                Ok(())
            }
        }
    }

    /// Replaces its bytes before it is published; those of a stream are written already.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn rewrite(&mut self, new: Vec<u8>) -> Result<(), StoreError> {
        match &mut self.0 {
            SmallFileKind::File(file) => {
                file.rewrite(&new).map_err(|source| StoreError::write_file(file.target(), source))
            }
            SmallFileKind::Object { bytes, .. } => {
                *bytes = new;
                Ok(())
            }
            SmallFileKind::Stream => Ok(()),
        }
    }

    /// Gives it its final name, replacing the previous file or object.
    ///
    /// # Errors
    /// When it cannot be replaced.
    pub fn publish(self) -> Result<(), StoreError> {
        match self.0 {
            SmallFileKind::File(file) => file.publish(),
            SmallFileKind::Stream => Ok(()),
            SmallFileKind::Object { target, bytes, seen: None } => object::write(&target, bytes),
            SmallFileKind::Object { target, bytes, seen: Some(seen) } => {
                object::replace(&target, bytes, &seen).map(drop)
            }
        }
    }
}

/// The state of an object at the start of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenObject(Version);

impl SeenObject {
    /// Reads the state of an object; `None` for other targets.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look(target: &OutputTarget) -> Result<Option<Self>, StoreError> {
        match target {
            OutputTarget::Object(object) => object::read(object).map(|(_, version)| Some(Self(version))),
            _ => Ok(None),
        }
    }
}
