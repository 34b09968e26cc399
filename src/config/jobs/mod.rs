//! Files of jobs: what `sent-export run` reads.
//!
//! [`JobsFile`] is what the file says, with the line of everything in it; [`JobsFile::select`] chooses what is run here.
//! Flags are given their meaning by [`cli`](crate::cli), which knows them.
//!
//! A file of jobs is shared, committed and reviewed, so there is no way to write a key into it, and what looks like one is
//! refused without being shown.

mod error;
mod file;
mod secrets;
mod shard;

pub use self::error::{JobProblem, JobProblemKind, JobsError};
pub use self::file::{Job, JobsFile};
pub use self::shard::shard_of;
