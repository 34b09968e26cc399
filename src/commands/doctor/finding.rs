//! Results of checks: one line of output each, and the exit code of all of them.

use crate::base::plural::count_of;
use crate::base::printable::printable;
use crate::error::{Error, ExitCode};

use super::super::monitor::RunMonitor;
use super::super::print;
use super::super::printer::{FailedCheck, log_failed_check, warn_check};

/// Width of the first two columns.
const STATE_WIDTH: usize = 8;
const NAME_WIDTH: usize = 11;

/// Prints each result immediately, and remembers the failures.
#[derive(Debug, Default)]
pub(super) struct DoctorFindings {
    failures: Vec<ExitCode>,
    warnings: u64,
    passed: u64,
    skipped: u64,
}

impl DoctorFindings {
    /// The check passed.
    pub(super) fn ok(&mut self, name: &str, text: &str) -> Result<(), Error> {
        self.passed += 1;
        line("ok", name, text, None)
    }

    /// The check passed with a warning.
    pub(super) fn warn(&mut self, name: &str, text: &str, next: &str) -> Result<(), Error> {
        self.warnings += 1;
        warn_check(name, text, next);
        line("warning", name, text, Some(next))
    }

    /// The check could not be made.
    pub(super) fn skip(&mut self, name: &str, why: &str) -> Result<(), Error> {
        self.skipped += 1;
        line("-", name, &format!("not checked: {why}"), None)
    }

    /// The check failed.
    pub(super) fn failed(&mut self, name: &str, error: &Error) -> Result<(), Error> {
        self.failed_for(name, "", error)
    }

    /// The check of a profile failed; `label` names the profile.
    pub(super) fn failed_for(&mut self, name: &str, label: &str, error: &Error) -> Result<(), Error> {
        let (text, hint, exit_code) = (format!("{label}{}", error.in_one_line()), error.hint(), error.exit_code());
        self.failures.push(exit_code);
        let failed = FailedCheck { check: Some(name), path: None, text: &text, hint: hint.as_deref(), exit_code };
        log_failed_check(&failed);
        line("failed", name, &text, hint.as_deref())
    }

    /// Prints the totals, which are also the outcome of the run, and returns the exit code of the worst failure.
    pub(super) fn conclude(self, monitor: &RunMonitor<'_>) -> Result<ExitCode, Error> {
        let counted = [
            (self.passed, "works", "work"),
            (self.warnings, "works with a warning", "work with a warning"),
            (self.skipped, "was not checked", "were not checked"),
            (self.failures.len() as u64, "failed", "failed"),
        ];
        let counted = counted.into_iter().filter(|&(count, ..)| count > 0);
        let parts: Vec<String> = counted.map(|(count, one, many)| count_of(count, one, many)).collect();
        let totals = parts.join(", ");
        monitor.note_outcome(&totals);
        print(&format!("{totals}\n"))?;
        Ok(ExitCode::worst(self.failures).unwrap_or(ExitCode::Complete))
    }
}

fn line(state: &str, name: &str, text: &str, next: Option<&str>) -> Result<(), Error> {
    let text = printable(text);
    let mut shown = format!("{state:STATE_WIDTH$} {name:NAME_WIDTH$} {text}\n");
    if let Some(next) = next {
        shown += &format!("{:indent$} next: {}\n", "", printable(next), indent = STATE_WIDTH + 1 + NAME_WIDTH);
    }
    print(&shown)
}
