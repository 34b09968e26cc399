//! Any text read as a page: by the scanner and by serde alone, with one result.
//!
//! `cargo +nightly fuzz run decode fuzz/corpus/decode fuzz/seeds -- -dict=fuzz/decode.dict` runs it until it is stopped
//! or finds a difference. Each input is read as it is and between the ends of a sound answer, or the fuzzer would spend
//! its time on the envelope.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sent_export::contacts::{decode_any_page, decode_page};

fuzz_target!(|input: &str| {
    compare(input);
    compare(&format!(r#"{{"success":true,"data":{{"contacts":[{input}],"pagination":{{"page":1}}}}}}"#));
});

fn compare(body: &str) {
    let body = body.into();
    match (decode_page(&body), decode_any_page(&body)) {
        (Ok(scanned), Ok(read)) => {
            assert_eq!(scanned, read);
            // Nothing that was read may stop the way to columns.
            read.data.and_then(|list| list.contacts).map(|page| page.batch());
        }
        (Err(scanned), Err(read)) => assert_eq!(scanned.to_string(), read.to_string()),
        (scanned, read) => panic!("{scanned:?} is not {read:?}"),
    }
}
