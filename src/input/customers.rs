//! Whose the rows of an export are.

use std::collections::BTreeSet;

use arrow::array::{AsArray, RecordBatch};

/// Customers that are remembered: more than any organization has profiles, and few enough for memory.
const MAX_CUSTOMERS: usize = 10_000;

/// Adds the customers of a batch to those that are known.
pub fn add_customers(known: &mut BTreeSet<String>, batch: &RecordBatch) {
    let Some(customers) = batch.column_by_name("customer_id").and_then(|column| column.as_string_opt::<i32>()) else {
        return;
    };
    let mut last = None;
    for customer in customers.iter().flatten() {
        // Mostly the same one in a row.
        if last != Some(customer) && known.len() < MAX_CUSTOMERS && !known.contains(customer) {
            known.insert(customer.to_owned());
        }
        last = Some(customer);
    }
}
