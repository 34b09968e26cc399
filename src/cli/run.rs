//! The flags of `sent-export run`.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::shared::number_between;

/// More concurrent jobs than this are a mistake: each has its own connections and files.
const MAX_PARALLEL: u64 = 1_000;

const EXAMPLES: &str = "\
Examples:
  sent-export run jobs.toml
      All jobs of the file, one after another
  sent-export run jobs.toml acme-contacts globex-contacts
      Two of them
  sent-export run jobs.toml --parallel 20 --shard 3/16
      This machine's share of the jobs, twenty at a time
  sent-export run jobs.toml -- --fresh --max-duration 2h
      With flags that replace those of every job

A file:
  [defaults]
  command = \"contacts\"
  output = \"exports/{job}.parquet\"

  [jobs.acme]
  api-key-env = \"ACME_KEY\"

  [jobs.globex]
  api-key-file = \"keys/globex\"
  max-shrink = \"20%\"

Exit codes:
  0 if every job ended with 0, otherwise the first of 130/143, 1, 2, 6, 4, 7, 8, 5 and 3 that a job ended with";

/// The flags of `sent-export run`, before they are checked.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, arg_required_else_help = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct JobsArgs {
    /// File with the jobs, in TOML
    ///
    /// It holds a table `[jobs.NAME]` for each job and `[defaults]` for all. In them, `command` is the command to run, every other
    /// key is a flag of it without dashes, and `args` lists arguments without a flag. {job} in a text is the name of the job.
    /// Paths are relative to the working directory.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Jobs to run [default: all]
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,

    /// Flags for every job whose command has them, which replace those of the file
    #[arg(value_name = "FLAGS", last = true, allow_hyphen_values = true)]
    pub overrides: Vec<OsString>,

    /// Print the jobs with their commands and outputs, and run none
    #[arg(long, conflicts_with = "check", help_heading = "Jobs")]
    pub list: bool,

    /// Check every job as far as possible without a request, and run none
    ///
    /// Checks flags, keys, formats, paths and addresses of outputs, and that no two jobs write the same file.
    #[arg(long, help_heading = "Jobs")]
    pub check: bool,

    /// Run only a share of the jobs, such as 3/16 for the third of sixteen machines
    ///
    /// A job belongs to one share by the SHA-256 of its name, whatever other jobs there are.
    #[arg(long, value_name = "K/N", conflicts_with = "shard_index", help_heading = "Jobs")]
    pub shard: Option<ShardArg>,

    /// The same, counted from 0, such as 2/16: for an index like `JOB_COMPLETION_INDEX` of Kubernetes
    #[arg(long, value_name = "I/N", value_parser = shard_index, help_heading = "Jobs")]
    pub shard_index: Option<ShardArg>,

    /// Maximum number of jobs at a time
    ///
    /// Jobs with the same key and base URL share a quota, so they run one after another. Jobs that read what others write
    /// belong in a separate run.
    #[arg(long, value_name = "N", default_value = "1", value_parser = parallel, help_heading = "Jobs")]
    pub parallel: NonZeroUsize,

    /// Start no further jobs after one has failed
    #[arg(long, help_heading = "Jobs")]
    pub stop_on_failure: bool,

    /// Print errors only, of all jobs
    #[arg(short, long, help_heading = "Messages")]
    pub quiet: bool,
}

/// A share of the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardArg {
    /// Which one, from 0.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

impl FromStr for ShardArg {
    type Err = String;

    /// Reads a share that is counted from 1.
    fn from_str(text: &str) -> Result<Self, String> {
        let (shard, count) = parts(text)
            .filter(|(shard, count)| (1..=*count).contains(shard))
            .ok_or_else(|| "write a share like 3/16, counted from 1; --shard-index counts from 0".to_owned())?;
        Ok(Self { index: shard - 1, count })
    }
}

/// Reads a share that is counted from 0.
fn shard_index(text: &str) -> Result<ShardArg, String> {
    let (index, count) = parts(text)
        .filter(|(index, count)| index < count)
        .ok_or_else(|| "write a share like 2/16, counted from 0; --shard counts from 1".to_owned())?;
    Ok(ShardArg { index, count })
}

fn parts(text: &str) -> Option<(u64, u64)> {
    let (shard, count) = text.split_once('/')?;
    Some((shard.trim().parse().ok()?, count.trim().parse().ok()?))
}

fn parallel(text: &str) -> Result<NonZeroUsize, String> {
    let jobs: usize = number_between(text, 1, MAX_PARALLEL)?;
    NonZeroUsize::new(jobs).ok_or_else(|| "write 1 or more".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_counted_from_one_and_its_index_from_zero() {
        let shard = |index, count| Ok(ShardArg { index, count });
        assert_eq!("1/16".parse::<ShardArg>(), shard(0, 16));
        assert_eq!("16/16".parse::<ShardArg>(), shard(15, 16));
        assert_eq!(shard_index("0/16"), shard(0, 16));
        assert_eq!(shard_index("15/16"), shard(15, 16));
        for bad in ["0/16", "17/16", "1/0", "1", "a/b", "-1/2", ""] {
            assert!(bad.parse::<ShardArg>().is_err_and(|error| error.contains("from 1")), "{bad}");
        }
        for bad in ["16/16", "0/0", "0"] {
            assert!(shard_index(bad).is_err_and(|error| error.contains("from 0")), "{bad}");
        }
    }
}
