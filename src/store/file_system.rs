//! Which errors mean that a file system does not support a call, rather than that the call failed.
//!
//! Network shares, FUSE mounts and container volumes refuse calls that a local disk accepts: syncing a folder, locking,
//! renaming onto a mounted file. One function here for each call says which refusals its callers can tolerate.
//!
//! *Easy to get wrong:* an I/O error (`EIO`) or a full disk (`ENOSPC`, `EDQUOT`) is never a refusal.

use std::fs::File;
use std::io;

/// Whether the file system does not support syncing a file.
pub(crate) fn refuses_sync(error: &io::Error) -> bool {
    is_one_of(error, refusals::SYNC)
}

/// Whether syncing a folder is refused. Besides the reasons for a file, a writable folder may be unreadable.
pub(crate) fn refuses_folder_sync(error: &io::Error) -> bool {
    refuses_sync(error) || is_one_of(error, refusals::FOLDER_SYNC)
}

/// Whether the file system does not support locks.
pub(crate) fn refuses_locks(error: &io::Error) -> bool {
    is_one_of(error, refusals::LOCK)
}

/// Whether a rename is refused for a reason that does not prevent overwriting the file.
pub(crate) fn refuses_rename(error: &io::Error) -> bool {
    is_one_of(error, refusals::RENAME)
}

/// Whether the file is protected: no permission of the current user would allow the call.
pub(crate) fn is_protected(error: &io::Error) -> bool {
    is_one_of(error, refusals::PROTECTED)
}

/// Whether the limit of open files was reached, in this process or on the machine.
pub(crate) fn is_out_of_files(error: &io::Error) -> bool {
    is_one_of(error, refusals::OPEN_FILES)
}

/// Syncs a file to disk where its file system supports it.
///
/// # Errors
/// When it fails for any other reason.
pub(crate) fn sync_all(file: &File) -> io::Result<()> {
    unless_refused(file.sync_all())
}

/// Like [`sync_all`], without metadata that is not needed to read the bytes.
pub(crate) fn sync_data(file: &File) -> io::Result<()> {
    unless_refused(file.sync_data())
}

fn unless_refused(synced: io::Result<()>) -> io::Result<()> {
    synced.or_else(|error| if refuses_sync(&error) { Ok(()) } else { Err(error) })
}

#[cfg(unix)]
mod refusals {
    use rustix::io::Errno;

    pub(super) const SYNC: &[Errno] = &[Errno::INVAL, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS];
    pub(super) const FOLDER_SYNC: &[Errno] = &[Errno::ACCESS, Errno::PERM, Errno::BADF];
    // NFS requires a file that is open for writing (EBADF).
    pub(super) const LOCK: &[Errno] =
        &[Errno::NOLCK, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL, Errno::BADF];
    pub(super) const RENAME: &[Errno] = &[
        Errno::BUSY,
        Errno::XDEV,
        Errno::PERM,
        Errno::ACCESS,
        Errno::NOTSUP,
        Errno::OPNOTSUPP,
        Errno::NOSYS,
        Errno::INVAL,
    ];
    pub(super) const PROTECTED: &[Errno] = &[Errno::PERM];
    pub(super) const OPEN_FILES: &[Errno] = &[Errno::MFILE, Errno::NFILE];
}

#[cfg(unix)]
fn is_one_of(error: &io::Error, refusals: &[rustix::io::Errno]) -> bool {
    rustix::io::Errno::from_io_error(error).is_some_and(|errno| refusals.contains(&errno))
}

/// Elsewhere, only calls that are not supported at all.
#[cfg(not(unix))]
mod refusals {
    pub(super) const SYNC: &[std::io::ErrorKind] = &[std::io::ErrorKind::Unsupported];
    pub(super) const FOLDER_SYNC: &[std::io::ErrorKind] = SYNC;
    pub(super) const LOCK: &[std::io::ErrorKind] = SYNC;
    pub(super) const RENAME: &[std::io::ErrorKind] = SYNC;
    pub(super) const PROTECTED: &[std::io::ErrorKind] = &[];
    pub(super) const OPEN_FILES: &[std::io::ErrorKind] = &[];
}

#[cfg(not(unix))]
fn is_one_of(error: &io::Error, refusals: &[io::ErrorKind]) -> bool {
    refusals.contains(&error.kind())
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::io::Errno;

    use super::*;

    fn all_of(refuses: impl Fn(&io::Error) -> bool, errors: &[Errno]) -> Vec<bool> {
        errors.iter().map(|&errno| refuses(&io::Error::from(errno))).collect()
    }

    #[test]
    fn what_a_file_system_does_not_have_is_no_failure() {
        let missing = [Errno::INVAL, Errno::OPNOTSUPP, Errno::NOTSUP, Errno::NOSYS];
        assert_eq!(all_of(refuses_sync, &missing), [true; 4]);
        assert_eq!(all_of(refuses_folder_sync, &missing), [true; 4]);
        assert_eq!(all_of(refuses_folder_sync, &[Errno::ACCESS, Errno::PERM]), [true; 2]);
        assert_eq!(all_of(refuses_locks, &[Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS]), [true; 3]);
        assert_eq!(all_of(refuses_rename, &[Errno::BUSY, Errno::XDEV, Errno::PERM]), [true; 3]);
        assert_eq!(all_of(is_out_of_files, &[Errno::MFILE, Errno::NFILE]), [true; 2]);
    }

    #[test]
    fn a_disk_that_fails_or_is_full_is_never_excused() {
        for refuses in [refuses_sync, refuses_folder_sync, refuses_locks, refuses_rename, is_protected] {
            assert_eq!(all_of(refuses, &[Errno::IO, Errno::NOSPC, Errno::DQUOT]), [false; 3]);
            assert!(!refuses(&io::Error::other("no number")));
        }
        assert_eq!(all_of(refuses_sync, &[Errno::ACCESS, Errno::PERM]), [false; 2], "only a folder may be unreadable");
        // Another run has the lock.
        assert!(!refuses_locks(&io::Error::from(Errno::WOULDBLOCK)));
    }
}
