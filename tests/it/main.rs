//! The shipped binary against local servers: what it writes, what it says, how it ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cli;
mod export;
mod failures;
mod outputs;
mod readers;
mod report;
mod report_browser;
mod report_numbers;
mod sdk;
mod simulator;
mod support;
