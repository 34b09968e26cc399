//! Inconsistencies of real services.
//!
//! [`Service`] settings make responses disagree with each other, as they may behind a real API: count and rows of a
//! page come from two statements, counts are cached, rows are committed after their creation time, replicas lag. All
//! are off by default. [`CachedTotals`] and [`Replicas`] implement caching and lag for `state`.
//!
//! *Easy to get wrong:* a replica applies the same steps in the same order as the primary list, only later. So its
//! data is outdated but never wrong. Two consecutive responses may come from different replicas, and the second may be the
//! older one.
//!
//! Three copies respond: the primary, and replicas with half of the lag and all of it.
//!
//! The unit tests pass the time as an argument.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::movement::MoveStep;
use super::random::{DrawPurpose, Draws};
use super::times::Ticks;
use super::world::World;

/// Maximum number of cached counts, enough for all filters that a test may use.
const MAX_CACHED_COUNTS: usize = 64;

/// How responses may disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Service {
    /// The total of a page is counted before the list changes, and its rows are read afterwards.
    pub split_count: bool,
    /// How long totals are cached.
    pub cached_count: Duration,
    /// Maximum time from the creation time of a row until it is visible.
    pub late_commits: Duration,
    /// Maximum lag of replicas.
    pub replica_lag: Duration,
}

/// Cached totals.
#[derive(Debug)]
pub(super) struct CachedTotals {
    lifetime: Duration,
    known: HashMap<String, (Instant, u32)>,
}

impl CachedTotals {
    /// An empty cache.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { lifetime, known: HashMap::new() }
    }

    /// The total shown for a list now, given the true one.
    pub(super) fn shown(&mut self, list: &str, now: Instant, total: u32) -> u32 {
        if self.lifetime.is_zero() {
            return total;
        }
        let lifetime = self.lifetime;
        self.known.retain(|_, (since, _)| now.saturating_duration_since(*since) < lifetime);
        if self.known.len() >= MAX_CACHED_COUNTS && !self.known.contains_key(list) {
            return total;
        }
        self.known.entry(list.to_owned()).or_insert((now, total)).1
    }
}

/// A change to the list of contacts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// A step of movement, taken while this window was requested.
    Step(MoveStep, (u64, u32), Ticks),
    /// A contact created at this time became visible.
    Commit(Ticks),
}

impl Event {
    /// Applies the change; false if there was no row to change.
    pub(super) fn happen(self, world: &mut World) -> bool {
        match self {
            Self::Step(step, window, now) => world.take(step, window, now),
            Self::Commit(created) => {
                world.commit(created);
                true
            }
        }
    }
}

/// Copies of the list of contacts that lag.
#[derive(Debug, Default)]
pub(super) struct Replicas {
    list: Vec<Replica>,
    seed: u64,
}

#[derive(Debug)]
struct Replica {
    world: World,
    lag: Duration,
    /// Changes that are not applied yet.
    waiting: VecDeque<(Instant, Event)>,
}

impl Replicas {
    /// Replicas of this list, if there is a lag.
    pub(super) fn new(world: &World, lag: Duration, seed: u64) -> Self {
        let replica = |lag| Replica { world: world.clone(), lag, waiting: VecDeque::new() };
        let list = if lag.is_zero() { Vec::new() } else { vec![replica(lag / 2), replica(lag)] };
        Self { list, seed }
    }

    /// Sends a change to the replicas.
    pub(super) fn tell(&mut self, at: Instant, event: Event) {
        for replica in &mut self.list {
            replica.waiting.push_back((at, event));
        }
    }

    /// The replica that answers this request; `None` is the primary.
    pub(super) fn pick(&self, request: u64) -> Option<usize> {
        let count = u32::try_from(self.list.len()).ok().filter(|count| *count > 0)?;
        Draws::new(self.seed, DrawPurpose::Replica, request)
            .below(count + 1)
            .checked_sub(1)
            .map(|number| number as usize)
    }

    /// How much a replica lags.
    pub(super) fn lag(&self, number: usize) -> Duration {
        self.list[number].lag
    }

    /// A replica as it is now.
    pub(super) fn world(&mut self, number: usize, now: Instant) -> &mut World {
        let replica = &mut self.list[number];
        let known = replica.waiting.iter().take_while(|(at, _)| *at + replica.lag <= now).count();
        for (_, event) in replica.waiting.drain(..known) {
            event.happen(&mut replica.world);
        }
        &mut replica.world
    }
}

#[cfg(test)]
mod tests {
    use super::super::maker::Maker;
    use super::super::movement::{MoveKind, MovePlace};
    use super::super::order::Order;
    use super::*;

    #[test]
    fn a_count_is_cached_for_its_lifetime() {
        let now = Instant::now();
        let mut counts = CachedTotals::new(Duration::from_secs(3));
        assert_eq!(counts.shown("a", now, 10), 10);
        assert_eq!(counts.shown("a", now + Duration::from_secs(2), 12), 10);
        assert_eq!(counts.shown("b", now + Duration::from_secs(2), 7), 7);
        assert_eq!(counts.shown("a", now + Duration::from_secs(3), 12), 12);
        let mut none = CachedTotals::new(Duration::ZERO);
        assert_eq!((none.shown("a", now, 1), none.shown("a", now, 2)), (1, 2));
    }

    #[test]
    fn a_replica_lags_and_then_catches_up() {
        let mut world =
            World::new(Maker { seed: 4, initial: 500, customer_id: None, hostile: false }, Order::CreatedDescending);
        let (lag, start) = (Duration::from_millis(800), Instant::now());
        let mut replicas = Replicas::new(&world, lag, 1);
        for number in 0..20 {
            let kind = if number % 2 == 0 { MoveKind::Create } else { MoveKind::Delete };
            let event = Event::Step(MoveStep { kind, place: MovePlace::Anywhere, number }, (0, 100), Ticks(1));
            assert!(event.happen(&mut world));
            replicas.tell(start, event);
        }
        let before: Vec<u32> = (0..500).rev().collect();
        assert_eq!(replicas.world(0, start).indexes(None), before);
        assert_eq!(replicas.world(0, start + lag / 2).indexes(None), world.indexes(None));
        assert_eq!(replicas.world(1, start + lag / 2).indexes(None), before);
        assert_eq!(replicas.world(1, start + lag).indexes(None), world.indexes(None));
        let picked: Vec<Option<usize>> = (0..50).map(|request| replicas.pick(request)).collect();
        assert!([None, Some(0), Some(1)].iter().all(|which| picked.contains(which)));
        assert_eq!(Replicas::new(&world, Duration::ZERO, 1).pick(1), None);
    }
}
