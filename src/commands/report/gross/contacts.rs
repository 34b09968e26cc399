//! Counts added, removed and changed contacts by region and channel.

use arrow::array::{Array, AsArray, RecordBatch, StringArray, StructArray};

use super::GrossCounts;
use crate::changes::CHANGE;
use crate::input::Content;
use crate::report::{GrossChanges, GroupsOfContact, OptOutChange};
use crate::resources::PROFILE_ID;

impl GrossCounts for GrossChanges {
    const CONTENT: Content = Content::Contacts;
    const COLUMNS: &'static [&'static str] = &["id", PROFILE_ID, "region_code", "available_channels", "opt_out"];

    fn of_sides(removed_may_exist: bool) -> Self {
        Self { removed_may_exist, ..Self::default() }
    }

    fn count(&mut self, batch: &RecordBatch) {
        count(batch, self);
    }
}

fn count(batch: &RecordBatch, gross: &mut GrossChanges) {
    let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let side = |name: &str| batch.column_by_name(name).and_then(|column| column.as_struct_opt());
    let (Some(kinds), Some(old), Some(new)) = (text(CHANGE), side("old"), side("new")) else { return };
    let opt_outs = text("opt_out_change");
    for row in 0..batch.num_rows() {
        match kinds.value(row) {
            "added" => gross.add_new(&groups(new, row)),
            "changed" => {
                let opt_out = opt_outs.filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row));
                let opt_out = match opt_out {
                    Some("opted_out") => Some(OptOutChange::OptedOut),
                    Some("opted_in") => Some(OptOutChange::OptedIn),
                    _ => None,
                };
                gross.add_changed(&groups(old, row), &groups(new, row), opt_out);
            }
            _ => gross.add_removed(&groups(old, row)),
        }
    }
}

/// The groups of a contact.
fn groups(side: &StructArray, row: usize) -> GroupsOfContact {
    let texts = |values: &StringArray| -> Vec<String> { values.iter().flatten().map(str::to_owned).collect() };
    let regions = side.column_by_name("region_code").and_then(|column| column.as_string_opt::<i32>());
    let lists = side.column_by_name("available_channels").and_then(|column| column.as_list_opt::<i32>());
    let channels = lists.filter(|lists| lists.is_valid(row)).map(|lists| lists.value(row));
    GroupsOfContact {
        region: regions.filter(|regions| regions.is_valid(row)).map(|regions| regions.value(row).to_owned()),
        channels: channels.and_then(|list| list.as_string_opt::<i32>().map(texts)).unwrap_or_default(),
    }
}
