//! What CSV outputs look like.

use clap::Args;

use crate::format::{CsvDialect, CsvSettings, Delimiter, NullText};

/// What CSV outputs look like.
#[derive(Debug, Clone, Args)]
pub struct CsvArgs {
    /// Dialect of CSV outputs: rfc4180, excel (opens in Excel with texts as texts) or postgres (lists as arrays)
    #[arg(
        long = "csv",
        value_name = "DIALECT",
        requires = "output",
        help_heading = "Output",
        long_help = "Dialect of CSV outputs:\n\
                     rfc4180: for programs; nulls are empty cells, lists are joined with commas\n\
                     excel: opens in Excel by a double click; with a byte order mark, CRLF line ends, and texts like phone \
                     numbers and formulas written as =\"text\"\n\
                     postgres: for COPY; lists are array literals like {sms,whatsapp}\n\n\
                     [default: rfc4180]"
    )]
    pub dialect: Option<CsvDialect>,

    /// Delimiter of CSV outputs: , ; | or tab [default: ,]
    #[arg(long, value_name = "CHAR", requires = "output", help_heading = "Output")]
    pub delimiter: Option<Delimiter>,

    /// Text of a null in CSV outputs [default: empty]
    #[arg(long = "null", value_name = "TEXT", requires = "output", help_heading = "Output")]
    pub null: Option<NullText>,
}

impl CsvArgs {
    /// The settings of CSV outputs.
    pub fn settings(&self) -> CsvSettings {
        CsvSettings {
            dialect: self.dialect.unwrap_or_default(),
            delimiter: self.delimiter.unwrap_or_default(),
            null: self.null.clone().unwrap_or_default(),
        }
    }

    /// The first flag that was given.
    pub fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--csv", self.dialect.is_some()),
            ("--delimiter", self.delimiter.is_some()),
            ("--null", self.null.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }
}
