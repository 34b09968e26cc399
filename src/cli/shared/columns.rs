//! Flags that select columns and protect phone numbers.

use std::path::PathBuf;

use clap::Args;

use crate::transform::OptionalColumn;

/// Flags that select columns and protect phone numbers.
#[derive(Debug, Clone, Args)]
pub struct ColumnArgs {
    /// Columns to write, in this order, separated by commas [default: all]
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        requires = "output",
        conflicts_with_all = ["drop", "add_columns"],
        help_heading = "Output",
        long_help = "Columns to write, in this order, separated by commas; also those of --add-columns and, of contacts and \
                     messages, extra\n\n[default: all of the resource]"
    )]
    pub columns: Option<Vec<String>>,

    /// Columns to leave out, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "output", help_heading = "Output")]
    pub drop: Option<Vec<String>>,

    /// Columns to append: `exported_at`, `row_hash`
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        requires = "output",
        help_heading = "Output",
        long_help = "Columns to append, separated by commas:\n\
                     exported_at: start of the run, so that the bytes of files differ from run to run\n\
                     row_hash: hash of all columns of the row, the same for the same row whatever columns are written"
    )]
    pub add_columns: Vec<OptionalColumn>,

    /// Mask phone numbers except for country code and last two digits, like +1********23
    #[arg(
        long,
        requires = "output",
        conflicts_with = "hash_phones",
        help_heading = "Privacy",
        long_help = "Mask phone numbers except for country code and last two digits, like +1********23\n\n\
                     Anything that is not a valid number in a phone column becomes ***. Numbers in texts of the service, such as \
                     reasons, become *** too. Columns of free text (the body of messages, --extra) may hold any number and must \
                     be left out: add --no-body, or name them in --drop."
    )]
    pub mask_phones: bool,

    /// Replace each phone number with its HMAC-SHA-256 under the key in this file
    #[arg(
        long,
        value_name = "KEYFILE",
        requires = "output",
        help_heading = "Privacy",
        long_help = "Replace each phone number with its HMAC-SHA-256 under the key in this file, of at least 16 bytes\n\n\
                     A number has one value in all of its formats, resources and runs with the same key, so tables can be joined \
                     by it. Anything that is not a number in a phone column becomes null. Texts and free text are treated as by \
                     --mask-phones. The manifest holds a fingerprint of the key."
    )]
    pub hash_phones: Option<PathBuf>,
}

impl ColumnArgs {
    /// Whether a column is among those of `--columns`.
    pub fn names(&self, column: &str) -> bool {
        self.columns.iter().flatten().any(|name| name.trim() == column)
    }
}
