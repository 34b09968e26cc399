//! CSV files in every dialect, compressed or not.
//!
//! A file that ends in the middle of a line is truncated, which is an error.
//!
//! *Easy to get wrong:* a byte order mark is not part of the name of the first column; the `csv` crate skips it.

use std::io::{self, Read};

use csv::{ByteRecord, ErrorKind, Reader, StringRecord};

use super::column_builders::ColumnBuilders;
use super::csv_text::open_csv;
use super::error::SourceError;
use super::piece::{FileFacts, Piece, Wanted, filled_up, match_header};
use super::source_file::SourceFile;
use super::watch::Reporter;
use crate::resources::contacts::BATCH_ROWS;

pub(super) fn read(file: &SourceFile, wanted: Wanted, reporter: &Reporter<Piece>) -> Result<FileFacts, SourceError> {
    let cut_off = || SourceError::CutOff { path: file.path.clone() };
    let failed = |source: csv::Error| match source.kind() {
        // A truncated compressed file.
        ErrorKind::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => cut_off(),
        _ => SourceError::Read { path: file.path.clone(), source: source.into() },
    };
    let mut text = open_csv(file, reporter, &[])?;
    let header = text.reader.headers().map_err(failed)?.clone();
    let schema = file.schema();
    let (places, mut facts) = match_header(file, &schema, &header.iter().collect::<Vec<_>>(), wanted)?;
    let columns: Vec<bool> = places.iter().map(Option::is_some).collect();
    let mut rows = ColumnBuilders::new(&schema, &places);
    let mut record = StringRecord::new();
    loop {
        let is_end = match text.read_row(&mut record) {
            Ok(is_there) => !is_there,
            Err(error) if is_torn(&error) && is_at_end(&mut text.reader) => return Err(cut_off()),
            Err(error) => return Err(failed(error)),
        };
        // An export ends with a line break. Without one, the last cell may be truncated.
        if is_end && !text.progress.is_at_line_end() {
            return Err(cut_off());
        }
        if !is_end {
            rows.push(|place| record.get(place));
        }
        let count = rows.rows();
        if count == BATCH_ROWS || (is_end && count > 0) {
            facts.rows += count as u64;
            let batch = filled_up(file, rows.finish(), count);
            let columns = columns.clone();
            reporter.hand_over(Piece { batch, columns, missing: Vec::new(), bytes_read: text.progress.bytes_read() });
        }
        if is_end {
            facts.malformed = rows.malformed();
            return Ok(facts);
        }
    }
}

/// Whether a line may be truncated.
fn is_torn(error: &csv::Error) -> bool {
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => len < expected_len,
        ErrorKind::Utf8 { .. } => true,
        _ => false,
    }
}

fn is_at_end(reader: &mut Reader<impl Read>) -> bool {
    matches!(reader.read_byte_record(&mut ByteRecord::new()), Ok(false))
}
