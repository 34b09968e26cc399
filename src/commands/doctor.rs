//! `sent-export doctor`: checks everything that a run needs, one line per check, with the next step if it fails.
//!
//! Checks of this machine come first, then those of the account: one request for the owner of the key, and one for each
//! selected endpoint. A failed check does not stop the others, as long as the API responds.

mod account;
mod finding;
mod machine;

use crate::api::Account;
use crate::cli::DoctorArgs;
use crate::config::{ConfigError, ConnectionConfig, Naming, ProfileChoice, ProfileNaming};
use crate::error::{Error, ExitCode};
use crate::resources::ResourceTable;
use crate::simulator;
use crate::time::Timestamp;

use self::account::AccountChecks;
use self::finding::DoctorFindings;
use super::account::{key_environment, start_simulator};
use super::monitor::RunMonitor;

/// Prints the results of all checks.
///
/// # Errors
/// When stdout cannot be written, or the simulator cannot be started.
pub(super) fn run(args: &DoctorArgs, monitor: &RunMonitor<'_>) -> Result<ExitCode, Error> {
    let mut findings = DoctorFindings::default();
    let choice = args.profiles.profiles.as_deref().map(ProfileChoice::new).transpose()?;
    let simulate = args.run.account.simulate.map(simulator::Settings::of_contacts);
    let simulate = if choice.is_some() { simulate.map(simulator::Settings::shared_by_profiles) } else { simulate };
    let profile = match choice {
        Some(_) => ProfileNaming::unknown(),
        None => ProfileNaming::by_id(args.run.account.profile_id),
    };
    let state_dir = args.run.resume.state_dir.as_deref();
    match Naming::new(&args.store, state_dir, profile, Timestamp::now()) {
        Err(error) => findings.failed("state", &Error::from(error))?,
        Ok(naming) => {
            machine::check_state(state_dir, &mut findings)?;
            machine::check_outputs(&args.output, &args.store, &naming, &mut findings)?;
        }
    }
    let connection = match ConnectionConfig::new(&args.run, simulate, &key_environment()) {
        Ok(connection) => connection,
        Err(error) => {
            findings.failed("key", &Error::from(error))?;
            return findings.conclude(monitor);
        }
    };
    let ConnectionConfig { account: mut config, pace } = connection;
    let _simulator = start_simulator(&mut config)?;
    let key = config.api_key.clone().ok_or(ConfigError::MissingKey)?;
    let account = match Account::new(pace.account_settings(config.base_url.clone(), key)) {
        Ok(account) => account,
        Err(error) => {
            findings.failed("connection", &Error::from(error))?;
            return findings.conclude(monitor);
        }
    };
    machine::describe_connection(&config, &account, &mut findings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::StartRuntime)?;
    let is_asked = |name: &str| args.resources.is_empty() || args.resources.iter().any(|asked| asked == name);
    let asked: Vec<&str> = ResourceTable::NAMES.into_iter().filter(|name| is_asked(name)).collect();
    let checked = AccountChecks { scope: config.scope, choice: choice.as_ref(), asked: &asked };
    runtime.block_on(account::check(&account, &checked, &pace, &mut findings))?;
    findings.conclude(monitor)
}
