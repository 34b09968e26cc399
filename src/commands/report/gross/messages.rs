//! Counts added, removed and changed messages by status, and changed prices.

use arrow::array::{Array, AsArray, PrimitiveArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::Decimal128Type;

use super::GrossCounts;
use crate::changes::CHANGE;
use crate::input::Content;
use crate::report::{ComparedMessage, MessageChanges, PriceChanges};
use crate::resources::PROFILE_ID;

impl GrossCounts for MessageChanges {
    const CONTENT: Content = Content::Messages;
    const COLUMNS: &'static [&'static str] = &["id", PROFILE_ID, "status", "price", "active_contact_price"];

    fn of_sides(removed_may_exist: bool) -> Self {
        // Zero, unless a change is counted.
        let prices = Some(PriceChanges::default());
        Self { removed_may_exist, status_changed: Some(0), prices, ..Self::default() }
    }

    fn count(&mut self, batch: &RecordBatch) {
        let side = |name: &str| batch.column_by_name(name)?.as_struct_opt().and_then(ColumnsOfSide::new);
        let kinds = batch.column_by_name(CHANGE).and_then(|column| column.as_string_opt::<i32>());
        let (Some(kinds), Some(old), Some(new)) = (kinds, side("old"), side("new")) else { return };
        for row in 0..batch.num_rows() {
            match kinds.value(row) {
                "added" => self.add_new(new.message(row)),
                "changed" => self.add_changed(old.message(row), new.message(row)),
                _ => self.add_removed(old.message(row)),
            }
        }
    }
}

/// The columns of one side.
struct ColumnsOfSide<'a> {
    statuses: &'a StringArray,
    prices: [&'a PrimitiveArray<Decimal128Type>; 2],
}

impl<'a> ColumnsOfSide<'a> {
    fn new(side: &'a StructArray) -> Option<Self> {
        let price = |name: &str| side.column_by_name(name)?.as_primitive_opt::<Decimal128Type>();
        Some(Self {
            statuses: side.column_by_name("status")?.as_string_opt()?,
            prices: [price("price")?, price("active_contact_price")?],
        })
    }

    fn message(&self, row: usize) -> ComparedMessage<'a> {
        // The schema of messages has six decimal places, so the integers are millionths.
        let [price, active_contact_price] = self.prices.map(|prices| prices.is_valid(row).then(|| prices.value(row)));
        let status = self.statuses.is_valid(row).then(|| self.statuses.value(row));
        ComparedMessage { status, price, active_contact_price }
    }
}
