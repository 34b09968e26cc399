//! A dataset: a folder with a folder for each value of a column, such as `region_code=NP/part-0.parquet`.
//!
//! [`DayPartitions`] write one file per day while a list is read in order of days, and leave the files of all other days
//! unchanged. [`ValuePartitions`] partition a whole list by any column, in whatever order its rows arrive.
//!
//! Folders are named as in Hive, which most engines read: a value, with characters that paths cannot have escaped, and
//! `__HIVE_DEFAULT_PARTITION__` for null; a text that equals it is escaped, too. The column itself is not in the files.

mod days;
mod spill;
mod values;

use std::fs;
use std::path::PathBuf;

use arrow::array::RecordBatch;

use super::error::OutputError;
use super::request::OutputRequest;
use super::settings::{OutputReport, OutputSettings, PartitionBy, PartitionFiles};
use crate::base::hive::{NULL_PARTITION, partition_name, partition_of};
use crate::store::{FileSettings, OutputTarget, Staged, StoreError};

use self::days::DayPartitions;
use self::values::ValuePartitions;

/// Prefix of the file names.
const PART: &str = "part-";

/// Whether a file in a partition's folder belongs to the dataset, by its name.
pub fn is_dataset_file(name: &str) -> bool {
    name.starts_with(PART)
}

/// Whether a file belongs to the dataset whose folders are named after `column`, by its path relative to the manifest.
pub fn is_in_dataset(path: &str, column: &str) -> bool {
    let name = path.split_once('/').filter(|(folder, _)| partition_of(folder).is_some_and(|(name, _)| name == column));
    name.is_some_and(|(_, name)| is_dataset_file(name))
}

/// Rows of a batch for an encoder. Rows are split into batches again, so that the bytes of a file depend only on its rows
/// and not on their positions in the list.
const BATCH_ROWS: usize = 8192;

/// The files of all partitions.
#[derive(Debug)]
pub(super) enum Partitions {
    /// Written one day at a time.
    Days(DayPartitions),
    /// Written after all rows have arrived.
    Values(ValuePartitions),
}

/// The staged files of all partitions.
pub(super) struct StagedPartitions {
    pub(super) reports: Vec<OutputReport>,
    pub(super) files: Vec<Box<dyn Staged>>,
    pub(super) folders: NewFolders,
}

impl Partitions {
    /// The files of a folder; `request` names its sidecars.
    pub(super) fn new(
        request: &OutputRequest,
        settings: &OutputSettings,
        files: FileSettings,
        by: &PartitionBy,
    ) -> Result<Self, OutputError> {
        request.format.check_columns(settings.rows.schema())?;
        let place = DatasetPlace { request: request.clone(), settings: settings.clone(), files };
        Ok(match by.files {
            PartitionFiles::Days { keeps_undated } => Self::Days(DayPartitions::new(place, by.column, keeps_undated)),
            PartitionFiles::Values { max } => Self::Values(ValuePartitions::new(place, by, max)?),
        })
    }

    /// Takes a batch with all columns, and the columns of it that are written.
    pub(super) fn write(&mut self, batch: &RecordBatch, written: &RecordBatch) -> Result<(), OutputError> {
        match self {
            Self::Days(days) => days.write(batch, written),
            Self::Values(values) => values.write(batch, written),
        }
    }

    /// Checks whether an output has failed since the last batch.
    pub(super) fn check(&mut self) -> Result<(), OutputError> {
        match self {
            Self::Days(days) => days.check(),
            // Its files are opened after all rows have arrived.
            Self::Values(_) => Ok(()),
        }
    }

    /// Closes all files, in the order of the values.
    pub(super) fn finish(self) -> Result<StagedPartitions, OutputError> {
        match self {
            Self::Days(days) => days.finish(),
            Self::Values(values) => values.finish(),
        }
    }
}

/// Where the files of a dataset go, and how they are written.
#[derive(Debug)]
struct DatasetPlace {
    /// Its target gives the folders their name, which precedes `=`.
    request: OutputRequest,
    settings: OutputSettings,
    files: FileSettings,
}

impl DatasetPlace {
    /// The file for a value; `None` is null.
    fn request_for(&self, value: Option<&str>) -> OutputRequest {
        let target = &self.request.target;
        let column = target.name().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let value = value.map_or_else(|| NULL_PARTITION.to_owned(), partition_name);
        let format = self.request.format;
        let target = target.sibling(&format!("{column}={value}")).join(&format!("{PART}0.{}", format.name()));
        OutputRequest { target, format }
    }
}

/// Folders that this run created. Those that are empty when it ends are removed.
#[derive(Debug, Default)]
pub(super) struct NewFolders(Vec<PathBuf>);

impl NewFolders {
    /// Creates the folder of a file if it is missing.
    fn make_for(&mut self, target: &OutputTarget) -> Result<(), OutputError> {
        if let Some((path, folder)) = target.path().and_then(|path| Some((path, path.parent()?)))
            && !folder.is_dir()
        {
            fs::create_dir(folder).map_err(|source| StoreError::OpenStaged { path: path.to_owned(), source })?;
            self.0.push(folder.to_owned());
        }
        Ok(())
    }
}

impl Drop for NewFolders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // Fails if a file was published there, as intended.
            fs::remove_dir(folder).ok();
        }
    }
}
