//! Servers that count wrongly or repeat themselves: no contact may be missing from what is called whole, and every walk must
//! come to an end.

use super::*;
use crate::api::wire::Pagination;
use crate::contacts::ContactId;

/// Reads a still list of `contacts` from a server that is told the place of what is asked for, and says what it likes.
fn read_from(
    contacts: u64,
    consistency: Consistency,
    says: impl Fn(u64, u32) -> (std::ops::Range<u64>, Pagination),
) -> (u64, Verdict, WalkReport) {
    let mut walk = Walk::new(100, consistency);
    let mut requests = 0;
    while let Some(request) = walk.next_request(4) {
        walk.note_out(&request);
        requests += 1;
        assert!(requests < 2_000, "it must come to an end");
        let Window { page, size } = request.window;
        let (rows, pagination) = says(request.window.offset(), size);
        let items: Vec<_> = (rows.start..rows.end.min(contacts))
            .map(|row| Some(RowKey { id: ContactId(row.into()), created_at: None, updated_at: None }))
            .collect();
        let pagination = Pagination { page: Some(page), page_size: pagination.page_size.or(Some(size)), ..pagination };
        let facts = PageFacts {
            window: request.window,
            items: &items,
            pagination: &pagination,
            read_between: None,
            clock: None,
            session: 0,
            request_id: None,
        };
        walk.note_arrival(&request, &facts);
        walk.take(&request, &facts);
    }
    (requests, walk.verdict().0, walk.report().clone())
}

#[test]
fn a_count_that_is_too_small_hides_nothing_while_more_is_said_to_follow() {
    for counted in [0, 100, 500, 860, 950, 999] {
        for consistency in [Consistency::Auto, Consistency::Strict] {
            let (requests, verdict, report) = read_from(1000, consistency, |offset, size| {
                let rows = offset..offset + u64::from(size);
                let has_more = Some(rows.end < 1000);
                (rows, Pagination { total_count: Some(counted), has_more, ..Pagination::default() })
            });
            assert!(report.contacts == 1000 || verdict == Verdict::Unverified, "{counted}: {report:?}");
            assert!(requests < 100, "{requests} requests for ten pages");
        }
    }
}

#[test]
fn a_count_that_the_rows_themselves_deny_ends_nothing() {
    for counted in [50, 499, 850, 999] {
        for consistency in [Consistency::Auto, Consistency::Strict] {
            let (requests, verdict, report) = read_from(1000, consistency, |offset, size| {
                let rows = offset..offset + u64::from(size);
                let has_more = Some(rows.end < counted);
                (rows, Pagination { total_count: Some(counted), has_more, ..Pagination::default() })
            });
            assert!(report.contacts == 1000 || verdict == Verdict::Unverified, "{counted}: {report:?}");
            assert!(requests < 100, "{requests} requests for ten pages");
        }
    }
}

#[test]
fn a_count_that_is_too_large_is_not_followed_beyond_the_end() {
    let ways = [Consistency::Auto, Consistency::Plain, Consistency::Strict];
    for (consistency, always_more) in ways.into_iter().flat_map(|way| [(way, false), (way, true)]) {
        let (requests, verdict, report) = read_from(1000, consistency, |offset, size| {
            let rows = offset..offset + u64::from(size);
            let has_more = Some(always_more || rows.end < 1000);
            (rows, Pagination { total_count: Some(1 << 40), has_more, ..Pagination::default() })
        });
        assert_eq!((report.contacts, verdict), (1000, Verdict::Unverified), "{consistency:?}");
        assert!(requests < 200, "{consistency:?}: {requests} requests for ten pages");
    }
}

#[test]
fn a_server_that_gives_the_same_rows_for_every_page_is_not_believed() {
    for consistency in [Consistency::Auto, Consistency::Strict] {
        let (requests, verdict, report) = read_from(1000, consistency, |offset, size| {
            let has_more = Some(offset + u64::from(size) < 1000);
            (0..u64::from(size), Pagination { total_count: Some(1000), has_more, ..Pagination::default() })
        });
        assert_eq!((report.contacts, verdict), (100, Verdict::Unverified));
        assert!(requests < 200, "{requests} requests for ten pages");
    }
}

#[test]
fn a_page_size_that_is_told_wrong_costs_no_contact() {
    // The page size that the server always tells, `None` for the one that was asked for, and the most that it gives.
    for (told, cap) in [(Some(101), 100), (Some(200), 100), (Some(u32::MAX), 100), (None, 30)] {
        let (requests, verdict, report) = read_from(1000, Consistency::Auto, |offset, size| {
            let given = u64::from(size.min(cap));
            let start = offset / u64::from(size) * given;
            let has_more = Some(start + given < 1000);
            let pagination = Pagination { page_size: told, total_count: Some(1000), has_more, ..Pagination::default() };
            (start..start + given, pagination)
        });
        assert_eq!((report.contacts, verdict), (1000, Verdict::Complete), "{told:?}");
        assert!(requests <= 34, "{told:?}: {requests}");
    }
}

#[test]
fn without_a_word_on_what_follows_a_list_is_read_to_its_end() {
    let (requests, _, report) = read_from(1000, Consistency::Auto, |offset, size| {
        let start = offset / u64::from(size) * 30;
        (start..start + 30, Pagination::default())
    });
    assert_eq!((report.contacts, requests), (1000, 35));
}
