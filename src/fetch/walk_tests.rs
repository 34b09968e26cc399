use proptest::prelude::*;

use super::*;
use crate::contacts::ContactId;

#[expect(clippy::unnecessary_wraps, reason = "an item of a page is an Option")]
fn key(id: u128) -> Option<RowKey> {
    Some(RowKey { id: ContactId(id), created_at: None, updated_at: None })
}

/// A list on a server, and what may happen to it between two requests.
struct Server {
    list: Vec<u128>,
    page_cap: u32,
}

impl Server {
    fn new(contacts: u128) -> Self {
        Self { list: (1..=contacts).collect(), page_cap: 100 }
    }

    fn answer(&self, page: u64, page_size: u32) -> (Vec<Option<RowKey>>, Pagination) {
        let size = page_size.min(self.page_cap);
        let start = usize::try_from((page - 1) * u64::from(size)).unwrap().min(self.list.len());
        let end = (start + size as usize).min(self.list.len());
        let pagination = Pagination {
            page: Some(page),
            page_size: Some(size),
            total_count: Some(self.list.len() as u64),
            total_pages: Some((self.list.len() as u64).div_ceil(u64::from(size))),
            has_more: Some(end < self.list.len()),
        };
        (self.list[start..end].iter().map(|&id| key(id)).collect(), pagination)
    }
}

/// Walks the list one page at a time; `between` may change it before each request.
fn walk(server: &mut Server, page_size: u32, mut between: impl FnMut(&mut Server, u64)) -> (Walk, Vec<u128>, u64) {
    let mut walk = Walk::new(page_size);
    let (mut taken, mut requests) = (Vec::new(), 0);
    while let Some(page) = walk.next_page() {
        between(server, page);
        requests += 1;
        let (items, pagination) = server.answer(page, walk.page_size());
        let keep = walk.take_page(&PageFacts { page, items: &items, pagination: &pagination, answered_at: None });
        let new = items.iter().flatten().zip(keep).filter(|&(_, kept)| kept);
        taken.extend(new.map(|(key, _)| key.id.0));
    }
    assert!(walk.is_finished());
    (walk, taken, requests)
}

#[test]
fn a_still_list_takes_one_request_a_page_and_is_complete() {
    for contacts in [0, 1, 99, 100, 101, 250, 1000] {
        let mut server = Server::new(contacts);
        let (walk, taken, requests) = walk(&mut server, 100, |_, _| {});
        assert_eq!(taken, server.list);
        assert_eq!(requests, u64::try_from(contacts.div_ceil(100).max(1)).unwrap(), "{contacts} contacts");
        assert_eq!(walk.verdict().0, Verdict::Complete, "{contacts} contacts");
    }
}

#[test]
fn a_smaller_page_size_of_the_server_is_taken_over() {
    let mut server = Server { page_cap: 25, ..Server::new(110) };
    let (walk, taken, requests) = walk(&mut server, 100, |_, _| {});
    assert_eq!((walk.page_size(), requests), (25, 5));
    assert_eq!(taken, server.list);
}

#[test]
fn a_deletion_or_creation_on_the_way_is_never_called_complete() {
    for page in 2..=4 {
        let (deleted, ..) = walk(&mut Server::new(400), 100, |server, at| {
            if at == page {
                server.list.remove(0);
            }
        });
        assert_eq!(deleted.verdict().0, Verdict::Unverified, "deleted before page {page}");
        let (created, ..) = walk(&mut Server::new(400), 100, |server, at| {
            if at == page {
                server.list.insert(0, 1000);
            }
        });
        assert_eq!(created.verdict().0, Verdict::Unverified, "created before page {page}");
    }
}

#[test]
fn a_creation_that_hides_a_deletion_shows_by_its_date() {
    let mut walk = Walk::new(2);
    let pagination = Pagination { total_count: Some(4), page_size: Some(2), ..Pagination::default() };
    let began = Some(1_000);
    let first = [key(1), key(2)];
    walk.take_page(&PageFacts { page: 1, items: &first, pagination: &pagination, answered_at: began });
    let created = Some(RowKey { id: ContactId(5), created_at: Some(1_500), updated_at: None });
    let second = [key(4), created];
    walk.take_page(&PageFacts { page: 2, items: &second, pagination: &pagination, answered_at: Some(2_000) });
    assert_eq!(walk.verdict().0, Verdict::Unverified);
}

#[test]
fn rejected_items_are_counted_as_read() {
    let mut walk = Walk::new(100);
    let pagination = Pagination { total_count: Some(2), page_size: Some(100), ..Pagination::default() };
    let keep =
        walk.take_page(&PageFacts { page: 1, items: &[key(1), None], pagination: &pagination, answered_at: None });
    assert_eq!(keep, [true]);
    assert_eq!(walk.report().rejected, 1);
    assert_eq!(walk.verdict().0, Verdict::Complete);
}

#[test]
fn without_totals_the_walk_goes_by_has_more_and_cannot_vouch_for_completeness() {
    let mut walk = Walk::new(2);
    for (page, items, has_more) in [(1, vec![key(1), key(2)], true), (2, vec![key(3)], false)] {
        assert_eq!(walk.next_page(), Some(page));
        let pagination = Pagination { has_more: Some(has_more), ..Pagination::default() };
        walk.take_page(&PageFacts { page, items: &items, pagination: &pagination, answered_at: None });
    }
    assert_eq!((walk.next_page(), walk.is_finished()), (None, true));
    assert_eq!(walk.verdict().0, Verdict::Unverified);
}

#[test]
fn a_server_that_always_has_more_does_not_hold_us_for_ever() {
    let mut walk = Walk::new(2);
    let pagination = Pagination { has_more: Some(true), total_count: Some(0), ..Pagination::default() };
    let mut requests = 0;
    while let Some(page) = walk.next_page() {
        requests += 1;
        walk.take_page(&PageFacts { page, items: &[], pagination: &pagination, answered_at: None });
    }
    assert_eq!(requests, u64::from(MAX_STALE_PAGES));
}

#[test]
fn an_empty_page_in_the_middle_ends_nothing() {
    let mut walk = Walk::new(1);
    for page in 1..=3 {
        assert_eq!(walk.next_page(), Some(page));
        let pagination = Pagination { total_count: Some(3), page_size: Some(1), ..Pagination::default() };
        let items = if page == 2 { vec![] } else { vec![key(u128::from(page))] };
        walk.take_page(&PageFacts { page, items: &items, pagination: &pagination, answered_at: None });
    }
    assert!(walk.is_finished());
    assert_eq!(walk.report().odd_pages, 1);
    assert_eq!(walk.verdict().0, Verdict::Unverified);
}

proptest! {
    /// Whatever happens to the list, no contact is taken twice, and `complete` is only said when none is missing.
    #[test]
    fn complete_is_never_said_of_a_list_with_a_hole(
        contacts in 0_u128..60,
        page_size in 1_u32..12,
        changes in prop::collection::vec((1_u64..12, any::<bool>(), 0_usize..70), 0..4),
    ) {
        let mut server = Server::new(contacts);
        let mut throughout: Vec<u128> = server.list.clone();
        let mut next_id = 10_000;
        let (walk, mut taken, _) = walk(&mut server, page_size, |server, page| {
            for &(_, is_deletion, place) in changes.iter().filter(|&&(at, ..)| at == page) {
                if is_deletion && !server.list.is_empty() {
                    let gone = server.list.remove(place % server.list.len());
                    throughout.retain(|&id| id != gone);
                } else if !is_deletion {
                    let place = place % (server.list.len() + 1);
                    server.list.insert(place, next_id);
                    next_id += 1;
                }
            }
        });
        let missing = throughout.iter().filter(|id| !taken.contains(id)).count();
        // Deletions and creations that cancel out in every answer show by their dates only, see the test above.
        let is_hidden = walk.report().total_min == walk.report().total_max && changes.iter().any(|change| !change.1);
        if missing > 0 && !is_hidden {
            prop_assert_eq!(walk.verdict().0, Verdict::Unverified);
        }
        let count = taken.len();
        taken.sort_unstable();
        taken.dedup();
        prop_assert_eq!(taken.len(), count);
    }
}
