//! Checks that need no account: the folder for state, the outputs, and the connection to the API.

use std::path::{Path, PathBuf};

use crate::api::Account;
use crate::cli::StoreArgs;
use crate::config::{AccountConfig, Naming};
use crate::error::Error;
use crate::store::{FileSettings, OutputTarget, check_writable, state_folder};

use super::finding::DoctorFindings;

/// A file that is written to check that a folder is writable, and then removed.
const PROBE: &str = "sent-export-doctor.probe";

/// Checks that the state of interrupted runs can be saved.
pub(super) fn check_state(asked: Option<&Path>, findings: &mut DoctorFindings) -> Result<(), Error> {
    match state_folder(asked) {
        Err(error) => findings.failed("state", &Error::from(error)),
        Ok(None) => findings.warn(
            "state",
            "no folder for the state of runs: an interrupted export to an object store starts over",
            "name a folder that lasts with --state-dir",
        ),
        Ok(Some(folder)) => match check_writable(&OutputTarget::File(folder.join(PROBE)), FileSettings::default()) {
            Ok(()) => findings.ok("state", &format!("{} can be written to", folder.display())),
            Err(error) => findings.failed("state", &Error::from(error)),
        },
    }
}

/// Checks that each output can be written.
pub(super) fn check_outputs(
    outputs: &[PathBuf],
    store: &StoreArgs,
    naming: &Naming,
    findings: &mut DoctorFindings,
) -> Result<(), Error> {
    for path in outputs {
        match check_output(path, store, naming) {
            Ok(text) => findings.ok("output", &text)?,
            Err(error) => findings.failed("output", &error)?,
        }
    }
    Ok(())
}

/// Checks an output and describes the result. Missing folders are not created; only a run creates them.
fn check_output(path: &Path, store: &StoreArgs, naming: &Naming) -> Result<String, Error> {
    let target = naming.target(path)?;
    let settings = FileSettings { makes_folders: false, ..FileSettings::default() };
    let is_folder = target.is_folder() || path.to_string_lossy().ends_with('/') || path.is_dir();
    let inside = if is_folder { target.join(PROBE) } else { target.clone() };
    let Some(file) = inside.path() else {
        check_writable(&inside, settings)?;
        return Ok(format!("{target} can be written to"));
    };
    let missing = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let existing =
        missing.and_then(|folder| folder.ancestors().find(|above| above.is_dir() || above.as_os_str().is_empty()));
    match existing.filter(|_| !store.no_create_dirs) {
        None => {
            check_writable(&inside, settings)?;
            Ok(format!("{target} can be written to"))
        }
        Some(existing) => {
            check_writable(&OutputTarget::File(existing.join(PROBE)), settings)?;
            Ok(format!("{target} can be written to; its folder will be created"))
        }
    }
}

/// Describes the connection to the API.
pub(super) fn describe_connection(
    config: &AccountConfig,
    account: &Account,
    findings: &mut DoctorFindings,
) -> Result<(), Error> {
    let text = match (&config.simulate, account.proxy_variable()) {
        (Some(_), _) => "the built-in simulator".to_owned(),
        (None, Some(variable)) => format!("{} through the proxy in {variable}", config.base_url),
        (None, None) => format!("{} without a proxy", config.base_url),
    };
    findings.ok("connection", &text)
}
