//! What a command exports, whether the export is run or only estimated.

use tokio::runtime::Runtime;

use crate::api::Account;
use crate::config::{ConfigError, ExportConfig};
use crate::error::Error;
use crate::lookup::LookupSettings;
use crate::publish::PartitionBy;

use super::account::start_simulator;
use super::job;
use super::monitor::RunMonitor;

/// What a command exports, and how it is read.
#[derive(Debug)]
pub(super) struct ExportCommand<R> {
    /// The rows to read, and how.
    pub(super) reading: R,
    /// The column to partition by, if any.
    pub(super) partition: Option<PartitionBy>,
    /// How the activities of the rows are read, if requested.
    pub(super) activities: Option<LookupSettings>,
}

/// What to do with an export.
#[derive(Clone, Copy)]
pub(super) enum Intent<'a> {
    /// Run it, with monitoring.
    Run(&'a RunMonitor<'a>),
    /// Estimate it with one request.
    Plan,
}

/// Whether the job is only checked; if so, records what the check needs.
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

/// Calls `read` with a connection to the account, or to the simulator that replaces it, and with a runtime; records the
/// remaining quota.
///
/// # Errors
/// When there is no key, the simulator or HTTPS cannot be set up, or `read` fails.
pub(super) fn with_account<T>(
    config: &mut ExportConfig,
    read: impl FnOnce(&ExportConfig, &Account, &Runtime) -> Result<T, Error>,
) -> Result<T, Error> {
    let _simulator = start_simulator(&mut config.account)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::StartRuntime)?;
    let key = config.account.api_key.clone().ok_or(ConfigError::MissingKey)?;
    let account = Account::new(config.pace.account_settings(config.account.base_url.clone(), key))?;
    job::share_quota(&account);
    let result = read(config, &account, &runtime);
    job::note_quota(&account);
    // After a run was stopped, an output that hangs is not waited for.
    runtime.shutdown_background();
    result
}
