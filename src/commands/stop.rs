//! What ends a run early: Ctrl-C, SIGTERM, a terminal that goes away (SIGHUP), `--max-duration`.

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
        check_open_files()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (sender, first) = oneshot::channel();
        let has_begun = Arc::new(AtomicBool::new(false));
        let begun = Arc::clone(&has_begun);
        let listen = async move {
            let _file_size = no_signal_of_file_size();
            let code = signalled().await;
            if begun.load(Ordering::Relaxed) {
                // Nobody waits for it any more once the outputs get their names, which is soon done.
                sender.send(code).ok();
                // A terminal that goes away may say so twice.
                leave(signalled_again().await)
            }
            leave(code)
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(listen))?;
        Ok(Self { first, has_begun })
    }
}

/// Finds out whether a runtime that hears signals can be had: tokio panics when it finds no room for its files.
#[cfg(unix)]
fn check_open_files() -> io::Result<()> {
    use std::os::unix::net::UnixStream;
    // Two for the signals, and some for the events of this runtime.
    let _pairs = [UnixStream::pair()?, UnixStream::pair()?, UnixStream::pair()?, UnixStream::pair()?];
    Ok(())
}

#[cfg(not(unix))]
fn check_open_files() -> io::Result<()> {
    Ok(())
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
async fn signalled() -> ExitCode {
    tokio::select! {
        code = signalled_again() => code,
        () = hung_up() => ExitCode::Terminated,
    }
}

/// Waits for a signal that a person or a supervisor sends.
async fn signalled_again() -> ExitCode {
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

/// Waits for the end of the terminal or session, unless the run was started so as to outlive it.
#[cfg(unix)]
async fn hung_up() {
    use tokio::signal::unix::{SignalKind, signal};
    // Listening would undo what `nohup` did.
    if is_hang_up_ignored() {
        return std::future::pending().await;
    }
    match signal(SignalKind::hangup()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// Whether SIGHUP was ignored when the run began. Where the system does not tell, whoever has no terminal ignores it.
#[cfg(unix)]
fn is_hang_up_ignored() -> bool {
    use std::io::IsTerminal;
    match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => ignores_hang_up(&status),
        Err(_) => !(io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()),
    }
}

/// Reads the mask of ignored signals, in which SIGHUP is the lowest bit.
#[cfg(unix)]
fn ignores_hang_up(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
async fn hung_up() {
    std::future::pending::<()>().await;
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_shall_outlive_its_terminal_is_told_by_its_mask() {
        assert!(ignores_hang_up("Name:\tsent-export\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hang_up("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hang_up(""));
    }
}
