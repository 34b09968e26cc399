//! Checks whether two exports can be compared.

use std::collections::BTreeSet;

use arrow::datatypes::Schema;

use crate::config::ConfigError;

use super::super::printer::warn_text;
use super::side::SideFacts;

/// Checks that both sides have the same account, filters and profile, as far as these are known. With `is_forced`, a
/// difference is only a warning.
///
/// # Errors
/// With the first difference.
pub(in crate::commands) fn check(old: &SideFacts, new: &SideFacts, is_forced: bool) -> Result<(), ConfigError> {
    let Some(difference) = difference(old, new) else { return Ok(()) };
    let Difference { what, old, new } = difference;
    let error = ConfigError::Incomparable { what, old, new };
    if !is_forced {
        return Err(error);
    }
    warn_text(&format!("{error} (--force)"));
    Ok(())
}

/// A difference between the settings of two exports. It makes rows differ that have not changed.
pub(in crate::commands) struct Difference {
    /// Name of the setting, in the plural.
    pub(in crate::commands) what: &'static str,
    pub(in crate::commands) old: String,
    pub(in crate::commands) new: String,
}

/// The first known difference.
pub(in crate::commands) fn difference(old: &SideFacts, new: &SideFacts) -> Option<Difference> {
    let sets = [
        ("accounts", &old.apis, &new.apis),
        ("profiles", &old.profiles, &new.profiles),
        ("filters", &old.filters, &new.filters),
        ("forms of phone numbers", &old.privacy, &new.privacy),
    ];
    let differs = |old: &BTreeSet<String>, new: &BTreeSet<String>| !old.is_empty() && !new.is_empty() && old != new;
    let different = sets.into_iter().find(|(_, old, new)| differs(old, new));
    // An organization can gain and lose profiles, and customers with them, but not all of them. One profile that both runs
    // know shows that it is the same organization, even if they failed to read different ones.
    let has_other_customers =
        !old.customers.is_empty() && !new.customers.is_empty() && old.customers.is_disjoint(&new.customers);
    let customers = (has_other_customers && old.profile_ids.is_disjoint(&new.profile_ids)).then_some((
        "customers",
        &old.customers,
        &new.customers,
    ));
    let (what, old, new) = different.or(customers)?;
    Some(Difference { what, old: shown(old), new: shown(new) })
}

/// The columns that only one side has. They are listed on stderr and not compared. The columns of a side without rows may be
/// unknown, but then there is nothing to compare.
pub(in crate::commands) fn columns_of_one_side(old: &SideFacts, new: &SideFacts, schema: &Schema) -> Vec<String> {
    let mut names = Vec::new();
    let (Some(of_old), Some(of_new)) = (&old.absent, &new.absent) else { return names };
    for (one, other, side) in [(of_old, of_new, "older"), (of_new, of_old, "newer")] {
        let absent = one.difference(other).map(|&column| schema.field(column).name().clone());
        let absent: Vec<String> = absent.collect();
        if !absent.is_empty() {
            warn_text(&format!("not compared, since the {side} export lacks them: {}", absent.join(", ")));
        }
        names.extend(absent);
    }
    names
}

/// The first values of a set, as text.
fn shown(values: &BTreeSet<String>) -> String {
    const MAX_VALUES: usize = 3;
    let first: Vec<&str> = values.iter().take(MAX_VALUES).map(String::as_str).collect();
    let more = if values.len() > MAX_VALUES { ", ..." } else { "" };
    format!("{}{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(values: &[&str]) -> BTreeSet<String> {
        values.iter().map(|&value| value.to_owned()).collect()
    }

    #[test]
    fn only_known_differences_prevent_a_comparison() {
        let side = |api: &[&str], filters: &[&str], customers: &[&str]| SideFacts {
            apis: set(api),
            filters: set(filters),
            customers: set(customers),
            ..SideFacts::default()
        };
        let one = side(&["a"], &["none"], &["x", "y"]);
        for (other, what) in [
            (side(&[], &[], &[]), None),
            (side(&["a"], &["none"], &["y", "z"]), None),
            (side(&["b"], &["none"], &["x"]), Some("accounts: a and b")),
            (side(&["a"], &["{}"], &["x"]), Some("filters: none and {}")),
            (side(&["a"], &["none"], &["s", "t", "u", "v"]), Some("customers: x, y and s, t, u, ...")),
        ] {
            let error = check(&one, &other, false).err().map(|error| error.to_string());
            assert_eq!(error, what.map(|what| format!("the exports have different {what}")));
            check(&one, &other, true).unwrap();
        }
        let of_profiles = |ids: &[&str], customers: &[&str]| SideFacts {
            profile_ids: set(ids),
            ..side(&["a"], &["none"], customers)
        };
        let north = of_profiles(&["north", "south"], &["x"]);
        check(&north, &of_profiles(&["south", "west"], &["y"]), false).unwrap();
        check(&north, &of_profiles(&["east", "west"], &["y"]), false).unwrap_err();
        check(&north, &side(&["a"], &["none"], &["y"]), false).unwrap_err();
    }
}
