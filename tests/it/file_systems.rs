//! File systems that lack features: publishing works around that, or fails before the first request.
//!
//! A library that is preloaded before the C library (`refusing.c`) makes single calls fail with the error that such a file
//! system returns. It is built with the C compiler that also builds this program.

#![cfg(target_os = "linux")]

use crate::support::{Finished, Run, preloaded, sent_export, simulator};

/// A run in which a call fails with a Linux error.
fn refusing(run: Run, call: &str, errno: i32) -> Run {
    preloaded(run).env(call, Some(&errno.to_string()))
}

const EACCES: i32 = 13;
const EBUSY: i32 = 16;
const EINVAL: i32 = 22;
const ENOSPC: i32 = 28;
const ENOLCK: i32 = 37;
const ENOSYS: i32 = 38;
const ENOTSUP: i32 = 95;

const EVERYTHING: [&str; 4] = ["_c.parquet.manifest.json", "c.csv", "c.parquet", "s.json"];

#[track_caller]
fn assert_new(run: &Finished) {
    assert_eq!(run.files(), EVERYTHING);
    let manifest = run.json("_c.parquet.manifest.json");
    assert_eq!((&manifest["contacts"], &run.json("s.json")["contacts"]), (&150.into(), &150.into()));
    for output in manifest["outputs"].as_array().unwrap() {
        let bytes = std::fs::read(run.path(output["path"].as_str().unwrap())).unwrap();
        assert_eq!(output["sha256"], crate::support::sha256(&bytes));
    }
}

fn export(run: Run, base_url: &str) -> Run {
    run.contacts(base_url, &["-o", "c.parquet", "-o", "c.csv", "--summary", "s.json"])
}

#[test]
fn files_are_published_even_if_syncing_fails() {
    let simulator = simulator(150);
    for (call, errno) in [
        ("REFUSE_FOLDER_SYNC", EINVAL),
        ("REFUSE_FOLDER_SYNC", ENOTSUP),
        ("REFUSE_FOLDER_SYNC", ENOSYS),
        ("REFUSE_FOLDER_SYNC", EACCES),
        ("REFUSE_FILE_SYNC", EINVAL),
    ] {
        let run = refusing(export(sent_export(), &simulator.base_url()), call, errno).finish();
        assert_new(&run.expect_code(0));
    }
}

#[test]
fn without_locks_a_run_continues_with_a_warning() {
    let simulator = simulator(150);
    for errno in [ENOLCK, ENOTSUP, ENOSYS] {
        let run = refusing(export(sent_export(), &simulator.base_url()), "REFUSE_LOCK", errno).finish();
        assert_new(&run.expect_code(0).expect_stderr("cannot lock .c.parquet.lock, so another run"));
    }
}

#[test]
fn files_are_overwritten_if_renaming_is_unsupported() {
    let simulator = simulator(150);
    let run = sent_export().file("c.csv", &"old\n".repeat(100_000));
    let run = refusing(export(run, &simulator.base_url()), "REFUSE_RENAME", EBUSY).finish();
    assert_new(&run.expect_code(0).expect_stderr("overwriting c.csv in place"));
}

#[test]
fn a_mode_that_cannot_be_set_is_a_warning() {
    let simulator = simulator(150);
    let run = export(sent_export(), &simulator.base_url()).args(["--mode", "640"]);
    let run = refusing(run, "REFUSE_MODE", 1).finish();
    assert_new(&run.expect_code(0).expect_stderr("cannot set the mode of c.csv to 640"));
}

#[test]
fn a_lock_that_cannot_be_written_is_not_left() {
    let simulator = simulator(10);
    // As on a full disk, where a file can be created and not written.
    let run = refusing(export(sent_export(), &simulator.base_url()), "REFUSE_TRUNCATE", ENOSPC).finish();
    let run = run.expect_code(7).expect_stderr("cannot create a file beside the output: c.parquet");
    assert_eq!(run.files(), [] as [&str; 0]);
}
