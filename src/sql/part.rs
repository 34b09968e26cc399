//! A file of a dataset, for engines that read one file at a time.

/// A file in a partition folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// Its path.
    pub path: String,
    /// The value of the partition column; `None` is null.
    pub value: Option<String>,
}
