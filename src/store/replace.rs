//! How a finished file replaces its target, decided before the first request.
//!
//! A rename replaces a file atomically and is used wherever possible. It cannot replace a file that is itself mounted into
//! a container, nor another user's file in a sticky folder like `/tmp`; such a file is overwritten if it is writable.
//!
//! *Easy to get wrong:* a mounted file cannot be recognized by its device: a bind mount may come from the same device, and
//! overlay file systems report different devices for files and folders. Only the list of mounts is reliable.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::error::StoreError;
use super::file_system::{is_protected, sync_all};
use super::hindrance::Hindrance;
use super::paths::{file_identity, folder_of};

/// How a finished file replaces its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Atomically.
    Rename,
    /// Byte by byte, since it cannot be renamed.
    Overwrite(Hindrance),
}

/// Decides how `target` can be replaced by a file that was created in its folder.
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
        // A missing permission would be EACCES, which does not prevent a rename.
        (None, Err(error)) if is_protected(&error) => refused(Hindrance::Protected, error),
        (None, _) => Ok(Way::Rename),
    }
}

/// Copies a finished file into its target, which is created if it is missing.
///
/// # Errors
/// When it cannot be written; it may then hold only a part of the file.
pub(super) fn overwrite(staged: &mut NamedTempFile, target: &Path) -> io::Result<File> {
    // Not with `create`: Linux refuses that for another user's file (`fs.protected_regular`), even if it is writable.
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

/// Looks for a path in `/proc/self/mountinfo`: it is the fifth word of a line, with octal escapes for white space.
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
    // Without a list of mounts, the device is the best evidence.
    !cfg!(target_os = "linux") && device(path) != device(folder_of(path))
}

#[cfg(not(unix))]
fn has_another_device(_: &Path) -> bool {
    false
}

/// Whether only another user may replace a file. The owner of the file that was just created is the current user.
#[cfg(unix)]
fn belongs_to_another_in_sticky_folder(target: &Path, found: &Metadata, staged: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    let (Ok(folder), Ok(ours)) = (fs::metadata(folder_of(target)), staged.metadata()) else { return false };
    let is_others = folder.mode() & STICKY != 0 && found.uid() != ours.uid() && folder.uid() != ours.uid();
    // A user who may set the mode of a file may also replace it: its owner, and root unless its capabilities were dropped.
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
