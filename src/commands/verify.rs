//! `sent-export verify`: checks that the files of exports are as published.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::plural::{count_of, grouped};
use crate::base::printable::printable;
use crate::cli::VerifyArgs;
use crate::config::{Naming, ProfileNaming};
use crate::error::{Error, ExitCode};
use crate::input::{Depth, ListedFile, Verified, find_listings, verify_file};
use crate::publish::{OutputError, is_dataset_file, whole_of_part};
use crate::store::{FileSettings, OutputTarget, write_small_file};
use crate::time::Timestamp;
use crate::verdict::Verdict;

use super::print;

const UNLISTED: &str = "no manifest lists it, but readers of the folder treat it as part of the export";
const UNLISTED_HINT: &str = "remove it, or export again";
const REPEATED_HINT: &str = "two files hold the same rows: export again";

/// The result as JSON, schema version 1.
#[derive(Debug, Serialize)]
struct VerifyReport {
    schema_version: u32,
    /// Whether everything is as published.
    ok: bool,
    exports: Vec<ExportResult>,
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
struct FileResult {
    path: String,
    resource: String,
    ok: bool,
    bytes: u64,
    rows: u64,
    /// Whether the rows were read and counted.
    rows_read: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Compares files with their manifests.
///
/// # Errors
/// When a path or a manifest cannot be read, or the result cannot be written.
pub(super) fn run(args: &VerifyArgs) -> Result<ExitCode, Error> {
    let naming = Naming::new(&args.store, None, ProfileNaming::default(), Timestamp::now())?;
    let json = args.json.as_deref().map(|path| naming.target(path)).transpose()?;
    let shows_lines = json != Some(OutputTarget::Stdout);
    let depth = if args.quick { Depth::Bytes } else { Depth::Rows };
    let mut exports = Vec::new();
    for listing in find_listings(&args.paths, naming.stores())? {
        let first = listing.files.first().map(|file| &file.published);
        let (run_id, verdict) = (first.and_then(|file| file.run_id.clone()), first.and_then(|file| file.verdict));
        let mut files = Vec::new();
        let mut ids: BTreeMap<String, Vec<u128>> = BTreeMap::new();
        for file in &listing.files {
            let mut result = verify_file(file, depth, naming.stores()).map_err(Error::from);
            if let Ok(verified) = &mut result {
                ids.entry(output_of(&file.listed_path)).or_default().append(&mut verified.ids);
            }
            let result = result_of(file, result);
            if shows_lines && !(args.quiet && result.ok) {
                print(&line(&result))?;
            }
            files.push(result);
        }
        for target in &listing.unlisted {
            let (problem, next) = (Some(UNLISTED.to_owned()), Some(UNLISTED_HINT.to_owned()));
            let result = FileResult { problem, next, ..blank(&target.to_string()) };
            if shows_lines {
                print(&line(&result))?;
            }
            files.push(result);
        }
        let mut repeated_ids = Vec::new();
        for (path, ids) in ids {
            let Some(problem) = repeated(ids) else { continue };
            let result = FileResult { problem: Some(problem), next: Some(REPEATED_HINT.to_owned()), ..blank(&path) };
            if shows_lines {
                print(&line(&result))?;
            }
            repeated_ids.push(result);
        }
        exports.push(ExportResult { manifest: listing.manifest.to_string(), run_id, verdict, files, repeated_ids });
    }
    let is_ok = |export: &ExportResult| export.repeated_ids.is_empty() && export.files.iter().all(|file| file.ok);
    let report = VerifyReport { schema_version: 1, ok: exports.iter().all(is_ok), exports };
    if shows_lines && !args.quiet {
        print(&conclusion(&report))?;
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
    Ok(match (report.ok, is_unverified) {
        (true, false) => ExitCode::Complete,
        (true, true) => ExitCode::Unverified,
        (false, _) => ExitCode::Usage,
    })
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
        problem: None,
        next: None,
    }
}

fn result_of(file: &ListedFile, result: Result<Verified, Error>) -> FileResult {
    let listed = FileResult {
        resource: file.resource.clone(),
        bytes: file.published.bytes,
        rows: file.published.rows,
        ..blank(&file.target.to_string())
    };
    match result {
        Err(error) => FileResult { problem: Some(error.in_one_line()), next: error.hint(), ..listed },
        Ok(Verified { malformed, .. }) if !malformed.is_empty() => {
            let columns = malformed.iter().map(|(column, values)| format!("{column} ({})", grouped(*values)));
            let problem = format!("values that cannot be read: {}", columns.collect::<Vec<_>>().join(", "));
            FileResult { problem: Some(problem), next: Some("export again".to_owned()), ..listed }
        }
        Ok(Verified { rows, .. }) => FileResult { ok: true, rows_read: rows.is_some(), ..listed },
    }
}

fn line(result: &FileResult) -> String {
    let path = printable(&result.path);
    let Some(problem) = &result.problem else {
        let rows = count_of(result.rows, "row", "rows");
        let read = if result.rows_read { "read" } else { "by the manifest" };
        return format!("ok      {path}: {rows} {read}, {} bytes, SHA-256 matches\n", grouped(result.bytes));
    };
    let next = result.next.as_deref().map(|next| format!("        next: {}\n", printable(next))).unwrap_or_default();
    format!("failed  {path}: {}\n{next}", printable(problem))
}

fn conclusion(report: &VerifyReport) -> String {
    let all = || report.exports.iter().flat_map(|export| &export.files);
    let failed = all().filter(|file| !file.ok).count() as u64;
    let repeated = report.exports.iter().map(|export| export.repeated_ids.len() as u64).sum::<u64>();
    let exports = count_of(report.exports.len() as u64, "export", "exports");
    let files = count_of(all().count() as u64, "file", "files");
    let unverified = report.exports.iter().filter(|export| export.verdict == Some(Verdict::Unverified));
    let unverified = unverified.fold(String::new(), |text, export| {
        text + "unverified when it was exported: " + &printable(&export.manifest) + "\n"
    });
    match (failed, repeated) {
        (0, 0) => format!("{unverified}as published: {files} of {exports}\n"),
        (0, outputs) => format!("{unverified}{} with repeated ids\n", count_of(outputs, "output", "outputs")),
        (failed, _) => format!("{unverified}{} of {files} not as published\n", grouped(failed)),
    }
}
