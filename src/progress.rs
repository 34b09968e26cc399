//! Shows the progress of a run. The only file that uses indicatif.
//!
//! On a terminal: a bar with rows, pages, rate, time left and waits. Elsewhere, such as in a log of cron or Kubernetes: a
//! plain line every ten seconds, and every minute after the first minute. With `--quiet` or `--no-progress`: nothing. The
//! time left takes the rate limit into account, because the first pages of a burst arrive faster than the rest.

use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::api::{RequestRate, RequestStats};
use crate::base::noun::RowNoun;
use crate::base::plural::{count_of, grouped, word_for};
use crate::base::printable::printable_log;
use crate::listing::ReadProgress;
use crate::telemetry::{CONSOLE_TARGET, LogFormat};

/// Time between two plain lines in the first minute of a run.
const FIRST_LINE_INTERVAL: Duration = Duration::from_secs(10);
/// Time between two plain lines after the first minute: at the documented rate limit, a run may take an hour.
const LINE_INTERVAL: Duration = Duration::from_secs(60);

/// The bars on the terminal, at most one. Other writers to the terminal must suspend it.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Stderr for the log: messages appear above the bar instead of overwriting it.
#[derive(Debug)]
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Control characters are escaped when the line is formatted; colors are added after that.
        let line = printable_log(&String::from_utf8_lossy(bytes));
        BARS.suspend(|| io::stderr().write_all(line.as_bytes()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Shows the progress of a run.
#[derive(Debug)]
pub struct ProgressDisplay {
    form: Form,
    rate: Option<RequestRate>,
    noun: RowNoun,
    started_at: Instant,
    latest: ReadProgress,
}

#[derive(Debug)]
enum Form {
    Bar(ProgressBar),
    Lines(LineClock),
    Nothing,
}

impl Form {
    fn new(is_silent: bool) -> Self {
        if is_silent {
            return Self::Nothing;
        }
        if LogFormat::is_json() || !io::stderr().is_terminal() {
            return Self::Lines(LineClock::start());
        }
        let bar = BARS.add(ProgressBar::no_length());
        let style = ProgressStyle::with_template("{bar:16.green} {wide_msg}").expect("the template is a constant");
        bar.set_style(style);
        Self::Bar(bar)
    }

    /// Starts the interval before the next plain line.
    fn note_line(&mut self) {
        if let Self::Lines(clock) = self {
            clock.last = Instant::now();
        }
    }
}

/// When to write plain lines.
#[derive(Debug)]
struct LineClock {
    started_at: Instant,
    last: Instant,
}

impl LineClock {
    fn start() -> Self {
        let now = Instant::now();
        Self { started_at: now, last: now }
    }

    fn is_due(&self) -> bool {
        self.last.elapsed() >= Self::interval(self.last.duration_since(self.started_at))
    }

    /// The time until the next line if the last one was written `last` after the start.
    fn interval(last: Duration) -> Duration {
        if last < LINE_INTERVAL { FIRST_LINE_INTERVAL } else { LINE_INTERVAL }
    }
}

#[expect(clippy::cast_precision_loss, reason = "what is shown has three digits, and counts stay below 2^52")]
impl ProgressDisplay {
    /// A bar on a terminal, lines elsewhere, nothing when `is_silent`; `noun` names what is counted.
    pub fn new(is_silent: bool, rate: Option<RequestRate>, noun: RowNoun) -> Self {
        Self { form: Form::new(is_silent), rate, noun, started_at: Instant::now(), latest: ReadProgress::default() }
    }

    /// Records the progress after a page.
    pub fn observe(&mut self, progress: ReadProgress) {
        self.latest = progress;
    }

    /// Redraws; called a few times a second, even while nothing arrives.
    pub fn tick(&mut self, stats: RequestStats, pause_left: Duration) {
        match &self.form {
            Form::Bar(bar) => {
                bar.set_length(self.latest.planned_pages.unwrap_or(0));
                bar.set_position(self.latest.pages);
                bar.set_message(self.message(stats, pause_left));
            }
            Form::Lines(clock) if clock.is_due() => {
                self.write_line(stats, pause_left);
                self.form.note_line();
            }
            Form::Lines(_) | Form::Nothing => {}
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Form::Bar(bar) = &self.form {
            bar.finish_and_clear();
        }
    }

    fn write_line(&self, stats: RequestStats, pause_left: Duration) {
        let message = self.message(stats, pause_left);
        if !LogFormat::is_json() {
            // A log that cannot be written must not end an export.
            drop(writeln!(io::stderr(), "{message}"));
            return;
        }
        let ReadProgress { pages, planned_pages, rows, total, .. } = self.latest;
        let RequestStats { requests_sent: requests, retries, rate_limited, .. } = stats;
        tracing::info!(
            target: CONSOLE_TARGET,
            event = "progress",
            rows,
            total,
            pages,
            planned_pages,
            requests,
            retries,
            rate_limited,
            pause_seconds = pause_left.as_secs_f64(),
            "{message}"
        );
    }

    fn message(&self, stats: RequestStats, pause_left: Duration) -> String {
        let ReadProgress { pages, planned_pages, rows, total, is_healing } = self.latest;
        let of = |total: Option<u64>| total.map(|total| format!("/{}", grouped(total))).unwrap_or_default();
        let elapsed = self.started_at.elapsed().as_secs_f64();
        let word = word_for(total.unwrap_or(rows), self.noun.one, self.noun.many);
        let mut message = format!("{}{} {word}", grouped(rows), of(total));
        let is_lookup = total.is_some() && planned_pages == total;
        if !is_lookup {
            message += &format!(", page {}{}", grouped(pages), of(planned_pages));
        }
        message += &format!(", {:.0}/s", rows as f64 / elapsed.max(0.001));
        if let Some(left) = self.time_left(elapsed) {
            message += &format!(", {} left", humantime::format_duration(Duration::from_secs(left.as_secs())));
        }
        if is_healing {
            message += "; the list is changing, verifying";
        }
        if stats.retries > 0 {
            message += &format!(", {}", count_of(stats.retries, "retry", "retries"));
        }
        if let Some(trouble) = stats.trouble {
            message += &format!(", last: {trouble}");
        }
        if pause_left > Duration::ZERO {
            message += &format!(", rate limited: waiting {} s", pause_left.as_secs() + 1);
        }
        message
    }

    /// The estimated time left, by the rate so far or by the rate limit, whichever is slower.
    fn time_left(&self, elapsed: f64) -> Option<Duration> {
        let pages_left = self.latest.planned_pages?.saturating_sub(self.latest.pages) as f64;
        if self.latest.pages == 0 {
            return None;
        }
        let by_pace = pages_left * elapsed / self.latest.pages as f64;
        let by_limit = self.rate.map_or(0.0, |rate| {
            let burst_left = (f64::from(rate.burst) - self.latest.pages as f64).max(0.0);
            (pages_left - burst_left).max(0.0) * rate.interval.as_secs_f64()
        });
        Duration::try_from_secs_f64(by_pace.max(by_limit)).ok()
    }
}

/// Shows the progress of reading files.
#[derive(Debug)]
pub struct FileProgress {
    form: Form,
    /// Bytes of the files read completely.
    done: u64,
    total: u64,
}

impl FileProgress {
    /// A bar on a terminal, lines elsewhere, nothing when `is_silent`; `total` is the size of all files.
    pub fn new(is_silent: bool, total: u64) -> Self {
        Self { form: Form::new(is_silent), done: 0, total }
    }

    /// Records how many contacts were read from all files, and how many bytes from the current one.
    pub fn observe(&mut self, contacts: u64, bytes: u64) {
        let done = self.done + bytes;
        let percent = done.saturating_mul(100) / self.total.max(1);
        let contacts = count_of(contacts, "contact", "contacts");
        match &self.form {
            Form::Bar(bar) => {
                bar.set_length(self.total);
                bar.set_position(done);
                bar.set_message(format!("{contacts}, {percent}%"));
            }
            Form::Lines(clock) if clock.is_due() => {
                if LogFormat::is_json() {
                    tracing::info!(target: CONSOLE_TARGET, event = "progress", percent, "{contacts}, {percent}%");
                } else {
                    // A log that cannot be written must not end a report.
                    drop(writeln!(io::stderr(), "{contacts}, {percent}%"));
                }
                self.form.note_line();
            }
            Form::Lines(_) | Form::Nothing => {}
        }
    }

    /// Starts the next file.
    pub fn end_file(&mut self, bytes: u64) {
        self.done += bytes;
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Form::Bar(bar) = &self.form {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_gets_six_lines_in_the_first_minute_and_then_one_per_minute() {
        let mut lines = Vec::new();
        let mut at = Duration::ZERO;
        while at < Duration::from_secs(240) {
            at += LineClock::interval(at);
            lines.push(at.as_secs());
        }
        assert_eq!(lines, [10, 20, 30, 40, 50, 60, 120, 180, 240]);
    }
    use crate::api::{ConnectFailure, FailureKind};

    #[test]
    fn a_list_shows_pages_and_a_lookup_does_not() {
        let message = |pages, planned_pages| {
            let mut display = ProgressDisplay::new(true, None, RowNoun { one: "message", many: "messages" });
            display.observe(ReadProgress { pages, planned_pages, rows: 1_200, total: Some(5_000), is_healing: false });
            display.message(RequestStats::default(), Duration::ZERO)
        };
        assert!(message(1_200, Some(5_000)).starts_with("1,200/5,000 messages, "));
        assert!(!message(1_200, Some(5_000)).contains("page"));
        assert!(message(12, Some(50)).starts_with("1,200/5,000 messages, page 12/50, "));
    }

    #[test]
    fn the_reason_for_waiting_is_shown_while_nothing_arrives() {
        let display = ProgressDisplay::new(true, None, RowNoun { one: "contact", many: "contacts" });
        let trouble = Some(FailureKind::ConnectFailed(ConnectFailure::Refused));
        let stats = RequestStats { retries: 6, trouble, ..RequestStats::default() };
        let message = display.message(stats, Duration::ZERO);
        assert_eq!(message, "0 contacts, page 0, 0/s, 6 retries, last: connection refused");
        let message = display.message(RequestStats { trouble: None, ..stats }, Duration::from_secs(3));
        assert_eq!(message, "0 contacts, page 0, 0/s, 6 retries, rate limited: waiting 4 s");
    }
}
