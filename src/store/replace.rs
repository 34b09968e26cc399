//! How a finished file takes the place of its target, found out before the first request.
//!
//! A rename replaces a file at one moment, and is what is done wherever it can be. It cannot replace a file that is mounted
//! into a container by itself, nor, in a sticky folder like `/tmp`, a file of somebody else; such a file is overwritten, if
//! it can be written at all.
//!
//! *Easy to get wrong:* a mounted file is not told by its device: a bind mount may come from the same one, and overlay
//! file systems show other devices for files than for folders. The system's list of mounts tells.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::error::StoreError;
use super::file_system::{is_protected, sync_all};
use super::hindrance::Hindrance;
use super::paths::{file_identity, folder_of};

/// How a finished file takes the place of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// At one moment.
    Rename,
    /// Byte by byte, since a rename is refused.
    Overwrite(Hindrance),
}

/// Finds out how `target` can be replaced by a file that was made in its folder.
///
/// # Errors
/// When it can neither be replaced nor overwritten.
pub(super) fn choose_way(target: &Path, staged: &File) -> Result<Way, StoreError> {
    let Ok(found) = fs::symlink_metadata(target) else { return Ok(Way::Rename) };
    let hindrance = if is_mounted(target) {
        Some(Hindrance::Mounted)
    } else if belongs_to_another_in_sticky_folder(target, &found, staged) {
        Some(Hindrance::OthersInStickyFolder)
    } else {
        None
    };
    let refused = |hindrance, source| Err(StoreError::CannotReplace { path: target.to_owned(), hindrance, source });
    match (hindrance, File::options().write(true).open(target)) {
        (Some(hindrance), Ok(_)) => Ok(Way::Overwrite(hindrance)),
        (Some(hindrance), Err(error)) => refused(hindrance, error),
        // For want of a permission this would be EACCES, which does not keep a file from being replaced.
        (None, Err(error)) if is_protected(&error) => refused(Hindrance::Protected, error),
        (None, _) => Ok(Way::Rename),
    }
}

/// Copies a finished file into its target, which is created if it is not there.
///
/// # Errors
/// When it cannot be written; it may hold a part of the file then.
pub(super) fn overwrite(staged: &mut NamedTempFile, target: &Path) -> io::Result<File> {
    // Systems forbid to create a file where somebody else's is (`fs.protected_regular`), even if that can be written.
    let mut file = match File::options().write(true).open(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create_private(target)?,
        opened => opened?,
    };
    staged.as_file_mut().rewind()?;
    file.set_len(0)?;
    io::copy(staged.as_file_mut(), &mut file)?;
    file.flush()?;
    sync_all(&file)?;
    Ok(file)
}

/// Creates a file that only its owner can read.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether something is mounted at a path itself.
fn is_mounted(path: &Path) -> bool {
    match fs::read("/proc/self/mountinfo") {
        Ok(mounts) => is_mount_point(&mounts, &file_identity(path)),
        Err(_) => has_another_device(path),
    }
}

/// Looks for a path in the form of `/proc/self/mountinfo`: the fifth word of a line, with octal numbers for what would
/// end it.
fn is_mount_point(mounts: &[u8], path: &Path) -> bool {
    let wanted = path.as_os_str().as_encoded_bytes();
    let points = mounts.split(|&byte| byte == b'\n').filter_map(|line| line.split(|&byte| byte == b' ').nth(4));
    points.map(unescaped).any(|point| point == wanted)
}

fn unescaped(word: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, behind)) = rest.split_first() {
        let code = behind.first_chunk::<3>().filter(|_| first == b'\\').and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 8).ok()
        });
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &behind[3..] } else { behind };
    }
    bytes
}

#[cfg(unix)]
fn has_another_device(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    // Without a list of mounts this is all there is to see.
    !cfg!(target_os = "linux") && device(path) != device(folder_of(path))
}

#[cfg(not(unix))]
fn has_another_device(_: &Path) -> bool {
    false
}

/// Whether only somebody else may replace a file. Who we are is told by the file that we have just made.
#[cfg(unix)]
fn belongs_to_another_in_sticky_folder(target: &Path, found: &Metadata, staged: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    let (Ok(folder), Ok(ours)) = (fs::metadata(folder_of(target)), staged.metadata()) else { return false };
    let is_others = folder.mode() & STICKY != 0 && found.uid() != ours.uid() && folder.uid() != ours.uid();
    // Whoever may set the mode of a file may replace it, too: its owner, and root unless its capabilities were dropped.
    is_others && fs::set_permissions(target, found.permissions()).is_err()
}

#[cfg(not(unix))]
fn belongs_to_another_in_sticky_folder(_: &Path, _: &Metadata, _: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mounted_file_is_found_in_the_list_of_mounts() {
        let mounts = b"24 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            31 24 8:1 /home/me/c.csv /out/c.csv rw,relatime - ext4 /dev/sda1 rw\n\
            32 24 8:1 /x /out/two\\040words\\134.csv rw - ext4 /dev/sda1 rw\nshort line\n";
        for (path, is_mount) in [
            ("/out/c.csv", true),
            ("/out/two words\\.csv", true),
            ("/out", false),
            ("/home/me/c.csv", false),
            ("/out/c.csv2", false),
        ] {
            assert_eq!(is_mount_point(mounts, Path::new(path)), is_mount, "{path}");
        }
    }

    #[test]
    fn a_file_of_our_own_is_replaced_by_a_rename() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("c.csv");
        let staged = NamedTempFile::new_in(folder.path()).unwrap();
        assert_eq!(choose_way(&target, staged.as_file()).unwrap(), Way::Rename);
        fs::write(&target, "old").unwrap();
        assert_eq!(choose_way(&target, staged.as_file()).unwrap(), Way::Rename);
    }

    #[test]
    fn overwriting_leaves_nothing_of_a_longer_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("c.csv");
        let mut staged = NamedTempFile::new_in(folder.path()).unwrap();
        staged.write_all(b"new").unwrap();
        overwrite(&mut staged, &target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        fs::write(&target, "much longer").unwrap();
        overwrite(&mut staged, &target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    }
}
