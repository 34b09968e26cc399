//! What a [`DeliverySummary`] has in common with the documents of other resources.

use super::super::findings::Findings;
use super::super::notice::Notice;
use super::super::origin::Origin;
use super::super::resource::ResourceDocument;
use super::absent;
use super::summary::{DELIVERY_SCHEMA_VERSION, DeliverySummary};
use crate::base::noun::RowNoun;
use crate::report::table::Table;

impl ResourceDocument for DeliverySummary {
    const NOUN: RowNoun = RowNoun { one: "message", many: "messages" };
    const SCHEMA_VERSION: u32 = DELIVERY_SCHEMA_VERSION;

    fn schema_version(&self) -> u32 {
        self.schema_version
    }

    fn as_of(&self) -> &str {
        &self.as_of
    }

    fn set_as_of(&mut self, as_of: String) {
        self.as_of = as_of;
    }

    fn rows(&self) -> u64 {
        self.messages
    }

    fn min_cell(&self) -> Option<u64> {
        self.min_cell
    }

    fn rejected(&self) -> &Table {
        &self.rejected
    }

    fn missing(&self) -> &Table {
        &self.quality.missing
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn origin_mut(&mut self) -> &mut Origin {
        &mut self.origin
    }

    fn add_findings(&mut self, findings: Findings) {
        self.rejected = findings.rejected;
        self.rejected_samples = findings.rejected_samples;
        self.origin.unknown_fields = findings.unknown_fields;
        self.origin.malformed_fields = findings.malformed_fields;
        self.quality.year_one_created_at += findings.never_created;
    }

    fn omit_absent(&mut self) {
        absent::omit(self);
    }

    fn own_notices(&self) -> Vec<Notice> {
        let repeated =
            Notice::repeated_rows(self.quality.repeated_ids, self.quality.repeated_ids_approximate, Self::NOUN);
        let undocumented = Notice::undocumented_statuses(self.quality.undocumented_statuses);
        [repeated, undocumented].into_iter().flatten().collect()
    }
}
