//! The shipped binary against local servers: what it writes, what it says, how it ends.

mod cli;
mod export;
mod failures;
mod outputs;
mod readers;
mod simulator;
mod support;
