//! Whether rows belong to the requested profile. If a gateway drops the header of the profile, the API answers with the rows
//! of the whole organization, and each profile seems to have all of them.
//!
//! *Easy to get wrong:* a profile may inherit contacts, which are rightly those of another customer.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use uuid::Uuid;

use super::FilterCheck;
use super::profile::profile_of;

/// The customer that a row belongs to, in contacts and in messages.
const CUSTOMER_ID: &str = "customer_id";
/// Whether a profile has a contact from its organization.
const IS_INHERITED: &str = "is_inherited";

/// A check for `--profiles`, of batches with the columns of the profile: the customer of a row must not be another profile
/// of the organization. `all` are the ids of its profiles.
pub fn profiles_check(all: Arc<BTreeSet<Uuid>>) -> FilterCheck {
    FilterCheck::of_batches("--profiles", move |batch| {
        let requested = profile_of(batch).and_then(|id| Uuid::try_parse(id).ok());
        let is_other = |customer: &Uuid| Some(*customer) != requested && all.contains(customer);
        customers_of(batch).filter(is_other).count() as u64
    })
}

/// A check for `--profile-id`, whose organization is not known: if some rows are those of the profile, the others must be, too.
pub fn profile_check(profile: Uuid) -> FilterCheck {
    let (mut has_own, mut others) = (false, 0);
    FilterCheck::of_batches("--profile-id", move |batch| {
        for customer in customers_of(batch) {
            if customer == profile { has_own = true } else { others += 1 }
        }
        if has_own { std::mem::take(&mut others) } else { 0 }
    })
}

/// The customers of the rows that are not inherited, as far as they have one.
fn customers_of(batch: &RecordBatch) -> impl Iterator<Item = Uuid> {
    let customers = batch.column_by_name(CUSTOMER_ID).and_then(|column| column.as_string_opt::<i32>());
    let inherited = batch.column_by_name(IS_INHERITED).and_then(|column| column.as_boolean_opt());
    let is_inherited = move |row| inherited.is_some_and(|flags| flags.is_valid(row) && flags.value(row));
    let rows = customers.into_iter().flat_map(|customers| customers.iter().enumerate());
    rows.filter(move |&(row, _)| !is_inherited(row)).filter_map(|(_, customer)| Uuid::try_parse(customer?).ok())
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, BooleanArray, StringArray};

    use super::super::profile::{of_profile, with_profile};
    use super::*;

    /// A batch with these customers; the flag tells whether the row is inherited.
    fn batch(rows: &[(Option<u128>, Option<bool>)]) -> RecordBatch {
        let customers = rows.iter().map(|(customer, _)| customer.map(|id| Uuid::from_u128(id).to_string()));
        let customers: ArrayRef = Arc::new(customers.collect::<StringArray>());
        let inherited: ArrayRef = Arc::new(rows.iter().map(|(_, inherited)| *inherited).collect::<BooleanArray>());
        RecordBatch::try_from_iter_with_nullable([(CUSTOMER_ID, customers, true), (IS_INHERITED, inherited, true)])
            .unwrap()
    }

    #[test]
    fn rows_of_another_profile_contradict_the_one_that_is_read() {
        let mut check = profiles_check(Arc::new([7, 8, 9].map(Uuid::from_u128).into()));
        let rows = batch(&[
            (Some(7), Some(false)),
            (Some(8), Some(false)),
            (Some(9), None),
            (Some(9), Some(true)),
            (Some(1), Some(false)),
            (None, None),
        ]);
        let schema = with_profile(&rows.schema());
        let mut of = |profile| {
            let id = Uuid::from_u128(profile).to_string();
            check.contradictions(&of_profile(&rows, &schema, (&id, None)).unwrap())
        };
        assert_eq!((of(7), of(8), of(5)), (2, 2, 3), "neither the organization nor inherited contacts count");
        assert_eq!(check.contradictions(&batch(&[])), 0);
    }

    #[test]
    fn rows_of_others_count_once_there_are_rows_of_the_profile() {
        let mut check = profile_check(Uuid::from_u128(7));
        assert_eq!(check.contradictions(&batch(&[(Some(8), None), (Some(8), Some(true)), (None, None)])), 0);
        assert_eq!(check.contradictions(&batch(&[(Some(9), None), (Some(7), None)])), 2, "and those before");
        assert_eq!(check.contradictions(&batch(&[(Some(7), None)])), 0);
        assert_eq!(check.contradictions(&batch(&[(Some(8), None)])), 1);
    }
}
