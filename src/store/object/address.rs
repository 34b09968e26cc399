//! Addresses of objects: `s3://bucket/key`, `gs://bucket/key`, `az://container/key`,
//! `abfss://container@account.dfs.core.windows.net/key`.
//!
//! A key is used as typed, without percent decoding, as by the command-line tools of the clouds.

use std::fmt;

use object_store::path::Path as Key;

/// A kind of object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Cloud {
    /// Amazon S3, and stores that speak its protocol.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage and Data Lake Storage.
    Azure,
}

/// The schemes of addresses, with the kind of store that each of them names.
const SCHEMES: [(&str, Cloud); 6] = [
    ("s3", Cloud::S3),
    ("s3a", Cloud::S3),
    ("gs", Cloud::Google),
    ("az", Cloud::Azure),
    ("abfs", Cloud::Azure),
    ("abfss", Cloud::Azure),
];

/// The address of an object, or of all objects below a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ObjectAddress {
    pub(super) cloud: Cloud,
    /// Scheme and bucket: `s3://bucket`.
    pub(super) bucket: String,
    /// Without a `/` at either end; empty for the whole bucket.
    pub(super) key: Key,
    /// Whether it was typed with a `/` at its end.
    is_folder: bool,
}

/// Why an address is invalid, without possible secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No store has this scheme.
    #[error("unknown kind of store: {0}://")]
    UnknownScheme(String),
    /// The bucket is missing.
    #[error("the address has no bucket: {0}")]
    NoBucket(String),
    /// The address has a user name or a password.
    #[error("an address of {0}:// must not contain credentials")]
    Credentials(String),
    /// The address has a query.
    #[error("an address of {0}:// must not have a query")]
    Query(String),
    /// No store accepts the key.
    #[error("unusable name of an object: {address}: {why}")]
    Key {
        /// As it was given.
        address: String,
        /// What is wrong with it.
        why: String,
    },
}

impl AddressError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UnknownScheme(_) => "write a path, or an address of s3://, gs://, az:// or abfss://",
            Self::NoBucket(_) => "write it like s3://bucket/folder/contacts.parquet",
            Self::Credentials(_) | Self::Query(_) => {
                "give credentials by the cloud's own environment or files, and settings by --store-option"
            }
            Self::Key { .. } => "choose another name",
        }
    }
}

impl ObjectAddress {
    /// Parses an address; `None` for a local path.
    ///
    /// # Errors
    /// When it starts like an address but is invalid.
    pub(crate) fn parse(text: &str) -> Option<Result<Self, AddressError>> {
        let (scheme, rest) = text.split_once("://")?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        is_scheme.then(|| Self::of_parts(scheme, rest, text))
    }

    fn of_parts(scheme: &str, rest: &str, text: &str) -> Result<Self, AddressError> {
        let lower = scheme.to_ascii_lowercase();
        let known = SCHEMES.iter().find(|(known, _)| *known == lower);
        let &(scheme, cloud) = known.ok_or(AddressError::UnknownScheme(lower))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        // Only Azure's Hadoop form has something in front of an `@`: the container.
        let has_user = bucket.contains('@');
        if bucket.contains(':') || has_user && !matches!(scheme, "abfs" | "abfss") {
            return Err(AddressError::Credentials(scheme.to_owned()));
        }
        if key.contains('?') || bucket.contains('?') {
            return Err(AddressError::Query(scheme.to_owned()));
        }
        if bucket.is_empty() || bucket.starts_with('@') {
            return Err(AddressError::NoBucket(text.to_owned()));
        }
        let is_folder = key.is_empty() || key.ends_with('/');
        let unusable = |why: object_store::path::Error| AddressError::Key {
            address: text.to_owned(),
            why: match why {
                object_store::path::Error::EmptySegment { .. } => "it has an empty part between two slashes".to_owned(),
                other => other.to_string(),
            },
        };
        let key = Key::parse(key).map_err(unusable)?;
        // Hadoop's name for S3.
        let scheme = if scheme == "s3a" { "s3" } else { scheme };
        Ok(Self { cloud, bucket: format!("{scheme}://{bucket}"), key, is_folder })
    }

    /// Whether it has the form of a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// The bucket with its scheme, and the key in it.
    pub(crate) fn bucket_and_key(&self) -> (String, String) {
        (self.bucket.clone(), self.key.to_string())
    }

    /// The last part of the key.
    pub(crate) fn file_name(&self) -> &str {
        self.key.filename().unwrap_or_default()
    }

    /// The address of another object in the same folder.
    pub(crate) fn sibling(&self, name: &str) -> Self {
        let key = self.key.as_ref();
        let folder = key.rfind('/').map_or("", |slash| &key[..=slash]);
        Self { key: key_of(format!("{folder}{name}")), is_folder: false, ..self.clone() }
    }

    /// The folder that it is in.
    pub(crate) fn folder(&self) -> Self {
        let key = self.key.as_ref();
        let folder = key.rfind('/').map_or("", |slash| &key[..slash]);
        Self { key: key_of(folder.to_owned()), is_folder: true, ..self.clone() }
    }

    /// The address of another object in the same bucket.
    pub(crate) fn at_key(&self, key: Key) -> Self {
        Self { key, is_folder: false, ..self.clone() }
    }

    /// The address of an object below this one; `path` has parts between slashes.
    pub(crate) fn join(&self, path: &str) -> Self {
        let separator = if self.key.as_ref().is_empty() { "" } else { "/" };
        Self { key: key_of(format!("{}{separator}{path}", self.key)), is_folder: false, ..self.clone() }
    }

    /// The path of `other` as seen from the folder of this object, if both are in one bucket and `other` is below it.
    pub(crate) fn relative(&self, other: &Self) -> Option<String> {
        self.folder().below(other)
    }

    /// The path of `other` as seen from this folder, if it is below it.
    pub(crate) fn below(&self, other: &Self) -> Option<String> {
        let below = other.key.as_ref().strip_prefix(self.key.as_ref())?;
        let below = if self.key.as_ref().is_empty() { below } else { below.strip_prefix('/')? };
        (self.bucket == other.bucket && !below.is_empty()).then(|| below.to_owned())
    }
}

/// A key from parts of keys and file names; characters that no key can have are encoded.
fn key_of(text: String) -> Key {
    Key::parse(&text).unwrap_or_else(|_| Key::from(text))
}

impl fmt::Display for ObjectAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> ObjectAddress {
        ObjectAddress::parse(text).unwrap().unwrap()
    }

    #[test]
    fn addresses_and_paths_are_distinguished() {
        for path in ["c.parquet", "out/c.csv", "/s3/c.csv", "-", "C:/out/c.csv", "://c", "a b://c"] {
            assert_eq!(ObjectAddress::parse(path), None, "{path}");
        }
        for (text, cloud, bucket, key) in [
            ("s3://lake/a/c.parquet", Cloud::S3, "s3://lake", "a/c.parquet"),
            ("S3A://lake/c.csv", Cloud::S3, "s3://lake", "c.csv"),
            ("gs://lake/dt=2026-11-28/c.csv", Cloud::Google, "gs://lake", "dt=2026-11-28/c.csv"),
            ("az://box/c.csv", Cloud::Azure, "az://box", "c.csv"),
            ("abfss://box@me.dfs.core.windows.net/c.csv", Cloud::Azure, "abfss://box@me.dfs.core.windows.net", "c.csv"),
            ("s3://lake/a%20b/c d.csv", Cloud::S3, "s3://lake", "a%20b/c d.csv"),
        ] {
            let found = address(text);
            assert_eq!((found.cloud, found.bucket.as_str(), found.key.as_ref()), (cloud, bucket, key), "{text}");
            assert!(!found.is_folder());
        }
        for folder in ["s3://lake", "s3://lake/", "s3://lake/a/"] {
            assert!(address(folder).is_folder(), "{folder}");
        }
    }

    #[test]
    fn what_is_no_address_says_so_and_shows_no_secret() {
        let error = |text: &str| ObjectAddress::parse(text).unwrap().unwrap_err();
        assert_eq!(error("ftp://host/c.csv").to_string(), "unknown kind of store: ftp://");
        assert_eq!(error("s3:///c.csv").to_string(), "the address has no bucket: s3:///c.csv");
        for secret in ["s3://KEY:hidden@lake/c.csv", "gs://hidden@lake/c.csv", "az://box/c.csv?sig=hidden"] {
            let error = error(secret);
            assert!(!error.to_string().contains("hidden"), "{error}");
            assert!(error.hint().contains("--store-option"));
        }
        assert!(error("s3://lake/a//c.csv").to_string().ends_with("it has an empty part between two slashes"));
    }

    #[test]
    fn neighbors_are_found() {
        let file = address("s3://lake/a/c.parquet");
        assert_eq!(file.file_name(), "c.parquet");
        assert_eq!(file.sibling("_m.json").to_string(), "s3://lake/a/_m.json");
        assert_eq!(address("s3://lake/c.csv").sibling("m").to_string(), "s3://lake/m");
        assert_eq!(address("s3://lake/a/").join("d=1/part-0.parquet").to_string(), "s3://lake/a/d=1/part-0.parquet");
        assert_eq!(file.relative(&address("s3://lake/a/b/c.csv")).as_deref(), Some("b/c.csv"));
        for elsewhere in ["s3://other/a/c.csv", "s3://lake/b/c.csv", "s3://lake/a"] {
            assert_eq!(file.relative(&address(elsewhere)), None, "{elsewhere}");
        }
    }
}
