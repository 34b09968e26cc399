//! One exported file, and what is known of it before it is read.

use std::fs;
use std::path::PathBuf;

use super::content::Content;
use super::error::SourceError;
use super::published::Published;
use crate::format::FileFormat;
use crate::time::Timestamp;

/// A file of exported rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// As it was given or found.
    pub path: PathBuf,
    /// Where it really is, without links.
    pub real: PathBuf,
    /// By its extension.
    pub format: FileFormat,
    /// What it holds; contacts until [`tell_contents`](super::tell_contents) has looked.
    pub content: Content,
    /// Its size.
    pub bytes: u64,
    /// What the manifest of its export says of it.
    pub published: Option<Published>,
    /// The manifest beside it, where that cannot be read and no other lists the file.
    pub unread_manifest: Option<PathBuf>,
}

impl SourceFile {
    /// The moment of the rows in it, as well as it is known: its export's, else its last change.
    pub fn moment(&self) -> Option<Timestamp> {
        let changed = || fs::metadata(&self.real).and_then(|facts| facts.modified()).ok().map(Timestamp::from);
        self.published.as_ref().map(|published| published.run.earliest).or_else(changed)
    }

    /// Holds a number against the manifest, if there is one.
    pub(super) fn check(
        &self,
        unit: &'static str,
        found: u64,
        listed: fn(&Published) -> u64,
    ) -> Result<(), SourceError> {
        match &self.published {
            Some(published) if listed(published) != found => Err(SourceError::NotAsPublished {
                path: self.path.clone(),
                manifest: published.manifest.clone(),
                unit,
                found,
                listed: listed(published),
            }),
            _ => Ok(()),
        }
    }
}
