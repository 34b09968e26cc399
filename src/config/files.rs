//! Targets and formats of rows, for every command that writes rows.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::ConfigError;
use super::naming::Naming;
use crate::cli::FileArgs;
use crate::format::{FileFormat, Format};
use crate::publish::OutputRequest;
use crate::store::{FileSettings, OutputTarget};

/// The requested outputs, each with its format.
pub(super) fn check_outputs(args: &FileArgs, naming: &Naming) -> Result<Vec<OutputRequest>, ConfigError> {
    requests_for(&args.output, args.format, naming)
}

/// Outputs for these paths, each with its format.
pub(super) fn requests_for(
    paths: &[PathBuf],
    format: Option<FileFormat>,
    naming: &Naming,
) -> Result<Vec<OutputRequest>, ConfigError> {
    let mut requests = Vec::new();
    for path in paths {
        let request = OutputRequest::new(&naming.path(path)?, format, naming.stores())?;
        let is_terminal = request.target == OutputTarget::Stdout && std::io::stdout().is_terminal();
        if is_terminal && !request.format.is_plain_text() {
            return Err(ConfigError::BinaryToTerminal(request.format));
        }
        requests.push(request);
    }
    Ok(requests)
}

/// How the files are written.
pub(super) fn file_settings(args: &FileArgs) -> FileSettings {
    FileSettings { mode: args.mode, makes_folders: !args.store.no_create_dirs, ..FileSettings::default() }
}

/// Refuses flags for a format in which nothing is written.
pub(super) fn check_format_flags<'a>(
    flags: &FileArgs,
    outputs: impl Iterator<Item = &'a OutputRequest>,
) -> Result<(), ConfigError> {
    let formats: Vec<Format> = outputs.map(|request| request.format.format()).collect();
    match flags.csv.first_given() {
        Some(flag) if !formats.contains(&Format::Csv) => return Err(ConfigError::NoCsv(flag)),
        _ => {}
    }
    match flags.decimals {
        Some(_) if !formats.contains(&Format::Ndjson) => Err(ConfigError::NoNdjson),
        _ => Ok(()),
    }
}
