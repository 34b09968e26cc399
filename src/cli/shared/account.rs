//! Flags that select the account and its key, or the built-in simulator instead.

use std::path::PathBuf;

use clap::Args;
use uuid::Uuid;

use super::values::{simulated, uuid};

/// Address of the API (API reference, "Base URL").
pub const DEFAULT_BASE_URL: &str = "https://api.sent.dm";

/// Contacts or messages of the simulator: some pages of each, read within a second.
const DEFAULT_SIMULATED: &str = "5000";

/// Flags that select the account and its key, or the built-in simulator instead.
#[derive(Debug, Clone, Args)]
pub struct AccountArgs {
    /// Read one child profile of an organization (requires the key of the organization)
    #[arg(long, value_name = "UUID", value_parser = uuid, help_heading = "Account")]
    pub profile_id: Option<Uuid>,

    /// File with the API key, `-` for stdin [default: the variable `SENT_DM_API_KEY`]
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with_all = ["api_key_env", "api_key_command"],
        help_heading = "Account"
    )]
    pub api_key_file: Option<PathBuf>,

    /// Environment variable with the API key, for jobs with separate keys
    #[arg(long, value_name = "NAME", conflicts_with = "api_key_command", help_heading = "Account")]
    pub api_key_env: Option<String>,

    /// Program that prints the API key, with its arguments, such as 'pass show sent'
    ///
    /// It is run without a shell and without stdin, for at most a minute. Its messages are not shown.
    #[arg(long, value_name = "COMMAND", help_heading = "Account")]
    pub api_key_command: Option<String>,

    /// Base URL of the API
    #[arg(
        long,
        env = "SENT_BASE_URL",
        default_value = DEFAULT_BASE_URL,
        value_name = "URL",
        help_heading = "Account"
    )]
    pub base_url: String,

    /// Read the built-in simulator instead of an account, with N contacts or messages [default of N: 5000]
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        default_missing_value = DEFAULT_SIMULATED,
        value_parser = simulated,
        help_heading = "Account"
    )]
    pub simulate: Option<u32>,
}
