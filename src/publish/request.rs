//! What to write and where, as given on the command line.

use std::path::Path;

use crate::format::{FileFormat, FormatError};
use crate::store::OutputTarget;

/// One output to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRequest {
    /// Where.
    pub target: OutputTarget,
    /// How.
    pub format: FileFormat,
}

impl OutputRequest {
    /// Reads a path from the command line; `-` is stdout, which is CSV unless `format` says otherwise.
    ///
    /// # Errors
    /// When neither `format` nor the extension says how to write it.
    pub fn new(path: &Path, format: Option<FileFormat>) -> Result<Self, FormatError> {
        let target = OutputTarget::new(path);
        let own = (target == OutputTarget::Stdout).then_some(FileFormat::CSV);
        let format = format.or(own).map_or_else(|| FileFormat::for_path(path), Ok)?;
        Ok(Self { target, format })
    }

    /// Whether it is plain text on stdout, which may be read while it is written.
    pub(super) fn is_a_stream(&self) -> bool {
        self.target == OutputTarget::Stdout && self.format.is_plain_text()
    }
}
