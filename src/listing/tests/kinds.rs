//! The kinds of histories: which lists are read, what happens to them, and how they are read.

use super::changes::{Count, ListChange};
use super::model::{FailingWindows, ReadScenario};
use super::orders::{ModelOrder, STABLE_ORDERS};
use super::world::ListModel;
use crate::listing::Consistency;

pub(super) type Make = fn(&mut fastrand::Rng) -> (ListModel, ReadScenario);

/// A list and a scenario with what all kinds share.
pub(super) fn base(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let rows = [random.usize(100..600), random.usize(600..3_000), random.usize(600..3_000)][random.usize(0..3)];
    let page_size = [100, 100, 50, 37, 25, 20][random.usize(0..6)];
    let order = STABLE_ORDERS[random.usize(0..STABLE_ORDERS.len())];
    let reading = ReadScenario {
        page_size,
        concurrency: [1, 2, 4, 8, 8, 16][random.usize(0..6)],
        latency: [0, 300_000, 1_000_000, 2_000_000][random.usize(0..4)],
        pace: [0, 20_000, 300_000][random.usize(0..3)],
        consistency: Consistency::Auto,
        stops: [None, None],
        not_before: None,
        failures: FailingWindows::default(),
        allow_missing_pages: false,
        limit: None,
    };
    (ListModel::new(rows, order, 100, random.u64(..)), reading)
}

/// A rate between one change a minute and one a second.
pub(super) fn rate(random: &mut fastrand::Rng) -> f64 {
    (random.f64() * 4.0 - 4.0).exp()
}

/// The number of a request, early in the run, late or anywhere.
pub(super) fn moment(random: &mut fastrand::Rng, rows: usize) -> u64 {
    random.u64(1..(rows as u64 / 20).max(3))
}

pub(super) fn still(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    base(random)
}

pub(super) fn restless(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, reading) = base(random);
    let changes = [
        ListChange::Create,
        ListChange::Delete,
        ListChange::Update,
        ListChange::Replace,
        ListChange::UpdateAgain,
        ListChange::Enrich,
    ];
    for change in changes.into_iter().filter(|_| random.bool()).collect::<Vec<_>>() {
        world.rates.push((rate(random), change));
    }
    (world, reading)
}

/// Rows move and disappear with every request, so that boundaries are searched for while answers wait.
pub(super) fn contended(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (_, mut reading) = base(random);
    if reading.latency == 0 {
        (reading.latency, reading.pace) = (300_000, 0);
    }
    let order = [ModelOrder::UpdatedAscending, STABLE_ORDERS[random.usize(0..STABLE_ORDERS.len())]][random.usize(0..2)];
    let mut world = ListModel::new(random.usize(300..1_500), order, 100, random.u64(..));
    let micros_a_request = (reading.latency / reading.concurrency as u64).max(reading.pace);
    let requests_a_second = 1e6 / f64::from(u32::try_from(micros_a_request).expect("a few seconds"));
    world.rates = vec![
        (requests_a_second * (0.5 + random.f64() * 1.5), ListChange::Update),
        (requests_a_second * (1.0 + random.f64()), ListChange::Delete),
    ];
    if random.bool() {
        world.rates.push((requests_a_second * random.f64() * 2.0, ListChange::Create));
    }
    (world, reading)
}

pub(super) fn counted(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, reading) = restless(random);
    world.count = [Count::Before, Count::After, Count::Cached(random.u64(100_000..4_000_000)), Count::Missing]
        [random.usize(0..4)];
    (world, reading)
}

pub(super) fn filtered(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, reading) = base(random);
    world.rates = vec![
        (rate(random), ListChange::Leave),
        (rate(random), ListChange::Enter),
        (rate(random), ListChange::CommitLate),
    ];
    if random.bool() {
        world.rates.push((rate(random), ListChange::Delete));
    }
    (world, reading)
}

pub(super) fn bulk(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, reading) = if random.bool() { base(random) } else { restless(random) };
    let rows = world.throughout.len();
    for _ in 0..random.usize(1..3) {
        let change = match random.u8(0..5) {
            0 => ListChange::Import(random.usize(1..rows.max(2))),
            1 => ListChange::Import(random.usize(1..200)),
            2 => ListChange::DeleteShare(random.u32(1..90)),
            3 => ListChange::DeleteRange(random.usize(1..rows.max(2))),
            _ => ListChange::UpdateShare(random.u32(1..60)),
        };
        world.scripts.push((moment(random, rows), change));
    }
    world.scripts.push((random.u64(1..10), ListChange::Create));
    (world, reading)
}

pub(super) fn undated(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, reading) = restless(random);
    world.has_dates = false;
    (world, reading)
}

pub(super) fn small_pages(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (world, reading) = if random.bool() { restless(random) } else { bulk(random) };
    (world, ReadScenario { page_size: random.u32(1..20), ..reading })
}

pub(super) fn lagging(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, reading) = restless(random);
    world.lag = Some((random.u64(100_000..3_000_000), random.f64() * 0.5));
    (world, reading)
}

/// Runs that are stopped once or twice, anywhere up to the closing reads, and resumed.
pub(super) fn stopped(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (world, reading) = if random.bool() { restless(random) } else { bulk(random) };
    let pages = (world.throughout.len() as u64 / u64::from(reading.page_size)).max(4);
    let stops = [Some(random.u64(1..pages + pages / 2)), Some(random.u64(1..pages)).filter(|_| random.bool())];
    (world, ReadScenario { stops, ..reading })
}

/// Only the newest rows are requested, from a list that is usually sorted by creation time.
pub(super) fn spans(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, mut reading) = match random.u8(0..3) {
        0 => still(random),
        1 => restless(random),
        _ => stopped(random),
    };
    let rows = world.throughout.len();
    if random.u8(0..4) > 0 {
        let mut sorted = ListModel::new(rows, ModelOrder::CreatedDescending, world.cap, random.u64(..));
        (sorted.rates, sorted.scripts) = (std::mem::take(&mut world.rates), std::mem::take(&mut world.scripts));
        world = sorted;
    }
    reading.not_before = Some(ListModel::time_of(random.usize(0..=rows)));
    (world, reading)
}

/// Orders in which a row that changes moves to the middle, or in which rows come in another order each time.
pub(super) fn unordered(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let orders = [
        ModelOrder::NullableAscending,
        ModelOrder::NullableDescending,
        ModelOrder::MigratedAscending,
        ModelOrder::MigratedDescending,
        ModelOrder::Grouped,
        ModelOrder::Heap,
        ModelOrder::Unstable,
    ];
    let order = orders[random.usize(0..orders.len())];
    let (_, mut reading) = base(random);
    let mut world = ListModel::new(random.usize(200..2_000), order, 100, random.u64(..));
    for change in [ListChange::Create, ListChange::Delete, ListChange::Update] {
        if random.bool() {
            world.rates.push((rate(random), change));
        }
    }
    if random.u8(0..4) == 0 {
        // Often during the second read.
        let pages = world.throughout.len() as u64 / u64::from(reading.page_size);
        reading.stops = [Some(random.u64(1..pages * 5 / 2 + 4)), None];
    }
    (world, reading)
}

/// Rows move up into the middle of a list sorted by last change, because their times are those of transactions that commit
/// late, while many others move to its start.
pub(super) fn late_updates(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (_, reading) = base(random);
    let mut world = ListModel::new(random.usize(600..3_000), ModelOrder::UpdatedDescending, 100, random.u64(..));
    world.rates = vec![(1.0 + random.f64() * 4.0, ListChange::Update), (rate(random), ListChange::UpdateLate)];
    (world, reading)
}

/// Rows of one import share a time, and one that changes moves among them.
pub(super) fn tied(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let order = [ModelOrder::TiedAscending, ModelOrder::TiedDescending][random.usize(0..2)];
    let (_, mut reading) = base(random);
    let rows = random.usize(200..3_000);
    let mut world = ListModel::new(rows, order, 100, random.u64(..));
    world.rates.push((rate(random) * 5.0, ListChange::Update));
    for change in [ListChange::Create, ListChange::Delete] {
        if random.bool() {
            world.rates.push((rate(random), change));
        }
    }
    if random.u8(0..4) == 0 {
        reading.failures.rate = 0.02;
    }
    if random.u8(0..4) == 0 {
        world.scripts.push((moment(random, rows), ListChange::DeleteRange(random.usize(1..100))));
    }
    (world, reading)
}

/// Rows move among those of the same time while a row is deleted with almost every request, so that others slip from one
/// page to the one before it.
pub(super) fn slipping(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, mut reading) = tied(random);
    reading.failures.rate = 0.0;
    let micros_a_request = (reading.latency / reading.concurrency as u64).max(reading.pace).max(20_000);
    reading.pace = reading.pace.max(20_000);
    let requests_a_second = 1e6 / f64::from(u32::try_from(micros_a_request).expect("a few seconds"));
    world.rates = vec![
        (requests_a_second * random.f64() * 2.0, ListChange::Delete),
        (requests_a_second * random.f64(), ListChange::Update),
    ];
    (world, reading)
}

/// Rows move to an end of the list although their fields do not change.
pub(super) fn touched(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let order = [ModelOrder::ActivityAscending, ModelOrder::ActivityDescending][random.usize(0..2)];
    let (_, reading) = base(random);
    let mut world = ListModel::new(random.usize(200..3_000), order, 100, random.u64(..));
    world.rates.push((rate(random) * 5.0, ListChange::Touch));
    for change in [ListChange::Create, ListChange::Delete, ListChange::Update] {
        if random.bool() {
            world.rates.push((rate(random), change));
        }
    }
    if random.bool() {
        let at = moment(random, world.throughout.len());
        world.scripts.push((at, ListChange::DeleteRange(random.usize(5..40))));
    }
    (world, reading)
}

/// Counts are too high, so windows after the end are requested, which the service refuses.
pub(super) fn refused(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, mut reading) = restless(random);
    let rows = world.throughout.len();
    world.count = Count::Cached(random.u64(1_000_000..10_000_000));
    world.scripts.push((2, ListChange::DeleteShare(random.u32(5..60))));
    world.scripts.push((moment(random, rows), ListChange::DeleteRange(random.usize(1..300))));
    (reading.failures.refuses_after_end, reading.allow_missing_pages) = (true, random.bool());
    (world, reading)
}

/// Windows fail for good or for a while, beside all kinds of changes.
pub(super) fn failing(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (world, mut reading) = match random.u8(0..5) {
        0 => still(random),
        1 => restless(random),
        2 => contended(random),
        3 => stopped(random),
        _ => bulk(random),
    };
    reading.failures.rate = [0.002, 0.02, 0.1][random.usize(0..3)];
    reading.failures.broken_rows = [0, 0, 1, 3][random.usize(0..4)];
    if random.u8(0..8) == 0 {
        reading.failures.refused_from = Some(random.u64(1..=world.throughout.len() as u64));
    }
    reading.allow_missing_pages = reading.failures.broken_rows > 0 || random.u8(0..4) == 0;
    (world, reading)
}

/// A window fails, and many rows before it disappear before it is requested again.
pub(super) fn deleted_before_a_gap(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let order = STABLE_ORDERS[random.usize(0..STABLE_ORDERS.len())];
    let mut world = ListModel::new(random.usize(1_000..6_000), order, 100, random.u64(..));
    let (_, mut reading) = base(random);
    (reading.page_size, reading.failures.rate) = (100, 0.03);
    let pages = world.throughout.len() as u64 / 100;
    let change = match random.u8(0..4) {
        0 => ListChange::DeleteShare(random.u32(1..40)),
        1 => ListChange::Import(random.usize(50..600)),
        _ => ListChange::DeleteRange(random.usize(50..800)),
    };
    world.scripts = vec![(random.u64(pages / 2..pages + 2), change)];
    (world, reading)
}

/// The whole list is read a second time.
pub(super) fn strict(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (world, mut reading) = match random.u8(0..4) {
        0 => still(random),
        1 => restless(random),
        2 => failing(random),
        _ => spans(random),
    };
    reading.consistency = Consistency::Strict;
    (world, reading)
}

/// Reading stops after a number of rows.
pub(super) fn limited(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (world, mut reading) = still(random);
    reading.limit = Some(random.u64(1..=world.throughout.len() as u64 + 20));
    reading.failures.rate = [0.0, 0.05][random.usize(0..2)];
    (world, reading)
}
