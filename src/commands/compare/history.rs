//! Reads the state of a history.

use arrow::datatypes::{Schema, SchemaRef};

use crate::changes::{SnapshotSorter, SortSettings, SortedSnapshot, StateRows};
use crate::error::Error;
use crate::input::{Content, HistoryFile, Piece, SourceError, check_chain, read_file};
use crate::progress::FileProgress;

/// The rows of all files, sorted by id and then newest first. The files are in the order of their runs, and
/// `rows` are the content and the columns of the state.
///
/// # Errors
/// When files are missing or damaged, or a temporary file cannot be written.
pub(in crate::commands) fn read_history(
    files: &[HistoryFile],
    (content, schema): (Content, &Schema),
    sorting: &SortSettings,
    progress: &mut FileProgress,
) -> Result<SortedSnapshot, Error> {
    check_chain(files)?;
    let mut sorter = SnapshotSorter::of_history(schema, sorting)?;
    let mut rows = 0;
    for (rank, file) in files.iter().enumerate() {
        if file.source.content != content {
            return Err(SourceError::NotHistory { path: file.source.path.clone() }.into());
        }
        let rank = u32::try_from(rank).unwrap_or(u32::MAX);
        let mut added = Ok(());
        let mut take = |piece: Piece| {
            rows += piece.batch.num_rows() as u64;
            progress.observe(rows, piece.bytes_read);
            if added.is_ok() {
                added = sorter.add(&piece.batch, rank);
            }
        };
        read_file(&file.source, &mut take)?;
        added?;
        progress.end_file(file.source.bytes);
    }
    Ok(sorter.finish()?)
}

/// The rows of the state in the files of a history, to be compared with those of `like`.
///
/// # Errors
/// As for [`read_history`].
pub(in crate::commands) fn state_of_history(
    files: &[HistoryFile],
    (content, schema): (Content, &SchemaRef),
    (like, sorting): (&SnapshotSorter, &SortSettings),
    progress: &mut FileProgress,
) -> Result<SortedSnapshot, Error> {
    let history = read_history(files, (content, schema), sorting, progress)?;
    let mut state = like.another();
    let mut rows = StateRows::of(&history, schema)?;
    while let Some(batch) = rows.next_batch()? {
        state.add(&batch, 0)?;
    }
    Ok(state.finish()?)
}
