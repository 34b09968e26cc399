//! Settings of the account: its address, key and profile, or the simulator instead.

use std::path::Path;

use url::Url;

use super::ConfigError;
use super::address::check_base_url;
use super::key::{KeyEnvironment, read_key};
use crate::api::{ApiKey, Scope};
use crate::cli::{AccountArgs, DEFAULT_BASE_URL};
use crate::simulator;

/// Checks that only one of the key and the list of ids is read from stdin.
///
/// # Errors
/// When both would be read from stdin.
pub fn check_stdin(ids: Option<&Path>, account: &AccountArgs) -> Result<(), ConfigError> {
    let is_stdin = |path: Option<&Path>| path.is_some_and(|path| path.as_os_str() == "-");
    if is_stdin(ids) && is_stdin(account.api_key_file.as_deref()) {
        return Err(ConfigError::StdinTwice);
    }
    Ok(())
}

/// The simulator's name in manifests.
const SIMULATOR: &str = "simulator";

/// The name of the chosen API in manifests.
///
/// # Errors
/// When the key must not be sent to the address.
pub fn api_name(args: &AccountArgs) -> Result<String, ConfigError> {
    Ok(if args.simulate.is_some() { SIMULATOR.to_owned() } else { base_url(args)?.to_string() })
}

fn base_url(args: &AccountArgs) -> Result<Url, ConfigError> {
    // An empty variable counts as unset.
    let address = Some(args.base_url.trim()).filter(|address| !address.is_empty());
    check_base_url(address.unwrap_or(DEFAULT_BASE_URL))
}

/// The account that is read.
#[derive(Debug, Clone)]
pub struct AccountConfig {
    /// Settings of the built-in simulator, if it replaces the API.
    pub simulate: Option<simulator::Settings>,
    /// Address of the API; the simulator's is only known once it runs.
    pub base_url: Url,
    /// The key, or that of the simulator.
    pub api_key: Option<ApiKey>,
    /// The program that prints the key, if running it was left for later.
    pub key_program: Option<String>,
    /// Whose rows are read: the account's own, or those of a child profile.
    pub scope: Scope,
}

impl AccountConfig {
    /// Checks the flags.
    ///
    /// # Errors
    /// When the key must not be sent to the address, or there is no key.
    pub(super) fn new(
        args: &AccountArgs,
        simulate: Option<simulator::Settings>,
        key: &KeyEnvironment,
    ) -> Result<Self, ConfigError> {
        let base_url = base_url(args)?;
        let (api_key, key_program) = match args.api_key_command.clone().filter(|_| key.defers_programs) {
            _ if simulate.is_some() => (None, None),
            Some(program) => (None, Some(program)),
            None => (Some(read_key(args, key.variable.as_deref())?), None),
        };
        let scope = args.profile_id.map_or(Scope::ACCOUNT, Scope::profile);
        Ok(Self { simulate, base_url, api_key, key_program, scope })
    }

    /// The name of the API in manifests.
    pub fn name(&self) -> &str {
        if self.simulate.is_some() { SIMULATOR } else { self.base_url.as_str() }
    }

    /// Sends all requests to the simulator at `address`.
    ///
    /// # Errors
    /// When the address is invalid.
    pub fn use_simulator(&mut self, address: &str) -> Result<(), ConfigError> {
        self.base_url = address.parse().map_err(|_| ConfigError::BadBaseUrl(address.to_owned()))?;
        self.api_key = ApiKey::new(simulator::DEFAULT_API_KEY);
        Ok(())
    }
}
