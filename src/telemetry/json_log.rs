//! Writes log lines as JSON: one object per line, each with `time`, `level`, `event` and `message`.
//!
//! [`JsonLayer`] is the only writer of stderr while [`LogFormat::Json`] is set. It writes a line for every event of
//! `tracing` that the filters of `commands` pass. The name of an event is its field `event`, otherwise the `name:` in the
//! macro that made it, otherwise its level: `warning` for a warning that programs need not distinguish.
//!
//! *Easy to get wrong:* the names are documented in `docs/operations.md` and do not change; texts may. A test in `tests/it`
//! compares the output of runs with that table.

use std::fmt;
use std::io::Write;
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::base::printable::printable_json;
use crate::time::Timestamp;

/// Target of messages for the user who runs a command. A text log prints them unchanged at every level.
pub(crate) const CONSOLE_TARGET: &str = "sent_export::console";

/// The span with the name of a job.
const JOB_SPAN: &str = "job";

/// Prefix of the names that `tracing` gives to unnamed events.
const UNNAMED: &str = "event ";

/// The form of messages on stderr.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Set once, when the log is set up: stderr is one stream, so the whole process writes it in one form.
static FORMAT: OnceLock<LogFormat> = OnceLock::new();

impl LogFormat {
    /// The form in this process; text by default.
    pub fn current() -> Self {
        FORMAT.get().copied().unwrap_or_default()
    }

    /// Sets the form in this process; later calls have no effect.
    pub fn set(self) {
        FORMAT.get_or_init(|| self);
    }

    /// Whether lines are JSON.
    pub fn is_json() -> bool {
        Self::current() == Self::Json
    }
}

/// Writes events as lines of JSON to `W`.
#[derive(Debug)]
pub struct JsonLayer<W> {
    make_writer: fn() -> W,
}

impl<W> JsonLayer<W> {
    /// Creates a layer that writes each line with one call.
    pub fn new(make_writer: fn() -> W) -> Self {
        Self { make_writer }
    }
}

/// The name of a job, stored with its span.
struct JobName(String);

impl<S, W> Layer<S> for JsonLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| span.name() == JOB_SPAN) else { return };
        let mut fields = EventFields::default();
        attributes.record(&mut fields);
        if let Some(Value::String(name)) = fields.0.remove("name") {
            span.extensions_mut().insert(JobName(name));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let job = context
            .event_scope(event)
            .and_then(|mut scope| scope.find_map(|span| span.extensions().get::<JobName>().map(|job| job.0.clone())));
        let line = LogLine::new(*event.metadata().level(), event.metadata().name(), job, fields.0);
        // A failure to write to stderr cannot be reported anywhere.
        drop((self.make_writer)().write_all(line.text().as_bytes()));
    }
}

/// One line.
#[derive(Debug, Serialize)]
struct LogLine {
    time: String,
    level: &'static str,
    event: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    message: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl LogLine {
    fn new(level: Level, name: &str, job: Option<String>, mut fields: Map<String, Value>) -> Self {
        let mut text = |name| match fields.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (level, generic) = match level {
            Level::ERROR => ("error", "error"),
            Level::WARN => ("warn", "warning"),
            Level::INFO => ("info", "info"),
            Level::DEBUG | Level::TRACE => ("debug", "debug"),
        };
        let event = text("event");
        let event = event.unwrap_or_else(|| if name.starts_with(UNNAMED) { generic } else { name }.to_owned());
        let message = text("message").unwrap_or_default();
        Self { time: Timestamp::now().to_millis(), level, event, job, message, fields }
    }

    fn text(&self) -> String {
        // Texts and finite numbers can always be written as JSON.
        let json = serde_json::to_string(self).unwrap_or_default();
        printable_json(&json) + "\n"
    }
}

/// The fields of an event.
#[derive(Default)]
struct EventFields(Map<String, Value>);

impl EventFields {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for EventFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // Rounds times to milliseconds.
        self.add(field, (value * 1000.0).round() / 1000.0);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    thread_local! {
        static WRITTEN: RefCell<String> = const { RefCell::new(String::new()) };
    }

    struct ToThread;

    impl Write for ToThread {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            WRITTEN.with_borrow_mut(|text| text.push_str(&String::from_utf8_lossy(bytes)));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines(work: impl FnOnce()) -> Vec<Value> {
        WRITTEN.take();
        let subscriber = tracing_subscriber::registry().with(JsonLayer::new(|| ToThread));
        tracing::subscriber::with_default(subscriber, work);
        WRITTEN.take().lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    #[test]
    fn every_event_is_a_line_with_its_name_job_and_numbers() {
        let lines = lines(|| {
            let span = tracing::error_span!("job", name = %"acme");
            span.in_scope(|| tracing::info!(name: "retry", request = "contacts page 7", retry = 2_u64, "retrying"));
            tracing::warn!(event = "gate_failed", request_id = None::<&str>, seconds = 0.123_45, "not published");
            tracing::warn!("line 1\nline 2 \u{202e}");
        });
        let [retry, gate, warning] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(
            (&retry["event"], &retry["job"], &retry["level"]),
            (&"retry".into(), &"acme".into(), &"info".into())
        );
        assert_eq!((&retry["retry"], &retry["message"]), (&2.into(), &"retrying".into()));
        assert_eq!((&gate["event"], &gate["seconds"]), (&"gate_failed".into(), &0.123.into()));
        assert!(gate.get("request_id").is_none() && gate.get("job").is_none(), "{gate}");
        assert_eq!((&warning["event"], &warning["message"]), (&"warning".into(), &"line 1\nline 2 \u{202e}".into()));
        assert!(warning["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{warning}");
    }
}
