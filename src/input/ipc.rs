//! Arrow IPC files and streams, one record batch at a time.
//!
//! A file has a footer with the positions of its batches, so truncation shows immediately. A stream ends with a marker.
//! Writers may omit it, but a stream that is cut off between two batches would then look complete, so the marker is
//! required.
//!
//! *Easy to get wrong:* other tools write all rows as one batch. It is passed on in pieces of the usual size, but needs the
//! memory of one batch.

use std::io;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchReader};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow_ipc::reader::{FileReader, StreamReader};

use super::coerce::coerce;
use super::columns::find_columns;
use super::error::SourceError;
use super::piece::{FileFacts, Piece, Wanted, filled_up};
use super::source_file::SourceFile;
use super::tracked::{BytesRead, Tracked};
use super::watch::Reporter;
use crate::format::{FILTERS_KEY, Format};
use crate::resources::contacts::BATCH_ROWS;

/// The marker at the end of a stream.
const END_OF_STREAM: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

pub(super) fn read(file: &SourceFile, wanted: Wanted, reporter: &Reporter<Piece>) -> Result<FileFacts, SourceError> {
    let mut source = IpcSource::open(file, reporter)?;
    let schema = source.schema();
    let wanted_schema = file.schema();
    let mut places = find_columns(file, &schema)?;
    let absent = (0..places.len()).filter(|&column| places[column].is_none()).collect();
    let filters = schema.metadata().get(FILTERS_KEY).and_then(|filters| serde_json::from_str(filters).ok());
    let mut facts = FileFacts { absent, filters, ..FileFacts::default() };
    wanted.keep(file, &mut places);
    let columns: Vec<bool> = places.iter().map(Option::is_some).collect();
    let mut malformed = vec![0; places.len()];
    while let Some(whole) = source.next_batch()? {
        for start in (0..whole.num_rows()).step_by(BATCH_ROWS) {
            let batch = whole.slice(start, BATCH_ROWS.min(whole.num_rows() - start));
            let mut array = |column: usize| -> Result<Option<ArrayRef>, SourceError> {
                let Some(place) = places[column] else { return Ok(None) };
                let found = coerce(wanted_schema.field(column).data_type(), batch.column(place));
                let (array, lost) = found.map_err(|error| source.failed(error))?;
                malformed[column] += lost;
                Ok(Some(array))
            };
            let arrays = (0..places.len()).map(&mut array).collect::<Result<_, _>>()?;
            facts.rows += batch.num_rows() as u64;
            let batch = filled_up(file, arrays, batch.num_rows());
            let (columns, bytes_read) = (columns.clone(), source.progress.bytes_read());
            reporter.hand_over(Piece { batch, columns, missing: Vec::new(), bytes_read });
        }
    }
    facts.malformed = malformed.into_iter().enumerate().filter(|&(_, values)| values > 0).collect();
    Ok(facts)
}

/// An open IPC file or stream.
pub(super) struct IpcSource<'a> {
    file: &'a SourceFile,
    batches: Box<dyn RecordBatchReader>,
    progress: BytesRead,
}

impl<'a> IpcSource<'a> {
    /// Opens a file by its format and reads its schema.
    ///
    /// # Errors
    /// When it cannot be opened, or lacks the start or end of its format.
    pub(super) fn open<T>(file: &'a SourceFile, reporter: &Reporter<T>) -> Result<Self, SourceError> {
        let (bytes, progress) = Tracked::open(file, reporter)?;
        let batches: Result<Box<dyn RecordBatchReader>, ArrowError> = match file.format.format() {
            Format::ArrowStream => StreamReader::try_new(bytes, None).map(|reader| Box::new(reader) as _),
            _ => FileReader::try_new(bytes, None).map(|reader| Box::new(reader) as _),
        };
        let batches = batches.map_err(|error| failed(file, error))?;
        Ok(Self { file, batches, progress })
    }

    /// The columns and the metadata of the file.
    pub(super) fn schema(&self) -> SchemaRef {
        self.batches.schema()
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// When it cannot be read, or a stream ends without its marker.
    pub(super) fn next_batch(&mut self) -> Result<Option<RecordBatch>, SourceError> {
        let batch = self.batches.next().transpose().map_err(|error| self.failed(error))?;
        let is_stream = self.file.format.format() == Format::ArrowStream;
        if batch.is_none() && is_stream && self.progress.last_bytes() != END_OF_STREAM {
            return Err(SourceError::CutOff { path: self.file.path.clone() });
        }
        Ok(batch)
    }

    fn failed(&self, error: ArrowError) -> SourceError {
        failed(self.file, error)
    }
}

fn failed(file: &SourceFile, error: ArrowError) -> SourceError {
    let path = file.path.clone();
    match error {
        ArrowError::IoError(_, error) if error.kind() == io::ErrorKind::UnexpectedEof => SourceError::CutOff { path },
        // The library has no other sign that a codec is not built in.
        ArrowError::InvalidArgumentError(text) if text.contains("requires the lz4 feature") => {
            SourceError::Compression { path, codec: "LZ4".to_owned() }
        }
        error => SourceError::Read { path, source: error.into() },
    }
}
