//! The shipped binary against local servers: what it writes, what it says, how it ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "a test says when it is skipped")]

mod cli;
mod export;
mod failures;
mod outputs;
mod readers;
mod sdk;
mod simulator;
mod support;
