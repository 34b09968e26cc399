//! Selects contacts after reading, because the API has no such filters.

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};

use super::schema::column;
use crate::resources::RowFilter;

/// Which contacts are written. The whole list is read in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlyContacts {
    /// Those that opted out: `opt_out` is true.
    OptedOut,
    /// Those that are reachable, as reports count them: not opted out, with at least one channel.
    Reachable,
}

impl OnlyContacts {
    /// Both, in the order of the help text.
    pub const ALL: [Self; 2] = [Self::OptedOut, Self::Reachable];

    /// Its name on the command line and in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::OptedOut => "opted-out",
            Self::Reachable => "reachable",
        }
    }

    /// Returns which rows of a batch are written.
    pub(super) fn filter(self) -> RowFilter {
        match self {
            Self::OptedOut => opted_out,
            Self::Reachable => reachable,
        }
    }
}

fn opted_out(batch: &RecordBatch) -> BooleanArray {
    rows(batch, |opted_out, _| opted_out)
}

/// A contact whose `opt_out` is unknown has not opted out.
fn reachable(batch: &RecordBatch) -> BooleanArray {
    rows(batch, |opted_out, has_channel| !opted_out && has_channel)
}

fn rows(batch: &RecordBatch, is_wanted: impl Fn(bool, bool) -> bool) -> BooleanArray {
    let opt_out = batch.column(column::OPT_OUT).as_boolean();
    let channels = batch.column(column::AVAILABLE_CHANNELS).as_list::<i32>();
    let row = |row| {
        let opted_out = opt_out.is_valid(row) && opt_out.value(row);
        Some(is_wanted(opted_out, channels.value_length(row) > 0))
    };
    (0..batch.num_rows()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::BuildBatches;
    use crate::resources::contacts::{BatchBuilder, decode_page};

    #[test]
    fn contacts_are_selected_by_opt_out_and_channels() {
        let contact = |opt_out: Option<bool>, channels: &str| serde_json::json!({"id": "a", "opt_out": opt_out, "available_channels": channels});
        let contacts = [
            contact(Some(true), "sms"),
            contact(Some(false), "sms"),
            contact(None, "sms,whatsapp"),
            contact(Some(false), ""),
            contact(Some(true), ""),
        ];
        let body = serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string();
        let page = decode_page(&body.into()).unwrap().data.unwrap().items.unwrap();
        let mut batches = BatchBuilder::default();
        batches.append(&page, &[true; 5]);
        let batch = batches.finish().unwrap();
        let chosen = |only: OnlyContacts| only.filter()(&batch).iter().map(|row| row == Some(true)).collect::<Vec<_>>();
        assert_eq!(chosen(OnlyContacts::OptedOut), [true, false, false, false, true]);
        assert_eq!(chosen(OnlyContacts::Reachable), [false, true, true, false, false]);
    }
}
