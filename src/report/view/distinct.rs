//! Distinguishes keys that look the same: different texts can become equal when control characters are removed and long
//! ones truncated.
//!
//! Such a name gets a suffix with the first digits of the hash of its key, which is the same in every report.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::parts::Row;

/// Adds a suffix to names that several rows share. `keys` has the key of each row.
pub(super) fn distinguish(keys: &[&str], rows: &mut [Row]) {
    let names: Vec<String> = rows.iter().map(Row::name).collect();
    for at in repeated(&names) {
        if let (Some(key), Some(row)) = (keys.get(at), rows.get_mut(at)) {
            row.append_to_name(&suffix(key));
        }
    }
}

/// The names of keys, made distinct.
pub(super) fn distinct(keys: &[&str], name_of: fn(&str) -> String) -> Vec<String> {
    let mut names: Vec<String> = keys.iter().map(|key| name_of(key)).collect();
    for at in repeated(&names) {
        names[at] += &suffix(keys[at]);
    }
    names
}

/// Indices of the names that occur more than once.
fn repeated(names: &[String]) -> Vec<usize> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    names.iter().enumerate().filter(|(_, name)| counts[name.as_str()] > 1).map(|(at, _)| at).collect()
}

fn suffix(key: &str) -> String {
    let hash = Sha256::digest(key.as_bytes());
    format!(" #{:02x}{:02x}", hash[0], hash[1])
}

#[cfg(test)]
mod tests {
    use super::super::super::format::shown;
    use super::super::cell::Cell;
    use super::*;

    #[test]
    fn only_names_that_look_the_same_get_a_suffix() {
        let keys = ["a\u{1b}b", "ab", "c"];
        let row = |key: &&str| Row::new(vec![Cell::text(key)]);
        let mut rows: Vec<Row> = keys.iter().map(row).collect();
        distinguish(&keys, &mut rows);
        let names: Vec<String> = rows.iter().map(Row::name).collect();
        assert_eq!(names[2], "c");
        assert!(names[0] != names[1] && names.iter().take(2).all(|name| name.starts_with("ab #")), "{names:?}");
        assert_eq!(distinct(&keys, shown), names);
        assert_eq!(distinct(&["x", "y"], str::to_owned), ["x", "y"]);
    }
}
