//! Lists that are read page by page: the order of the output, refused and empty pages, and when one page is the whole list.

use super::answers::ModelError;
use super::service::{Outcome, ScriptedList, ServiceAnswer, read, read_in_two_runs, settings, window_of};
use crate::listing::Consistency::{Auto, Plain, Strict};
use crate::listing::{Paging, ReadError, ReadSettings, Window, expected_requests, first_page};
use crate::verdict::{EvidenceCode as Code, Verdict};

fn numbers(outcome: &Outcome) -> Vec<u64> {
    let mut rows = outcome.rows.clone();
    rows.sort_unstable();
    rows
}

#[test]
fn plain_pages_are_written_in_list_order_with_any_concurrency() {
    for concurrency in [1, 8, 32] {
        let service = ScriptedList::new(|_, window| Ok(window_of(5_010, window)));
        let outcome = read(&service, &settings(Plain, 50, concurrency)).unwrap();
        assert!(outcome.rows.iter().copied().eq(0..5_010), "concurrency {concurrency}");
        assert_eq!((outcome.requests.len(), outcome.verdict), (101, Verdict::Unverified));
    }
}

#[test]
fn rescans_write_in_list_order_too() {
    let service = ScriptedList::new(|_, window| Ok(window_of(500, window)));
    let outcome = read(&service, &settings(Auto, 2, 8)).unwrap();
    assert!(outcome.rows.iter().copied().eq(0..500), "{outcome:?}");
    assert!(outcome.codes.contains(&Code::PagesTooSmall), "{outcome:?}");
}

#[test]
fn a_list_that_repeats_itself_forever_ends_with_any_concurrency() {
    for concurrency in [1, 2, 8, 32] {
        let total_count = Some(1_000_000_000_000);
        let paging = Paging { page: None, page_size: Some(100), total_count, has_more: Some(true) };
        let service = ScriptedList::new(|number, _| {
            assert!(number < 500, "concurrency {concurrency}: {number} requests");
            Ok((0..2, paging))
        });
        let outcome = read(&service, &settings(Auto, 100, concurrency)).unwrap();
        assert_eq!((numbers(&outcome), outcome.verdict), (vec![0, 1], Verdict::Unverified));
    }
}

#[test]
fn a_limit_of_a_plain_read_writes_the_first_rows_with_no_request_too_many() {
    for (limit, requests) in [(1, 1), (50, 1), (150, 3), (151, 4), (1_000, 20)] {
        for concurrency in [1, 8] {
            let service = ScriptedList::new(|_, window| Ok(window_of(5_000, window)));
            let settings = ReadSettings { limit: Some(limit), ..settings(Plain, 50, concurrency) };
            let outcome = read(&service, &settings).unwrap();
            assert!(outcome.rows.iter().copied().eq(0..limit), "{limit} {concurrency}: {:?}", outcome.rows);
            assert_eq!(outcome.requests.len(), requests, "limit {limit}, concurrency {concurrency}");
            assert!(outcome.codes.contains(&Code::LimitReached));
        }
    }
}

#[test]
fn few_plain_pages_are_read_ahead_of_a_slow_one() {
    let mut service = ScriptedList::new(|_, window| Ok(window_of(20_000, window)));
    service.slow_page = Some(30);
    let outcome = read(&service, &settings(Plain, 50, 4)).unwrap();
    assert!(outcome.rows.iter().copied().eq(0..20_000));
    let sent = *service.sent_meanwhile.borrow();
    assert!((30..=30 + 4 * 4).contains(&sent), "{sent} requests while page 30 was awaited");
}

#[test]
fn a_plain_read_that_is_resumed_writes_in_list_order() {
    for (concurrency, stop) in [(1, 7), (8, 1), (8, 40), (32, 90)] {
        let service = ScriptedList::new(|_, window| Ok(window_of(10_010, window)));
        let outcome = read_in_two_runs(&service, &settings(Plain, 50, concurrency), stop).unwrap();
        assert!(outcome.rows.iter().copied().eq(0..10_010), "concurrency {concurrency}, stop {stop}");
        let repeated = outcome.requests.len() - 201;
        assert!(repeated <= concurrency, "{repeated} requests were repeated, with {concurrency} in flight");
    }
}

#[test]
fn a_plain_page_that_fails_once_is_written_after_the_others() {
    for concurrency in [1, 8] {
        let service = ScriptedList::new(move |number, window: Window| match window.page {
            5 | 9 if number < 50 => Err(ModelError::Failed),
            _ => Ok(window_of(5_000, window)),
        });
        let outcome = read(&service, &settings(Plain, 50, concurrency)).unwrap();
        let failed = (200..250).chain(400..450);
        let others = (0..5_000).filter(|row| !failed.clone().any(|failed| failed == *row));
        assert!(outcome.rows.iter().copied().eq(others.chain(failed.clone())), "{:?}", outcome.rows);
    }
}

/// The service serves only the first 1,000 of 3,010 rows.
fn refuses_deep_pages(_: usize, window: Window) -> ServiceAnswer {
    if window.offset() >= 1_000 { Err(ModelError::Refused) } else { Ok(window_of(3_010, window)) }
}

#[test]
fn refused_pages_of_a_plain_read_may_be_missing() {
    for concurrency in [1, 8] {
        let plain = settings(Plain, 100, concurrency);
        let error = read(&ScriptedList::new(refuses_deep_pages), &plain).unwrap_err();
        assert!(matches!(error, ReadError::RefusedFrom { error: ModelError::Refused, .. }), "{error:?}");
        let settings = ReadSettings { allow_missing_pages: true, ..plain };
        let outcome = read(&ScriptedList::new(refuses_deep_pages), &settings).unwrap();
        assert!(outcome.rows.iter().copied().eq(0..1_000), "{outcome:?}");
        assert_eq!(outcome.missing, [[1_001, 3_010]], "{outcome:?}");
        assert!(outcome.codes.contains(&Code::MissingRows));
        assert!(outcome.requests.len() <= 10 + concurrency, "{} requests", outcome.requests.len());
    }
}

#[test]
fn refused_pages_of_a_rescan_may_be_missing() {
    for concurrency in [1, 8] {
        // Pages of two rows do not overlap, so the list is read page by page at once.
        let settings = ReadSettings { allow_missing_pages: true, ..settings(Auto, 2, concurrency) };
        let outcome = read(&ScriptedList::new(refuses_deep_pages), &settings).unwrap();
        assert!(outcome.rows.iter().copied().eq(0..1_000), "{outcome:?}");
        for code in [Code::NotRescanned, Code::FewerReadThanListed] {
            assert!(outcome.codes.contains(&code), "{outcome:?}");
        }
    }
}

#[test]
fn one_refused_window_costs_its_rows_and_not_those_after_it() {
    for concurrency in [2, 8] {
        let service = ScriptedList::new(|_, window: Window| {
            let is_broken = window.offset() <= 500 && window.end() > 500;
            if is_broken { Err(ModelError::Refused) } else { Ok(window_of(1_000, window)) }
        });
        let settings = ReadSettings { allow_missing_pages: true, ..settings(Auto, 100, concurrency) };
        let outcome = read(&service, &settings).unwrap();
        let [[from, to]] = outcome.missing[..] else { panic!("{outcome:?}") };
        assert!(from <= 501 && to >= 501 && to - from < 100, "{outcome:?}");
        assert!(outcome.rows.len() as u64 >= 1_000 - (to - from + 1) && outcome.rows.contains(&999), "{outcome:?}");
        assert_eq!(outcome.verdict, Verdict::Unverified);
    }
}

#[test]
fn a_refused_window_after_the_end_leaves_nothing_out() {
    // The first answer counts 400 rows too many.
    let service = ScriptedList::new(|number, window: Window| {
        let (rows, paging) = window_of(if number == 1 { 1_400 } else { 1_000 }, window);
        if rows.is_empty() { Err(ModelError::Refused) } else { Ok((rows, paging)) }
    });
    let settings = ReadSettings { allow_missing_pages: true, ..settings(Auto, 100, 16) };
    let outcome = read(&service, &settings).unwrap();
    assert!(outcome.rows.iter().copied().eq(0..1_000) && outcome.missing.is_empty(), "{outcome:?}");
    assert_eq!(outcome.verdict, Verdict::Healed);
}

#[test]
fn a_row_that_is_left_out_while_a_gap_is_closed_is_a_doubt() {
    for fails_once in [true, false] {
        let service = ScriptedList::new(move |number, window: Window| {
            let holds = window.offset() <= 510 && window.end() > 510;
            if fails_once && holds && number < 12 {
                return Err(ModelError::Failed);
            }
            let (rows, paging) = window_of(1_000, window);
            // The last row of the answer is left out, so it is shorter than requested.
            Ok((if holds { rows.start..rows.end - 1 } else { rows }, paging))
        });
        let outcome = read(&service, &settings(Auto, 100, 1)).unwrap();
        assert_eq!(outcome.verdict, Verdict::Unverified, "{outcome:?}");
        assert!(outcome.codes.contains(&Code::ShortPages), "{outcome:?}");
    }
}

#[test]
fn rows_that_are_announced_but_never_sent_are_not_complete() {
    for total_count in [None, Some(250)] {
        let service = ScriptedList::new(move |_, window| {
            let (rows, paging) = window_of(250, window);
            Ok((rows, Paging { total_count, has_more: Some(true), ..paging }))
        });
        let outcome = read(&service, &settings(Auto, 100, 8)).unwrap();
        assert_eq!((outcome.rows.len(), outcome.verdict), (250, Verdict::Unverified));
        assert!(outcome.codes.contains(&Code::ShortPages), "{outcome:?}");
    }
}

#[test]
fn a_full_plain_page_does_not_show_that_it_is_the_whole_list() {
    for (rows, verdict) in [(99, Verdict::Complete), (100, Verdict::Unverified)] {
        let service = ScriptedList::new(move |_, window| Ok(window_of(rows, window)));
        let outcome = read(&service, &settings(Plain, 100, 8)).unwrap();
        assert_eq!((outcome.requests.len(), outcome.verdict), (1, verdict), "{outcome:?}");
        assert!(outcome.rows.iter().copied().eq(0..rows), "{outcome:?}");
    }
}

/// A service that answers a request with an empty page, as if the list ended before it.
fn empty_for(is_empty: impl Fn(usize, Window) -> bool) -> impl Fn(usize, Window) -> ServiceAnswer {
    move |number, window| {
        let (rows, paging) = window_of(3_000, window);
        if !is_empty(number, window) {
            return Ok((rows, paging));
        }
        Ok((0..0, Paging { has_more: Some(false), ..paging }))
    }
}

#[test]
fn an_empty_page_before_the_end_is_requested_again() {
    for concurrency in [1, 8] {
        // The 45th request belongs to the second read.
        let expected = [(Strict, 45, Verdict::Complete, 34 + 2 + 35), (Plain, 5, Verdict::Unverified, 30)];
        for (consistency, nth, verdict, requests) in expected {
            let service = ScriptedList::new(empty_for(|number, _| number == nth));
            let outcome = read(&service, &settings(consistency, 100, concurrency)).unwrap();
            assert!(outcome.rows.iter().copied().eq(0..3_000), "{consistency:?}: {:?}", outcome.codes);
            assert_eq!((outcome.verdict, outcome.missing.len()), (verdict, 0), "{:?}", outcome.codes);
            assert!(outcome.requests.len() <= requests + 10, "{consistency:?}: {} requests", outcome.requests.len());
        }
    }
}

#[test]
fn a_page_that_stays_empty_before_the_end_was_not_read() {
    for concurrency in [1, 8] {
        let holds = |window: Window| window.offset() <= 450 && window.end() > 450;
        let service = ScriptedList::new(empty_for(|number, window| number > 35 && holds(window)));
        let outcome = read(&service, &settings(Strict, 100, concurrency)).unwrap();
        assert_eq!((outcome.rows.len(), outcome.verdict), (3_000, Verdict::Unverified), "{:?}", outcome.codes);
        assert!(outcome.codes.contains(&Code::NotRescanned), "{:?}", outcome.codes);
        assert!(outcome.requests.len() < 400, "{} requests", outcome.requests.len());
        let service = ScriptedList::new(empty_for(|_, window| window == Window { page: 5, size: 100 }));
        let outcome = read(&service, &settings(Plain, 100, concurrency)).unwrap();
        assert_eq!((outcome.rows.len(), outcome.missing), (2_900, vec![[401, 500]]));
    }
}

#[test]
fn empty_pages_after_the_end_cost_few_requests_and_are_not_missing() {
    for total in [3_300, 1_000_000_000_000] {
        let service = ScriptedList::new(move |_, window| {
            let (rows, paging) = window_of(2_950, window);
            Ok((rows, Paging { total_count: Some(total), ..paging }))
        });
        let outcome = read(&service, &settings(Plain, 100, 8)).unwrap();
        assert!(outcome.rows.iter().copied().eq(0..2_950));
        assert!(outcome.missing.is_empty() && outcome.codes.contains(&Code::FewerReadThanListed), "{outcome:?}");
        assert!(outcome.requests.len() <= 30 + 2 * (8 + 8), "{} requests", outcome.requests.len());
    }
}

#[test]
fn a_list_that_fits_into_small_pages_with_overlap_is_complete() {
    for rows in 1..=12 {
        let service = ScriptedList::new(move |_, window| Ok(window_of(rows, window)));
        let outcome = read(&service, &settings(Auto, 4, 1)).unwrap();
        assert!(outcome.rows.iter().copied().eq(0..rows), "{outcome:?}");
        // After row 12, no window of up to 4 rows overlaps.
        let verdict = if rows < 12 { Verdict::Complete } else { Verdict::Unverified };
        assert_eq!(outcome.verdict, verdict, "{rows} rows: {outcome:?}");
    }
}

#[test]
fn progress_of_a_strict_read_includes_the_second_read() {
    let service = ScriptedList::new(|_, window| Ok(window_of(10_000, window)));
    let outcome = read(&service, &settings(Strict, 100, 8)).unwrap();
    let requests = outcome.requests.len() as u64;
    let planned: Vec<u64> = outcome.progress.iter().map(|now| now.planned_pages.unwrap()).collect();
    assert!(planned.iter().all(|&planned| planned.abs_diff(requests) <= 5), "{requests} requests, planned {planned:?}");
    let expected = [Plain, Auto, Strict].map(|consistency| expected_requests(10_000, 100, consistency));
    assert_eq!(expected, [100, 117, 232]);
    assert_eq!(expected_requests(100, 100, Strict), 1, "one answer needs no second read");
}

#[test]
fn the_first_page_shows_which_size_the_service_accepts_and_honors() {
    // Pages above 200 rows are refused, and no page has more than 50, whatever it says.
    let service = ScriptedList::new(|_, window: Window| {
        if window.size > 200 {
            return Err(ModelError::PageTooLarge(200));
        }
        let (rows, paging) = window_of(3_000, Window { page: window.page, size: window.size.min(50) });
        Ok((rows, Paging { page_size: Some(window.size), ..paging }))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let first = runtime.block_on(first_page(&service, 1_000)).unwrap().unwrap();
    assert_eq!((first.accepted_size, first.honored_size), (200, 50));
    let outcome = read(&service, &settings(Plain, 1_000, 8)).unwrap();
    assert_eq!(numbers(&outcome), (0..3_000).collect::<Vec<_>>());
}

#[test]
fn a_count_that_never_agrees_is_reported_as_such_whichever_answer_is_late() {
    for latency in [|_| 10, |window: Window| u64::from(window.size), |window: Window| 100 - u64::from(window.size)] {
        let mut service = ScriptedList::new(|_, window| {
            let (rows, paging) = window_of(3, window);
            Ok((rows, Paging { total_count: Some(6), ..paging }))
        });
        service.latency = latency;
        let outcome = read(&service, &settings(Auto, 100, 8)).unwrap();
        assert_eq!((numbers(&outcome), outcome.verdict), (vec![0, 1, 2], Verdict::Unverified));
        assert!(outcome.codes.contains(&Code::CountDisagrees), "{outcome:?}");
        assert!(outcome.requests.len() < 60, "{} requests", outcome.requests.len());
    }
}
