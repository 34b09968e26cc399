//! The fuzz targets on stable Rust, with randomly mutated valid inputs.
//!
//! Every run of the tests tries a few hundred inputs on each target, the same ones each time. With
//! `SENT_EXPORT_FUZZ_SECONDS`, each target runs for that long, from the same first input. An input is saved before it is
//! tried, so it is kept even if it crashes the process; failing inputs stay in `target/tmp/fuzz`.
//!
//! This module does not use coverage feedback. For that, `fuzz/` has the same targets under libFuzzer, which needs nightly.
//! This module leaves its initial inputs in `target/tmp/fuzz/<target>` for it.

mod mutate;
mod targets;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sent_export::simulator::Settings;

use crate::support::sent_export;
use mutate::Mutator;

/// Number of inputs tried on each target if no duration is set.
const INPUTS: u64 = 300;
/// No input is longer than a few kilobytes, so only a bug takes this long, even on a slow machine.
const TOO_LONG: Duration = Duration::from_secs(20);

#[test]
fn no_page_is_decoded_in_two_ways() {
    drive("decode", targets::decode, stored("decode"));
}

#[test]
fn every_error_can_be_shown() {
    drive("error_envelope", targets::error_envelope, stored("error_envelope"));
}

#[test]
fn every_journal_is_read_to_its_end() {
    drive("journal", targets::journal, vec![targets::sound_journal().to_vec()]);
}

#[test]
fn every_csv_file_is_read_or_refused() {
    let mut inputs = stored("csv");
    inputs.push(exported("contacts.csv"));
    drive("csv", targets::csv, inputs);
}

#[test]
fn every_ndjson_file_is_read_or_refused() {
    drive("ndjson", targets::ndjson, vec![exported("contacts.ndjson"), br#"["sms",null,{"a":1.5e300}]"#.to_vec()]);
}

#[test]
fn every_parquet_file_is_read_or_refused() {
    let whole = exported("contacts.parquet");
    let (rest, length) = whole[..whole.len() - 4].split_last_chunk().unwrap();
    let footer = rest[rest.len() - u32::from_le_bytes(*length) as usize..].to_vec();
    drive("parquet", targets::parquet, vec![whole, footer]);
}

#[test]
fn every_arrow_file_is_read_or_refused() {
    let whole = exported("contacts.arrow");
    let (rest, length) = whole[..whole.len() - b"ARROW1".len()].split_last_chunk().unwrap();
    let footer = rest[rest.len() - u32::from_le_bytes(*length) as usize..].to_vec();
    drive("ipc", targets::ipc, vec![whole, footer, exported("contacts.arrows")]);
}

#[test]
fn every_workbook_is_read_or_refused() {
    drive("xlsx", targets::xlsx, vec![exported("contacts.xlsx")]);
}

/// The inputs in `seeds/<target>`.
fn stored(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fuzz/seeds").join(target);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// An export of a few contacts.
fn exported(name: &str) -> Vec<u8> {
    let settings = Settings { contacts: 12, hostile: true, ..Settings::default() };
    let simulator = sent_export::simulator::Simulator::start(settings).unwrap();
    let run = sent_export().contacts(&simulator.base_url(), &["-o", name]).finish().expect_code(0);
    std::fs::read(run.path(name)).unwrap()
}

fn drive(name: &str, target: fn(&[u8]), seeds: Vec<Vec<u8>>) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (at, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{at}")), seed).unwrap();
    }
    let seconds = std::env::var("SENT_EXPORT_FUZZ_SECONDS").ok();
    let seconds = seconds.map(|text| text.parse().expect("SENT_EXPORT_FUZZ_SECONDS is a number"));
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let current = folder.with_file_name(format!("{name}.input"));
    let mut tried = 0;
    for seed in &seeds {
        try_input(target, seed, &current);
    }
    let mut mutator = Mutator::new(seeds, name);
    while until.map_or(tried < INPUTS, |until| Instant::now() < until) {
        try_input(target, &mutator.next_input(), &current);
        tried += 1;
    }
    std::fs::remove_file(current).unwrap();
    assert!(tried > 0, "no input was tried");
    drop(writeln!(std::io::stderr(), "{name}: {tried} inputs"));
}

fn try_input(target: fn(&[u8]), input: &[u8], current: &Path) {
    std::fs::write(current, input).unwrap();
    let began = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| target(input)));
    if let Err(panic) = result {
        drop(writeln!(std::io::stderr(), "the input is kept in {}", current.display()));
        resume_unwind(panic);
    }
    assert!(began.elapsed() < TOO_LONG, "{:?} for {}", began.elapsed(), current.display());
}
