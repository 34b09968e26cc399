//! The real binary against local servers: outputs, messages and exit codes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activities;
mod changes;
mod chaos;
mod cli;
mod contact;
mod csv_dialects;
mod deploy;
mod diff;
mod doctor;
mod drift;
mod export;
mod failures;
mod file_systems;
mod fuzz;
mod history;
mod hostile;
mod jobs;
mod layouts;
mod messages;
mod messages_activities;
mod network;
mod outputs;
mod peers;
mod pipes;
mod plan;
mod privacy;
mod privileged;
mod profiles;
mod publish;
mod readme;
mod report;
mod report_files;
mod report_inputs;
mod report_messages;
mod report_parquet;
mod report_parts;
mod resume;
mod samples;
mod simulator;
mod sql;
mod support;
mod verify;
mod workbooks;
