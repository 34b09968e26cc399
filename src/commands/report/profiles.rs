//! The profiles in exported files: rows counted by the column `profile_id`, everything else from the manifests.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray, RecordBatch};

use crate::input::SourceFile;
use crate::report::InputProfile;
use crate::resources::PROFILE_ID;

/// Number of rows by profile.
#[derive(Debug, Default)]
pub(super) struct ProfileRows(BTreeMap<String, u64>);

impl ProfileRows {
    /// Counts the rows of a batch, if it has the column `profile_id`.
    pub(super) fn add_batch(&mut self, batch: &RecordBatch) {
        let profiles = batch.column_by_name(PROFILE_ID).and_then(|profiles| profiles.as_string_opt::<i32>());
        let Some(profiles) = profiles.filter(|profiles| profiles.null_count() < profiles.len()) else { return };
        let mut row = 0;
        while row < profiles.len() {
            if profiles.is_null(row) {
                row += 1;
                continue;
            }
            // Rows of a profile are usually adjacent.
            let id = profiles.value(row);
            let is_its = |at: &usize| profiles.is_valid(*at) && profiles.value(*at) == id;
            let rows = (row..profiles.len()).take_while(is_its).count();
            row += rows;
            match self.0.get_mut(id) {
                Some(count) => *count += rows as u64,
                None => drop(self.0.insert(id.to_owned(), rows as u64)),
            }
        }
    }

    /// The profiles of the files with the facts of the manifests, sorted by id.
    pub(super) fn with_manifests(self, files: &[SourceFile]) -> Vec<InputProfile> {
        let Self(counted) = self;
        let (mut known, mut profiles) = (BTreeSet::new(), BTreeMap::new());
        for published in files.iter().filter_map(|file| file.published.as_ref()) {
            // All files of an export have the same manifest.
            if known.insert(&published.manifest) {
                published.profiles.iter().for_each(|profile| add(&mut profiles, profile));
            }
        }
        if !counted.is_empty() {
            for profile in profiles.values_mut() {
                let rows = counted.get(&profile.id).copied().unwrap_or_default();
                // The manifest of a folder of days covers only its last run.
                profile.reachable = profile.reachable.filter(|_| profile.rows == rows);
                profile.rows = rows;
            }
        }
        for (id, rows) in counted {
            profiles.entry(id.clone()).or_insert_with(|| InputProfile {
                id,
                name: None,
                rows,
                reachable: None,
                items_rejected: None,
                verdict: None,
                evidence: Vec::new(),
                failure: None,
            });
        }
        profiles.into_values().collect()
    }
}

/// Combines the facts of two manifests about a profile.
fn add(profiles: &mut BTreeMap<String, InputProfile>, new: &InputProfile) {
    let Some(known) = profiles.get_mut(&new.id) else {
        profiles.insert(new.id.clone(), new.clone());
        return;
    };
    known.rows += new.rows;
    known.reachable = known.reachable.zip(new.reachable).map(|(one, other)| one + other);
    known.items_rejected = known.items_rejected.zip(new.items_rejected).map(|(one, other)| one + other);
    known.verdict = known.verdict.zip(new.verdict).map(|(one, other)| one.weaker(other));
    known.evidence.extend(new.evidence.iter().cloned());
    known.failure = known.failure.take().or_else(|| new.failure.clone());
}
