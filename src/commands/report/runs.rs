//! `report --runs FILE`: the outcomes of the last runs in a run log.

use std::path::Path;

use serde::Serialize;

use crate::base::plural::{count_of, grouped};
use crate::base::printable::printable;
use crate::cli::ReportArgs;
use crate::error::{Error, ExitCode};
use crate::input::SourceError;
use crate::publish::OutputError;
use crate::store::{FileSettings, OutputTarget, write_small_file};
use crate::telemetry::{RunLog, RunRecord, read_runs};

use super::super::print;
use super::super::printer::warn_text;

/// Version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// The columns of the table.
const COLUMNS: [&str; 8] = ["ended", "run", "verdict", "rows", "requests", "seconds", "exit", "outcome"];

/// Columns with numbers, which are right-aligned.
const NUMBERS: std::ops::Range<usize> = 3..7;

#[derive(Serialize)]
struct RunsDocument<'a> {
    schema_version: u32,
    unreadable_lines: u64,
    runs: &'a [RunRecord],
}

/// Prints the runs of a file as a table, or writes them as JSON.
///
/// # Errors
/// When the file cannot be read or is not a run log, or the result cannot be written.
pub(super) fn run(args: &ReportArgs, path: &Path, json: Option<&OutputTarget>) -> Result<ExitCode, Error> {
    let log = read_runs(path).map_err(|source| SourceError::Open { path: path.to_owned(), source })?;
    if log.runs.is_empty() && log.unreadable > 0 {
        return Err(SourceError::NotRunLog { path: path.to_owned() }.into());
    }
    if log.unreadable > 0 {
        let lines = count_of(log.unreadable, "line", "lines");
        warn_text(&format!("skipped {lines} of {} that cannot be read", path.display()));
    }
    let newest = newest(&log, args.last.get());
    match json {
        None if args.quiet => {}
        None => print(&table(newest))?,
        Some(target) => {
            let document =
                RunsDocument { schema_version: SCHEMA_VERSION, unreadable_lines: log.unreadable, runs: newest };
            let text = serde_json::to_string_pretty(&document).expect("texts and numbers") + "\n";
            if *target == OutputTarget::Stdout {
                print(&text)?;
            } else {
                let files = FileSettings { makes_folders: !args.store.no_create_dirs, ..FileSettings::default() };
                write_small_file(target, text.as_bytes(), files).map_err(OutputError::from)?;
            }
        }
    }
    Ok(ExitCode::Complete)
}

fn newest(log: &RunLog, last: u64) -> &[RunRecord] {
    let left_out = log.runs.len().saturating_sub(usize::try_from(last).unwrap_or(usize::MAX));
    &log.runs[left_out..]
}

fn table(runs: &[RunRecord]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let rows: Vec<[String; 8]> = std::iter::once(COLUMNS.map(str::to_owned)).chain(runs.iter().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let line = |row: &[String; 8]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, &width))| {
            if NUMBERS.contains(&at) { format!("{cell:>width$}") } else { format!("{cell:width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn cells(run: &RunRecord) -> [String; 8] {
    let none = || "-".to_owned();
    let ended = run.finished_at.split('.').next().map(|time| time.replace('T', " ")).unwrap_or_default();
    [
        printable(&ended),
        printable(run.job.as_ref().unwrap_or(&run.command)),
        run.verdict.map_or_else(none, |verdict| verdict.name().to_owned()),
        run.rows.map_or_else(none, grouped),
        grouped(run.requests),
        format!("{:.1}", run.seconds),
        run.exit_code.to_string(),
        printable(&run.summary),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;

    #[test]
    fn columns_are_aligned_and_a_failed_run_shows_no_rows() {
        let good = RunRecord {
            finished_at: "2026-11-28T23:30:05.123Z".to_owned(),
            command: "contacts".to_owned(),
            verdict: Some(Verdict::Healed),
            rows: Some(1_234_567),
            requests: 14_000,
            seconds: 3_601.04,
            summary: "healed: 1,234,567 contacts".to_owned(),
            ..RunRecord::default()
        };
        let failed = RunRecord {
            job: Some("acme".to_owned()),
            verdict: None,
            rows: None,
            requests: 3,
            seconds: 0.2,
            exit_code: 143,
            summary: "error: stopped by a signal".to_owned(),
            ..good.clone()
        };
        let wanted = "\
ended                run       verdict       rows  requests  seconds  exit  outcome
2026-11-28 23:30:05  contacts  healed   1,234,567    14,000   3601.0     0  healed: 1,234,567 contacts
2026-11-28 23:30:05  acme      -                -         3      0.2   143  error: stopped by a signal
";
        assert_eq!(table(&[good.clone(), failed.clone()]), wanted);
        let log = RunLog { runs: vec![good, failed], unreadable: 0 };
        assert_eq!((newest(&log, 1).len(), newest(&log, 20).len()), (1, 2));
        assert_eq!(table(&[]), "no runs\n");
    }
}
