//! What a client of a store can do, and the settings that it is made with.

use std::str::FromStr;

use object_store::ObjectStore;
use object_store::multipart::MultipartStore;

/// A setting of object stores: `--store-option endpoint=http://127.0.0.1:9000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOption {
    pub(super) key: String,
    pub(super) value: String,
}

impl FromStr for StoreOption {
    type Err = &'static str;

    /// Reads `key=value`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text.split_once('=').ok_or("write it like endpoint=https://storage.example.com")?;
        let key = key.trim().to_ascii_lowercase().replace('-', "_");
        if key.is_empty() {
            Err("the name of the option is missing")
        } else {
            Ok(Self { key, value: value.to_owned() })
        }
    }
}

/// What a client of any store can do.
pub(in crate::store) trait Client: ObjectStore + MultipartStore {}
impl<T: ObjectStore + MultipartStore> Client for T {}
