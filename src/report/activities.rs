//! The report of an export of activities: how many of each status.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};

use super::run::{ExportFacts, RowCounts, RunDocument};
use super::{MAX_KEYS, OTHER_KEY, RunFacts, TableStyle};
use crate::base::plural::{count_of, grouped};
use crate::base::printable::printable;
use crate::verdict::EvidenceCode;

/// Counts of activities.
#[derive(Debug, Default)]
pub struct ActivityCounts {
    activities: u64,
    messages: u64,
    last_message: String,
    statuses: BTreeMap<String, u64>,
}

/// The report on an export of activities.
#[derive(Debug, Clone)]
pub struct ActivitySummary {
    /// Rows.
    pub activities: u64,
    /// Messages with activities.
    pub messages: u64,
    /// Activities by status.
    pub statuses: BTreeMap<String, u64>,
    /// Values of an undocumented type or form, by column.
    pub malformed_fields: BTreeMap<String, u64>,
    /// Facts about the run.
    pub run: RunFacts,
    /// Whether the command has `--missing`, so that the remark on unknown messages can name it.
    pub lists_missing: bool,
}

impl RowCounts for ActivityCounts {
    type Document = ActivitySummary;

    fn add_batch(&mut self, batch: &RecordBatch, _now_micros: i64) {
        let column = |name: &str| batch.column_by_name(name).expect("the batch has the schema of activities");
        let (messages, statuses) = (column("message_id").as_string::<i32>(), column("status").as_string::<i32>());
        self.activities += batch.num_rows() as u64;
        for row in 0..batch.num_rows() {
            // The activities of a message are next to each other.
            if messages.value(row) != self.last_message {
                self.messages += 1;
                messages.value(row).clone_into(&mut self.last_message);
            }
            let status = if statuses.is_valid(row) { statuses.value(row) } else { "" };
            match self.statuses.get_mut(status) {
                Some(count) => *count += 1,
                None => *self.statuses.entry(self.key(status)).or_default() += 1,
            }
        }
    }

    fn into_document(self, facts: ExportFacts) -> ActivitySummary {
        let ExportFacts { run, findings, .. } = facts;
        ActivitySummary {
            activities: self.activities,
            messages: self.messages,
            statuses: self.statuses,
            malformed_fields: findings.malformed_fields.into_iter().collect(),
            run,
            lists_missing: true,
        }
    }
}

impl ActivityCounts {
    /// The key of a status. There are at most [`MAX_KEYS`], so that a server that invents statuses cannot fill the memory.
    fn key(&self, status: &str) -> String {
        if self.statuses.len() < MAX_KEYS { status.to_owned() } else { OTHER_KEY.to_owned() }
    }
}

impl RunDocument for ActivitySummary {
    fn table(&self, _style: TableStyle) -> String {
        let mut lines = vec![format!(
            "{} of {}",
            count_of(self.activities, "activity", "activities"),
            count_of(self.messages, "message", "messages")
        )];
        let mut statuses: Vec<_> = self.statuses.iter().collect();
        statuses.sort_by_key(|&(name, count)| (std::cmp::Reverse(*count), name.clone()));
        let rows = statuses.iter().map(|&(name, count)| {
            (if name.is_empty() { "(no status)".to_owned() } else { printable(name) }, grouped(*count))
        });
        let rows: Vec<(String, String)> = rows.collect();
        let name_width = rows.iter().map(|(name, _)| console::measure_text_width(name)).max().unwrap_or_default();
        let count_width = rows.iter().map(|(_, count)| count.len()).max().unwrap_or_default();
        lines.extend(rows.iter().map(|(name, count)| {
            let gap = " ".repeat(name_width - console::measure_text_width(name));
            format!("  {name}{gap}  {count:>count_width$}")
        }));
        lines.join("\n") + "\n"
    }

    fn remarks(&self) -> Vec<String> {
        let count = |code| self.run.evidence.iter().find(|evidence| evidence.code == code)?.count;
        let mut remarks = Vec::new();
        if let Some(unknown) = count(EvidenceCode::IdsNotFound) {
            let messages = count_of(unknown, "message is", "messages are");
            let flag = if self.lists_missing { " (--missing PATH lists them)" } else { "" };
            remarks.push(format!("{messages} not known to the API{flag}."));
        }
        let doubts = [EvidenceCode::IdsNotRead, EvidenceCode::AnswersCut];
        let doubts = self.run.evidence.iter().filter(|evidence| doubts.contains(&evidence.code));
        remarks.extend(doubts.map(|evidence| format!("Completeness is not verified: {}.", evidence.text)));
        for (column, values) in &self.malformed_fields {
            let values = count_of(*values, "value", "values");
            remarks.push(format!("{values} of {column} had an undocumented type or form."));
        }
        remarks
    }
}
