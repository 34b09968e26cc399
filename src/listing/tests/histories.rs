//! Thousands of *histories*: simulated lists that change while they are read.
//!
//! `cargo test` runs more than a thousand. `HISTORIES=1200 cargo test --release listing::tests -- --nocapture` runs 1200 of each
//! kind and prints a summary. The message of a failed history contains its seed; `HISTORY=kind:seed` runs that history
//! alone and prints its evidence.

use super::kinds::{
    Make, base, bulk, contended, counted, deleted_before_a_gap, failing, filtered, lagging, late_updates, limited,
    refused, restless, slipping, small_pages, spans, still, stopped, strict, tied, touched, undated, unordered,
};
use super::model::{FailingWindows, ReadOutcome, ReadScenario, read};
use super::orders::ModelOrder;
use super::world::ListModel;
use crate::listing::Consistency;
use crate::verdict::{EvidenceCode, Verdict};

/// Histories of each kind in an ordinary test run, more than a thousand in all.
const DEFAULT_HISTORIES: u64 = 100;

/// Results of all histories of one kind.
#[derive(Debug, Default)]
struct HistoryTally {
    histories: u64,
    complete: u64,
    healed: u64,
    unverified: u64,
    unverified_without_loss: u64,
    failed: u64,
    out_of_order: u64,
    /// Finished runs that were not finished when they began again with their journal.
    requested_after_end: u64,
    /// Seeds and evidence codes of some of these.
    seeds: Vec<(u64, String)>,
    false_verdicts: Vec<(u64, usize)>,
    requests: u64,
    pages: u64,
}

/// Prints the history that a panic ended.
struct PrintedOnPanic<'a>(&'a str, u64, ReadScenario);

impl Drop for PrintedOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("HISTORY={}:{} {:?}", self.0, self.1, self.2);
        }
    }
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
        let _printed = PrintedOnPanic(kind, seed, reading);
        let rows = world.throughout.len() as u64;
        let outcome: ReadOutcome = read(world, reading);
        assert!(only.is_none(), "{reading:?}\n{outcome:#?}");
        tally.histories += 1;
        tally.requests += outcome.requests;
        tally.requested_after_end += u64::from(outcome.requests_after_end > 0);
        tally.pages += rows.div_ceil(u64::from(reading.page_size)).max(1);
        tally.out_of_order += u64::from(!outcome.is_prefix);
        match outcome.verdict {
            Some(Verdict::Complete) => tally.complete += 1,
            Some(Verdict::Healed) => tally.healed += 1,
            Some(Verdict::Unverified) => tally.unverified += 1,
            None => tally.failed += 1,
        }
        if outcome.verdict.is_none() {
            continue;
        }
        if outcome.verdict == Some(Verdict::Unverified) {
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
fn run_well(kind: &str, make: Make) -> HistoryTally {
    let tally = run(kind, make);
    let is_rare = tally.unverified_without_loss * 50 <= tally.histories;
    assert!(is_rare, "{kind}: too often unverified without a lost row: {tally:?}");
    tally
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
fn rows_that_move_up_late_are_not_lost() {
    run("late_updates", late_updates);
}

#[test]
fn rows_that_move_unchanged_are_not_lost() {
    run("touched", touched);
}

#[test]
fn rows_that_move_among_those_of_the_same_time_are_not_lost() {
    run("tied", tied);
}

#[test]
fn rows_that_slip_from_page_to_page_are_not_lost() {
    run("slipping", slipping);
}

#[test]
fn windows_that_are_refused_after_the_end_lose_nothing() {
    run("refused", refused);
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
    let tally = run_well("stopped", stopped);
    // A journal tells the order of answers, but not how many requests were in flight, so a few lists are read once more.
    assert!(tally.requested_after_end * 50 <= tally.histories, "{tally:?}");
}

#[test]
fn windows_that_fail_are_not_lost_in_silence() {
    let tally = run("failing", failing);
    assert!(tally.failed > 0 && tally.unverified > 0, "{tally:?}");
}

#[test]
fn any_one_request_that_fails_is_repeated_and_costs_little() {
    let read_list = |nth, concurrency| {
        let (_, reading) = base(&mut fastrand::Rng::with_seed(1));
        let failures = FailingWindows { nth, ..FailingWindows::default() };
        let reading = ReadScenario { page_size: 100, concurrency, latency: 100_000, pace: 0, failures, ..reading };
        read(ListModel::new(1_500, ModelOrder::UpdatedDescending, 100, 7), reading)
    };
    for concurrency in [1, 8] {
        let requests = read_list(None, concurrency).requests;
        for nth in 2..=requests {
            let outcome = read_list(Some(nth), concurrency);
            assert_eq!((outcome.lost, outcome.verdict), (0, Some(Verdict::Complete)), "{nth} {outcome:?}");
            // The window once more, and the start and the end, which must be newer.
            assert!(outcome.requests <= requests + 6, "{nth}: {} requests, not {requests}", outcome.requests);
        }
    }
}

#[test]
fn deletions_before_a_failed_window_lose_nothing() {
    run_well("before_gap", deleted_before_a_gap);
}

#[test]
fn a_second_read_of_the_whole_list_loses_nothing() {
    run("strict", strict);
}

#[test]
fn a_limit_delivers_the_first_rows_of_the_list() {
    let tally = run("limited", limited);
    assert_eq!(tally.out_of_order, 0, "{tally:?}");
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
        assert_eq!((outcome.lost, outcome.verdict), (0, Some(Verdict::Complete)), "{newest} {outcome:?}");
        assert!(outcome.requests <= most, "{newest}: {} requests", outcome.requests);
        assert!(outcome.evidence.iter().any(|line| line.code == EvidenceCode::SpanEndProven), "{outcome:?}");
    }
    let unsorted = read_newest(ModelOrder::CreatedAscending, 250);
    assert_eq!((unsorted.lost, unsorted.verdict), (0, Some(Verdict::Complete)), "{unsorted:?}");
    assert!(unsorted.requests > 500, "a list in another order is read to its end");
    let codes: Vec<EvidenceCode> = unsorted.evidence.iter().map(|line| line.code).collect();
    assert!(codes.contains(&EvidenceCode::NotSortedByCreation) && codes.contains(&EvidenceCode::OlderRowsLeftOut));
}

#[test]
fn a_plain_read_of_a_span_stops_after_it_and_stays_unverified() {
    let (_, reading) = base(&mut fastrand::Rng::with_seed(1));
    let not_before = Some(ListModel::time_of(49_800));
    let consistency = Consistency::Plain;
    let reading =
        ReadScenario { page_size: 100, concurrency: 2, latency: 0, pace: 0, consistency, not_before, ..reading };
    let outcome = read(ListModel::new(50_000, ModelOrder::CreatedDescending, 100, 7), reading);
    assert_eq!((outcome.lost, outcome.verdict), (0, Some(Verdict::Unverified)), "{outcome:?}");
    assert!(outcome.requests < 12, "{} requests", outcome.requests);
    let codes: Vec<EvidenceCode> = outcome.evidence.iter().map(|line| line.code).collect();
    assert!(!codes.contains(&EvidenceCode::FewerReadThanListed), "the rest was not requested: {codes:?}");
}

#[test]
fn lists_without_a_stable_order_are_not_called_complete_with_rows_missing() {
    run("unordered", unordered);
}
