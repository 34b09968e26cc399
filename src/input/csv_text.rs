//! Detects the layout of a CSV file, and opens it.
//!
//! The layout is in the manifest of the export. Without one, the delimiter is the one with which the header has the most
//! known columns, and a file with a byte order mark and CRLF line ends is for Excel. The text for nulls cannot be detected.
//!
//! Nulls are empty cells here, whatever the file has for them; see [`csv_nulls`](super::csv_nulls).

use std::io::{self, Cursor, Read};

use csv::{Reader, ReaderBuilder, StringRecord};

use super::content::Content;
use super::csv_nulls::UnquotedNulls;
use super::error::SourceError;
use super::source_file::SourceFile;
use super::text_file::{READ_BUFFER_BYTES, TextProgress, open_text};
use super::watch::Reporter;
use crate::format::{CsvDialect, CsvSettings, Delimiter, unguarded};

/// The maximum length of a header; no table has a longer one.
const MAX_HEADER_BYTES: usize = 256 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An open CSV file, with the layout needed to convert its cells to values.
pub(super) struct CsvText<R> {
    pub(super) reader: Reader<R>,
    pub(super) progress: TextProgress,
    settings: CsvSettings,
    /// The current row before its texts are unescaped.
    raw: StringRecord,
}

/// Opens a file; `names` are accepted column names besides the known ones.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn open_csv<T>(
    file: &SourceFile,
    reporter: &Reporter<T>,
    names: &[String],
) -> Result<CsvText<impl Read>, SourceError> {
    let (mut text, progress) = open_text(file, reporter)?;
    let failed = |error: io::Error| match error.kind() {
        // A truncated compressed file.
        io::ErrorKind::UnexpectedEof => SourceError::CutOff { path: file.path.clone() },
        _ => SourceError::Read { path: file.path.clone(), source: error.into() },
    };
    let head = read_head(&mut text).map_err(failed)?;
    let settings = match &file.published {
        Some(published) => published.csv.clone().unwrap_or_default(),
        None => settings_of(&head, names),
    };
    let delimiter = settings.delimiter.byte();
    let text = UnquotedNulls::new(Cursor::new(head).chain(text), settings.null.as_str(), delimiter);
    let reader = ReaderBuilder::new().delimiter(delimiter).buffer_capacity(READ_BUFFER_BYTES).from_reader(text);
    Ok(CsvText { reader, progress, settings, raw: StringRecord::new() })
}

impl<R: Read> CsvText<R> {
    /// Reads the next row and unescapes its texts; returns whether there was one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read_row(&mut self, row: &mut StringRecord) -> Result<bool, csv::Error> {
        if self.settings.dialect != CsvDialect::Excel {
            return self.reader.read_record(row);
        }
        let is_there = self.reader.read_record(&mut self.raw)?;
        row.clear();
        for cell in &self.raw {
            row.push_field(&unguarded(cell));
        }
        Ok(is_there)
    }
}

/// The first line with its line end, up to the maximum length of a header.
fn read_head(text: &mut impl Read) -> io::Result<Vec<u8>> {
    const STEP_BYTES: usize = 4096;
    let mut head = Vec::new();
    let mut chunk = [0; STEP_BYTES];
    while !head.contains(&b'\n') && head.len() < MAX_HEADER_BYTES {
        match text.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => head.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(head)
}

fn settings_of(head: &[u8], names: &[String]) -> CsvSettings {
    let line = head.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
    let is_excel = line.starts_with(BYTE_ORDER_MARK) && line.ends_with(b"\r\n");
    let dialect = if is_excel { CsvDialect::Excel } else { CsvDialect::Rfc4180 };
    let known = |delimiter: Delimiter| {
        let mut reader = ReaderBuilder::new().delimiter(delimiter.byte()).from_reader(line);
        let Ok(header) = reader.headers() else { return 0 };
        header.iter().filter(|name| Content::has_column(name) || names.iter().any(|known| known == name)).count()
    };
    // Of equal maxima, `max_by_key` returns the last.
    let delimiter = Delimiter::ALL.into_iter().rev().max_by_key(|delimiter| known(*delimiter)).unwrap_or_default();
    CsvSettings { dialect, delimiter, ..CsvSettings::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_delimiter_and_dialect() {
        let told = |head: &str| {
            let settings = settings_of(head.as_bytes(), &["Nr".to_owned()]);
            (settings.dialect, settings.delimiter)
        };
        assert_eq!(told("id,region_code\na;b,c\n"), (CsvDialect::Rfc4180, Delimiter::Comma));
        assert_eq!(told("\u{feff}\"id\";region_code\r\n"), (CsvDialect::Excel, Delimiter::Semicolon));
        assert_eq!(told("\u{feff}id\n"), (CsvDialect::Rfc4180, Delimiter::Comma));
        assert_eq!(told("x\tNr\n"), (CsvDialect::Rfc4180, Delimiter::Tab));
        assert_eq!(told("direction|status"), (CsvDialect::Rfc4180, Delimiter::Pipe));
        assert_eq!(told("a;b\n"), (CsvDialect::Rfc4180, Delimiter::Comma));
        assert_eq!(told(""), (CsvDialect::Rfc4180, Delimiter::Comma));
    }
}
