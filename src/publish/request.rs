//! What to write and where, as given on the command line.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use super::error::OutputError;
use crate::format::{FileFormat, FormatError};
use crate::store::{OutputTarget, StoreError, Stores};

/// One output to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRequest {
    /// The target.
    pub target: OutputTarget,
    /// The format.
    pub format: FileFormat,
}

impl OutputRequest {
    /// Parses a path or the address of an object from the command line; `-` is stdout, which is CSV unless `format` is
    /// given.
    ///
    /// # Errors
    /// When neither `format` nor the extension names a format, or the address is invalid.
    pub fn new(path: &Path, format: Option<FileFormat>, stores: &Arc<Stores>) -> Result<Self, OutputError> {
        let target = OutputTarget::new(path, stores)?;
        if target.is_folder() {
            return Err(StoreError::TrailingSlash { path: path.to_owned() }.into());
        }
        let own = (target == OutputTarget::Stdout).then_some(FileFormat::CSV);
        let format = format.or(own).map_or_else(|| FileFormat::for_path(path), Ok)?;
        Ok(Self { target, format })
    }

    /// The error for a failed write: either a value that the format cannot hold, or the target.
    pub(super) fn write_error(&self, source: Box<dyn Error + Send + Sync>) -> OutputError {
        let path = self.target.to_string();
        match source.downcast::<FormatError>() {
            Ok(error) => OutputError::Value { path, source: *error },
            Err(source) => OutputError::Store(StoreError::Write { path, source }),
        }
    }

    /// Whether it is plain text on stdout, which may be read while it is written.
    pub(super) fn is_a_stream(&self) -> bool {
        self.target == OutputTarget::Stdout && self.format.is_plain_text()
    }
}
