//! Collects the customer ids of an export.

use std::collections::BTreeSet;

use arrow::array::{AsArray, RecordBatch};

/// Maximum number of ids: more than any organization has profiles, and few enough for memory.
const MAX_CUSTOMERS: usize = 10_000;

/// Adds the customer ids of a batch to those already known.
pub fn add_customers(known: &mut BTreeSet<String>, batch: &RecordBatch) {
    let Some(customers) = batch.column_by_name("customer_id").and_then(|column| column.as_string_opt::<i32>()) else {
        return;
    };
    let mut last = None;
    for customer in customers.iter().flatten() {
        // Consecutive rows mostly have the same one.
        if last != Some(customer) && known.len() < MAX_CUSTOMERS && !known.contains(customer) {
            known.insert(customer.to_owned());
        }
        last = Some(customer);
    }
}
