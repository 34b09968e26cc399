//! CSV files that keep null apart from the empty text.
//!
//! RFC 4180 with LF line ends, UTF-8 and a header: a null is an empty cell, an empty text is `""`. A list of texts is
//! joined with commas in one cell, and an empty list is `""`; other nested values are JSON in one cell. Times are RFC 3339
//! with `Z`, decimals plain digits. The `csv` crate's writer cannot tell null from empty within one file, so the cells are
//! written here; its reader checks them in the tests. Values are not altered for spreadsheets: a leading `+` or `=` stays
//! what the account holds.
//!
//! *Easy to get wrong:* a cell is quoted for a comma, quote, CR or LF, for white space at its ends, which some readers would
//! trim, and when it is `\N`, which some databases would take for null.

use std::fmt;
use std::io::Write;
use std::ops::Range;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, SchemaRef};

use super::codec::Codec;
use super::encode::{Encode, EncodeError, check_batch};
use super::json::JsonValues;
use super::lines::LineWriter;
use super::scalars::Scalars;
use super::texts::{Texts, position};

/// Encodes batches into one CSV file, compressed or not.
#[derive(Debug)]
pub(super) struct CsvEncoder<W: Write> {
    writer: LineWriter<W>,
    schema: SchemaRef,
}

impl<W: Write> CsvEncoder<W> {
    /// Starts a file with its header line.
    pub(super) fn new(sink: W, codec: Codec, schema: SchemaRef) -> Result<Self, EncodeError> {
        let mut writer = LineWriter::new(sink, codec)?;
        for (at, field) in schema.fields().iter().enumerate() {
            if at > 0 {
                writer.lines.push(b',');
            }
            push_text(field.name().as_bytes(), &mut writer.lines);
        }
        writer.end_line()?;
        Ok(Self { writer, schema })
    }
}

impl<W: Write + Send + fmt::Debug> Encode<W> for CsvEncoder<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        check_batch(&self.schema, batch)?;
        let columns: Vec<Column<'_>> = batch.columns().iter().map(|column| Column::new(column.as_ref())).collect();
        for row in 0..batch.num_rows() {
            let lines = &mut self.writer.lines;
            let start = lines.len();
            for column in &columns {
                column.push_cell(row, lines);
                lines.push(b',');
            }
            // In place of the comma after the last cell.
            lines.pop();
            if lines.len() == start {
                // A null that is alone in its row: most readers skip lines that are empty.
                lines.extend_from_slice(b"\"\"");
            }
            self.writer.end_line()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), EncodeError> {
        Ok(self.writer.flush()?)
    }

    fn finish(self: Box<Self>) -> Result<W, EncodeError> {
        Ok(self.writer.finish()?)
    }
}

/// A column as its cells need it.
struct Column<'a> {
    nulls: Option<&'a NullBuffer>,
    cells: Cells<'a>,
}

enum Cells<'a> {
    Text(Texts<'a>),
    Scalar(Scalars<'a>),
    /// Lists of texts, by their offsets.
    Joined(&'a [i32], Texts<'a>),
    /// As JSON.
    Nested(JsonValues<'a>),
}

impl<'a> Column<'a> {
    fn new(array: &'a dyn Array) -> Self {
        let cells = match array.data_type() {
            DataType::List(item) if *item.data_type() == DataType::Utf8 => {
                let lists = array.as_list::<i32>();
                Cells::Joined(lists.value_offsets(), Texts::new(lists.values().as_string(), needs_quotes))
            }
            DataType::List(_) | DataType::Struct(_) => Cells::Nested(JsonValues::new(array)),
            _ => match Scalars::new(array) {
                Some(scalars) => Cells::Scalar(scalars),
                None => Cells::Text(Texts::new(array.as_string(), needs_quotes)),
            },
        };
        Self { nulls: array.nulls(), cells }
    }

    /// Appends a cell, nothing for a null.
    #[inline]
    fn push_cell(&self, row: usize, line: &mut Vec<u8>) {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return;
        }
        match &self.cells {
            Cells::Text(texts) => push_text_cell(texts, row, line),
            Cells::Scalar(scalars) => scalars.push(row, line),
            Cells::Joined(offsets, items) => push_joined(items, offsets[row]..offsets[row + 1], line),
            Cells::Nested(values) => {
                let mut json = Vec::new();
                values.push(row, &mut json);
                push_text(&json, line);
            }
        }
    }
}

#[inline]
fn push_text_cell(texts: &Texts<'_>, row: usize, line: &mut Vec<u8>) {
    let text = texts.value(row);
    match text {
        NULL_OF_OTHERS => push_text(text, line),
        [first, .., last] | [first @ last] if texts.is_bare() && !is_space(*first) && !is_space(*last) => {
            line.extend_from_slice(text);
        }
        _ => push_text(text, line),
    }
}

/// Appends one cell with several texts and commas between.
fn push_joined(items: &Texts<'_>, offsets: Range<i32>, line: &mut Vec<u8>) {
    let [first, end] = [offsets.start, offsets.end].map(position);
    if end - first == 1 {
        return push_text_cell(items, first, line);
    }
    line.push(b'"');
    for row in first..end {
        if row > first {
            line.push(b',');
        }
        push_doubling_quotes(items.value(row), line);
    }
    line.push(b'"');
}

/// A text that some readers take for null when it is not quoted.
const NULL_OF_OTHERS: &[u8] = b"\\N";

fn needs_quotes(byte: u8) -> bool {
    matches!(byte, b',' | b'"' | b'\r' | b'\n')
}

/// At a text's ends, this asks for quotes.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

fn push_text(text: &[u8], line: &mut Vec<u8>) {
    let has_space_at_an_end = [text.first(), text.last()].into_iter().flatten().copied().any(is_space);
    if !text.is_empty() && text != NULL_OF_OTHERS && !text.iter().copied().any(needs_quotes) && !has_space_at_an_end {
        line.extend_from_slice(text);
        return;
    }
    line.push(b'"');
    push_doubling_quotes(text, line);
    line.push(b'"');
}

fn push_doubling_quotes(text: &[u8], line: &mut Vec<u8>) {
    for (at, part) in text.split(|&byte| byte == b'"').enumerate() {
        if at > 0 {
            line.extend_from_slice(b"\"\"");
        }
        line.extend_from_slice(part);
    }
}
