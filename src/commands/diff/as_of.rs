//! `diff HISTORY --as-of TIME`: restores the rows as of a time from a history.

use std::collections::HashSet;

use crate::base::plural::count_of;
use crate::changes::{SortSettings, StateRows};
use crate::cli::DiffArgs;
use crate::config::{ConfigError, DiffConfig};
use crate::error::{Error, ExitCode};
use crate::input::{Content, HistoryFile, HistoryFolder, Mirror, SourceError};
use crate::progress::FileProgress;
use crate::publish::{OutputError, Outputs};
use crate::store::{OutputTarget, check_writable};
use crate::time::Timestamp;

use super::super::compare::history::read_history;
use super::super::printer::note;
use super::super::stop::Signals;
use super::publish;

/// Writes the rows as they were at a time.
pub(super) fn run(
    args: &DiffArgs,
    config: &DiffConfig,
    as_of: Timestamp,
    mut signals: Signals,
) -> Result<ExitCode, Error> {
    let folder = OutputTarget::new(&args.old, &config.stores).map_err(SourceError::from)?;
    let history = HistoryFolder::list(&folder)?;
    let Some(first) = history.oldest_time() else {
        return Err(SourceError::NoHistory { folder: folder.to_string() }.into());
    };
    if as_of.micros() < first {
        let (first, asked) = (Timestamp::from_micros(first).to_millis(), as_of.to_millis());
        return Err(SourceError::BeforeHistory { first, asked }.into());
    }
    let mut mirror = Mirror::new(&config.stores);
    let files = history.until(as_of.micros(), &mut mirror)?;
    let Some(HistoryFile { source, facts, .. }) = files.last() else {
        return Err(SourceError::NoHistory { folder: folder.to_string() }.into());
    };
    let content = source.content;
    config.check_inputs(&places(&files, config)?)?;
    let schema = content.compared_schema(facts.has_profiles());
    let rows = (content.noun().many, schema.as_ref());
    let settings = config.state_settings(rows, &facts.columns, &facts.filters).map_err(ConfigError::Columns)?;
    for request in &config.outputs {
        check_writable(&request.target, settings.files).map_err(OutputError::from)?;
    }
    let bytes = files.iter().map(|file| file.source.bytes).sum();
    let mut progress = FileProgress::new(args.quiet || args.no_progress, bytes);
    let sorted = read_history(&files, (content, &schema), &SortSettings::default(), &mut progress)?;
    progress.finish();
    let mut state = StateRows::of(&sorted, &schema)?;
    // From here on, a signal must not end the process without cleanup.
    signals.begin();
    let mut outputs = Outputs::open(&config.outputs, &settings)?;
    let written = write(&mut state, &mut outputs, &mut signals);
    let count = match written.and_then(|count| publish(outputs, config).map(|()| count)) {
        Err(Error::Output(error)) if error.is_closed_pipe() => return Ok(ExitCode::Complete),
        result => result?,
    };
    if !args.quiet {
        note("rebuilt", &summary(count, content, &facts.run_id, files.len() as u64));
    }
    Ok(ExitCode::Complete)
}

fn write(state: &mut StateRows, outputs: &mut Outputs, signals: &mut Signals) -> Result<u64, Error> {
    let mut rows = 0;
    while let Some(batch) = state.next_batch()? {
        if let Some(code) = signals.received() {
            return Err(Error::Stopped(code));
        }
        rows += batch.num_rows() as u64;
        if batch.num_rows() > 0 {
            outputs.write(&batch)?;
        }
    }
    Ok(rows)
}

/// The paths of the files, which must not be replaced.
fn places(files: &[HistoryFile], config: &DiffConfig) -> Result<HashSet<String>, Error> {
    let place =
        |file: &HistoryFile| OutputTarget::new(&file.source.path, &config.stores).map(|target| target.identity());
    Ok(files.iter().map(place).collect::<Result<_, _>>().map_err(SourceError::from)?)
}

fn summary(rows: u64, content: Content, run_id: &str, files: u64) -> String {
    let noun = content.noun();
    let files = count_of(files, "file", "files");
    format!("{} as of run {run_id}, from {files} of the history", count_of(rows, noun.one, noun.many))
}
