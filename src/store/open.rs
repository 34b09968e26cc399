//! Opens an output of any kind.

use std::io;

use super::error::StoreError;
use super::local;
use super::object::Upload;
use super::staged::{FileSettings, Staged, Stream};
use super::target::OutputTarget;

/// Opens an output.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn open(target: &OutputTarget, settings: FileSettings) -> Result<Box<dyn Staged>, StoreError> {
    match target {
        OutputTarget::Stdout => Ok(Box::new(Stream(io::stdout()))),
        OutputTarget::File(path) => local::open(path, settings),
        OutputTarget::Object(object) => Ok(Box::new(Upload::begin(object, settings)?)),
    }
}
