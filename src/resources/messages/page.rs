//! One page of messages, during and after reading.
//!
//! Like a page of contacts, it has no columns: each field is one word with the position of its text in the response (see
//! [`PackedField`]). The columns are built later, and only for the messages that are kept.
//!
//! Values that their columns cannot hold go to `extra` as sent, so that nothing is lost.

use std::fmt;

use bytestring::ByteString;

use super::schema::{FIELDS, column, event_column};
use crate::listing::{ListPage, RowId, RowKey};
use crate::resources::RowPage;
use crate::resources::json::{JsonKind, JsonValue};
use crate::resources::json_escapes::unescape;
use crate::resources::packed_field::PackedField;
use crate::resources::page::{FindingsBuilder, PageFindings, PageLimit, RejectReason, USUAL_PAGE_ROWS};
use crate::time::Timestamp;

/// Typical number of events of a message, to size buffers.
const USUAL_EVENTS: usize = 4;

/// One message, with one field per column.
pub(super) type MessageRow = [PackedField; column::COUNT];

/// One event, with one packed field per field of the API.
pub(super) type EventRow = [PackedField; event_column::COUNT];

/// How well the columns hold the events of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EventFit {
    /// All of them, with every field.
    Whole,
    /// All documented fields, but not all undocumented ones.
    Partial,
    /// Some values have an undocumented type or form.
    Malformed,
}

/// The messages of one response: read and checked, but not yet in columns.
#[derive(Clone)]
pub struct MessagePage {
    body: ByteString,
    /// Texts that differ from their form in the body.
    beside: String,
    pub(super) rows: Vec<MessageRow>,
    pub(super) events: Vec<EventRow>,
    /// One entry for each item of the response's list; `None` if it was rejected.
    items: Vec<Option<RowKey>>,
    findings: PageFindings,
}

impl MessagePage {
    /// Accepted messages.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The text of a field.
    #[inline]
    pub(super) fn text(&self, field: PackedField) -> Option<&str> {
        field.as_text(&self.body, &self.beside)
    }

    /// Upper bound for the size of all texts, in bytes.
    pub(super) fn text_bytes(&self) -> usize {
        // The text of a message can be in two columns.
        2 * self.body.len() + self.beside.len()
    }
}

impl ListPage for MessagePage {
    fn items(&self) -> &[Option<RowKey>] {
        &self.items
    }
}

impl RowPage for MessagePage {
    fn findings(&self) -> &PageFindings {
        &self.findings
    }
}

/// Omits personal data.
impl fmt::Debug for MessagePage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MessagePage").field("rows", &self.rows()).finish_non_exhaustive()
    }
}

/// A page that is being read. All positions refer to one body.
pub(super) struct MessagePageBuilder {
    body: ByteString,
    beside: String,
    rows: Vec<MessageRow>,
    events: Vec<EventRow>,
    items: Vec<Option<RowKey>>,
    findings: FindingsBuilder,
    limit: PageLimit,
    open: MessageRow,
    /// Number of events before those of the current message.
    events_before: usize,
    /// Members of `extra` of the current message.
    extra: String,
    was_never_created: bool,
}

impl MessagePageBuilder {
    pub(super) fn new(body: ByteString, limit: PageLimit) -> Self {
        Self {
            body,
            beside: String::new(),
            rows: Vec::with_capacity(USUAL_PAGE_ROWS),
            events: Vec::with_capacity(USUAL_PAGE_ROWS * USUAL_EVENTS),
            items: Vec::with_capacity(USUAL_PAGE_ROWS),
            findings: FindingsBuilder::default(),
            limit,
            open: [PackedField::NULL; column::COUNT],
            events_before: 0,
            extra: String::new(),
            was_never_created: false,
        }
    }

    /// Whether another item is allowed.
    pub(super) fn has_room(&self) -> bool {
        self.items.len() < self.limit.items()
    }

    /// The text of a value: a text is unescaped, a number or a flag is as written. `None` if an escape is invalid.
    pub(super) fn text(&mut self, value: JsonValue) -> Option<PackedField> {
        Some(match value.kind {
            JsonKind::Text { is_plain: true } => PackedField::text(value.start + 1, value.end - 1),
            JsonKind::Text { is_plain: false } => {
                let start = self.beside.len();
                unescape(&self.body[value.start + 1..value.end - 1], &mut self.beside)?;
                PackedField::text_beside(start, self.beside.len())
            }
            JsonKind::Number | JsonKind::Flag => PackedField::text(value.start, value.end),
            JsonKind::Null | JsonKind::Object | JsonKind::List => PackedField::NULL,
        })
    }

    /// Reads a text column leniently; returns whether the value was of the documented type.
    pub(super) fn set_text(&mut self, column: usize, value: JsonValue) -> Option<()> {
        self.open[column] = self.text(value)?;
        match value.kind {
            JsonKind::Text { .. } | JsonKind::Null => {}
            JsonKind::Number | JsonKind::Flag => self.findings.note_malformed(column),
            JsonKind::Object | JsonKind::List => self.keep_malformed(column, value),
        }
        Some(())
    }

    /// Reads a time column, in microseconds UTC.
    pub(super) fn set_time(&mut self, column: usize, value: JsonValue) -> Option<()> {
        let time = self.time(value)?;
        self.open[column] = time.ok().flatten().map_or(PackedField::NULL, PackedField::number);
        if time.is_err() {
            self.keep_malformed(column, value);
        }
        if column == column::CREATED_AT {
            self.was_never_created = value.kind != JsonKind::Null && time == Ok(None);
        }
        Some(())
    }

    /// A time; null for null and for the year 1, an error for anything else that is not a time.
    pub(super) fn time(&mut self, value: JsonValue) -> Option<Result<Option<i64>, ()>> {
        Some(match value.kind {
            JsonKind::Null => Ok(None),
            JsonKind::Text { .. } => {
                let text = self.text(value)?;
                let time = Timestamp::parse_set(text.as_text(&self.body, &self.beside).unwrap_or_default());
                time.map(|time| time.map(Timestamp::micros)).map_err(|_| ())
            }
            _ => Err(()),
        })
    }

    /// Reads a price. It is documented as a number; a text with a number is accepted, too, as in activities.
    pub(super) fn set_price(&mut self, column: usize, value: JsonValue) -> Option<()> {
        let field = self.text(value)?;
        let text = field.as_text(&self.body, &self.beside);
        let is_number = matches!(value.kind, JsonKind::Number | JsonKind::Text { .. });
        let price = text.filter(|_| is_number).and_then(crate::resources::decimal::millionths);
        self.open[column] = price.map_or(PackedField::NULL, PackedField::number);
        match (value.kind, price) {
            (JsonKind::Null, _) | (JsonKind::Number, Some(_)) => {}
            (_, Some(_)) => self.findings.note_malformed(column),
            (_, None) => self.keep_malformed(column, value),
        }
        Some(())
    }

    /// Sets the columns of the body: all of it, as sent, and its text.
    pub(super) fn set_body(&mut self, value: JsonValue, content: Option<JsonValue>) -> Option<()> {
        let (body, body_text) = (column::BODY, column::BODY_TEXT);
        let is_null = value.kind == JsonKind::Null;
        self.open[body] = if is_null { PackedField::NULL } else { PackedField::text(value.start, value.end) };
        // If the body is a plain text instead of an object, it is the text of the message.
        let content = if matches!(value.kind, JsonKind::Text { .. }) { Some(value) } else { content };
        self.open[body_text] = content.map_or(Some(PackedField::NULL), |content| self.text(content))?;
        if !is_null && value.kind != JsonKind::Object {
            self.findings.note_malformed(body);
        } else if content.is_some_and(|content| !matches!(content.kind, JsonKind::Text { .. } | JsonKind::Null)) {
            // Nothing is lost, because `body` has it.
            self.findings.note_malformed(body_text);
        }
        Some(())
    }

    /// Starts the events of the current message, which replace earlier ones.
    pub(super) fn start_events(&mut self) {
        self.events.truncate(self.events_before);
    }

    pub(super) fn push_event(&mut self, event: EventRow) {
        self.events.push(event);
    }

    /// Finishes the events. If they are not a list, there are none, and the column is null. `fit` states how well the columns
    /// hold those of a list.
    pub(super) fn end_events(&mut self, value: JsonValue, fit: EventFit) {
        let is_list = value.kind == JsonKind::List;
        let range = PackedField::range(self.events_before, self.events.len());
        self.open[column::EVENTS] = if is_list { range } else { PackedField::NULL };
        match fit {
            EventFit::Malformed => self.keep_malformed(column::EVENTS, value),
            _ if !is_list && value.kind != JsonKind::Null => self.keep_malformed(column::EVENTS, value),
            EventFit::Partial => push_member(&mut self.extra, "events", &self.body[value.start..value.end]),
            EventFit::Whole => {}
        }
    }

    /// Records an undocumented field, and keeps it.
    pub(super) fn note_unknown(&mut self, name: (usize, usize), value: JsonValue) {
        let text = &self.body[name.0..name.1];
        self.findings.note_unknown(text);
        push_member(&mut self.extra, text, &self.body[value.start..value.end]);
    }

    /// Records an undocumented field of an event; the events are then kept as sent.
    pub(super) fn note_unknown_in_event(&mut self, name: (usize, usize)) {
        self.findings.note_unknown(&self.body[name.0..name.1]);
    }

    /// Records a value that its column cannot hold, and keeps it.
    fn keep_malformed(&mut self, column: usize, value: JsonValue) {
        self.findings.note_malformed(column);
        let name = FIELDS.iter().find(|&&(_, place)| place == column).map_or("", |&(name, _)| name);
        push_member(&mut self.extra, name, &self.body[value.start..value.end]);
    }

    /// Finishes the item that is being read.
    pub(super) fn end_item(&mut self, is_object: bool) {
        let id = self.open[column::ID].as_text(&self.body, &self.beside);
        let id = id.filter(|id| is_object && !id.trim().is_empty()).map(RowId::new);
        let key = id.map(|id| RowKey { id, created_at: self.open[column::CREATED_AT].as_number(), updated_at: None });
        if key.is_some() {
            if !self.extra.is_empty() {
                let start = self.beside.len();
                self.beside.extend(["{", &self.extra, "}"]);
                self.open[column::EXTRA] = PackedField::text_beside(start, self.beside.len());
            }
            if self.was_never_created {
                self.findings.note_never_created(self.rows.len());
            }
            self.findings.end_row(self.rows.len());
            self.rows.push(self.open);
            self.events_before = self.events.len();
        } else {
            let reason = if is_object { RejectReason::MissingId } else { RejectReason::NotAnObject };
            let names = FIELDS.into_iter().filter(|&(_, column)| self.open[column] != PackedField::NULL);
            self.findings.reject(self.items.len(), reason, names.map(|(name, _)| name).collect());
            self.events.truncate(self.events_before);
        }
        self.items.push(key);
        self.open = [PackedField::NULL; column::COUNT];
        self.extra.clear();
        self.was_never_created = false;
    }

    pub(super) fn finish(self) -> MessagePage {
        let Self { body, beside, rows, events, items, findings, .. } = self;
        MessagePage { body, beside, rows, events, items, findings: findings.finish() }
    }
}

/// Appends a member to the content of a JSON object. `name` is already escaped.
fn push_member(object: &mut String, name: &str, value: &str) {
    let comma = if object.is_empty() { "" } else { "," };
    object.extend([comma, "\"", name, "\":", value]);
}
