//! CSV files that keep null apart from the empty text.
//!
//! RFC 4180 with LF line ends, UTF-8 and a header: null is an empty cell, an empty text is `""`, a list is joined with
//! commas in one cell (an empty list is `""`, since the list is never null), a time is RFC 3339 with `Z`. The `csv`
//! crate's writer cannot tell null from empty within one file, so the cells are written here; its reader checks them
//! in the tests. Values are not altered for spreadsheets: a leading `+` or `=` stays what the account holds.
//!
//! *Easy to get wrong:* a cell is quoted for a comma, quote, CR or LF, for white space at its ends, which some readers would
//! trim, and when it is `\N`, which some databases would take for null.

use std::io::{self, Write};

use arrow::array::{Array, AsArray, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema, TimestampMicrosecondType};
use flate2::write::GzEncoder;

use super::file_format::OutputFormat;
use super::time_text::push_time;

/// Level of Zstandard: the fastest that compresses well.
const ZSTD_LEVEL: i32 = 1;

/// Lines gathered before they are passed on: as many bytes as the destination writes at once, so that it need not copy
/// them, and few enough to be hashed while they are in the processor's cache.
const CHUNK_BYTES: usize = 256 << 10;

/// Encodes batches into one CSV file, compressed or not.
#[derive(Debug)]
pub(crate) struct CsvEncoder<W: Write> {
    writer: Compressor<W>,
    lines: Vec<u8>,
}

enum Compressor<W: Write> {
    None(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> CsvEncoder<W> {
    /// Starts a file with its header line.
    pub(crate) fn new(writer: W, format: OutputFormat, schema: &Schema) -> io::Result<Self> {
        let mut writer = match format {
            OutputFormat::CsvGzip => Compressor::Gzip(GzEncoder::new(writer, flate2::Compression::fast())),
            OutputFormat::CsvZstd => {
                let mut encoder = zstd::Encoder::new(writer, ZSTD_LEVEL)?;
                // As gzip has one: without it, a flipped bit is another phone number.
                encoder.include_checksum(true)?;
                Compressor::Zstd(encoder)
            }
            OutputFormat::Csv | OutputFormat::Parquet => Compressor::None(writer),
        };
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        writer.write_all(format!("{}\n", names.join(",")).as_bytes())?;
        Ok(Self { writer, lines: Vec::with_capacity(CHUNK_BYTES + (CHUNK_BYTES >> 3)) })
    }

    pub(crate) fn encode(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let columns: Vec<Column<'_>> = batch.columns().iter().map(|column| Column::new(column.as_ref())).collect();
        for row in 0..batch.num_rows() {
            let start = self.lines.len();
            for column in &columns {
                column.push_cell(row, &mut self.lines);
                self.lines.push(b',');
            }
            // In place of the comma after the last cell.
            self.lines.pop();
            if self.lines.len() == start {
                // A null that is alone in its row: most readers skip lines that are empty.
                self.lines.extend_from_slice(b"\"\"");
            }
            self.lines.push(b'\n');
            if self.lines.len() >= CHUNK_BYTES {
                self.write_lines()?;
            }
        }
        Ok(())
    }

    fn write_lines(&mut self) -> io::Result<()> {
        self.writer.write_all(&self.lines)?;
        self.lines.clear();
        Ok(())
    }

    /// Passes on what is gathered.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.write_lines()?;
        self.writer.flush()
    }

    /// Closes the compression and gives the writer back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.write_lines()?;
        match self.writer {
            Compressor::None(writer) => Ok(writer),
            Compressor::Gzip(encoder) => encoder.finish(),
            Compressor::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(writer) => writer.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(writer) => writer.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

impl<W: Write> std::fmt::Debug for Compressor<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None(_) => "None",
            Self::Gzip(_) => "Gzip",
            Self::Zstd(_) => "Zstd",
        })
    }
}

/// A column of the contacts schema as its cells need it.
enum Column<'a> {
    Text(Texts<'a>),
    Flag(&'a BooleanArray),
    Time(&'a PrimitiveArray<TimestampMicrosecondType>),
    List(&'a ListArray, Texts<'a>),
}

impl<'a> Column<'a> {
    fn new(array: &'a dyn Array) -> Self {
        match array.data_type() {
            DataType::Boolean => Self::Flag(array.as_boolean()),
            DataType::Timestamp(..) => Self::Time(array.as_primitive()),
            DataType::List(_) => {
                let lists: &ListArray = array.as_list();
                Self::List(lists, Texts::new(lists.values().as_string()))
            }
            _ => Self::Text(Texts::new(array.as_string())),
        }
    }

    fn push_cell(&self, row: usize, line: &mut Vec<u8>) {
        match self {
            Self::Text(texts) if texts.values.is_null(row) => {}
            Self::Text(texts) => texts.push(row, line),
            Self::Flag(values) if values.is_null(row) => {}
            Self::Flag(values) => line.extend_from_slice(if values.value(row) { b"true" } else { b"false" }),
            Self::Time(values) if values.is_null(row) => {}
            Self::Time(values) => push_time(values.value(row), line),
            Self::List(lists, items) => {
                let offsets = lists.value_offsets();
                let [first, end] = [offsets[row], offsets[row + 1]].map(position);
                items.push_joined(first..end, line);
            }
        }
    }
}

/// Texts of a column, and what one look at all of them told.
struct Texts<'a> {
    values: &'a StringArray,
    /// No text holds a byte that asks for quotes wherever it stands.
    is_bare: bool,
}

impl<'a> Texts<'a> {
    fn new(values: &'a StringArray) -> Self {
        let offsets = values.value_offsets();
        let used = position(offsets[0])..position(offsets[offsets.len() - 1]);
        // Within a chunk nothing is decided, which lets the compiler compare many bytes at once.
        let has_special = |chunk: &[u8]| chunk.iter().fold(false, |found, &byte| found | needs_quotes(byte));
        Self { values, is_bare: !values.value_data()[used].chunks(256).any(has_special) }
    }

    fn push(&self, row: usize, line: &mut Vec<u8>) {
        let text = self.values.value(row).as_bytes();
        match text {
            NULL_OF_OTHERS => push_text(text, line),
            [first, .., last] | [first @ last] if self.is_bare && !is_space(*first) && !is_space(*last) => {
                line.extend_from_slice(text);
            }
            _ => push_text(text, line),
        }
    }

    /// Appends one cell with several texts and commas between.
    fn push_joined(&self, rows: std::ops::Range<usize>, line: &mut Vec<u8>) {
        if rows.len() == 1 {
            return self.push(rows.start, line);
        }
        line.push(b'"');
        for row in rows.clone() {
            if row > rows.start {
                line.push(b',');
            }
            push_doubling_quotes(self.values.value(row).as_bytes(), line);
        }
        line.push(b'"');
    }
}

/// An offset of an Arrow array as a place in a slice.
fn position(offset: i32) -> usize {
    usize::try_from(offset).expect("no offset is negative")
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
