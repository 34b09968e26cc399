//! What every command that reads an account does before its first request.

use crate::config::{API_KEY_VARIABLE, AccountConfig};
use crate::error::Error;
use crate::simulator::Simulator;

/// The value of the variable that holds the key. What is not UTF-8 is refused as a key, not taken for none.
pub(super) fn key_variable() -> Option<String> {
    std::env::var_os(API_KEY_VARIABLE).map(|key| key.to_string_lossy().into_owned())
}

/// Starts the simulator if it is to be read instead of an account. Dropping it stops it.
pub(super) fn start_simulator(account: &mut AccountConfig) -> Result<Option<Simulator>, Error> {
    let simulator = account.simulate.clone().map(Simulator::start).transpose().map_err(Error::StartSimulator)?;
    if let Some(simulator) = &simulator {
        account.use_simulator(&simulator.base_url())?;
    }
    Ok(simulator)
}
