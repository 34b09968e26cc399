//! Excel workbooks (Office Open XML, ECMA-376): a sheet with a header, and further sheets for further rows.
//!
//! The rows of a sheet go to an unnamed temporary file, so memory does not grow with them; everything is packed into the
//! sink at the end. [`xlsx_cells`](super::xlsx_cells) converts the values. A null is an empty cell, and so is an empty
//! text, which Excel does not distinguish.
//!
//! *Easy to get wrong:* a sheet ends after 1,048,576 rows, and a cell after 32,767 UTF-16 units. Rows continue in another
//! sheet; a text that is too long is an error, because cutting it would silently change it. The bytes are the same for the
//! same rows: the dates of the document are fixed.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, SchemaRef};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, IgnoreError, Workbook, Worksheet, XlsxError};

use super::encode::{Encode, EncodeError, check_batch};
use super::error::FormatError;
use super::xlsx_cells::{CellColumn, CellValue};
use crate::base::panics::caught;

/// Maximum rows of a sheet below its header.
const MAX_SHEET_ROWS: u32 = 1_048_575;
/// Bytes after which another sheet is started: in a ZIP archive, a file of four gigabytes needs an extension about which
/// Excel warns.
const MAX_SHEET_BYTES: usize = 3 << 30;
/// Maximum UTF-16 units of a cell.
const MAX_CELL_UNITS: usize = 32_767;
/// Longer texts are not formatted as text, because some versions of Excel would show them as `####`.
const MAX_FORMATTED_BYTES: usize = 255;
/// Bytes of a cell around its value.
const CELL_BYTES: usize = 64;

/// Encodes batches into one workbook.
pub(super) struct XlsxEncoder<W> {
    workbook: Workbook,
    sink: W,
    schema: SchemaRef,
    formats: CellFormats,
    /// Name of the first sheet.
    name: &'static str,
    sheet: Sheet,
    /// Rows in all sheets.
    rows: u64,
    max_sheet_rows: u32,
    max_sheet_bytes: usize,
}

/// The current sheet.
#[derive(Debug, Default)]
struct Sheet {
    index: usize,
    /// Rows below the header.
    rows: u32,
    bytes: usize,
}

/// Formats of cells.
struct CellFormats {
    header: Format,
    /// Also keeps what is typed into the cell as text.
    text: Format,
    time: Format,
}

/// The folder for temporary files has no room, or cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the sheet to a temporary file in {}", folder.display())]
struct TemporaryFile {
    folder: PathBuf,
}

impl TemporaryFile {
    fn new() -> Self {
        Self { folder: std::env::temp_dir() }
    }
}

impl<W> XlsxEncoder<W> {
    /// Starts a workbook; `name` is the resource of the rows.
    ///
    /// # Errors
    /// When there is no room for a temporary file, or there are more columns than a sheet has.
    pub(super) fn new(sink: W, schema: SchemaRef, name: &'static str) -> Result<Self, EncodeError> {
        let mut workbook = Workbook::new();
        let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let formats = CellFormats {
            header: Format::new().set_bold().set_num_format("@"),
            text: Format::new().set_num_format("@"),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss.000"),
        };
        let sheet = Sheet::default();
        let (max_sheet_rows, max_sheet_bytes) = (MAX_SHEET_ROWS, MAX_SHEET_BYTES);
        let mut encoder =
            Self { workbook, sink, schema, formats, name, sheet, rows: 0, max_sheet_rows, max_sheet_bytes };
        encoder.begin_sheet(0)?;
        Ok(encoder)
    }

    /// Starts a sheet with its header and widths.
    fn begin_sheet(&mut self, index: usize) -> Result<(), EncodeError> {
        let name = if index == 0 { self.name.to_owned() } else { format!("{} {}", self.name, index + 1) };
        let sheet = self.workbook.add_worksheet_with_constant_memory().map_err(|error| match error {
            XlsxError::IoError(error) => EncodeError::from(error),
            error => error.into(),
        })?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (column, field) in (0..).zip(self.schema.fields()) {
            sheet.write_string_with_format(0, column, field.name().as_str(), &self.formats.header)?;
            sheet.set_column_width(column, width(field))?;
        }
        self.sheet = Sheet { index, ..Sheet::default() };
        Ok(())
    }

    /// Finishes what depends on the last row of the sheet.
    fn end_sheet(&mut self) -> Result<(), EncodeError> {
        let sheet = self.workbook.worksheet_from_index(self.sheet.index)?;
        let last_column = u16::try_from(self.schema.fields().len().saturating_sub(1))?;
        sheet.autofilter(0, 0, self.sheet.rows, last_column)?;
        // Phone numbers and codes are intentionally texts, which Excel would mark in every cell.
        sheet.ignore_error_range(0, 0, self.sheet.rows, last_column, IgnoreError::NumberStoredAsText)?;
        Ok(())
    }

    fn write_rows(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        let columns: Vec<CellColumn<'_>> = batch.columns().iter().map(|column| CellColumn::new(column)).collect();
        let mut text = Vec::new();
        for row in 0..batch.num_rows() {
            if self.sheet.rows == self.max_sheet_rows || self.sheet.bytes >= self.max_sheet_bytes {
                self.end_sheet()?;
                self.begin_sheet(self.sheet.index + 1)?;
            }
            self.rows += 1;
            self.sheet.rows += 1;
            let sheet = self.workbook.worksheet_from_index(self.sheet.index)?;
            let mut is_empty = true;
            for (at, column) in (0..).zip(&columns) {
                let Some(cell) = column.cell(row, &mut text) else { continue };
                is_empty = false;
                if let CellValue::Text(text) = cell {
                    check_length(text, self.schema.field(usize::from(at)).name(), self.rows)?;
                }
                self.sheet.bytes += bytes_of(cell);
                write_cell(sheet, self.sheet.rows, at, cell, &self.formats)?;
            }
            if is_empty {
                // Creates the row.
                sheet.write_blank(self.sheet.rows, 0, &self.formats.text)?;
            }
        }
        Ok(())
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: CellValue<'_>,
    formats: &CellFormats,
) -> Result<(), XlsxError> {
    match cell {
        CellValue::Flag(flag) => sheet.write_boolean(row, column, flag),
        CellValue::Number(number) => sheet.write_number(row, column, number),
        CellValue::Time(days) => sheet.write_number_with_format(row, column, days, &formats.time),
        CellValue::Text(text) if text.len() <= MAX_FORMATTED_BYTES => {
            sheet.write_string_with_format(row, column, text, &formats.text)
        }
        CellValue::Text(text) => sheet.write_string(row, column, text),
    }
    .map(|_| ())
}

fn check_length(text: &str, column: &str, row: u64) -> Result<(), FormatError> {
    if text.len() <= MAX_CELL_UNITS {
        return Ok(());
    }
    let length = text.encode_utf16().count();
    if length <= MAX_CELL_UNITS {
        return Ok(());
    }
    Err(FormatError::LongText { column: column.to_owned(), row, length, limit: MAX_CELL_UNITS })
}

/// An upper bound for the bytes of a cell.
fn bytes_of(cell: CellValue<'_>) -> usize {
    const ESCAPED_BYTES: usize = "_x0000_".len();
    let CellValue::Text(text) = cell else { return CELL_BYTES };
    let is_escaped = |byte: &u8| *byte < b' ' || matches!(byte, b'&' | b'<' | b'>' | b'_');
    CELL_BYTES + text.len() + text.bytes().filter(is_escaped).count() * ESCAPED_BYTES
}

/// The width of a column in characters, from its type, because rows are written only once.
fn width(field: &Field) -> f64 {
    let by_kind: u8 = match field.data_type() {
        DataType::Boolean => 9,
        DataType::Timestamp(..) => 24,
        DataType::List(item) if *item.data_type() == DataType::Utf8 => 22,
        DataType::List(_) | DataType::Struct(_) => 40,
        // A UUID.
        DataType::Utf8 if field.name() == "id" || field.name().ends_with("_id") => 38,
        DataType::Utf8 => 20,
        _ => 14,
    };
    // The button of the filter covers the end of the name.
    let by_name = u8::try_from(field.name().chars().count() + 4).unwrap_or(u8::MAX);
    by_kind.max(by_name).into()
}

impl<W: Write + Send + fmt::Debug> Encode<W> for XlsxEncoder<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        check_batch(&self.schema, batch)?;
        // The library panics if its temporary files cannot be written.
        caught(|| self.write_rows(batch)).unwrap_or_else(|_| Err(TemporaryFile::new().into()))
    }

    /// Nothing can be read before the end.
    fn flush(&mut self) -> Result<(), EncodeError> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<W, EncodeError> {
        let packed = caught(|| -> Result<(), EncodeError> {
            self.end_sheet()?;
            Ok(self.workbook.save_to_writer(&mut self.sink)?)
        });
        packed.unwrap_or_else(|_| Err(TemporaryFile::new().into()))?;
        Ok(self.sink)
    }
}

impl<W> fmt::Debug for XlsxEncoder<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("XlsxEncoder")
            .field("sheet", &self.sheet)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};
    use calamine::{Data, Reader, Xlsx};

    use super::*;

    fn texts(values: &[Option<&str>]) -> RecordBatch {
        let column: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        RecordBatch::try_from_iter_with_nullable([("text", column, true)]).unwrap()
    }

    fn encoder(batch: &RecordBatch) -> Box<XlsxEncoder<Vec<u8>>> {
        Box::new(XlsxEncoder::new(Vec::new(), batch.schema(), "contacts").unwrap())
    }

    fn sheets(bytes: Vec<u8>) -> Vec<(String, Vec<Vec<Data>>)> {
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let sheets = workbook.worksheets().into_iter();
        sheets.map(|(name, range)| (name, range.rows().map(<[Data]>::to_vec).collect())).collect()
    }

    #[test]
    fn rows_beyond_the_last_of_a_sheet_go_on_in_another_one() {
        let batch = texts(&[Some("a"), Some("b"), None, Some("d"), Some("e")]);
        for (max_sheet_rows, max_sheet_bytes) in [(2, usize::MAX), (u32::MAX, 2 * CELL_BYTES)] {
            let mut encoder = encoder(&batch);
            (encoder.max_sheet_rows, encoder.max_sheet_bytes) = (max_sheet_rows, max_sheet_bytes);
            encoder.write(&batch).unwrap();
            let found = sheets(encoder.finish().unwrap());
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names[..2], ["contacts", "contacts 2"]);
            assert!(found.iter().all(|(_, rows)| rows[0] == [Data::String("text".to_owned())]), "{found:?}");
            let values = found.iter().flat_map(|(_, rows)| &rows[1..]).flatten();
            let values: Vec<String> = values.map(ToString::to_string).collect();
            assert_eq!(values.concat(), "abde");
        }
    }

    #[test]
    fn texts_are_unchanged() {
        let long = "\u{1f600}".repeat(MAX_CELL_UNITS / 2);
        let hostile = [
            "+12025550123",
            "0049",
            "=1+1",
            "@x",
            "TRUE",
            "1e5",
            "'x",
            " x ",
            "a\r\nb\tc",
            "\u{0}\u{1f}",
            "_x0041_",
            "<&>\"",
            "\u{fffe}",
            "2026-03-01",
            "#N/A",
            "http://x.example",
            &long,
        ];
        let batch = texts(&hostile.map(Some));
        let mut encoder = encoder(&batch);
        encoder.write(&batch).unwrap();
        let found = sheets(encoder.finish().unwrap());
        let values = found[0].1[1..].iter().flatten().cloned();
        assert_eq!(values.collect::<Vec<_>>(), hostile.map(|text| Data::String(text.to_owned())));
    }

    #[test]
    fn a_text_that_is_too_long_for_a_cell_is_an_error_that_names_its_place() {
        let long = "x".repeat(MAX_CELL_UNITS + 1);
        let batch = texts(&[Some("+12025550123"), Some(&long)]);
        let error = encoder(&batch).write(&batch).unwrap_err().to_string();
        let wanted = "xlsx cannot hold the 32,768 characters of column text in row 2: a cell has at most 32,767";
        assert_eq!(error, wanted);
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        let batch = texts(&[Some("a"), None, Some("b")]);
        let bytes = |parts: &[RecordBatch]| {
            let mut encoder = encoder(&batch);
            for part in parts {
                encoder.write(part).unwrap();
            }
            encoder.finish().unwrap()
        };
        let whole = bytes(std::slice::from_ref(&batch));
        assert!(bytes(&[batch.slice(0, 1), batch.slice(1, 2)]) == whole);
        assert_eq!(sheets(whole)[0].1.len(), 4, "a row without a value is one");
    }
}
