//! Common steps of all commands that read an account, before the first request.

use crate::config::{API_KEY_VARIABLE, AccountConfig, KeyEnvironment};
use crate::error::Error;
use crate::simulator::Simulator;

use super::job;

/// What the key may come from apart from flags. A value that is not UTF-8 counts as an invalid key, not as a missing one.
pub(super) fn key_environment() -> KeyEnvironment {
    let variable = std::env::var_os(API_KEY_VARIABLE).map(|key| key.to_string_lossy().into_owned());
    KeyEnvironment { variable, defers_programs: job::defers_key_programs() }
}

/// Starts the simulator if it replaces the account. Dropping it stops it.
pub(super) fn start_simulator(account: &mut AccountConfig) -> Result<Option<Simulator>, Error> {
    let simulator = account.simulate.clone().map(Simulator::start).transpose().map_err(Error::StartSimulator)?;
    if let Some(simulator) = &simulator {
        account.use_simulator(&simulator.base_url())?;
    }
    Ok(simulator)
}
