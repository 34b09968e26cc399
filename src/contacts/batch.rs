//! From the rows of pages to record batches.
//!
//! A page of a hundred rows is too small a batch: arrays, counters and encoders all have work to do once for each. The
//! kept rows of page after page therefore go into the same columns until there are [`BATCH_ROWS`], so a text is copied
//! once on its way from the answer to the encoder.
//!
//! *Easy to get wrong:* the batches must not depend on how the rows were cut into pages, or the bytes of a file would.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};

use super::schema::{channel_field, column, contacts_schema};
use super::{ContactPage, normalize};

/// Rows in a batch: large enough that the work per batch does not show, small enough to stay in the processor's cache.
pub const BATCH_ROWS: usize = 8192;

/// Gathers the kept rows of pages into record batches in the schema of [`contacts_schema`].
#[derive(Debug)]
pub struct BatchBuilder {
    batch_rows: usize,
    columns: Columns,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::new(BATCH_ROWS)
    }
}

impl BatchBuilder {
    /// For batches of `batch_rows`, at least one.
    pub fn new(batch_rows: usize) -> Self {
        Self { batch_rows, columns: Columns::with_capacity(batch_rows) }
    }

    /// Adds the rows for which `keep` holds, one entry a row; gives the batches that became full.
    pub fn append(&mut self, page: &ContactPage, keep: &[bool]) -> Vec<RecordBatch> {
        let mut full = Vec::new();
        for row in (0..page.rows()).filter(|&row| keep[row]) {
            self.columns.append(page, row);
            if self.columns.len() == self.batch_rows {
                full.push(self.take_batch());
            }
        }
        full
    }

    /// The rows that filled no batch, if there are any.
    pub fn finish(&mut self) -> Option<RecordBatch> {
        (self.columns.len() > 0).then(|| self.take_batch())
    }

    fn take_batch(&mut self) -> RecordBatch {
        let next = self.columns.empty_like();
        std::mem::replace(&mut self.columns, next).finish()
    }
}

/// Columns that take the server's text as it is.
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
struct Columns {
    plain_texts: [StringBuilder; PLAIN_TEXTS.len()],
    country_code: StringBuilder,
    region_code: StringBuilder,
    available_channels: ListBuilder<StringBuilder>,
    default_channel: StringBuilder,
    opt_out: BooleanBuilder,
    is_inherited: BooleanBuilder,
    created_at: TimestampMicrosecondBuilder,
    updated_at: TimestampMicrosecondBuilder,
}

impl Columns {
    fn with_capacity(rows: usize) -> Self {
        let text = |bytes: usize| StringBuilder::with_capacity(rows, rows * bytes);
        Self::new(rows, std::array::from_fn(|_| text(20)), [text(4), text(2), text(8)], (rows * 2, rows * 12))
    }

    /// With room for as much as these hold and a little more: memory that grows in steps is copied at every step.
    fn empty_like(&self) -> Self {
        let room = |bytes: usize| bytes + bytes / 8;
        let text =
            |builder: &StringBuilder| StringBuilder::with_capacity(self.len(), room(builder.values_slice().len()));
        let channels = self.available_channels.values_ref();
        Self::new(
            self.len(),
            std::array::from_fn(|at| text(&self.plain_texts[at])),
            [text(&self.country_code), text(&self.region_code), text(&self.default_channel)],
            (room(channels.len()), room(channels.values_slice().len())),
        )
    }

    fn new(
        rows: usize,
        plain_texts: [StringBuilder; PLAIN_TEXTS.len()],
        [country_code, region_code, default_channel]: [StringBuilder; 3],
        (channels, channel_bytes): (usize, usize),
    ) -> Self {
        let channels = StringBuilder::with_capacity(channels, channel_bytes);
        let time = || TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC");
        Self {
            plain_texts,
            country_code,
            region_code,
            available_channels: ListBuilder::with_capacity(channels, rows).with_field(channel_field()),
            default_channel,
            opt_out: BooleanBuilder::with_capacity(rows),
            is_inherited: BooleanBuilder::with_capacity(rows),
            created_at: time(),
            updated_at: time(),
        }
    }

    fn len(&self) -> usize {
        self.opt_out.len()
    }

    fn append(&mut self, page: &ContactPage, row: usize) {
        let text = |column: usize| page.rows.text(row, column);
        for (builder, column) in self.plain_texts.iter_mut().zip(PLAIN_TEXTS) {
            builder.append_option(text(column));
        }
        self.country_code.append_option(text(column::COUNTRY_CODE).and_then(normalize::trimmed));
        self.region_code.append_option(text(column::REGION_CODE).and_then(normalize::region));
        self.default_channel.append_option(text(column::DEFAULT_CHANNEL).and_then(normalize::channel));
        self.append_channels(text(column::AVAILABLE_CHANNELS).unwrap_or_default());
        self.opt_out.append_option(page.rows.flag(row, column::OPT_OUT));
        self.is_inherited.append_option(page.rows.flag(row, column::IS_INHERITED));
        self.created_at.append_option(page.rows.time(row, column::CREATED_AT));
        self.updated_at.append_option(page.rows.time(row, column::UPDATED_AT));
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

    fn finish(mut self) -> RecordBatch {
        let [id, phone_number, e164, international, national, rfc, customer_id] = &mut self.plain_texts;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(id.finish()),
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

#[cfg(test)]
mod tests {
    use arrow::compute::concat_batches;

    use super::*;
    use crate::contacts::decode_page;

    fn page(ids: std::ops::Range<usize>) -> ContactPage {
        let contacts: Vec<_> = ids
            .map(|id| serde_json::json!({"id": format!("c{id}"), "phone_number": "+1", "opt_out": id % 2 == 0}))
            .collect();
        let body = serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string();
        decode_page(&body.into()).unwrap().data.unwrap().contacts.unwrap()
    }

    #[test]
    fn batches_do_not_depend_on_how_rows_were_cut_into_pages() {
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
    fn only_the_rows_that_are_kept_come_into_a_batch() {
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
