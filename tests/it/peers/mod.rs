//! Tests that need other programs: clients, readers, engines and a browser.
//!
//! `cargo test` ignores them all. `.ci/run` installs the peers, names them in environment variables and runs every ignored
//! test of this module and of [`crate::privileged`]. Ignored tests elsewhere are run by hand and have `on_demand` in their name.
//!
//! *Easy to get wrong:* a test whose peer is missing must fail; otherwise a check without peers would pass. So nothing here
//! returns early: [`peer`] panics.

mod browser;
mod changes;
mod day;
mod deploy;
mod lineage;
mod metrics;
mod numbers;
mod object_server;
mod readers;
mod readme;
mod sdk;
mod sql;
mod stores;

use std::path::PathBuf;

/// The program of a peer, or the folder it is installed in, from an environment variable.
#[track_caller]
fn peer(variable: &str) -> PathBuf {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    let value = value.unwrap_or_else(|| panic!("{variable} is not set; .ci/run installs the peers and sets it"));
    let path = PathBuf::from(value);
    assert!(path.exists(), "{variable} is {}, and nothing is there", path.display());
    path
}

/// A Python with the packages of `tests/requirements.txt`.
fn python() -> PathBuf {
    peer("SENT_EXPORT_SDK_PYTHON")
}
