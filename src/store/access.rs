//! Permissions of a published file: those of the file that it replaces, unless `--mode` says otherwise.
//!
//! A staged file is readable by its owner alone until it is complete; then it takes the group, mode and owner of the file
//! that it replaces, as far as the system allows. A file that replaces nothing keeps mode 0600.
//!
//! *Easy to get wrong:* when the group cannot be kept, the mode's group bits would open the file to a different group. The
//! group then gets the permissions of everyone else.

use std::fmt;
use std::fs::{File, Metadata};
use std::path::Path;
use std::str::FromStr;

/// Permissions of a file, as `chmod` takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMode(u32);

/// Why a mode could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write an octal mode like 640 that lets the owner read the file")]
pub struct FileModeError;

impl FromStr for FileMode {
    type Err = FileModeError;

    fn from_str(text: &str) -> Result<Self, FileModeError> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let is_octal = (3..=4).contains(&digits.len()) && digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        let mode = u32::from_str_radix(digits, 8).ok().filter(|_| is_octal).ok_or(FileModeError)?;
        if mode > 0o777 || mode & 0o400 == 0 { Err(FileModeError) } else { Ok(Self(mode)) }
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:03o}", self.0)
    }
}

/// Sets the permissions of a finished file that will be renamed to `path`: the requested ones, or those of the file that it
/// replaces.
#[cfg(unix)]
pub(super) fn settle(file: &File, path: &Path, old: Option<&Metadata>, asked: Option<FileMode>) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let Ok(ours) = file.metadata() else { return };
    let has_group = old.is_none_or(|old| old.gid() == ours.gid() || fchown(file, None, Some(old.gid())).is_ok());
    let kept = old.map(|old| old.mode() & 0o777).map(|mode| if has_group { mode } else { without_group(mode) });
    // The mode comes first: once the file belongs to another user, we can no longer change it.
    if let Some(mode) = asked.map(|FileMode(mode)| mode).or(kept)
        && mode != ours.mode() & 0o7777
        && let Err(error) = file.set_permissions(std::fs::Permissions::from_mode(mode))
    {
        tracing::warn!("cannot set the mode of {} to {}: {error}", path.display(), FileMode(mode));
    }
    let Some(old) = old else { return };
    let has_owner = old.uid() == ours.uid() || fchown(file, Some(old.uid()), None).is_ok();
    if !has_owner {
        tracing::warn!("cannot keep the owner of {}: it belonged to user {}", path.display(), old.uid());
    }
    if !has_group {
        tracing::warn!("cannot keep the group of {}: it belonged to group {}", path.display(), old.gid());
    }
}

#[cfg(not(unix))]
pub(super) fn settle(_: &File, path: &Path, _: Option<&Metadata>, asked: Option<FileMode>) {
    if let Some(mode) = asked {
        tracing::warn!("cannot set the mode of {} to {mode}: this system has none", path.display());
    }
}

/// A mode whose group has the permissions of everyone else.
#[cfg(unix)]
fn without_group(mode: u32) -> u32 {
    mode & !0o070 | (mode & 0o007) << 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_chmod_reads_them() {
        for (text, shown) in [("640", "640"), ("0640", "640"), ("0o644", "644"), ("400", "400")] {
            assert_eq!(text.parse::<FileMode>().unwrap().to_string(), shown, "{text}");
        }
        for wrong in ["", "64", "648", "240", "1777", "4755", "00640", "+640", "u=rw", "0o", "rw-r-----"] {
            assert_eq!(wrong.parse::<FileMode>(), Err(FileModeError), "{wrong}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn another_group_gets_no_more_than_everyone() {
        assert_eq!(without_group(0o640), 0o600);
        assert_eq!(without_group(0o664), 0o644);
        assert_eq!(without_group(0o604), 0o644);
        assert_eq!(without_group(0o600), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_keeps_the_mode_it_was_staged_with() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |file: &File| file.metadata().unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("old");
        std::fs::write(&old, "").unwrap();
        std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o664)).unwrap();
        let old = std::fs::metadata(&old).unwrap();
        let staged = || tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        for (before, asked, wanted) in [
            (None, None, 0o600),
            (None, Some("644"), 0o644),
            (Some(&old), None, 0o664),
            (Some(&old), Some("640"), 0o640),
        ] {
            let staged = staged();
            settle(staged.as_file(), staged.path(), before, asked.map(|mode| mode.parse().unwrap()));
            assert_eq!(mode(staged.as_file()), wanted, "{asked:?}");
        }
    }
}
