//! Excel workbooks, written by an export or saved by a spreadsheet.
//!
//! The first sheet with cells is read, and later ones with the same header: an export with more rows than a sheet allows
//! continues in the next one. A spreadsheet program saves all texts in one table, which is kept in memory; an export has
//! them in the rows and is read row by row.
//!
//! *Easy to get wrong:* spreadsheet programs leave formatted rows without values. They are skipped, except in a file that
//! matches its manifest, where a row without values was exported.

use std::io;

use calamine::{Cell, DataRef, ExcelDateTime, Reader, Xlsx, XlsxCellReader, XlsxError};

use super::column_builders::ColumnBuilders;
use super::error::SourceError;
use super::piece::{FileFacts, Piece, Wanted, filled_up, match_header};
use super::source_file::SourceFile;
use super::tracked::{BytesRead, Tracked};
use super::watch::Reporter;
use crate::base::printable::printable;
use crate::resources::contacts::BATCH_ROWS;
use crate::time::{MICROS_PER_DAY, Timestamp};

/// Columns of a sheet.
const MAX_COLUMNS: usize = 16_384;
/// The day number of 1970-01-01 in Excel.
const DAY_1970: f64 = 25_569.0;
/// Days between Excel's two calendars, of 1900 and 1904.
const DAYS_TO_1904: i64 = 1462;

pub(super) fn read(file: &SourceFile, wanted: Wanted, reporter: &Reporter<Piece>) -> Result<FileFacts, SourceError> {
    let mut source = XlsxSource::open(file, reporter)?;
    let schema = file.schema();
    let header = source.header()?;
    let (places, mut facts) =
        match_header(file, &schema, &header.iter().map(String::as_str).collect::<Vec<_>>(), wanted)?;
    let columns: Vec<bool> = places.iter().map(Option::is_some).collect();
    let mut rows = ColumnBuilders::new(&schema, &places);
    let progress = source.progress.clone();
    let mut hand_over = |rows: &mut ColumnBuilders| {
        let count = rows.rows();
        facts.rows += count as u64;
        let batch = filled_up(file, rows.finish(), count);
        let bytes_read = progress.bytes_read().min(file.bytes);
        reporter.hand_over(Piece { batch, columns: columns.clone(), missing: Vec::new(), bytes_read });
    };
    source.read_rows(&header, &mut |row| {
        rows.push(|place| row.get(place)?.as_deref());
        if rows.rows() == BATCH_ROWS {
            hand_over(&mut rows);
        }
    })?;
    if rows.rows() > 0 {
        hand_over(&mut rows);
    }
    facts.malformed = rows.malformed();
    Ok(facts)
}

/// A row of cells as the texts that a CSV cell would have; cells at its end may be missing.
pub(super) type TextRow = Vec<Option<String>>;

/// An open workbook.
pub(super) struct XlsxSource<'a> {
    file: &'a SourceFile,
    workbook: Xlsx<Tracked>,
    progress: BytesRead,
    /// The names of its sheets.
    sheets: Vec<String>,
}

impl<'a> XlsxSource<'a> {
    /// Opens a workbook.
    ///
    /// # Errors
    /// When it cannot be opened or is not a workbook.
    pub(super) fn open<T>(file: &'a SourceFile, reporter: &Reporter<T>) -> Result<Self, SourceError> {
        let (bytes, progress) = Tracked::open(file, reporter)?;
        let workbook = Xlsx::new(bytes).map_err(|error| failed(file, error))?;
        let sheets = workbook.sheet_names();
        Ok(Self { file, workbook, progress, sheets })
    }

    /// The first row of the first sheet that is not empty.
    ///
    /// # Errors
    /// When a sheet cannot be read.
    pub(super) fn header(&mut self) -> Result<Vec<String>, SourceError> {
        for name in &self.sheets {
            let mut rows = SheetRows::of_sheet(self.file, &mut self.workbook, name)?;
            if let Some(header) = rows.next_row()? {
                return Ok(names_of(header));
            }
        }
        Ok(Vec::new())
    }

    /// Passes on every row below this header.
    ///
    /// # Errors
    /// When a sheet cannot be read.
    pub(super) fn read_rows(&mut self, header: &[String], take: &mut dyn FnMut(&TextRow)) -> Result<(), SourceError> {
        let keeps_empty = self.file.published.is_some();
        for name in &self.sheets {
            let mut rows = SheetRows::of_sheet(self.file, &mut self.workbook, name)?;
            let Some(found) = rows.next_row()? else { continue };
            if names_of(found) != header {
                let (sheet, path) = (printable(name), self.file.path.display());
                tracing::warn!("skipped the sheet {sheet} of {path}: it has other columns than the first one");
                continue;
            }
            while let Some(row) = rows.next_row()? {
                if keeps_empty || row.iter().any(Option::is_some) {
                    take(row);
                }
            }
        }
        Ok(())
    }
}

fn names_of(header: &TextRow) -> Vec<String> {
    header.iter().map(|name| name.clone().unwrap_or_default()).collect()
}

fn failed(file: &SourceFile, error: XlsxError) -> SourceError {
    let path = file.path.clone();
    match error {
        XlsxError::Password => SourceError::ForeignText { path, what: "protected by a password" },
        // Only the kind of a parser's error is reported: its text may quote the value.
        XlsxError::Io(error) => SourceError::Read { path, source: error.into() },
        XlsxError::Zip(error) => SourceError::Read { path, source: error.into() },
        _ => SourceError::Read { path, source: io::Error::other("it is no workbook that Excel would write").into() },
    }
}

/// The rows of a sheet that have cells.
struct SheetRows<'a> {
    file: &'a SourceFile,
    cells: XlsxCellReader<'a, Tracked>,
    /// The first cell of the next row.
    next: Option<Cell<DataRef<'a>>>,
    row: TextRow,
}

impl<'a> SheetRows<'a> {
    fn of_sheet(file: &'a SourceFile, workbook: &'a mut Xlsx<Tracked>, name: &str) -> Result<Self, SourceError> {
        let mut cells = workbook.worksheet_cells_reader(name).map_err(|error| failed(file, error))?;
        let next = cells.next_cell().map_err(|error| failed(file, error))?;
        Ok(Self { file, cells, next, row: TextRow::new() })
    }

    fn next_row(&mut self) -> Result<Option<&TextRow>, SourceError> {
        self.row.clear();
        let Some(first) = self.next.take() else { return Ok(None) };
        let (row, _) = first.get_position();
        let mut cell = Some(first);
        while let Some(found) = cell.take_if(|cell| cell.get_position().0 == row) {
            let place = found.get_position().1 as usize;
            if place >= MAX_COLUMNS {
                return Err(SourceError::Damaged { path: self.file.path.clone() });
            }
            if self.row.len() <= place {
                self.row.resize(place + 1, None);
            }
            self.row[place] = text_of(found.get_value());
            cell = self.cells.next_cell().map_err(|error| failed(self.file, error))?;
        }
        self.next = cell;
        Ok(Some(&self.row))
    }
}

/// A value as the text of a CSV cell.
fn text_of(value: &DataRef<'_>) -> Option<String> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::DateTime(date) => date_text(*date),
        DataRef::Error(error) => error.to_string(),
    })
}

/// A date as RFC 3339, or its number if it is not a date of the calendar.
fn date_text(date: ExcelDateTime) -> String {
    let number = date.as_f64();
    let Some(micros) = micros_of(number).filter(|_| date.is_datetime()) else { return number.to_string() };
    // The library reveals the calendar only through the date, which it rounds to milliseconds.
    let (year, month, day, ..) = date.to_ymd_hms_milli();
    let shown = Timestamp::parse_in_table(&format!("{year:04}-{month:02}-{day:02}")).map(Timestamp::micros);
    let is_of_1904 = shown.is_some_and(|shown| shown - micros > DAYS_TO_1904 / 2 * MICROS_PER_DAY);
    let shift = if is_of_1904 { DAYS_TO_1904 * MICROS_PER_DAY } else { 0 };
    Timestamp::from_micros(micros + shift).to_string()
}

/// A date of Excel in microseconds since 1970, rounded to the precision of its number.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the range is checked before")]
fn micros_of(number: f64) -> Option<i64> {
    const EXACT_DAYS: f64 = 65_536.0;
    const END_DAY: f64 = 2_958_466.0;
    let is_known = (0.0..END_DAY).contains(&number);
    // From 2079 on the numbers are further apart than a microsecond.
    let step = if number < EXACT_DAYS { 1 } else { 1000 };
    is_known.then(|| ((number - DAY_1970) * (MICROS_PER_DAY / step) as f64).round() as i64 * step)
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a day are far below 2^53")]
    fn dates_are_exact_to_the_microsecond_in_both_calendars() {
        let text = |number, is_1904| date_text(ExcelDateTime::new(number, ExcelDateTimeType::DateTime, is_1904));
        assert_eq!(text(45_943.5, false), "2025-10-13T12:00:00Z");
        assert_eq!(text(44_481.5, true), "2025-10-13T12:00:00Z");
        assert_eq!(text(61.0, false), "1900-03-01T00:00:00Z");
        for micros in [1_772_323_200_500_001_i64, 1_772_323_199_999_999, 0, -1, 3_400_000_000_123_457] {
            let [day, rest] = [micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY)];
            let number = f64::from(i32::try_from(day).unwrap()) + DAY_1970 + rest as f64 / MICROS_PER_DAY as f64;
            assert_eq!(text(number, false), Timestamp::from_micros(micros).to_string());
        }
        assert_eq!(text(2_958_465.0 + 86_399.0 / 86_400.0, false), "9999-12-31T23:59:59Z");
        assert_eq!(text(3e6, false), "3000000");
    }
}
