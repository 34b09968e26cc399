//! Plain counters over messages, and the short report of an export of them.

use arrow::array::{AsArray, RecordBatch};
use serde::Serialize;

use super::counts::{Table, UNKNOWN_KEY, add};
use super::run::{ExportFacts, RowCounts, RunDocument};
use super::{Notice, ReportForm, TableStyle};
use crate::base::plural::{count_of, word_for};
use crate::base::printable::printable;
use crate::resources::messages::{column, is_documented_status};
use crate::verdict::Verdict;

/// Messages by what the service says of them. Nothing here holds a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MessageCounts {
    /// Messages.
    pub messages: u64,
    /// Messages by direction.
    pub directions: Table,
    /// Messages by channel.
    pub channels: Table,
    /// Messages by status.
    pub statuses: Table,
    /// Messages with a status that no documentation names.
    pub undocumented_statuses: u64,
}

/// The report of an export of messages.
#[derive(Debug)]
pub struct MessageReport {
    counts: MessageCounts,
    facts: ExportFacts,
}

impl RowCounts for MessageCounts {
    type Document = MessageReport;

    fn add_batch(&mut self, batch: &RecordBatch, _: i64) {
        self.messages += batch.num_rows() as u64;
        let columns = [
            (column::DIRECTION, &mut self.directions),
            (column::CHANNEL, &mut self.channels),
            (column::STATUS, &mut self.statuses),
        ];
        for (column, table) in columns {
            let values = batch.column(column).as_string::<i32>();
            // Values come in runs, which are counted at once.
            let mut run = (None, 0);
            for value in values {
                if value != run.0 {
                    add(table, run.0.unwrap_or(UNKNOWN_KEY), run.1);
                    run = (value, 0);
                }
                run.1 += 1;
            }
            add(table, run.0.unwrap_or(UNKNOWN_KEY), run.1);
        }
        let statuses = batch.column(column::STATUS).as_string::<i32>();
        let undocumented = statuses.iter().flatten().filter(|status| !is_documented_status(status));
        self.undocumented_statuses += undocumented.count() as u64;
    }

    fn into_document(self, facts: ExportFacts) -> MessageReport {
        MessageReport { counts: self, facts }
    }
}

impl RunDocument for MessageReport {
    fn render(&self, _: ReportForm) -> Option<String> {
        None
    }

    fn table(&self, style: TableStyle) -> String {
        let mut text = String::new();
        for notice in self.notices() {
            text += &format!("Warning: {}\n", printable(&notice.text));
        }
        let tables = [
            ("Direction", &self.counts.directions),
            ("Channel", &self.counts.channels),
            ("Status", &self.counts.statuses),
        ];
        for (name, table) in tables {
            let mut rows: Vec<(&String, &u64)> = table.iter().collect();
            rows.sort_by_key(|&(name, &count)| (std::cmp::Reverse(count), name.clone()));
            text += &format!("{name}\n");
            for (name, count) in rows.into_iter().take(MAX_TABLE_ROWS) {
                let width = style.width.saturating_sub(COUNT_WIDTH + 4).clamp(8, 30);
                let name: String = printable(name).chars().take(width).collect();
                text += &format!("  {name:<width$}  {count:>COUNT_WIDTH$}\n");
            }
        }
        text
    }

    fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        if self.facts.run.verdict == Verdict::Unverified {
            let texts: Vec<&str> = self.facts.run.evidence.iter().map(|line| line.text.as_str()).collect();
            let text = format!("This export is unverified: messages may be missing: {}.", texts.join("; "));
            notices.push(Notice { code: "unverified", count: None, text });
        }
        let items: u64 = self.facts.findings.rejected.values().sum();
        if items > 0 {
            let text = count_of(
                items,
                "item was left out because it is not a message.",
                "items were left out because they are not messages.",
            );
            notices.push(Notice { code: Notice::ITEMS_LEFT_OUT, count: Some(items), text });
        }
        notices.extend(self.facts.findings.malformed_fields.iter().map(|(column, &values)| {
            let text = format!(
                "{} of {column} {} an undocumented type or form, or {} not fit the column exactly.",
                count_of(values, "value", "values"),
                word_for(values, "has", "have"),
                word_for(values, "does", "do"),
            );
            Notice { code: "malformed_values", count: Some(values), text }
        }));
        let statuses = self.counts.undocumented_statuses;
        if statuses > 0 {
            let have = count_of(statuses, "message has", "messages have");
            let text = format!("{have} an undocumented status; it is kept as it is.");
            notices.push(Notice { code: "undocumented_statuses", count: Some(statuses), text });
        }
        notices
    }
}

/// Rows of a table that are shown.
const MAX_TABLE_ROWS: usize = 12;
/// Columns that a count takes.
const COUNT_WIDTH: usize = 12;
