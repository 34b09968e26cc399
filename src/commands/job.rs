//! The current job of a thread, when a command is one of several.
//!
//! Like a span of `tracing`, a job is entered on a thread and looked up there by the functions that the command calls:
//! messages get its name, and signals come from the program that runs all jobs. Commands need not know whether they run as
//! jobs.
//!
//! *Easy to get wrong:* a thread started by a job is not part of it. Such threads print only log messages, and those that
//! may log enter the span of their parent.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use url::Url;

use crate::api::{Account, ApiKey, QuotaLeft};
use crate::config::{AccountConfig, OutputsConfig};
use crate::publish::OutputRequest;
use crate::store::OutputTarget;

use super::stop::Signals;

thread_local! {
    static CURRENT: RefCell<Option<Rc<JobContext>>> = const { RefCell::new(None) };
}

/// The purpose of calling the command of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobPurpose {
    /// To check it without sending a request.
    Check {
        /// Whether programs that print keys are left for later.
        defers_key_programs: bool,
    },
    /// To run it, alone or with others at the same time.
    Run {
        /// Whether other jobs run at the same time.
        has_company: bool,
    },
}

/// The job of a thread.
#[derive(Debug)]
pub(super) struct JobContext {
    name: String,
    purpose: JobPurpose,
    signals: Signals,
    checked: RefCell<JobCheck>,
    outcome: RefCell<Option<String>>,
    quota: Cell<Option<QuotaLeft>>,
}

/// The result of checking a job.
#[derive(Debug, Default)]
pub(super) struct JobCheck {
    /// The paths that it writes.
    pub(super) places: Vec<WrittenPlace>,
    /// The account whose quota it uses.
    pub(super) account: JobAccount,
}

/// The account whose quota a job uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum JobAccount {
    /// It uses none, or the check failed.
    #[default]
    None,
    /// That of a key.
    Known(Url, ApiKey),
    /// That of the key that a program will print.
    Unread(String),
}

/// A path that a job writes.
#[derive(Debug)]
pub(super) struct WrittenPlace {
    /// A text that identifies it, however it is spelled.
    pub(super) identity: String,
    /// Its name for messages.
    pub(super) shown: String,
    /// Whether files are written that are numbered after it (`--max-rows-per-file`).
    pub(super) is_split: bool,
}

impl WrittenPlace {
    fn of(target: &OutputTarget) -> Self {
        Self { identity: target.identity(), shown: target.to_string(), is_split: false }
    }
}

/// What a job recorded.
#[derive(Debug)]
pub(super) struct Noted {
    /// The result of the check.
    pub(super) checked: JobCheck,
    /// The outcome on one line.
    pub(super) outcome: Option<String>,
    /// The remaining quota of its account.
    pub(super) quota: Option<QuotaLeft>,
}

impl JobContext {
    pub(super) fn new(name: &str, purpose: JobPurpose, signals: Signals) -> Self {
        Self {
            name: name.to_owned(),
            purpose,
            signals,
            checked: RefCell::default(),
            outcome: RefCell::default(),
            quota: Cell::default(),
        }
    }

    /// The same job, starting with the quota that an earlier job of the account left.
    #[must_use]
    pub(super) fn with_quota(self, left: Option<QuotaLeft>) -> Self {
        Self { quota: Cell::new(left), ..self }
    }

    /// Calls `work` as this job, and returns what it recorded.
    pub(super) fn enter<T>(self, work: impl FnOnce() -> T) -> (T, Noted) {
        // At the error level, so that it exists at every log level.
        let span = tracing::error_span!("job", name = %self.name);
        let context = Rc::new(self);
        let before = CURRENT.replace(Some(Rc::clone(&context)));
        let result = span.in_scope(work);
        CURRENT.set(before);
        (result, Noted { checked: context.checked.take(), outcome: context.outcome.take(), quota: context.quota.get() })
    }
}

fn current<T>(ask: impl FnOnce(&JobContext) -> T) -> Option<T> {
    CURRENT.with_borrow(|job| job.as_deref().map(ask))
}

/// Starts handling signals; a job uses the handler of the program that runs the jobs.
///
/// # Errors
/// When a thread cannot be started, or signal handlers cannot be installed.
pub(super) fn signals() -> io::Result<Signals> {
    current(|job| job.signals.for_command()).map_or_else(Signals::listen, Ok)
}

/// Whether the current thread runs a job.
pub(super) fn is_one() -> bool {
    current(|_| ()).is_some()
}

/// The name of the current job, if there is one.
pub(super) fn name() -> Option<String> {
    current(|job| job.name.clone())
}

/// Whether progress would be mixed with that of other jobs.
pub(super) fn has_company() -> bool {
    current(|job| job.purpose == JobPurpose::Run { has_company: true }).unwrap_or(false)
}

/// Whether the command is only checked. Its inputs may not exist yet.
pub(super) fn is_check() -> bool {
    current(|job| matches!(job.purpose, JobPurpose::Check { .. })).unwrap_or(false)
}

/// Whether programs that print keys are not run yet, because no job may wait for that of another.
pub(super) fn defers_key_programs() -> bool {
    current(|job| job.purpose == JobPurpose::Check { defers_key_programs: true }).unwrap_or(false)
}

/// Records the paths that a job writes.
pub(super) fn note_places<'a>(targets: impl Iterator<Item = &'a OutputTarget>) {
    current(|job| job.checked.borrow_mut().places.extend(targets.map(WrittenPlace::of)));
}

/// Records the paths that an export writes.
pub(super) fn note_outputs(outputs: &OutputsConfig) {
    let is_split = outputs.settings.max_rows.is_some();
    let rows = outputs.outputs.iter().map(|OutputRequest { target, .. }| {
        // All files of a dataset are in its folder, whatever it is partitioned by.
        let place = target.parent().filter(|_| outputs.settings.partition.is_some());
        let shown = outputs.shown(target);
        WrittenPlace { shown, is_split, ..WrittenPlace::of(place.as_ref().unwrap_or(target)) }
    });
    let activities = outputs.activities.iter().map(|activities| &activities.output);
    let changes = outputs.changes.iter().flat_map(|changes| &changes.outputs);
    let histories = outputs.changes.iter().filter_map(|changes| changes.history.as_ref());
    let others = activities.chain(changes).map(|request: &OutputRequest| &request.target);
    let others = others.chain(histories).chain(outputs.side_files()).chain(&outputs.manifest);
    current(|job| job.checked.borrow_mut().places.extend(rows.chain(others.map(WrittenPlace::of))));
}

/// Records the account that a job reads.
pub(super) fn note_account(account: &AccountConfig) {
    let noted = match (&account.api_key, &account.key_program) {
        _ if account.simulate.is_some() => return,
        (Some(key), _) => JobAccount::Known(account.base_url.clone(), key.clone()),
        (None, Some(program)) => JobAccount::Unread(program.clone()),
        (None, None) => return,
    };
    current(|job| job.checked.borrow_mut().account = noted);
}

/// Passes an account the quota that the previous job left.
pub(super) fn share_quota(account: &Account) {
    if let Some(left) = current(|job| job.quota.get()).flatten() {
        account.continue_from(left);
    }
}

/// Records the remaining quota of an account.
pub(super) fn note_quota(account: &Account) {
    current(|job| job.quota.set(Some(account.quota_left())));
}

/// Records the outcome on one line.
pub(super) fn note_outcome(text: &str) {
    current(|job| *job.outcome.borrow_mut() = Some(text.to_owned()));
}

/// A message for people, with the name of the job at the start of each line.
pub(super) fn named(text: &str) -> Cow<'_, str> {
    current(|job| with_name(text, &job.name)).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn with_name(text: &str, name: &str) -> String {
    let line = |line: &str| if line.trim().is_empty() { String::new() } else { format!("{name}: {line}") };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_the_name_and_empty_ones_are_left_out() {
        assert_eq!(with_name("\na\n  b\n\nc", "acme"), "acme: a\nacme:   b\nacme: c");
        assert_eq!(named("a\n"), "a\n");
    }
}
