//! Files for engines that read object stores only.

use super::load::Layout;

/// Where the files are on the store, and what must be done first if they are not there yet.
pub(super) struct Remote {
    /// A file, or a folder without a slash at its end.
    pub(super) path: String,
    /// A line of a comment, or nothing.
    pub(super) note: String,
}

impl Remote {
    /// `schemes` are those of the stores that the engine reads, the usual one first.
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

    /// The folder that all files are in, with a slash at its end.
    pub(super) fn folder(&self, layout: &Layout) -> String {
        match (layout, self.path.rsplit_once('/')) {
            (Layout::File, Some((folder, _))) => format!("{folder}/"),
            _ => format!("{}/", self.path),
        }
    }
}
