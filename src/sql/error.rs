//! Why no SQL can be generated.

use crate::resources::is_profile_column;

/// Why no SQL can be generated.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SqlError {
    /// The engine cannot read files of this format.
    #[error("{engine} cannot load {format}; it loads {loadable}")]
    UnloadableFormat {
        /// Name of the engine.
        engine: &'static str,
        /// Name of the format.
        format: String,
        /// The formats that it can load, as a list.
        loadable: String,
    },
    /// The engine loads one file at a time.
    #[error("{engine} loads one file at a time, not a folder")]
    UnloadableFolder {
        /// Name of the engine.
        engine: &'static str,
    },
    /// The engine does not read object stores.
    #[error("{engine} loads local files only")]
    UnloadableUrl {
        /// Name of the engine.
        engine: &'static str,
    },
    /// No export of this resource reads several profiles.
    #[error("--of-profiles is for contacts and messages, not {resource}")]
    NotOfProfiles {
        /// Name of the resource.
        resource: &'static str,
    },
    /// The flag is only for messages.
    #[error("{flag} is for messages, not {resource}")]
    OnlyMessages {
        /// The flag.
        flag: &'static str,
        /// Name of the resource.
        resource: &'static str,
    },
    /// The engine cannot load datasets with this partition.
    #[error("{engine} has no SQL for a folder by {column}; {engines} have, and every engine for one by created_date")]
    UnloadablePartition {
        /// Name of the engine.
        engine: &'static str,
        /// The column.
        column: String,
        /// The engines that can, as a list.
        engines: String,
    },
    /// The column is unknown, or folders cannot be named after it.
    #[error("no export is partitioned by {column:?} of {resource}")]
    UnknownPartition {
        /// The name as given.
        column: String,
        /// Name of the resource.
        resource: &'static str,
    },
    /// Only Parquet datasets can be loaded.
    #[error("--partition-by loads Parquet, not {format}")]
    PartitionFormat {
        /// Name of the format.
        format: String,
    },
    /// The engine has no query for a history.
    #[error("{engine} has no query for a history; {engines} has")]
    NoHistoryQuery {
        /// Name of the engine.
        engine: &'static str,
        /// The engine that has one.
        engines: &'static str,
    },
    /// Only contacts and messages have histories.
    #[error("there is no history of {resource}")]
    NoHistory {
        /// Name of the resource.
        resource: &'static str,
    },
    /// A name or path contains a control character, which could end a comment.
    #[error("{what} is empty or contains a control character")]
    BadName {
        /// Name of the argument.
        what: &'static str,
    },
    /// A column has an unsupported type.
    #[error("no SQL can be written for the column {column} of type {data_type}")]
    UnsupportedColumn {
        /// The column.
        column: String,
        /// Its Arrow type.
        data_type: String,
    },
}

impl SqlError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UnloadableFormat { .. } => "export in one of these formats, and name that file",
            Self::UnloadableFolder { .. } => "name one file, or choose another engine",
            Self::UnloadableUrl { .. } => "download the file and name its path, or choose another engine",
            Self::OnlyMessages { .. } | Self::NotOfProfiles { .. } => "omit the flag",
            Self::UnloadablePartition { .. } => "choose one of these engines, or export without --partition-by",
            Self::UnknownPartition { column, .. } if is_profile_column(column) => "add --of-profiles",
            Self::UnknownPartition { .. } => "name a column of texts or flags, or created_date",
            Self::PartitionFormat { .. } => "omit --format",
            Self::NoHistoryQuery { .. } => {
                "rebuild the rows with `sent-export diff FOLDER --as-of TIME -o FILE`, and load that file"
            }
            Self::NoHistory { .. } => "name contacts or messages",
            Self::BadName { .. } => "write a name or path of printable characters",
            Self::UnsupportedColumn { .. } => "leave the column out with --columns, and please report this",
        }
    }
}
