//! Why no SQL can be written.

use crate::resources::is_profile_column;

/// Why no SQL can be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SqlError {
    /// The engine cannot read files of this format.
    #[error("{engine} cannot load {format}; it loads {loadable}")]
    UnloadableFormat {
        /// Display name of the engine.
        engine: &'static str,
        /// Name of the format.
        format: String,
        /// The formats that it can load, in a sentence.
        loadable: String,
    },
    /// The engine cannot read CSV of this dialect.
    #[error("{engine} cannot load CSV of the dialect {dialect}; it loads {loadable}")]
    UnloadableDialect {
        /// Display name of the engine.
        engine: &'static str,
        /// Name of the dialect.
        dialect: &'static str,
        /// The formats that it can load, with the dialects of CSV, in a sentence.
        loadable: String,
    },
    /// A CSV flag was used with files of another format.
    #[error("{flag} describes CSV files, not {format}")]
    OnlyCsv {
        /// The flag.
        flag: &'static str,
        /// Name of the format.
        format: String,
    },
    /// The engine reads one file at a time.
    #[error("{engine} loads one file at a time, not a folder")]
    UnloadableFolder {
        /// Display name of the engine.
        engine: &'static str,
    },
    /// The engine cannot read object stores.
    #[error("{engine} loads local files only")]
    UnloadableUrl {
        /// Display name of the engine.
        engine: &'static str,
    },
    /// The resource has no such flag.
    #[error("{flag} is for {resources}, not {resource}")]
    OnlyFor {
        /// The flag.
        flag: &'static str,
        /// What it is for, in a sentence.
        resources: &'static str,
        /// Name of the resource.
        resource: &'static str,
    },
    /// A dataset must be listed, but does not exist.
    #[error("{folder} has no {format} files in folders that begin with {column}=")]
    NoParts {
        /// The folder.
        folder: String,
        /// The column.
        column: String,
        /// Name of the format.
        format: String,
    },
    /// The value of a folder has a NUL character.
    #[error("{engine} has no texts with a NUL character, which is %00 in the name of the folder: {path}")]
    NulInFolder {
        /// Display name of the engine.
        engine: &'static str,
        /// A file in the folder.
        path: String,
    },
    /// There is no such column, or it cannot be a partition column.
    #[error("no export is partitioned by {column:?} of {resource}")]
    UnknownPartition {
        /// The name that was given.
        column: String,
        /// Name of the resource.
        resource: &'static str,
    },
    /// Datasets of this format cannot be loaded.
    #[error("--partition-by loads Parquet, not {format}")]
    PartitionFormat {
        /// Name of the format.
        format: String,
    },
    /// The engine has no SQL for querying files.
    #[error("{engine} has no query for a history; {engines} have")]
    NoHistoryQuery {
        /// Display name of the engine.
        engine: &'static str,
        /// The engines that have one, in a sentence.
        engines: String,
    },
    /// The engine cannot read the format of a history.
    #[error("{engine} cannot read the files of a history, which are Parquet; it loads {loadable}")]
    UnreadableHistory {
        /// Display name of the engine.
        engine: &'static str,
        /// The formats that it can load, in a sentence.
        loadable: String,
    },
    /// The resource has no histories; only contacts and messages do.
    #[error("there is no history of {resource}")]
    NoHistory {
        /// Name of the resource.
        resource: &'static str,
    },
    /// A name or path is empty or has control characters, such as a newline that would end a comment.
    #[error("{what} is empty or contains a control character")]
    BadName {
        /// Which argument it is.
        what: &'static str,
    },
    /// A column has a type without an SQL equivalent.
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
            Self::OnlyCsv { .. } => "omit the flag, or name a file or --format of CSV",
            Self::UnloadableFormat { .. } | Self::UnloadableDialect { .. } => {
                "export in one of these formats, and name that file"
            }
            Self::UnloadableFolder { .. } => "name one file, or choose another engine",
            Self::UnloadableUrl { .. } => "download the file and name its path, or choose another engine",
            Self::OnlyFor { .. } => "omit the flag",
            Self::NoParts { .. } => "name the folder of the export, and its format with --format",
            Self::NulInFolder { .. } => {
                "export to one CSV file without --partition-by, and remove the characters with tr -d '\\000'"
            }
            Self::UnknownPartition { column, .. } if is_profile_column(column) => "add --of-profiles",
            Self::UnknownPartition { .. } => "name a column of texts or flags, or created_date",
            Self::PartitionFormat { .. } => "omit --format",
            Self::NoHistoryQuery { .. } => {
                "rebuild the rows with `sent-export diff FOLDER --as-of TIME -o FILE`, and load that file"
            }
            Self::UnreadableHistory { .. } => {
                "rebuild the rows with `sent-export diff FOLDER --as-of TIME -o FILE` in one of these formats, and load that file"
            }
            Self::NoHistory { .. } => "name contacts or messages",
            Self::BadName { .. } => "write a name or path of printable characters",
            Self::UnsupportedColumn { .. } => "leave the column out with --columns, and please report this",
        }
    }
}
