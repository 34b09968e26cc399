//! `sent-export report`: reports on exported files.
//!
//! The tables go to stdout, unless another form is written there with `-`. A report is written completely or not at all, and
//! never overwrites its inputs.

mod inputs;
mod paths;

pub(super) use self::paths::input_places;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::base::plural::count_of;
use crate::cli::ReportArgs;
use crate::config::{Naming, ProfileNaming};
use crate::error::{Error, ExitCode};
use crate::input::{
    Content, FileFacts, Found, Mirror, Piece, Skipped, SourceError, SourceFile, detect_contents, read_file,
};
use crate::progress::FileProgress;
use crate::publish::OutputError;
use crate::report::{
    ActivityCounts, Counts, DeliveryCounts, FileCounts, FileDocument, FilesFacts, Filters, Notice, Report, ReportForm,
    ResourceDocument, RunDocument, TableStyle, verdict_of_json,
};
use crate::resources::is_profile_column;
use crate::store::{FileSettings, OutputTarget, check_writable, write_small_file};
use crate::time::Timestamp;
use crate::verdict::Verdict;

use super::{is_color_off, job, print, say, table_width, warn};

/// Skipped files that are named one by one: a folder can hold thousands.
const MAX_SKIPPED_LINES: usize = 20;
/// Warnings on stderr; the JSON form has all of them.
const MAX_WARNINGS: usize = 20;

/// Reports on files.
///
/// # Errors
/// When a file cannot be read, or a report cannot be written.
pub(super) fn run(args: &ReportArgs) -> Result<ExitCode, Error> {
    let asked =
        [(&args.html, ReportForm::Html), (&args.markdown, ReportForm::Markdown), (&args.json, ReportForm::Json)];
    let naming = Naming::new(&args.store, None, ProfileNaming::default(), Timestamp::now())?;
    let mut forms: Vec<(OutputTarget, ReportForm)> = Vec::new();
    for (path, form) in asked.into_iter().filter_map(|(path, form)| Some((path.as_deref()?, form))) {
        forms.push((naming.target(path)?, form));
    }
    if job::is_check() {
        job::note_places(forms.iter().map(|(target, _)| target));
        return Ok(ExitCode::Complete);
    }
    let mut mirror = Mirror::new(naming.stores());
    let mut found = mirror.find_files(&args.files)?;
    let mut old = args.compare.as_deref().map(|path| Old::find(path, &mut mirror)).transpose()?;
    let all_found: Vec<&Found> = std::iter::once(&found).chain(old.as_ref().and_then(Old::files)).collect();
    paths::check(forms.iter().map(|(target, _)| target), &all_found, args.compare.as_deref(), naming.stores())?;
    let files = FileSettings { makes_folders: !args.store.no_create_dirs, ..FileSettings::default() };
    for (target, _) in &forms {
        check_writable(target, files).map_err(OutputError::from)?;
    }
    let content = detect_contents(&mut found)?;
    old.as_mut().map_or(Ok(()), |old| old.check_content(content))?;
    if !args.quiet {
        for found in std::iter::once(&found).chain(old.as_ref().and_then(Old::files)) {
            print_skipped(&found.skipped);
        }
    }
    match content {
        Content::Contacts => report_on::<Counts>(args, (&forms, files), found, old),
        Content::Messages => report_on::<DeliveryCounts>(args, (&forms, files), found, old),
        Content::Activities => report_on::<ActivityCounts>(args, (&forms, files), found, old),
    }
}

/// Reports on files whose content is known.
fn report_on<C: FileCounts>(
    args: &ReportArgs,
    (forms, files_as): (&[(OutputTarget, ReportForm)], FileSettings),
    found: Found,
    old: Option<Old>,
) -> Result<ExitCode, Error> {
    let is_silent = args.quiet || args.no_progress;
    let (files, notices) = inputs::choose(found.files, args.sum)?;
    let as_of = args.as_of.or_else(|| inputs::exported_at(&files)).unwrap_or_else(Timestamp::now);
    let mut document = summarize::<C>(&files, as_of, is_silent)?;
    document.add_notices(notices);
    let old = old.map(|old| old.read::<C>(as_of, is_silent, args.sum)).transpose()?;
    if old.as_ref().is_some_and(|(_, verdict)| *verdict == Some(Verdict::Unverified)) {
        let with = args.compare.as_deref().map(file_name).unwrap_or_default();
        document.add_notices([Notice::unverified_comparison(&with)]);
    }
    let mut old = old.map(|(old, _)| old);
    if let Some(min_cell) = args.min_cell {
        document.merge_small_groups(min_cell, old.as_mut());
    }
    if let (Some(old), Some(path)) = (&old, &args.compare) {
        document.compare_with(old, file_name(path));
    }
    if args.min_cell.is_some() {
        // The text of a search can be a name or a number, which must not be in a report that is shared.
        document.hide_search();
    }
    for notice in document.notices().iter().take(MAX_WARNINGS) {
        warn(notice);
    }
    for (target, form) in forms {
        let text = document.render(*form);
        if *target == OutputTarget::Stdout {
            print(&text)?;
        } else {
            write_small_file(target, text.as_bytes(), files_as).map_err(OutputError::from)?;
        }
    }
    if !args.quiet && !forms.iter().any(|(target, _)| *target == OutputTarget::Stdout) {
        print(&document.table(style()))?;
    }
    Ok(ExitCode::Complete)
}

/// Counts all rows of the files.
fn summarize<C: FileCounts>(
    files: &[SourceFile],
    as_of: Timestamp,
    is_silent: bool,
) -> Result<C::Document, SourceError> {
    let mut counts = C::for_files();
    let mut facts = FilesFacts::default();
    let mut filters: Vec<Filters> = Vec::new();
    let mut progress = FileProgress::new(is_silent, files.iter().map(|file| file.bytes).sum());
    let now_micros = as_of.micros();
    for file in files {
        // As of the start of an export, rows may have changed until its end.
        let export = file.published.as_ref().filter(|export| export.run.contains(as_of));
        let until_micros = export.map_or(now_micros, |export| export.run.latest.micros());
        let mut take = |piece: Piece| {
            counts.add_columns(&piece.batch, now_micros, until_micros, &piece.columns);
            piece.missing.iter().for_each(|&(column, values)| counts.add_missing(column, values));
            progress.observe(counts.rows(), piece.bytes_read);
        };
        let FileFacts { rows, absent, malformed, filters: left_out } = read_file(file, &mut take)?;
        progress.end_file(file.bytes);
        let schema = file.schema();
        for column in absent {
            let name = schema.field(column).name();
            // Only exports of several profiles have it.
            if !is_profile_column(name) && !facts.columns_not_in_inputs.contains(name) {
                facts.columns_not_in_inputs.push(name.clone());
            }
        }
        filters.push(left_out.unwrap_or_default());
        for (column, values) in malformed {
            facts.findings.add_malformed(schema.field(column).name(), values);
        }
        facts.inputs.push(inputs::report(file, rows));
        facts.notices.extend(inputs::unread_manifest(file));
        // In the order of the schema.
        facts.columns_not_in_inputs.sort_by_key(|name| schema.index_of(name).ok());
    }
    progress.finish();
    filters.dedup();
    facts.filters_differ = filters.len() > 1;
    facts.filters = filters.pop().filter(|_| !facts.filters_differ).unwrap_or_default();
    facts.as_of = as_of.to_seconds();
    Ok(counts.into_document(facts))
}

/// The older side of a comparison: a summary, or files to make one from.
enum Old {
    Summary(PathBuf),
    Files(Found, PathBuf),
}

impl Old {
    fn find(path: &Path, mirror: &mut Mirror) -> Result<Self, SourceError> {
        if ReportForm::from_path(path) == Some(ReportForm::Json) {
            return Ok(Self::Summary(mirror.local(path)?));
        }
        Ok(Self::Files(mirror.find_files(&[path.to_owned()])?, path.to_owned()))
    }

    fn files(&self) -> Option<&Found> {
        match self {
            Self::Summary(_) => None,
            Self::Files(found, _) => Some(found),
        }
    }

    /// Checks that files hold what the report is on; for a summary, reading it does.
    fn check_content(&mut self, wanted: Content) -> Result<(), SourceError> {
        let Self::Files(found, path) = self else { return Ok(()) };
        if detect_contents(found)? == wanted {
            return Ok(());
        }
        Err(SourceError::OtherContents { wanted, path: path.clone() })
    }

    /// The older state, and its verdict if known. Ages in files are computed at the time of their export, or at `as_of` if
    /// that is unknown.
    fn read<C: FileCounts>(
        self,
        as_of: Timestamp,
        is_silent: bool,
        is_sum: bool,
    ) -> Result<(C::Document, Option<Verdict>), SourceError> {
        let path = match self {
            Self::Summary(path) => path,
            Self::Files(found, _) => {
                let (files, _) = inputs::choose(found.files, is_sum)?;
                let moment = files.iter().filter_map(SourceFile::moment).max().unwrap_or(as_of);
                let document = summarize::<C>(&files, moment, is_silent)?;
                let verdict = document.verdict();
                return Ok((document, verdict));
            }
        };
        let text = match std::fs::read_to_string(&path) {
            Err(source) => return Err(SourceError::Open { path, source }),
            Ok(text) => text,
        };
        let document = C::Document::from_json(&text);
        let document = document.map_err(|error| SourceError::NotSummary { path, source: error.into() })?;
        Ok((document, verdict_of_json(&text)))
    }
}

/// Prints the files that are skipped and why, limited in number.
pub(super) fn print_skipped(skipped: &[Skipped]) {
    let mut text = String::new();
    for skipped in skipped.iter().take(MAX_SKIPPED_LINES) {
        text += &format!("{skipped}\n");
    }
    if let Some(rest) = skipped.len().checked_sub(MAX_SKIPPED_LINES).filter(|&rest| rest > 0) {
        text += &format!("skipped {} for the same reasons\n", count_of(rest as u64, "more file", "more files"));
    }
    say(&text);
}

/// The name without its folders, which should not be in a report that is shared.
fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn style() -> TableStyle {
    let is_terminal = io::stdout().is_terminal();
    TableStyle { width: table_width(&console::Term::stdout()), has_colors: is_terminal && !is_color_off() }
}
