//! What a command asks of an export, whether it is run or only estimated.

use crate::api::Account;
use crate::config::{ConfigError, ExportConfig};
use crate::error::Error;
use crate::lookup::LookupSettings;
use crate::publish::PartitionBy;

use super::job;
use super::monitor::RunMonitor;

/// What one command exports, and how it reads it.
#[derive(Debug)]
pub(super) struct ExportCommand<R> {
    /// What is exported, and how it is read.
    pub(super) reading: R,
    /// Whether there is one file for each value of a column.
    pub(super) partition: Option<PartitionBy>,
    /// How the activities of the rows are read, if they are.
    pub(super) activities: Option<LookupSettings>,
}

/// What is to be done with an export.
#[derive(Clone, Copy)]
pub(super) enum Intent<'a> {
    /// It is run, and watched.
    Run(&'a RunMonitor<'a>),
    /// It is described, by one request.
    Plan,
}

/// Whether a job is only checked; what the check needs is noted then.
pub(super) fn is_only_checked(config: &ExportConfig, intent: Intent<'_>) -> bool {
    if !job::is_check() {
        return false;
    }
    if let Intent::Run(_) = intent {
        job::note_outputs(&config.outputs);
    }
    job::note_account(&config.account);
    true
}

/// The account of a run; sends nothing.
///
/// # Errors
/// When there is no key, or HTTPS cannot be set up.
pub(super) fn connect(config: &ExportConfig) -> Result<Account, Error> {
    let key = config.account.api_key.clone().ok_or(ConfigError::MissingKey)?;
    let account = Account::new(config.pace.account_settings(config.account.base_url.clone(), key))?;
    job::share_quota(&account);
    Ok(account)
}
