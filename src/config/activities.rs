//! Settings for the activities of messages that are exported in the same run as the list.

use std::path::PathBuf;

use super::ConfigError;
use super::naming::Naming;
use super::row_format::{SecondOutput, metadata};
use crate::cli::OutputArgs;
use crate::format::Projection;
use crate::publish::{OutputRequest, OutputSettings};
use crate::report::Filters;
use crate::store::{FileSettings, OutputTarget, Sidecar};
use crate::transform::{PhoneProtection, RowTransform};

/// How the activities are written.
#[derive(Debug)]
pub struct ActivitiesConfig {
    /// What to write.
    pub output: OutputRequest,
    /// How to write it.
    pub settings: OutputSettings,
    /// Manifests that an export of activities alone may have left beside the file.
    pub manifests_beside: Vec<OutputTarget>,
    /// The journal's path.
    pub(super) journal: Option<PathBuf>,
}

impl ActivitiesConfig {
    /// Checks the target. The file has the same bytes as an export of the same activities by ids.
    ///
    /// # Errors
    /// When the format is unknown, or the target cannot hold the activities back until the messages are complete.
    pub(super) fn new(
        second: &SecondOutput<'_>,
        args: &OutputArgs,
        (files, naming): (FileSettings, &Naming),
        filters: &Filters,
        phones: Option<&PhoneProtection>,
    ) -> Result<Self, ConfigError> {
        let SecondOutput { path, rows } = second;
        let output = OutputRequest::new(&naming.path(path)?, None, naming.stores())?;
        if output.target.is_stream() {
            return Err(ConfigError::ActivitiesOnStream(output.target));
        }
        // The activities are selected by message ids, not by a time span.
        let filters = Filters { profile_id: filters.profile_id.clone(), ..Filters::default() };
        let written = RowTransform::new(Projection::all(rows.schema.clone()), Vec::new(), phones.cloned());
        let settings = OutputSettings {
            format: rows.format_settings(metadata(&filters, &written, rows.schema_version), &args.files),
            files,
            ..OutputSettings::new(written)
        };
        let manifests_beside = output.target.manifests();
        let journal = naming.journal_base(path, &output.target).map(|path| Sidecar::Journal.path(&path));
        Ok(Self { output, settings, manifests_beside, journal })
    }

    /// Checks that the file is not inside the dataset, where readers would take it for a part of the table.
    pub(super) fn check_outside(&self, folder: &OutputTarget) -> Result<(), ConfigError> {
        if self.output.target.is_below(folder) {
            Err(ConfigError::ActivitiesInDataset(self.output.target.clone()))
        } else {
            Ok(())
        }
    }
}
