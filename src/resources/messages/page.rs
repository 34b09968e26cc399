//! One page of messages, while it is read and after.
//!
//! Like a page of contacts it holds no columns: each field is one word that says where in the answer its text stands, see
//! [`Cell`]. The columns are built later, and only of the messages that are kept.
//!
//! What a column cannot hold as it was sent is put into `extra` as it stands in the answer, so that nothing is lost.

use std::fmt;

use bytestring::ByteString;

use super::schema::{FIELDS, column, event_column};
use crate::listing::{ListPage, RowId, RowKey};
use crate::resources::RowPage;
use crate::resources::cell::Cell;
use crate::resources::json::{JsonKind, JsonValue, unescape};
use crate::resources::page::{FindingsBuilder, PageFindings, PageLimit, RejectReason, USUAL_PAGE_ROWS};
use crate::time::Timestamp;

/// Events that a message usually has; only a first guess for the size of buffers.
const USUAL_EVENTS: usize = 4;

/// One message, a cell a column.
pub(super) type Row = [Cell; column::COUNT];

/// One event, a cell a field.
pub(super) type EventRow = [Cell; event_column::COUNT];

/// How well the columns hold the events of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EventFit {
    /// All of them, with every field.
    Whole,
    /// All documented fields, but not all others.
    Partial,
    /// Some values are of an undocumented type or form.
    Malformed,
}

/// The messages of one answer: read and checked, but not yet in columns.
#[derive(Clone)]
pub struct MessagePage {
    body: ByteString,
    /// Texts that do not stand in the body as they are.
    beside: String,
    pub(super) rows: Vec<Row>,
    pub(super) events: Vec<EventRow>,
    /// One entry for each place in the answer's list; `None` where the item was rejected.
    items: Vec<Option<RowKey>>,
    findings: PageFindings,
}

impl MessagePage {
    /// Accepted messages.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The text of a cell.
    #[inline]
    pub(super) fn text(&self, cell: Cell) -> Option<&str> {
        cell.as_text(&self.body, &self.beside)
    }

    /// Bytes that the texts of all messages take at most.
    pub(super) fn text_bytes(&self) -> usize {
        // What a message says can stand in two columns.
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

/// Without what people would not want to see in a log.
impl fmt::Debug for MessagePage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MessagePage").field("rows", &self.rows()).finish_non_exhaustive()
    }
}

/// A page while it is read. All places are of one body.
pub(super) struct PageBuilder {
    body: ByteString,
    beside: String,
    rows: Vec<Row>,
    events: Vec<EventRow>,
    items: Vec<Option<RowKey>>,
    findings: FindingsBuilder,
    limit: PageLimit,
    open: Row,
    /// Events before those of the message being read.
    events_before: usize,
    /// Members of `extra` of the message being read.
    extra: String,
    was_never_created: bool,
}

impl PageBuilder {
    pub(super) fn new(body: ByteString, limit: PageLimit) -> Self {
        Self {
            body,
            beside: String::new(),
            rows: Vec::with_capacity(USUAL_PAGE_ROWS),
            events: Vec::with_capacity(USUAL_PAGE_ROWS * USUAL_EVENTS),
            items: Vec::with_capacity(USUAL_PAGE_ROWS),
            findings: FindingsBuilder::default(),
            limit,
            open: [Cell::NULL; column::COUNT],
            events_before: 0,
            extra: String::new(),
            was_never_created: false,
        }
    }

    /// Whether there is room for another item.
    pub(super) fn has_room(&self) -> bool {
        self.items.len() < self.limit.items()
    }

    /// The text of a value: of a text what it means, of a number or a flag how it is written. `None` if an escape is none.
    pub(super) fn text(&mut self, value: JsonValue) -> Option<Cell> {
        Some(match value.kind {
            JsonKind::Text { is_plain: true } => Cell::text(value.start + 1, value.end - 1),
            JsonKind::Text { is_plain: false } => {
                let start = self.beside.len();
                unescape(&self.body[value.start + 1..value.end - 1], &mut self.beside)?;
                Cell::text_beside(start, self.beside.len())
            }
            JsonKind::Number | JsonKind::Flag => Cell::text(value.start, value.end),
            JsonKind::Null | JsonKind::Object | JsonKind::List => Cell::NULL,
        })
    }

    /// Reads a text column, leniently: says whether the value was of the documented type.
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
        self.open[column] = time.ok().flatten().map_or(Cell::NULL, Cell::number);
        if time.is_err() {
            self.keep_malformed(column, value);
        }
        if column == column::CREATED_AT {
            self.was_never_created = value.kind != JsonKind::Null && time == Ok(None);
        }
        Some(())
    }

    /// A time, null for none and for one of the year 1, or an error for what is no time.
    pub(super) fn time(&mut self, value: JsonValue) -> Option<Result<Option<i64>, ()>> {
        Some(match value.kind {
            JsonKind::Null => Ok(None),
            JsonKind::Text { .. } => {
                let cell = self.text(value)?;
                let time = Timestamp::parse_set(cell.as_text(&self.body, &self.beside).unwrap_or_default());
                time.map(|time| time.map(Timestamp::micros)).map_err(|_| ())
            }
            _ => Err(()),
        })
    }

    /// Reads a price. Documented as a number; a text that is one is taken, too, as activities have them.
    pub(super) fn set_price(&mut self, column: usize, value: JsonValue) -> Option<()> {
        let cell = self.text(value)?;
        let text = cell.as_text(&self.body, &self.beside);
        let is_number = matches!(value.kind, JsonKind::Number | JsonKind::Text { .. });
        let price = text.filter(|_| is_number).and_then(crate::resources::decimal::millionths);
        self.open[column] = price.map_or(Cell::NULL, Cell::number);
        match (value.kind, price) {
            (JsonKind::Null, _) | (JsonKind::Number, Some(_)) => {}
            (_, Some(_)) => self.findings.note_malformed(column),
            (_, None) => self.keep_malformed(column, value),
        }
        Some(())
    }

    /// Sets the columns of the body: all of it, as it stands in the answer, and what it says.
    pub(super) fn set_body(&mut self, value: JsonValue, content: Option<JsonValue>) -> Option<()> {
        let (body, body_text) = (column::BODY, column::BODY_TEXT);
        let is_null = value.kind == JsonKind::Null;
        self.open[body] = if is_null { Cell::NULL } else { Cell::text(value.start, value.end) };
        // A bare text in the place of a body is what the message says.
        let content = if matches!(value.kind, JsonKind::Text { .. }) { Some(value) } else { content };
        self.open[body_text] = content.map_or(Some(Cell::NULL), |content| self.text(content))?;
        if !is_null && value.kind != JsonKind::Object {
            self.findings.note_malformed(body);
        } else if content.is_some_and(|content| !matches!(content.kind, JsonKind::Text { .. } | JsonKind::Null)) {
            // Nothing is lost: the body holds it.
            self.findings.note_malformed(body_text);
        }
        Some(())
    }

    /// Begins the events of the message being read, which take the place of earlier ones.
    pub(super) fn start_events(&mut self) {
        self.events.truncate(self.events_before);
    }

    pub(super) fn push_event(&mut self, event: EventRow) {
        self.events.push(event);
    }

    /// Ends the events. Where they are not a list, there are none, and the column is null. `fit` says how well the columns
    /// hold those of a list.
    pub(super) fn end_events(&mut self, value: JsonValue, fit: EventFit) {
        let is_list = value.kind == JsonKind::List;
        let range = Cell::range(self.events_before, self.events.len());
        self.open[column::EVENTS] = if is_list { range } else { Cell::NULL };
        match fit {
            EventFit::Malformed => self.keep_malformed(column::EVENTS, value),
            _ if !is_list && value.kind != JsonKind::Null => self.keep_malformed(column::EVENTS, value),
            EventFit::Partial => push_member(&mut self.extra, "events", &self.body[value.start..value.end]),
            EventFit::Whole => {}
        }
    }

    /// Notes a field that nobody documented, and keeps it.
    pub(super) fn note_unknown(&mut self, name: (usize, usize), value: JsonValue) {
        let text = &self.body[name.0..name.1];
        self.findings.note_unknown(text);
        push_member(&mut self.extra, text, &self.body[value.start..value.end]);
    }

    /// Notes a field of an event that nobody documented; the events are then kept as they are.
    pub(super) fn note_unknown_in_event(&mut self, name: (usize, usize)) {
        self.findings.note_unknown(&self.body[name.0..name.1]);
    }

    /// Notes a value that its column cannot hold, and keeps it.
    fn keep_malformed(&mut self, column: usize, value: JsonValue) {
        self.findings.note_malformed(column);
        let name = FIELDS.iter().find(|&&(_, place)| place == column).map_or("", |&(name, _)| name);
        push_member(&mut self.extra, name, &self.body[value.start..value.end]);
    }

    /// Ends the item being read.
    pub(super) fn end_item(&mut self, is_object: bool) {
        let id = self.open[column::ID].as_text(&self.body, &self.beside);
        let id = id.filter(|id| is_object && !id.trim().is_empty()).map(RowId::new);
        let key = id.map(|id| RowKey { id, created_at: self.open[column::CREATED_AT].as_number(), updated_at: None });
        if key.is_some() {
            if !self.extra.is_empty() {
                let start = self.beside.len();
                self.beside.extend(["{", &self.extra, "}"]);
                self.open[column::EXTRA] = Cell::text_beside(start, self.beside.len());
            }
            if self.was_never_created {
                self.findings.note_never_created(self.rows.len());
            }
            self.findings.end_row(self.rows.len());
            self.rows.push(self.open);
            self.events_before = self.events.len();
        } else {
            let reason = if is_object { RejectReason::MissingId } else { RejectReason::NotAnObject };
            let names = FIELDS.into_iter().filter(|&(_, column)| self.open[column] != Cell::NULL);
            self.findings.reject(self.items.len(), reason, names.map(|(name, _)| name).collect());
            self.events.truncate(self.events_before);
        }
        self.items.push(key);
        self.open = [Cell::NULL; column::COUNT];
        self.extra.clear();
        self.was_never_created = false;
    }

    pub(super) fn finish(self) -> MessagePage {
        let Self { body, beside, rows, events, items, findings, .. } = self;
        MessagePage { body, beside, rows, events, items, findings: findings.finish() }
    }
}

/// Adds a member to the inside of a JSON object. `name` is as it stands between its quotes.
fn push_member(object: &mut String, name: &str, value: &str) {
    let comma = if object.is_empty() { "" } else { "," };
    object.extend([comma, "\"", name, "\":", value]);
}
