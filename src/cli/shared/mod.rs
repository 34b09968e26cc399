//! Flags that several commands share, one group a file; each command flattens those that it has.
//!
//! Groups only parse. What makes no sense together is refused by [`config`](crate::config).

mod account;
mod changes;
mod columns;
mod csv;
mod files;
mod gates;
mod lookup;
mod output;
mod pace;
mod profiles;
mod reading;
mod run;
mod store;
mod values;
mod verbosity;
mod watch;

pub use self::account::{AccountArgs, DEFAULT_BASE_URL};
pub use self::changes::ChangesArgs;
pub use self::columns::ColumnArgs;
pub use self::csv::CsvArgs;
pub use self::files::FileArgs;
pub(super) use self::files::output_or;
pub use self::gates::GateArgs;
pub use self::lookup::LookupArgs;
pub use self::output::{OutputArgs, ReportFileArgs};
pub use self::pace::PaceArgs;
pub use self::profiles::ProfilesArgs;
pub use self::reading::{ListArgs, ResumeArgs};
pub use self::run::RunArgs;
pub use self::store::StoreArgs;
pub use self::values::{RateLimitArg, SinceArg, SinceStartArg};
pub(super) use self::values::{
    duration, end_of_moment, exit_code, filter, limit, log_format, moment, number, number_between, report_title,
};
pub use self::verbosity::VerbosityArgs;
pub use self::watch::{HiddenArg, TableArg, WatchArgs};
