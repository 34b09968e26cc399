//! CSV files that keep null apart from the empty text.
//!
//! RFC 4180 with LF line ends, UTF-8 and a header: null is an empty cell, an empty text is `""`, a list is joined with
//! commas in one cell (an empty list is `""`, since the list is never null), a time is RFC 3339 with `Z`. The `csv`
//! crate's writer cannot tell null from empty within one file, so the cells are written here; its reader checks them
//! in the tests. Values are not altered for spreadsheets: a leading `+` or `=` stays what the account holds.
//!
//! *Easy to get wrong:* a cell is quoted for a comma, quote, CR or LF, and for white space at its ends, which some
//! readers would trim.

use std::io::{self, Write};

use arrow::array::{Array, AsArray, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema, TimestampMicrosecondType};
use chrono::DateTime;
use flate2::write::GzEncoder;

use super::OutputFormat;

/// Level of Zstandard: the fastest that compresses well.
const ZSTD_LEVEL: i32 = 1;

/// Encodes batches into one CSV file, compressed or not.
#[derive(Debug)]
pub(super) struct CsvEncoder<W: Write> {
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
    pub(super) fn new(writer: W, format: OutputFormat, schema: &Schema) -> io::Result<Self> {
        let mut writer = match format {
            OutputFormat::CsvGzip => Compressor::Gzip(GzEncoder::new(writer, flate2::Compression::fast())),
            OutputFormat::CsvZstd => Compressor::Zstd(zstd::Encoder::new(writer, ZSTD_LEVEL)?),
            OutputFormat::Csv | OutputFormat::Parquet => Compressor::None(writer),
        };
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        writer.write_all(format!("{}\n", names.join(",")).as_bytes())?;
        Ok(Self { writer, lines: Vec::new() })
    }

    pub(super) fn encode(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let columns: Vec<Column<'_>> = batch.columns().iter().map(|column| Column::new(column.as_ref())).collect();
        self.lines.clear();
        for row in 0..batch.num_rows() {
            for (at, column) in columns.iter().enumerate() {
                if at > 0 {
                    self.lines.push(b',');
                }
                column.push_cell(row, &mut self.lines);
            }
            self.lines.push(b'\n');
        }
        self.writer.write_all(&self.lines)
    }

    /// Closes the compression and gives the writer back.
    pub(super) fn finish(self) -> io::Result<W> {
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
    /// Whether any value could need quotes is looked up once for the whole column.
    Text {
        values: &'a StringArray,
        is_clean: bool,
    },
    Flag(&'a BooleanArray),
    Time(&'a PrimitiveArray<TimestampMicrosecondType>),
    List(&'a ListArray),
}

impl<'a> Column<'a> {
    fn new(array: &'a dyn Array) -> Self {
        match array.data_type() {
            DataType::Boolean => Self::Flag(array.as_boolean()),
            DataType::Timestamp(..) => Self::Time(array.as_primitive()),
            DataType::List(_) => Self::List(array.as_list()),
            _ => {
                let values: &StringArray = array.as_string();
                Self::Text { values, is_clean: is_clean(values) }
            }
        }
    }

    fn push_cell(&self, row: usize, line: &mut Vec<u8>) {
        match self {
            Self::Text { values, .. } if values.is_null(row) => {}
            Self::Text { values, is_clean } => {
                let text = values.value(row).as_bytes();
                if *is_clean && !text.is_empty() {
                    line.extend_from_slice(text);
                } else {
                    push_text(text, line);
                }
            }
            Self::Flag(values) if values.is_null(row) => {}
            Self::Flag(values) => line.extend_from_slice(if values.value(row) { b"true" } else { b"false" }),
            Self::Time(values) if values.is_null(row) => {}
            Self::Time(values) => push_time(values.value(row), line),
            Self::List(lists) => {
                let items = lists.value(row);
                let items: &StringArray = items.as_string();
                let joined = items.iter().flatten().collect::<Vec<_>>().join(",");
                push_text(joined.as_bytes(), line);
            }
        }
    }
}

/// Whether no value of the column needs quotes, from one scan of all its bytes.
fn is_clean(values: &StringArray) -> bool {
    let offsets = values.value_offsets();
    let (first, last) = (offsets[0], offsets[offsets.len() - 1]);
    let used = usize::try_from(first).unwrap_or(0)..usize::try_from(last).unwrap_or(0);
    // Any white space at all: at a value's ends it asks for quotes, and where values end is not known here.
    !values.value_data()[used].iter().any(|&byte| needs_quotes(byte) || byte == b' ' || byte == b'\t' || byte >= 0x80)
}

fn needs_quotes(byte: u8) -> bool {
    matches!(byte, b',' | b'"' | b'\r' | b'\n')
}

fn push_text(text: &[u8], line: &mut Vec<u8>) {
    let has_space_at_an_end = |text: &[u8]| {
        let is_space = |byte: Option<&u8>| byte.is_some_and(|&byte| byte.is_ascii_whitespace());
        is_space(text.first()) || is_space(text.last())
    };
    if !text.is_empty() && !text.iter().copied().any(needs_quotes) && !has_space_at_an_end(text) {
        line.extend_from_slice(text);
        return;
    }
    line.push(b'"');
    for &byte in text {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}

/// Writes a moment as RFC 3339 in UTC, with six digits of a second where there is a fraction.
fn push_time(micros: i64, line: &mut Vec<u8>) {
    let moment = DateTime::from_timestamp_micros(micros).expect("a time came from a date that chrono could read");
    let format = if micros % 1_000_000 == 0 { chrono::SecondsFormat::Secs } else { chrono::SecondsFormat::Micros };
    line.extend_from_slice(moment.to_rfc3339_opts(format, true).as_bytes());
}
