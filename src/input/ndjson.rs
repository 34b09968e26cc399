//! NDJSON files, compressed or not: one object per line.
//!
//! An export writes every key on every line; other tools omit null values. So a file has a column as soon as one line has
//! it, and earlier rows lack it.
//!
//! *Easy to get wrong:* an error of the JSON parser may quote the text that it failed on, which may be personal. Only the
//! line and the column are reported.

use std::fmt::{self, Write};
use std::io::{self, BufRead, BufReader};

use arrow::datatypes::SchemaRef;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::column_builders::ColumnBuilders;
use super::error::SourceError;
use super::piece::{FileFacts, Piece, Wanted, filled_up};
use super::source_file::SourceFile;
use super::text_file::{READ_BUFFER_BYTES, open_text};
use super::watch::Reporter;
use crate::resources::contacts::BATCH_ROWS;

pub(super) fn read(file: &SourceFile, wanted: Wanted, reporter: &Reporter<Piece>) -> Result<FileFacts, SourceError> {
    let path = || file.path.clone();
    let failed = |error: io::Error| match error.kind() {
        // A truncated compressed file.
        io::ErrorKind::UnexpectedEof => SourceError::CutOff { path: path() },
        _ => SourceError::Read { path: path(), source: error.into() },
    };
    let (text, progress) = open_text(file, reporter)?;
    let mut text = BufReader::with_capacity(READ_BUFFER_BYTES, text);
    let schema = file.schema();
    let count = schema.fields().len();
    let mut places: Vec<Option<usize>> = (0..count).map(Some).collect();
    wanted.keep(file, &mut places);
    let mut builders = ColumnBuilders::new(&schema, &places);
    let mut row = LineColumns::new(schema);
    let mut facts = FileFacts::default();
    let (mut line, mut line_number) = (Vec::new(), 0_u64);
    let mut known_before = row.seen.clone();
    loop {
        line.clear();
        let is_end = text.read_until(b'\n', &mut line).map_err(failed)? == 0;
        line_number += 1;
        // An export ends with a line break. Without one, the last object may be truncated.
        if !is_end && !line.ends_with(b"\n") {
            return Err(SourceError::CutOff { path: path() });
        }
        if !is_end && !is_blank(&line) {
            row.read(&line, line_number).map_err(|error| SourceError::Read { path: path(), source: error.into() })?;
            if !row.seen.contains(&true) {
                return Err(SourceError::NoColumns { path: path() });
            }
            builders.push(|column| row.cells[column].text());
        }
        if builders.rows() == BATCH_ROWS || (is_end && builders.rows() > 0) {
            let rows = builders.rows();
            let columns: Vec<bool> =
                places.iter().zip(&row.seen).map(|(place, &is_seen)| place.is_some() && is_seen).collect();
            let is_new = |column: &usize| columns[*column] && !known_before[*column];
            let missing = (0..count).filter(is_new).map(|column| (column, facts.rows)).collect();
            let arrays = builders.finish().into_iter().zip(&columns);
            let arrays = arrays.map(|(array, is_known)| array.filter(|_| *is_known)).collect();
            let batch = filled_up(file, arrays, rows);
            reporter.hand_over(Piece { batch, columns, missing, bytes_read: progress.bytes_read() });
            facts.rows += rows as u64;
            known_before.clone_from(&row.seen);
        }
        if is_end {
            facts.malformed = builders.malformed();
            // The columns of a file without rows are unknown.
            let is_absent = |column: &usize| facts.rows > 0 && !row.seen[*column];
            facts.absent = (0..count).filter(is_absent).collect();
            return Ok(facts);
        }
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// A line that is not a JSON object.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is not a JSON object, at column {column}")]
struct NoObject {
    line: u64,
    column: usize,
}

/// The columns of one line, as texts.
struct LineColumns {
    schema: SchemaRef,
    cells: Vec<TextCell>,
    /// Columns that occurred so far.
    seen: Vec<bool>,
}

impl LineColumns {
    fn new(schema: SchemaRef) -> Self {
        let count = schema.fields().len();
        Self { schema, cells: (0..count).map(|_| TextCell::default()).collect(), seen: vec![false; count] }
    }

    fn read(&mut self, line: &[u8], line_number: u64) -> Result<(), NoObject> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let line = if line_number == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
        self.cells.iter_mut().for_each(|cell| cell.is_null = true);
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        let read = deserializer.deserialize_map(RowVisitor(self)).and_then(|()| deserializer.end());
        read.map_err(|error| NoObject { line: line_number, column: error.column() })
    }
}

/// A value as the text of a CSV cell.
struct TextCell {
    text: String,
    is_null: bool,
}

impl Default for TextCell {
    fn default() -> Self {
        Self { text: String::new(), is_null: true }
    }
}

impl TextCell {
    fn text(&self) -> Option<&str> {
        (!self.is_null).then_some(self.text.as_str())
    }

    fn set(&mut self, value: impl fmt::Display) {
        self.text.clear();
        write!(self.text, "{value}").expect("memory takes all bytes");
        self.is_null = false;
    }
}

struct RowVisitor<'a>(&'a mut LineColumns);

impl<'de> Visitor<'de> for RowVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let LineColumns { schema, cells, seen } = self.0;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match schema.index_of(&key) {
                Ok(column) => {
                    seen[column] = true;
                    map.next_value_seed(&mut cells[column])?;
                }
                Err(_) => drop(map.next_value::<serde::de::IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut TextCell {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut TextCell {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.is_null = true;
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.set(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.set(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.set(value);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.set(value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.text.clear();
        self.text.push_str(value);
        self.is_null = false;
        Ok(())
    }

    /// A list is joined with commas, as in a CSV cell; an empty one is `[]`, which is not null.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.text.clear();
        self.is_null = false;
        let mut is_empty = true;
        while let Some(item) = items.next_element::<serde_json::Value>()? {
            is_empty = false;
            if !self.text.is_empty() {
                self.text.push(',');
            }
            match item {
                serde_json::Value::String(text) => self.text.push_str(&text),
                serde_json::Value::Null => {}
                other => self.text.push_str(&other.to_string()),
            }
        }
        if is_empty {
            self.text.push_str("[]");
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let object = serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        self.set(serde_json::Value::Object(object));
        Ok(())
    }
}
