//! Whether all answers are of the time in which they were asked for.
//!
//! Each answer tells by how much the server's clock is ahead of ours, at the least and at the most, because it was made
//! between the request and its arrival. Answers that were kept by a cache, or come from a replica that lags behind, contradict
//! the others.
//!
//! *Easy to get wrong:* a clock that stands still or runs at another pace contradicts itself all the time, and says nothing.
//! So only a few answers that disagree with most others count.

use super::walk::CLOCK_SKEW;

/// How much older than others an answer may be, in microseconds: clocks that are set by the network differ by less.
const MAX_BEHIND: i64 = 1_000_000;

/// By how much the server's clock is ahead, by each answer; in microseconds.
#[derive(Debug, Default)]
pub(super) struct Clocks(Vec<(i64, i64)>);

impl Clocks {
    /// Takes what an answer shows: by how much the server's clock is ahead, at the least and at the most.
    pub(super) fn note(&mut self, ahead: (i64, i64)) {
        self.0.push(ahead);
    }

    /// By how many seconds the oldest answer is older than it can be, when few are.
    pub(super) fn behind(&self) -> Option<u64> {
        let mut most: Vec<i64> = self.0.iter().map(|&(_, most)| most).collect();
        most.sort_unstable();
        let least = self.0.iter().map(|&(least, _)| least).max()?;
        // All but a quarter must agree, or it is the clock that is wrong.
        let do_others_agree = least <= most[most.len() / 4].saturating_add(CLOCK_SKEW);
        let behind = least.saturating_sub(most[0]);
        (do_others_agree && behind > MAX_BEHIND).then(|| (behind / 1_000_000).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn behind(ahead: impl Iterator<Item = i64>) -> Option<u64> {
        let mut clocks = Clocks::default();
        ahead.for_each(|ahead| clocks.note((ahead - SECOND / 10, ahead + SECOND / 10)));
        clocks.behind()
    }

    #[test]
    fn a_few_answers_that_are_older_than_the_others_are_told() {
        assert_eq!(behind(std::iter::empty()), None);
        assert_eq!(behind((0..100).map(|_| 3600 * SECOND)), None, "another clock");
        for cached in [0, 7, 99] {
            let ahead = (0..100).map(|at| if at == cached { -60 * SECOND } else { 0 });
            assert_eq!(behind(ahead), Some(59));
        }
        assert_eq!(behind((0..100).map(|at| if at % 10 == 0 { -SECOND } else { 0 })), None, "clocks differ a little");
    }

    #[test]
    fn a_clock_that_keeps_no_time_tells_nothing() {
        for pace in [-SECOND, -SECOND / 100, SECOND / 100, SECOND, 3600 * SECOND] {
            for answers in 1..200 {
                assert_eq!(behind((0..answers).map(|at| at * pace)), None, "{pace} {answers}");
            }
        }
    }
}
