//! The part of a path shared by the files of one export in several formats.

use std::path::{Path, PathBuf};

use crate::format::FileFormat;

/// A path without the extension of its format, including the dot before it.
pub(super) fn without_extension(path: &Path) -> PathBuf {
    let extension = FileFormat::of_path(path).map_or(0, |(_, length)| length);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(&name[..name.len() - extension])
}
