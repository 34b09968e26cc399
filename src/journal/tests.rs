use std::fs;
use std::time::Duration;

use std::path::PathBuf;

use super::*;

pub(crate) fn key() -> JournalKey {
    let secrets = [("API key", "key-1"), ("--phone", "+12025550123")];
    JournalKey {
        resource: "contacts".into(),
        endpoint: "v3/contacts".into(),
        base_url: "https://api.sent.dm/".into(),
        page_size: 100,
        consistency: "auto".into(),
        flags: [("--channel".to_owned(), "sms".to_owned())].into(),
        secrets: secrets.map(|(name, value)| (name.to_owned(), Secret::new(Some(value)))).into(),
    }
}

pub(crate) fn entry(page: u64) -> Entry {
    Entry {
        session: 0,
        question: Question { kind: 0, page, size: 100 },
        elapsed_micros: 5,
        answered_at: 1_772_323_200_000_000,
        body: format!("{{\"page\":{page},\"text\":\"{}\"}}", "x".repeat(500)).into(),
    }
}

/// A journal of these pages, in this order.
pub(crate) fn written_pages(folder: &Path, pages: impl Iterator<Item = u64>) -> PathBuf {
    let path = folder.join("j");
    let mut writer = JournalWriter::new(path.clone(), &key(), 7, Engage::AtOnce);
    pages.for_each(|page| writer.append(entry(page)));
    writer.keep();
    path
}

/// A journal with this number of entries, and the bytes of its file.
fn written(folder: &Path, entries: u64) -> (PathBuf, Vec<u8>) {
    let path = folder.join("j");
    let mut writer = JournalWriter::new(path.clone(), &key(), 7, Engage::AtOnce);
    (1..=entries).for_each(|page| writer.append(entry(page)));
    assert_eq!(writer.keep().as_deref(), Some(path.as_path()));
    let bytes = fs::read(&path).unwrap();
    (path, bytes)
}

pub(crate) fn open(path: &Path) -> Journal {
    match read_journal(path, &key()).unwrap() {
        JournalState::Usable(journal) => *journal,
        other => panic!("{other:?}"),
    }
}

fn pages(journal: &mut Journal) -> Vec<u64> {
    std::iter::from_fn(|| journal.next_entry().unwrap()).map(|entry| entry.question.page).collect()
}

#[test]
fn entries_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let mut writer = JournalWriter::new(path.clone(), &key(), 7, Engage::AtOnce);
    let entries = [0, 5, u8::MAX].map(|kind| Entry { question: Question { kind, ..entry(3).question }, ..entry(3) });
    entries.iter().cloned().for_each(|entry| writer.append(entry));
    writer.keep();
    let mut journal = open(&path);
    assert_eq!(journal.started_at(), 7);
    let read: Vec<Entry> = std::iter::from_fn(|| journal.next_entry().unwrap()).collect();
    assert_eq!(read, entries);
}

#[test]
fn an_entry_is_found_again_while_the_journal_is_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = written(folder.path(), 3);
    let mut journal = open(&path);
    assert_eq!(journal.next_entry().unwrap(), Some(entry(1)));
    let first = journal.position();
    assert_eq!(journal.next_entry().unwrap(), Some(entry(2)));
    assert_eq!(journal.entry_again(first).unwrap(), Some(entry(1)));
    assert_eq!(pages(&mut journal), [3]);
    let (mut writer, _) = journal.resume().unwrap();
    writer.append(entry(4));
    writer.keep();
    assert_eq!(journal.entry_again(first).unwrap(), Some(entry(1)));
    assert_eq!(journal.entry_again(first + 1).unwrap(), None);
    assert_eq!(pages(&mut open(&path)), [1, 2, 3, 4]);
}

#[test]
fn a_file_truncated_at_any_byte_keeps_its_complete_entries_and_can_be_continued() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = written(folder.path(), 3);
    let header = bytes.windows(4).position(|window| window == b"SJR1").unwrap();
    for length in header..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let mut journal = open(&path);
        let found = pages(&mut journal);
        assert!(found.len() < 3 && found == (1..=found.len() as u64).collect::<Vec<_>>(), "{length}: {found:?}");
        let (mut writer, session) = journal.resume().unwrap();
        assert_eq!(session, 1);
        writer.append(entry(9));
        writer.keep();
        let mut again = pages(&mut open(&path));
        assert_eq!(again.pop(), Some(9));
        assert_eq!(again, found);
    }
}

#[test]
fn a_damaged_entry_is_skipped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = written(folder.path(), 3);
    let starts: Vec<usize> = bytes.windows(4).enumerate().filter(|(_, w)| w == b"SJR1").map(|(at, _)| at).collect();
    for at in starts[1]..starts[2] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        fs::write(&path, &damaged).unwrap();
        let mut journal = open(&path);
        assert_eq!(pages(&mut journal), [1, 3], "byte {at}");
        assert_eq!(journal.damaged(), 1);
    }
}

fn with_secret(name: &str, value: Option<&str>) -> JournalKey {
    let mut other = key();
    other.secrets.insert(name.to_owned(), Secret::new(value));
    other
}

#[test]
fn a_journal_of_version_1_is_refused_by_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut bytes) = written(folder.path(), 1);
    bytes[8] = 1;
    fs::write(&path, bytes).unwrap();
    let state = read_journal(&path, &key()).unwrap();
    assert!(matches!(&state, JournalState::Unusable(why) if why.contains("format version 1")), "{state:?}");
}

#[test]
fn another_command_or_a_damaged_beginning_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = written(folder.path(), 1);
    let others = [
        (with_secret("API key", Some("key-2")), "API key"),
        (with_secret("--search", Some("a")), "--search"),
        (with_secret("--phone", None), "--phone"),
        (JournalKey { flags: BTreeMap::new(), ..key() }, "--channel"),
        (JournalKey { page_size: 50, ..key() }, "--page-size"),
        (JournalKey { base_url: "https://other/".into(), ..key() }, "--base-url"),
        (JournalKey { consistency: "plain".into(), ..key() }, "--consistency"),
        (JournalKey { resource: "messages".into(), ..key() }, "resource"),
        (JournalKey { endpoint: "v3/conversations".into(), ..key() }, "endpoint"),
    ];
    for (other, part) in others {
        let state = read_journal(&path, &other).unwrap();
        assert!(matches!(&state, JournalState::Unusable(why) if why.contains(part)), "{part}: {state:?}");
    }
    for at in 0..40 {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        fs::write(&path, damaged).unwrap();
        assert!(matches!(read_journal(&path, &key()).unwrap(), JournalState::Unusable(_)), "byte {at}");
    }
    assert!(matches!(read_journal(&folder.path().join("none"), &key()).unwrap(), JournalState::None));
}

#[test]
fn neither_the_key_nor_a_number_is_in_the_file_and_only_its_owner_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = written(folder.path(), 1);
    for secret in ["key-1", "2025550123"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_short_run_leaves_no_file_unless_its_journal_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let mut writer = JournalWriter::new(path.clone(), &key(), 7, Engage::WhenItLasts);
    writer.append(entry(1));
    assert!(!path.exists());
    writer.remove();
    assert!(!path.exists());
    let mut writer = JournalWriter::new(path.clone(), &key(), 7, Engage::WhenItLasts);
    writer.append(entry(1));
    writer.keep();
    assert_eq!(pages(&mut open(&path)), [1]);
}

#[tokio::test(start_paused = true)]
async fn fast_responses_are_saved_only_after_half_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let mut writer = JournalWriter::new(path.clone(), &key(), 7, Engage::WhenItLasts);
    writer.append(entry(1));
    tokio::time::advance(Duration::from_millis(60)).await;
    (2..=200).for_each(|page| writer.append(entry(page)));
    tokio::time::advance(Duration::from_secs(30)).await;
    writer.append(entry(201));
    writer.keep();
    // Sixty responses in sixty milliseconds are not faster than one per millisecond. From the next one on, they are.
    let wanted: Vec<u64> = (1..=60).chain([201]).collect();
    assert_eq!(pages(&mut open(&path)), wanted);
}

#[test]
fn a_journal_that_cannot_be_written_does_not_end_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = JournalWriter::new(folder.path().join("missing/j"), &key(), 7, Engage::AtOnce);
    writer.append(entry(1));
    writer.append(entry(2));
    assert_eq!(writer.keep(), None);
}
