//! `sent-export report`: reports on exported files.
//!
//! Tables are written to stdout, unless `-` selects another form for it. A report is written completely or not at all, and
//! never overwrites its inputs.

mod gross;
mod inputs;
mod older;
mod paths;
mod profiles;
mod runs;

pub(super) use self::paths::input_places;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::base::plural::count_of;
use crate::cli::ReportArgs;
use crate::config::{Naming, ProfileNaming};
use crate::error::{Error, ExitCode};
use crate::input::{Content, FileFacts, FoundFiles, Mirror, Piece, Skipped, SourceFile, detect_contents, read_file};
use crate::progress::FileProgress;
use crate::publish::OutputError;
use crate::report::{
    ActivityCounts, ContactCounts, DeliveryCounts, FileCounts, FileDocument, FilesFacts, Filters, Notice, Report,
    ReportForm, ResourceDocument, RunDocument, TableStyle,
};
use crate::resources::{PROFILE_ID, is_profile_column};
use crate::store::{FileSettings, OutputTarget, check_writable, write_small_file};
use crate::time::Timestamp;
use crate::verdict::Verdict;

use self::gross::{GrossCounts, GrossRows, RowsOfSide};
use self::older::{OlderDocument, OlderSource, States};
use self::profiles::ProfileRows;
use super::printer::{note, warn};
use super::{is_color_off, job, print, table_width};

/// Maximum number of skipped files that are listed: a folder can hold thousands.
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
    if let Some(path) = &args.runs {
        return runs::run(args, path, forms.first().map(|(target, _)| target));
    }
    let mut mirror = Mirror::new(naming.stores());
    let mut found = mirror.find_files(&args.files)?;
    let mut older: Vec<OlderSource> =
        args.compare.iter().map(|path| OlderSource::find(path, &mut mirror)).collect::<Result<_, _>>()?;
    let all_found: Vec<&FoundFiles> =
        std::iter::once(&found).chain(older.iter().filter_map(OlderSource::files)).collect();
    // An object is read from a local copy, so its own address is checked, too.
    let summaries: Vec<&Path> =
        older.iter().flat_map(OlderSource::summaries).chain(&args.compare).map(PathBuf::as_path).collect();
    paths::check(forms.iter().map(|(target, _)| target), &all_found, &summaries, naming.stores())?;
    let files = FileSettings { makes_folders: !args.store.no_create_dirs, ..FileSettings::default() };
    for (target, _) in &forms {
        check_writable(target, files).map_err(OutputError::from)?;
    }
    let content = detect_contents(&mut found)?;
    older.iter_mut().try_for_each(|older| older.check_content(content))?;
    if !args.quiet {
        print_skipped(&found.skipped);
        for older in &older {
            print_skipped(older.skipped());
        }
    }
    match content {
        Content::Contacts => report_on::<ContactCounts>(args, (&forms, files), found, older),
        Content::Messages => report_on::<DeliveryCounts>(args, (&forms, files), found, older),
        Content::Activities => report_on::<ActivityCounts>(args, (&forms, files), found, older),
    }
}

/// Reports on files with known content.
fn report_on<C: FileCounts>(
    args: &ReportArgs,
    (forms, files_as): (&[(OutputTarget, ReportForm)], FileSettings),
    found: FoundFiles,
    older: Vec<OlderSource>,
) -> Result<ExitCode, Error>
where
    <C::Document as FileDocument>::Gross: GrossCounts,
{
    let is_silent = args.quiet || args.no_progress;
    let (files, notices) = inputs::choose(found.files, args.sum)?;
    let as_of = args.as_of.or_else(|| inputs::exported_at(&files)).unwrap_or_else(Timestamp::now);
    let states = States::find(older, &files, as_of, args.sum)?;
    let compared = states.compared();
    let mut rows = match states.compared_files() {
        Some(old) => GrossRows::between::<<C::Document as FileDocument>::Gross>(old, &files)?,
        None => None,
    };
    let mut document = summarize::<C>(&files, as_of, is_silent, rows.as_mut().map(GrossRows::new_rows))?;
    document.add_notices(notices.into_iter().chain(inputs::unlisted(&files)));
    document.origin_mut().title.clone_from(&args.title);
    let mut states: Vec<OlderDocument<C::Document>> = states.read::<C>(is_silent, rows.as_mut())?;
    let doubtful = states.iter().filter(|state| state.verdict == Some(Verdict::Unverified));
    document.add_notices(doubtful.map(|state| Notice::unverified_comparison(&state.name)));
    if let Some(min_cell) = args.min_cell {
        document.merge_small_groups(min_cell, states.get_mut(compared).map(|state| &mut state.document));
    }
    if let Some(old) = states.get(compared) {
        let has_ids = |document: &C::Document| !document.origin().columns_not_in_inputs.iter().any(|name| name == "id");
        let rows = rows.filter(|_| has_ids(&document) && has_ids(&old.document));
        document.compare_with(&old.document, old.name.clone());
        if let Some(rows) = rows {
            document.set_gross(rows.compare(document.verdict())?);
        }
        document.add_trend(states.iter().map(|state| &state.document));
    }
    if args.min_cell.is_some() {
        // A report that may be shared must not contain the text of a search, which can be a name or a number, nor profiles,
        // which may be small groups.
        document.hide_names();
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
        print(&if args.digest { document.digest() } else { document.table(style()) })?;
    }
    Ok(ExitCode::Complete)
}

/// Counts all rows of the files.
fn summarize<C: FileCounts>(
    files: &[SourceFile],
    as_of: Timestamp,
    is_silent: bool,
    mut rows: Option<RowsOfSide<'_>>,
) -> Result<C::Document, Error> {
    let mut counts = C::for_files();
    let mut facts = FilesFacts::default();
    let mut filters: Vec<Filters> = Vec::new();
    let mut profiles = ProfileRows::default();
    let mut progress = FileProgress::new(is_silent, files.iter().map(|file| file.bytes).sum());
    let now_micros = as_of.micros();
    for (rank, file) in files.iter().enumerate() {
        // The rows are as of the start of the export, but may have changed until its end.
        let export = file.published.as_ref().filter(|export| export.run.contains(as_of));
        let until_micros = export.map_or(now_micros, |export| export.run.latest.micros());
        if file.is_of_several_profiles() && !file.has_profiles {
            counts.ignore_repeated_ids();
        }
        let rank = u32::try_from(rank).unwrap_or(u32::MAX);
        let mut added = Ok(());
        let mut take = |piece: Piece| {
            counts.add_columns(&piece.batch, now_micros, until_micros, &piece.columns);
            piece.missing.iter().for_each(|&(column, values)| counts.add_missing(column, values));
            profiles.add_batch(&piece.batch);
            progress.observe(counts.rows(), piece.bytes_read);
            if let (Some(rows), Ok(())) = (&mut rows, &added) {
                added = rows.add(&piece.batch, rank);
            }
        };
        let FileFacts { rows, absent, malformed, filters: left_out } = read_file(file, &mut take)?;
        added?;
        progress.end_file(file.bytes);
        let schema = file.schema();
        facts.has_profiles |= !absent.iter().any(|&column| schema.field(column).name() == PROFILE_ID);
        for column in absent {
            let name = schema.field(column).name();
            // Only exports of several profiles have this column.
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
    facts.profiles = profiles.with_manifests(files);
    Ok(counts.into_document(facts))
}

/// Lists the skipped files and the reasons, up to a maximum.
pub(super) fn print_skipped(skipped: &[Skipped]) {
    for skipped in skipped.iter().take(MAX_SKIPPED_LINES) {
        note("file_skipped", &skipped.to_string());
    }
    if let Some(rest) = skipped.len().checked_sub(MAX_SKIPPED_LINES).filter(|&rest| rest > 0) {
        let files = count_of(rest as u64, "more file", "more files");
        note("file_skipped", &format!("skipped {files} for the same reasons"));
    }
}

/// The name of a file without its folders, because a report that may be shared should not contain them.
fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn style() -> TableStyle {
    let is_terminal = io::stdout().is_terminal();
    TableStyle { width: table_width(&console::Term::stdout()), has_colors: is_terminal && !is_color_off() }
}
