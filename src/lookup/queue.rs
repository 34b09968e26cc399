//! Decides which key is looked up next and which answer is due: the part of a lookup without I/O.
//!
//! Ids are identified by position. Answers arrive in any order and are delivered in the order of the ids. A failed id is
//! requested once more, when nothing else can be done first: either every other id was requested, or the answers after it
//! have reached the read-ahead limit.
//!
//! *Easy to get wrong:* while one id keeps failing, the others must not run ahead without limit, because their answers wait
//! in memory.

use std::collections::{BTreeMap, BTreeSet};

/// The result for one id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupAnswer<R> {
    /// The row.
    Found(R),
    /// No row has this id.
    NotFound,
    /// It could not be read, and the run continues without it.
    Unread,
}

/// What happens to an id after a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterFailure {
    /// It is requested once more.
    Again,
    /// It failed twice and is left unread.
    ForGood,
}

/// The ids of a lookup and their results.
#[derive(Debug)]
pub(super) struct Queue<R> {
    total: usize,
    /// The first id that was never requested.
    next: usize,
    /// The first id whose answer was not delivered.
    due: usize,
    /// Answers waiting for those before them.
    waiting: BTreeMap<usize, LookupAnswer<R>>,
    /// Ids that failed once and will be requested again.
    failed_once: BTreeSet<usize>,
    /// Ids being requested for the second time.
    second_chance: BTreeSet<usize>,
}

impl<R> Queue<R> {
    /// A queue of `total` ids, none of which was requested.
    pub(super) fn new(total: usize) -> Self {
        let (failed_once, second_chance) = (BTreeSet::new(), BTreeSet::new());
        Self { total, next: 0, due: 0, waiting: BTreeMap::new(), failed_once, second_chance }
    }

    /// The next id that was never requested, if it is fewer than `read_ahead` ids after the one that is due.
    pub(super) fn next_new(&self, read_ahead: usize) -> Option<usize> {
        (self.next < self.total && self.next - self.due < read_ahead.max(1)).then_some(self.next)
    }

    /// The next id to request, for the first or second time.
    pub(super) fn next(&self, read_ahead: usize) -> Option<usize> {
        self.next_new(read_ahead).or_else(|| self.failed_once.first().copied())
    }

    /// Records that an id was requested.
    pub(super) fn note_sent(&mut self, position: usize) {
        if self.failed_once.remove(&position) {
            self.second_chance.insert(position);
        } else {
            self.note_new(position);
        }
    }

    /// Records an answer.
    pub(super) fn take(&mut self, position: usize, answer: LookupAnswer<R>) {
        // An answer from the journal was not requested in this run.
        if position == self.next {
            self.note_new(position);
        }
        self.second_chance.remove(&position);
        self.waiting.insert(position, answer);
    }

    /// Records a failed request.
    pub(super) fn fail(&mut self, position: usize) -> AfterFailure {
        if self.second_chance.remove(&position) {
            return AfterFailure::ForGood;
        }
        self.failed_once.insert(position);
        AfterFailure::Again
    }

    /// Takes the answer that is due.
    pub(super) fn pop_due(&mut self) -> Option<(usize, LookupAnswer<R>)> {
        let answer = self.waiting.remove(&self.due)?;
        self.due += 1;
        Some((self.due - 1, answer))
    }

    /// Whether every answer was delivered.
    pub(super) fn is_finished(&self) -> bool {
        self.due == self.total
    }

    fn note_new(&mut self, position: usize) {
        assert_eq!(position, self.next, "ids are requested in order");
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn popped(queue: &mut Queue<u32>) -> Vec<usize> {
        std::iter::from_fn(|| queue.pop_due()).map(|(position, _)| position).collect()
    }

    #[test]
    fn answers_are_delivered_in_the_order_of_the_ids() {
        let mut queue = Queue::new(3);
        for position in 0..3 {
            assert_eq!(queue.next(8), Some(position));
            queue.note_sent(position);
        }
        assert_eq!(queue.next(8), None);
        queue.take(2, LookupAnswer::Found(2));
        assert_eq!(popped(&mut queue), Vec::<usize>::new());
        queue.take(0, LookupAnswer::NotFound);
        assert_eq!(popped(&mut queue), [0]);
        assert!(!queue.is_finished());
        queue.take(1, LookupAnswer::Found(1));
        assert_eq!(popped(&mut queue), [1, 2]);
        assert!(queue.is_finished());
    }

    #[test]
    fn an_id_that_fails_is_requested_again_when_nothing_else_can_be_done() {
        let mut queue: Queue<u32> = Queue::new(10);
        queue.note_sent(0);
        assert_eq!(queue.fail(0), AfterFailure::Again);
        for position in 1..4 {
            assert_eq!(queue.next(4), Some(position), "others first");
            queue.note_sent(position);
            queue.take(position, LookupAnswer::Found(0));
        }
        assert_eq!(queue.next_new(4), None, "the read-ahead limit is reached");
        assert_eq!(queue.next(4), Some(0));
        queue.note_sent(0);
        assert_eq!(queue.next(4), None);
        assert_eq!(queue.fail(0), AfterFailure::ForGood);
        queue.take(0, LookupAnswer::Unread);
        assert_eq!(popped(&mut queue), [0, 1, 2, 3]);
        assert_eq!(queue.next(4), Some(4));
    }

    #[test]
    fn answers_of_a_journal_are_taken_without_a_request() {
        let mut queue = Queue::new(2);
        queue.take(0, LookupAnswer::Found(7));
        assert_eq!(queue.next(8), Some(1));
        queue.note_sent(1);
        queue.take(1, LookupAnswer::Found(8));
        assert_eq!(popped(&mut queue), [0, 1]);
        assert!(queue.is_finished() && Queue::<u32>::new(0).is_finished());
    }
}
