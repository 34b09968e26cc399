//! The privacy settings in the manifest and in the files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{PhoneProtection, Protected, RowTransform};

/// Which columns are dropped, masked or hashed; written only if there are any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Privacy {
    /// How phone numbers are protected; `None` if they are as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phones: Option<Protected>,
    /// The fingerprint of the key for hashing, 16 hexadecimal digits: tables with the same one can be joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_fingerprint: Option<String>,
    /// How each written column that may contain phone numbers is protected.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Protected>,
    /// Columns in `--drop`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

impl Privacy {
    /// The settings of the tables that a run writes.
    pub fn of<'a>(tables: impl IntoIterator<Item = &'a RowTransform>, dropped: Vec<String>) -> Self {
        let mut privacy = Self { dropped, ..Self::default() };
        for table in tables {
            match table.phones() {
                Some(PhoneProtection::Mask) => privacy.phones = Some(Protected::Masked),
                Some(PhoneProtection::Hash(key)) => {
                    privacy.phones = Some(Protected::Hashed);
                    privacy.key_fingerprint = Some(key.fingerprint());
                }
                None => {}
            }
            privacy.columns.extend(table.protected_columns().map(|(name, protected)| (name.to_owned(), protected)));
        }
        privacy
    }

    /// Whether nothing is protected.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether files of two exports can form one table: a hash under one key matches nothing under another.
    pub fn matches(&self, other: &Self) -> bool {
        let rules = |privacy: &Self| (privacy.phones, privacy.key_fingerprint.clone(), privacy.dropped.clone());
        rules(self) == rules(other)
    }
}
