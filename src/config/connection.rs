//! Settings of a command that reads the API and publishes nothing.

use super::{AccountConfig, ConfigError, KeyEnvironment, PaceConfig};
use crate::cli::RunArgs;
use crate::simulator;

/// Which account is read, and how fast.
#[derive(Debug)]
pub struct ConnectionConfig {
    /// Which account is read.
    pub account: AccountConfig,
    /// Retry, pace and time limits.
    pub pace: PaceConfig,
}

impl ConnectionConfig {
    /// Checks flags and environment.
    ///
    /// # Errors
    /// When a setting is missing or invalid.
    pub fn new(
        run: &RunArgs,
        simulate: Option<simulator::Settings>,
        key: &KeyEnvironment,
    ) -> Result<Self, ConfigError> {
        let pace = PaceConfig::new(&run.pace, simulate.is_some())?;
        Ok(Self { account: AccountConfig::new(&run.account, simulate, key)?, pace })
    }
}
