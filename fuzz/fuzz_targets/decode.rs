//! Any text read as a page: by the scanner and by serde alone, with one result.
//!
//! `cargo +nightly fuzz run decode fuzz/corpus/decode fuzz/seeds -- -dict=fuzz/decode.dict` runs it until it is stopped
//! or finds a difference. Each input is read as it is and between the ends of a sound answer, or the fuzzer would spend
//! its time on the envelope.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sent_export::api::wire::Envelope;
use sent_export::contacts::{ContactList, decode_any_page, decode_page};

fuzz_target!(|input: &str| {
    compare(input);
    compare(&format!(r#"{{"success":true,"data":{{"contacts":[{input}],"pagination":{{"page":1}}}}}}"#));
});

fn compare(body: &str) {
    match (decode_page(body), decode_any_page(body)) {
        (Ok(scanned), Ok(read)) => {
            assert_eq!(format!("{scanned:?}"), format!("{read:?}"));
            // The middle of a long array is not printed.
            let batch = |envelope: Envelope<ContactList>| Some(envelope.data?.contacts?.batch);
            assert_eq!(batch(scanned), batch(read));
        }
        (Err(scanned), Err(read)) => assert_eq!(scanned.to_string(), read.to_string()),
        (scanned, read) => panic!("{scanned:?} is not {read:?}"),
    }
}
