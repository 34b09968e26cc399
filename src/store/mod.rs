//! Where bytes go: files and objects that appear whole, standard output, pipes and devices.
//!
//! Bytes are written to a `Staged` output, which gets its name when it is published. A regular file (`local`) is written
//! beside its target, synced and renamed, with the permissions of the file that it replaces; an object (`object`) is
//! uploaded in parts and appears atomically. A target that is not a regular file is written to directly. [`SmallFile`] is
//! the same for small files that are written at once, `Sidecar` names the files beside an output. This module does not know
//! what is written.
//!
//! Called by `publish` for outputs, by `journal` for its file, and by `commands` for reports.
//!
//! *Easy to get wrong:* a call that a file system does not support is not a failure, but a full or broken disk always is;
//! the lists in `file_system` say which is which. `tests/it/outputs.rs`, `privileged.rs` and `file_systems.rs`
//! test this on real disks, mounts and permissions, `tests/it/peers/stores.rs` on servers of object stores.

mod access;
mod background_sync;
mod error;
mod file_system;
mod hashing;
mod hindrance;
mod local;
mod object;
mod open;
mod paths;
mod pattern;
mod replace;
mod sidecar;
mod small_file;
mod staged;
mod state;
mod target;

pub use self::access::{FileMode, FileModeError};
pub(crate) use self::background_sync::BackgroundSync;
pub use self::error::StoreError;
pub(crate) use self::error::open_hint;
pub(crate) use self::file_system::{is_out_of_files, refuses_locks, sync_all};
pub(crate) use self::hashing::HashingWriter;
pub use self::hindrance::Hindrance;
pub(crate) use self::local::make_folders;
pub use self::object::{AddressError, ObjectError, ObjectErrorKind, StoreOption, Stores};
pub(crate) use self::open::open;
pub(crate) use self::paths::folder_of;
pub use self::paths::{file_identity, is_written_directly};
pub use self::pattern::{NamePiece, PlacePattern};
pub(crate) use self::replace::create_private;
pub(crate) use self::sidecar::Sidecar;
pub use self::small_file::{
    Neighbors, SeenObject, SmallFile, check_removable, check_writable, read_small_file, remove_empty_folder,
    remove_partial, remove_small_file, size_of, stage_small_file, write_small_file,
};
pub use self::staged::FileSettings;
pub(crate) use self::staged::Staged;
pub use self::state::state_folder;
pub use self::target::{ListedObject, ObjectTarget, OutputTarget};
