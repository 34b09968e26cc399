//! `sent-export report`: from exported files to what is in them.
//!
//! The tables go to stdout, since they are what was asked for; with `-` for another form, that goes there instead. A
//! report is written whole or not at all.

use std::io::{self, IsTerminal};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::cli::ReportArgs;
use crate::contacts::contacts_schema;
use crate::error::{Error, ExitCode};
use crate::progress::FileProgress;
use crate::sink::{check_writable, write_small_file};
use crate::source::{FileFacts, Piece, SourceError, SourceFile, find_files, read_file};
use crate::summary::{Comparison, Counts, Findings, InputReport, ReportForm, Summary, TableStyle, render_table};

use super::{is_colour_off, print, table_width};

/// Reports on files.
///
/// # Errors
/// When a file cannot be read, or a report cannot be written.
pub(super) fn run(args: &ReportArgs) -> Result<ExitCode, Error> {
    let forms =
        [(&args.html, ReportForm::Html), (&args.markdown, ReportForm::Markdown), (&args.json, ReportForm::Json)];
    let forms: Vec<(&Path, ReportForm)> =
        forms.into_iter().filter_map(|(path, form)| Some((path.as_deref()?, form))).collect();
    for (path, _) in forms.iter().filter(|(path, _)| !is_stdout(path)) {
        check_writable(path)?;
    }
    let files = find_files(&args.files)?;
    let as_of = args.as_of.unwrap_or_else(Utc::now);
    let is_silent = args.quiet || args.no_progress;
    let mut summary = summarize(&files, as_of, is_silent)?;
    let mut old = args.compare.as_deref().map(|path| read_old(path, as_of, is_silent)).transpose()?;
    if let Some(min_cell) = args.min_cell {
        summary.merge_small_groups(min_cell, old.as_mut());
    }
    if let (Some(old), Some(path)) = (&old, &args.compare) {
        summary.comparison = Some(Comparison::new(old, &summary, file_name(path)));
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
    let mut inputs = Vec::new();
    let mut absent: Vec<usize> = Vec::new();
    let mut progress = FileProgress::new(is_silent, files.iter().map(|file| file.bytes).sum());
    let now_micros = as_of.timestamp_micros();
    for file in files {
        let mut take = |piece: Piece| {
            counts.add_columns(&piece.batch, now_micros, &piece.columns);
            piece.missing.iter().for_each(|&(column, values)| counts.add_missing(column, values));
            progress.observe(counts.contacts, piece.bytes_read);
        };
        let FileFacts { rows, absent: more, malformed } = read_file(file, &mut take)?;
        progress.end_file(file.bytes);
        absent.extend(more);
        for (column, values) in malformed {
            findings.add_malformed(&column_name(column), values);
        }
        let path = file.path.display().to_string();
        inputs.push(InputReport { path, format: file.format, rows, bytes: file.bytes });
    }
    progress.finish();
    absent.sort_unstable();
    absent.dedup();
    Ok(Summary {
        as_of: as_of.to_rfc3339_opts(SecondsFormat::Secs, true),
        inputs,
        columns_not_in_inputs: absent.into_iter().map(column_name).collect(),
        ..counts.summary().with_findings(findings)
    })
}

/// What to compare with: a summary, or files to make one from.
fn read_old(path: &Path, as_of: DateTime<Utc>, is_silent: bool) -> Result<Summary, SourceError> {
    if ReportForm::from_path(path) != Some(ReportForm::Json) {
        return summarize(&find_files(&[path.to_owned()])?, as_of, is_silent);
    }
    let opened = |source| SourceError::Open { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(opened)?;
    Summary::from_json(&text).map_err(|error| SourceError::NotSummary { path: path.to_owned(), source: error.into() })
}

fn column_name(column: usize) -> String {
    contacts_schema().field(column).name().clone()
}

/// The name alone: folders are nobody's business where the report is passed on to.
fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn style() -> TableStyle {
    let is_terminal = io::stdout().is_terminal();
    TableStyle { width: table_width(&console::Term::stdout()), has_colours: is_terminal && !is_colour_off() }
}
