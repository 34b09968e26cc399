//! What a [`DeliverySummary`] has in common with the documents of other resources.

use super::super::action::Action;
use super::super::findings::Findings;
use super::super::notice::Notice;
use super::super::origin::Origin;
use super::super::resource::{ResourceDocument, common_accessors};
use super::super::trend::TrendPoint;
use super::absent;
use super::actions;
use super::activities::FromActivities;
use super::group::messages_of;
use super::summary::{DELIVERY_SCHEMA_VERSION, DeliverySummary};
use crate::base::noun::RowNoun;
use crate::report::table::Table;

impl ResourceDocument for DeliverySummary {
    const NOUN: RowNoun = RowNoun { one: "message", many: "messages" };
    const SCHEMA_VERSION: u32 = DELIVERY_SCHEMA_VERSION;

    common_accessors!(messages);

    fn source_rows(&self) -> (RowNoun, u64) {
        match &self.from_activities {
            Some(from) => (FromActivities::NOUN, from.activities),
            None => (Self::NOUN, self.messages),
        }
    }

    fn all_actions(&self) -> Vec<Action> {
        actions::actions(self)
    }

    fn trend_point(&self) -> TrendPoint {
        let total = &self.total;
        let undelivered = total.failed.zip(total.withheld).map(|(failed, withheld)| failed + withheld);
        let totals = [("messages", Some(self.messages)), ("outbound", total.outbound), ("undelivered", undelivered)];
        let channels = if self.min_cell.is_some() { Table::new() } else { messages_of(&self.channels) };
        TrendPoint::new(&self.as_of, totals, channels)
    }

    fn omit_absent(&mut self) {
        absent::omit(self);
    }

    fn absent_columns(&self) -> Vec<&str> {
        let absent = self.origin.columns_not_in_inputs.iter().map(String::as_str);
        let is_expected =
            |column: &&str| self.from_activities.is_none() || !FromActivities::NEVER_STATED.contains(column);
        absent.filter(is_expected).collect()
    }

    fn source_notes(&self) -> Vec<String> {
        self.from_activities.as_ref().map(FromActivities::notes).unwrap_or_default()
    }

    fn own_notices(&self) -> Vec<Notice> {
        let repeated =
            Notice::repeated_rows(self.quality.repeated_ids, self.quality.repeated_ids_approximate, Self::NOUN);
        let undocumented = Notice::undocumented_statuses(self.quality.undocumented_statuses);
        [repeated, undocumented].into_iter().flatten().collect()
    }
}
