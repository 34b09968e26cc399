//! Checks the files of a history, of which no manifest lists more than the newest.
//!
//! Each file must be there, be a part of the history and have all its rows. What is missing between two files shows in
//! their metadata, and what is missing at the end in the manifest of the run that wrote it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::SourceError;
use super::history::{HistoryFile, HistoryFolder, check_follows, open};
use super::mirror::Mirror;
use super::piece::Piece;
use super::read::read_file;
use super::verify::{Depth, Verified, malformed_columns};
use crate::store::{OutputTarget, Stores};

/// A file of a history that was checked.
#[derive(Debug)]
pub struct VerifiedHistoryFile {
    /// The file.
    pub target: OutputTarget,
    /// Its size, if it could be opened.
    pub bytes: u64,
    /// The number of its rows by its own metadata, if that could be read.
    pub rows: u64,
    /// The result; `None` for a file that a manifest lists, which is compared with that instead.
    pub result: Option<Result<Verified, SourceError>>,
    /// Why it cannot follow the file before it.
    pub gap: Option<SourceError>,
}

/// Checks the files of a history. Those that are `listed` in a manifest, by identity, are only checked for gaps. Objects are
/// copied one at a time.
pub fn verify_history(
    history: &HistoryFolder,
    listed: &BTreeSet<String>,
    depth: Depth,
    stores: &Arc<Stores>,
) -> Vec<VerifiedHistoryFile> {
    let mut verified = Vec::new();
    // The facts of the file before, if any; `None` if it cannot be read, or is not one of those to check.
    let mut last = history.is_whole().then_some(None);
    for target in history.places() {
        let is_listed = listed.contains(&target.identity());
        let mut mirror = Mirror::new(stores);
        let mut one = VerifiedHistoryFile { target: target.clone(), bytes: 0, rows: 0, result: None, gap: None };
        match open(target, &mut mirror) {
            Ok(file) => {
                (one.bytes, one.rows) = (file.source.bytes, file.rows);
                one.gap = last.as_ref().and_then(|last| check_follows(&file, last.as_ref()).err());
                one.result = (!is_listed).then(|| read_all(&file, depth));
                last = Some(Some(file.facts));
            }
            Err(error) => {
                one.result = (!is_listed).then_some(Err(error));
                last = None;
            }
        }
        verified.push(one);
    }
    verified
}

/// Reads every value of a file.
fn read_all(file: &HistoryFile, depth: Depth) -> Result<Verified, SourceError> {
    if depth == Depth::Bytes {
        return Ok(Verified::default());
    }
    let facts = read_file(&file.source, &mut |_: Piece| ())?;
    let malformed = malformed_columns(&file.source, &facts);
    Ok(Verified { rows: Some(facts.rows), malformed, ..Verified::default() })
}
