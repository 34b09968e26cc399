//! The outputs of a run, from the first batch to the manifest.
//!
//! [`Outputs`] takes every batch once and hands it to each output, which encodes it on its own thread;
//! [`Outputs::finish`] closes them into [`StagedOutputs`], and only [`StagedOutputs::publish`] renames the files to their
//! final names. A run that fails in between leaves the last good files as they were. A [`Gate`] decides whether an export
//! may replace the last one, and the [`Manifest`], which is written last, says what was published.
//!
//! Every output is locked against other runs from the start ([`OutputLock`]). [`transform`](crate::transform) changes rows
//! once for all outputs, [`format`](crate::format) encodes them, and [`store`](crate::store) writes the bytes. This module
//! does not depend on the resource.
//!
//! *Easy to get wrong:* the bytes of a file depend on how its rows were split into batches, so the caller must split by the
//! rows alone. Memory is one Parquet row group per output.
//!
//! Tests read every format back and compare rows; `tests/it/outputs.rs` covers full disks and closed pipes.

mod error;
mod gate;
mod leftovers;
mod lock;
mod manifest;
mod output;
mod outputs;
mod partitions;
mod parts;
mod record;
mod request;
mod retention;
mod settings;
mod size;
#[cfg(test)]
mod tests;

pub use self::error::OutputError;
pub use self::gate::{Candidate, Gate, GateFailure};
pub use self::leftovers::{remove_leftovers, remove_leftovers_in};
pub use self::lock::{OutputLock, lock_target};
pub use self::manifest::{
    MANIFEST_SCHEMA_VERSION, Manifest, PublishedFile, PublishedManifest, left_by_interrupted_run, placeholder,
    read_manifest,
};
pub use self::outputs::{Outputs, PublishedOutputs, StagedOutputs};
pub use self::partitions::{is_dataset_file, is_in_dataset};
pub use self::parts::{is_part_of, whole_of_part};
pub use self::record::{PublicationRecord, RecordedManifest};
pub use self::request::OutputRequest;
pub use self::retention::{newest_manifest, newest_rows, remove_older};
pub use self::settings::{OutputReport, OutputSettings, PartitionBy, PartitionFiles};
pub use self::size::expected_bytes;
