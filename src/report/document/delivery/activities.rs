//! Facts about the activities that messages were counted from.

use serde::{Deserialize, Serialize};

use crate::base::noun::RowNoun;
use crate::base::plural::count_of;

/// The activities that messages were counted from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromActivities {
    /// Number of activities.
    pub activities: u64,
    /// Messages that the API knows and that have no activity; `None` for files, which do not contain these, or if suppressed
    /// by `--min-cell`.
    pub messages_without: Option<u64>,
    /// Requested messages that the API does not know; `None` if a file has no manifest, or if suppressed by `--min-cell`.
    pub messages_not_found: Option<u64>,
}

impl FromActivities {
    /// What the rows of files of activities are called.
    pub(in crate::report) const NOUN: RowNoun = RowNoun { one: "activity", many: "activities" };

    /// Columns of messages that activities do not have.
    pub(in crate::report) const NEVER_STATED: [&str; 6] =
        ["contact_id", "region_code", "template_id", "template_name", "template_category", "channel"];

    /// Sentences that apply to all numbers of the report.
    pub(super) fn notes(&self) -> Vec<String> {
        let counted = format!(
            "Counted from {}. Activities do not state the channel, region, template or contact of a message. A message \
             counts on the day of its first activity.",
            count_of(self.activities, "activity", "activities")
        );
        std::iter::once(counted).chain(self.not_counted()).collect()
    }

    /// Messages that are not in the report, as sentences.
    pub(in crate::report) fn not_counted(&self) -> Vec<String> {
        let without = self.messages_without.filter(|&count| count > 0);
        let not_found = self.messages_not_found.filter(|&count| count > 0);
        let without = without.map(|count| count_of(count, "message has no activity", "messages have no activity"));
        let not_found = not_found
            .map(|count| count_of(count, "message is not known to the API", "messages are not known to the API"));
        [without, not_found].into_iter().flatten().map(|sentence| sentence + ".").collect()
    }
}
