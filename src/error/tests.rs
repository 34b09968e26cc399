use std::io;
use std::time::Duration;

use super::request::tests::{failed, rejected, unanswered};
use super::*;
use crate::api::{ConnectFailure, Problem};
use crate::base::noun::RowNoun;
use crate::base::percent::Percent;
use crate::config::API_KEY_VARIABLE;
use crate::format::{FileFormat, FormatError, Projection};
use crate::input::Content;
use crate::publish::OutputRequest;
use crate::resources::contacts::contacts_schema;
use crate::store::{AddressError, Hindrance, OutputTarget, Stores};

const BASE_URL: &str = "https://api.sent.dm";

/// Each error as a person sees it, with its exit code.
fn shown(errors: impl IntoIterator<Item = Error>) -> String {
    let shown = |error: Error| format!("exit code {}\n{}\n", error.exit_code().number(), error.explanation());
    errors.into_iter().map(shown).collect()
}

fn disk_full() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "no space left on device")
}

#[test]
fn errors_of_a_run() {
    let evidence =
        Evidence { code: crate::verdict::EvidenceCode::PagesReadOnce, count: Some(3), text: "3 pages".into() };
    let gate = Error::Gate {
        failure: GateFailure::TooFew { noun: RowNoun { one: "contact", many: "contacts" }, rows: 10, wanted: 100 },
        verdict: Verdict::Unverified,
        evidence: vec![evidence],
    };
    let listen = |port| StartError::Listen { port, source: io::Error::from(io::ErrorKind::AddrInUse) };
    let Error::Api(refused) = rejected(400, Some("VALIDATION_001"), BASE_URL) else { unreachable!() };
    let kept = |error: Error| Error::Kept { error: Box::new(error), journal: ".contacts.parquet.journal".into() };
    let text = shown([
        Error::Config(ConfigError::MissingKey),
        Error::from(Box::<dyn StdError + Send + Sync>::from("no CA certificates")),
        Error::from(Box::<dyn StdError + Send + Sync>::from(UnsupportedProxy {
            variable: "ALL_PROXY",
            scheme: Some("socks5".to_owned()),
        })),
        Error::StartSimulator(listen(8080)),
        Error::StartSimulator(StartError::Thread(io::Error::from(io::ErrorKind::OutOfMemory))),
        Error::StartRuntime(io::Error::from(io::ErrorKind::OutOfMemory)),
        Error::RefusedFrom { row: 10_001, error: Box::new(refused) },
        Error::Unfinished,
        Error::Print(disk_full()),
        Error::Changes(ChangesError::Spill { folder: "tmp".into(), source: disk_full().into() }),
        Error::Journal(io::Error::from(io::ErrorKind::PermissionDenied)),
        Error::Sql(SqlError::UnloadableFormat {
            engine: "SQLite",
            format: "parquet".to_owned(),
            loadable: "csv, ndjson".to_owned(),
        }),
        Error::Sql(SqlError::UnloadableFolder { engine: "SQLite" }),
        Error::Sql(SqlError::UnloadableUrl { engine: "SQLite" }),
        Error::Sql(SqlError::OnlyFor { flag: "--no-body", resources: "messages", resource: "contacts" }),
        Error::Sql(SqlError::NoParts {
            folder: "contacts/".to_owned(),
            column: "region_code".to_owned(),
            format: "csv".to_owned(),
        }),
        Error::Sql(SqlError::NulInFolder {
            engine: "PostgreSQL",
            path: "contacts/region_code=%00Z/part-0.csv".to_owned(),
        }),
        Error::Sql(SqlError::UnloadableDialect {
            engine: "DuckDB",
            dialect: "excel",
            loadable: "csv (CSV of the dialect rfc4180)".to_owned(),
        }),
        Error::Sql(SqlError::OnlyCsv { flag: "--null", format: "parquet".to_owned() }),
        Error::Sql(SqlError::UnknownPartition { column: "name".to_owned(), resource: "contacts" }),
        Error::Sql(SqlError::PartitionFormat { format: "csv".to_owned() }),
        Error::Sql(SqlError::BadName { what: "--table" }),
        gate,
        Error::TimeLimit(Duration::from_secs(90)),
        Error::WriterDied,
        Error::Stopped(ExitCode::Interrupted),
        kept(Error::Stopped(ExitCode::Terminated)),
        kept(Error::StoppedBetween(ExitCode::Terminated)),
        kept(rejected(401, Some("AUTH_002"), BASE_URL)),
        kept(rejected(400, Some("VALIDATION_001"), BASE_URL)),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn errors_of_the_configuration() {
    let percent: Percent = "20%".parse().unwrap();
    let path = || "c.manifest.json".to_owned();
    let gone = || io::Error::from(io::ErrorKind::NotFound);
    let text = shown(
        [
            ConfigError::UnusableKey { from: API_KEY_VARIABLE.to_owned(), why: "it is empty" },
            ConfigError::ReadKey { path: "key.txt".to_owned(), source: gone() },
            ConfigError::KeyForPath,
            ConfigError::BadBaseUrl("api.sent.dm".to_owned()),
            ConfigError::InsecureBaseUrl("http://api.sent.dm".to_owned()),
            ConfigError::RepeatedOutput("c.csv".to_owned()),
            ConfigError::UnknownReport("report.pdf".to_owned()),
            ConfigError::ReadManifest { path: path(), source: gone() },
            ConfigError::BadManifest(OutputTarget::Stdout),
            ConfigError::ShrinkWithoutManifest,
            ConfigError::GateOnStream(OutputTarget::Stdout),
            ConfigError::ReserveWithoutRate(percent),
            ConfigError::WholeReserve("100%".to_owned()),
            ConfigError::NoCsv("--delimiter"),
            ConfigError::NoNdjson,
            ConfigError::BinaryToTerminal(FileFormat::from_path(std::path::Path::new("c.parquet")).unwrap()),
            ConfigError::SeveralFolders,
            ConfigError::UnknownPartition { name: "phone_number".to_owned(), names: "id, region_code".to_owned() },
            ConfigError::MaxOfDays,
            ConfigError::DatasetWithoutManifest("region_code".to_owned()),
            ConfigError::OtherDataset { folder: "contacts/".to_owned(), column: "region_code".to_owned() },
            ConfigError::PartOfDataset { flag: "--since", column: "channel".to_owned() },
            ConfigError::PartitionedStream(OutputTarget::Stdout),
            ConfigError::PartitionFormat(FileFormat::from_path(std::path::Path::new("m.csv")).unwrap()),
            ConfigError::NotContinuable { path: path(), why: "it is of another resource".to_owned() },
            ConfigError::ReadPhoneKey { path: "phones.key".to_owned(), source: gone() },
            ConfigError::UnusablePhoneKey {
                path: "phones.key".to_owned(),
                why: "it is shorter than 16 bytes".to_owned(),
            },
            ConfigError::FreeText { columns: "body_text, body".to_owned(), flag: "--mask-phones" },
            ConfigError::OtherPrivacy { path: path() },
            ConfigError::ReplacedInput("monday.parquet".to_owned()),
            ConfigError::NoIds { path: "monday.csv".to_owned(), column: "id" },
            ConfigError::OtherRows {
                old: RowNoun { one: "contact", many: "contacts" },
                new: RowNoun { one: "message", many: "messages" },
            },
            ConfigError::Incomparable {
                what: "accounts",
                old: "https://api.sent.dm".to_owned(),
                new: "simulator".to_owned(),
            },
            ConfigError::IgnoredColumns(Projection::select(&contacts_schema(), ["updatedat"]).unwrap_err()),
            ConfigError::Columns(Projection::select(&contacts_schema(), ["fone"]).unwrap_err()),
            ConfigError::Output(OutputRequest::new("c.xls".as_ref(), None, &Stores::new(&[], None)).unwrap_err()),
        ]
        .map(Error::Config),
    );
    insta::assert_snapshot!(text);
}

#[test]
fn errors_of_outputs() {
    let (path, lock) = (|| "data/c.csv".into(), || "data/.c.csv.lock".into());
    let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
    let hindrances = [Hindrance::Mounted, Hindrance::OthersInStickyFolder, Hindrance::Protected, Hindrance::NoRename];
    let long = FormatError::LongText { column: "body".to_owned(), row: 7, length: 40_000, limit: 32_767 };
    let unsupported = FormatError::UnsupportedColumn {
        format: "csv".to_owned(),
        column: "blob".to_owned(),
        data_type: "Binary".to_owned(),
    };
    let stored = [
        StoreError::Address(AddressError::UnknownScheme("ftp".to_owned())),
        StoreError::StateFolder { path: "state".into(), source: denied() },
        StoreError::MakeFolder { path: path(), source: denied() },
        StoreError::MissingFolder { path: path() },
        StoreError::IsFolder { path: path() },
        StoreError::TrailingSlash { path: "data/".into() },
        StoreError::OpenStaged { path: path(), source: denied() },
        StoreError::OpenStaged { path: path(), source: disk_full() },
        StoreError::OpenStaged { path: path(), source: io::Error::from(io::ErrorKind::InvalidFilename) },
        StoreError::Write { path: "data/c.csv".to_owned(), source: disk_full().into() },
        StoreError::Overwrite { path: path(), source: disk_full() },
        StoreError::Remove { path: path(), source: denied() },
        StoreError::Publish { path: path(), source: denied() },
    ];
    let replaced = hindrances.map(|hindrance| StoreError::CannotReplace { path: path(), hindrance, source: denied() });
    let others = [
        OutputError::Format("xls".parse::<FileFormat>().unwrap_err()),
        OutputError::Format(FileFormat::for_path("c.xls".as_ref()).unwrap_err()),
        OutputError::Format(unsupported),
        OutputError::Value { path: "data/m.xlsx".to_owned(), source: long },
        OutputError::TooManyPartitions { column: "id".to_owned(), max: std::num::NonZeroUsize::MIN },
        OutputError::LongPartition { column: "region_code".to_owned(), bytes: 300 },
        OutputError::ForeignBatch(arrow::error::ArrowError::SchemaError("index out of bounds".to_owned())),
        OutputError::Busy { output: path().display().to_string(), owner: "process 7".to_owned() },
        OutputError::BusyHistory { folder: "data/history".to_owned(), owner: "process 7".to_owned() },
        OutputError::OthersLock { lock: lock(), owner: "user 7".to_owned(), source: denied() },
        OutputError::Lock { lock: lock(), source: denied() },
    ];
    let errors = stored.into_iter().chain(replaced).map(OutputError::Store).chain(others);
    let text = shown(errors.map(Error::Output));
    insta::assert_snapshot!(text);
}

#[test]
fn errors_of_files_for_a_report() {
    let (path, manifest) = (|| "c.parquet".into(), || "_c.parquet.manifest.json".into());
    let gone = io::Error::from(io::ErrorKind::NotFound);
    let errors = [
        SourceError::Open { path: path(), source: gone },
        SourceError::NoObject { address: "s3://lake/c.csv".to_owned() },
        SourceError::UnknownExtension { path: "c.xls".into() },
        SourceError::EmptyFolder { path: "exports".into() },
        SourceError::NoColumns { path: path() },
        SourceError::Activities { path: path() },
        SourceError::Changes { path: "changes.parquet".into() },
        SourceError::MixedContents { contacts: path(), messages: "m.parquet".into() },
        SourceError::OtherContents { wanted: Content::Messages, path: path() },
        SourceError::ForeignText { path: "c.csv".into(), what: "in UTF-16" },
        SourceError::Compression { path: path(), codec: "BROTLI".to_owned() },
        SourceError::ColumnType { path: path(), column: "opt_out".to_owned(), found: "Binary".to_owned() },
        SourceError::Damaged { path: path() },
        SourceError::Stalled { path: path(), limit: Duration::from_secs(30) },
        SourceError::ChecksumDiffers { path: path(), manifest: manifest() },
        SourceError::NotSummary { path: "old.json".into(), source: "missing field `contacts`".into() },
        SourceError::NotRunLog { path: path() },
        SourceError::Read { path: path(), source: "invalid Parquet file".into() },
        SourceError::CutOff { path: "c.csv".into() },
        SourceError::NotAsPublished { path: path(), manifest: manifest(), unit: "bytes", found: 1, listed: 2 },
        SourceError::Replaced { path: path() },
        SourceError::RepeatedReport { path: "report.html".into() },
    ];
    let text = shown(errors.map(Error::Source));
    insta::assert_snapshot!(text);
}

#[test]
fn errors_of_requests() {
    let rejections = [
        (401, Some("AUTH_001")),
        (403, Some("AUTH_004")),
        (403, Some("AUTH_005")),
        (403, Some("AUTH_006")),
        (403, Some("AUTH_007")),
        (403, None),
        (400, Some("VALIDATION_001")),
        (404, Some("RESOURCE_004")),
        (404, Some("RESOURCE_000")),
        (302, None),
        (407, None),
        (500, Some("INTERNAL_001")),
        (501, None),
    ];
    let rejections = rejections.map(|(status, code)| rejected(status, code, BASE_URL));
    let failures = [
        ConnectFailure::UnknownName,
        ConnectFailure::Refused,
        ConnectFailure::NoTls,
        ConnectFailure::Certificate,
        ConnectFailure::ProxyCredentials { variable: "HTTPS_PROXY" },
        ConnectFailure::ProxyRefused { variable: "HTTPS_PROXY", status: Some(403) },
        ConnectFailure::NotConnected,
        ConnectFailure::TimedOut,
        ConnectFailure::BrokenOff,
    ];
    let request_id = || Some("req_7".to_owned());
    let unreadable = |status| Problem::Unreadable { status, reason: "it is HTML".into(), request_id: request_id() };
    let others = [
        Problem::RateLimited { wait: Duration::from_secs(1200), request_id: request_id() },
        unreadable(200),
        unreadable(403),
        unreadable(502),
    ];
    let others = others.map(|problem| failed(problem, BASE_URL));
    let text = shown(rejections.into_iter().chain(failures.map(unanswered)).chain(others));
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_kept_is_promised_to_the_command_that_it_belongs_to() {
    let kept = |error: Error| Error::Kept { error: Box::new(error), journal: "j".into() }.hint().unwrap();
    let base_url = "https://api.sent.dm";
    let hint = kept(rejected(401, Some("AUTH_002"), base_url));
    let wanted = "; progress is saved in j: the same command resumes with this key, and starts over with another";
    assert!(hint.ends_with(wanted), "{hint}");
    let hint = kept(rejected(400, Some("VALIDATION_001"), base_url));
    let wanted = "; progress is saved in j: the same command resumes, a different one starts over";
    assert!(hint.ends_with(wanted), "{hint}");
    let hint = kept(unanswered(ConnectFailure::Refused));
    assert!(hint.ends_with("; progress is saved in j"), "{hint}");
}

#[test]
fn causes_of_an_error_that_is_kept_are_those_of_the_error_itself() {
    let journal = Error::Journal(std::io::Error::other("damaged"));
    let kept = Error::Kept { error: Box::new(journal), journal: "j".into() };
    assert_eq!(kept.to_string(), "cannot read the journal of the previous run");
    assert_eq!(kept.causes().map(ToString::to_string).collect::<Vec<_>>(), ["damaged"]);
}
