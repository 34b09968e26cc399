//! CSV files, compressed or not.
//!
//! A file that ends within a line was cut off, and what is left of it is no export: that is an error.
//!
//! *Easy to get wrong:* a byte order mark is no part of the first column's name; the `csv` crate passes over it.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use arrow::array::ArrayRef;
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, StringRecord};
use flate2::read::MultiGzDecoder;

use super::coerce::ColumnBuilder;
use super::watch::Reporter;
use super::{BATCH_ROWS, FileFacts, Piece, SourceError, SourceFile, Wanted, filled_up};
use crate::format::OutputFormat;
use crate::resources::contacts::{column, contacts_schema};

const READ_BUFFER_BYTES: usize = 256 << 10;

pub(super) fn read(file: &SourceFile, wanted: Wanted, reporter: &Reporter<Piece>) -> Result<FileFacts, SourceError> {
    let cut_off = || SourceError::CutOff { path: file.path.clone() };
    let failed = |source: csv::Error| match source.kind() {
        // A compressed file that has no end.
        ErrorKind::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => cut_off(),
        _ => SourceError::Read { path: file.path.clone(), source: source.into() },
    };
    let opened = |source| SourceError::Open { path: file.path.clone(), source };
    let bytes_read = Rc::new(Cell::new(0));
    let bytes = reporter.watched(File::open(&file.path).map_err(opened)?);
    let bytes = CountingReader { reader: bytes, bytes: Rc::clone(&bytes_read) };
    let mut bytes = BufReader::with_capacity(READ_BUFFER_BYTES, bytes);
    if matches!(bytes.fill_buf().map_err(opened)?, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return Err(SourceError::ForeignCsv { path: file.path.clone(), what: "UTF-16" });
    }
    let text: Box<dyn Read> = match file.format {
        OutputFormat::CsvGzip => Box::new(MultiGzDecoder::new(bytes)),
        OutputFormat::CsvZstd => Box::new(zstd::Decoder::with_buffer(bytes).map_err(opened)?),
        OutputFormat::Csv | OutputFormat::Parquet => Box::new(bytes),
    };
    let last_byte = Rc::new(Cell::new(None));
    let text = LastByteReader { reader: text, last: Rc::clone(&last_byte) };
    let mut reader: Reader<_> = ReaderBuilder::new().buffer_capacity(READ_BUFFER_BYTES).from_reader(text);
    let header = reader.headers().map_err(failed)?.clone();
    let mut places: Vec<Option<usize>> =
        contacts_schema().fields().iter().map(|field| header.iter().position(|name| name == field.name())).collect();
    if places.iter().all(Option::is_none) {
        let path = file.path.clone();
        let is_separated =
            |by: char| header.iter().any(|name| name.split(by).any(|part| part.trim_matches('"') == "id"));
        return Err(match () {
            () if is_separated(';') => SourceError::ForeignCsv { path, what: "separated by semicolons" },
            () if is_separated('\t') => SourceError::ForeignCsv { path, what: "separated by tabs" },
            () => SourceError::NotContacts { path },
        });
    }
    let absent = (0..column::COUNT).filter(|&column| places[column].is_none()).collect();
    let mut facts = FileFacts { absent, ..FileFacts::default() };
    wanted.keep(&mut places);
    let columns = std::array::from_fn(|column| places[column].is_some());
    let mut rows = ColumnBuilders::new(&places);
    let mut record = StringRecord::new();
    loop {
        let is_end = match reader.read_record(&mut record) {
            Ok(is_there) => !is_there,
            Err(error) if is_torn(&error) && is_at_end(&mut reader) => return Err(cut_off()),
            Err(error) => return Err(failed(error)),
        };
        // An export ends with a line end. Without one, the last cell may have lost its end.
        if is_end && last_byte.get() != Some(b'\n') {
            return Err(cut_off());
        }
        if !is_end {
            rows.push(&record);
        }
        if rows.count == BATCH_ROWS || (is_end && rows.count > 0) {
            facts.rows += rows.count as u64;
            let batch = filled_up(rows.finish(), std::mem::take(&mut rows.count));
            reporter.hand_over(Piece { batch, columns, missing: Vec::new(), bytes_read: bytes_read.get() });
        }
        if is_end {
            facts.malformed = rows.malformed();
            return Ok(facts);
        }
    }
}

/// Whether a line looks as if its end were missing.
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

/// Tells how many bytes of the file are read.
struct CountingReader<R> {
    reader: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}

/// Tells which byte of the text came last.
struct LastByteReader<R> {
    reader: R,
    last: Rc<Cell<Option<u8>>>,
}

impl<R: Read> Read for LastByteReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if let Some(&last) = buffer[..count].last() {
            self.last.set(Some(last));
        }
        Ok(count)
    }
}

/// Columns under construction, each with its place in the file, for those that are read.
struct ColumnBuilders {
    builders: Vec<Option<(usize, ColumnBuilder)>>,
    count: usize,
}

impl ColumnBuilders {
    fn new(places: &[Option<usize>]) -> Self {
        let builder = |(column, place): (usize, &Option<usize>)| place.map(|place| (place, ColumnBuilder::new(column)));
        Self { builders: places.iter().enumerate().map(builder).collect(), count: 0 }
    }

    fn push(&mut self, record: &StringRecord) {
        for (place, builder) in self.builders.iter_mut().flatten() {
            builder.push(record.get(*place));
        }
        self.count += 1;
    }

    fn finish(&mut self) -> Vec<Option<ArrayRef>> {
        self.builders.iter_mut().map(|builder| builder.as_mut().map(|(_, builder)| builder.finish())).collect()
    }

    fn malformed(&self) -> Vec<(usize, u64)> {
        let builders = self.builders.iter().enumerate();
        let malformed = builders.filter_map(|(column, builder)| Some((column, builder.as_ref()?.1.malformed())));
        malformed.filter(|&(_, values)| values > 0).collect()
    }
}
