//! What to write and where, as the command line asks for it.

use std::path::Path;

use crate::format::{FormatError, OutputFormat};
use crate::store::OutputTarget;

/// One output to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRequest {
    /// Where.
    pub target: OutputTarget,
    /// How.
    pub format: OutputFormat,
}

impl OutputRequest {
    /// Reads a path from the command line; `-` is stdout, which is CSV unless `format` says otherwise.
    ///
    /// # Errors
    /// When neither `format` nor the extension says how to write it.
    pub fn new(path: &Path, format: Option<OutputFormat>) -> Result<Self, FormatError> {
        let target = OutputTarget::new(path);
        let own = match target {
            OutputTarget::Stdout => Some(OutputFormat::Csv),
            OutputTarget::File(_) => OutputFormat::from_path(path),
        };
        let format = format.or(own).ok_or_else(|| FormatError::UnknownExtension { path: path.to_owned() })?;
        Ok(Self { target, format })
    }

    /// Whether it is CSV on stdout, which may be read while it is written.
    pub(super) fn is_a_stream(&self) -> bool {
        self.target == OutputTarget::Stdout && self.format == OutputFormat::Csv
    }
}
