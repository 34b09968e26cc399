//! Helpers that run the binary and respond to its requests.

mod certificate;
mod command;
#[cfg(target_os = "linux")]
mod preloaded;
mod server;

pub(crate) use certificate::greet_with_unknown_certificate;
pub(crate) use command::{Finished, Run, run_in, sent_export, wait_until};
#[cfg(target_os = "linux")]
pub(crate) use preloaded::preloaded;
pub(crate) use server::{Answer, Asked, ScriptedServer, page};

use sent_export::simulator::{Settings, Simulator};
use sha2::Digest;

/// The schema of summaries.
pub(crate) const SUMMARY_SCHEMA: &str = include_str!("../../../schema/summary.schema.json");
/// The schema of summaries of messages.
pub(crate) const DELIVERY_SCHEMA: &str = include_str!("../../../schema/delivery.schema.json");
/// The schema of manifests.
pub(crate) const MANIFEST_SCHEMA: &str = include_str!("../../../schema/manifest.schema.json");

/// Validates a document against its schema.
#[track_caller]
pub(crate) fn assert_valid(document: &serde_json::Value, schema: &str) {
    let schema = serde_json::from_str(schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is valid");
    let errors: Vec<_> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = sha2::Sha256::digest(bytes);
    let half = |from: usize| u128::from_be_bytes(digest[from..from + 16].try_into().expect("half of 32 bytes"));
    format!("{:032x}{:032x}", half(0), half(16))
}

/// The ids in a CSV file, in the order of its rows.
pub(crate) fn csv_ids(path: &std::path::Path) -> Vec<uuid::Uuid> {
    let mut reader = csv::Reader::from_path(path).expect("the file exists");
    reader.records().map(|row| row.expect("the CSV is valid")[0].parse().expect("the first column is the id")).collect()
}

/// A simulator with this many contacts.
pub(crate) fn simulator(contacts: u32) -> Simulator {
    Simulator::start(Settings { contacts, ..Settings::default() }).expect("a loopback port is free")
}
