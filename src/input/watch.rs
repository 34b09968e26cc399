//! Reads a file on a thread of its own, so that a damaged one ends in an error and not in a crash or an endless wait.
//!
//! The libraries that read formats trust what a file says of itself, and a few flipped bits make them panic or compute for
//! ever. A panic ends only the thread here, and is an error of the file. Whoever waits for the thread gives up when
//! neither a byte was read nor a piece handed over for a while; the thread is left behind then, and ends with the process.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Name of the threads that read, by which the panic hook knows them.
const READER: &str = "reader";
/// Pieces that wait to be counted, a few megabytes each.
const QUEUED_PIECES: usize = 2;

/// Why a thread that reads came to no end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It panicked.
    Panicked,
    /// It did nothing that could be seen for so long.
    Stalled(Duration),
    /// It could not be started.
    NotStarted(io::ErrorKind),
}

/// What the thread that reads tells the one that waits.
#[derive(Debug)]
pub(super) struct Reporter<T> {
    pieces: SyncSender<T>,
    steps: Steps,
}

/// Grows with everything that is done.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps(Arc<AtomicU64>);

impl Steps {
    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl<T> Reporter<T> {
    /// Hands a piece over, and waits while others wait to be taken.
    pub(super) fn hand_over(&self, piece: T) {
        self.steps.add();
        // When nobody waits any more, the process is about to end.
        self.pieces.send(piece).ok();
    }

    /// A file whose every read counts as progress.
    pub(super) fn watched<R>(&self, reader: R) -> Watched<R> {
        Watched { reader, steps: self.steps.clone() }
    }
}

/// A reader whose every read counts as progress.
#[derive(Debug)]
pub(super) struct Watched<R> {
    reader: R,
    steps: Steps,
}

impl<R> Watched<R> {
    /// The same for another handle of the file.
    pub(super) fn with<S>(&self, reader: S) -> Watched<S> {
        Watched { reader, steps: self.steps.clone() }
    }

    pub(super) fn inner(&self) -> &R {
        &self.reader
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if count > 0 {
            self.steps.add();
        }
        Ok(count)
    }
}

impl<R: Seek> Seek for Watched<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.reader.seek(position)
    }
}

/// Runs `work` on a thread, takes its pieces as they come, and gives its result.
///
/// # Errors
/// When it panics, or shows no progress for `limit`; without a limit it may take as long as it likes.
pub(super) fn watch<T: Send + 'static, R: Send + 'static>(
    limit: Option<Duration>,
    work: impl FnOnce(&Reporter<T>) -> R + Send + 'static,
    take: &mut dyn FnMut(T),
) -> Result<R, Ended> {
    silence_readers();
    let (pieces, receiver) = sync_channel(QUEUED_PIECES);
    let steps = Steps::default();
    let reporter = Reporter { pieces, steps: steps.clone() };
    let thread = thread::Builder::new().name(READER.to_owned()).spawn(move || {
        let reporter = reporter;
        work(&reporter)
    });
    let thread = thread.map_err(|error| Ended::NotStarted(error.kind()))?;
    take_all(&receiver, limit, &steps, take)?;
    thread.join().map_err(|_| Ended::Panicked)
}

fn take_all<T>(
    receiver: &Receiver<T>,
    limit: Option<Duration>,
    steps: &Steps,
    take: &mut dyn FnMut(T),
) -> Result<(), Ended> {
    let mut seen = steps.count();
    loop {
        let piece = match limit {
            Some(limit) => receiver.recv_timeout(limit),
            None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match piece {
            Ok(piece) => take(piece),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) if steps.count() != seen => {}
            Err(RecvTimeoutError::Timeout) => return Err(Ended::Stalled(limit.unwrap_or_default())),
        }
        seen = steps.count();
    }
}

/// Keeps the panics of readers off stderr: they are told as what they are, a damaged file.
fn silence_readers() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(READER) {
                usual(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn pieces_come_in_order_and_the_result_after_them() {
        let mut taken = Vec::new();
        let work = |reporter: &Reporter<u32>| (0..10).for_each(|piece| reporter.hand_over(piece));
        assert_eq!(watch(Some(SHORT), work, &mut |piece| taken.push(piece)), Ok(()));
        assert_eq!(taken, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn a_panic_is_an_error() {
        let work = |reporter: &Reporter<u32>| {
            reporter.hand_over(1);
            panic!("the file is damaged");
        };
        let mut taken = 0;
        let ended: Result<(), Ended> = watch(None, work, &mut |piece| taken += piece);
        assert_eq!((ended, taken), (Err(Ended::Panicked), 1));
    }

    #[test]
    fn what_makes_no_progress_is_given_up_and_what_reads_is_not() {
        let (release, held) = sync_channel::<()>(0);
        let work = move |_: &Reporter<u32>| held.recv().is_ok();
        assert_eq!(watch(Some(SHORT), work, &mut |_| ()), Err(Ended::Stalled(SHORT)));
        drop(release);
        let work = |reporter: &Reporter<u32>| {
            let mut reader = reporter.watched(io::repeat(1));
            for _ in 0..40 {
                thread::sleep(SHORT / 10);
                reader.read_exact(&mut [0]).unwrap();
            }
        };
        assert_eq!(watch(Some(SHORT), work, &mut |_| ()), Ok(()));
    }
}
