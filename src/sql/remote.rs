//! Paths for engines that read only object stores.

use super::load::FileLayout;

/// The location on the store, and how to copy the files there first if necessary.
pub(super) struct Remote {
    /// A file, or a folder without a trailing slash.
    pub(super) path: String,
    /// A comment line, or empty.
    pub(super) note: String,
}

impl Remote {
    /// `schemes` are those of the stores that the engine reads, with the default first.
    pub(super) fn new(path: &str, schemes: &[&str], store: &str) -> Self {
        if schemes.iter().any(|scheme| path.starts_with(scheme)) {
            return Self { path: path.to_owned(), note: String::new() };
        }
        let name = path.trim_start_matches(['.', '/']);
        Self {
            note: format!("-- Copy {path} to {store} first, and put the name of the bucket in place of BUCKET.\n"),
            path: format!("{}BUCKET/{name}", schemes.first().unwrap_or(&"s3://")),
        }
    }

    /// The folder of all files, with a trailing slash.
    pub(super) fn folder(&self, layout: &FileLayout) -> String {
        match (layout, self.path.rsplit_once('/')) {
            (FileLayout::File, Some((folder, _))) => format!("{folder}/"),
            _ => format!("{}/", self.path),
        }
    }
}
