//! The flags of `sent-export sql`.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::shared::end_of_moment;
use crate::format::{CsvDialect, CsvSettings, Delimiter, FileFormat, NullText, format_names};
use crate::resources::ResourceTable;
use crate::sql::Engine;
use crate::time::Timestamp;

const EXAMPLES: &str = "\
Examples:
  sent-export sql duckdb contacts | duckdb account.duckdb
      Load contacts.parquet into the table contacts, replacing older rows of the same contacts
  sent-export sql postgres contacts contacts.csv.gz --table crm.contacts | psql
      The same from compressed CSV, into a table of a schema
  sent-export sql duckdb messages messages/ --partition-by created_date
      For a folder with one file per day
  sent-export sql sqlite contacts c.csv --columns id,format_e164,opt_out
      For a file that was exported with these columns
  sent-export sql duckdb contacts history/ --as-of 2026-03-31 | duckdb
      The contacts at the end of March, from the folder of --history; also for spark, bigquery, snowflake and others";

/// The flags of `sent-export sql`, before they are checked.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct SqlArgs {
    /// Engine to write the SQL for
    #[arg(value_parser = engine_parser())]
    pub engine: Engine,

    /// What the files contain
    #[arg(value_parser = PossibleValuesParser::new(ResourceTable::NAMES))]
    pub resource: String,

    /// Exported file, or a folder of files if it ends with a slash [default: RESOURCE.parquet, or the first format that the
    /// engine loads]
    ///
    /// The file is not read. A path on an object store, such as `s3://exports/contacts.parquet`, is printed as it is.
    pub path: Option<String>,

    /// Format of the files, regardless of extension
    #[arg(long, help = format!("Format of the files, regardless of extension: {}", format_names()))]
    pub format: Option<FileFormat>,

    /// Dialect of CSV files, as the flag of that name writes it: rfc4180 or postgres [default: rfc4180]
    #[arg(long = "csv", value_name = "DIALECT")]
    pub csv: Option<CsvDialect>,

    /// Delimiter of CSV files: , ; | or tab [default: ,]
    #[arg(long, value_name = "CHAR")]
    pub delimiter: Option<Delimiter>,

    /// Text of a null in CSV files [default: empty]
    #[arg(long = "null", value_name = "TEXT")]
    pub null: Option<NullText>,

    /// Columns of the files, in their order, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,

    /// Files that `messages --no-body` wrote: without the columns `body` and `body_text`
    #[arg(long, conflicts_with = "columns")]
    pub no_body: bool,

    /// Files that contacts or messages wrote with `--extra`: with the column `extra`
    #[arg(long, conflicts_with = "columns")]
    pub extra: bool,

    /// Files that contacts or messages wrote for several profiles: with the columns `profile_id` and `profile_name`
    ///
    /// With --as-of, for a history of several profiles, which has no names.
    #[arg(long)]
    pub of_profiles: bool,

    /// Table to load into, such as contacts or crm.contacts [default: the name of the resource]
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,

    /// Print the query for the rows at this time instead, from the folder of a history; a date is the end of that day, UTC
    ///
    /// PATH is the folder that `sent-export contacts --history` writes to [default: history/]. For engines that read Parquet, except
    /// delta and iceberg.
    #[arg(long, value_name = "TIME", value_parser = end_of_moment, conflicts_with_all = ["format", "table", "partition_by", "csv", "delimiter", "null"])]
    pub as_of: Option<Timestamp>,

    /// Read a folder with one file for each value of a column, as the flag of that name writes it
    #[arg(long, value_name = "COLUMN")]
    pub partition_by: Option<String>,
}

impl SqlArgs {
    /// What CSV files look like, and the first flag that says so.
    pub fn csv(&self) -> (CsvSettings, Option<&'static str>) {
        let settings = CsvSettings {
            dialect: self.csv.unwrap_or_default(),
            delimiter: self.delimiter.unwrap_or_default(),
            null: self.null.clone().unwrap_or_default(),
        };
        let given =
            [("--csv", self.csv.is_some()), ("--delimiter", self.delimiter.is_some()), ("--null", self.null.is_some())];
        (settings, given.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag))
    }
}

fn engine_parser() -> impl TypedValueParser<Value = Engine> {
    let names: Vec<&str> = Engine::all().map(Engine::name).collect();
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Engine>())
}
