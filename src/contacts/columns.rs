//! Column builders, and the row that stands before them.
//!
//! A contact is read into a [`Row`] first and appended to all columns at once, so a contact that turns out to have no
//! id leaves nothing half written. The row points at its texts: in the page's body where they stand there as they are,
//! otherwise in a buffer that is kept from contact to contact. Reading a page costs no allocation per field, also when
//! the server escapes its `+` signs.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};

use super::schema::{channel_field, column, contacts_schema};
use super::{ContactId, RowKey, normalize};

/// The fields of the contact being read.
#[derive(Debug, Default)]
pub(super) struct Row<'a> {
    own_texts: String,
    /// Where the text in the making begins in `own_texts`.
    started_at: usize,
    texts: [Text<'a>; column::COUNT],
    flags: [Option<bool>; column::COUNT],
}

#[derive(Debug, Clone, Copy, Default)]
enum Text<'a> {
    #[default]
    Null,
    InBody(&'a str),
    /// From here to there in the row's own buffer.
    Own(usize, usize),
}

impl<'a> Row<'a> {
    pub(super) fn clear(&mut self) {
        self.own_texts.clear();
        self.texts = [Text::Null; column::COUNT];
        self.flags = [None; column::COUNT];
    }

    /// Sets a field to null, which also takes back an earlier value of a repeated field.
    pub(super) fn set_null(&mut self, column: usize) {
        self.texts[column] = Text::Null;
        self.flags[column] = None;
    }

    /// Sets a field to a text that stands in the body as it is.
    pub(super) fn set_text_in_body(&mut self, column: usize, text: &'a str) {
        self.texts[column] = Text::InBody(text);
    }

    pub(super) fn set_text(&mut self, column: usize, text: &str) {
        self.start_text();
        self.extend_text(text);
        self.end_text(column);
    }

    /// Begins a text that is put together from parts.
    pub(super) fn start_text(&mut self) {
        self.started_at = self.own_texts.len();
    }

    /// Adds to the text that was begun.
    pub(super) fn extend_text(&mut self, part: &str) {
        self.own_texts.push_str(part);
    }

    /// Sets a field to the text that was begun.
    pub(super) fn end_text(&mut self, column: usize) {
        self.texts[column] = Text::Own(self.started_at, self.own_texts.len());
    }

    /// Adds to a field's own text, with a comma between.
    pub(super) fn append_text(&mut self, column: usize, text: &str) {
        self.start_text();
        if let Text::Own(start, end) = self.texts[column] {
            self.own_texts.extend_from_within(start..end);
            self.own_texts.push(',');
        }
        self.extend_text(text);
        self.end_text(column);
    }

    pub(super) fn set_flag(&mut self, column: usize, flag: bool) {
        self.flags[column] = Some(flag);
    }

    /// Names of the documented fields that have a value.
    pub(super) fn field_names(&self) -> Vec<&'static str> {
        const NAMES: [&str; column::COUNT] = super::decode::FIELD_NAMES;
        let is_set = |&(place, _): &(usize, &str)| self.text(place).is_some() || self.flags[place].is_some();
        NAMES.into_iter().enumerate().filter(is_set).map(|(_, name)| name).collect()
    }

    fn text(&self, column: usize) -> Option<&str> {
        match self.texts[column] {
            Text::Null => None,
            Text::InBody(text) => Some(text),
            Text::Own(start, end) => Some(&self.own_texts[start..end]),
        }
    }
}

/// Columns that take the server's text as it is.
const PLAIN_TEXTS: [usize; 6] = [
    column::PHONE_NUMBER,
    column::FORMAT_E164,
    column::FORMAT_INTERNATIONAL,
    column::FORMAT_NATIONAL,
    column::FORMAT_RFC,
    column::CUSTOMER_ID,
];

/// Builders for all columns of the schema.
#[derive(Debug)]
pub(super) struct ColumnBuilders {
    id: StringBuilder,
    plain_texts: [StringBuilder; PLAIN_TEXTS.len()],
    country_code: StringBuilder,
    region_code: StringBuilder,
    available_channels: ListBuilder<StringBuilder>,
    default_channel: StringBuilder,
    opt_out: BooleanBuilder,
    is_inherited: BooleanBuilder,
    created_at: TimestampMicrosecondBuilder,
    updated_at: TimestampMicrosecondBuilder,
    /// Rows whose `created_at` is the year 1, which is null in the column.
    pub(super) never_created: Vec<u32>,
    /// Values that are no date, by column.
    pub(super) malformed: [u64; column::COUNT],
}

impl ColumnBuilders {
    pub(super) fn with_capacity(rows: usize) -> Self {
        let text = |bytes: usize| StringBuilder::with_capacity(rows, rows * bytes);
        let time = || TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC");
        Self {
            id: text(36),
            plain_texts: std::array::from_fn(|_| text(20)),
            country_code: text(4),
            region_code: text(2),
            available_channels: ListBuilder::with_capacity(StringBuilder::with_capacity(rows * 2, rows * 12), rows)
                .with_field(channel_field()),
            default_channel: text(8),
            opt_out: BooleanBuilder::with_capacity(rows),
            is_inherited: BooleanBuilder::with_capacity(rows),
            created_at: time(),
            updated_at: time(),
            never_created: Vec::new(),
            malformed: [0; column::COUNT],
        }
    }

    /// Appends the row to every column, or to none when it has no id.
    pub(super) fn append(&mut self, row: &Row<'_>) -> Option<RowKey> {
        let id = row.text(column::ID).filter(|id| normalize::trimmed(id).is_some())?;
        self.id.append_value(id);
        for (builder, column) in self.plain_texts.iter_mut().zip(PLAIN_TEXTS) {
            builder.append_option(row.text(column));
        }
        self.country_code.append_option(row.text(column::COUNTRY_CODE).and_then(normalize::trimmed));
        self.region_code.append_option(row.text(column::REGION_CODE).and_then(normalize::region));
        self.append_channels(row.text(column::AVAILABLE_CHANNELS).unwrap_or_default());
        self.default_channel.append_option(row.text(column::DEFAULT_CHANNEL).and_then(normalize::channel));
        self.opt_out.append_option(row.flags[column::OPT_OUT]);
        self.is_inherited.append_option(row.flags[column::IS_INHERITED]);
        let created_at = self.time(row, column::CREATED_AT);
        let updated_at = self.time(row, column::UPDATED_AT);
        if created_at.is_none() && row.text(column::CREATED_AT).is_some_and(normalize::is_unset_date) {
            self.never_created.extend(u32::try_from(self.created_at.len()));
        }
        self.created_at.append_option(created_at);
        self.updated_at.append_option(updated_at);
        Some(RowKey { id: ContactId::new(id), created_at, updated_at })
    }

    /// Appends each channel once.
    fn append_channels(&mut self, text: &str) {
        let names = self.available_channels.values();
        let first = names.offsets_slice().len() - 1;
        for channel in normalize::channels(text) {
            let (bytes, offsets) = (names.values_slice(), &names.offsets_slice()[first..]);
            // A contact has a handful of channels, so looking back costs less than a set.
            let is_known = offsets.windows(2).any(|ends| {
                let [start, end] = [ends[0], ends[1]].map(|end| usize::try_from(end).expect("no offset is negative"));
                bytes[start..end] == *channel.as_bytes()
            });
            if !is_known {
                names.append_value(channel);
            }
        }
        self.available_channels.append(true);
    }

    fn time(&mut self, row: &Row<'_>, column: usize) -> Option<i64> {
        let time = normalize::timestamp(row.text(column)?);
        if time.is_err() {
            self.malformed[column] += 1;
        }
        time.ok().flatten()
    }

    pub(super) fn finish(mut self) -> RecordBatch {
        let [phone_number, e164, international, national, rfc, customer_id] = &mut self.plain_texts;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.id.finish()),
            Arc::new(phone_number.finish()),
            Arc::new(e164.finish()),
            Arc::new(international.finish()),
            Arc::new(national.finish()),
            Arc::new(rfc.finish()),
            Arc::new(self.country_code.finish()),
            Arc::new(self.region_code.finish()),
            Arc::new(self.available_channels.finish()),
            Arc::new(self.default_channel.finish()),
            Arc::new(self.opt_out.finish()),
            Arc::new(self.is_inherited.finish()),
            Arc::new(self.created_at.finish()),
            Arc::new(self.updated_at.finish()),
            Arc::new(customer_id.finish()),
        ];
        RecordBatch::try_new(contacts_schema(), columns).expect("every row was appended to every column")
    }
}
