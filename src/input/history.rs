//! The files of a history: one per run, each with the changes of that run.
//!
//! The name of a file has the time from which its rows are valid, so that names sort in the order of the runs. Its metadata
//! ([`HistoryFacts`]) names its run and the one before it, so a missing file in between is detected.
//!
//! *Easy to get wrong:* no other output is lost for good if it is wrong. So a history with a gap is never read
//! ([`check_chain`]).

use serde::{Deserialize, Serialize};

use super::content::{ColumnSet, Content};
use super::error::SourceError;
use super::mirror::Mirror;
use super::parquet;
use super::read::STALL_LIMIT;
use super::source_file::SourceFile;
use super::watch::{Reporter, watch};
use crate::changes::{CHANGE, VALID_FROM};
use crate::format::FileFormat;
use crate::report::Filters;
use crate::resources::PROFILE_ID;
use crate::store::{NamePiece, OutputTarget, PlacePattern};
use crate::time::Timestamp;
use crate::transform::Privacy;

/// Metadata key of [`HistoryFacts`].
pub const HISTORY_KEY: &str = "sent_export.history";

/// The part of a file's name before the time.
const NAME_START: &str = "changes-";
/// The form of that time, and of the digits that distinguish runs with the same time.
const NAME_FORM: &str = "99999999T999999.999999Z-xxxxxxxx";

/// The metadata of a file in a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryFacts {
    /// The run that wrote it.
    pub run_id: String,
    /// The run before it, to whose state its changes apply; `None` for the first file.
    pub base_run_id: Option<String>,
    /// Name of the resource.
    pub resource: String,
    /// Address of the API that was read, or `simulator`.
    pub api: String,
    /// Filters of the run.
    pub filters: Filters,
    /// Which columns are dropped, masked or hashed.
    #[serde(default)]
    pub privacy: Privacy,
    /// The columns of the state, in their order.
    pub columns: Vec<String>,
}

impl HistoryFacts {
    /// Whether its rows are of several profiles, which the column of the profile tells apart.
    pub fn has_profiles(&self) -> bool {
        self.columns.iter().any(|column| column == PROFILE_ID)
    }
}

/// A file of a history.
#[derive(Debug, Clone)]
pub struct HistoryFile {
    /// The file.
    pub source: SourceFile,
    /// Its metadata.
    pub facts: HistoryFacts,
    /// The number of its rows, according to its metadata.
    pub rows: u64,
}

/// The folder of a history.
#[derive(Debug, Clone)]
pub struct HistoryFolder {
    folder: OutputTarget,
    /// The paths of its files, in the order of the runs.
    places: Vec<(i64, OutputTarget)>,
    /// Whether these are all files in the folder.
    is_whole: bool,
}

impl HistoryFolder {
    /// Lists the files. A missing folder has none.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn list(folder: &OutputTarget) -> Result<Self, SourceError> {
        let found = PlacePattern::new(folder.clone(), vec![name_pieces()]).find();
        let found = found.map_err(|source| SourceError::Open { path: folder.to_string().into(), source })?;
        let places = found.into_iter().filter_map(|place| Some((time_of(&place)?, place))).collect();
        Ok(Self { folder: folder.clone(), places, is_whole: true })
    }

    /// A single file of a history by its name; `None` if it is not named like one.
    pub fn of_file(place: &OutputTarget) -> Option<Self> {
        let time = is_named_like_one(place).then(|| time_of(place)).flatten()?;
        Some(Self { folder: place.parent()?, places: vec![(time, place.clone())], is_whole: false })
    }

    /// The folder.
    pub fn folder(&self) -> &OutputTarget {
        &self.folder
    }

    /// Whether it has all files in the folder, not a single one that was named.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The paths of its files, in the order of the runs.
    pub fn places(&self) -> impl Iterator<Item = &OutputTarget> {
        self.places.iter().map(|(_, place)| place)
    }

    /// Whether it has no file.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The time from which the newest state is valid, in microseconds UTC.
    pub fn newest_time(&self) -> Option<i64> {
        self.places.last().map(|(time, _)| *time)
    }

    /// The time from which the oldest state is valid, in microseconds UTC.
    pub fn oldest_time(&self) -> Option<i64> {
        self.places.first().map(|(time, _)| *time)
    }

    /// The path of a file whose rows are valid from this time on, in microseconds UTC; `digits` distinguish runs with the
    /// same time.
    pub fn new_place(&self, valid_from: i64, digits: &str) -> OutputTarget {
        self.folder.join(&format!("{NAME_START}{}-{digits}.parquet", compact(valid_from)))
    }

    /// Opens the newest file.
    ///
    /// # Errors
    /// When it cannot be read, or is not part of a history.
    pub fn newest(&self, mirror: &mut Mirror) -> Result<Option<HistoryFile>, SourceError> {
        self.places.last().map(|(_, place)| open(place, mirror)).transpose()
    }

    /// Opens all files with rows that are valid from this time or earlier, in the order of the runs.
    ///
    /// # Errors
    /// When one cannot be read, or is not part of a history.
    pub fn until(&self, micros: i64, mirror: &mut Mirror) -> Result<Vec<HistoryFile>, SourceError> {
        let wanted = self.places.iter().filter(|(time, _)| *time <= micros);
        wanted.map(|(_, place)| open(place, mirror)).collect()
    }
}

fn name_pieces() -> Vec<NamePiece> {
    let text = |text: &str| NamePiece::Text(text.to_owned());
    vec![text(NAME_START), NamePiece::Form(NAME_FORM), text(".parquet")]
}

/// Whether a file is named like those of a history.
pub(super) fn is_named_like_one(place: &OutputTarget) -> bool {
    let name = place.name().file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| NamePiece::are_all_of(&name_pieces(), name))
}

/// The time in the name of a file.
fn time_of(place: &OutputTarget) -> Option<i64> {
    let name = place.name().file_name()?.to_str()?;
    let (time, _) = name.strip_prefix(NAME_START)?.split_once("Z-")?;
    let (day, clock) = time.split_once('T')?;
    let part = |text: &str, range: std::ops::Range<usize>| text.get(range).map(str::to_owned);
    let date = format!("{}-{}-{}", part(day, 0..4)?, part(day, 4..6)?, part(day, 6..8)?);
    let clock = format!("{}:{}:{}", part(clock, 0..2)?, part(clock, 2..4)?, clock.get(4..)?);
    Timestamp::parse_in_table(&format!("{date}T{clock}Z")).map(Timestamp::micros)
}

fn compact(micros: i64) -> String {
    let seconds = Timestamp::from_micros(micros).to_seconds();
    let seconds = seconds.trim_end_matches('Z').replace(['-', ':'], "");
    format!("{seconds}.{:06}Z", micros.rem_euclid(1_000_000))
}

pub(super) fn open(place: &OutputTarget, mirror: &mut Mirror) -> Result<HistoryFile, SourceError> {
    let mut source = mirror.source_file(place, FileFormat::PARQUET)?;
    let file = source.clone();
    let read = move |reporter: &Reporter<()>| parquet::header_of(&file, HISTORY_KEY, reporter);
    // A damaged file can hang or crash its reader.
    let read = watch(Some(STALL_LIMIT), read, &mut |()| ());
    let (columns, rows, said) = read.unwrap_or_else(|_| Err(SourceError::Damaged { path: source.path.clone() }))?;
    let not_one = || SourceError::NotHistory { path: source.path.clone() };
    let facts: HistoryFacts = serde_json::from_str(&said.ok_or_else(not_one)?).map_err(|_| not_one())?;
    let has = |name: &str| columns.iter().any(|column| column == name);
    let content = Content::of_resource(&facts.resource).filter(|_| has(VALID_FROM) && has(CHANGE) && has("id"));
    source.content = content.ok_or_else(not_one)?;
    source.columns = if facts.has_profiles() { ColumnSet::HistoryOfProfiles } else { ColumnSet::History };
    Ok(HistoryFile { source, facts, rows })
}

/// Checks that every file follows the one before it.
///
/// # Errors
/// With the first that does not.
pub fn check_chain(files: &[HistoryFile]) -> Result<(), SourceError> {
    let mut last = None;
    for file in files {
        check_follows(file, last)?;
        last = Some(&file.facts);
    }
    Ok(())
}

/// Checks that a file follows the one with the facts `last`; `None` if it is to be the first.
pub(super) fn check_follows(file: &HistoryFile, last: Option<&HistoryFacts>) -> Result<(), SourceError> {
    if file.facts.base_run_id.as_ref() == last.map(|last| &last.run_id) {
        return Ok(());
    }
    let missing = file.facts.base_run_id.clone();
    Err(SourceError::BrokenHistory { path: file.source.path.clone(), missing })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn names_sort_by_time_and_tell_it() {
        let folder =
            HistoryFolder { folder: OutputTarget::File(PathBuf::from("h")), places: Vec::new(), is_whole: true };
        let name = |micros| folder.new_place(micros, "00c0ffee");
        let (early, late) = (1_764_378_123_000_007, 1_764_378_123_100_000);
        assert_eq!(name(early).to_string(), "h/changes-20251129T010203.000007Z-00c0ffee.parquet");
        assert!(name(early).to_string() < name(late).to_string());
        assert_eq!([time_of(&name(early)), time_of(&name(late))], [Some(early), Some(late)]);
    }
}
