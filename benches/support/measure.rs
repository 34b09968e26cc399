//! Measures the cost of running another program.
//!
//! Time and memory are those that the system attributes to the process and to the children it waited for, so they do not
//! include the server's.
//!
//! *Easy to get wrong:* a child's peak memory starts at that of the process that started it, so the bench itself must stay
//! small. That is why another process stores the pages.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// The cost of one run, or the medians of several.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// User and system time.
    pub(crate) cpu: Duration,
    /// From start to end.
    pub(crate) wall: Duration,
    /// Largest resident memory, in bytes.
    pub(crate) peak_rss: u64,
}

impl Cost {
    /// Runs a command until it exits.
    pub(crate) fn of(command: &mut Command) -> Self {
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the program exists");
        let used = child.wait4().expect("a started child can be waited for");
        assert!(used.status.success(), "{command:?} failed with {}", used.status);
        Self { cpu: used.rusage.utime + used.rusage.stime, wall: started.elapsed(), peak_rss: used.rusage.maxrss }
    }

    /// The median of each figure.
    pub(crate) fn median(runs: &[Self]) -> Self {
        let middle = |figure: fn(&Self) -> u128| {
            let mut figures: Vec<u128> = runs.iter().map(figure).collect();
            figures.sort_unstable();
            u64::try_from(figures.get(figures.len() / 2).copied().unwrap_or_default())
                .expect("the figure fits into 64 bits")
        };
        Self {
            cpu: Duration::from_nanos(middle(|cost| cost.cpu.as_nanos())),
            wall: Duration::from_nanos(middle(|cost| cost.wall.as_nanos())),
            peak_rss: middle(|cost| cost.peak_rss.into()),
        }
    }
}
