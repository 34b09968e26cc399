//! What the manifest and the files themselves say of privacy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{PhoneProtection, Protected, RowTransform};

/// What an export keeps from its readers; written only if that is anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Privacy {
    /// What became of phone numbers; `None` if they are as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phones: Option<Protected>,
    /// What tells the key of hashed numbers from others, 16 hexadecimal digits: tables with the same can be joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_fingerprint: Option<String>,
    /// What became of the written columns that may hold phone numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Protected>,
    /// Columns of `--drop`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

impl Privacy {
    /// That of tables which are written in one run.
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

    /// Whether anything is kept.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether files of two exports can be one table: what is a hash in one is nothing else in the other.
    pub fn matches(&self, other: &Self) -> bool {
        let rules = |privacy: &Self| (privacy.phones, privacy.key_fingerprint.clone(), privacy.dropped.clone());
        rules(self) == rules(other)
    }
}
