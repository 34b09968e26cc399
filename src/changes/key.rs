//! The key by which rows of two snapshots are matched: the id, or the id and the profile if a snapshot holds rows of
//! several profiles, because two profiles may share an id.
//!
//! In memory and in temporary files, a key is one text that starts with the id, so rows are sorted by id, then by profile.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use arrow::error::ArrowError;

use crate::resources::PROFILE_ID;

/// Name of the id column, which every snapshot has.
const ID: &str = "id";
/// Separator of id and profile; it sorts before every character in them.
const SEPARATOR: char = '\0';

/// The key columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyColumns {
    /// Whether the profile is part of the key.
    pub(super) has_profile: bool,
}

impl KeyColumns {
    /// The key columns of rows with this schema.
    pub(super) fn of(schema: &Schema) -> Self {
        Self { has_profile: schema.index_of(PROFILE_ID).is_ok() }
    }

    /// Whether a column is part of the key.
    pub(super) fn contains(self, name: &str) -> bool {
        name == ID || self.has_profile && name == PROFILE_ID
    }

    /// The number of key columns.
    pub(super) fn len(self) -> usize {
        1 + usize::from(self.has_profile)
    }

    /// The fields of the key columns in the output.
    pub(super) fn fields(self) -> Vec<Field> {
        let profile = self.has_profile.then(|| Field::new(PROFILE_ID, DataType::Utf8, true));
        [Field::new(ID, DataType::Utf8, false)].into_iter().chain(profile).collect()
    }

    /// The other columns of a schema.
    pub(super) fn others(self, schema: &Schema) -> Vec<FieldRef> {
        schema.fields().iter().filter(|field| !self.contains(field.name())).cloned().collect()
    }

    /// The keys of a batch; null for a row without an id.
    ///
    /// # Errors
    /// When a key column is missing or is not text.
    pub(super) fn keys(self, batch: &RecordBatch) -> Result<StringArray, ArrowError> {
        let texts = |name: &str| {
            let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
            column.ok_or_else(|| ArrowError::SchemaError(format!("no texts in {name}")))
        };
        let ids = texts(ID)?;
        if !self.has_profile {
            return Ok(ids.clone());
        }
        let profiles = texts(PROFILE_ID)?;
        let bytes = ids.value_data().len() + profiles.value_data().len() + ids.len();
        let (mut keys, mut key) = (StringBuilder::with_capacity(ids.len(), bytes), String::new());
        for (id, profile) in ids.iter().zip(profiles) {
            let Some(id) = id else {
                keys.append_null();
                continue;
            };
            key.clear();
            key.push_str(id);
            key.push(SEPARATOR);
            key.push_str(profile.unwrap_or_default());
            keys.append_value(&key);
        }
        Ok(keys.finish())
    }

    /// Splits keys into their columns.
    pub(super) fn columns<'a>(self, keys: impl Iterator<Item = &'a str> + Clone) -> Vec<ArrayRef> {
        let ids = StringArray::from_iter_values(keys.clone().map(|key| self.id_of(key)));
        let profiles = self.has_profile.then(|| keys.map(|key| self.profile_of(key)).collect::<StringArray>());
        [Some(ids), profiles].into_iter().flatten().map(|column| Arc::new(column) as ArrayRef).collect()
    }

    /// The id in a key.
    pub(super) fn id_of(self, key: &str) -> &str {
        self.parts(key).0
    }

    /// The profile in a key.
    pub(super) fn profile_of(self, key: &str) -> Option<&str> {
        self.parts(key).1.filter(|profile| !profile.is_empty())
    }

    /// A profile id has no separator, but a row's id may.
    fn parts(self, key: &str) -> (&str, Option<&str>) {
        let parts = key.rsplit_once(SEPARATOR).filter(|_| self.has_profile);
        parts.map_or((key, None), |(id, profile)| (id, Some(profile)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_id_and_its_profile_and_sorts_by_both() {
        let columns = [(ID, [Some("b"), Some("a"), Some("a"), None]), (PROFILE_ID, [Some("1"), Some("2"), None, None])];
        let arrays = columns.map(|(name, values)| (name, Arc::new(StringArray::from_iter(values)) as ArrayRef, true));
        let batch = RecordBatch::try_from_iter_with_nullable(arrays).unwrap();
        let key = KeyColumns::of(&batch.schema());
        let keys = key.keys(&batch).unwrap();
        assert!(keys.is_null(3) && keys.value(2) < keys.value(1) && keys.value(1) < keys.value(0), "{keys:?}");
        let parts = [0, 1, 2].map(|row| (key.id_of(keys.value(row)), key.profile_of(keys.value(row))));
        assert_eq!(parts, [("b", Some("1")), ("a", Some("2")), ("a", None)]);
        let columns = key.columns([keys.value(0), keys.value(2)].into_iter());
        assert_eq!(columns[1].as_string::<i32>().iter().collect::<Vec<_>>(), [Some("1"), None]);

        let by_id = KeyColumns { has_profile: false };
        assert_eq!((by_id.id_of("a\0b"), by_id.profile_of("a\0b")), ("a\0b", None));
        assert_eq!(by_id.keys(&batch).unwrap().value(0), "b");
    }
}
