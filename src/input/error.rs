//! What can go wrong with the files of a report; every case names its path and knows the next step.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use super::content::Content;

use crate::format::format_extensions;

static EXTENSIONS_HINT: LazyLock<String> =
    LazyLock::new(|| format!("name files that end in {}, or the folder that they are in", format_extensions()));

/// Why files could not be read, or not be reported on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It does not exist, or may not be read.
    #[error("cannot open: {}", path.display())]
    Open {
        /// As it was given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The extension names no format.
    #[error("cannot tell the format from the extension: {}", path.display())]
    UnknownExtension {
        /// As it was given.
        path: PathBuf,
    },
    /// The folder holds no export.
    #[error("no exported file in the folder: {}", path.display())]
    EmptyFolder {
        /// As it was given.
        path: PathBuf,
    },
    /// The file has no column of an export.
    #[error("no column of contacts or messages in the file: {}", path.display())]
    NoColumns {
        /// The file.
        path: PathBuf,
    },
    /// Some files hold contacts and others messages.
    #[error("files of contacts and of messages in one report: {} and {}", contacts.display(), messages.display())]
    MixedContents {
        /// The first file of contacts.
        contacts: PathBuf,
        /// The first file of messages.
        messages: PathBuf,
    },
    /// What is to be compared with holds something else.
    #[error("a report on {} cannot be compared with {}", wanted.noun().many, path.display())]
    OtherContents {
        /// What the report is on.
        wanted: Content,
        /// As it was given.
        path: PathBuf,
    },
    /// The table is not written as exports write it.
    #[error("the file is {what}: {}", path.display())]
    ForeignText {
        /// The file.
        path: PathBuf,
        /// In what it differs.
        what: &'static str,
    },
    /// The file is compressed in a way that cannot be read here.
    #[error("the file is compressed with {codec}: {}", path.display())]
    Compression {
        /// The file.
        path: PathBuf,
        /// Its codec.
        codec: String,
    },
    /// A column holds something else than an export writes.
    #[error("cannot read column {column} of type {found}: {}", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type, as Arrow names it.
        found: String,
    },
    /// The file contradicts itself.
    #[error("the file is damaged: {}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Reading goes on without getting anywhere.
    #[error("reading made no progress for {} s: {}", limit.as_secs(), path.display())]
    Stalled {
        /// The file.
        path: PathBuf,
        /// For how long.
        limit: Duration,
    },
    /// The file is not the one that its export published.
    #[error("the SHA-256 is not the one in {}: {}", manifest.display(), path.display())]
    ChecksumDiffers {
        /// The file.
        path: PathBuf,
        /// The manifest of its export.
        manifest: PathBuf,
    },
    /// The file to compare with is no summary.
    #[error("not a summary of this version: {}", path.display())]
    NotSummary {
        /// As it was given.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Reading failed, or the content is not what the extension says.
    #[error("cannot read: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file ends in the middle of its contacts.
    #[error("the file is cut off: {}", path.display())]
    CutOff {
        /// The file.
        path: PathBuf,
    },
    /// The file is not the one that its export wrote.
    #[error("the file has {found} {unit}, and {listed} in {}: {}", manifest.display(), path.display())]
    NotAsPublished {
        /// The file.
        path: PathBuf,
        /// The manifest of its export.
        manifest: PathBuf,
        /// What was counted.
        unit: &'static str,
        /// How many there are.
        found: u64,
        /// How many the manifest lists.
        listed: u64,
    },
    /// The report would take the place of what it is made from.
    #[error("the report would replace a file that it is made from: {}", path.display())]
    Replaced {
        /// Where the report was to go.
        path: PathBuf,
    },
    /// Two reports would have the same name.
    #[error("two forms of the report have the same path: {}", path.display())]
    RepeatedReport {
        /// Where they were to go, `-` for stdout.
        path: PathBuf,
    },
}

impl SourceError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Open { .. } => "name a readable file or folder",
            Self::UnknownExtension { .. } => &EXTENSIONS_HINT,
            Self::EmptyFolder { .. } => "name a folder of exports, or the files themselves",
            Self::NoColumns { .. } => "name a file that `sent-export` wrote",
            Self::MixedContents { .. } => "make one report of the contacts and one of the messages",
            Self::OtherContents { .. } => "compare contacts with contacts, and messages with messages",
            Self::ForeignText { .. } => "save it as CSV in UTF-8 with commas, or name the file that was exported",
            Self::Compression { .. } => "write it with zstd, snappy or without compression",
            Self::ColumnType { .. } => "convert the column to text or to the type that an export writes",
            Self::Damaged { .. } => "copy the file again, or export again",
            Self::Stalled { .. } => "the file is damaged, or its disk does not answer: copy it again, or export again",
            Self::ChecksumDiffers { .. } => {
                "the file was damaged or changed: copy it again or export again, or remove the manifest if the change was \
                 on purpose"
            }
            Self::NotSummary { .. } => "make the older summary anew from its files, with `sent-export report --json`",
            Self::Read { .. } => "the file is damaged or not what its extension says: export again",
            Self::CutOff { .. } => "its last line is not whole: copy the file anew, or export again",
            Self::NotAsPublished { .. } => {
                "the file was cut or changed: export again, or remove the manifest if that was on purpose"
            }
            Self::Replaced { .. } => "give --html, --markdown and --json paths that the report does not read",
            Self::RepeatedReport { .. } => "give each of --html, --markdown and --json a path of its own",
        }
    }
}
