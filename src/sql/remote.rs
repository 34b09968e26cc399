//! Files for engines that read object stores only.

use super::load::{FileLayout, Load};

/// Where the files are on the store, and what must be done first if they are not there yet.
pub(super) struct Remote {
    /// A file, or a folder without a slash at its end.
    pub(super) path: String,
    /// A line of a comment, or nothing.
    pub(super) note: String,
}

impl Remote {
    /// `schemes` are those of the stores that the engine reads, the usual one first.
    pub(super) fn new(load: &Load, schemes: &[&str], store: &str) -> Self {
        if schemes.iter().any(|scheme| load.path.starts_with(scheme)) {
            return Self { path: load.path.clone(), note: String::new() };
        }
        let name = load.path.trim_start_matches(['.', '/']);
        let path = format!("{}BUCKET/{name}", schemes.first().unwrap_or(&"s3://"));
        Self {
            note: format!(
                "-- Copy {} to {store} first, and put the name of the bucket in place of BUCKET.\n",
                load.path
            ),
            path,
        }
    }

    /// The folder that all files are in, with a slash at its end.
    pub(super) fn folder(&self, layout: &FileLayout) -> String {
        match (layout, self.path.rsplit_once('/')) {
            (FileLayout::File, Some((folder, _))) => format!("{folder}/"),
            _ => format!("{}/", self.path),
        }
    }
}
