//! Errors in reading exported files. Each names its path and the next step.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use super::content::Content;

use crate::base::noun::RowNoun;
use crate::format::format_extensions;
use crate::store::StoreError;

static EXTENSIONS_HINT: LazyLock<String> =
    LazyLock::new(|| format!("name files with the extension {}, or their folder", format_extensions()));

/// Why files could not be read or reported on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file does not exist, or is not readable.
    #[error("cannot open: {}", path.display())]
    Open {
        /// The path as given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Neither an object nor a folder of objects has this address.
    #[error("no such object: {address}")]
    NoObject {
        /// As given.
        address: String,
    },
    /// A store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The extension is not that of a known format.
    #[error("cannot tell the format from the extension: {}", path.display())]
    UnknownExtension {
        /// The path as given.
        path: PathBuf,
    },
    /// The folder holds no export.
    #[error("no exported files in folder: {}", path.display())]
    EmptyFolder {
        /// The path as given.
        path: PathBuf,
    },
    /// The file has no column of an export.
    #[error("no columns of contacts, messages or activities in {}", path.display())]
    NoColumns {
        /// The file.
        path: PathBuf,
    },
    /// Some files contain contacts and others messages.
    #[error("contacts and messages cannot be read together: {} and {}", contacts.display(), messages.display())]
    MixedContents {
        /// The first file of contacts.
        contacts: PathBuf,
        /// The first file of messages.
        messages: PathBuf,
    },
    /// All files of a comparison contain activities, which have no ids of their own.
    #[error("cannot compare activities: {}", path.display())]
    Activities {
        /// The file.
        path: PathBuf,
    },
    /// All files contain changes between exports.
    #[error("the file lists changes between exports, not rows of one: {}", path.display())]
    Changes {
        /// The file.
        path: PathBuf,
    },
    /// The file is in the folder of a history, but not part of one.
    #[error("the file is not part of a history: {}", path.display())]
    NotHistory {
        /// The file.
        path: PathBuf,
    },
    /// The folder has no file of a history.
    #[error("no history in folder: {folder}")]
    NoHistory {
        /// As given.
        folder: String,
    },
    /// A file of a history is missing.
    #[error("the history has a gap before {}: it leads from {}", path.display(), missing.as_ref().map_or_else(|| "nothing, but is not the first file".to_owned(), |run| format!("run {run}, whose file is not there")))]
    BrokenHistory {
        /// The file after the gap.
        path: PathBuf,
        /// The run whose file is missing.
        missing: Option<String>,
    },
    /// The history starts later.
    #[error("the history begins at {first}, and {asked} is earlier")]
    BeforeHistory {
        /// Start of the first state.
        first: String,
        /// The requested time.
        asked: String,
    },
    /// There is no manifest.
    #[error("no manifest in folder: {}", path.display())]
    NoManifest {
        /// The folder.
        path: PathBuf,
    },
    /// No manifest lists the file.
    #[error("no manifest lists the file: {}", path.display())]
    NotListed {
        /// The file.
        path: PathBuf,
    },
    /// The file with the name of a manifest is not one.
    #[error("cannot read the manifest: {}", path.display())]
    UnreadableManifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A run is publishing, so there is only a placeholder instead of the manifest.
    #[error("an export is being published, or was stopped while it was: {}", path.display())]
    Publishing {
        /// The manifest.
        path: PathBuf,
    },
    /// The file to compare with contains another resource.
    #[error("cannot compare a report on {} with {}", wanted.noun().many, path.display())]
    OtherContents {
        /// The resource of the report.
        wanted: Content,
        /// The path as given.
        path: PathBuf,
    },
    /// The summary to compare with is of another resource.
    #[error("cannot compare a report on {} with {}", wanted.many, path.display())]
    OtherSummary {
        /// The resource of the report.
        wanted: RowNoun,
        /// The path as given.
        path: PathBuf,
    },
    /// The text is not in the encoding or form that exports have.
    #[error("the file is {what}: {}", path.display())]
    ForeignText {
        /// The file.
        path: PathBuf,
        /// How it differs.
        what: &'static str,
    },
    /// The compression is not supported.
    #[error("unsupported compression {codec}: {}", path.display())]
    Compression {
        /// The file.
        path: PathBuf,
        /// The codec of the file.
        codec: String,
    },
    /// A column has a type that cannot be converted.
    #[error("cannot read column {column} of type {found}: {}", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its Arrow type.
        found: String,
    },
    /// The file contradicts itself.
    #[error("the file is damaged: {}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Reading makes no progress.
    #[error("reading made no progress for {} s: {}", limit.as_secs(), path.display())]
    Stalled {
        /// The file.
        path: PathBuf,
        /// The time without progress.
        limit: Duration,
    },
    /// The SHA-256 of the file differs from its manifest.
    #[error("the SHA-256 differs from {}: {}", manifest.display(), path.display())]
    ChecksumDiffers {
        /// The file.
        path: PathBuf,
        /// The manifest of its export.
        manifest: PathBuf,
    },
    /// The file to compare with is not a summary.
    #[error("not a summary of a known schema version: {}", path.display())]
    NotSummary {
        /// The path as given.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No line of the file is an entry of a run log.
    #[error("no line is an entry of a run log: {}", path.display())]
    NotRunLog {
        /// The path as given.
        path: PathBuf,
    },
    /// Reading failed, or the content does not match the extension.
    #[error("cannot read: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file ends in the middle of a row.
    #[error("the file is truncated: {}", path.display())]
    CutOff {
        /// The file.
        path: PathBuf,
    },
    /// The size or number of rows differs from the manifest.
    #[error("the file has {found} {unit}, but {listed} in {}: {}", manifest.display(), path.display())]
    NotAsPublished {
        /// The file.
        path: PathBuf,
        /// The manifest of its export.
        manifest: PathBuf,
        /// The unit of the counts.
        unit: &'static str,
        /// Actual count.
        found: u64,
        /// Count in the manifest.
        listed: u64,
    },
    /// The report would overwrite one of its inputs.
    #[error("the report would overwrite one of its input files: {}", path.display())]
    Replaced {
        /// The path of the report.
        path: PathBuf,
    },
    /// Two reports have the same path.
    #[error("two reports have the same path: {}", path.display())]
    RepeatedReport {
        /// The path, `-` for stdout.
        path: PathBuf,
    },
}

impl SourceError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Open { .. } => "name a readable file or folder",
            Self::NoObject { .. } => "name an object, or a folder of objects with a / at its end",
            Self::Store(error) => error.hint(),
            Self::UnknownExtension { .. } => &EXTENSIONS_HINT,
            Self::EmptyFolder { .. } => "name a folder of exports, or the files themselves",
            Self::NoColumns { .. } => "name a file written by `sent-export`",
            Self::MixedContents { .. } => "name files of contacts only, or of messages only",
            Self::Activities { .. } => "compare the messages that they belong to",
            Self::Changes { .. } => "name the exports that were compared",
            Self::OtherContents { .. } | Self::OtherSummary { .. } => {
                "compare contacts with contacts, messages with messages, and activities with activities"
            }
            Self::NotHistory { .. } => "move it elsewhere: only `sent-export ... --history` writes to this folder",
            Self::NoHistory { .. } => "name the folder that `sent-export contacts --history` writes to",
            Self::BrokenHistory { .. } => "restore the missing file, or start a new history in another folder",
            Self::BeforeHistory { .. } => "name a later time",
            Self::NoManifest { .. } | Self::NotListed { .. } => {
                "name the manifest if --manifest has put it elsewhere; without a manifest there is nothing to verify"
            }
            Self::UnreadableManifest { .. } => "restore the manifest, or export again",
            Self::Publishing { .. } => "wait for the run, or export again if none is running",
            Self::ForeignText { .. } => "save it as UTF-8 without a password, or name the exported file",
            Self::Compression { .. } => "rewrite it with zstd or no compression",
            Self::ColumnType { .. } => "convert the column to text, or to the type that exports have",
            Self::Damaged { .. } => "copy the file again, or export again",
            Self::Stalled { .. } => {
                "the file is damaged, or its disk does not respond: copy the file again, or export again"
            }
            Self::ChecksumDiffers { .. } => {
                "the file was damaged or changed: copy it again or export again, or remove the manifest if the change was \
                 intended"
            }
            Self::NotSummary { .. } => {
                "create the older summary again from its files, with `sent-export report --json`"
            }
            Self::NotRunLog { .. } => "name a file that exports have appended their runs to, with --runs",
            Self::Read { .. } => "the file is damaged or has the wrong extension: export again",
            Self::CutOff { .. } => "its end is missing: copy the file again, or export again",
            Self::NotAsPublished { .. } => {
                "the file was truncated or changed: export again, or remove the manifest if the change was intended"
            }
            Self::Replaced { .. } => "choose other paths for --html, --markdown and --json",
            Self::RepeatedReport { .. } => "choose different paths for --html, --markdown and --json",
        }
    }
}
