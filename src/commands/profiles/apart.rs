//! Exports of several profiles, one after another, with separate outputs and a shared account.

use std::path::{Path, PathBuf};
use std::pin::Pin;

use crate::api::ChildProfile;
use crate::base::plural::{count_of, grouped};
use crate::base::printable::printable;
use crate::config::{ExportConfig, OutputsConfig, check_apart};
use crate::error::{Error, ExitCode};
use crate::export::{ListReading, is_of_profile};
use crate::report::{RowCounts, RunDocument};
use crate::resources::Resource;
use crate::store::OutputTarget;
use crate::verdict::Verdict;

use super::super::export::{exit_code, open, outcome, read_and_publish, sentences, table_style};
use super::super::interrupted::remove_record;
use super::super::job;
use super::super::monitor::RunMonitor;
use super::super::printer::{note_profile, show, warn_event, warn_profile, warn_text};
use super::super::publish::{PublishedExport, remove_older_exports, warn_of_losses};
use super::journals::Journals;
use super::{OneProfile, ProfilesRun};

/// The published export of a profile, and the journals that it no longer needs. The export is `None` if the reader of its
/// only output, a pipe, closed it.
type OneExport<D> = (Option<PublishedExport<D>>, Finished);

/// What a profile leaves until all are read, and its settings.
struct Finished {
    journals: Journals,
    config: ExportConfig,
    is_published: bool,
}

impl Finished {
    /// Removes what would repeat the export of the profile, and then older exports.
    fn clean_up<R: Resource>(&self) {
        self.journals.remove();
        if self.is_published {
            // After the journals: a run that resumes from them needs it.
            remove_record(&self.config);
            remove_older_exports(&self.config, R::ENDPOINT.name);
        }
    }
}

/// The results so far.
#[derive(Default)]
struct Results {
    /// Rows, verdict and exit code of each published export.
    published: Vec<(u64, Verdict, ExitCode)>,
    failures: Vec<Error>,
    /// The first error about files of earlier exports that could not be removed.
    left_behind: Option<Error>,
    /// Those whose journals are kept until the end.
    finished: Vec<Finished>,
}

impl Results {
    /// Whether a message about resuming an earlier run was printed.
    fn is_resumed(&self) -> bool {
        self.finished.iter().any(|finished| finished.journals.are_resumed())
    }
}

impl<R: Resource> ProfilesRun<'_, R> {
    /// Exports each profile into its own outputs.
    ///
    /// # Errors
    /// When all profiles fail, or a failure does not concern only one profile.
    pub(super) fn export_apart<C: RowCounts>(
        &self,
        profiles: Vec<ChildProfile>,
        monitor: &RunMonitor<'_>,
        mut stop: Pin<&mut impl Future<Output = Error>>,
    ) -> Result<ExitCode, Error> {
        let runs = profiles.into_iter().map(|profile| self.one(profile)).collect::<Result<Vec<_>, _>>()?;
        check_apart(runs.iter().map(|run| (&run.profile, &run.config.outputs)))?;
        let mut results = Results::default();
        for run in runs {
            let profile = run.profile.clone();
            let unchanged = run.config.outputs.changes.as_ref().and_then(|changes| changes.exit_code_unchanged);
            let is_quiet = self.verbosity.quiet || results.is_resumed();
            match self.export_one::<C>(run, is_quiet, monitor, stop.as_mut()) {
                Ok((Some(mut published), finished)) => {
                    self.report_one(&profile, &published, monitor);
                    let code = exit_code(&published, unchanged);
                    if let Some(error) = published.left_behind.take().map(Error::from) {
                        warn_profile(&profile, &error);
                        results.left_behind = results.left_behind.or(Some(error));
                    }
                    results.published.push((published.rows, published.verdict, code));
                    // Otherwise they are removed already.
                    if self.since_last.is_none() {
                        results.finished.push(finished);
                    }
                }
                Ok((None, finished)) => results.finished.push(finished),
                Err(error) if concerns_one(&error) => {
                    warn_profile(&profile, &error);
                    results.failures.push(error);
                }
                Err(error) => {
                    monitor.note_unread();
                    // The journals of all profiles are kept, so that nothing is read twice.
                    let error = results.finished.iter().fold(error, |error, finished| finished.journals.kept(error));
                    return Err(if results.published.is_empty() { error } else { after_some(error) });
                }
            }
        }
        results.finished.iter().for_each(Finished::clean_up::<R>);
        self.conclude(results, monitor)
    }

    fn export_one<C: RowCounts>(
        &self,
        run: OneProfile,
        is_quiet: bool,
        monitor: &RunMonitor<'_>,
        stop: Pin<&mut impl Future<Output = Error>>,
    ) -> Result<OneExport<C::Document>, Error> {
        let OneProfile { profile, mut config, since, partition } = run;
        let (_, account, runtime) = self.of_run;
        // Nothing is left of a profile that failed, not even its folder.
        let _folders = MissingFolders::of(&config.outputs);
        let mut opened = open::<ListReading<R>>(&mut config, self.verbosity)?;
        opened.stats_before = account.stats();
        let profiles = vec![profile];
        let journals = self.journals(&config, &profiles, since.as_ref(), is_quiet)?;
        let command = self.reading(profiles, (since, partition), &journals);
        let watch = (self.verbosity, monitor);
        let reading = read_and_publish::<_, C>(&command, watch, (&config, account), opened, stop);
        let published = runtime.block_on(reading);
        drop(command);
        match published {
            Ok(published) => {
                let finished = Finished { journals, config, is_published: published.is_some() };
                if self.since_last.is_some() {
                    // The next run continues from this export, so nothing is needed to repeat it.
                    finished.clean_up::<R>();
                }
                Ok((published, finished))
            }
            Err(error) => Err(journals.kept(error)),
        }
    }

    /// Prints the outcome for a profile on one line, changes included, after its table if that was requested.
    fn report_one<D: RunDocument>(
        &self,
        profile: &ChildProfile,
        published: &PublishedExport<D>,
        monitor: &RunMonitor<'_>,
    ) {
        let outcome = outcome::<ListReading<R>, D>(published).replace('\n', "; ");
        monitor.note_published(published, &outcome);
        if monitor.shows_tables() {
            show(&format!("\n{}", published.document.table(table_style())));
        } else {
            // A table that is shown starts with these warnings.
            warn_of_losses(&published.document, &published.rejected);
            if published.verdict == Verdict::Unverified {
                // The reason for exit code 3 is printed even with --quiet.
                let evidence: Vec<_> = published.profiles.iter().flat_map(|profile| profile.evidence.clone()).collect();
                let text = format!("{profile}: completeness is not verified: {}", sentences(&evidence));
                warn_event("unverified", &printable(&text));
            }
        }
        for suspicion in published.document.suspicions() {
            warn_text(&format!("{profile}: {suspicion}"));
        }
        if !self.verbosity.quiet {
            note_profile(profile, (published.verdict, published.rows), &outcome);
        }
    }

    fn conclude(&self, results: Results, monitor: &RunMonitor<'_>) -> Result<ExitCode, Error> {
        let Results { published, mut failures, left_behind, .. } = results;
        let failed = failures.len();
        if published.is_empty()
            && let Some(worst) = ExitCode::worst(failures.iter().map(Error::exit_code))
            && let Some(at) = failures.iter().position(|error| error.exit_code() == worst)
        {
            // A profile that was not published because of a gate was read to its end.
            if failures.iter().any(is_unread) {
                monitor.note_unread();
            }
            return Err(failures.swap_remove(at));
        }
        let worst = published.iter().map(|(_, verdict, _)| *verdict).reduce(Verdict::weaker);
        let verdict = if failed > 0 { Verdict::Unverified } else { worst.unwrap_or(Verdict::Complete) };
        let rows = published.iter().map(|(rows, ..)| rows).sum();
        let rows = count_of(rows, R::NOUN.one, R::NOUN.many);
        let profiles = count_of(published.len() as u64, "profile", "profiles");
        let of_failed = if failed == 0 { String::new() } else { format!("; {} failed", grouped(failed as u64)) };
        let outcome = format!("{}: {rows} of {profiles}{of_failed}", verdict.name());
        monitor.note_all(verdict, &outcome);
        job::note_outcome(&outcome);
        if !self.verbosity.quiet {
            let blank = if monitor.shows_tables() { "\n" } else { "" };
            show(&format!("{blank}{outcome}\n"));
        }
        if let Some(error) = left_behind {
            return Err(error);
        }
        // Only if nothing has changed in any profile.
        let mut codes = published.iter().map(|(.., code)| *code);
        let is_unchanged = failed == 0 && codes.clone().all(|code| matches!(code, ExitCode::Unchanged(_)));
        Ok(codes.next_back().filter(|_| is_unchanged).unwrap_or_else(|| ExitCode::from(verdict)))
    }
}

/// Folders that do not exist yet. Those that are empty at the end are removed.
struct MissingFolders(Vec<PathBuf>);

impl MissingFolders {
    /// The missing folders of all outputs, each before its parent.
    fn of(outputs: &OutputsConfig) -> Self {
        let rows = outputs.outputs.iter().map(|request| &request.target);
        let paths = rows.chain(outputs.side_files()).chain(&outputs.manifest).filter_map(OutputTarget::path);
        let folders = paths.flat_map(|path| path.ancestors().skip(1).take_while(|folder| !folder.exists()));
        // An empty path is the working directory, which exists.
        Self(folders.filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned).collect())
    }
}

impl Drop for MissingFolders {
    fn drop(&mut self) {
        for folder in &self.0 {
            // Fails if the folder is not empty, as intended.
            std::fs::remove_dir(folder).ok();
        }
    }
}

/// An error that ends the run when the outputs of some profiles are already published.
fn after_some(error: Error) -> Error {
    match error {
        Error::Kept { error, journal } => Error::Kept { error: Box::new(after_some(*error)), journal },
        Error::Stopped(code) => Error::StoppedBetween(code),
        error => error,
    }
}

/// Whether the list of a profile that failed was not read to its end.
fn is_unread(error: &Error) -> bool {
    match error {
        Error::Kept { error, .. } => is_unread(error),
        error => !matches!(error, Error::Gate { .. }),
    }
}

/// Whether a failure concerns only this profile: it could not be read, or a gate failed.
fn concerns_one(error: &Error) -> bool {
    match error {
        Error::Kept { error, .. } => concerns_one(error),
        Error::Gate { .. } => true,
        error => is_of_profile(error),
    }
}
