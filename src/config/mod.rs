//! Checked settings: what the flags and the environment say, proven to make sense before anything is done.
//!
//! One file a part: [`AccountConfig`], [`PaceConfig`], [`OutputsConfig`]; [`ExportConfig`] puts them together for
//! every command that exports; [`JobsFile`] is the flags of many. `commands` calls it; it calls nothing that does I/O but
//! reading keys and jobs.
//!
//! The key comes from a variable, a file or a program. There is no flag that takes the key itself, because the process list
//! would show it to everyone on the machine. It is only ever sent over HTTPS, or over plain HTTP to this machine.

mod account;
mod activities;
mod address;
mod changes;
mod columns;
mod connection;
mod diff;
mod error;
mod export;
mod files;
mod jobs;
mod key;
mod key_command;
mod naming;
mod outputs;
mod pace;
mod partition;
mod places;
mod profiles;
mod row_format;
mod watch;

pub use self::account::{AccountConfig, api_name, check_stdin};
pub use self::activities::ActivitiesConfig;
pub use self::changes::{ChangesConfig, ChangesFlags};
pub use self::connection::ConnectionConfig;
pub use self::diff::{DiffConfig, ignored_columns};
pub use self::error::ConfigError;
pub use self::export::{ExportConfig, ExportFlags, ResumeConfig, gate, read_settings, sample_settings};
pub use self::jobs::{Job, JobProblem, JobProblemKind, JobsError, JobsFile, shard_of};
pub use self::key_command::KeyCommandError;
pub use self::naming::{Naming, ProfileNaming};
pub use self::outputs::{BesideFlags, OutputsConfig};
pub use self::pace::{MAX_RATE_LIMIT_WAIT, PaceConfig};
pub use self::partition::{CREATED_DATE, DEFAULT_MAX_PARTITIONS, partition_by};
pub use self::profiles::{ProfileChoice, ProfileError, check_apart, is_split};
pub use self::row_format::{RowFormat, SecondOutput};
pub use self::watch::WatchConfig;

/// Variable that holds the key; the official SDKs read the same one.
pub const API_KEY_VARIABLE: &str = "SENT_DM_API_KEY";
