//! CSV files that distinguish null from empty text.
//!
//! RFC 4180 with LF line ends, UTF-8 and a header: a null is an empty cell, an empty text is `""`. A list of texts is
//! joined with commas in one cell, and an empty list is `""`; other nested values are JSON in one cell. Times are RFC 3339
//! with `Z`, decimals plain digits. The `csv` crate's writer cannot distinguish null from empty text within a file, so
//! cells are written here; tests read them with its reader. Values are not changed: a leading `+` or `=` stays.
//! [`CsvSettings`] select the differences: for Excel, a byte order mark, CRLF line ends and escaped texts (see
//! [`guard`](super::guard)); for `PostgreSQL`, lists as array literals; and any delimiter and null.
//!
//! *Easy to get wrong:* a cell is quoted if it has the delimiter, a comma, quote, CR or LF, if it starts or ends with white
//! space, which some readers would trim, and if it is `\N` or the text for nulls.

use std::fmt;
use std::io::Write;
use std::ops::Range;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, SchemaRef};

use super::array_literal::push_array;
use super::codec::Codec;
use super::csv_settings::{CsvDialect, CsvSettings};
use super::encode::{Encode, EncodeError, check_batch};
use super::guard::push_guarded;
use super::json::JsonValues;
use super::lines::LineWriter;
use super::scalars::Scalars;
use super::texts::{ScannedTexts, position};

/// Encodes batches into one CSV file, compressed or not.
#[derive(Debug)]
pub(super) struct CsvEncoder<W: Write> {
    writer: LineWriter<W>,
    schema: SchemaRef,
    style: Style,
}

impl<W: Write> CsvEncoder<W> {
    /// Starts a file with its header line.
    pub(super) fn new(sink: W, codec: Codec, schema: SchemaRef, settings: &CsvSettings) -> Result<Self, EncodeError> {
        let style = Style::new(settings);
        let mut writer = LineWriter::new(sink, codec)?;
        if style.dialect == CsvDialect::Excel {
            writer.lines.extend_from_slice(BYTE_ORDER_MARK);
        }
        for (at, field) in schema.fields().iter().enumerate() {
            if at > 0 {
                writer.lines.push(style.delimiter);
            }
            style.push_text(field.name().as_bytes(), &mut writer.lines);
        }
        style.push_line_end(&mut writer.lines);
        writer.end_line()?;
        Ok(Self { writer, schema, style })
    }
}

impl<W: Write + Send + fmt::Debug> Encode<W> for CsvEncoder<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        check_batch(&self.schema, batch)?;
        let Self { writer, style, .. } = self;
        let columns: Vec<CsvColumn<'_>> = batch.columns().iter().map(|column| CsvColumn::new(column, style)).collect();
        for row in 0..batch.num_rows() {
            let lines = &mut writer.lines;
            let start = lines.len();
            for column in &columns {
                column.push_cell(row, lines);
                lines.push(style.delimiter);
            }
            // Replaces the delimiter after the last cell.
            lines.pop();
            if lines.len() == start {
                // A null that is alone in its row: most readers skip empty lines.
                lines.extend_from_slice(b"\"\"");
            }
            style.push_line_end(lines);
            writer.end_line()?;
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

/// The start of a UTF-8 file for Excel, which assumes another encoding without it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// A text that some readers take for null unless it is quoted.
const NULL_OF_OTHERS: &[u8] = b"\\N";
/// A line that ends the data for some versions of `PostgreSQL`.
const END_OF_DATA: &[u8] = b"\\.";

/// How cells are written.
#[derive(Debug)]
struct Style {
    dialect: CsvDialect,
    delimiter: u8,
    null: Vec<u8>,
}

impl Style {
    fn new(settings: &CsvSettings) -> Self {
        let null = settings.null.as_str().as_bytes().to_vec();
        Self { dialect: settings.dialect, delimiter: settings.delimiter.byte(), null }
    }

    /// What precedes the LF of a line.
    #[inline]
    fn push_line_end(&self, line: &mut Vec<u8>) {
        if self.dialect == CsvDialect::Excel {
            line.push(b'\r');
        }
    }

    /// Whether a cell with this byte is quoted. A comma always is, so that the delimiter can be detected.
    fn needs_quotes(&self, byte: u8) -> bool {
        byte == self.delimiter || is_special_byte(byte)
    }

    /// Whether a text would be misread without quotes.
    #[inline]
    fn is_special(&self, text: &[u8]) -> bool {
        match text {
            NULL_OF_OTHERS => true,
            END_OF_DATA => self.dialect == CsvDialect::Postgres,
            text => !self.null.is_empty() && text == self.null,
        }
    }

    fn push_text(&self, text: &[u8], line: &mut Vec<u8>) {
        let has_space_at_an_end = [text.first(), text.last()].into_iter().flatten().copied().any(is_space);
        let needs_quotes = |&byte: &u8| self.needs_quotes(byte);
        if !text.is_empty() && !self.is_special(text) && !text.iter().any(needs_quotes) && !has_space_at_an_end {
            line.extend_from_slice(text);
            return;
        }
        line.push(b'"');
        push_doubling_quotes(text, line);
        line.push(b'"');
    }

    /// Scans a column of texts.
    fn scan<'a>(&self, values: &'a StringArray) -> CsvTexts<'a> {
        let plain = self.scan_for(values, |byte| byte == b'\\' || is_special_byte(byte));
        let is_plain = plain.is_bare() && self.null.is_empty();
        CsvTexts { texts: if plain.is_bare() { plain } else { self.scan_for(values, is_special_byte) }, is_plain }
    }

    fn scan_for<'a>(&self, values: &'a StringArray, needs_care: impl Fn(u8) -> bool) -> ScannedTexts<'a> {
        // The default delimiter needs one comparison less per byte of text.
        match self.delimiter {
            b',' => ScannedTexts::new(values, needs_care),
            delimiter => ScannedTexts::new(values, |byte| byte == delimiter || needs_care(byte)),
        }
    }

    #[expect(clippy::inline_always, reason = "a call takes as long as the copy")]
    #[inline(always)]
    fn push_text_cell(&self, CsvTexts { texts, is_plain }: &CsvTexts<'_>, row: usize, line: &mut Vec<u8>) {
        match texts.value(row) {
            [first, .., last] | [first @ last] if *is_plain && *first > b' ' && *last > b' ' => texts.push(row, line),
            _ => self.push_uncertain_cell(texts, row, line),
        }
    }

    /// Appends a text that may need quotes.
    #[inline(never)]
    fn push_uncertain_cell(&self, texts: &ScannedTexts<'_>, row: usize, line: &mut Vec<u8>) {
        let text = texts.value(row);
        match text {
            [first, .., last] | [first @ last]
                if texts.is_bare() && !is_space(*first) && !is_space(*last) && !self.is_special(text) =>
            {
                texts.push(row, line);
            }
            _ => self.push_text(text, line),
        }
    }

    /// Appends a cell with several texts, separated by commas.
    #[inline(never)]
    fn push_joined(&self, items: &CsvTexts<'_>, rows: Range<usize>, line: &mut Vec<u8>) {
        if rows.len() == 1 {
            return self.push_text_cell(items, rows.start, line);
        }
        line.push(b'"');
        for row in rows.clone() {
            if row > rows.start {
                line.push(b',');
            }
            if items.texts.is_bare() {
                items.texts.push(row, line);
            } else {
                push_doubling_quotes(items.texts.value(row), line);
            }
        }
        line.push(b'"');
    }

    /// Appends a text that Excel keeps as text.
    fn push_guarded_cell(&self, text: &str, line: &mut Vec<u8>) {
        let mut cell = Vec::with_capacity(text.len() + 8);
        push_guarded(text, self.is_special(text.as_bytes()), &mut cell);
        self.push_text(&cell, line);
    }
}

/// The texts of a column, after looking for bytes that need quotes.
struct CsvTexts<'a> {
    texts: ScannedTexts<'a>,
    /// Only a text that is empty, or has white space at an end, needs quotes.
    is_plain: bool,
}

/// A column in the form in which its cells are written.
struct CsvColumn<'a> {
    nulls: Option<&'a NullBuffer>,
    cells: Cells<'a>,
    style: &'a Style,
}

enum Cells<'a> {
    Text(CsvTexts<'a>),
    Scalar(Scalars<'a>),
    /// Lists of texts, by their offsets.
    Joined(&'a [i32], CsvTexts<'a>),
    Composed(ComposedCells<'a>),
}

/// Cells that are composed in memory of their own. Apart from the others, so that those are compiled into the loop over all
/// cells.
enum ComposedCells<'a> {
    /// As JSON.
    Nested(JsonValues<'a>),
    /// Texts for Excel.
    GuardedText(&'a StringArray),
    /// Lists of texts for Excel.
    GuardedList(&'a [i32], &'a StringArray),
    /// Lists of texts for `PostgreSQL`.
    Array(&'a [i32], &'a StringArray),
}

impl<'a> CsvColumn<'a> {
    fn new(array: &'a dyn Array, style: &'a Style) -> Self {
        let cells = match array.data_type() {
            DataType::List(item) if *item.data_type() == DataType::Utf8 => {
                let lists = array.as_list::<i32>();
                let (offsets, items) = (lists.value_offsets(), lists.values().as_string());
                match style.dialect {
                    CsvDialect::Rfc4180 => Cells::Joined(offsets, style.scan(items)),
                    CsvDialect::Excel => Cells::Composed(ComposedCells::GuardedList(offsets, items)),
                    CsvDialect::Postgres => Cells::Composed(ComposedCells::Array(offsets, items)),
                }
            }
            DataType::List(_) | DataType::Struct(_) => Cells::Composed(ComposedCells::Nested(JsonValues::new(array))),
            _ => match Scalars::new(array) {
                Some(scalars) => Cells::Scalar(scalars),
                None if style.dialect == CsvDialect::Excel => {
                    Cells::Composed(ComposedCells::GuardedText(array.as_string()))
                }
                None => Cells::Text(style.scan(array.as_string())),
            },
        };
        Self { nulls: array.nulls(), cells, style }
    }

    /// Appends a cell.
    #[expect(clippy::inline_always, reason = "a call takes as long as a short cell")]
    #[inline(always)]
    fn push_cell(&self, row: usize, line: &mut Vec<u8>) {
        let style = self.style;
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            if !style.null.is_empty() {
                line.extend_from_slice(&style.null);
            }
            return;
        }
        match &self.cells {
            Cells::Text(texts) => style.push_text_cell(texts, row, line),
            Cells::Scalar(scalars) => scalars.push(row, line),
            Cells::Joined(offsets, items) => style.push_joined(items, rows_of(offsets, row), line),
            Cells::Composed(cells) => cells.push(style, row, line),
        }
    }
}

impl ComposedCells<'_> {
    #[inline(never)]
    fn push(&self, style: &Style, row: usize, line: &mut Vec<u8>) {
        match self {
            Self::Nested(values) => {
                let mut json = Vec::new();
                values.push(row, &mut json);
                style.push_text(&json, line);
            }
            Self::GuardedText(texts) => style.push_guarded_cell(texts.value(row), line),
            Self::GuardedList(offsets, items) => {
                let list: Vec<&str> = rows_of(offsets, row).map(|item| items.value(item)).collect();
                style.push_guarded_cell(&list.join(","), line);
            }
            Self::Array(offsets, items) => {
                let mut array = Vec::new();
                let item = |item: usize| items.is_valid(item).then(|| items.value(item));
                push_array(rows_of(offsets, row).map(item), &mut array);
                style.push_text(&array, line);
            }
        }
    }
}

/// The indices of the items of a list.
fn rows_of(offsets: &[i32], row: usize) -> Range<usize> {
    position(offsets[row])..position(offsets[row + 1])
}

/// Such a byte needs quotes anywhere in a text.
fn is_special_byte(byte: u8) -> bool {
    matches!(byte, b',' | b'"' | b'\r' | b'\n')
}

/// Such a byte needs quotes at either end of a text.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

fn push_doubling_quotes(text: &[u8], line: &mut Vec<u8>) {
    for (at, part) in text.split(|&byte| byte == b'"').enumerate() {
        if at > 0 {
            line.extend_from_slice(b"\"\"");
        }
        line.extend_from_slice(part);
    }
}
