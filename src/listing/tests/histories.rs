//! Thousands of *histories*: simulated lists that change while they are read.
//!
//! `cargo test` runs more than a thousand. `HISTORIES=1200 cargo test --release listing::tests -- --nocapture` runs 1200 of each
//! kind and prints a summary. The message of a failed history contains its seed; `HISTORY=kind:seed` runs that history
//! alone and prints its evidence.

use super::model::{ReadOutcome, ReadScenario, read};
use super::world::{Count, ListChange, ListModel, ModelOrder, STABLE_ORDERS};
use crate::listing::Consistency;
use crate::verdict::{EvidenceCode, Verdict};

/// Histories of each of the eleven kinds in an ordinary test run, more than a thousand in all.
const DEFAULT_HISTORIES: u64 = 100;

type Make = fn(&mut fastrand::Rng) -> (ListModel, ReadScenario);

/// A list and a scenario with what all kinds share.
fn base(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
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
    };
    (ListModel::new(rows, order, 100, random.u64(..)), reading)
}

/// A rate between one change a minute and one a second.
fn rate(random: &mut fastrand::Rng) -> f64 {
    (random.f64() * 4.0 - 4.0).exp()
}

/// The number of a request, early in the run, late or anywhere.
fn moment(random: &mut fastrand::Rng, rows: usize) -> u64 {
    random.u64(1..(rows as u64 / 20).max(3))
}

fn still(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    base(random)
}

fn restless(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
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
fn contended(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
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

fn counted(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, reading) = restless(random);
    world.count = [Count::Before, Count::After, Count::Cached(random.u64(100_000..4_000_000)), Count::Missing]
        [random.usize(0..4)];
    (world, reading)
}

fn filtered(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
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

fn bulk(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
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

fn undated(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, reading) = restless(random);
    world.has_dates = false;
    (world, reading)
}

fn small_pages(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (world, reading) = if random.bool() { restless(random) } else { bulk(random) };
    (world, ReadScenario { page_size: random.u32(1..20), ..reading })
}

fn lagging(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (mut world, reading) = restless(random);
    world.lag = Some((random.u64(100_000..3_000_000), random.f64() * 0.5));
    (world, reading)
}

/// Runs that are stopped once or twice, anywhere up to the closing reads, and resumed.
fn stopped(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let (world, reading) = if random.bool() { restless(random) } else { bulk(random) };
    let pages = (world.throughout.len() as u64 / u64::from(reading.page_size)).max(4);
    let stops = [Some(random.u64(1..pages + pages / 2)), Some(random.u64(1..pages)).filter(|_| random.bool())];
    (world, ReadScenario { stops, ..reading })
}

/// Only the newest rows are requested, from a list that is usually sorted by creation time.
fn spans(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
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
fn unordered(random: &mut fastrand::Rng) -> (ListModel, ReadScenario) {
    let order = [ModelOrder::NullableAscending, ModelOrder::NullableDescending, ModelOrder::Heap, ModelOrder::Unstable]
        [random.usize(0..4)];
    let (_, reading) = base(random);
    let mut world = ListModel::new(random.usize(200..2_000), order, 100, random.u64(..));
    for change in [ListChange::Create, ListChange::Delete, ListChange::Update] {
        if random.bool() {
            world.rates.push((rate(random), change));
        }
    }
    (world, reading)
}

/// Results of all histories of one kind.
#[derive(Debug, Default)]
struct HistoryTally {
    histories: u64,
    complete: u64,
    healed: u64,
    unverified: u64,
    unverified_without_loss: u64,
    /// Seeds and evidence codes of some of these.
    seeds: Vec<(u64, String)>,
    false_verdicts: Vec<(u64, usize)>,
    requests: u64,
    pages: u64,
}

fn run(kind: &str, make: Make) -> HistoryTally {
    let one = std::env::var("HISTORY").ok();
    let only = one.as_deref().and_then(|one| one.split_once(':'));
    if only.is_some_and(|(name, _)| name != kind) {
        return HistoryTally::default();
    }
    let seeds = match only {
        Some((_, seed)) => seed.parse().map(|seed: u64| seed..seed + 1).expect("HISTORY is kind:seed"),
        None => 0..std::env::var("HISTORIES").map_or(DEFAULT_HISTORIES, |count| count.parse().expect("a number")),
    };
    let mut tally = HistoryTally::default();
    for seed in seeds {
        let mut random = fastrand::Rng::with_seed(seed ^ kind.bytes().fold(0, |sum, byte| sum * 31 + u64::from(byte)));
        let (world, reading) = make(&mut random);
        let rows = world.throughout.len() as u64;
        let outcome: ReadOutcome = read(world, reading);
        assert!(only.is_none(), "{reading:?}\n{outcome:#?}");
        tally.histories += 1;
        tally.requests += outcome.requests;
        tally.pages += rows.div_ceil(u64::from(reading.page_size)).max(1);
        match outcome.verdict {
            Verdict::Complete => tally.complete += 1,
            Verdict::Healed => tally.healed += 1,
            Verdict::Unverified => tally.unverified += 1,
        }
        if outcome.verdict == Verdict::Unverified {
            tally.unverified_without_loss += u64::from(outcome.lost == 0);
            if outcome.lost == 0 && tally.seeds.len() < 8 {
                let codes = outcome.evidence.iter().map(|line| format!("{:?}", line.code));
                tally.seeds.push((seed, codes.collect::<Vec<_>>().join(" ")));
            }
        } else if outcome.lost > 0 {
            tally.false_verdicts.push((seed, outcome.lost));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "an approximate ratio for the output")]
    let ratio = tally.requests as f64 / tally.pages.max(1) as f64;
    eprintln!("{kind:12} requests/pages {ratio:.3} {tally:?}");
    assert!(tally.false_verdicts.is_empty(), "{kind}: false verdicts (seed, lost): {:?}", tally.false_verdicts);
    tally
}

/// Allows at most one history in fifty to be `unverified` without a lost row. The lists change many times as often as
/// those of a real account.
fn run_well(kind: &str, make: Make) {
    let tally = run(kind, make);
    let is_rare = tally.unverified_without_loss * 50 <= tally.histories;
    assert!(is_rare, "{kind}: too often unverified without a lost row: {tally:?}");
}

#[test]
fn a_list_that_does_not_change_is_complete() {
    let tally = run("still", still);
    assert_eq!(tally.complete, tally.histories);
}

#[test]
fn fast_changing_lists_lose_nothing() {
    run_well("restless", restless);
}

#[test]
fn rows_that_move_with_every_request_are_not_lost() {
    run("contended", contended);
}

#[test]
fn counts_of_another_moment_lose_nothing() {
    run_well("counted", counted);
}

#[test]
fn late_commits_and_rows_that_enter_a_filter_lose_nothing() {
    run_well("filtered", filtered);
}

#[test]
fn imports_and_bulk_deletions_lose_nothing() {
    run_well("bulk", bulk);
}

#[test]
fn rows_without_dates_are_not_lost() {
    run("undated", undated);
}

#[test]
fn small_pages_lose_nothing() {
    run("small_pages", small_pages);
}

#[test]
fn replicas_that_lag_lose_nothing() {
    run("lagging", lagging);
}

#[test]
fn runs_that_are_stopped_and_resumed_lose_nothing() {
    run_well("stopped", stopped);
}

#[test]
fn spans_lose_nothing_and_hold_nothing_older() {
    run_well("spans", spans);
}

#[test]
fn a_short_span_of_a_long_sorted_list_costs_a_few_pages() {
    let read_newest = |order, newest: usize| {
        let (_, reading) = base(&mut fastrand::Rng::with_seed(1));
        let not_before = Some(ListModel::time_of(50_000 - newest));
        let reading = ReadScenario { page_size: 100, concurrency: 8, latency: 100_000, pace: 0, not_before, ..reading };
        read(ListModel::new(50_000, order, 100, 7), reading)
    };
    for (newest, most) in [(0, 6), (10, 6), (250, 12), (3_000, 60)] {
        let outcome = read_newest(ModelOrder::CreatedDescending, newest);
        assert_eq!((outcome.lost, outcome.verdict), (0, Verdict::Complete), "{newest} {outcome:?}");
        assert!(outcome.requests <= most, "{newest}: {} requests", outcome.requests);
        assert!(outcome.evidence.iter().any(|line| line.code == EvidenceCode::SpanEndProven), "{outcome:?}");
    }
    let unsorted = read_newest(ModelOrder::CreatedAscending, 250);
    assert_eq!((unsorted.lost, unsorted.verdict), (0, Verdict::Complete), "{unsorted:?}");
    assert!(unsorted.requests > 500, "a list in another order is read to its end");
    let codes: Vec<EvidenceCode> = unsorted.evidence.iter().map(|line| line.code).collect();
    assert!(codes.contains(&EvidenceCode::NotSortedByCreation) && codes.contains(&EvidenceCode::OlderRowsLeftOut));
}

#[test]
fn a_plain_read_of_a_span_stops_behind_it_and_stays_unverified() {
    let (_, reading) = base(&mut fastrand::Rng::with_seed(1));
    let not_before = Some(ListModel::time_of(49_800));
    let consistency = Consistency::Plain;
    let reading =
        ReadScenario { page_size: 100, concurrency: 2, latency: 0, pace: 0, consistency, not_before, ..reading };
    let outcome = read(ListModel::new(50_000, ModelOrder::CreatedDescending, 100, 7), reading);
    assert_eq!((outcome.lost, outcome.verdict), (0, Verdict::Unverified), "{outcome:?}");
    assert!(outcome.requests < 12, "{} requests", outcome.requests);
    let codes: Vec<EvidenceCode> = outcome.evidence.iter().map(|line| line.code).collect();
    assert!(!codes.contains(&EvidenceCode::FewerReadThanListed), "the rest was not requested: {codes:?}");
}

#[test]
fn lists_without_a_stable_order_are_not_called_complete_with_rows_missing() {
    run("unordered", unordered);
}
