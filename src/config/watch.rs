//! Settings for monitoring: metrics, the run log and notifications.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ConfigError, OutputsConfig};
use crate::cli::WatchArgs;
use crate::store::{FileSettings, OutputTarget, check_writable};
use crate::telemetry::{Lineage, LineageFlags, LineageVariables, Webhook, check_line_file};

/// Settings for monitoring.
#[derive(Debug, Default)]
pub struct WatchConfig {
    /// The file for metrics.
    pub metrics: Option<PathBuf>,
    /// The file to which a line about the run is appended.
    pub runs: Option<PathBuf>,
    /// Where the outcome is posted.
    pub webhook: Option<Webhook>,
    /// Where events of its lineage go.
    pub lineage: Option<Arc<Lineage>>,
}

impl WatchConfig {
    /// Checks the flags, and the variables that clients of OpenLineage read.
    ///
    /// # Errors
    /// When a flag is invalid.
    pub fn new(args: &WatchArgs, variables: LineageVariables) -> Result<Self, ConfigError> {
        let webhook = args.notify.as_ref().map(|address| Webhook::new(address.expose(), args.notify_format));
        let (namespace, job) = (args.lineage_namespace.as_deref(), args.lineage_job.as_deref());
        let lineage = args.lineage.as_ref().map(|target| {
            let flags = LineageFlags { target: target.expose(), namespace, job };
            Lineage::new(flags, variables).map(Arc::new)
        });
        Ok(Self {
            metrics: local("--metrics", args.metrics.as_deref())?,
            runs: local("--runs", args.runs.as_deref())?,
            webhook: webhook.transpose().map_err(ConfigError::BadNotify)?,
            lineage: lineage.transpose()?,
        })
    }

    /// Checks that the files can be written, so that a wrong path is reported before the first request.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn check_files(&self) -> Result<(), ConfigError> {
        if let Some(path) = &self.metrics {
            let settings = FileSettings { makes_folders: true, ..FileSettings::default() };
            check_writable(&OutputTarget::File(path.clone()), settings)
                .map_err(|error| ConfigError::Output(error.into()))?;
        }
        if let Some(path) = &self.runs {
            let refused = |source| ConfigError::RunLog { path: path.display().to_string(), source };
            check_line_file(path).map_err(refused)?;
        }
        if let Some(lineage) = &self.lineage {
            lineage.check_file()?;
        }
        Ok(())
    }

    /// Checks that no file is one of the export or another of these.
    ///
    /// # Errors
    /// When one would replace another.
    pub fn check_distinct(&self, outputs: &OutputsConfig) -> Result<(), ConfigError> {
        let changes = outputs.changes.iter().flat_map(|changes| &changes.outputs);
        let activities = outputs.activities.iter().map(|activities| &activities.output);
        let rows = outputs.outputs.iter().chain(changes).chain(activities).map(|request| &request.target);
        let beside = outputs.side_files().chain(&outputs.manifest).chain(&outputs.manifests_beside);
        let mut known: HashSet<String> = rows.chain(beside).map(OutputTarget::identity).collect();
        let lineage = self.lineage.as_ref().and_then(|lineage| lineage.file());
        for path in [self.metrics.as_deref(), self.runs.as_deref(), lineage].into_iter().flatten() {
            let target = OutputTarget::File(path.to_owned());
            if !known.insert(target.identity()) {
                return Err(ConfigError::RepeatedOutput(target.to_string()));
            }
        }
        Ok(())
    }

    /// The file that only one job may write. Jobs may share a run log, because each appends a line.
    pub fn own_file(&self) -> Option<OutputTarget> {
        self.metrics.clone().map(OutputTarget::File)
    }
}

/// A local file.
fn local(flag: &'static str, path: Option<&Path>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(path) = path else { return Ok(None) };
    let shown = path.display().to_string();
    if shown == "-" || shown.contains("://") {
        return Err(ConfigError::WatchedElsewhere { flag, path: shown });
    }
    Ok(Some(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_this_machine_are_written() {
        assert_eq!(local("--runs", Some(Path::new("logs/runs.jsonl"))).unwrap(), Some("logs/runs.jsonl".into()));
        for path in ["-", "s3://lake/runs.jsonl"] {
            let error = local("--runs", Some(Path::new(path))).unwrap_err().to_string();
            assert_eq!(error, format!("--runs takes a file on this machine, not {path}"));
        }
    }
}
