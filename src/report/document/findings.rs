//! What the pages of a list held beside rows.

use serde::{Deserialize, Serialize};

use super::super::table::{OTHER_KEY, Table, add};

/// Rejected items that are described one by one.
const MAX_REJECTED_SAMPLES: usize = 20;

/// One item that could not be a row, without any of its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedSample {
    /// Page and place, in words.
    pub at: String,
    /// Why.
    pub reason: String,
    /// Names of the fields that it carried.
    pub fields: Vec<String>,
}

/// What pages brought beside rows: the parts of a summary that are noted while pages pass.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// items that could not be rows, by reason.
    pub rejected: Table,
    /// Some of them.
    pub rejected_samples: Vec<RejectedSample>,
    /// Fields that no documentation names, with the rows that carried them.
    pub unknown_fields: Table,
    /// Rows whose `created_at` was the year 1; it was written as null.
    pub never_created: u64,
    /// Values of an undocumented type or form, by column; they became null where they could not be used.
    pub malformed_fields: Table,
}

impl Findings {
    /// Notes an item that cannot be a row; `at` says where it was, without a value of it.
    pub fn add_rejected(&mut self, at: impl FnOnce() -> String, reason: &str, fields: &[&str]) {
        add(&mut self.rejected, reason, 1);
        if self.rejected_samples.len() < MAX_REJECTED_SAMPLES {
            let fields = fields.iter().map(|&field| field.to_owned()).collect();
            self.rejected_samples.push(RejectedSample { at: at(), reason: reason.to_owned(), fields });
        }
    }

    /// Notes rows that carried an undocumented field.
    /// Beyond a few hundred names, which a server must have invented, the rest counts under [`OTHER_KEY`].
    pub fn add_unknown_field(&mut self, name: &str, rows: u64) {
        const MAX_NAMES: usize = 256;
        let is_new = self.unknown_fields.len() >= MAX_NAMES && !self.unknown_fields.contains_key(name);
        add(&mut self.unknown_fields, if is_new { OTHER_KEY } else { name }, rows);
    }

    /// Counts the fields under another name whose own must not be shown.
    pub fn hide_unknown_fields(&mut self, is_hidden: impl Fn(&str) -> bool) {
        for (name, rows) in std::mem::take(&mut self.unknown_fields) {
            add(&mut self.unknown_fields, if is_hidden(&name) { OTHER_KEY } else { &name }, rows);
        }
    }

    /// Notes values of an undocumented type or form, whether or not they could be used.
    pub fn add_malformed(&mut self, column: &str, values: u64) {
        add(&mut self.malformed_fields, column, values);
    }
}
