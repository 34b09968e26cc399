//! How files and objects are reached.

use clap::Args;

use crate::store::StoreOption;
use crate::time::Zone;

/// How files and objects are reached.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// Setting of object stores as KEY=VALUE, such as region=eu-west-1 or endpoint=URL; may be repeated
    ///
    /// Credentials come from each cloud's own environment variables, files and instance roles.
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Output")]
    pub store_option: Vec<StoreOption>,

    /// Refuse to write into a folder that does not exist, instead of creating it
    #[arg(long, help_heading = "Output")]
    pub no_create_dirs: bool,

    /// Time zone of {date} and {time} in paths, such as Europe/Berlin or +02:00
    #[arg(long, value_name = "ZONE", default_value = "UTC", help_heading = "Output")]
    pub timezone: Zone,
}
