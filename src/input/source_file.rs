//! An exported file, and what is known about it before it is read.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;

use super::content::{ColumnSet, Content};
use super::error::SourceError;
use super::published::PublicationFacts;
use crate::format::FileFormat;
use crate::time::Timestamp;

/// A file of exported rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as given or found.
    pub path: PathBuf,
    /// The canonical path.
    pub real: PathBuf,
    /// The format, by its extension.
    pub format: FileFormat,
    /// Its content; contacts until [`detect_contents`](super::detect_contents) has run.
    pub content: Content,
    /// The columns to read; by default, those that a report counts.
    pub columns: ColumnSet,
    /// Whether its rows say which profile they were read for; known once [`detect_contents`](super::detect_contents) has run.
    pub has_profiles: bool,
    /// Its size.
    pub bytes: u64,
    /// Its entry in the manifest of its export.
    pub published: Option<PublicationFacts>,
    /// The manifest beside it, if it cannot be read and no other lists the file.
    pub unread_manifest: Option<PathBuf>,
    /// The manifest of the dataset, or of the parts, to which it belongs by its path, if that does not list it.
    pub unlisted_in: Option<PathBuf>,
}

impl SourceFile {
    /// A local file of which only the format is known; `path` is shown in messages.
    ///
    /// # Errors
    /// When it is missing or its metadata cannot be read.
    pub(super) fn new(path: PathBuf, local: &Path, format: FileFormat) -> Result<Self, SourceError> {
        let looked = fs::canonicalize(local).and_then(|real| Ok((fs::metadata(&real)?.len(), real)));
        let (bytes, real) = looked.map_err(|source| SourceError::Open { path: path.clone(), source })?;
        Ok(Self {
            path,
            real,
            format,
            content: Content::Contacts,
            columns: ColumnSet::Counted,
            has_profiles: false,
            bytes,
            published: None,
            unread_manifest: None,
            unlisted_in: None,
        })
    }

    /// The columns that are read.
    pub fn schema(&self) -> SchemaRef {
        match self.columns {
            ColumnSet::Counted => self.content.counted_schema(),
            ColumnSet::Checked => self.content.checked_schema(),
            ColumnSet::All => self.content.full_schema(),
            ColumnSet::History => self.content.history_schema(),
            ColumnSet::HistoryOfProfiles => self.content.profile_history_schema(),
        }
    }

    /// The index of the id column; for activities, that of the message's id.
    pub(super) fn id(&self) -> usize {
        self.schema().index_of(self.content.id_column()).expect("every schema has it")
    }

    /// The time of its rows: the start of its export if known, otherwise its last modification.
    pub fn moment(&self) -> Option<Timestamp> {
        let changed = || fs::metadata(&self.real).and_then(|facts| facts.modified()).ok().map(Timestamp::from);
        self.published.as_ref().map(|published| published.run.earliest).or_else(changed)
    }

    /// Whether it is part of a dataset, in a folder named after the value of a column.
    pub fn is_part(&self) -> bool {
        let folder = |path: &Path| path.parent().and_then(Path::file_name).map(OsStr::to_owned);
        let Some(name) = folder(&self.path) else { return false };
        // The manifest of a dataset is beside its folders; that of an export in a folder named after its date is in that
        // folder.
        let own = self.published.as_ref().and_then(|published| folder(&published.manifest));
        name.to_str().is_some_and(|name| name.contains('=')) && own.as_ref() != Some(&name)
    }

    /// Whether its export read several profiles, which may share rows.
    pub fn is_of_several_profiles(&self) -> bool {
        self.published.as_ref().is_some_and(|published| published.profiles.len() > 1)
    }

    /// Compares a count with the manifest, if there is one.
    pub(super) fn check(
        &self,
        unit: &'static str,
        found: u64,
        listed: fn(&PublicationFacts) -> u64,
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
