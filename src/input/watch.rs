//! Reads a file on a separate thread, so that a damaged file is an error and not a crash or a hang.
//!
//! The libraries for file formats trust the metadata of a file, and a few flipped bits make them panic or loop forever. Here
//! a panic ends only the thread and becomes an error about the file. If no byte is read and no piece returned for a while,
//! the caller gives up; the thread then remains until the process ends.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Name of the reading threads, by which the panic hook identifies them.
const READER: &str = "reader";
/// Maximum number of pieces in the queue, a few megabytes each.
const QUEUED_PIECES: usize = 2;

/// Why a reading thread did not finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadThreadFailure {
    /// It panicked.
    Panicked,
    /// It made no progress for this time.
    Stalled(Duration),
    /// It could not be started.
    NotStarted(io::ErrorKind),
}

/// A message from the reading thread.
#[derive(Debug)]
pub(super) struct Reporter<T> {
    pieces: SyncSender<T>,
    steps: Steps,
}

/// Grows with all progress.
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
    /// Sends a piece, and waits while the queue is full.
    pub(super) fn hand_over(&self, piece: T) {
        self.steps.add();
        // Without a receiver, the process is about to end.
        self.pieces.send(piece).ok();
    }

    /// A file that counts every read as progress.
    pub(super) fn watched<R>(&self, reader: R) -> Watched<R> {
        Watched { reader, steps: self.steps.clone() }
    }
}

/// A reader that counts every read as progress.
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

/// Runs `work` on a thread, passes its pieces to `take`, and returns its result.
///
/// # Errors
/// When it panics, or makes no progress for `limit`, if there is one.
pub(super) fn watch<T: Send + 'static, R: Send + 'static>(
    limit: Option<Duration>,
    work: impl FnOnce(&Reporter<T>) -> R + Send + 'static,
    take: &mut dyn FnMut(T),
) -> Result<R, ReadThreadFailure> {
    silence_readers();
    let (pieces, receiver) = sync_channel(QUEUED_PIECES);
    let steps = Steps::default();
    let reporter = Reporter { pieces, steps: steps.clone() };
    let thread = thread::Builder::new().name(READER.to_owned()).spawn(move || {
        let reporter = reporter;
        work(&reporter)
    });
    let thread = thread.map_err(|error| ReadThreadFailure::NotStarted(error.kind()))?;
    take_all(&receiver, limit, &steps, take)?;
    thread.join().map_err(|_| ReadThreadFailure::Panicked)
}

fn take_all<T>(
    receiver: &Receiver<T>,
    limit: Option<Duration>,
    steps: &Steps,
    take: &mut dyn FnMut(T),
) -> Result<(), ReadThreadFailure> {
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
            Err(RecvTimeoutError::Timeout) => return Err(ReadThreadFailure::Stalled(limit.unwrap_or_default())),
        }
        seen = steps.count();
    }
}

/// Keeps panics of readers off stderr, because they are reported as damaged files.
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
        let ended: Result<(), ReadThreadFailure> = watch(None, work, &mut |piece| taken += piece);
        assert_eq!((ended, taken), (Err(ReadThreadFailure::Panicked), 1));
    }

    #[test]
    fn reading_without_progress_times_out_and_slow_reading_does_not() {
        let (release, held) = sync_channel::<()>(0);
        let work = move |_: &Reporter<u32>| held.recv().is_ok();
        assert_eq!(watch(Some(SHORT), work, &mut |_| ()), Err(ReadThreadFailure::Stalled(SHORT)));
        drop(release);
        // Longer than the limit in total, with each read far below it, even on a machine that is busy with other tests.
        let limit = Duration::from_millis(400);
        let work = move |reporter: &Reporter<u32>| {
            let mut reader = reporter.watched(io::repeat(1));
            for _ in 0..15 {
                thread::sleep(limit / 10);
                reader.read_exact(&mut [0]).unwrap();
            }
        };
        assert_eq!(watch(Some(limit), work, &mut |_| ()), Ok(()));
    }
}
