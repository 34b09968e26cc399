//! What the pages of a list contained besides rows.

use serde::{Deserialize, Serialize};

use super::super::table::{OTHER_KEY, Table, add};

/// Maximum number of rejected items that are described one by one.
const MAX_REJECTED_SAMPLES: usize = 20;

/// One item that could not be converted to a row, without any of its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedSample {
    /// Page and position, for people.
    pub at: String,
    /// Why it was rejected.
    pub reason: String,
    /// Names of its fields.
    pub fields: Vec<String>,
}

/// What pages contained besides rows: the parts of a summary that are collected while pages are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// Items that could not be converted to rows, by reason.
    pub rejected: Table,
    /// Examples of these items.
    pub rejected_samples: Vec<RejectedSample>,
    /// Undocumented fields, with the number of rows that had them.
    pub unknown_fields: Table,
    /// Rows whose `created_at` was the year 1; it was written as null.
    pub never_created: u64,
    /// Values of an undocumented type or form, by column; they are null where they could not be used.
    pub malformed_fields: Table,
    /// Rows that contradict a filter of the request, by its flag.
    pub ignored_filters: Table,
}

impl Findings {
    /// Counts an item that cannot be converted to a row; `at` states its position, without any of its values.
    pub fn add_rejected(&mut self, at: impl FnOnce() -> String, reason: &str, fields: &[&str]) {
        add(&mut self.rejected, reason, 1);
        if self.rejected_samples.len() < MAX_REJECTED_SAMPLES {
            let fields = fields.iter().map(|&field| field.to_owned()).collect();
            self.rejected_samples.push(RejectedSample { at: at(), reason: reason.to_owned(), fields });
        }
    }

    /// Counts rows that had an undocumented field. Names beyond the first 256 count as [`OTHER_KEY`].
    pub fn add_unknown_field(&mut self, name: &str, rows: u64) {
        const MAX_NAMES: usize = 256;
        let is_new = self.unknown_fields.len() >= MAX_NAMES && !self.unknown_fields.contains_key(name);
        add(&mut self.unknown_fields, if is_new { OTHER_KEY } else { name }, rows);
    }

    /// Counts fields whose names must not be shown as [`OTHER_KEY`].
    pub fn hide_unknown_fields(&mut self, is_hidden: impl Fn(&str) -> bool) {
        for (name, rows) in std::mem::take(&mut self.unknown_fields) {
            add(&mut self.unknown_fields, if is_hidden(&name) { OTHER_KEY } else { &name }, rows);
        }
    }

    /// Counts rows that contradict the filter of a flag.
    pub fn add_ignored_filter(&mut self, flag: &str, rows: u64) {
        if rows > 0 {
            add(&mut self.ignored_filters, flag, rows);
        }
    }

    /// Counts values of an undocumented type or form, whether or not they could be used.
    pub fn add_malformed(&mut self, column: &str, values: u64) {
        add(&mut self.malformed_fields, column, values);
    }
}
