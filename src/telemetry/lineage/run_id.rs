//! The run id of OpenLineage events.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::super::RunRecord;
use crate::time::Timestamp;

/// A version 7 UUID, made from the time in the run id of the manifest and digits of the id's SHA-256, so that the manifest
/// leads to the events of a run. A run whose settings were rejected has no id; its start time is used instead.
pub(super) fn run_uuid(record: &RunRecord) -> Uuid {
    let id = record.run_id.as_deref();
    let time = id.and_then(time_of).or_else(|| Timestamp::parse(&record.started_at).ok());
    let millis = time.map_or(0, |time| u64::try_from(time.micros() / 1000).unwrap_or(0));
    let name =
        id.map_or_else(|| format!("{} {} {:?}", record.started_at, std::process::id(), record.job), str::to_owned);
    let digest = Sha256::digest(name.as_bytes());
    let mut digits = [0; 10];
    digits.copy_from_slice(&digest[..10]);
    Builder::from_unix_timestamp_millis(millis, &digits).into_uuid()
}

/// The time at the start of an id like `20261128T233005Z-1f0c9a2e`.
fn time_of(id: &str) -> Option<Timestamp> {
    let time = id.split_once('Z')?.0;
    let (date, clock) = time.split_once('T').filter(|_| time.is_ascii() && time.len() == 15)?;
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..)?);
    let (hour, minute, second) = (clock.get(..2)?, clock.get(2..4)?, clock.get(4..)?);
    Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uuid_of(run_id: Option<&str>, started_at: &str) -> Uuid {
        let (run_id, started_at) = (run_id.map(str::to_owned), started_at.to_owned());
        run_uuid(&RunRecord { run_id, started_at, ..RunRecord::default() })
    }

    #[test]
    fn the_uuid_depends_on_the_run_id_alone() {
        let id = Some("20261128T233005Z-1f0c9a2e");
        let found = uuid_of(id, "2026-11-28T23:30:05.120Z");
        assert_eq!(found, uuid_of(id, "2026-11-29T00:00:00Z"));
        assert_eq!(found.get_version_num(), 7);
        let (seconds, _) = found.get_timestamp().unwrap().to_unix();
        assert_eq!(seconds, 1_795_908_605, "the time in the id");
        assert_ne!(found, uuid_of(Some("20261128T233005Z-1f0c9a2f"), "2026-11-28T23:30:05.120Z"));
    }

    #[test]
    fn a_run_without_an_id_gets_a_uuid_from_its_start_time() {
        let (one, other) = (uuid_of(None, "2026-11-28T23:30:05.120Z"), uuid_of(None, "2026-11-28T23:30:05.121Z"));
        assert_ne!(one, other);
        assert_eq!(one.get_version_num(), 7);
        assert_eq!(uuid_of(Some("odd"), "odd").get_version_num(), 7);
    }
}
