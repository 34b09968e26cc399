//! Which columns hold phone numbers or may quote one: the single list of them, as metadata of the schema's fields.
//!
//! `transform` reads the marks to mask or hash the columns. Marks are never written to a file: [`Personal::unmarked`]
//! returns the schema without them, so that files are the same whether or not a column is marked.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};

/// Key of the mark among the metadata of a field.
const KEY: &str = "sent_export.personal";

/// How a column may contain a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// Holds one phone number in any form.
    Number,
    /// Holds a phone number, a short code, or a sender name.
    Sender,
    /// Written by the service or a carrier, and may quote a number. Also a list of structs with such texts.
    Quotes,
    /// Written by people, or undocumented: no rule finds all numbers in it.
    FreeText,
}

impl Personal {
    const ALL: [Self; 4] = [Self::Number, Self::Sender, Self::Quotes, Self::FreeText];

    fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Sender => "sender",
            Self::Quotes => "quotes",
            Self::FreeText => "free_text",
        }
    }

    /// The field with this mark.
    pub(super) fn mark(self, field: Field) -> Field {
        field.with_metadata(HashMap::from([(KEY.to_owned(), self.name().to_owned())]))
    }

    /// The mark of a field; `None` for a column without phone numbers.
    pub fn of(field: &Field) -> Option<Self> {
        let name = field.metadata().get(KEY)?;
        Self::ALL.into_iter().find(|mark| mark.name() == name)
    }

    /// The same schema without marks.
    pub fn unmarked(schema: &Schema) -> SchemaRef {
        let unmarked = |field: &Arc<Field>| {
            if !field.metadata().contains_key(KEY) {
                return Arc::clone(field);
            }
            let mut field = field.as_ref().clone();
            field.metadata_mut().remove(KEY);
            Arc::new(field)
        };
        let fields = schema.fields().iter().map(unmarked).collect::<Vec<_>>();
        Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::activities::activities_schema;
    use crate::resources::contacts::contacts_schema_with_extra;
    use crate::resources::messages::messages_schema;

    fn marked(schema: &Schema, mark: Personal) -> Vec<&str> {
        let fields = schema.fields().iter().filter(|field| Personal::of(field) == Some(mark));
        fields.map(|field| field.name().as_str()).collect()
    }

    #[test]
    fn every_column_that_may_hold_a_number_is_marked() {
        let (contacts, messages, activities) = (contacts_schema_with_extra(), messages_schema(), activities_schema());
        let formats = ["phone_number", "format_e164", "format_international", "format_national", "format_rfc"];
        assert_eq!(marked(&contacts, Personal::Number), formats);
        assert_eq!(marked(&contacts, Personal::Quotes), ["country_code"]);
        assert_eq!(marked(&contacts, Personal::FreeText), ["extra"]);
        assert_eq!(marked(&messages, Personal::Number), ["phone", "phone_international"]);
        assert_eq!(marked(&messages, Personal::Quotes), ["reason", "events"]);
        assert_eq!(marked(&messages, Personal::FreeText), ["body_text", "body", "extra"]);
        assert_eq!(marked(&activities, Personal::Sender), ["from"]);
        assert_eq!(marked(&activities, Personal::Quotes), ["description", "reason"]);
    }

    #[test]
    fn marks_can_be_removed() {
        for schema in [contacts_schema_with_extra(), messages_schema(), activities_schema()] {
            let unmarked = Personal::unmarked(&schema);
            assert!(unmarked.fields().iter().all(|field| field.metadata().is_empty()));
            let kinds = |schema: &Schema| -> Vec<_> {
                let fields = schema.fields().iter();
                fields.map(|field| (field.name().clone(), field.data_type().clone(), field.is_nullable())).collect()
            };
            assert_eq!(kinds(&unmarked), kinds(&schema));
        }
    }
}
