//! The table of engines, which is the only list of them.
//!
//! A new engine is a row here, and either a separate file or a function in the file of its family.

use std::fmt;
use std::str::FromStr;

use super::error::SqlError;
use super::history::History;
use super::load::{FileLayout, Load};
use super::part::FilePart;
use super::{bigquery, clickhouse, duckdb, hive, postgres, python, redshift, snowflake, spark, sqlite};
use crate::format::{Codec, CsvDialect, FileFormat, Format};

/// The engines.
#[derive(Clone, Copy)]
pub struct Engine(&'static EngineFacts);

/// Facts about an engine.
struct EngineFacts {
    /// Its name on the command line.
    name: &'static str,
    /// Its name in messages.
    title: &'static str,
    formats: &'static [Format],
    /// Supported codecs of text formats.
    codecs: &'static [Codec],
    /// Supported dialects of CSV, if it loads CSV.
    csv_dialects: &'static [CsvDialect],
    /// Whether it reads folders and object stores by itself; other engines read one local file at a time.
    reads_folders: bool,
    /// Whether a text in a statement can contain a NUL character.
    takes_nul: bool,
    /// The start of a comment.
    comment: &'static str,
    write: fn(&Load) -> String,
    /// Writes the query for the rows at a time; `None` if the engine cannot read the files of a history.
    history: Option<fn(&History) -> String>,
}

const ALL: &[Format] = &[Format::Parquet, Format::Csv, Format::Ndjson];
const WITH_ARROW: &[Format] = &[Format::Parquet, Format::Arrow, Format::ArrowStream, Format::Csv, Format::Ndjson];
/// Formats of packages that read files with `pyarrow`, whose datasets do not support Arrow streams.
const DATASETS: &[Format] = &[Format::Parquet, Format::Arrow];
const TEXTS: &[Format] = &[Format::Csv, Format::Ndjson];
const PARQUET: &[Format] = &[Format::Parquet];
const CODECS: &[Codec] = &[Codec::None, Codec::Gzip, Codec::Zstd];
/// For engines that cannot read text compressed with Zstandard.
const GZIP: &[Codec] = &[Codec::None, Codec::Gzip];

/// CSV dialects of engines that do not read arrays in CSV. No engine reads the dialect that escapes formulas for Excel.
const RFC_4180: &[CsvDialect] = &[CsvDialect::Rfc4180];

/// All engines, in the order in which lists show them.
static ENGINES: [EngineFacts; 14] = [
    EngineFacts {
        name: "duckdb",
        title: "DuckDB",
        formats: ALL,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: duckdb::duckdb,
        history: Some(duckdb::history),
    },
    EngineFacts {
        name: "postgres",
        title: "PostgreSQL",
        formats: TEXTS,
        codecs: CODECS,
        csv_dialects: &[CsvDialect::Rfc4180, CsvDialect::Postgres],
        reads_folders: false,
        takes_nul: false,
        comment: "--",
        write: postgres::postgres,
        history: None,
    },
    EngineFacts {
        name: "clickhouse",
        title: "ClickHouse",
        formats: WITH_ARROW,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: clickhouse::clickhouse,
        history: Some(clickhouse::history),
    },
    EngineFacts {
        name: "sqlite",
        title: "SQLite",
        formats: TEXTS,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: false,
        takes_nul: true,
        comment: "--",
        write: sqlite::sqlite,
        history: None,
    },
    EngineFacts {
        name: "spark",
        title: "Spark",
        formats: ALL,
        codecs: GZIP,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: spark::spark,
        history: Some(spark::history),
    },
    EngineFacts {
        name: "bigquery",
        title: "BigQuery",
        formats: ALL,
        codecs: GZIP,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: bigquery::bigquery,
        history: Some(bigquery::history),
    },
    EngineFacts {
        name: "snowflake",
        title: "Snowflake",
        formats: ALL,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: snowflake::snowflake,
        history: Some(snowflake::history),
    },
    EngineFacts {
        name: "redshift",
        title: "Redshift",
        formats: ALL,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: redshift::redshift,
        history: Some(redshift::history),
    },
    EngineFacts {
        name: "athena",
        title: "Athena",
        formats: PARQUET,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: hive::athena,
        history: Some(hive::athena_history),
    },
    EngineFacts {
        name: "trino",
        title: "Trino",
        formats: PARQUET,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: hive::trino,
        history: Some(hive::trino_history),
    },
    EngineFacts {
        name: "databricks",
        title: "Databricks",
        formats: ALL,
        codecs: GZIP,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: spark::databricks,
        history: Some(spark::databricks_history),
    },
    EngineFacts {
        name: "delta",
        title: "Delta",
        formats: DATASETS,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "#",
        write: python::delta,
        history: None,
    },
    EngineFacts {
        name: "iceberg",
        title: "Iceberg",
        formats: DATASETS,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "#",
        write: python::iceberg,
        history: None,
    },
    EngineFacts {
        name: "ducklake",
        title: "DuckLake",
        formats: PARQUET,
        codecs: CODECS,
        csv_dialects: RFC_4180,
        reads_folders: true,
        takes_nul: true,
        comment: "--",
        write: duckdb::ducklake,
        history: Some(duckdb::history),
    },
];

impl Engine {
    /// All engines.
    pub fn all() -> impl Iterator<Item = Self> {
        ENGINES.iter().map(Self)
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Its name in messages.
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// Whether it can load a format.
    pub fn loads(self, format: FileFormat) -> bool {
        let has_codec = format.codec() == Codec::None || self.0.codecs.contains(&format.codec());
        self.0.formats.contains(&format.format()) && has_codec
    }

    /// Whether it reads one local file at a time, so that the files of a dataset must be named one by one.
    pub fn reads_single_files(self) -> bool {
        !self.0.reads_folders
    }

    /// The start of a comment.
    pub(super) fn comment(self) -> &'static str {
        self.0.comment
    }

    pub(super) fn write(self, load: &Load) -> String {
        (self.0.write)(load)
    }

    /// The function that writes the query for the rows at a time.
    ///
    /// # Errors
    /// When the engine cannot read the files of a history.
    pub(super) fn history_query(self) -> Result<fn(&History) -> String, SqlError> {
        let engine = self.title();
        match self.0.history {
            Some(write) => Ok(write),
            None if self.loads(FileFormat::PARQUET) => {
                let engines: Vec<&str> =
                    Self::all().filter(|engine| engine.0.history.is_some()).map(Self::title).collect();
                Err(SqlError::NoHistoryQuery { engine, engines: engines.join(", ") })
            }
            None => Err(SqlError::UnreadableHistory { engine, loadable: self.loadable().join(", ") }),
        }
    }

    /// The names of the formats that it can load.
    fn loadable(self) -> Vec<&'static str> {
        FileFormat::all().filter(|format| self.loads(*format)).map(FileFormat::name).collect()
    }

    /// Checks that it supports the values that the folders of a dataset are named after.
    pub(super) fn check_parts(self, parts: &[FilePart]) -> Result<(), SqlError> {
        let has_nul = |part: &&FilePart| part.value.as_ref().is_some_and(|value| value.contains('\0'));
        match parts.iter().find(has_nul).filter(|_| !self.0.takes_nul) {
            Some(part) => Err(SqlError::NulInFolder { engine: self.title(), path: part.path.clone() }),
            None => Ok(()),
        }
    }

    /// Checks that it can load files of a format and layout from a path; for CSV, files of this dialect.
    pub(super) fn check(
        self,
        (format, dialect): (FileFormat, CsvDialect),
        layout: &FileLayout,
        path: &str,
    ) -> Result<(), SqlError> {
        let engine = self.title();
        if !self.loads(format) {
            let (format, loadable) = (format.to_string(), self.loadable().join(", "));
            return Err(SqlError::UnloadableFormat { engine, format, loadable });
        }
        if format.format() == Format::Csv && !self.0.csv_dialects.contains(&dialect) {
            let dialects: Vec<&str> = self.0.csv_dialects.iter().map(|dialect| dialect.name()).collect();
            let loadable = format!("{} (CSV of the dialect {})", self.loadable().join(", "), dialects.join(" or "));
            return Err(SqlError::UnloadableDialect { engine, dialect: dialect.name(), loadable });
        }
        if *layout == FileLayout::Folder && self.reads_single_files() {
            return Err(SqlError::UnloadableFolder { engine });
        }
        if path.contains("://") && self.reads_single_files() {
            return Err(SqlError::UnloadableUrl { engine });
        }
        Ok(())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::all().find(|engine| engine.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::all().map(Self::name).collect();
            format!("write one of {}", names.join(", "))
        })
    }
}
