//! A dataset: a folder with a folder for each value of a column, such as `region_code=NP/part-0.parquet`.
//!
//! [`DayPartitions`] write one file a day while a list is read from one day to the next, and leave the files of all other
//! days as they are. [`ValuePartitions`] write any column of a whole list, whose rows come in no order of it.
//!
//! Names are those of Hive, which most engines read: a value without characters that paths cannot have, and
//! `__HIVE_DEFAULT_PARTITION__` for null. The column itself is not in the files.

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

/// What the names of files begin with.
const PART: &str = "part-";

/// Whether a file in a folder named after a value is one of a dataset, by its name.
pub fn is_dataset_file(name: &str) -> bool {
    name.starts_with(PART)
}

/// Whether a file is one of the dataset whose folders are named after `column`, by its path as seen from the manifest.
pub fn is_in_dataset(path: &str, column: &str) -> bool {
    let name = path.split_once('/').filter(|(folder, _)| partition_of(folder).is_some_and(|(name, _)| name == column));
    name.is_some_and(|(_, name)| is_dataset_file(name))
}

/// Rows in a batch that goes to an encoder. Rows are cut into batches anew, so that a file's bytes depend on its rows alone
/// and not on where in the list they stood.
const BATCH_ROWS: usize = 8192;

/// The files of all values.
#[derive(Debug)]
pub(super) enum Partitions {
    /// Written day by day.
    Days(DayPartitions),
    /// Written when all rows are there.
    Values(ValuePartitions),
}

/// What is staged of all values.
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

    /// Takes a batch with all columns, and what is written of it.
    pub(super) fn write(&mut self, batch: &RecordBatch, written: &RecordBatch) -> Result<(), OutputError> {
        match self {
            Self::Days(days) => days.write(batch, written),
            Self::Values(values) => values.write(batch, written),
        }
    }

    /// Looks whether an output has failed since the last batch.
    pub(super) fn check(&mut self) -> Result<(), OutputError> {
        match self {
            Self::Days(days) => days.check(),
            // Its files are opened when all rows are there.
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
    /// Its target is what folders are named after, before `=`.
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

/// Folders that this run has made. Those that are empty when it ends are removed.
#[derive(Debug, Default)]
pub(super) struct NewFolders(Vec<PathBuf>);

impl NewFolders {
    /// Makes the folder of a file, if it is not there.
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
            // Fails where a file has been published, which is as it should be.
            fs::remove_dir(folder).ok();
        }
    }
}
