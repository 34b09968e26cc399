//! Readers on lists of a few rows, one rule each.

use super::*;
use crate::listing::walk::tests::rows;

/// An answer with these rows, from a list of `total` rows.
fn answer(window: Window, ids: &[u128], total: u64) -> Answer {
    let end = window.offset() + ids.len() as u64;
    Answer {
        window,
        offset: window.offset(),
        rows: rows(ids.iter().copied()),
        keys: vec![None; ids.len()],
        total: Some(total),
        is_short: ids.len() < window.size as usize,
        claims_more: total > end,
        may_be_last: false,
    }
}

struct ReaderOnLine {
    reader: Reader,
    line: Line,
}

impl ReaderOnLine {
    fn new(cap: u32) -> Self {
        Self { reader: Reader::new(Goal::End, Edge::start(), cap), line: Line::default() }
    }

    fn take(&mut self, page: u64, size: u32, ids: &[u128], total: u64) -> Vec<ReaderStep> {
        let window = Window { page, size };
        self.reader.expected_end = Some(total);
        self.reader.note_sent(window, true);
        self.reader.take(answer(window, ids, total), &mut self.line).unwrap()
    }
}

#[test]
fn a_window_that_holds_the_last_row_continues_the_list() {
    let mut reading = ReaderOnLine::new(4);
    reading.take(1, 4, &[1, 2, 3, 4], 6);
    let steps = reading.take(2, 3, &[4, 5, 6], 6);
    assert_eq!((steps.len(), steps[0].shift, steps[0].fresh.map(|fresh| fresh.from)), (1, Some(0), Some(1)));
    assert_eq!(reading.reader.edge.rank, 6);
}

#[test]
fn a_deletion_before_the_boundary_shows_as_a_shift_and_loses_nothing() {
    let mut reading = ReaderOnLine::new(6);
    reading.take(1, 6, &[1, 2, 3, 4, 5, 6], 9);
    // Row 2 is deleted; the window was planned with an overlap of two rows.
    let steps = reading.take(2, 4, &[6, 7, 8, 9], 8);
    assert_eq!((steps[0].shift, steps[0].fresh.map(|fresh| fresh.from)), (Some(-1), Some(1)));
    assert_eq!(reading.reader.edge.offset, 8);
}

#[test]
fn a_window_without_a_known_row_proves_nothing_and_the_edge_is_searched_for() {
    let mut reading = ReaderOnLine::new(4);
    reading.take(1, 4, &[1, 2, 3, 4], 8);
    // Rows 1 to 3 are deleted: the row at position 3 now follows a row that was not read.
    let steps = reading.take(2, 3, &[7, 8], 5);
    assert!(steps.is_empty() && !reading.reader.is_done());
    assert_eq!(reading.reader.searches, 1);
    let (window, is_search) = reading.reader.next_window(8).unwrap();
    assert!(is_search && window.offset() <= 1, "{window:?}: the count fell by three");
    reading.reader.note_sent(window, true);
    let found = answer(window, &[4, 5, 6, 7], 5);
    let steps = reading.reader.take(found, &mut reading.line).unwrap();
    // The search shows the edge, and the answer that waited continues it to the end.
    assert_eq!(steps.len(), 2);
    assert!(reading.reader.is_done());
    assert_eq!(reading.reader.end, 5);
}

#[test]
fn a_search_that_shows_the_edge_at_the_end_of_its_answer_has_found_it() {
    let mut reading = ReaderOnLine::new(4);
    reading.take(1, 4, &[1, 2, 3, 4], 8);
    // Two rows are created before row 1; a window requested earlier shows neither row 4 nor one before it.
    assert!(reading.take(2, 3, &[6, 7, 8], 10).is_empty());
    let (window, is_search) = reading.reader.next_window(8).unwrap();
    assert!(is_search, "{window:?}");
    reading.reader.note_sent(window, true);
    let ends_with_the_edge = Answer { offset: 2, ..answer(window, &[1, 2, 3, 4], 10) };
    let steps = reading.reader.take(ends_with_the_edge, &mut reading.line).unwrap();
    assert_eq!((steps.len(), steps[0].shift), (1, Some(2)));
    assert_eq!(reading.reader.edge.offset, 6);
    // The answer that did not hold the edge is from another time: the rows after the edge are requested again, not
    // searched for.
    let (window, is_search) = reading.reader.next_window(8).unwrap();
    assert!(!is_search && window.offset() < 6 && window.end() > 6, "{window:?}");
}

/// The window that is needed first fails last.
#[test]
fn windows_that_failed_in_any_order_are_skipped_in_one_step() {
    let mut reading = ReaderOnLine::new(4);
    reading.take(1, 4, &[1, 2, 3, 4], 20);
    let [first, second] = [Window { page: 2, size: 3 }, Window { page: 3, size: 3 }];
    for window in [first, second] {
        reading.reader.note_sent(window, true);
    }
    reading.take(2, 4, &[5, 6, 7, 8], 20);
    reading.reader.set_aside(second, &mut reading.line).unwrap();
    reading.take(3, 4, &[9, 10, 11, 12], 20);
    assert_eq!(reading.reader.edge.offset, 4);
    reading.reader.set_aside(first, &mut reading.line).unwrap();
    assert_eq!(reading.reader.edge.offset, 12);
    let skipped: Vec<Window> = reading.reader.breaks.iter().map(|gap| gap.window).collect();
    assert_eq!(skipped, [first, second]);
}

#[test]
fn the_list_ends_with_a_short_answer_that_holds_the_edge() {
    let mut reading = ReaderOnLine::new(4);
    reading.take(1, 4, &[1, 2, 3, 4], 5);
    assert!(!reading.reader.is_done(), "rows may follow a full page");
    reading.take(2, 3, &[4, 5], 5);
    assert!(reading.reader.is_done());
}

#[test]
fn a_short_answer_that_announces_more_is_read_again_first() {
    let mut reading = ReaderOnLine::new(4);
    reading.take(1, 4, &[1, 2, 3, 4], 9);
    assert!(reading.take(2, 3, &[4, 5], 9).is_empty());
    let steps = reading.take(2, 3, &[4, 5, 6], 9);
    assert_eq!(steps.len(), 1);
    assert_eq!(reading.reader.edge.rank, 6, "row 6 had been left out");
}

#[test]
fn a_reader_of_the_head_stops_where_it_meets_the_line() {
    let mut reading = ReaderOnLine::new(6);
    reading.take(1, 6, &[1, 2, 3, 4, 5], 5);
    let mut head = Reader::new(Goal::Line { rows: 0 }, Edge::start(), 6);
    head.request(Window { page: 1, size: 5 });
    let (window, _) = head.next_window(8).unwrap();
    head.note_sent(window, true);
    head.take(answer(window, &[9, 8, 1, 2, 3], 7), &mut reading.line).unwrap();
    assert!(head.is_done());
}

#[test]
fn a_row_that_moved_alone_is_no_anchor() {
    let mut reading = ReaderOnLine::new(6);
    reading.take(1, 6, &[1, 2, 3, 4, 5, 6], 12);
    // Row 6 moved after row 9 and kept its times; row 5 follows it, so the answer is out of order.
    let steps = reading.take(2, 6, &[7, 8, 9, 6, 5, 10], 12);
    assert!(steps.is_empty(), "{steps:?}");
}

/// The same without a count.
fn uncounted(window: Window, ids: &[u128]) -> Answer {
    let is_short = ids.len() < window.size as usize;
    let may_be_last = is_short && !ids.is_empty();
    Answer { total: None, claims_more: false, may_be_last, ..answer(window, ids, 0) }
}

#[test]
fn without_a_count_only_an_answer_without_new_rows_is_the_end() {
    let mut reading = ReaderOnLine::new(5);
    let mut take = |page, size, ids: &[u128]| {
        let window = Window { page, size };
        reading.reader.note_sent(window, true);
        reading.reader.take(uncounted(window, ids), &mut reading.line).unwrap();
        reading.reader.is_done()
    };
    assert!(!take(1, 5, &[1, 2, 3]), "the server may send three rows at most");
    assert!(!take(2, 2, &[3, 4]));
    assert!(!take(2, 3, &[4, 5]));
    assert!(take(2, 4, &[5]));
}
