//! Reads the API into staged outputs, with progress on stderr.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io::{self, IsTerminal};
use std::time::Duration;

use crate::api::Account;
use crate::cli::VerbosityArgs;
use crate::config::ExportConfig;
use crate::error::Error;
use crate::export::{ExportOutcome, Exported, NewRows, Reading, export};
use crate::journal::JournalSlot;
use crate::progress::ProgressDisplay;
use crate::publish::Outputs;
use crate::report::RowCounts;
use crate::time::Timestamp;

use super::job;

/// How often progress is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Whether progress is hidden: it was not requested, or would be mixed with that of other jobs.
pub(super) fn is_progress_silent(verbosity: &VerbosityArgs) -> bool {
    verbosity.quiet || verbosity.no_progress || job::has_company()
}

/// Redraws progress periodically. Hidden progress is not drawn, so that hundreds of jobs do not wake up needlessly.
pub(super) async fn draw(display: &RefCell<ProgressDisplay>, account: &Account, is_silent: bool) -> Infallible {
    if is_silent {
        return std::future::pending().await;
    }
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        display.borrow_mut().tick(account.stats(), account.pause_left());
    }
}

/// Reads and stages everything, with progress; `None` if the reader of the only output, a pipe, closed it.
pub(super) async fn read_all<R: Reading, C: RowCounts>(
    (reading, verbosity): (&R, &VerbosityArgs),
    config: &ExportConfig,
    account: &Account,
    journal: &mut JournalSlot,
    (outputs, new_rows): (Outputs, Option<NewRows>),
    started_at: Timestamp,
    stop: impl Future<Output = Error>,
) -> Result<Option<Box<Exported<C>>>, Error> {
    let rate = config.pace.rate();
    // Rows that are printed to a terminal would be mixed with a progress bar.
    let shows_rows = outputs.are_a_stream() && io::stdout().is_terminal();
    let is_silent = is_progress_silent(verbosity) || shows_rows;
    let display = RefCell::new(ProgressDisplay::new(is_silent, rate, R::COUNTED));
    let observe = |progress| display.borrow_mut().observe(progress);
    let now = started_at.micros();
    let connection = (account, config.account.scope);
    let exporting = Box::pin(export(reading, connection, journal, (outputs, new_rows), now, observe, stop));
    let outcome = tokio::select! {
        outcome = exporting => outcome,
        never = draw(&display, account, is_silent) => match never {},
    };
    display.borrow().finish();
    Ok(match outcome? {
        ExportOutcome::Finished(exported) => Some(exported),
        ExportOutcome::ReaderLeft => None,
    })
}
