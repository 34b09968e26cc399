//! The one table of engines.
//!
//! A new engine is a row here, and either a separate file or a function in the file of its family.

use std::fmt;
use std::str::FromStr;

use super::error::SqlError;
use super::load::{FileLayout, Load};
use super::{bigquery, clickhouse, duckdb, hive, postgres, python, redshift, snowflake, spark, sqlite};
use crate::format::{Codec, FileFormat, Format};

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
    /// Whether it reads folders and object stores by itself; other engines read one local file at a time.
    reads_folders: bool,
    /// Whether it takes a column from the names of folders.
    reads_partitions: bool,
    /// The start of a comment.
    comment: &'static str,
    write: fn(&Load) -> String,
}

const ALL: &[Format] = &[Format::Parquet, Format::Csv, Format::Ndjson];
const TEXTS: &[Format] = &[Format::Csv, Format::Ndjson];
const PARQUET: &[Format] = &[Format::Parquet];
const CODECS: &[Codec] = &[Codec::None, Codec::Gzip, Codec::Zstd];
/// For engines that cannot read text compressed with Zstandard.
const GZIP: &[Codec] = &[Codec::None, Codec::Gzip];

/// All engines, in the order of lists.
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

    /// Whether it takes a column of the table from the names of folders.
    pub(super) fn reads_partitions(self) -> bool {
        self.0.reads_partitions
    }

    /// The start of a comment.
    pub(super) fn comment(self) -> &'static str {
        self.0.comment
    }

    pub(super) fn write(self, load: &Load) -> String {
        (self.0.write)(load)
    }

    /// Checks that it can load files of a format and layout from a path.
    pub(super) fn check(self, format: FileFormat, layout: &FileLayout, path: &str) -> Result<(), SqlError> {
        if !self.loads(format) {
            let loadable =
                FileFormat::all().filter(|format| self.loads(*format)).map(FileFormat::name).collect::<Vec<_>>();
            let (engine, format, loadable) = (self.title(), format.to_string(), loadable.join(", "));
            return Err(SqlError::UnloadableFormat { engine, format, loadable });
        }
        if *layout != FileLayout::File && !self.0.reads_folders {
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
