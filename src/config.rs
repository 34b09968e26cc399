//! Checked settings: what the flags and the environment say, proven to make sense before anything is done.
//!
//! The key comes from `SENT_DM_API_KEY` or a file. There is no flag that takes the key itself, because the process list
//! would show it to everyone on the machine. It is only ever sent over HTTPS, or over plain HTTP to this machine.

mod address;
mod key;
mod places;

use std::io::IsTerminal;
use std::path::PathBuf;

use arrow::datatypes::SchemaRef;
use url::Url;

use crate::api::{ApiKey, ClientSettings, RequestRate, Reserve, RetryPolicy, endpoints};
use crate::base::percent::Percent;
use crate::cli::{ContactsArgs, DEFAULT_BASE_URL, RateLimitArg};
use crate::format::{ColumnError, FILTERS_KEY, FileFormat, FormatError, ParquetSettings, Projection};
use crate::listing::ReadSettings;
use crate::listing::journal::{JournalKey, Secret};
use crate::publish::{Gate, OutputError, OutputRequest, OutputSettings};
use crate::report::{Filters, ReportForm};
use crate::resources::contacts::{ContactQuery, UNIQUE_COLUMNS, contacts_schema};
use crate::store::{FileSettings, OutputTarget, Sidecar};

use self::address::check_base_url;
use self::key::read_key;
use self::places::{check_distinct, check_manifest};

/// Variable that holds the key; the official SDKs read the same one.
pub const API_KEY_VARIABLE: &str = "SENT_DM_API_KEY";

/// Longest time that one request waits for the account's rate limit. The limit is per minute, so longer means that
/// something else uses up the account's whole quota.
pub const MAX_RATE_LIMIT_WAIT: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Neither the variable nor a file gives a key.
    #[error("no API key: {API_KEY_VARIABLE} is not set")]
    MissingKey,
    /// A key is there but cannot be one.
    #[error("{from} holds no usable API key: {why}")]
    UnusableKey {
        /// Where it was read from.
        from: String,
        /// What is wrong with it, without any of it.
        why: &'static str,
    },
    /// The key's file cannot be read.
    #[error("cannot read the API key from {path}")]
    ReadKey {
        /// The file, or `-`.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The key itself was given where its file is asked for.
    #[error("--api-key-file names a file, and was given what {API_KEY_VARIABLE} holds")]
    KeyForPath,
    /// The base URL is none.
    #[error("--base-url (or SENT_BASE_URL) is not an address that requests can be sent to: {0:?}")]
    BadBaseUrl(String),
    /// The base URL would send the key in clear text.
    #[error("the base URL would send the key unencrypted to another machine: {0}")]
    InsecureBaseUrl(String),
    /// Two outputs have the same path.
    #[error("two outputs are the same file: {0}")]
    RepeatedOutput(String),
    /// The extension of a report names no form.
    #[error("cannot tell the form of the report from the extension: {0}")]
    UnknownReport(String),
    /// The manifest of the export before cannot be read.
    #[error("--max-shrink compares with {path}, which cannot be read")]
    ReadManifest {
        /// The manifest.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The manifest cannot go to stdout.
    #[error("--manifest takes a file or none, and was given {0}")]
    BadManifest(OutputTarget),
    /// Nothing to compare with the next time.
    #[error("--max-shrink compares with the manifest of the export before, and --manifest none writes none")]
    ShrinkWithoutManifest,
    /// A gate for what cannot be held back.
    #[error(
        "--min-contacts, --max-shrink, --max-rejected, --max-malformed and --require cannot hold back what is written at \
         once: {0}"
    )]
    GateOnStream(OutputTarget),
    /// A share of nothing.
    #[error("--reserve {0} is a share of the rate, and there is none")]
    ReserveWithoutRate(Percent),
    /// Everything would be left to others.
    #[error("--reserve leaves nothing: {0}")]
    WholeReserve(String),
    /// Only plain text can be read there.
    #[error("{0} is not written to a terminal")]
    BinaryToTerminal(FileFormat),
    /// `--columns` names no columns of the resource.
    #[error("--columns: {0}")]
    Columns(#[from] ColumnError),
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl From<FormatError> for ConfigError {
    fn from(error: FormatError) -> Self {
        Self::Output(error.into())
    }
}

impl ConfigError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::MissingKey | Self::UnusableKey { .. } => {
                "set SENT_DM_API_KEY, or name a file with --api-key-file; without an account, try --simulate"
            }
            Self::KeyForPath => "leave --api-key-file out: the variable is enough",
            Self::ReadKey { .. } => "name a readable file with --api-key-file, or - for stdin",
            Self::BadBaseUrl(_) => "write it like https://api.sent.dm, without user name, query or fragment",
            Self::InsecureBaseUrl(_) => "use https; plain http is for 127.0.0.1, ::1 and localhost",
            Self::RepeatedOutput(_) => {
                "give every --output, --summary and --report a path of its own; the manifest is _<output>.manifest.json"
            }
            Self::UnknownReport(_) => "write .html, .md or .json",
            Self::ReadManifest { .. } => "restore or remove it, or leave --max-shrink out",
            Self::BadManifest(_) => "name a file, or leave --manifest out",
            Self::ShrinkWithoutManifest => "leave one of the two out",
            Self::GateOnStream(_) => "write to a file, or leave these flags out",
            Self::ReserveWithoutRate(_) => "give --rate-limit, like 200/min, or leave --reserve out",
            Self::WholeReserve(_) => "leave less than 100% of the quota to other traffic",
            Self::BinaryToTerminal(_) => "send it to a file or a pipe, or use --format csv",
            Self::Columns(_) => "name columns with commas between them, or leave --columns out to write all",
            Self::Output(error) => error.hint(),
        }
    }
}

/// Everything that an export of contacts needs.
#[derive(Debug)]
pub struct ContactsConfig {
    /// Contacts of the built-in simulator, when it is used instead of the API.
    pub simulate: Option<u32>,
    /// Address of the API; the simulator's own is only known once it runs.
    pub base_url: Url,
    /// The key; with the simulator, its key.
    pub api_key: Option<ApiKey>,
    /// Retry, pace and time limits, without address and key.
    pub pace: PaceConfig,
    /// Which contacts are asked for.
    pub query: ContactQuery,
    /// How to read the list.
    pub read: ReadSettings,
    /// Where and how answers are kept for a run that goes on with this one.
    pub resume: ResumeConfig,
    /// What is demanded of an export before it is published.
    pub gate: Gate,
    /// Contacts of the export that is there, which is only known once its place is locked.
    pub published_before: Option<u64>,
    /// When to stop.
    pub max_duration: Option<std::time::Duration>,
    /// What to write.
    pub outputs: Vec<OutputRequest>,
    /// How to write it.
    pub output_settings: OutputSettings,
    /// Where the summary goes, and in which forms.
    pub reports: Vec<(OutputTarget, ReportForm)>,
    /// Where the manifest goes.
    pub manifest: Option<PathBuf>,
    /// Where it goes unless asked otherwise, beside the first file as it was named, and where version 0.1 left it.
    pub manifests_beside: Vec<PathBuf>,
    /// How reports and the manifest are written; whether their places are locked is only known once they are.
    pub small_files: FileSettings,
    /// What the report says of filters.
    pub filters: Filters,
}

/// Where and how answers are kept.
#[derive(Debug, Clone)]
pub struct ResumeConfig {
    /// The journal's file; `None` keeps nothing: there is no regular file to keep it beside, or nothing worth keeping.
    pub journal: Option<PathBuf>,
    /// How old it may be.
    pub within: std::time::Duration,
    /// Whether one that is there is thrown away.
    pub starts_over: bool,
}

/// Retry, pace and time limits.
#[derive(Debug, Clone)]
pub struct PaceConfig {
    rate: Option<RequestRate>,
    reserve: Reserve,
    retry: RetryPolicy,
    retry_budget: u64,
    timeout: std::time::Duration,
    connect_timeout: std::time::Duration,
    profile_id: Option<uuid::Uuid>,
}

impl PaceConfig {
    /// Own pace, as far as the progress display knows it.
    pub fn rate(&self) -> Option<RequestRate> {
        self.rate
    }

    /// The settings of a client for an address and a key.
    pub fn client_settings(&self, base_url: Url, api_key: ApiKey) -> ClientSettings {
        ClientSettings {
            base_url,
            api_key,
            profile_id: self.profile_id,
            retry: self.retry,
            retry_budget: self.retry_budget,
            rate: self.rate,
            reserve: self.reserve,
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            max_rate_limit_wait: MAX_RATE_LIMIT_WAIT,
        }
    }
}

impl ContactsConfig {
    /// Checks flags and environment; `api_key` is the value of [`API_KEY_VARIABLE`].
    ///
    /// # Errors
    /// When something is missing or makes no sense.
    pub fn new(args: &ContactsArgs, api_key: Option<&str>) -> Result<Self, ConfigError> {
        // A variable that is set to nothing is as good as none.
        let address = Some(args.base_url.trim()).filter(|address| !address.is_empty());
        let base_url = check_base_url(address.unwrap_or(DEFAULT_BASE_URL))?;
        let outputs = check_outputs(&args.output, args.format)?;
        let gate = Gate {
            min_rows: args.min_contacts,
            max_shrink: args.max_shrink,
            require: args.require,
            max_rejected: args.max_rejected,
            max_malformed: args.max_malformed,
        };
        if gate.is_set()
            && let Some(stream) = outputs.iter().find(|request| request.target.is_stream())
        {
            return Err(ConfigError::GateOnStream(stream.target.clone()));
        }
        let reports = check_reports(args)?;
        let first_file = outputs.iter().find(|request| request.target.staged_path().is_some());
        let beside = first_file.and_then(|request| request.target.path()).map(Sidecar::manifests_of);
        let manifests_beside: Vec<PathBuf> = beside.into_iter().flatten().collect();
        let manifest = check_manifest(args, manifests_beside.first())?;
        check_distinct(&outputs, &reports, manifest.as_deref())?;
        let api_key =
            if args.simulate.is_some() { None } else { Some(read_key(args.api_key_file.as_deref(), api_key)?) };
        let query =
            ContactQuery { search: args.search.clone(), channel: args.channel.clone(), phone: args.phone.clone() };
        let filters = Filters {
            search: args.search.as_deref().map(Filters::search_told),
            channel: args.channel.clone(),
            phone: args.phone.is_some(),
            profile_id: args.profile_id.map(|id| id.to_string()),
        };
        let output_settings = OutputSettings {
            metadata: metadata(&filters),
            parquet: ParquetSettings { unique_columns: UNIQUE_COLUMNS, ..ParquetSettings::default() },
            mode: args.mode,
            ..OutputSettings::new(columns(args.columns.as_deref(), contacts_schema())?)
        };
        let journaled = first_file.and_then(|request| request.target.staged_path());
        // What the simulator invents on a port of its own is gone with it.
        let journal = journaled.filter(|_| args.simulate.is_none()).map(|path| Sidecar::Journal.path(&path));
        Ok(Self {
            simulate: args.simulate,
            base_url,
            api_key,
            pace: pace(args)?,
            query,
            read: ReadSettings {
                page_size: args.page_size,
                concurrency: args.concurrency,
                consistency: args.consistency,
                allow_missing_pages: args.allow_missing_pages,
            },
            resume: ResumeConfig { journal, within: args.resume_within, starts_over: args.fresh },
            gate,
            published_before: None,
            max_duration: args.max_duration,
            outputs,
            output_settings,
            reports,
            manifest,
            manifests_beside,
            small_files: FileSettings { mode: args.mode, is_locked: false },
            filters,
        })
    }

    /// A manifest that the locks of the outputs do not keep from other runs, since it does not lie beside the first.
    pub fn manifest_elsewhere(&self) -> Option<OutputTarget> {
        let elsewhere = self.manifest.as_ref().filter(|path| !self.manifests_beside.contains(path));
        elsewhere.cloned().map(OutputTarget::File)
    }

    /// What a journal must belong to, to be of use here.
    pub fn journal_key(&self, api_key: &ApiKey) -> JournalKey {
        let ContactQuery { search, channel, phone } = &self.query;
        let flag = |name: &str, value: &Option<String>| value.as_ref().map(|value| (name.to_owned(), value.clone()));
        let flags = [flag("--profile-id", &self.filters.profile_id), flag("--channel", channel)];
        let secret = |name: &str, value| (name.to_owned(), Secret::new(value));
        JournalKey {
            resource: endpoints::CONTACTS.name.to_owned(),
            endpoint: endpoints::CONTACTS.path.to_owned(),
            base_url: self.base_url.to_string(),
            page_size: self.read.page_size,
            consistency: self.read.consistency.name().to_owned(),
            flags: flags.into_iter().flatten().collect(),
            secrets: [
                secret("API key", Some(api_key.expose())),
                secret("--search", search.as_deref()),
                secret("--phone", phone.as_deref()),
            ]
            .into(),
        }
    }
}

fn pace(args: &ContactsArgs) -> Result<PaceConfig, ConfigError> {
    // The simulator on this machine has no quota to keep, so a first try is quick.
    let unset = if args.simulate.is_some() { RateLimitArg::Unlimited } else { RateLimitArg::DEFAULT };
    let rate = match args.rate_limit.unwrap_or(unset) {
        RateLimitArg::Unlimited => None,
        RateLimitArg::Limited(pace) => RequestRate::new(pace.requests, pace.span, args.burst),
    };
    let reserve =
        Reserve::new(args.reserve.value()).ok_or_else(|| ConfigError::WholeReserve(args.reserve.to_string()))?;
    if rate.is_none() && args.reserve != Percent::default() {
        return Err(ConfigError::ReserveWithoutRate(args.reserve));
    }
    Ok(PaceConfig {
        rate,
        reserve,
        retry_budget: args.retry_budget,
        retry: RetryPolicy {
            max_retries: args.max_retries,
            first_delay: args.retry_delay,
            max_delay: args.retry_delay.max(RetryPolicy::DEFAULT_MAX_DELAY),
        },
        timeout: args.timeout,
        connect_timeout: args.connect_timeout,
        profile_id: args.profile_id,
    })
}

fn check_outputs(paths: &[PathBuf], format: Option<FileFormat>) -> Result<Vec<OutputRequest>, ConfigError> {
    let mut requests = Vec::new();
    for path in paths {
        let request = OutputRequest::new(path, format)?;
        let is_terminal = request.target == OutputTarget::Stdout && std::io::stdout().is_terminal();
        if is_terminal && !request.format.is_plain_text() {
            return Err(ConfigError::BinaryToTerminal(request.format));
        }
        requests.push(request);
    }
    Ok(requests)
}

/// All reports, whatever flag asks for them.
fn check_reports(args: &ContactsArgs) -> Result<Vec<(OutputTarget, ReportForm)>, ConfigError> {
    let mut reports: Vec<_> = args.summary.iter().map(|path| (OutputTarget::new(path), ReportForm::Json)).collect();
    for path in &args.report {
        let form = ReportForm::from_path(path).ok_or_else(|| ConfigError::UnknownReport(path.display().to_string()))?;
        reports.push((OutputTarget::new(path), form));
    }
    Ok(reports)
}

/// The columns to write: those that were named, in their order, or all.
fn columns(names: Option<&[String]>, schema: SchemaRef) -> Result<Projection, ColumnError> {
    match names {
        Some(names) => Projection::select(&schema, names),
        None => Ok(Projection::all(schema)),
    }
}

/// What a Parquet file says of itself; nothing that differs between two runs over the same list.
fn metadata(filters: &Filters) -> Vec<(String, String)> {
    let filters = serde_json::to_string(filters).expect("filters are texts and a flag");
    vec![
        ("sent_export.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("sent_export.schema_version".to_owned(), crate::resources::contacts::SCHEMA_VERSION.to_string()),
        (FILTERS_KEY.to_owned(), filters),
    ]
}
