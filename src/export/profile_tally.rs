//! Counts the written rows of each profile.

use arrow::array::RecordBatch;

use crate::report::ProfileFacts;
use crate::resources::{RowFilter, profile_of};

/// Counts rows by profile, in batches that each have rows of one profile.
#[derive(Debug, Clone)]
pub struct ProfileTally {
    reachable: Option<RowFilter>,
    /// In the order of first appearance.
    counts: Vec<ProfileCount>,
}

#[derive(Debug, Clone)]
struct ProfileCount {
    id: String,
    rows: u64,
    reachable: u64,
}

impl ProfileTally {
    /// A tally of zero. `reachable` selects the rows of reachable people.
    pub fn new(reachable: Option<RowFilter>) -> Self {
        Self { reachable, counts: Vec::new() }
    }

    /// Counts a batch with all columns of the resource and of the profile.
    pub(super) fn add_batch(&mut self, batch: &RecordBatch) {
        let Some(id) = profile_of(batch) else { return };
        // Profiles are read one after another.
        if self.counts.last().is_none_or(|last| last.id != id) {
            self.counts.push(ProfileCount { id: id.to_owned(), rows: 0, reachable: 0 });
        }
        let Some(count) = self.counts.last_mut() else { return };
        count.rows += batch.num_rows() as u64;
        count.reachable += self.reachable.map_or(0, |filter| filter(batch).true_count() as u64);
    }

    /// Adds the counts to the facts about each profile.
    pub fn add_to(&self, profiles: &mut [ProfileFacts]) {
        for profile in profiles {
            let count = self.counts.iter().find(|count| count.id == profile.id);
            profile.rows = count.map_or(0, |count| count.rows);
            profile.reachable = self.reachable.map(|_| count.map_or(0, |count| count.reachable));
        }
    }
}
