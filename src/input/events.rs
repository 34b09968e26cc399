//! The events of messages: a list of structs in Parquet, a list as JSON text in CSV and NDJSON.
//!
//! Only the status and the time of an event are read. A list that cannot be read is null and counts as malformed; an event
//! whose time cannot be read has none, and its list counts as malformed, too.

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
}

/// Builds lists of events from JSON texts.
pub(super) struct EventsBuilder {
    lists: ListBuilder<StructBuilder>,
}

impl EventsBuilder {
    /// Builds lists of these items.
    pub(super) fn new(item: &FieldRef) -> Self {
        let events = StructBuilder::from_fields(fields(item), 0);
        Self { lists: ListBuilder::new(events).with_field(Arc::clone(item)) }
    }

    /// Adds a list; returns whether all of it could be read.
    pub(super) fn push(&mut self, text: Option<&str>) -> bool {
        let events = text.and_then(parse);
        let mut is_read = events.is_some();
        let is_there = events.is_some();
        for event in events.into_iter().flatten() {
            let micros = event.timestamp.as_deref().and_then(Timestamp::parse_in_table).map(Timestamp::micros);
            is_read &= micros.is_some() || event.timestamp.is_none();
            let builder = self.lists.values();
            let statuses = builder.field_builder::<StringBuilder>(STATUS).expect("a status is a text");
            statuses.append_option(event.status);
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

/// Reads a JSON list of events. NDJSON is read with the items of a list joined by commas, so the brackets may be missing.
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

/// The existing fields for the wanted ones, each with its index.
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
        let times = events.column(TIMESTAMP).as_primitive::<TimestampMicrosecondType>();
        let midnight = Some(1_772_323_200_000_000);
        assert_eq!(times.iter().collect::<Vec<_>>(), [midnight, None, midnight, None]);
        assert_eq!(events.column(STATUS).as_string::<i32>().value(3), "READ");
    }
}
