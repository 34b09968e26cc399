//! Sets up logging: destination and level.

use std::ffi::OsStr;
use std::io::{self, IsTerminal};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::base::printable::printable;
use crate::cli::VerbosityArgs;
use crate::progress::LogWriter;
use crate::telemetry::{CONSOLE_TARGET, JsonLayer, LogFormat};

/// The level for [`start_log`] that the flags select.
pub(super) fn log_level(verbosity: &VerbosityArgs) -> u8 {
    if verbosity.quiet { 0 } else { 1_u8.saturating_add(verbosity.verbose) }
}

/// Logs to stderr: 0 errors, 1 warnings, 2 retries, 3 everything.
pub(super) fn start_log(level: u8) {
    let level = match level {
        0 => tracing::Level::ERROR,
        1 => tracing::Level::WARN,
        2 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    let is_shown = tracing_subscriber::filter::filter_fn(move |metadata| {
        let is_wanted = metadata.is_span() || metadata.target() == CONSOLE_TARGET || *metadata.level() <= level;
        is_wanted && is_ours(metadata.target())
    });
    // Fails only if a log is already set up, which is then used.
    if LogFormat::is_json() {
        let layer = JsonLayer::new(io::stderr).with_filter(is_shown);
        if tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).is_ok() {
            log_panics();
        }
    } else {
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(|| LogWriter)
            .with_ansi(io::stderr().is_terminal() && !is_color_off())
            .event_format(TextFormat::default())
            .with_filter(is_shown);
        drop(tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)));
    }
}

/// How log messages are written as text. Warnings look like those of [`printer`](super::printer), so that there is only one
/// form. All other messages, which are shown only with `-v`, have their time and level.
struct TextFormat(Format);

impl Default for TextFormat {
    fn default() -> Self {
        Self(Format::default().with_target(false))
    }
}

impl<S, N> FormatEvent<S, N> for TextFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        if *event.metadata().level() != tracing::Level::WARN {
            return self.0.format_event(context, writer, event);
        }
        // Every other message starts with the name of the job, too.
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                write!(writer, "{}: ", fields.strip_prefix("name=").unwrap_or(fields))?;
            }
        }
        let mut message = LogEventText::default();
        event.record(&mut message);
        // File names and texts from a server may contain control characters for the terminal.
        writeln!(writer, "warning: {}", printable(&(message.text + &message.fields)))
    }
}

/// The message of an event, followed by its fields.
#[derive(Default)]
struct LogEventText {
    text: String,
    fields: String,
}

impl Visit for LogEventText {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "message" => self.text = format!("{value:?}"),
            name => self.fields += &format!(" {name}={value:?}"),
        }
    }
}

/// Whether messages of a target are logged: those of this crate, and retries of object stores, which contain no URLs.
/// Messages of other libraries could contain a URL with a phone number.
fn is_ours(target: &str) -> bool {
    target.starts_with("sent_export") || target == "object_store::client::retry"
}

/// Also logs panics, which are bugs, as lines of JSON.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("a panic");
        let place = panic.location().map(ToString::to_string);
        tracing::error!(target: CONSOLE_TARGET, event = "panic", place, "{message}");
    }));
}

/// The width of the terminal, or a fixed width for a log.
pub(super) fn table_width(terminal: &console::Term) -> usize {
    const LOG_WIDTH: usize = 100;
    let width = if terminal.is_term() { usize::from(terminal.size().1) } else { LOG_WIDTH };
    width.clamp(40, 160)
}

/// Whether no-color.org's variable is set, or the terminal has no colors.
pub(super) fn is_color_off() -> bool {
    are_colors_off(std::env::var_os("NO_COLOR").as_deref(), std::env::var_os("TERM").as_deref())
}

fn are_colors_off(no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    no_color.is_some_and(|value| !value.is_empty()) || term.is_some_and(|term| term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_off_by_no_color_or_a_dumb_terminal() {
        for (no_color, term, wanted) in [
            (None, None, false),
            (None, Some("xterm"), false),
            (Some(""), Some("xterm"), false),
            (Some("1"), Some("xterm"), true),
            (None, Some("dumb"), true),
        ] {
            assert_eq!(are_colors_off(no_color.map(OsStr::new), term.map(OsStr::new)), wanted, "{no_color:?} {term:?}");
        }
    }
}
