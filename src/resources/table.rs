//! A resource as a database table: its schema and facts about it.

use arrow::datatypes::SchemaRef;

use super::activities::activities_schema;
use super::contacts::contacts_schema_with_extra;
use super::messages::{Messages, messages_schema};
use super::profile::{PROFILE_ID, with_profile};
use super::{Resource, activities, contacts, messages};

/// A resource as a table.
#[derive(Debug, Clone)]
pub struct ResourceTable {
    /// Its name, which is also that of the command that exports it.
    pub name: &'static str,
    /// All of its columns.
    pub schema: SchemaRef,
    /// Columns that an export without flags lacks.
    pub hidden_columns: Vec<&'static str>,
    /// Columns that together identify a row.
    pub key: &'static [&'static str],
    /// The column with the time of a row's last change, if the API has one. Of two rows with the same key, the later is current.
    pub changed_at: Option<&'static str>,
}

impl ResourceTable {
    /// The names of all resources.
    pub const NAMES: [&str; 3] = ["contacts", "messages", "activities"];

    /// Contacts with the columns of an export with or without `--extra`.
    pub fn of_contacts(has_extra: bool) -> Self {
        Self {
            name: "contacts",
            schema: contacts_schema_with_extra(),
            hidden_columns: if has_extra { Vec::new() } else { vec!["extra"] },
            key: contacts::KEY_COLUMNS,
            changed_at: Some(contacts::CHANGED_AT_COLUMN),
        }
    }

    /// Messages with the columns of an export with these flags.
    pub fn of_messages(messages: Messages) -> Self {
        Self {
            name: "messages",
            schema: messages_schema(),
            hidden_columns: messages.hidden_columns(),
            key: messages::KEY_COLUMNS,
            changed_at: None,
        }
    }

    /// The same rows with the columns of an export of several profiles; `None` if there is no such export.
    #[must_use]
    pub fn of_profiles(self) -> Option<Self> {
        let schema = with_profile(&self.schema);
        (self.key == ["id"]).then_some(Self { schema, key: &[PROFILE_ID, "id"], ..self })
    }

    /// Finds a resource by name, with the columns of an export without flags.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "contacts" => Self::of_contacts(false),
            "messages" => Self::of_messages(Messages { has_body: true, has_extra: false }),
            "activities" => Self {
                name: "activities",
                schema: activities_schema(),
                hidden_columns: Vec::new(),
                key: activities::KEY_COLUMNS,
                changed_at: None,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_times_are_columns_and_keys_are_never_null() {
        for name in ResourceTable::NAMES {
            let table = ResourceTable::named(name).unwrap();
            assert_eq!(table.name, name);
            for key in table.key {
                assert!(!table.schema.field_with_name(key).unwrap().is_nullable(), "{name}: {key}");
            }
            for column in table.hidden_columns.iter().chain(&table.changed_at) {
                assert!(table.schema.index_of(column).is_ok(), "{name}: {column}");
            }
        }
        assert!(ResourceTable::named("profiles").is_none());
        let of_profiles = ResourceTable::named("contacts").unwrap().of_profiles().unwrap();
        assert!(of_profiles.key.iter().all(|key| !of_profiles.schema.field_with_name(key).unwrap().is_nullable()));
        assert!(ResourceTable::named("activities").unwrap().of_profiles().is_none());
    }
}
