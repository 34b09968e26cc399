//! What ends a run early: Ctrl-C, SIGTERM, `--max-duration`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::{Error, ExitCode};

/// The first signal that asks the run to stop.
///
/// Signals are heard on a thread of their own: whatever a disk or a pipe keeps the run's own thread from, the second one
/// ends the process at once. So does the first one while nothing has begun that could be kept.
pub(super) struct Signals {
    first: oneshot::Receiver<ExitCode>,
    has_begun: Arc<AtomicBool>,
}

impl Signals {
    /// Hears signals from now on.
    ///
    /// # Errors
    /// When a thread or the means to wait for signals cannot be had.
    pub(super) fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (sender, first) = oneshot::channel();
        let has_begun = Arc::new(AtomicBool::new(false));
        let begun = Arc::clone(&has_begun);
        let listen = async move {
            let _file_size = no_signal_of_file_size();
            let code = signaled().await;
            if begun.load(Ordering::Relaxed) {
                // Nobody waits for it any more once the outputs get their names, which is soon done.
                sender.send(code).ok();
                leave(signaled().await)
            }
            leave(code)
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(listen))?;
        Ok(Self { first, has_begun })
    }
}

/// Waits for the first signal, or until the run's time is over.
pub(super) async fn requested(max_duration: Option<Duration>, signals: Signals) -> Error {
    signals.has_begun.store(true, Ordering::Relaxed);
    let time_is_up = async {
        match max_duration {
            Some(duration) => {
                tokio::time::sleep(duration).await;
                duration
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        Ok(code) = signals.first => Error::Stopped(code),
        duration = time_is_up => Error::TimeIsUp(duration),
    }
}

/// Waits for a signal that asks the run to stop; gives the exit code that tells of it.
async fn signaled() -> ExitCode {
    tokio::select! {
        () = interrupted() => ExitCode::Interrupted,
        () = terminated() => ExitCode::Terminated,
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// While this is held, a file that grows beyond `ulimit -f` is an error of the write and does not end the process.
#[cfg(unix)]
fn no_signal_of_file_size() -> Option<tokio::signal::unix::Signal> {
    // SIGXFSZ, the same number on Linux, macOS and the BSDs.
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(25)).ok()
}

#[cfg(not(unix))]
fn no_signal_of_file_size() {}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending::<()>().await;
}

#[expect(clippy::exit, reason = "the second signal must end the process even while a write hangs")]
fn leave(code: ExitCode) -> ! {
    std::process::exit(code as i32)
}
