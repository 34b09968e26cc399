//! Where the activities of messages go that are read in the same run as the list.

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

/// What is written of the activities.
#[derive(Debug)]
pub struct ActivitiesConfig {
    /// What to write.
    pub output: OutputRequest,
    /// How to write it.
    pub settings: OutputSettings,
    /// Manifests that an export of activities alone has left beside the file.
    pub manifests_beside: Vec<OutputTarget>,
    /// Where the journal goes.
    pub(super) journal: Option<PathBuf>,
}

impl ActivitiesConfig {
    /// Checks the place. The file has the same bytes as one that is exported by ids.
    ///
    /// # Errors
    /// When the format is unknown, or nothing can be held back there until the messages are whole.
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
        // Ids say what was read, not a span of time.
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

    /// Checks that the file does not lie among those of days: who reads their folder as one table would read it, too.
    pub(super) fn check_outside(&self, folder: &OutputTarget) -> Result<(), ConfigError> {
        if self.output.target.is_below(folder) {
            Err(ConfigError::ActivitiesInDataset(self.output.target.clone()))
        } else {
            Ok(())
        }
    }
}
