//! `sent-export verify`: checks that the files of exports are as published.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::base::plural::{count_of, grouped};
use crate::base::printable::printable;
use crate::cli::VerifyArgs;
use crate::config::{Naming, ProfileNaming};
use crate::error::{Error, ExitCode};
use crate::input::{
    Depth, FoundListings, HistoryFolder, ListedFile, Listing, SourceError, UnreadPath, Verified, VerifiedHistoryFile,
    find_listings, verify_file, verify_history,
};
use crate::publish::{OutputError, is_dataset_file, whole_of_part};
use crate::store::{FileSettings, OutputTarget, write_small_file};
use crate::time::Timestamp;
use crate::verdict::Verdict;

use super::datasets::HISTORY;
use super::monitor::RunMonitor;
use super::print;
use super::printer::{FailedCheck, log_failed_check};

const UNLISTED: &str = "no manifest lists it, but readers of the folder treat it as part of the export";
const STALE: &str =
    "it is of an earlier export and could not be removed: readers of the folder treat it as part of this one";
const UNLISTED_HINT: &str = "remove it, or export again";
const REPEATED_HINT: &str = "two files hold the same rows: export again";
/// Another export does not write an earlier file again, and is refused while the newest cannot be read.
const HISTORY_HINT: &str = "restore the file, or start a new history in another folder";

/// The result as JSON, schema version 1.
#[derive(Debug, Serialize)]
struct VerifyReport {
    schema_version: u32,
    /// Whether everything is as published.
    ok: bool,
    exports: Vec<ExportResult>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    histories: Vec<HistoryResult>,
    /// Manifests, folders and paths that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unread: Vec<FileResult>,
}

#[derive(Debug, Serialize)]
struct ExportResult {
    manifest: String,
    run_id: Option<String>,
    verdict: Option<Verdict>,
    files: Vec<FileResult>,
    /// Outputs whose files are as published, but contain an id more than once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repeated_ids: Vec<FileResult>,
}

#[derive(Debug, Serialize)]
struct HistoryResult {
    folder: String,
    /// The files that no manifest lists.
    files: Vec<FileResult>,
    /// Files before which one is missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<FileResult>,
}

#[derive(Debug, Serialize)]
struct FileResult {
    path: String,
    resource: String,
    ok: bool,
    bytes: u64,
    rows: u64,
    /// Whether the rows were read and counted.
    rows_read: bool,
    /// Whether a manifest has its checksum.
    #[serde(skip)]
    is_listed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Compares files with their manifests.
///
/// # Errors
/// When a path is an invalid address, or the result cannot be written.
pub(super) fn run(args: &VerifyArgs, monitor: &RunMonitor<'_>) -> Result<ExitCode, Error> {
    let naming = Naming::new(&args.store, None, ProfileNaming::default(), Timestamp::now())?;
    let json = args.json.as_deref().map(|path| naming.target(path)).transpose()?;
    let shows_lines = json != Some(OutputTarget::Stdout);
    let depth = if args.quick { Depth::Bytes } else { Depth::Rows };
    let verification = Verification { naming: &naming, depth, shows_lines, quiet: args.quiet };
    let FoundListings { listings, histories, unread } = find_listings(&args.paths, naming.stores())?;
    // What could not be read comes first, as nothing below is compared with it.
    let (unread, mut codes) = verification.unread(unread)?;
    let files = listings.iter().flat_map(|listing| &listing.files);
    let listed: BTreeSet<String> = files.map(|file| file.target.identity()).collect();
    let exports = listings.iter().map(|listing| verification.export(listing)).collect::<Result<Vec<_>, _>>()?;
    let histories = histories.iter().map(|history| verification.history(history, &listed));
    let histories = histories.collect::<Result<Vec<_>, _>>()?;
    let mut report = VerifyReport { schema_version: 1, ok: false, exports, histories, unread };
    let is_as_published = report.files().all(|file| file.ok) && report.repeated() == 0 && report.gaps() == 0;
    report.ok = is_as_published;
    let conclusion = conclusion(&report);
    monitor.note_outcome(conclusion.trim_end());
    if shows_lines && !args.quiet {
        print(&conclusion)?;
    }
    if let Some(target) = json {
        let mut text = serde_json::to_string_pretty(&report).expect("texts and numbers");
        text.push('\n');
        if target == OutputTarget::Stdout {
            print(&text)?;
        } else {
            let settings = FileSettings { makes_folders: !args.store.no_create_dirs, ..FileSettings::default() };
            write_small_file(&target, text.as_bytes(), settings).map_err(OutputError::from)?;
        }
    }
    let is_unverified = report.exports.iter().any(|export| export.verdict == Some(Verdict::Unverified));
    if report.files_of_exports().any(|file| !file.ok) || report.repeated() + report.gaps() > 0 {
        codes.push(ExitCode::Usage);
    }
    Ok(match ExitCode::worst(codes) {
        Some(code) => code,
        None if is_unverified => ExitCode::Unverified,
        None => ExitCode::Complete,
    })
}

impl VerifyReport {
    /// Everything that has a line of its own, other than repeated ids and gaps.
    fn files(&self) -> impl Iterator<Item = &FileResult> {
        self.files_of_exports().chain(&self.unread)
    }

    /// The files of exports and histories.
    fn files_of_exports(&self) -> impl Iterator<Item = &FileResult> {
        let histories = self.histories.iter().flat_map(|history| &history.files);
        self.exports.iter().flat_map(|export| &export.files).chain(histories)
    }

    /// Outputs with repeated ids.
    fn repeated(&self) -> u64 {
        self.exports.iter().map(|export| export.repeated_ids.len() as u64).sum()
    }

    /// Gaps in histories.
    fn gaps(&self) -> u64 {
        self.histories.iter().map(|history| history.gaps.len() as u64).sum()
    }
}

/// How files are verified and shown.
struct Verification<'a> {
    naming: &'a Naming,
    depth: Depth,
    shows_lines: bool,
    /// Whether only failures are shown.
    quiet: bool,
}

impl Verification<'_> {
    fn show(&self, result: FileResult) -> Result<FileResult, Error> {
        if let Some(text) = &result.problem {
            let (path, hint) = (Some(result.path.as_str()), result.next.as_deref());
            log_failed_check(&FailedCheck { check: None, path, text, hint, exit_code: ExitCode::Usage });
        }
        if self.shows_lines && !(self.quiet && result.ok) {
            print(&line(&result))?;
        }
        Ok(result)
    }

    /// The failures of what could not be read, and their exit codes.
    fn unread(&self, unread: Vec<UnreadPath>) -> Result<(Vec<FileResult>, Vec<ExitCode>), Error> {
        let (mut results, mut codes) = (Vec::new(), Vec::new());
        for UnreadPath { path, error } in unread {
            let error = Error::from(error);
            codes.push(error.exit_code());
            results.push(self.show(failure(blank(&path), &error))?);
        }
        Ok((results, codes))
    }

    fn export(&self, listing: &Listing) -> Result<ExportResult, Error> {
        let first = listing.files.first().map(|file| &file.published);
        let (run_id, verdict) = (first.and_then(|file| file.run_id.clone()), first.and_then(|file| file.verdict));
        let mut files = Vec::new();
        let mut ids: BTreeMap<String, Vec<u128>> = BTreeMap::new();
        for file in &listing.files {
            let mut result = verify_file(file, self.depth, self.naming.stores());
            if let Ok(verified) = &mut result {
                ids.entry(output_of(&file.listed_path)).or_default().append(&mut verified.ids);
            }
            files.push(self.show(result_of(file, result))?);
        }
        let stale = listing.stale.iter().map(|target| (target, STALE));
        for (target, problem) in stale.chain(listing.unlisted.iter().map(|target| (target, UNLISTED))) {
            let (problem, next) = (Some(problem.to_owned()), Some(UNLISTED_HINT.to_owned()));
            files.push(self.show(FileResult { problem, next, ..blank(&target.to_string()) })?);
        }
        let mut repeated_ids = Vec::new();
        for (path, ids) in ids {
            let Some(problem) = repeated(ids) else { continue };
            let result = FileResult { problem: Some(problem), next: Some(REPEATED_HINT.to_owned()), ..blank(&path) };
            repeated_ids.push(self.show(result)?);
        }
        Ok(ExportResult { manifest: listing.manifest.to_string(), run_id, verdict, files, repeated_ids })
    }

    fn history(&self, history: &HistoryFolder, listed: &BTreeSet<String>) -> Result<HistoryResult, Error> {
        let (mut files, mut gaps) = (Vec::new(), Vec::new());
        for verified in verify_history(history, listed, self.depth, self.naming.stores()) {
            let VerifiedHistoryFile { target, bytes, rows, result, gap } = verified;
            let there = FileResult { resource: HISTORY.to_owned(), bytes, rows, ..blank(&target.to_string()) };
            if let Some(error) = gap {
                gaps.push(self.show(failure(blank(&target.to_string()), &error.into()))?);
            }
            if let Some(result) = result {
                files.push(self.show(judged(there, result))?);
            }
        }
        Ok(HistoryResult { folder: history.folder().to_string(), files, gaps })
    }
}

/// The output that a file is a part of, within which ids must be unique.
fn output_of(path: &str) -> String {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    // A folder such as `dt=2026-11-28` alone is not a dataset: each format in it is a separate output.
    match folders.split('/').position(|folder| folder.contains('=')).filter(|_| is_dataset_file(name)) {
        Some(at) => folders.split('/').take(at).fold(String::new(), |text, folder| text + folder + "/"),
        None => whole_of_part(path).unwrap_or_else(|| path.to_owned()),
    }
}

/// Describes ids that occur more than once.
fn repeated(mut ids: Vec<u128>) -> Option<String> {
    ids.sort_unstable();
    let repeated = ids.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
    (repeated > 0).then(|| format!("{} more than once", count_of(repeated, "id occurs", "ids occur")))
}

fn blank(path: &str) -> FileResult {
    FileResult {
        path: path.to_owned(),
        resource: String::new(),
        ok: false,
        bytes: 0,
        rows: 0,
        rows_read: false,
        is_listed: false,
        problem: None,
        next: None,
    }
}

fn failure(file: FileResult, error: &Error) -> FileResult {
    FileResult { problem: Some(error.in_one_line()), next: error.hint(), ..file }
}

fn result_of(file: &ListedFile, result: Result<Verified, SourceError>) -> FileResult {
    let listed = FileResult {
        resource: file.resource.clone(),
        bytes: file.published.bytes,
        rows: file.published.rows,
        is_listed: true,
        ..blank(&file.target.to_string())
    };
    judged(listed, result)
}

/// A file with its result.
fn judged(file: FileResult, result: Result<Verified, SourceError>) -> FileResult {
    let is_of_history = file.resource == HISTORY;
    let again = if is_of_history { HISTORY_HINT } else { "export again" };
    match result {
        // Only an export can be written again.
        Err(error) if is_of_history && !matches!(error, SourceError::NotHistory { .. }) => {
            FileResult { next: Some(again.to_owned()), ..failure(file, &error.into()) }
        }
        Err(error) => failure(file, &error.into()),
        Ok(Verified { malformed, .. }) if !malformed.is_empty() => {
            let columns = malformed.iter().map(|(column, values)| format!("{column} ({})", grouped(*values)));
            let problem = format!("values that cannot be read: {}", columns.collect::<Vec<_>>().join(", "));
            FileResult { problem: Some(problem), next: Some(again.to_owned()), ..file }
        }
        Ok(Verified { rows, .. }) => FileResult { ok: true, rows_read: rows.is_some(), ..file },
    }
}

fn line(result: &FileResult) -> String {
    let path = printable(&result.path);
    let Some(problem) = &result.problem else {
        let rows = count_of(result.rows, "row", "rows");
        let read = match (result.rows_read, result.is_listed) {
            (true, _) => "read",
            (false, true) => "by the manifest",
            (false, false) => "by its metadata",
        };
        let sum = if result.is_listed { "SHA-256 matches" } else { "no manifest has its SHA-256" };
        return format!("ok      {path}: {rows} {read}, {} bytes, {sum}\n", grouped(result.bytes));
    };
    let next = result.next.as_deref().map(|next| format!("        next: {}\n", printable(next))).unwrap_or_default();
    format!("failed  {path}: {}\n{next}", printable(problem))
}

fn conclusion(report: &VerifyReport) -> String {
    let failed = report.files().filter(|file| !file.ok).count() as u64;
    let files = count_of(report.files().count() as u64, "file", "files");
    let (exports, histories) = (report.exports.len() as u64, report.histories.len() as u64);
    let of = [(exports, "export", "exports"), (histories, "history", "histories")].into_iter();
    let of = of.filter(|&(count, ..)| count > 0).map(|(count, one, many)| count_of(count, one, many));
    let of = of.collect::<Vec<_>>().join(" and ");
    let unverified = report.exports.iter().filter(|export| export.verdict == Some(Verdict::Unverified));
    let unverified = unverified.fold(String::new(), |text, export| {
        text + "unverified when it was exported: " + &printable(&export.manifest) + "\n"
    });
    let failures = [
        (failed, format!("{} of {files} not as published", grouped(failed))),
        (report.repeated(), format!("{} with repeated ids", count_of(report.repeated(), "output", "outputs"))),
        (report.gaps(), format!("{} in histories", count_of(report.gaps(), "gap", "gaps"))),
    ];
    let failures = failures.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect::<Vec<_>>();
    match failures.as_slice() {
        [] => format!("{unverified}as published: {files} of {of}\n"),
        failures => format!("{unverified}{}\n", failures.join(", ")),
    }
}
