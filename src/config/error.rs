//! Errors in the configuration, with the next step.

use std::sync::Arc;

use super::API_KEY_VARIABLE;
use super::key_command::KeyCommandError;
use super::profiles::ProfileError;
use crate::base::noun::RowNoun;
use crate::base::percent::Percent;
use crate::format::{ColumnError, FileFormat};
use crate::publish::OutputError;
use crate::store::{OutputTarget, StoreError};
use crate::telemetry::{AddressProblem, LineageError};

/// An error in the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Neither the variable nor a file has a key.
    #[error("no API key: {API_KEY_VARIABLE} is not set")]
    MissingKey,
    /// The text cannot be a key.
    #[error("{from} holds no usable API key: {why}")]
    UnusableKey {
        /// Where it was read from.
        from: String,
        /// The reason, without any part of the text.
        why: &'static str,
    },
    /// The file with the key cannot be read.
    #[error("cannot read the API key from {path}")]
    ReadKey {
        /// The file, or `-`.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The same for a file whose name may be the key, so it is not shown.
    #[error("--api-key-file takes the path of a file, but was given what may be the key itself")]
    HiddenKeyFile,
    /// The key itself was given instead of its file.
    #[error("--api-key-file takes a path, but was given the value of {API_KEY_VARIABLE}")]
    KeyForPath,
    /// The value is not the name of a variable and may be the key.
    #[error("--api-key-env takes the name of a variable, in upper-case letters, digits and underscores")]
    BadKeyVariable,
    /// The variable for the key is not set.
    #[error("no API key: {0} is not set (--api-key-env)")]
    NoKeyVariable(String),
    /// The program for the key failed.
    #[error("no API key from --api-key-command")]
    KeyCommand(#[source] Arc<KeyCommandError>),
    /// An argument is neither an id nor a number.
    #[error("argument {argument} is neither a contact id nor a phone number")]
    NotAContact {
        /// Its position, from 1. It may be a phone number, so it is not shown.
        argument: usize,
    },
    /// Stdin can be read only once.
    #[error("--ids - and --api-key-file - both read stdin")]
    StdinTwice,
    /// The base URL is invalid.
    #[error("--base-url (or SENT_BASE_URL) is not a usable address: {0:?}")]
    BadBaseUrl(String),
    /// The base URL would send the key unencrypted.
    #[error("--base-url would send the key unencrypted to another machine: {0}")]
    InsecureBaseUrl(String),
    /// A path has an unknown placeholder.
    #[error("unusable path {path}: {why}")]
    Placeholder {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// All runs write to the same path, so there are no older exports.
    #[error("--keep needs an output whose path differs from run to run, and a manifest")]
    KeepWithoutDate,
    /// Two outputs have the same path.
    #[error("two outputs are the same file: {0}")]
    RepeatedOutput(String),
    /// The extension of a report is unknown.
    #[error("cannot tell the report's format from the extension: {0}")]
    UnknownReport(String),
    /// The manifest of the last export cannot be read.
    #[error("cannot read the manifest that --max-shrink compares with: {path}")]
    ReadManifest {
        /// The manifest.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The manifest cannot go to stdout.
    #[error("--manifest takes a path or none, not {0}")]
    BadManifest(OutputTarget),
    /// The address to notify is invalid. It may be a secret, so it is not shown.
    #[error("--notify (or SENT_EXPORT_NOTIFY) is not a usable address: {0}")]
    BadNotify(AddressProblem),
    /// Lineage cannot be told as it is asked for.
    #[error(transparent)]
    Lineage(#[from] LineageError),
    /// Metrics and run logs must be local files.
    #[error("{flag} takes a file on this machine, not {path}")]
    WatchedElsewhere {
        /// The flag.
        flag: &'static str,
        /// Its value.
        path: String,
    },
    /// The run log cannot be appended to.
    #[error("cannot append to {path} (--runs)")]
    RunLog {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The flag needs the whole list, and only a part is read.
    #[error("{part} does not go with {whole}, which needs the whole list")]
    PartOfList {
        /// The flag that reads a part.
        part: &'static str,
        /// The flag that needs all of it.
        whole: &'static str,
    },
    /// There would be nothing to compare with the next time.
    #[error("--max-shrink needs the manifest of the last export, but --manifest none writes none")]
    ShrinkWithoutManifest,
    /// A gate cannot hold back a stream.
    #[error(
        "a gate (--min-..., --max-shrink, --max-rejected, --max-malformed, --require) cannot hold back data that is \
         written immediately: {0}"
    )]
    GateOnStream(OutputTarget),
    /// There is no rate limit of which to reserve a part.
    #[error("--reserve {0} needs a rate limit, but there is none")]
    ReserveWithoutRate(Percent),
    /// Nothing would be left for this run.
    #[error("--reserve leaves nothing for this run: {0}")]
    WholeReserve(String),
    /// The format is binary.
    #[error("cannot write {0} to a terminal")]
    BinaryToTerminal(FileFormat),
    /// A flag for CSV, but no output is CSV.
    #[error("{0} applies to CSV, and no output is CSV")]
    NoCsv(&'static str),
    /// The column is unknown, or folders cannot be named after it.
    #[error("cannot partition by {name:?}; columns are {names}")]
    UnknownPartition {
        /// The name as given.
        name: String,
        /// The columns that can be used, as a list.
        names: String,
    },
    /// The number of days is not limited.
    #[error("--max-partitions does not apply to days of a list that is read day by day")]
    MaxOfDays,
    /// The folder holds a dataset with another partition.
    #[error("{folder} already holds a dataset by {column}")]
    OtherDataset {
        /// The folder.
        folder: String,
        /// The column after which its folders are named.
        column: String,
    },
    /// Only the manifest tells which files of a dataset to replace.
    #[error("--partition-by {0} needs the manifest, which lists the files that the next run replaces")]
    DatasetWithoutManifest(String),
    /// A part of the list would replace the files of the whole list.
    #[error("{flag} reads a part of the list, and --partition-by {column} replaces all files")]
    PartOfDataset {
        /// The flag.
        flag: &'static str,
        /// The column.
        column: String,
    },
    /// A flag for NDJSON, but no output is NDJSON.
    #[error("--decimals applies to NDJSON, and no output is NDJSON")]
    NoNdjson,
    /// A dataset must be the only output.
    #[error("--partition-by writes one folder, but --output is given more than once")]
    SeveralFolders,
    /// The files of a dataset cannot be split.
    #[error("--max-rows-per-file does not go with --partition-by")]
    SplitPartitions,
    /// A stream cannot be partitioned.
    #[error("--partition-by writes a folder, not {0}")]
    PartitionedStream(OutputTarget),
    /// Only Parquet can be partitioned.
    #[error("--partition-by created_date writes Parquet, not {0}")]
    PartitionFormat(FileFormat),
    /// Messages and their activities are published together, which a stream cannot do.
    #[error("--with-activities publishes two files together, and cannot hold back what goes to {0}")]
    ActivitiesOnStream(OutputTarget),
    /// The folder of a dataset is read as one table.
    #[error("the folder of --output is read as one table of messages, and activities would be in it: {0}")]
    ActivitiesInDataset(OutputTarget),
    /// The export in a folder cannot be continued.
    #[error("--since-last continues an export of messages, and {path} describes none that can be continued: {why}")]
    NotContinuable {
        /// The manifest.
        path: String,
        /// Why.
        why: String,
    },
    /// The key for phone numbers cannot be read.
    #[error("cannot read the key for phone numbers from {path}")]
    ReadPhoneKey {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file does not hold a key for phone numbers.
    #[error("{path} holds no usable key for phone numbers: {why}")]
    UnusablePhoneKey {
        /// The file.
        path: String,
        /// The reason, without any part of the key.
        why: String,
    },
    /// Columns with free text, in which not every phone number can be found.
    #[error("{flag} cannot find every phone number in free text: {columns}")]
    FreeText {
        /// Their names.
        columns: String,
        /// The flag that protects phone numbers.
        flag: &'static str,
    },
    /// A dataset would hold phone numbers in two forms.
    #[error("{path} describes files that were written with other privacy flags")]
    OtherPrivacy {
        /// The manifest.
        path: String,
    },
    /// `--columns` names an unknown column.
    #[error("cannot select columns (--columns, --add-columns, --drop)")]
    Columns(#[from] ColumnError),
    /// There is no published export to compare with.
    #[error(
        "--changes, --history and --exit-code-unchanged compare with the last export, and nothing stays of what goes to stdout or a pipe"
    )]
    NothingToCompare,
    /// Nothing is compared, so no rows are gone.
    #[error("--confirm-removed needs --changes, --history or --exit-code-unchanged")]
    NothingToConfirm,
    /// Changes are published together with the outputs, which a stream cannot do.
    #[error("changes are published together with the outputs, and cannot be held back from {0}")]
    ChangesOnStream(OutputTarget),
    /// Rows are matched by id, and those of several profiles by these, too.
    #[error("changes need the column {0}, which is not written")]
    ChangesWithoutKey(&'static str),
    /// A history needs the whole list.
    #[error("--history needs the whole list, and {0} reads a part of it")]
    HistoryOfSpan(&'static str),
    /// Rows before the moving start of the span would be reported as removed.
    #[error("with --since {0}, rows that are too old for this run would be reported as removed")]
    ChangesOfMovingSpan(String),
    /// The folder of a dataset is read as one table.
    #[error("the folder of --output is read as one table, and changes would be in it: {0}")]
    ChangesInDataset(OutputTarget),
    /// The last export was made in another way, so differences are not changes.
    #[error("cannot compare with {place}: it has different {what}: {old}, but this run {new}")]
    OtherBase {
        /// The export or the history.
        place: String,
        /// The setting that differs, in the plural.
        what: &'static str,
        /// Its value in the export or history.
        old: String,
        /// Its value in this run.
        new: String,
    },
    /// A comparison would overwrite its input.
    #[error("the output would overwrite one of the files to compare: {0}")]
    ReplacedInput(String),
    /// Rows without ids cannot be matched.
    #[error("no column {column} in {path}")]
    NoIds {
        /// The file.
        path: String,
        /// The column that it lacks: the id, or that of the profile.
        column: &'static str,
    },
    /// The two sides hold different resources.
    #[error("cannot compare {} with {}", old.many, new.many)]
    OtherRows {
        /// The rows of the older side.
        old: RowNoun,
        /// The rows of the newer side.
        new: RowNoun,
    },
    /// The two exports were made in different ways, so differences are not changes.
    #[error("the exports have different {what}: {old} and {new}")]
    Incomparable {
        /// The setting that differs, in the plural.
        what: &'static str,
        /// Its value on the older side.
        old: String,
        /// Its value on the newer side.
        new: String,
    },
    /// `--ignore` names an unknown column.
    #[error("cannot ignore columns (--ignore)")]
    IgnoredColumns(#[source] ColumnError),
    /// The profiles of `--profiles` cannot be read.
    #[error(transparent)]
    Profiles(#[from] ProfileError),
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl From<StoreError> for ConfigError {
    fn from(error: StoreError) -> Self {
        Self::Output(error.into())
    }
}

impl ConfigError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::MissingKey => {
                "set SENT_DM_API_KEY, or name a file with --api-key-file; without an account, try --simulate"
            }
            Self::UnusableKey { .. } => "correct it there: the key alone, without quotes",
            Self::HiddenKeyFile => "put the key into a file, and name that file with --api-key-file",
            Self::BadNotify(_) => "write the whole address, like https://hooks.example.com/...",
            Self::Lineage(error) => error.hint(),
            Self::WatchedElsewhere { .. } => "name a local file",
            Self::RunLog { .. } => "name a file in a folder that can be written to",
            Self::PartOfList { .. } => "leave out one of the two",
            Self::BadKeyVariable => "write it like ACME_API_KEY; the key itself belongs in that variable",
            Self::NoKeyVariable(_) => "set the variable, or name another one",
            Self::KeyCommand(_) => "run it by hand: its messages are not shown, since they may hold the key",
            Self::NotAContact { .. } => "write a UUID, or a number with its country code like +12025550123",
            Self::StdinTwice => "name a file for one of the two",
            Self::KeyForPath => "omit --api-key-file: the variable is enough",
            Self::ReadKey { .. } => "name a readable file with --api-key-file, or - for stdin",
            Self::BadBaseUrl(_) => "write it like https://api.sent.dm, without user name, query or fragment",
            Self::InsecureBaseUrl(_) => "use https; plain http is for 127.0.0.1, ::1 and localhost",
            Self::Placeholder { .. } => "write it like exports/dt={date}/contacts.parquet",
            Self::KeepWithoutDate => {
                "put {date}, {time} or {run_id} into the path of the first --output, or omit --keep"
            }
            Self::RepeatedOutput(_) => {
                "give every --output, --summary and --report a path of its own; the manifest is _<output>.manifest.json"
            }
            Self::UnknownReport(_) => "use .html, .md or .json",
            Self::ReadManifest { .. } => "restore or remove it, or omit --max-shrink",
            Self::BadManifest(_) => "name a file, or omit --manifest",
            Self::ShrinkWithoutManifest | Self::SplitPartitions => "omit one of the two",
            Self::GateOnStream(_) => "write to a file, or omit these flags",
            Self::ReserveWithoutRate(_) => "set --rate-limit, like 200/min, or omit --reserve",
            Self::WholeReserve(_) => "reserve less than 100% of the quota",
            Self::BinaryToTerminal(_) => "redirect it to a file or a pipe, or use --format csv",
            Self::NoCsv(_) => "add an output that ends in .csv, or omit the flag",
            Self::NoNdjson => "add an output that ends in .ndjson, or omit the flag",
            Self::SeveralFolders => "name one folder with --output",
            Self::PartitionedStream(_) => "name a folder with --output, or omit --partition-by",
            Self::PartitionFormat(_) => "omit --format",
            Self::UnknownPartition { .. } => "name one of these columns",
            Self::MaxOfDays => "omit it",
            Self::DatasetWithoutManifest(_) => "omit --manifest none, or name another place",
            Self::OtherDataset { .. } => "choose another folder, or remove that dataset with its manifest",
            Self::PartOfDataset { .. } => "use --partition-by created_date, or omit the flag",
            Self::ActivitiesOnStream(_) => "name files with --output and --activities-output",
            Self::ActivitiesInDataset(_) => "name a file outside that folder with --activities-output",
            Self::NotContinuable { .. } => "name another folder, or give --since instead of --since-last",
            Self::ReadPhoneKey { .. } | Self::UnusablePhoneKey { .. } => {
                "create a random key once and keep it, like: head -c 32 /dev/urandom | base64 > phones.key"
            }
            Self::FreeText { .. } => "add --no-body, and leave such columns out with --drop or --columns",
            Self::OtherPrivacy { .. } => {
                "repeat --mask-phones, --hash-phones with the same key, and --drop as before, or name another folder"
            }
            Self::Columns(_) => "name columns with commas between them, or omit the flag to write all",
            Self::NothingToCompare => "name a file with --output",
            Self::NothingToConfirm => "add --changes PATH, or omit the flag",
            Self::ChangesOnStream(_) => "name a file with --changes, and a folder with --history",
            Self::ChangesWithoutKey(_) => "add the column to --columns, or leave it out of --drop",
            Self::HistoryOfSpan(_) => "omit one of the two; --changes works with both",
            Self::ChangesOfMovingSpan(_) => "give a date, like --since 2026-01-01, or add --partition-by created_date",
            Self::ChangesInDataset(_) => "name a file outside that folder with --changes",
            Self::OtherBase { .. } => {
                "repeat the flags of the last export, or use another --output (and --history) to start over"
            }
            Self::ReplacedInput(_) => "choose another --output",
            Self::NoIds { .. } => "export again with that column",
            Self::OtherRows { .. } => "compare contacts with contacts, and messages with messages",
            Self::Incomparable { .. } => {
                "compare exports of one account with the same filters and profile, or add --force to compare them anyway"
            }
            Self::IgnoredColumns(_) => "name columns other than id with commas between them",
            Self::Profiles(error) => error.hint(),
            Self::Output(error) => error.hint(),
        }
    }
}
