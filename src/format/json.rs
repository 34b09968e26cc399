//! Arrow columns as JSON values: for lines of NDJSON, and for nested values in CSV cells.
//!
//! Objects have their keys in the order of the schema, and nulls are written as `null`. Times are strings, because JSON has
//! no times, and so are decimals by default, because most readers take numbers for floats. A float that is not finite
//! cannot be written as JSON, and becomes null.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Fields};

use super::scalars::Scalars;
use super::settings::JsonDecimals;
use super::texts::{ScannedTexts, position};

/// Columns that form one object per row.
pub(super) struct JsonObjects<'a> {
    /// What precedes each value (a brace or comma, and the key), and the values.
    members: Vec<(Vec<u8>, JsonValues<'a>)>,
}

/// A column as values.
pub(super) struct JsonValues<'a> {
    nulls: Option<&'a NullBuffer>,
    kind: JsonCells<'a>,
}

enum JsonCells<'a> {
    Text(ScannedTexts<'a>),
    Plain(Scalars<'a>),
    Quoted(Scalars<'a>),
    List(&'a [i32], Box<JsonValues<'a>>),
    Struct(JsonObjects<'a>),
}

impl<'a> JsonObjects<'a> {
    /// Objects from columns that passed [`find_unsupported`](super::types::find_unsupported).
    pub(super) fn new(fields: &Fields, columns: &'a [ArrayRef], decimals: JsonDecimals) -> Self {
        let members = fields.iter().zip(columns).enumerate().map(|(at, (field, column))| {
            let mut start = vec![if at == 0 { b'{' } else { b',' }];
            push_escaped(field.name().as_bytes(), &mut start);
            start.push(b':');
            (start, JsonValues::with_decimals(column.as_ref(), decimals))
        });
        Self { members: members.collect() }
    }

    pub(super) fn push(&self, row: usize, line: &mut Vec<u8>) {
        for (start, values) in &self.members {
            line.extend_from_slice(start);
            values.push(row, line);
        }
        line.push(b'}');
    }
}

/// The rows of a batch as lines of NDJSON, without line ends.
///
/// The types of the columns must be supported.
pub(crate) fn json_objects(batch: &RecordBatch) -> Vec<String> {
    let mut lines = Vec::new();
    for_each_json_object(batch, |line| lines.push(String::from_utf8_lossy(line).into_owned()));
    lines
}

/// The same, one row after another in a shared buffer.
pub(crate) fn for_each_json_object(batch: &RecordBatch, mut take: impl FnMut(&[u8])) {
    let schema = batch.schema();
    let objects = JsonObjects::new(schema.fields(), batch.columns(), JsonDecimals::Strings);
    let mut line = Vec::new();
    for row in 0..batch.num_rows() {
        line.clear();
        objects.push(row, &mut line);
        take(&line);
    }
}

impl<'a> JsonValues<'a> {
    /// Values for a cell, with decimals as strings.
    pub(super) fn new(array: &'a dyn Array) -> Self {
        Self::with_decimals(array, JsonDecimals::Strings)
    }

    fn with_decimals(array: &'a dyn Array, decimals: JsonDecimals) -> Self {
        let kind = match array.data_type() {
            DataType::List(_) => {
                let lists = array.as_list::<i32>();
                JsonCells::List(lists.value_offsets(), Box::new(Self::with_decimals(lists.values().as_ref(), decimals)))
            }
            DataType::Struct(fields) => {
                JsonCells::Struct(JsonObjects::new(fields, array.as_struct().columns(), decimals))
            }
            _ => match Scalars::new(array) {
                Some(scalars @ Scalars::Decimal(..)) if decimals == JsonDecimals::Numbers => JsonCells::Plain(scalars),
                Some(scalars @ (Scalars::Time(_) | Scalars::Decimal(..))) => JsonCells::Quoted(scalars),
                Some(scalars) => JsonCells::Plain(scalars),
                None => JsonCells::Text(ScannedTexts::new(array.as_string(), needs_escape)),
            },
        };
        Self { nulls: array.nulls(), kind }
    }

    pub(super) fn push(&self, row: usize, line: &mut Vec<u8>) {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return line.extend_from_slice(b"null");
        }
        match &self.kind {
            JsonCells::Text(texts) if texts.is_bare() => {
                line.push(b'"');
                texts.push(row, line);
                line.push(b'"');
            }
            JsonCells::Text(texts) => push_escaped(texts.value(row), line),
            JsonCells::Plain(Scalars::Float(values)) if !values.value(row).is_finite() => {
                line.extend_from_slice(b"null");
            }
            JsonCells::Plain(scalars) => scalars.push(row, line),
            JsonCells::Quoted(scalars) => {
                line.push(b'"');
                scalars.push(row, line);
                line.push(b'"');
            }
            JsonCells::List(offsets, items) => {
                let [first, end] = [offsets[row], offsets[row + 1]].map(position);
                line.push(b'[');
                for item in first..end {
                    if item > first {
                        line.push(b',');
                    }
                    items.push(item, line);
                }
                line.push(b']');
            }
            JsonCells::Struct(objects) => objects.push(row, line),
        }
    }
}

fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Appends a text in quotes, with the escapes of RFC 8259.
fn push_escaped(text: &[u8], line: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    line.push(b'"');
    let mut plain = 0;
    for (at, &byte) in text.iter().enumerate().filter(|&(_, &byte)| needs_escape(byte)) {
        line.extend_from_slice(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' | b'\\' => line.extend_from_slice(&[b'\\', byte]),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            b'\t' => line.extend_from_slice(b"\\t"),
            _ => {
                line.extend_from_slice(b"\\u00");
                line.extend([byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]));
            }
        }
    }
    line.extend_from_slice(&text[plain..]);
    line.push(b'"');
}
