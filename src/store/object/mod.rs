//! Objects in cloud stores: S3, Google Cloud Storage, Azure Blob Storage, and stores with their protocols.
//!
//! [`Stores`] holds the clients of a run. An output is an [`Upload`]: its bytes are uploaded in parts, and it appears when
//! it is published. Reports and the manifest are small objects; the manifest is only replaced by a conditional write, so
//! that of two runs on the same output, one fails before it publishes anything.
//!
//! `tests/it/peers/stores.rs` runs against servers of all three protocols.

mod address;
mod aws_profile;
mod client;
mod connect;
mod error;
mod small;
mod stores;
mod upload;

pub use self::address::AddressError;
pub(crate) use self::address::ObjectAddress;
pub(in crate::store) use self::client::Client;
pub use self::client::StoreOption;
pub use self::error::{ObjectError, ObjectErrorKind};
pub(super) use self::small::{Version, download, list_all, list_directly, read, remove, replace, size, write};
pub use self::stores::Stores;
pub(crate) use self::upload::{Upload, prove_writable};
