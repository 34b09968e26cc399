//! Builds record batches from the rows of pages.
//!
//! A page of a hundred rows is too small a batch, because arrays, counters and encoders have a fixed cost per batch. So the
//! kept rows of successive pages are appended to the same columns until there are [`BATCH_ROWS`]. Each text is copied only
//! once between the response and the encoder.
//!
//! *Easy to get wrong:* batches must not depend on how rows were divided into pages. Otherwise, the bytes of files would
//! depend on it, too.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};

use super::rows::ContactFields;

use super::extra::extras;
use super::schema::{channel_field, column, schema_of};
use super::{ContactPage, normalize};
use crate::resources::BuildBatches;

/// Number of rows in a full batch: large enough that the cost per batch is negligible, small enough to fit into the CPU
/// cache.
pub const BATCH_ROWS: usize = 8192;

/// Bytes of text after which a batch ends, so that very long texts exceed neither memory nor Arrow's offsets, which are
/// limited to two gigabytes. A typical batch has four megabytes, and several exist at a time.
const MAX_TEXT_BYTES: usize = 8 << 20;

/// Collects the kept rows of pages in record batches with the schema [`contacts_schema`](super::contacts_schema) or
/// [`contacts_schema_with_extra`](super::contacts_schema_with_extra).
#[derive(Debug)]
pub struct BatchBuilder {
    batch_rows: usize,
    max_bytes: usize,
    columns: ContactBuilders,
    /// The column `extra`, if it was requested.
    extra: Option<StringBuilder>,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::new(BATCH_ROWS)
    }
}

impl BatchBuilder {
    /// Creates a builder for batches of `batch_rows` rows, at least 1.
    pub fn new(batch_rows: usize) -> Self {
        let columns = ContactBuilders::with_capacity(batch_rows);
        Self { batch_rows, max_bytes: MAX_TEXT_BYTES, columns, extra: None }
    }

    /// The same, with the column `extra` if `has_extra`.
    #[must_use]
    pub fn with_extra(self, has_extra: bool) -> Self {
        Self { extra: has_extra.then(StringBuilder::new), ..self }
    }

    /// Returns the batch and starts a new one.
    fn take(&mut self) -> RecordBatch {
        let mut columns = self.columns.take();
        columns.extend(self.extra.as_mut().map(take_texts));
        RecordBatch::try_new(schema_of(self.extra.is_some()), columns).expect("every row was appended to every column")
    }

    /// Upper bound for the texts that a page adds: those of its columns are no longer than its body, and neither is `extra`.
    fn text_bytes_of(&self, page: &ContactPage) -> usize {
        page.rows.body().len() * if self.extra.is_some() { 2 } else { 1 }
    }
}

impl BuildBatches for BatchBuilder {
    type Page = ContactPage;

    fn append(&mut self, page: &ContactPage, keep: &[bool]) -> Vec<RecordBatch> {
        let mut full = Vec::new();
        let text_bytes = self.columns.text_bytes() + self.extra.as_ref().map_or(0, |extra| extra.values_slice().len());
        if self.columns.len() > 0 && text_bytes + self.text_bytes_of(page) > self.max_bytes {
            full.push(self.take());
        }
        let extras = if self.extra.is_some() { extras(page) } else { Vec::new() };
        for ((row, contact), _) in page.rows.iter().enumerate().zip(keep).filter(|&(_, &keep)| keep) {
            self.columns.append(contact);
            if let Some(extra) = &mut self.extra {
                extra.append_option(extras.get(row).and_then(Option::as_deref));
            }
            if self.columns.len() == self.batch_rows {
                full.push(self.take());
            }
        }
        full
    }

    fn finish(&mut self) -> Option<RecordBatch> {
        (self.columns.len() > 0).then(|| self.take())
    }
}

impl ContactPage {
    /// All contacts as one batch.
    pub fn batch(&self) -> RecordBatch {
        self.batch_with_extra(false)
    }

    /// The same, with the column `extra` if `has_extra`.
    pub fn batch_with_extra(&self, has_extra: bool) -> RecordBatch {
        let mut builder = BatchBuilder::new(self.rows().max(1)).with_extra(has_extra);
        let mut full = builder.append(self, &vec![true; self.rows()]);
        full.pop().or_else(|| builder.finish()).unwrap_or_else(|| RecordBatch::new_empty(schema_of(has_extra)))
    }
}

/// Columns with the text as sent by the server.
const PLAIN_TEXTS: [usize; 7] = [
    column::ID,
    column::PHONE_NUMBER,
    column::FORMAT_E164,
    column::FORMAT_INTERNATIONAL,
    column::FORMAT_NATIONAL,
    column::FORMAT_RFC,
    column::CUSTOMER_ID,
];

/// Builders for all columns of the schema.
#[derive(Debug)]
struct ContactBuilders {
    plain_texts: [StringBuilder; PLAIN_TEXTS.len()],
    country_code: StringBuilder,
    region_code: StringBuilder,
    channels: ListBuilder<StringBuilder>,
    known_channels: KnownChannels,
    default_channel: StringBuilder,
    opt_out: BooleanBuilder,
    is_inherited: BooleanBuilder,
    created_at: TimestampMicrosecondBuilder,
    updated_at: TimestampMicrosecondBuilder,
}

impl ContactBuilders {
    fn with_capacity(rows: usize) -> Self {
        let text = |bytes: usize| StringBuilder::with_capacity(rows, rows * bytes);
        let time = || TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC");
        let channels = StringBuilder::with_capacity(rows * 2, rows * 12);
        Self {
            plain_texts: std::array::from_fn(|_| text(20)),
            country_code: text(4),
            region_code: text(2),
            channels: ListBuilder::with_capacity(channels, rows).with_field(channel_field()),
            known_channels: KnownChannels::default(),
            default_channel: text(8),
            opt_out: BooleanBuilder::with_capacity(rows),
            is_inherited: BooleanBuilder::with_capacity(rows),
            created_at: time(),
            updated_at: time(),
        }
    }

    fn len(&self) -> usize {
        self.opt_out.len()
    }

    fn append(&mut self, contact: ContactFields<'_>) {
        let text = |column: usize| contact.text(column);
        for (builder, column) in self.plain_texts.iter_mut().zip(PLAIN_TEXTS) {
            builder.append_option(text(column));
        }
        self.country_code.append_option(text(column::COUNTRY_CODE).and_then(normalize::trimmed));
        self.region_code.append_option(text(column::REGION_CODE).and_then(normalize::region));
        for name in self.known_channels.read(text(column::AVAILABLE_CHANNELS).unwrap_or_default()) {
            self.channels.values().append_value(name);
        }
        self.channels.append(true);
        self.default_channel.append_option(text(column::DEFAULT_CHANNEL).and_then(normalize::channel));
        self.opt_out.append_option(contact.flag(column::OPT_OUT));
        self.is_inherited.append_option(contact.flag(column::IS_INHERITED));
        self.created_at.append_option(contact.time(column::CREATED_AT));
        self.updated_at.append_option(contact.time(column::UPDATED_AT));
    }

    /// Total bytes of all texts.
    fn text_bytes(&self) -> usize {
        let texts = self.plain_texts.iter().chain([&self.country_code, &self.region_code, &self.default_channel]);
        texts.chain([self.channels.values_ref()]).map(|texts| texts.values_slice().len()).sum()
    }

    /// Returns the columns and starts new ones.
    fn take(&mut self) -> Vec<ArrayRef> {
        let [id, phone_number, e164, international, national, rfc, customer_id] =
            self.plain_texts.each_mut().map(take_texts);
        vec![
            id,
            phone_number,
            e164,
            international,
            national,
            rfc,
            take_texts(&mut self.country_code),
            take_texts(&mut self.region_code),
            Arc::new(self.channels.finish()),
            take_texts(&mut self.default_channel),
            Arc::new(self.opt_out.finish()),
            Arc::new(self.is_inherited.finish()),
            Arc::new(self.created_at.finish()),
            Arc::new(self.updated_at.finish()),
            customer_id,
        ]
    }
}

/// Returns the texts and starts a new column, with capacity for a little more than the last one, because a growing buffer is
/// copied each time.
fn take_texts(builder: &mut StringBuilder) -> ArrayRef {
    let (rows, bytes) = (builder.len(), builder.values_slice().len());
    let next = StringBuilder::with_capacity(rows, bytes + bytes / 8);
    Arc::new(std::mem::replace(builder, next).finish())
}

/// A cache of parsed channel lists. Few different texts occur, so each is parsed only once.
#[derive(Debug, Default)]
struct KnownChannels(Vec<(String, Vec<String>)>);

impl KnownChannels {
    /// Maximum number of cached texts: few enough that a linear search costs less than a hash.
    const MAX: usize = 16;

    fn read(&mut self, text: &str) -> &[String] {
        let place = self.0.iter().position(|(known, _)| known == text).unwrap_or_else(|| {
            if self.0.len() == Self::MAX {
                self.0.clear();
            }
            self.0.push((text.to_owned(), normalize::channels(text)));
            self.0.len() - 1
        });
        &self.0[place].1
    }
}

#[cfg(test)]
mod tests {
    use arrow::compute::concat_batches;

    use super::*;
    use crate::resources::contacts::{contacts_schema, decode_page};

    fn page(ids: std::ops::Range<usize>) -> ContactPage {
        let contacts: Vec<_> = ids
            .map(|id| serde_json::json!({"id": format!("c{id}"), "phone_number": "+1", "opt_out": id % 2 == 0}))
            .collect();
        let body = serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string();
        decode_page(&body.into()).unwrap().data.unwrap().items.unwrap()
    }

    #[test]
    fn batches_do_not_depend_on_how_rows_were_divided_into_pages() {
        let wanted = page(0..50).batch();
        for size in [1, 7, 10, 11, 50] {
            let mut builder = BatchBuilder::new(10);
            let mut batches = Vec::new();
            for start in (0..50).step_by(size) {
                let page = page(start..(start + size).min(50));
                batches.extend(builder.append(&page, &vec![true; page.rows()]));
            }
            assert_eq!(builder.finish(), None);
            assert!(batches.len() == 5 && batches.iter().all(|batch| batch.num_rows() == 10), "{size}");
            assert_eq!(concat_batches(&contacts_schema(), &batches).unwrap(), wanted);
        }
    }

    #[test]
    fn a_batch_ends_when_a_column_grows_too_long() {
        let mut builder = BatchBuilder { max_bytes: 20, ..BatchBuilder::new(1000) };
        let page = page(0..11);
        let first = builder.append(&page, &[true; 11]);
        let second = builder.append(&page, &[true; 11]);
        assert_eq!((first.len(), second), (0, vec![page.batch()]));
        assert_eq!(builder.finish(), Some(page.batch()));
    }

    #[test]
    fn a_batch_has_only_the_rows_that_are_kept() {
        let mut builder = BatchBuilder::new(3);
        let keep = [true, false, false, true, true, false, true];
        let full = builder.append(&page(0..7), &keep);
        let rest = builder.finish().unwrap();
        assert_eq!((full.len(), full[0].num_rows(), rest.num_rows()), (1, 3, 1));
        let wanted = page(0..7).batch();
        assert_eq!(rest, wanted.slice(6, 1));
        assert_eq!(full[0].slice(0, 1), wanted.slice(0, 1));
        assert_eq!(full[0].slice(1, 2), wanted.slice(3, 2));
    }
}
