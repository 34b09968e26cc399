//! The events of messages: a list of structs in Parquet, a list as JSON text in CSV and NDJSON.
//!
//! Only the fields of an event that the schema has are read. A list that cannot be parsed becomes null and counts as
//! malformed. An event whose time cannot be parsed has no time, and its list counts as malformed, too.

use std::sync::Arc;

use crate::time::Timestamp;
use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, ListBuilder, StringBuilder, StructArray, StructBuilder,
    TimestampMicrosecondBuilder, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow::error::ArrowError;
use serde::Deserialize;
use serde_json::Value;

/// Indices of the fields of an event in the schema.
const STATUS: usize = 0;
const TIMESTAMP: usize = 1;

/// An event in a cell of an export.
#[derive(Deserialize)]
struct EventText {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    description: Option<Value>,
    #[serde(default)]
    reason_code: Option<Value>,
    #[serde(default)]
    reason: Option<Value>,
}

impl EventText {
    /// A field that no report reads, as text; an empty text is null.
    fn other(&self, name: &str) -> Option<String> {
        let value = match name {
            "description" => self.description.as_ref(),
            "reason_code" => self.reason_code.as_ref(),
            "reason" => self.reason.as_ref(),
            _ => None,
        };
        let text = match value? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        text.filter(|text| !text.is_empty())
    }
}

/// Builds lists of events from JSON texts.
pub(super) struct EventsBuilder {
    lists: ListBuilder<StructBuilder>,
    /// Names of the fields after status and timestamp, which are texts.
    others: Vec<String>,
}

impl EventsBuilder {
    /// Builds lists of these items.
    pub(super) fn new(item: &FieldRef) -> Self {
        let fields = fields(item);
        let others = fields.iter().skip(TIMESTAMP + 1).map(|field| field.name().clone()).collect();
        let events = StructBuilder::from_fields(fields, 0);
        Self { lists: ListBuilder::new(events).with_field(Arc::clone(item)), others }
    }

    /// Adds a list; returns whether all of it could be parsed.
    pub(super) fn push(&mut self, text: Option<&str>) -> bool {
        let events = text.and_then(parse);
        let mut is_read = events.is_some();
        let is_there = events.is_some();
        for event in events.into_iter().flatten() {
            let micros = event.timestamp.as_deref().and_then(Timestamp::parse_in_table).map(Timestamp::micros);
            is_read &= micros.is_some() || event.timestamp.is_none();
            let builder = self.lists.values();
            for (at, name) in self.others.iter().enumerate() {
                let texts = builder.field_builder::<StringBuilder>(TIMESTAMP + 1 + at).expect("it is a text");
                texts.append_option(event.other(name));
            }
            let statuses = builder.field_builder::<StringBuilder>(STATUS).expect("a status is a text");
            statuses.append_option(event.status.filter(|status| !status.is_empty()));
            let times = builder.field_builder::<TimestampMicrosecondBuilder>(TIMESTAMP);
            times.expect("a timestamp is a time").append_option(micros);
            builder.append(true);
        }
        self.lists.append(is_there);
        is_read
    }

    /// Returns the lists and starts over.
    pub(super) fn finish(&mut self) -> ArrayRef {
        Arc::new(self.lists.finish())
    }
}

/// Parses a JSON list of events. The NDJSON reader joins the items of a list with commas, so the brackets may be missing.
fn parse(text: &str) -> Option<Vec<EventText>> {
    let list = if text.trim_start().starts_with('{') { format!("[{text}]") } else { text.to_owned() };
    let events: Vec<Option<EventText>> = serde_json::from_str(&list).ok()?;
    Some(events.into_iter().flatten().collect())
}

fn fields(item: &Field) -> Fields {
    match item.data_type() {
        DataType::Struct(fields) => fields.clone(),
        _ => Fields::empty(),
    }
}

/// The fields of a file for the wanted ones, each with its index.
fn matching(wanted: &DataType, found: &DataType) -> Vec<(FieldRef, Option<usize>)> {
    let (DataType::Struct(wanted), DataType::Struct(found)) = (wanted, found) else { return Vec::new() };
    let place = |name: &str| found.iter().position(|field| field.name() == name);
    wanted.iter().map(|field| (Arc::clone(field), place(field.name()))).collect()
}

/// Whether lists of items of a type can be read; `can_read` decides for their fields.
pub(super) fn can_read_events(wanted: &DataType, found: &DataType, can_read: fn(&DataType, &DataType) -> bool) -> bool {
    let DataType::Struct(fields) = found else { return *found == DataType::Null };
    let is_read = |(field, place): (FieldRef, Option<usize>)| {
        place.is_none_or(|place| can_read(field.data_type(), fields[place].data_type()))
    };
    matching(wanted, found).into_iter().all(is_read)
}

/// How an array becomes one of a wanted type, with how many of its values could not be read.
type Coerce = fn(&DataType, &ArrayRef) -> Result<(ArrayRef, u64), ArrowError>;

/// Lists of structs as lists of the wanted items, and how many of their values could not be read; `coerce` reads a field.
///
/// # Errors
/// When Arrow cannot convert them.
pub(super) fn coerce_events(
    item: &FieldRef,
    array: &ArrayRef,
    found: &DataType,
    coerce: Coerce,
) -> Result<(ArrayRef, u64), ArrowError> {
    let as_lists = cast(array, &DataType::List(Arc::new(Field::new("element", found.clone(), true))))?;
    let lists: &ListArray = as_lists.as_list();
    let Some(events) = lists.values().as_struct_opt() else {
        return Ok((new_null_array(&DataType::List(Arc::clone(item)), array.len()), 0));
    };
    let mut lost = 0;
    let mut columns = Vec::new();
    for (field, place) in matching(item.data_type(), found) {
        columns.push(match place {
            Some(place) => {
                let (column, malformed) = coerce(field.data_type(), events.column(place))?;
                lost += malformed;
                column
            }
            None => new_null_array(field.data_type(), events.len()),
        });
    }
    let events = StructArray::try_new(fields(item), columns, events.nulls().cloned())?;
    let lists =
        ListArray::try_new(Arc::clone(item), lists.offsets().clone(), Arc::new(events), lists.nulls().cloned())?;
    Ok((Arc::new(lists), lost))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimestampMicrosecondType;

    use super::*;
    use crate::input::Content;
    use crate::report::delivery_schema;

    fn item() -> FieldRef {
        match delivery_schema().field_with_name("events").unwrap().data_type() {
            DataType::List(item) => Arc::clone(item),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn lists_are_read_from_json_with_and_without_brackets() {
        let mut builder = EventsBuilder::new(&item());
        let cases = [
            (Some(r#"[{"status":"SENT","timestamp":"2026-03-01T00:00:00Z","description":"x"},null]"#), true),
            (Some(r#"{"status":"SENT"},{"timestamp":"2026-03-01T00:00:00Z"}"#), true),
            (Some("[]"), true),
            (None, false),
            (Some("[7]"), false),
            (Some(r#"[{"status":"READ","timestamp":"soon"}]"#), false),
        ];
        for (text, is_read) in cases {
            assert_eq!(builder.push(text), is_read, "{text:?}");
        }
        let lists = builder.finish();
        let lists: &ListArray = lists.as_list();
        let lengths: Vec<Option<usize>> = lists.iter().map(|list| list.map(|list| list.len())).collect();
        assert_eq!(lengths, [Some(1), Some(2), Some(0), None, None, Some(1)]);
        let events = lists.values().as_struct();
        assert_eq!(events.num_columns(), 2);
        let times = events.column(TIMESTAMP).as_primitive::<TimestampMicrosecondType>();
        let midnight = Some(1_772_323_200_000_000);
        assert_eq!(times.iter().collect::<Vec<_>>(), [midnight, None, midnight, None]);
        assert_eq!(events.column(STATUS).as_string::<i32>().value(3), "READ");
    }

    #[test]
    fn all_fields_of_an_event_are_read_if_the_schema_has_them() {
        let schema = Content::Messages.full_schema();
        let DataType::List(item) = schema.field_with_name("events").unwrap().data_type() else { panic!("{schema}") };
        let mut builder = EventsBuilder::new(item);
        let event = r#"[{"status":"","description":"to \"A\"","reason_code":7,"reason":null}]"#;
        assert!(builder.push(Some(event)));
        let lists = builder.finish();
        let events = lists.as_list::<i32>().values().as_struct();
        let text =
            |column: usize| events.column(column).as_string_opt::<i32>().map(|texts| texts.iter().next().unwrap());
        assert_eq!([0, 2, 3, 4].map(text), [Some(None), Some(Some("to \"A\"")), Some(Some("7")), Some(None)]);
    }
}
