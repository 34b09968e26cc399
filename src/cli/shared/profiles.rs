//! Which profiles of an organization are read.

use clap::Args;

/// Which profiles of an organization are read.
#[derive(Debug, Clone, Default, Args)]
pub struct ProfilesArgs {
    /// Read child profiles of an organization one after another: `all`, or their names or ids, separated by commas
    ///
    /// Requires the key of the organization. All profiles go into one output with the columns `profile_id` and
    /// `profile_name`, or into one output each if the path holds `{profile_id}` or `{profile_name}`. If a profile cannot be read,
    /// the others are still exported, and the exit code is 3.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "profile_id", help_heading = "Account")]
    pub profiles: Option<Vec<String>>,
}
