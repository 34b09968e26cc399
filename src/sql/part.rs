//! A file of a dataset, for engines that read one file at a time.

/// A file in a folder that is named after a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// Its path.
    pub path: String,
    /// The value; `None` is null.
    pub value: Option<String>,
}
