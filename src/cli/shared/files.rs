//! Where rows go, and in which format.

use std::path::PathBuf;

use clap::{Arg, Args};

use super::csv::CsvArgs;
use super::store::StoreArgs;
use crate::format::{FileFormat, JsonDecimals, format_extensions, format_names};
use crate::store::FileMode;

/// Where rows go, and in which format: what every command that writes rows has.
///
/// Commands that write nothing else make `--output` required with `mut_arg`.
#[derive(Debug, Clone, Args)]
pub struct FileArgs {
    /// Where to write the rows: a path, s3://, gs:// or az:// address, or `-` for stdout; may be repeated
    #[arg(short, long, value_name = "PATH", long_help = output_help(), help_heading = "Output")]
    pub output: Vec<PathBuf>,

    /// Format of all outputs, regardless of extension
    #[arg(long, requires = "output", help = format!("Format of all outputs, regardless of extension: {}", format_names()), help_heading = "Output")]
    pub format: Option<FileFormat>,

    /// What CSV outputs look like.
    #[command(flatten)]
    pub csv: CsvArgs,

    /// Write amounts in NDJSON outputs as `string`, which every reader keeps exact, or `number` [default: string]
    #[arg(long, value_name = "FORM", requires = "output", help_heading = "Output")]
    pub decimals: Option<JsonDecimals>,

    /// Permissions of all written files, such as 640 [default: those of the replaced file, or 600]
    #[arg(long, value_name = "OCTAL", requires = "output", help_heading = "Output")]
    pub mode: Option<FileMode>,

    /// How files and objects are reached.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Says what happens without `--output`, for commands that do not require it.
pub(in crate::cli) fn output_or(output: Arg, default: &str) -> Arg {
    let short = output.get_help().map(ToString::to_string).unwrap_or_default();
    let long = output.get_long_help().map(ToString::to_string).unwrap_or_default();
    output.help(format!("{short} [default: {default}]")).long_help(format!("{long}\n\n[default: {default}]"))
}

fn output_help() -> String {
    format!(
        "Where to write the rows: a path, an address like s3://bucket/contacts.parquet (also gs://, az:// and abfss://), or \
         `-` for stdout; may be repeated to write several outputs at once\n\n\
         The extension chooses the format: {}. Files are written to a temporary name, synced, then renamed, keeping \
         the mode and owner of the file they replace; new files are readable only by their owner. Objects are uploaded in \
         parts while the run reads, and appear when it publishes. Missing folders are created.\n\n\
         Paths of all written files may hold {{date}}, {{time}}, {{run_id}}, {{profile_id}} and \
         {{profile_name}}, such as exports/dt={{date}}/contacts.parquet; {{{{ and }}}} stand for braces.",
        format_extensions()
    )
}
