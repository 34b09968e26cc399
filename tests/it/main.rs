//! The shipped binary against local servers: what it writes, what it says, how it ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chaos;
mod cli;
mod drift;
mod export;
mod failures;
mod fuzz;
mod network;
mod outputs;
mod pipes;
mod publish;
mod readers;
mod report;
mod report_browser;
mod report_files;
mod report_numbers;
mod report_parts;
mod resume;
mod sdk;
mod simulator;
mod support;
