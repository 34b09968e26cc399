//! The one table of engines.
//!
//! A new engine is a row here, and a file of its own or a function in that of its family.

use std::fmt;
use std::str::FromStr;

use super::error::SqlError;
use super::history::History;
use super::load::{Layout, Load};
use super::{bigquery, clickhouse, duckdb, hive, postgres, python, redshift, snowflake, spark, sqlite};
use crate::format::{Codec, FileFormat, Format};

/// What loads the files.
#[derive(Clone, Copy)]
pub struct Engine(&'static EngineFacts);

/// What is known of an engine.
struct EngineFacts {
    /// What asks for it.
    name: &'static str,
    /// What it is called.
    title: &'static str,
    formats: &'static [Format],
    /// Codecs of text formats.
    codecs: &'static [Codec],
    /// Whether it reads folders and object stores by itself; others read one local file at a time.
    reads_folders: bool,
    /// Whether it takes a column from the names of the folders.
    reads_partitions: bool,
    /// What begins a comment.
    comment: &'static str,
    write: fn(&Load) -> String,
    /// What writes the query for the rows at a time; `None` if it reads no files of a history.
    history: Option<fn(&History) -> String>,
}

const ALL: &[Format] = &[Format::Parquet, Format::Csv, Format::Ndjson];
const TEXTS: &[Format] = &[Format::Csv, Format::Ndjson];
const PARQUET: &[Format] = &[Format::Parquet];
const CODECS: &[Codec] = &[Codec::None, Codec::Gzip, Codec::Zstd];
/// Of engines that cannot read Zstandard around a text.
const GZIP: &[Codec] = &[Codec::None, Codec::Gzip];

/// All engines, in the order in which they are listed.
static ENGINES: [EngineFacts; 14] = [
    EngineFacts {
        name: "duckdb",
        title: "DuckDB",
        formats: ALL,
        codecs: CODECS,
        reads_folders: true,
        reads_partitions: true,
        comment: "--",
        write: duckdb::duckdb,
        history: Some(duckdb::history),
    },
    EngineFacts {
        name: "postgres",
        title: "PostgreSQL",
        formats: TEXTS,
        codecs: CODECS,
        reads_folders: false,
        reads_partitions: false,
        comment: "--",
        write: postgres::postgres,
        history: None,
    },
    EngineFacts {
        name: "clickhouse",
        title: "ClickHouse",
        formats: ALL,
        codecs: CODECS,
        reads_folders: true,
        reads_partitions: false,
        comment: "--",
        write: clickhouse::clickhouse,
        history: Some(clickhouse::history),
    },
    EngineFacts {
        name: "sqlite",
        title: "SQLite",
        formats: TEXTS,
        codecs: CODECS,
        reads_folders: false,
        reads_partitions: false,
        comment: "--",
        write: sqlite::sqlite,
        history: None,
    },
    EngineFacts {
        name: "spark",
        title: "Spark",
        formats: ALL,
        codecs: GZIP,
        reads_folders: true,
        reads_partitions: true,
        comment: "--",
        write: spark::spark,
        history: Some(spark::history),
    },
    EngineFacts {
        name: "bigquery",
        title: "BigQuery",
        formats: ALL,
        codecs: GZIP,
        reads_folders: true,
        reads_partitions: false,
        comment: "--",
        write: bigquery::bigquery,
        history: Some(bigquery::history),
    },
    EngineFacts {
        name: "snowflake",
        title: "Snowflake",
        formats: ALL,
        codecs: CODECS,
        reads_folders: true,
        reads_partitions: false,
        comment: "--",
        write: snowflake::snowflake,
        history: Some(snowflake::history),
    },
    EngineFacts {
        name: "redshift",
        title: "Redshift",
        formats: ALL,
        codecs: CODECS,
        reads_folders: true,
        reads_partitions: false,
        comment: "--",
        write: redshift::redshift,
        history: Some(redshift::history),
    },
    EngineFacts {
        name: "athena",
        title: "Athena",
        formats: PARQUET,
        codecs: CODECS,
        reads_folders: true,
        reads_partitions: true,
        comment: "--",
        write: hive::athena,
        history: Some(hive::athena_history),
    },
    EngineFacts {
        name: "trino",
        title: "Trino",
        formats: PARQUET,
        codecs: CODECS,
        reads_folders: true,
        reads_partitions: true,
        comment: "--",
        write: hive::trino,
        history: Some(hive::trino_history),
    },
    EngineFacts {
        name: "databricks",
        title: "Databricks",
        formats: ALL,
        codecs: GZIP,
        reads_folders: true,
        reads_partitions: false,
        comment: "--",
        write: spark::databricks,
        history: Some(spark::databricks_history),
    },
    EngineFacts {
        name: "delta",
        title: "Delta",
        formats: PARQUET,
        codecs: CODECS,
        reads_folders: true,
        reads_partitions: false,
        comment: "#",
        write: python::delta,
        history: None,
    },
    EngineFacts {
        name: "iceberg",
        title: "Iceberg",
        formats: PARQUET,
        codecs: CODECS,
        reads_folders: true,
        reads_partitions: false,
        comment: "#",
        write: python::iceberg,
        history: None,
    },
    EngineFacts {
        name: "ducklake",
        title: "DuckLake",
        formats: PARQUET,
        codecs: CODECS,
        reads_folders: true,
        reads_partitions: false,
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

    /// What asks for it.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What it is called.
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// Whether it can load files of a format.
    pub fn loads(self, format: FileFormat) -> bool {
        let has_codec = format.codec() == Codec::None || self.0.codecs.contains(&format.codec());
        self.0.formats.contains(&format.format()) && has_codec
    }

    /// Whether it takes a column of the table from the names of the folders.
    pub(super) fn reads_partitions(self) -> bool {
        self.0.reads_partitions
    }

    /// What begins a comment.
    pub(super) fn comment(self) -> &'static str {
        self.0.comment
    }

    pub(super) fn write(self, load: &Load) -> String {
        (self.0.write)(load)
    }

    /// The names of the formats that it loads, in a sentence.
    fn loadable(self) -> String {
        FileFormat::all().filter(|format| self.loads(*format)).map(FileFormat::name).collect::<Vec<_>>().join(", ")
    }

    /// What writes the query for the rows at a time.
    ///
    /// # Errors
    /// When it reads no files of a history.
    pub(super) fn history_query(self) -> Result<fn(&History) -> String, SqlError> {
        let engine = self.title();
        match self.0.history {
            Some(write) => Ok(write),
            None if self.loads(FileFormat::PARQUET) => {
                let engines: Vec<&str> =
                    Self::all().filter(|engine| engine.0.history.is_some()).map(Self::title).collect();
                Err(SqlError::NoHistoryQuery { engine, engines: engines.join(", ") })
            }
            None => Err(SqlError::UnreadableHistory { engine, loadable: self.loadable() }),
        }
    }

    /// Checks that it can load files of a format in a layout from a path.
    pub(super) fn check(self, format: FileFormat, layout: &Layout, path: &str) -> Result<(), SqlError> {
        if !self.loads(format) {
            let (engine, format, loadable) = (self.title(), format.to_string(), self.loadable());
            return Err(SqlError::UnloadableFormat { engine, format, loadable });
        }
        if *layout != Layout::File && !self.0.reads_folders {
            return Err(SqlError::UnloadableFolder { engine: self.title() });
        }
        if path.contains("://") && !self.0.reads_folders {
            return Err(SqlError::UnloadableUrl { engine: self.title() });
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
