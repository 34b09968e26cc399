//! Sorted rows, in memory or in an unnamed temporary file that disappears when it is closed.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;

use super::chunk::{CHUNK_SCHEMA, Chunk, ChunkBuilder, KeyedRow, RowRef, prefix_of};
use super::error::ChangesError;

/// Sorted rows. They can be read more than once, but a file by one [`Cursor`] at a time: all handles share a position.
#[derive(Debug)]
pub(super) enum SortedRun {
    Memory(Vec<Arc<Chunk>>),
    File(File, PathBuf),
}

/// Writes a run.
pub(super) struct RunWriter {
    chunk: ChunkBuilder,
    chunk_bytes: usize,
    sink: Sink,
}

enum Sink {
    Memory(Vec<Arc<Chunk>>),
    File(Box<StreamWriter<BufWriter<File>>>, PathBuf),
}

impl RunWriter {
    /// A run in memory.
    pub(super) fn in_memory(chunk_bytes: usize) -> Self {
        Self { chunk: ChunkBuilder::default(), chunk_bytes, sink: Sink::Memory(Vec::new()) }
    }

    /// A run in a temporary file.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub(super) fn in_file(folder: &Path, chunk_bytes: usize) -> Result<Self, ChangesError> {
        let file = tempfile::tempfile_in(folder).map_err(|error| failed(folder, error))?;
        let writer = StreamWriter::try_new(BufWriter::new(file), &CHUNK_SCHEMA);
        let writer = writer.map_err(|error| failed(folder, error))?;
        let sink = Sink::File(Box::new(writer), folder.to_owned());
        Ok(Self { chunk: ChunkBuilder::default(), chunk_bytes, sink })
    }

    /// Adds the next row.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn push(&mut self, row: KeyedRow<'_>) -> Result<(), ChangesError> {
        self.chunk.push(row);
        if self.chunk.bytes() >= self.chunk_bytes { self.write_chunk() } else { Ok(()) }
    }

    fn write_chunk(&mut self) -> Result<(), ChangesError> {
        let Some(chunk) = self.chunk.take() else { return Ok(()) };
        match &mut self.sink {
            Sink::Memory(chunks) => chunks.push(Arc::new(chunk)),
            Sink::File(writer, folder) => writer.write(&chunk.to_batch()).map_err(|error| failed(folder, error))?,
        }
        Ok(())
    }

    /// Writes the remaining rows.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn finish(mut self) -> Result<SortedRun, ChangesError> {
        self.write_chunk()?;
        match self.sink {
            Sink::Memory(chunks) => Ok(SortedRun::Memory(chunks)),
            Sink::File(mut writer, folder) => {
                writer.finish().map_err(|error| failed(&folder, error))?;
                let mut buffered = writer.into_inner().map_err(|error| failed(&folder, error))?;
                buffered.flush().map_err(|error| failed(&folder, error))?;
                let file = buffered.into_inner().map_err(|error| failed(&folder, error.into_error()))?;
                Ok(SortedRun::File(file, folder))
            }
        }
    }
}

/// Reads a run row by row.
pub(super) struct Cursor {
    chunks: Chunks,
    row: RowRef,
    prefix: u128,
}

enum Chunks {
    Memory(std::vec::IntoIter<Arc<Chunk>>),
    File(Box<StreamReader<BufReader<File>>>, PathBuf),
}

impl Chunks {
    /// The next chunk that has rows.
    fn next(&mut self) -> Result<Option<Arc<Chunk>>, ChangesError> {
        let next = match self {
            Self::Memory(chunks) => chunks.next(),
            Self::File(batches, folder) => {
                let batch: Option<RecordBatch> = batches.next().transpose().map_err(|error| failed(folder, error))?;
                let chunk = batch.map(|batch| Chunk::from_batch(&batch).ok_or("it was changed")).transpose();
                chunk.map_err(|error| failed(folder, error))?.map(Arc::new)
            }
        };
        Ok(next.filter(|chunk| chunk.len() > 0))
    }
}

impl Cursor {
    /// Starts at the first row of a run; `None` if it is empty.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn open(run: &SortedRun) -> Result<Option<Self>, ChangesError> {
        let mut chunks = match run {
            SortedRun::Memory(chunks) => Chunks::Memory(chunks.clone().into_iter()),
            SortedRun::File(file, folder) => {
                let mut file = file.try_clone().map_err(|error| failed(folder, error))?;
                file.seek(SeekFrom::Start(0)).map_err(|error| failed(folder, error))?;
                let reader = StreamReader::try_new(BufReader::new(file), None);
                Chunks::File(Box::new(reader.map_err(|error| failed(folder, error))?), folder.clone())
            }
        };
        Ok(chunks.next()?.map(|chunk| {
            let row = RowRef { chunk, at: 0 };
            Self { chunks, prefix: prefix_of(row.key()), row }
        }))
    }

    /// The current row.
    pub(super) fn row(&self) -> &RowRef {
        &self.row
    }

    /// The prefix of the current row's id.
    pub(super) fn prefix(&self) -> u128 {
        self.prefix
    }

    /// Moves to the next row; returns whether there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn advance(&mut self) -> Result<bool, ChangesError> {
        if self.row.at + 1 < self.row.chunk.len() {
            self.row.at += 1;
        } else {
            let Some(chunk) = self.chunks.next()? else { return Ok(false) };
            self.row = RowRef { chunk, at: 0 };
        }
        self.prefix = prefix_of(self.row.key());
        Ok(true)
    }
}

fn failed(folder: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ChangesError {
    ChangesError::Spill { folder: folder.to_owned(), source: source.into() }
}
