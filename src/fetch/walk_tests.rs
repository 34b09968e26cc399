//! The plain walk: a list that stands still, odd servers, and a verdict that is never better than the truth.

use proptest::prelude::*;

use super::super::Place;
use super::super::model::{Order, Rates, Server, page, walk};
use super::super::plain::MAX_STALE_PAGES;
use super::*;
use crate::api::wire::Pagination;
use crate::contacts::ContactId;

const STILL: Rates = Rates { create: 0.0, delete: 0.0, update: 0.0, replace: 0.0 };

#[expect(clippy::unnecessary_wraps, reason = "an item of a page is an Option")]
fn key(id: u128) -> Option<RowKey> {
    Some(RowKey { id: ContactId(id), created_at: None, updated_at: None })
}

/// Asks the walk for its next request, as if it were sent.
fn ask(walk: &mut Walk, read_ahead: u64) -> Option<Request> {
    let request = walk.next_request(read_ahead)?;
    walk.note_out(&request);
    Some(request)
}

/// Brings the walk one page with these items.
fn take(walk: &mut Walk, number: u64, items: &[Option<RowKey>], pagination: &Pagination) -> Taken {
    let request = page(number, walk.page_size);
    let facts = PageFacts {
        window: request.window,
        items,
        pagination,
        read_between: None,
        clock: None,
        session: 0,
        request_id: None,
    };
    walk.note_arrival(&request, &facts);
    walk.take(&request, &facts)
}

#[test]
fn a_still_list_takes_one_request_a_page_and_is_complete() {
    for contacts in [0, 1, 99, 100, 101, 250, 1000] {
        for concurrency in [1, 8] {
            let mut server = Server::new(contacts, Order::CreatedAscending, 1);
            let outcome = walk(&mut server, concurrency, Consistency::Auto, STILL, |_, _| {});
            let wanted: Vec<u128> = server.rows.iter().map(|row| row.id.0).collect();
            assert_eq!(outcome.taken, wanted, "in the order of the list");
            assert_eq!(server.requests, u64::from(contacts.div_ceil(100).max(1)), "{contacts} contacts");
            assert_eq!(outcome.verdict, Verdict::Complete, "{contacts} contacts: {:?}", outcome.evidence);
        }
    }
}

#[test]
fn a_strict_walk_reads_a_still_list_twice() {
    let mut server = Server::new(450, Order::RandomKey, 1);
    let outcome = walk(&mut server, 4, Consistency::Strict, STILL, |_, _| {});
    assert_eq!((server.requests, outcome.verdict), (10, Verdict::Complete));
    assert_eq!(outcome.evidence[1], "a second read of the whole list found nothing new, with 5 pages");
    assert_eq!(outcome.report.windows_reread, 0);
}

#[test]
fn a_strict_walk_tells_the_windows_of_joins_from_the_pages_of_its_second_read() {
    let windows = |consistency| {
        let mut server = Server::new(1950, Order::CreatedAscending, 1);
        let outcome = walk(&mut server, 1, consistency, STILL, |server, request| {
            if request == 9 {
                server.delete(0);
            }
        });
        assert_eq!((outcome.verdict, outcome.missing), (Verdict::Healed, 0), "{:?}", outcome.evidence);
        (outcome.report.windows_reread, outcome.report.pages_swept)
    };
    let (once, none) = windows(Consistency::Auto);
    assert!(once > 0 && none == 0);
    assert_eq!(windows(Consistency::Strict), (once, 20));
}

#[test]
fn only_a_walk_that_looks_for_what_moved_is_healing() {
    let still =
        |number| Pagination { total_count: Some(3), page_size: Some(2), page: Some(number), ..Pagination::default() };
    let mut walk = Walk::new(2, Consistency::Strict);
    let items = [key(1), key(2), key(3)];
    for number in [1, 2] {
        assert_eq!(ask(&mut walk, 4), Some(page(number, 2)));
        take(&mut walk, number, items.chunks(2).nth(usize::from(number == 2)).unwrap(), &still(number));
    }
    assert_eq!(ask(&mut walk, 4).map(|request| request.purpose), Some(Purpose::Sweep));
    assert!(!walk.is_healing(), "a second look at a still list");
    let mut walk = Walk::new(2, Consistency::Auto);
    ask(&mut walk, 4);
    take(&mut walk, 1, &items[..2], &still(1));
    ask(&mut walk, 4);
    take(&mut walk, 2, &items[2..], &Pagination { total_count: Some(4), ..still(2) });
    assert!(walk.is_healing());
}

#[test]
fn a_second_read_that_misses_a_page_vouches_for_nothing() {
    let mut walk = Walk::new(1, Consistency::Strict);
    let pagination =
        |number| Pagination { total_count: Some(2), page_size: Some(1), page: Some(number), ..Pagination::default() };
    for number in [1, 2] {
        assert_eq!(ask(&mut walk, 1), Some(page(number, 1)));
        take(&mut walk, number, &[key(number.into())], &pagination(number));
    }
    let second = [ask(&mut walk, 1), ask(&mut walk, 1)].map(|request| request.unwrap());
    let gap = Place { block: 1, step: 0, row: 0 };
    let late = Request { purpose: Purpose::Join { gap }, ..second[0] };
    assert!(walk.failed(&late) && walk.failed(&late), "what was out before has nothing to do with this read");
    assert!(walk.failed(&second[1]));
    let facts = PageFacts {
        window: second[0].window,
        items: &[key(1)],
        pagination: &pagination(1),
        read_between: None,
        clock: None,
        session: 0,
        request_id: None,
    };
    walk.take(&second[0], &facts);
    assert_eq!(ask(&mut walk, 1), Some(second[1]), "it gets a second chance");
    assert!(!walk.failed(&second[1]));
    walk.abandon(&second[1]);
    assert!(walk.is_finished());
    let (verdict, evidence) = walk.verdict();
    assert_eq!(verdict, Verdict::Unverified);
    assert_eq!(evidence[0], "pages could not be fetched again: rows 2 to 2 of the list had no second look");
}

#[test]
fn a_smaller_page_size_of_the_server_is_taken_over() {
    let mut server = Server { cap: 25, ..Server::new(110, Order::CreatedAscending, 1) };
    let outcome = walk(&mut server, 3, Consistency::Auto, STILL, |_, _| {});
    assert_eq!((server.requests, outcome.taken.len(), outcome.verdict), (5, 110, Verdict::Complete));
}

#[test]
fn a_plain_walk_tells_what_it_saw_and_how_much_may_be_missing() {
    let mut server = Server::new(1000, Order::CreatedAscending, 1);
    let outcome = walk(&mut server, 1, Consistency::Plain, STILL, |server, request| {
        if request == 4 {
            (0..3).for_each(|_| server.delete(0));
        }
    });
    assert_eq!((server.requests, outcome.missing), (10, 3));
    assert_eq!(outcome.verdict, Verdict::Unverified);
    assert!(outcome.evidence.iter().any(|line| line.contains("at most 3")), "{:?}", outcome.evidence);
}

#[test]
fn a_creation_that_hides_a_deletion_shows_by_its_date() {
    let mut server = Server::new(1000, Order::CreatedAscending, 1);
    let outcome = walk(&mut server, 1, Consistency::Plain, STILL, |server, request| {
        if request == 5 {
            server.delete(3);
            server.create();
        }
    });
    assert_eq!((outcome.report.total_min, outcome.report.total_max), (Some(1000), Some(1000)));
    assert_eq!((outcome.missing, outcome.verdict), (1, Verdict::Unverified));
}

#[test]
fn rejected_items_are_counted_as_read() {
    let mut walk = Walk::new(100, Consistency::Auto);
    let pagination = Pagination { total_count: Some(2), page_size: Some(100), ..Pagination::default() };
    assert_eq!(ask(&mut walk, 4), Some(page(1, 100)));
    let taken = take(&mut walk, 1, &[key(1), None], &pagination);
    assert_eq!(taken, Taken { keep: vec![true], fresh: 0..2 });
    assert_eq!(walk.report().rejected, 1);
    let evidence = "every page said 2 contacts; 1 different one and 1 item that is no contact were read";
    assert_eq!(walk.verdict(), (Verdict::Complete, vec![evidence.to_owned()]));
}

/// The places of all joins that the walk asks for now.
fn joins_asked(walk: &mut Walk) -> Vec<i64> {
    let requests = std::iter::from_fn(|| ask(walk, 4));
    let mut blocks: Vec<i64> = requests
        .filter_map(|request| match request.purpose {
            Purpose::Join { gap } => Some(gap.block),
            _ => None,
        })
        .collect();
    blocks.sort_unstable();
    blocks
}

/// A run that was stopped had read all pages up to 24 but the twentieth, so that the last four waited for it. The next run
/// takes them; that does not make them its own.
#[test]
fn a_page_belongs_to_the_run_that_read_it_whenever_it_is_taken() {
    let mut walk = Walk::new(2, Consistency::Auto);
    for number in 1..=40_u64 {
        let request = page(number, 2);
        walk.note_out(&request);
        let items = [key(u128::from(number) * 2), key(u128::from(number) * 2 + 1)];
        // The last page shows that the list moved.
        let total_count = Some(if number < 40 { 80 } else { 81 });
        let facts = PageFacts {
            window: request.window,
            items: &items,
            pagination: &Pagination { total_count, page_size: Some(2), ..Pagination::default() },
            read_between: Some((0, 1)),
            clock: None,
            session: u32::from(number == 20 || number > 24),
            request_id: None,
        };
        walk.note_arrival(&request, &facts);
        walk.take(&request, &facts);
    }
    assert_eq!(joins_asked(&mut walk), [19, 20, 24, 39], "between two runs, and behind the last page without a sign");
}

/// The journal of a fast run lacks its first answers. Those that it has were read before the first page is, and what moved
/// while they were read must show all the same.
#[test]
fn pages_that_were_read_before_the_first_one_show_what_moved() {
    let mut walk = Walk::new(2, Consistency::Auto);
    let pagination = Pagination { total_count: Some(200), page_size: Some(2), ..Pagination::default() };
    let created = Some(RowKey { id: ContactId(7), created_at: Some(2_500_000), updated_at: None });
    let pages =
        [(2, 2_000_000, [key(3), key(4)]), (3, 3_000_000, [key(5), created]), (1, 90_000_000, [key(1), key(2)])];
    let answers = pages.each_ref().map(|(number, read_at, items)| {
        let request = page(*number, 2);
        let facts = PageFacts {
            window: request.window,
            items,
            pagination: &pagination,
            read_between: Some((*read_at, *read_at + 1)),
            clock: None,
            session: u32::from(*number == 1),
            request_id: None,
        };
        (request, facts)
    });
    for (request, facts) in &answers {
        walk.note_out(request);
        walk.note_arrival(request, facts);
        assert_eq!(walk.is_due(request), request.window.page == 1);
    }
    for at in [2, 0, 1] {
        let (request, facts) = &answers[at];
        walk.take(request, facts);
    }
    assert_eq!((walk.report().created, walk.report().movements), (1, 1));
    let next = walk.next_request(4).map(|request| request.purpose);
    assert!(matches!(next, Some(Purpose::Join { .. })), "nothing more is read plainly: {next:?}");
}

#[test]
fn each_time_of_a_row_and_that_of_the_answer_show_what_moved() {
    const SECOND: i64 = 1_000_000;
    let signs = |read_at: i64, created_at: Option<i64>, updated_at: Option<i64>| {
        let mut walk = Walk::new(2, Consistency::Auto);
        let row = Some(RowKey { id: ContactId(9), created_at, updated_at });
        for (number, read_at, items) in [(1, 100 * SECOND, [key(1), key(2)]), (2, read_at, [key(3), row])] {
            let request = ask(&mut walk, 4).unwrap();
            assert_eq!(request, page(number, 2));
            let facts = PageFacts {
                window: request.window,
                items: &items,
                pagination: &Pagination { total_count: Some(4), page_size: Some(2), ..Pagination::default() },
                read_between: Some((read_at - SECOND / 10, read_at)),
                clock: None,
                session: 0,
                request_id: None,
            };
            walk.note_arrival(&request, &facts);
            walk.take(&request, &facts);
        }
        walk.report().movements
    };
    let (later, during, far_future) = (103 * SECOND, Some(102 * SECOND), Some(i64::MAX));
    assert_eq!(signs(later, Some(SECOND), Some(SECOND)), 0);
    assert_eq!([signs(later, during, None), signs(later, None, during)], [1, 1]);
    assert_eq!(
        [signs(later, during, far_future), signs(later, far_future, during)],
        [1, 1],
        "one bad date hides nothing"
    );
    assert_eq!(signs(later, far_future, far_future), 0);
    assert_eq!(signs(90 * SECOND, None, None), 1, "an answer from before the first one was kept by a gateway");
    assert_eq!(signs(100 * SECOND - SECOND / 20, None, None), 0, "clocks differ a little");
}

#[test]
fn without_totals_the_walk_goes_by_has_more_and_cannot_vouch_for_completeness() {
    let mut walk = Walk::new(2, Consistency::Auto);
    for (number, items, has_more) in [(1, vec![key(1), key(2)], true), (2, vec![key(3)], false)] {
        assert_eq!(ask(&mut walk, 4), Some(page(number, 2)));
        let pagination = Pagination { has_more: Some(has_more), ..Pagination::default() };
        take(&mut walk, number, &items, &pagination);
    }
    assert_eq!((ask(&mut walk, 4), walk.is_finished()), (None, true));
    assert_eq!(walk.verdict().0, Verdict::Unverified);
}

#[test]
fn a_server_that_always_has_more_does_not_hold_us_for_ever() {
    let mut walk = Walk::new(2, Consistency::Plain);
    let pagination = Pagination { has_more: Some(true), total_count: Some(0), ..Pagination::default() };
    let mut requests = 0;
    while let Some(request) = ask(&mut walk, 4) {
        requests += 1;
        take(&mut walk, request.window.page, &[], &pagination);
    }
    assert_eq!(requests, u64::from(MAX_STALE_PAGES));
}

#[test]
fn an_empty_page_in_the_middle_ends_nothing() {
    let mut walk = Walk::new(1, Consistency::Plain);
    for number in 1..=3 {
        assert_eq!(ask(&mut walk, 4), Some(page(number, 1)));
        let pagination = Pagination { total_count: Some(3), page_size: Some(1), ..Pagination::default() };
        let items = if number == 2 { vec![] } else { vec![key(u128::from(number))] };
        take(&mut walk, number, &items, &pagination);
    }
    assert!(walk.is_finished());
    assert_eq!(walk.report().odd_pages, 1);
    assert_eq!(walk.verdict().0, Verdict::Unverified);
}

#[test]
fn a_page_that_fails_twice_is_missing_by_its_rows() {
    let mut walk = Walk::new(2, Consistency::Auto);
    let pagination = Pagination { total_count: Some(6), page_size: Some(2), ..Pagination::default() };
    ask(&mut walk, 9);
    take(&mut walk, 1, &[key(1), key(2)], &pagination);
    let (second, third) = (ask(&mut walk, 9).unwrap(), ask(&mut walk, 9).unwrap());
    assert!(walk.failed(&second), "it is tried again");
    assert!(walk.is_due(&third), "the others do not wait for it");
    take(&mut walk, 3, &[key(5), key(6)], &pagination);
    assert_eq!(ask(&mut walk, 9), Some(second));
    assert!(!walk.failed(&second));
    walk.abandon(&second);
    assert!(walk.is_finished());
    let (verdict, evidence) = walk.verdict();
    assert_eq!(verdict, Verdict::Unverified);
    assert!(evidence.iter().any(|line| line.contains("rows 3 to 4")), "{evidence:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever happens to the list, `complete` is only said when nothing that was there all the time is missing.
    #[test]
    fn complete_is_never_said_of_a_list_with_a_hole(
        seed: u64,
        contacts in 0_u32..900,
        concurrency in 1_usize..10,
        order in prop::sample::select(&super::super::model::STABLE_ORDERS[..]),
        rates in [0.0..0.3_f64, 0.0..0.3, 0.0..0.3, 0.0..0.5],
    ) {
        let [create, delete, update, replace] = rates;
        let mut server = Server::new(contacts, order, seed);
        let rates = Rates { create, delete, update, replace };
        let outcome = walk(&mut server, concurrency, Consistency::Plain, rates, |_, _| {});
        if outcome.missing > 0 {
            prop_assert_eq!(outcome.verdict, Verdict::Unverified);
        }
    }
}
