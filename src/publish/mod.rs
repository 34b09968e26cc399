//! From record batches to files that load at the first try.
//!
//! [`Outputs`] takes every batch once and hands it to each output, which encodes it on a thread of its own;
//! [`Outputs::finish`] closes them into [`StagedOutputs`], and only [`StagedOutputs::publish`] gives the files their
//! names. A run that fails in between leaves the last good files as they were.
//!
//! Every output is locked against other runs from the start; the [`Manifest`] is written when all files have their names.
//!
//! *Easy to get wrong:* the bytes of a file depend on how its rows were cut into batches, so that must not depend on
//! anything but the rows: [`BatchBuilder`](crate::resources::contacts::BatchBuilder) sees to it. Memory is one Parquet row group an
//! output.
//!
//! Tests read every format back and compare rows; `tests/it/outputs.rs` covers full disks and closed pipes.

mod error;
mod gate;
mod lock;
mod manifest;
mod output;
mod outputs;
mod partitions;
mod request;
mod settings;
#[cfg(test)]
mod tests;

pub use self::error::OutputError;
pub use self::gate::{Candidate, Gate, GateFailure};
pub use self::lock::{OutputLock, lock_target};
pub use self::manifest::{MANIFEST_SCHEMA_VERSION, Manifest, PublishedFile, PublishedManifest, read_manifest};
pub use self::outputs::{Outputs, PublishedOutputs, StagedOutputs};
pub use self::request::OutputRequest;
pub use self::settings::{OutputReport, OutputSettings, PartitionBy};
