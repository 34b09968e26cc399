//! Record batches that are spilled to disk until they are written, in one unnamed temporary file.
//!
//! Each piece is a separate Arrow IPC stream, so it can be read without the others. The file is in the folder for temporary
//! files (`TMPDIR`), readable only by its owner, and disappears with the process, however it ends.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;

/// Position of a piece in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpillPosition {
    start: u64,
    bytes: u64,
}

/// The temporary file; created when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Spill {
    file: Option<File>,
    end: u64,
}

impl Spill {
    /// Writes batches with the same schema, and returns their position.
    ///
    /// # Errors
    /// When the file cannot be created or written, for instance because the disk is full.
    pub(super) fn write(&mut self, batches: &[RecordBatch]) -> Result<Option<SpillPosition>, ArrowError> {
        let Some(first) = batches.first() else { return Ok(None) };
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.end))?;
        let mut writer = StreamWriter::try_new(BufWriter::new(&mut *file), &first.schema())?;
        batches.iter().try_for_each(|batch| writer.write(batch))?;
        writer.finish()?;
        writer.into_inner()?.flush()?;
        let (start, end) = (self.end, file.stream_position()?);
        self.end = end;
        Ok(Some(SpillPosition { start, bytes: end - start }))
    }

    /// Number of bytes written.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.end
    }

    /// Reads the batches at a position.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn read(
        &mut self,
        place: SpillPosition,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>>, ArrowError> {
        let file = self.file.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        file.seek(SeekFrom::Start(place.start))?;
        StreamReader::try_new(BufReader::new(file.take(place.bytes)), None)
    }
}
