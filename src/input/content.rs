//! The kind of rows in a file, detected by its columns.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};

use crate::base::noun::RowNoun;
use crate::changes::history_rows_schema;
use crate::report::{DeliverySummary, ResourceDocument, Summary, activity_schema, delivery_schema};
use crate::resources::activities::{Activities, activities_schema};
use crate::resources::contacts::{column, contacts_schema, contacts_schema_with_extra};
use crate::resources::messages::messages_schema;
use crate::resources::{LookupResource, PROFILE_ID};

/// The kind of rows in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Contacts.
    Contacts,
    /// Messages.
    Messages,
    /// Activities of messages.
    Activities,
}

/// Which columns of a file are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnSet {
    /// Those that a report counts ([`Content::schema`]), and that of the profile.
    Counted,
    /// All columns of the resource: [`Content::full_schema`].
    All,
    /// The same, and that of the profile.
    Checked,
    /// All columns of the resource, and those that histories add: [`Content::history_schema`].
    History,
    /// The same, and that of the profile.
    HistoryOfProfiles,
}

/// The column of activities with the id of their message.
const MESSAGE_ID: &str = "message_id";

/// The column of contacts that no report reads.
const UNREAD_OF_CONTACTS: &str = "extra";

/// Columns of messages that no report reads.
const UNREAD_OF_MESSAGES: [&str; 7] =
    ["customer_id", "phone", "phone_international", "scheduled_at", "body_text", "body", "extra"];

/// Names of the columns of contacts and of messages.
static NAMES: LazyLock<[Vec<String>; 2]> = LazyLock::new(|| {
    let names = |content: Content| content.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut of_contacts: Vec<String> = names(Content::Contacts);
    of_contacts.push(UNREAD_OF_CONTACTS.to_owned());
    let mut of_messages: Vec<String> = names(Content::Messages);
    of_messages.extend(UNREAD_OF_MESSAGES.map(str::to_owned));
    [of_contacts, of_messages]
});

/// The full schemas of contacts, messages and activities. All columns are nullable, because other programs write files,
/// too.
static FULL_SCHEMAS: LazyLock<[SchemaRef; 3]> = LazyLock::new(|| {
    [contacts_schema_with_extra(), messages_schema(), activities_schema()].map(|schema| nullable(&schema))
});

/// The same with the columns that histories add.
static HISTORY_SCHEMAS: LazyLock<[SchemaRef; 3]> =
    LazyLock::new(|| FULL_SCHEMAS.each_ref().map(|schema| history_rows_schema(schema)));

/// The same of several profiles.
static PROFILE_HISTORY_SCHEMAS: LazyLock<[SchemaRef; 3]> =
    LazyLock::new(|| CHECKED_SCHEMAS.each_ref().map(|schema| history_rows_schema(schema)));

/// The columns that reports count, and that of the profile, without which rows of two profiles would look like duplicates.
static COUNTED_SCHEMAS: LazyLock<[SchemaRef; 3]> =
    LazyLock::new(|| [contacts_schema(), delivery_schema(), activity_schema()].map(|schema| with_profile_id(&schema)));

/// All columns of the resource, and that of the profile.
static CHECKED_SCHEMAS: LazyLock<[SchemaRef; 3]> =
    LazyLock::new(|| FULL_SCHEMAS.each_ref().map(|schema| with_profile_id(schema)));

fn with_profile_id(schema: &Schema) -> SchemaRef {
    let profile = Arc::new(Field::new(PROFILE_ID, DataType::Utf8, true));
    Arc::new(Schema::new(schema.fields().iter().cloned().chain([profile]).collect::<Vec<_>>()))
}

fn nullable(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(nullable_field);
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A field made nullable with everything in it, except texts in a list.
fn nullable_field(field: &FieldRef) -> Field {
    let data_type = match field.data_type() {
        DataType::List(item) if item.data_type().is_nested() => DataType::List(Arc::new(nullable_field(item))),
        DataType::Struct(members) => DataType::Struct(members.iter().map(nullable_field).collect()),
        other => other.clone(),
    };
    Field::new(field.name(), data_type, true)
}

impl Content {
    /// The kind with the most of these columns, or contacts in a tie; `None` if there is none of them. Activities have no
    /// id except that of their message.
    pub(super) fn of_columns(columns: &[String]) -> Option<Self> {
        let has = |name: &str| columns.iter().any(|column| column == name);
        if has(MESSAGE_ID) && !has("id") {
            return Some(Self::Activities);
        }
        let count = |names: &[String]| columns.iter().filter(|column| names.contains(column)).count();
        let [of_contacts, of_messages] = &*NAMES;
        match (count(of_contacts), count(of_messages)) {
            (0, 0) => None,
            (as_contacts, as_messages) if as_messages > as_contacts => Some(Self::Messages),
            _ => Some(Self::Contacts),
        }
    }

    /// Whether any kind has a column with this name.
    pub(super) fn has_column(name: &str) -> bool {
        NAMES.iter().any(|names| names.iter().any(|known| known == name))
            || Self::Activities.schema().index_of(name).is_ok()
    }

    /// The columns that a report reads.
    pub fn schema(self) -> SchemaRef {
        match self {
            Self::Contacts => contacts_schema(),
            Self::Messages => delivery_schema(),
            Self::Activities => activity_schema(),
        }
    }

    /// All columns of the resource, all of them nullable.
    pub fn full_schema(self) -> SchemaRef {
        self.of(&FULL_SCHEMAS)
    }

    /// The columns that a report reads, followed by that of the profile, which few files have.
    pub(super) fn counted_schema(self) -> SchemaRef {
        self.of(&COUNTED_SCHEMAS)
    }

    /// All columns of the resource, followed by that of the profile.
    pub(super) fn checked_schema(self) -> SchemaRef {
        self.of(&CHECKED_SCHEMAS)
    }

    fn of(self, [contacts, messages, activities]: &[SchemaRef; 3]) -> SchemaRef {
        Arc::clone(match self {
            Self::Contacts => contacts,
            Self::Messages => messages,
            Self::Activities => activities,
        })
    }

    /// The columns by which two snapshots are compared: all of the resource, and that of the profile if rows of several
    /// profiles are told apart by it.
    pub fn compared_schema(self, has_profiles: bool) -> SchemaRef {
        if has_profiles { self.checked_schema() } else { self.full_schema() }
    }

    /// The columns that determine the state of a history.
    pub fn history_schema(self) -> SchemaRef {
        self.of(&HISTORY_SCHEMAS)
    }

    /// The same of several profiles.
    pub(super) fn profile_history_schema(self) -> SchemaRef {
        self.of(&PROFILE_HISTORY_SCHEMAS)
    }

    /// The kind with the name of a resource.
    pub fn of_resource(name: &str) -> Option<Self> {
        [Self::Contacts, Self::Messages].into_iter().find(|content| content.noun().many == name)
    }

    /// What its rows are called.
    pub fn noun(self) -> RowNoun {
        match self {
            Self::Contacts => Summary::NOUN,
            Self::Messages => DeliverySummary::NOUN,
            Self::Activities => Activities::NOUN,
        }
    }

    /// The column that identifies rows: the id, or that of the message.
    pub(super) fn id_column(self) -> &'static str {
        match self {
            Self::Contacts | Self::Messages => "id",
            Self::Activities => MESSAGE_ID,
        }
    }

    /// Columns of which only the missing values are counted.
    pub(super) fn only_counted(self) -> &'static [usize] {
        match self {
            Self::Contacts => {
                &[column::FORMAT_INTERNATIONAL, column::FORMAT_NATIONAL, column::FORMAT_RFC, column::IS_INHERITED]
            }
            Self::Messages | Self::Activities => &[],
        }
    }

    /// A column that replaces missing values of another one; the other one comes first.
    pub(super) fn stand_in(self) -> Option<[usize; 2]> {
        (self == Self::Contacts).then_some([column::FORMAT_E164, column::PHONE_NUMBER])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_rows_is_detected_by_columns() {
        let of = |columns: &str| Content::of_columns(&columns.split(',').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(of("id,created_at"), Some(Content::Contacts));
        assert_eq!(of("id,phone_number,region_code"), Some(Content::Contacts));
        assert_eq!(of("id,phone_number,extra"), Some(Content::Contacts));
        assert_eq!(of("id,direction,status"), Some(Content::Messages));
        assert_eq!(of("id,status,extra"), Some(Content::Messages));
        assert_eq!(of("body,events"), Some(Content::Messages));
        assert_eq!(of("a,b"), None);
        assert_eq!(of("message_id,status"), Some(Content::Activities));
        assert_eq!(of("id,message_id,status"), Some(Content::Messages));
        for content in [Content::Contacts, Content::Messages, Content::Activities] {
            let names: Vec<String> = content.schema().fields().iter().map(|field| field.name().clone()).collect();
            assert_eq!(Content::of_columns(&names), Some(content));
        }
    }
}
