//! What ends a run early: Ctrl-C, SIGTERM, `--max-duration`.

use std::time::Duration;

use crate::error::{Error, ExitCode};

/// Waits for the first signal that asks the run to stop, or until its time is over.
pub(super) async fn requested(max_duration: Option<Duration>) -> Error {
    let time_is_up = async {
        match max_duration {
            Some(duration) => {
                tokio::time::sleep(duration).await;
                duration
            }
            None => std::future::pending().await,
        }
    };
    let stopped = tokio::select! {
        code = signalled() => Error::Stopped(code),
        duration = time_is_up => Error::TimeIsUp(duration),
    };
    // From here on the next signal ends the process at once.
    tokio::spawn(async { leave(signalled().await) });
    stopped
}

/// Waits for a signal that asks the run to stop; gives the exit code that tells of it.
async fn signalled() -> ExitCode {
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

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending::<()>().await;
}

#[expect(clippy::exit, reason = "the next signal must end the process even while a write hangs")]
fn leave(code: ExitCode) -> ! {
    std::process::exit(code as i32)
}
