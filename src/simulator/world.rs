//! The contacts of one account: which exist, in which order, and what happened to them.
//!
//! A [`World`] serves the endpoints (a window of the list, one contact) and applies the steps of movement. It also keeps the
//! records that a test compares an export with: see [`Truth`].
//!
//! *Easy to get wrong:* a contact counts as *present throughout* only if it existed when the first list request arrived
//! and still does. Contacts created or deleted in between may be in an export or not; neither is an error.
//!
//! Memory: the [`Roster`] (nothing, or four bytes per contact) and a few bytes for every contact that was touched.
//!
//! The unit tests change a small list and check these records.

use std::collections::{HashMap, HashSet};

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::contact::Contact;
use super::filter::{Filter, FilteredRows};
use super::maker::ContactChange;
use super::movement::{MoveKind, MoveStep};
use super::order::Order;
use super::pool::Pool;
use super::roster::{Roster, mixed_positions};
use super::times::Ticks;

/// Number of cached filters.
const MAX_CACHED_FILTERS: usize = 4;

/// Ground truth about the organization's list: what an export must and may contain.
///
/// Contacts without an id, which only hostile mode has, are counted and not listed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Truth {
    /// The ids in the list now, in its order.
    #[serde(serialize_with = "as_texts")]
    pub present_now: Vec<Uuid>,
    /// The ids in the list since the first list request, oldest contacts first.
    #[serde(serialize_with = "as_texts")]
    pub present_throughout: Vec<Uuid>,
    /// The ids created since the first list request, including those deleted again.
    #[serde(serialize_with = "as_texts")]
    pub created_during: Vec<Uuid>,
    /// The ids deleted since the first list request.
    #[serde(serialize_with = "as_texts")]
    pub deleted_during: Vec<Uuid>,
    /// The ids updated since the first list request.
    #[serde(serialize_with = "as_texts")]
    pub updated_during: Vec<Uuid>,
    /// Number of contacts that ever existed, including those without an id.
    pub ever: u64,
    /// Number of items in the list now that have no id or are not objects.
    pub unidentified_now: u64,
}

/// Writes ids as the API does.
pub(super) fn as_texts<S: Serializer>(ids: &[Uuid], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(Uuid::to_string))
}

/// A window of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListWindow {
    /// The contacts in it.
    pub(super) indexes: Vec<u32>,
    /// Number of contacts in the whole list.
    pub(super) total: u32,
}

/// The contacts of an account.
#[derive(Debug, Clone)]
pub(super) struct World {
    pool: Pool,
    roster: Roster,
    order: Order,
    /// The index that the next contact gets.
    next_index: u32,
    changes: HashMap<u32, ContactChange>,
    /// Every contact created or updated, in order, some several times.
    touched: Vec<u32>,
    deleted: HashSet<u32>,
    /// The state of the list at the first list request.
    first_read: Option<FirstRead>,
    filtered: Vec<FilteredRows>,
    /// Number of changes to the list.
    generation: u64,
    /// If there are several accounts: the rows of each, with the generation in which they were cached.
    owned: HashMap<usize, (u64, Vec<u32>)>,
}

#[derive(Debug, Clone)]
struct FirstRead {
    next_index: u32,
    deleted: HashSet<u32>,
    touches: usize,
}

impl World {
    /// The initial contacts.
    pub(super) fn new(pool: impl Into<Pool>, order: Order) -> Self {
        let pool = pool.into();
        Self {
            roster: Roster::new(order, &pool),
            order,
            next_index: pool.initial(),
            pool,
            changes: HashMap::new(),
            touched: Vec::new(),
            deleted: HashSet::new(),
            first_read: None,
            filtered: Vec::new(),
            generation: 0,
            owned: HashMap::new(),
        }
    }

    /// Number of contacts in the list.
    pub(super) fn len(&self) -> u32 {
        self.roster.len()
    }

    /// The contact with this index, as it is now.
    pub(super) fn contact(&self, index: u32) -> Contact {
        self.pool.contact(index, self.changes.get(&index).copied().unwrap_or_default())
    }

    /// The index of a contact that exists or once existed.
    pub(super) fn index_of(&self, id: Uuid) -> Option<u32> {
        self.pool.index_of(id).filter(|index| *index < self.next_index)
    }

    /// True if the contact is in the list.
    pub(super) fn is_present(&self, index: u32) -> bool {
        index < self.next_index && !self.deleted.contains(&index)
    }

    /// The indexes in the list, in its order; of one account only, if given.
    pub(super) fn indexes(&self, owner: Option<usize>) -> Vec<u32> {
        self.roster.iter().filter(|index| self.is_of(*index, owner)).collect()
    }

    /// Initial number of contacts.
    pub(super) fn initial(&self) -> u32 {
        self.pool.initial()
    }

    /// True if the order of ties is unstable.
    pub(super) fn is_unstable(&self) -> bool {
        self.order == Order::Unstable
    }

    /// The account of this contact, if there are several.
    pub(super) fn owner_of(&self, index: u32) -> usize {
        self.pool.owner_of(index)
    }

    /// True if the contact belongs to this account, or no account is given.
    pub(super) fn is_of(&self, index: u32, owner: Option<usize>) -> bool {
        owner.is_none_or(|owner| self.pool.owner_of(index) == owner)
    }

    /// Starts recording, if this is the first list request.
    pub(super) fn note_reader(&mut self) {
        self.first_read.get_or_insert_with(|| FirstRead {
            next_index: self.next_index,
            deleted: self.deleted.clone(),
            touches: self.touched.len(),
        });
    }

    /// Stops recording; the next list request starts it again.
    pub(super) fn forget_reader(&mut self) {
        self.first_read = None;
    }

    /// The contacts that match the filter, from `offset` on, as request number `request` sees them; only those of one account,
    /// if given.
    pub(super) fn window(
        &mut self,
        owner: Option<usize>,
        filter: &Filter,
        offset: u64,
        size: u32,
        request: u64,
    ) -> ListWindow {
        let mut filtered = (!filter.is_empty()).then(|| self.filtered_indexes(filter));
        if let Some(owner) = owner {
            filtered = Some(match filtered {
                Some(indexes) => indexes.into_iter().filter(|index| self.pool.owner_of(*index) == owner).collect(),
                None => self.owned_indexes(owner),
            });
        }
        let total =
            filtered.as_ref().map_or(self.roster.len(), |indexes| u32::try_from(indexes.len()).unwrap_or(u32::MAX));
        let start = u32::try_from(offset).unwrap_or(u32::MAX).min(total);
        let range = start..start.saturating_add(size).min(total);
        let at = |position: u32| match &filtered {
            Some(indexes) => indexes[position as usize],
            None => self.roster.at(position),
        };
        let indexes = if self.order == Order::Unstable {
            mixed_positions(range, total, self.pool.seed(), request).into_iter().map(at).collect()
        } else {
            range.map(at).collect()
        };
        ListWindow { indexes, total }
    }

    /// All indexes of one account, in the order of the list.
    fn owned_indexes(&mut self, owner: usize) -> Vec<u32> {
        if self.owned.get(&owner).is_none_or(|(generation, _)| *generation != self.generation) {
            self.owned.insert(owner, (self.generation, self.indexes(Some(owner))));
        }
        self.owned[&owner].1.clone()
    }

    /// All matching indexes, in the order of the list.
    fn filtered_indexes(&mut self, filter: &Filter) -> Vec<u32> {
        let mut rows = match self.filtered.iter().position(|rows| rows.filter() == filter) {
            Some(place) => self.filtered.remove(place),
            None => FilteredRows::new(filter.clone()),
        };
        rows.renew(self.next_index, &self.touched, |index| self.contact(index));
        let indexes = self.roster.iter().filter(|index| rows.fits(*index)).collect();
        self.filtered.insert(0, rows);
        self.filtered.truncate(MAX_CACHED_FILTERS);
        indexes
    }

    /// Takes a step of movement while a window is being requested; false if there was no row to change.
    pub(super) fn take(&mut self, step: MoveStep, window: (u64, u32), now: Ticks) -> bool {
        let row = step.place.draw(step.number, self.pool.seed(), self.roster.len(), window);
        match step.kind {
            MoveKind::Create => {
                self.create(now);
                true
            }
            MoveKind::Delete => self.delete_at(row),
            MoveKind::Update => self.update_at(row, now),
            MoveKind::Replace => {
                let deleted = self.delete_at(row);
                if deleted {
                    self.create(now);
                }
                deleted
            }
        }
    }

    fn create(&mut self, now: Ticks) {
        let index = self.note_creation(now);
        self.roster.insert(index);
    }

    /// Adds a contact created earlier, at its position in the order of creation.
    pub(super) fn commit(&mut self, created: Ticks) {
        let index = self.note_creation(created);
        let is_newer = |other: u32| self.changes.get(&other).is_some_and(|change| change.created > Some(created));
        let newer = self.roster.count_last(is_newer);
        self.roster.insert_late(index, newer);
    }

    fn note_creation(&mut self, created: Ticks) -> u32 {
        let index = self.next_index;
        self.next_index += 1;
        self.generation += 1;
        self.changes.insert(index, ContactChange { created: Some(created), ..ContactChange::default() });
        self.touched.push(index);
        index
    }

    fn delete_at(&mut self, row: u32) -> bool {
        let removed = self.roster.remove(row);
        self.generation += 1;
        self.deleted.extend(removed);
        removed.is_some()
    }

    fn update_at(&mut self, row: u32, now: Ticks) -> bool {
        let Some(index) = self.roster.touch(row) else { return false };
        self.generation += 1;
        let change = self.changes.entry(index).or_default();
        change.updated = Some(now);
        change.revision += 1;
        self.touched.push(index);
        true
    }

    /// What an export must and may contain.
    pub(super) fn truth(&self) -> Truth {
        let ids = |indexes: &mut dyn Iterator<Item = u32>| -> Vec<Uuid> {
            indexes.filter(|index| self.is_identified(*index)).map(|index| self.pool.id(index)).collect()
        };
        let present_now = ids(&mut self.roster.iter());
        let unidentified_now = u64::from(self.roster.len()) - present_now.len() as u64;
        let (next_index, deleted_before, touches) = match &self.first_read {
            Some(first) => (first.next_index, Some(&first.deleted), first.touches),
            None => (self.next_index, Some(&self.deleted), self.touched.len()),
        };
        let was_deleted_before = |index: &u32| deleted_before.is_some_and(|before| before.contains(index));
        let mut updated: Vec<u32> = self.touched[touches..].to_vec();
        updated.retain(|index| self.changes.get(index).is_some_and(|change| change.revision > 0));
        updated.sort_unstable();
        updated.dedup();
        let mut deleted: Vec<u32> = self.deleted.iter().filter(|index| !was_deleted_before(index)).copied().collect();
        deleted.sort_unstable();
        Truth {
            present_throughout: ids(&mut (0..next_index).filter(|index| !self.deleted.contains(index))),
            created_during: ids(&mut (next_index..self.next_index)),
            deleted_during: ids(&mut deleted.into_iter()),
            updated_during: ids(&mut updated.into_iter()),
            ever: u64::from(self.next_index),
            present_now,
            unidentified_now,
        }
    }

    /// True unless hostile mode removed the contact's id.
    fn is_identified(&self, index: u32) -> bool {
        !self.pool.is_hostile() || self.contact(index).is_identified()
    }
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
