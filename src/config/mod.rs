//! Checked settings: flags and environment, validated before anything is done.
//!
//! Each part has a file: [`AccountConfig`], [`PaceConfig`], [`OutputsConfig`]. [`ExportConfig`] combines them for every
//! command that exports, and [`JobsFile`] has the flags of many jobs. `commands` calls this module. Its only I/O is reading
//! keys and files of jobs.
//!
//! The key comes from a variable, a file or a program. No flag takes the key itself, because the process list would show it
//! to everyone on the machine. It is only sent over HTTPS, or over plain HTTP within this machine.

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
pub use self::key::KeyEnvironment;
pub use self::key_command::KeyCommandError;
pub use self::naming::{Naming, ProfileNaming};
pub use self::outputs::{BesideFlags, OutputsConfig};
pub use self::pace::{MAX_RATE_LIMIT_WAIT, PaceConfig};
pub use self::partition::{CREATED_DATE, DEFAULT_MAX_PARTITIONS, partition_by};
pub use self::profiles::{ProfileChoice, ProfileError, check_apart, is_split};
pub use self::row_format::{RowFormat, SecondOutput};
pub use self::watch::WatchConfig;

/// Variable that holds the key; the official SDKs use the same one.
pub const API_KEY_VARIABLE: &str = "SENT_DM_API_KEY";
