//! `sent-export report`: from exported files to what is in them.
//!
//! The tables go to stdout, since they are what was asked for; with `-` for another form, that goes there instead. A
//! report is written whole or not at all, and never in the place of what it is made from.

mod inputs;
mod paths;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::base::plural::count_of;
use crate::cli::ReportArgs;
use crate::error::{Error, ExitCode};
use crate::input::{FileFacts, Found, Piece, Skipped, SourceError, SourceFile, find_files, read_file};
use crate::progress::FileProgress;
use crate::report::{
    Counts, Filters, Findings, Notice, ReportForm, Summary, TableStyle, compare, render_table, verdict_of_json,
};
use crate::resources::contacts::column_name;
use crate::store::{OutputTarget, check_writable, write_small_file};
use crate::verdict::Verdict;

use super::{is_color_off, print, say, table_width, warn};

/// Skipped files that are named one by one: a folder can hold thousands.
const MAX_SKIPPED_LINES: usize = 20;
/// Warnings on stderr; the JSON form has all of them.
const MAX_WARNINGS: usize = 20;

/// Reports on files.
///
/// # Errors
/// When a file cannot be read, or a report cannot be written.
pub(super) fn run(args: &ReportArgs) -> Result<ExitCode, Error> {
    let forms =
        [(&args.html, ReportForm::Html), (&args.markdown, ReportForm::Markdown), (&args.json, ReportForm::Json)];
    let forms: Vec<(&Path, ReportForm)> =
        forms.into_iter().filter_map(|(path, form)| Some((path.as_deref()?, form))).collect();
    let found = find_files(&args.files)?;
    let old = args.compare.as_deref().map(Old::find).transpose()?;
    let all_found: Vec<&Found> = std::iter::once(&found).chain(old.as_ref().and_then(Old::files)).collect();
    paths::check(forms.iter().map(|(path, _)| *path), &all_found, args.compare.as_deref())?;
    for (path, _) in forms.iter().filter(|(path, _)| !is_stdout(path)) {
        check_writable(path)?;
    }
    if !args.quiet {
        for found in &all_found {
            tell_skipped(&found.skipped);
        }
    }
    let is_silent = args.quiet || args.no_progress;
    let (files, notices) = inputs::choose(found.files, args.sum)?;
    let as_of = args.as_of.or_else(|| inputs::exported_at(&files)).unwrap_or_else(Utc::now);
    let mut summary = summarize(&files, as_of, is_silent)?;
    summary.notices.extend(notices);
    let old = old.map(|old| old.read(as_of, is_silent, args.sum)).transpose()?;
    if old.as_ref().is_some_and(|(_, verdict)| *verdict == Some(Verdict::Unverified)) {
        let with = args.compare.as_deref().map(file_name).unwrap_or_default();
        summary.notices.push(Notice::unverified_comparison(&with));
    }
    let mut old = old.map(|(old, _)| old);
    if let Some(min_cell) = args.min_cell {
        summary.merge_small_groups(min_cell, old.as_mut());
    }
    if let (Some(old), Some(path)) = (&old, &args.compare) {
        summary.comparison = Some(compare(old, &summary, file_name(path)));
    }
    if args.min_cell.is_some() {
        // What was searched for can be a name or a number, and belongs to no report that is passed on.
        summary.filters.hide_search();
    }
    for notice in summary.all_notices().iter().take(MAX_WARNINGS) {
        warn(notice);
    }
    for &(path, form) in &forms {
        let text = form.render(&summary);
        if is_stdout(path) {
            print(&text)?;
        } else {
            write_small_file(path, text.as_bytes())?;
        }
    }
    if !args.quiet && !forms.iter().any(|(path, _)| is_stdout(path)) {
        print(&render_table(&summary, style()))?;
    }
    Ok(ExitCode::Complete)
}

/// Counts all contacts of the files.
fn summarize(files: &[SourceFile], as_of: DateTime<Utc>, is_silent: bool) -> Result<Summary, SourceError> {
    let mut counts = Counts::for_files();
    let mut findings = Findings::default();
    let (mut inputs, mut notices) = (Vec::new(), Vec::new());
    let mut absent: Vec<usize> = Vec::new();
    let mut filters: Vec<Filters> = Vec::new();
    let mut progress = FileProgress::new(is_silent, files.iter().map(|file| file.bytes).sum());
    let now_micros = as_of.timestamp_micros();
    for file in files {
        // Counted from the moment of an export, contacts may have changed until it was whole.
        let export = file.published.as_ref().filter(|export| (export.at..=export.until).contains(&as_of));
        let until_micros = export.map_or(now_micros, |export| export.until.timestamp_micros());
        let mut take = |piece: Piece| {
            counts.add_columns(&piece.batch, now_micros, until_micros, &piece.columns);
            piece.missing.iter().for_each(|&(column, values)| counts.add_missing(column, values));
            progress.observe(counts.contacts, piece.bytes_read);
        };
        let FileFacts { rows, absent: more, malformed, filters: left_out } = read_file(file, &mut take)?;
        progress.end_file(file.bytes);
        absent.extend(more);
        filters.push(left_out.unwrap_or_default());
        for (column, values) in malformed {
            findings.add_malformed(column_name(column), values);
        }
        inputs.push(inputs::report(file, rows));
        notices.extend(inputs::unread_manifest(file));
    }
    progress.finish();
    absent.sort_unstable();
    absent.dedup();
    filters.dedup();
    let filters_differ = filters.len() > 1;
    let mut summary = Summary {
        as_of: as_of.to_rfc3339_opts(SecondsFormat::Secs, true),
        inputs,
        notices,
        columns_not_in_inputs: absent.into_iter().map(|column| column_name(column).to_owned()).collect(),
        filters: filters.pop().filter(|_| !filters_differ).unwrap_or_default(),
        filters_differ,
        ..counts.summary().with_findings(findings)
    };
    summary.leave_out_absent();
    Ok(summary)
}

/// What to compare with: a summary, or files to make one from.
enum Old {
    Summary(PathBuf),
    Files(Found),
}

impl Old {
    fn find(path: &Path) -> Result<Self, SourceError> {
        if ReportForm::from_path(path) == Some(ReportForm::Json) {
            return Ok(Self::Summary(path.to_owned()));
        }
        find_files(&[path.to_owned()]).map(Self::Files)
    }

    fn files(&self) -> Option<&Found> {
        match self {
            Self::Summary(_) => None,
            Self::Files(found) => Some(found),
        }
    }

    /// The older state, and its verdict where that is told. Files hold the state of their own moment, and ages in it are
    /// counted from that; `as_of` is for where none is known.
    fn read(
        self,
        as_of: DateTime<Utc>,
        is_silent: bool,
        is_sum: bool,
    ) -> Result<(Summary, Option<Verdict>), SourceError> {
        let path = match self {
            Self::Summary(path) => path,
            Self::Files(found) => {
                let (files, _) = inputs::choose(found.files, is_sum)?;
                let moment = files.iter().filter_map(SourceFile::moment).max().unwrap_or(as_of);
                let summary = summarize(&files, moment, is_silent)?;
                let verdict = summary.verdict();
                return Ok((summary, verdict));
            }
        };
        let text = match std::fs::read_to_string(&path) {
            Err(source) => return Err(SourceError::Open { path, source }),
            Ok(text) => text,
        };
        let summary = Summary::from_json(&text);
        let summary = summary.map_err(|error| SourceError::NotSummary { path, source: error.into() })?;
        Ok((summary, verdict_of_json(&text)))
    }
}

/// Says what is not read and why, as far as a log has room for it.
fn tell_skipped(skipped: &[Skipped]) {
    let mut text = String::new();
    for skipped in skipped.iter().take(MAX_SKIPPED_LINES) {
        text += &format!("{skipped}\n");
    }
    if let Some(rest) = skipped.len().checked_sub(MAX_SKIPPED_LINES).filter(|&rest| rest > 0) {
        text += &format!("skipped {} for the same reasons\n", count_of(rest as u64, "more file", "more files"));
    }
    say(&text);
}

/// The name alone: folders are nobody's business where the report is passed on to.
fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn is_stdout(path: &Path) -> bool {
    OutputTarget::new(path) == OutputTarget::Stdout
}

fn style() -> TableStyle {
    let is_terminal = io::stdout().is_terminal();
    TableStyle { width: table_width(&console::Term::stdout()), has_colors: is_terminal && !is_color_off() }
}
