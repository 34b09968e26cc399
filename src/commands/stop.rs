//! Stops a run early: on Ctrl-C, SIGTERM, a closed terminal (SIGHUP), or `--max-duration`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::error::{Error, ExitCode};

/// Maximum time that an interrupted run waits for cleanup.
const GRACE: Duration = Duration::from_secs(3);

/// The first signal that stops the run.
///
/// A separate thread waits for signals, so that the second signal ends the process immediately, even while the run's thread
/// is blocked by a disk or pipe. Until there is something to save or clean up, the first signal does so, too.
#[derive(Debug)]
pub(super) struct Signals {
    first: watch::Receiver<Option<ExitCode>>,
    has_begun: Arc<AtomicBool>,
}

impl Signals {
    /// Starts handling signals.
    ///
    /// # Errors
    /// When a thread cannot be started, or signal handlers cannot be installed.
    pub(super) fn listen() -> io::Result<Self> {
        check_open_files()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (sender, first) = watch::channel(None);
        let has_begun = Arc::new(AtomicBool::new(false));
        let begun = Arc::clone(&has_begun);
        // Handlers are installed before the thread runs, because until then a signal would end the process.
        let mut signals = {
            let _context = runtime.enter();
            StopSignals::listen()?
        };
        let listen = async move {
            let code = signals.first().await;
            if begun.load(Ordering::Relaxed) {
                // Once the outputs are being renamed, which is quick, the signal has no effect.
                sender.send(Some(code)).ok();
                leave(signals.second().await)
            }
            leave(code)
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(listen))?;
        Ok(Self { first, has_begun })
    }

    /// Marks that there is something to save or clean up, so that the first signal no longer ends the process.
    pub(super) fn begin(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
    }

    /// The same signals for one of several jobs that has not begun.
    pub(super) fn for_job(&self) -> Self {
        Self { first: self.first.clone(), has_begun: Arc::default() }
    }

    /// The same signals for the command of a job.
    pub(super) fn for_command(&self) -> Self {
        Self { first: self.first.clone(), has_begun: Arc::clone(&self.has_begun) }
    }

    /// Whether there is something to save or clean up.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    /// The exit code of a signal since [`begin`](Self::begin), for commands that poll.
    pub(super) fn received(&self) -> Option<ExitCode> {
        *self.first.borrow()
    }

    /// Waits for the first signal since [`begin`](Self::begin), and returns its exit code.
    pub(super) async fn first(&mut self) -> ExitCode {
        match self.first.wait_for(Option::is_some).await.map(|code| *code) {
            Ok(Some(code)) => code,
            // The thread that handles signals has ended, and so has the process.
            _ => std::future::pending().await,
        }
    }
}

/// Checks that enough files can be opened for a runtime with signal handling: tokio panics if not.
#[cfg(unix)]
fn check_open_files() -> io::Result<()> {
    use std::os::unix::net::UnixStream;
    // Two for the signals, and some for the runtime's events.
    let _pairs = [UnixStream::pair()?, UnixStream::pair()?, UnixStream::pair()?, UnixStream::pair()?];
    Ok(())
}

#[cfg(not(unix))]
fn check_open_files() -> io::Result<()> {
    Ok(())
}

/// Waits for the first signal or the end of `--max-duration`.
pub(super) async fn requested(max_duration: Option<Duration>, mut signals: Signals) -> Error {
    signals.begin();
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
        code = signals.first() => Error::Stopped(code),
        duration = time_is_up => Error::TimeLimit(duration),
    }
}

/// Runs blocking `work` on a separate thread. If `stop` completes first, `work` is notified and given a short time to clean
/// up.
///
/// # Errors
/// With the error of `work` or of `stop`.
pub(super) async fn blocking_unless<T: Send + 'static>(
    stop: Pin<&mut impl Future<Output = Error>>,
    work: impl FnOnce(&AtomicBool) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let is_stopped = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_stopped);
    let mut working = tokio::task::spawn_blocking(move || work(&told));
    tokio::select! {
        done = &mut working => done.unwrap_or(Err(Error::WriterDied)),
        error = stop => {
            is_stopped.store(true, Ordering::Relaxed);
            drop(tokio::time::timeout(GRACE, working).await);
            Err(error)
        }
    }
}

/// The signals that stop the run.
#[cfg(unix)]
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    /// SIGHUP, when the terminal or session ends, unless it was ignored when the run began.
    hang_up: Option<Signal>,
    /// While it is handled, exceeding `ulimit -f` is a write error and does not end the process.
    _file_size: Option<Signal>,
}

#[cfg(unix)]
impl StopSignals {
    fn listen() -> io::Result<Self> {
        // SIGXFSZ, which has this number on Linux, macOS and the BSDs.
        const FILE_SIZE: i32 = 25;
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            // A handler would undo `nohup`.
            hang_up: if is_hang_up_ignored() { None } else { Some(signal(SignalKind::hangup())?) },
            _file_size: signal(SignalKind::from_raw(FILE_SIZE)).ok(),
        })
    }

    /// Waits for the first signal and returns its exit code.
    async fn first(&mut self) -> ExitCode {
        let hang_up = &mut self.hang_up;
        let terminal_gone = async {
            match hang_up {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => ExitCode::Interrupted,
            _ = self.terminate.recv() => ExitCode::Terminated,
            () = terminal_gone => ExitCode::Terminated,
        }
    }

    /// Waits for another signal from a person or supervisor. SIGHUP does not count, because a closing terminal may send it
    /// twice.
    async fn second(&mut self) -> ExitCode {
        tokio::select! {
            _ = self.interrupt.recv() => ExitCode::Interrupted,
            _ = self.terminate.recv() => ExitCode::Terminated,
        }
    }
}

/// Ctrl-C, the only signal on other systems.
#[cfg(not(unix))]
struct CtrlC;

#[cfg(not(unix))]
use self::CtrlC as StopSignals;

#[cfg(not(unix))]
impl CtrlC {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn first(&mut self) -> ExitCode {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        ExitCode::Interrupted
    }

    async fn second(&mut self) -> ExitCode {
        self.first().await
    }
}

/// Whether SIGHUP was ignored when the run began. If the system does not report this, SIGHUP counts as ignored if there is
/// no terminal.
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

#[expect(clippy::exit, reason = "the second signal must end the process even while a write hangs")]
fn leave(code: ExitCode) -> ! {
    std::process::exit(code.number().into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_sighup_is_found_in_the_signal_mask() {
        assert!(ignores_hang_up("Name:\tsent-export\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hang_up("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hang_up(""));
    }
}
