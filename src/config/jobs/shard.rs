//! Which machine runs which job when several share a file.

use sha2::{Digest, Sha256};

/// The shard of a job, from 0 to `count` - 1: the first eight bytes of the SHA-256 of its name, as a big-endian number,
/// modulo `count`. It depends on nothing else, so adding a job to the file moves no other.
///
/// # Panics
/// When `count` is zero.
pub fn shard_of(job: &str, count: u64) -> u64 {
    let digest = Sha256::digest(job.as_bytes());
    let first = digest.iter().take(8).fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    first % count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_stays_in_its_shard_from_version_to_version() {
        // Computed with `printf acme | sha256sum` and Python.
        for (job, of_16, of_3) in [("acme", 0, 0), ("globex", 7, 1)] {
            assert_eq!((shard_of(job, 16), shard_of(job, 3)), (of_16, of_3), "{job}");
        }
        assert_eq!(shard_of("acme", 1), 0);
    }

    #[test]
    fn every_job_is_in_exactly_one_of_all_shards() {
        let jobs: Vec<String> = (0..1_000).map(|number| format!("job-{number}")).collect();
        let mut sizes = [0; 16];
        for job in &jobs {
            sizes[usize::try_from(shard_of(job, 16)).unwrap()] += 1;
        }
        assert_eq!(sizes.iter().sum::<usize>(), jobs.len());
        assert!(sizes.iter().all(|size| (30..100).contains(size)), "{sizes:?}");
    }
}
