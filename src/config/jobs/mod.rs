//! Files of jobs: what `sent-export run` reads.
//!
//! [`JobsFile`] has the contents of the file, with line numbers; [`JobsFile::select`] chooses the jobs to run here.
//! [`cli`](crate::cli) parses the flags.
//!
//! A file of jobs is shared, committed and reviewed, so it cannot contain a key, and what looks like one is refused without
//! being shown.

mod error;
mod file;
mod secrets;
mod shard;

pub use self::error::{JobProblem, JobProblemKind, JobsError};
pub use self::file::{Job, JobsFile};
pub use self::shard::shard_of;
