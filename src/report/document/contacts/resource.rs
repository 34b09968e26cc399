//! What a [`Summary`] has in common with the documents of other resources.

use super::super::action::Action;
use super::super::findings::Findings;
use super::super::origin::Origin;
use super::super::resource::{ResourceDocument, common_accessors};
use super::super::trend::TrendPoint;
use super::absent;
use super::actions;
use super::summary::{SUMMARY_SCHEMA_VERSION, Summary};
use crate::base::noun::RowNoun;
use crate::report::table::Table;

impl ResourceDocument for Summary {
    const NOUN: RowNoun = RowNoun { one: "contact", many: "contacts" };
    const SCHEMA_VERSION: u32 = SUMMARY_SCHEMA_VERSION;

    common_accessors!(contacts);

    fn all_actions(&self) -> Vec<Action> {
        actions::actions(self)
    }

    fn trend_point(&self) -> TrendPoint {
        let totals =
            [("contacts", Some(self.contacts)), ("reachable", self.reachable), ("opted_out", self.opted_out())];
        // Small counts at other times could be subtracted from each other.
        let channels = if self.min_cell.is_some() { Table::new() } else { self.channels.clone() };
        TrendPoint::new(&self.as_of, totals, channels)
    }

    fn omit_absent(&mut self) {
        absent::omit(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_unreadable_if_none_of_its_values_can_be_read() {
        let mut summary = Summary { contacts: 3, ..Summary::default() };
        summary.origin.malformed_fields = [("created_at".to_owned(), 2), ("updated_at".to_owned(), 1)].into();
        summary.quality.missing = [("created_at".to_owned(), 3), ("updated_at".to_owned(), 2)].into();
        summary.rejected = [("missing_id".to_owned(), 1)].into();
        let notices = summary.all_notices();
        let texts: Vec<&str> = notices.iter().map(|notice| notice.text.as_str()).collect();
        let left_out = "1 item was left out because it is not a contact.";
        assert_eq!(
            texts,
            [left_out, "No value of created_at could be read: 2 values have an undocumented type or form."]
        );
    }
}
