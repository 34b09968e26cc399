//! Durations and their percentiles, in bounded memory.
//!
//! Up to [`MAX_EXACT`] durations are kept exactly. If there are more, all are counted in buckets, 128 for each power of
//! two; percentiles are then less than 1% off and marked as approximate.

use crate::report::document::delivery::summary::Percentiles;

/// Maximum number of durations that are kept exactly: 1.6 MB.
const MAX_EXACT: usize = 200_000;
/// Base-2 logarithm of the number of buckets for each power of two.
const BITS: u32 = 7;
const PER_POWER: u64 = 1 << BITS;
const MICROS_PER_MILLI: u64 = 1000;

/// Durations in microseconds.
#[derive(Debug, Clone)]
pub(super) struct Durations {
    exact: Vec<u64>,
    /// Counts by bucket, once there are too many durations.
    buckets: Option<Vec<u64>>,
    count: u64,
    min: u64,
    max: u64,
    max_exact: usize,
}

impl Default for Durations {
    fn default() -> Self {
        Self { exact: Vec::new(), buckets: None, count: 0, min: u64::MAX, max: 0, max_exact: MAX_EXACT }
    }
}

impl Durations {
    pub(super) fn add(&mut self, micros: u64) {
        self.count += 1;
        self.min = self.min.min(micros);
        self.max = self.max.max(micros);
        if let Some(buckets) = &mut self.buckets {
            buckets[bucket(micros)] += 1;
            return;
        }
        self.exact.push(micros);
        if self.exact.len() > self.max_exact {
            let mut buckets = vec![0; bucket(u64::MAX) + 1];
            for micros in std::mem::take(&mut self.exact) {
                buckets[bucket(micros)] += 1;
            }
            self.buckets = Some(buckets);
        }
    }

    /// The percentiles; `None` if there are no durations.
    pub(super) fn percentiles(mut self) -> Option<Percentiles> {
        self.exact.sort_unstable();
        let at = |percent: u64| {
            let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100).max(1);
            let rank = u64::try_from(rank).expect("no more than the count");
            self.at_rank(rank) / MICROS_PER_MILLI
        };
        (self.count > 0).then(|| Percentiles {
            messages: self.count,
            min_ms: Some(self.min / MICROS_PER_MILLI),
            p50_ms: at(50),
            p75_ms: at(75),
            p90_ms: at(90),
            p95_ms: at(95),
            p99_ms: at(99),
            max_ms: Some(self.max / MICROS_PER_MILLI),
            approximate: self.buckets.is_some(),
        })
    }

    /// The duration of a rank, counted from 1.
    fn at_rank(&self, rank: u64) -> u64 {
        let Some(buckets) = &self.buckets else {
            let place = usize::try_from(rank - 1).expect("as many as are in memory");
            return self.exact[place];
        };
        let mut seen = 0;
        let reached = buckets.iter().position(|&count| {
            seen += count;
            seen >= rank
        });
        reached.map_or(self.max, lowest).clamp(self.min, self.max)
    }
}

/// The bucket of a duration.
fn bucket(micros: u64) -> usize {
    let place = match micros.checked_ilog2() {
        Some(power) if power >= BITS => {
            let above = power - BITS;
            (u64::from(above) + 1) * PER_POWER + ((micros >> above) & (PER_POWER - 1))
        }
        _ => micros,
    };
    usize::try_from(place).expect("a few thousand buckets")
}

/// The shortest duration of a bucket.
fn lowest(bucket: usize) -> u64 {
    let (power, rest) = (bucket as u64 / PER_POWER, bucket as u64 % PER_POWER);
    if power == 0 { rest } else { (PER_POWER + rest) << (power - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percentiles(max_exact: usize) -> Percentiles {
        let mut durations = Durations { max_exact, ..Durations::default() };
        // In no particular order.
        (0..10_000_u64).map(|at| (at * 7919 % 10_000 + 1) * 1000).for_each(|micros| durations.add(micros));
        durations.percentiles().unwrap()
    }

    #[test]
    fn percentiles_of_few_durations_are_exact() {
        let exact = percentiles(10_000);
        assert_eq!(
            (exact.messages, exact.min_ms, exact.max_ms, exact.approximate),
            (10_000, Some(1), Some(10_000), false)
        );
        let found = [exact.p50_ms, exact.p75_ms, exact.p90_ms, exact.p95_ms, exact.p99_ms];
        assert_eq!(found, [5000, 7500, 9000, 9500, 9900]);
        assert_eq!(Durations::default().percentiles(), None);
        let mut one = Durations::default();
        one.add(2_999);
        assert_eq!(one.percentiles().map(|one| (one.p50_ms, one.p99_ms)), Some((2, 2)));
    }

    #[test]
    fn percentiles_of_many_are_less_than_one_percent_off() {
        let (exact, about) = (percentiles(10_000), percentiles(100));
        assert!(about.approximate);
        assert_eq!((about.min_ms, about.max_ms, about.messages), (exact.min_ms, exact.max_ms, exact.messages));
        for (exact, about) in [(exact.p50_ms, about.p50_ms), (exact.p90_ms, about.p90_ms), (exact.p99_ms, about.p99_ms)]
        {
            assert!(about <= exact && (exact - about) * 100 < exact, "{about} for {exact}");
        }
    }

    #[test]
    fn every_duration_has_a_bucket_that_begins_at_or_just_below_it() {
        for micros in (0..64).flat_map(|power| [1 << power, (1 << power) + (1 << power) / 3]).chain([0, u64::MAX]) {
            let lowest = lowest(bucket(micros));
            assert!(lowest <= micros && micros - lowest <= micros / PER_POWER, "{micros}");
        }
    }
}
