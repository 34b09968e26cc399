//! Where bytes go: files that appear whole, standard output, pipes and devices.
//!
//! A regular file is written beside its target (`Destination`), synced and renamed, with the permissions of the file
//! that it replaces; [`StagedFile`] does the same for a small file that is written at once. A target that is no regular
//! file is written to directly. `Sidecar` names what a run keeps beside an output, and `BackgroundSync` syncs a file
//! that grows for a long time. This room does not know what is written.
//!
//! Called by `publish` for outputs, by `journal` for its own file, and by `report` for what it writes.
//!
//! *Easy to get wrong:* a call that a file system does not support is not a failure, and a full or broken disk always is
//! one; the lists in `file_system` say which is which. `tests/it/outputs.rs`, `privileged.rs` and `file_systems.rs`
//! test this on real disks, mounts and permissions.

mod access;
mod background_sync;
mod error;
mod file_system;
mod hashing;
mod hindrance;
mod paths;
mod replace;
mod sidecar;
mod small_file;
mod staged;
mod target;

pub use self::access::{FileMode, FileModeError};
pub(crate) use self::background_sync::BackgroundSync;
pub use self::error::StoreError;
pub(crate) use self::error::open_hint;
pub(crate) use self::file_system::{is_out_of_files, refuses_locks, sync_all};
pub(crate) use self::hashing::HashingWriter;
pub use self::hindrance::Hindrance;
pub(crate) use self::paths::folder_of;
pub use self::paths::{file_identity, is_written_directly, relative_to};
pub(crate) use self::replace::create_private;
pub(crate) use self::sidecar::Sidecar;
pub use self::small_file::{StagedFile, check_writable, stage_small_file, write_small_file};
pub(crate) use self::staged::Destination;
pub use self::staged::FileSettings;
pub use self::target::OutputTarget;
