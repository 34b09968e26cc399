//! The older states to compare a report with: summaries, folders of summaries, and exports.
//!
//! The newest state with the same filters is compared in full, or the newest state if none has the same filters. All states
//! together form a trend.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::input::{Content, FoundFiles, Mirror, Skipped, SourceError, SourceFile, detect_contents};
use crate::report::{
    FileCounts, FileDocument, Filters, Origin, ReportForm, ResourceDocument, noun_of_json, verdict_of_json,
};
use crate::time::Timestamp;
use crate::verdict::Verdict;

use super::super::printer::note;
use super::gross::GrossRows;
use super::{file_name, inputs, summarize};

/// An older state that is not read yet.
pub(super) enum OlderSource {
    Summary(PathBuf),
    /// Summaries in a folder, some of which may belong to other reports.
    Folder(Vec<PathBuf>),
    Files(FoundFiles, PathBuf),
}

/// An older state.
pub(super) struct OlderDocument<D> {
    /// The name of its file or folder.
    pub(super) name: String,
    pub(super) document: D,
    pub(super) verdict: Option<Verdict>,
}

/// An older state with a known time.
enum Dated<D> {
    Read(OlderDocument<D>),
    Files(Vec<SourceFile>, String),
}

impl OlderSource {
    /// Finds the state at a path.
    ///
    /// # Errors
    /// When the path has neither a summary nor an exported file.
    pub(super) fn find(path: &Path, mirror: &mut Mirror) -> Result<Self, SourceError> {
        if ReportForm::from_path(path) == Some(ReportForm::Json) {
            return Ok(Self::Summary(mirror.local(path)?));
        }
        match mirror.find_files(&[path.to_owned()]) {
            Ok(found) => Ok(Self::Files(found, path.to_owned())),
            Err(error @ SourceError::EmptyFolder { .. }) => {
                let summaries = summaries_in(path);
                if summaries.is_empty() { Err(error) } else { Ok(Self::Folder(summaries)) }
            }
            Err(error) => Err(error),
        }
    }

    /// The exported files, if there are any.
    pub(super) fn files(&self) -> Option<&FoundFiles> {
        match self {
            Self::Summary(_) | Self::Folder(_) => None,
            Self::Files(found, _) => Some(found),
        }
    }

    /// Summaries, which the report must neither read as data nor replace.
    pub(super) fn summaries(&self) -> &[PathBuf] {
        match self {
            Self::Summary(path) => std::slice::from_ref(path),
            Self::Folder(paths) => paths,
            Self::Files(..) => &[],
        }
    }

    pub(super) fn skipped(&self) -> &[Skipped] {
        self.files().map_or(&[], |found| &found.skipped)
    }

    /// Checks that files contain the same resource as the report. A summary is checked when it is read.
    ///
    /// # Errors
    /// When they contain another resource.
    pub(super) fn check_content(&mut self, wanted: Content) -> Result<(), SourceError> {
        let Self::Files(found, path) = self else { return Ok(()) };
        if detect_contents(found)? == wanted {
            return Ok(());
        }
        Err(SourceError::OtherContents { wanted, path: path.clone() })
    }
}

/// The JSON files of a folder that may be summaries, by name; manifests are excluded.
fn summaries_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let is_hidden = |path: &Path| path.file_name().is_none_or(|name| name.to_string_lossy().starts_with(['_', '.']));
    let is_summary = |path: &PathBuf| ReportForm::from_path(path) == Some(ReportForm::Json) && !is_hidden(path);
    let mut paths: Vec<PathBuf> = entries.filter(is_summary).collect();
    paths.sort();
    paths
}

/// All older states, oldest first.
pub(super) struct States<D> {
    dated: Vec<(Timestamp, Dated<D>)>,
    /// The index of the state that is compared in full.
    compared: usize,
}

impl<D: ResourceDocument> Dated<D> {
    /// Whether it was exported with these filters, as far as is known.
    fn has_filters(&self, wanted: &Filters) -> bool {
        match self {
            Self::Read(OlderDocument { document, .. }) => {
                let Origin { filters, filters_differ, .. } = document.origin();
                !filters_differ && filters == wanted
            }
            Self::Files(files, _) => inputs::filters(files).as_ref() == Some(wanted),
        }
    }
}

impl<D: FileDocument> States<D> {
    /// Reads summaries, and determines the times of files. If there are several states, those that are not older than
    /// `as_of` are skipped, because a folder can hold the summary of the export itself. `files` are the inputs of the
    /// report.
    ///
    /// # Errors
    /// When a summary cannot be read.
    pub(super) fn find(
        all: Vec<OlderSource>,
        files: &[SourceFile],
        as_of: Timestamp,
        is_sum: bool,
    ) -> Result<Self, SourceError> {
        let mut dated = Vec::new();
        for older in all {
            match older {
                OlderSource::Summary(path) => {
                    let state = read_summary(&path)?;
                    dated.push((time_of(&state, as_of), Dated::Read(state)));
                }
                OlderSource::Folder(paths) => {
                    for path in paths {
                        match read_summary(&path) {
                            Ok(state) => dated.push((time_of(&state, as_of), Dated::Read(state))),
                            Err(error) => note("file_skipped", &format!("skipped {}: {error}", file_name(&path))),
                        }
                    }
                }
                OlderSource::Files(found, path) => {
                    let (files, _) = inputs::choose(found.files, is_sum)?;
                    let moment = files.iter().filter_map(SourceFile::moment).max().unwrap_or(as_of);
                    dated.push((moment, Dated::Files(files, file_name(&path))));
                }
            }
        }
        dated.sort_by_key(|(moment, _)| *moment);
        if dated.len() > 1 && dated.iter().any(|(moment, _)| *moment < as_of) {
            dated.retain(|(moment, _)| *moment < as_of);
        }
        let filters = inputs::filters(files);
        let comparable = filters.and_then(|filters| dated.iter().rposition(|(_, state)| state.has_filters(&filters)));
        let compared = comparable.unwrap_or(dated.len().saturating_sub(1));
        Ok(Self { dated, compared })
    }

    /// The index of the state that is compared in full.
    pub(super) fn compared(&self) -> usize {
        self.compared
    }

    /// The files of the state that is compared in full, if it has any.
    pub(super) fn compared_files(&self) -> Option<&[SourceFile]> {
        match self.dated.get(self.compared)? {
            (_, Dated::Files(files, _)) => Some(files),
            (_, Dated::Read(_)) => None,
        }
    }

    /// Reads the remaining states, oldest first. Ages in files are measured from the time of their export. `rows` receives
    /// the rows of the state that is compared in full.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn read<C: FileCounts<Document = D>>(
        self,
        is_silent: bool,
        mut rows: Option<&mut GrossRows>,
    ) -> Result<Vec<OlderDocument<D>>, Error> {
        let mut states = Vec::with_capacity(self.dated.len());
        for (at, (moment, dated)) in self.dated.into_iter().enumerate() {
            states.push(match dated {
                Dated::Read(state) => state,
                Dated::Files(files, name) => {
                    let rows = rows.as_mut().filter(|_| at == self.compared).map(|rows| rows.old());
                    let document = summarize::<C>(&files, moment, is_silent, rows)?;
                    let verdict = document.verdict();
                    OlderDocument { name, document, verdict }
                }
            });
        }
        Ok(states)
    }
}

fn time_of<D: ResourceDocument>(state: &OlderDocument<D>, otherwise: Timestamp) -> Timestamp {
    Timestamp::parse(state.document.as_of()).unwrap_or(otherwise)
}

fn read_summary<D: ResourceDocument>(path: &Path) -> Result<OlderDocument<D>, SourceError> {
    let text = match std::fs::read_to_string(path) {
        Err(source) => return Err(SourceError::Open { path: path.to_owned(), source }),
        Ok(text) => text,
    };
    let document = D::from_json(&text).map_err(|error| match noun_of_json(&text) {
        Some(noun) if noun != D::NOUN => SourceError::OtherSummary { wanted: D::NOUN, path: path.to_owned() },
        _ => SourceError::NotSummary { path: path.to_owned(), source: error.into() },
    })?;
    Ok(OlderDocument { name: file_name(path), document, verdict: verdict_of_json(&text) })
}
