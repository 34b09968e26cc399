//! One function for each fuzz target: what it does with an input, and the properties it checks.
//!
//! In every test run, `tests/it/fuzz` calls them with its own inputs; `fuzz/fuzz_targets` calls the same functions under
//! libFuzzer. Each input is read unchanged and again inside a valid frame, because otherwise a fuzzer would spend its time
//! on the frame.

use std::sync::OnceLock;

use sent_export::api::wire::Envelope;
use sent_export::api::{ApiKey, Problem, decide, shown_error};
use sent_export::input::{find_files, read_file};
use sent_export::journal::{Engage, Entry, JournalKey, JournalState, JournalWriter, Question, read_journal};
use sent_export::resources::contacts::{contacts_schema, decode_any_page, decode_page};

/// A page as the API sends it: the scanner and serde alone have the same result.
pub(super) fn decode(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    compare_decoders(&input);
    compare_decoders(&format!(r#"{{"success":true,"data":{{"contacts":[{input}],"pagination":{{"page":1}}}}}}"#));
}

fn compare_decoders(body: &str) {
    let body = body.into();
    match (decode_page(&body), decode_any_page(&body)) {
        (Ok(scanned), Ok(read)) => {
            assert_eq!(scanned, read);
            // Whatever was decoded must also convert to columns.
            read.data.and_then(|list| list.items).map(|page| page.batch_with_extra(true));
        }
        (Err(scanned), Err(read)) => assert_eq!(scanned.to_string(), read.to_string()),
        (scanned, read) => panic!("{scanned:?} is not {read:?}"),
    }
}

/// An error response: the text that is shown is short and has no control characters.
pub(super) fn error_envelope(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    show_error(&input);
    show_error(&format!(r#"{{"success":false,"data":null,"error":{input},"meta":{{"request_id":"req_1"}}}}"#));
}

fn show_error(body: &str) {
    let Ok(envelope) = Envelope::<serde_json::Value>::from_json(body) else { return };
    let key = ApiKey::new("sk-9f8e7d6c5b4a").expect("the key is printable");
    let error = Box::new(shown_error(&key, envelope.error.unwrap_or_default()));
    for status in [200, 400, 429, 503] {
        let _ = decide(status, error.code.as_deref());
    }
    let shown = Problem::Rejected { status: 400, error, request_id: None }.to_string();
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    for part_of_key in ["9f8e7d6c", "9F8E7D6C", "OWY4ZTdk"] {
        assert!(!shown.contains(part_of_key), "{shown:?}");
    }
    assert!(shown.len() < 32 << 10, "{} bytes are shown", shown.len());
}

/// The key of the journals that are read here.
fn journal_key() -> JournalKey {
    JournalKey {
        resource: "contacts".to_owned(),
        endpoint: "v3/contacts".to_owned(),
        base_url: "https://api.sent.dm/".to_owned(),
        page_size: 100,
        consistency: "auto".to_owned(),
        flags: std::collections::BTreeMap::new(),
        secrets: std::collections::BTreeMap::new(),
    }
}

/// A journal with a few responses, as a run leaves it.
pub(super) fn sound_journal() -> &'static [u8] {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let path = folder.path().join("journal");
        let mut writer = JournalWriter::new(path.clone(), &journal_key(), 0, Engage::AtOnce);
        for page in 1..=3 {
            let question = Question { kind: 0, page, size: 100 };
            let body = format!(r#"{{"success":true,"data":{{"contacts":[],"pagination":{{"page":{page}}}}}}}"#).into();
            writer.append(Entry { session: 0, question, elapsed_micros: 5, answered_at: 7, body });
        }
        assert!(writer.keep().is_some(), "the folder is writable");
        std::fs::read(path).expect("the journal was just written")
    })
}

/// A journal on disk: it is read to its end, whatever it contains, and every entry can be reread at its position.
pub(super) fn journal(input: &[u8]) {
    read_whole_journal(input);
    // A valid beginning, and the input as the payload of a record with a correct checksum.
    let sound = sound_journal();
    let begin = sound.windows(4).position(|bytes| bytes == RECORD_MAGIC).expect("the journal has records");
    let (length, checksum) = (u32::try_from(input.len()).expect("inputs are short"), crc32fast::hash(input));
    let parts = [&sound[..begin], RECORD_MAGIC, &length.to_le_bytes(), &checksum.to_le_bytes(), input, &sound[begin..]];
    read_whole_journal(&parts.concat());
}

/// First bytes of a record.
const RECORD_MAGIC: &[u8] = b"SJR1";

fn read_whole_journal(content: &[u8]) {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let path = folder.path().join("journal");
    std::fs::write(&path, content).expect("the folder is ours");
    let JournalState::Usable(mut journal) = read_journal(&path, &journal_key()).expect("the file can be read") else {
        return;
    };
    while let Some(entry) = journal.next_entry().expect("the file can be read") {
        let again = journal.entry_again(journal.position()).expect("the file can be read");
        assert_eq!(again, Some(entry));
    }
}

/// A CSV file for a report: it is read or refused, and the number of rows passed on is the number counted.
pub(super) fn csv(input: &[u8]) {
    report_on("contacts.csv", input);
    let schema = contacts_schema();
    let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    report_on("contacts.csv", &[columns.join(",").as_bytes(), b"\n", input, b"\n"].concat());
    // The same input in the dialect for Excel.
    let header = format!("\u{feff}{}\r\n", columns.join(";"));
    report_on("contacts.csv", &[header.as_bytes(), input, b"\r\n"].concat());
}

/// An NDJSON file for a report, checked like CSV.
pub(super) fn ndjson(input: &[u8]) {
    report_on("contacts.ndjson", input);
    // The input as the value of a column, and as additional lines.
    report_on("contacts.ndjson", &[b"{\"id\":\"a\",\"opt_out\":", input, b"}\n", input, b"\n"].concat());
}

/// A Parquet file for a report, checked like CSV.
pub(super) fn parquet(input: &[u8]) {
    report_on("contacts.parquet", input);
    // The input as a footer, with its length and the magic behind it.
    let length = u32::try_from(input.len()).expect("inputs are short");
    report_on("contacts.parquet", &[b"PAR1", input, &length.to_le_bytes(), b"PAR1"].concat());
}

/// An Arrow IPC file or stream for a report, checked like CSV.
pub(super) fn ipc(input: &[u8]) {
    report_on("contacts.arrow", input);
    report_on("contacts.arrows", input);
    // The input as a footer, with its length and the magic behind it.
    let length = u32::try_from(input.len()).expect("inputs are short");
    report_on("contacts.arrow", &[b"ARROW1\0\0", input, &length.to_le_bytes(), b"ARROW1"].concat());
}

/// A workbook for a report, checked like CSV.
pub(super) fn xlsx(input: &[u8]) {
    report_on("contacts.xlsx", input);
}

fn report_on(name: &str, content: &[u8]) {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("the folder is ours");
    let found = find_files(&[path]).expect("the file exists");
    let mut handed_on = 0;
    if let Ok(facts) = read_file(&found.files[0], &mut |piece| handed_on += piece.batch.num_rows()) {
        assert_eq!(facts.rows, handed_on as u64);
    }
}
