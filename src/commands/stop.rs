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
    let code = tokio::select! {
        () = interrupted() => ExitCode::Interrupted,
        () = terminated() => ExitCode::Terminated,
        duration = time_is_up => return Error::TimeIsUp(duration),
    };
    // From here on a second signal ends the process at once.
    tokio::spawn(async move {
        tokio::select! {
            () = interrupted() => {}
            () = terminated() => {}
        }
        leave(code);
    });
    Error::Stopped(code)
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

#[expect(clippy::exit, reason = "a second signal must end the process even while a write hangs")]
fn leave(code: ExitCode) -> ! {
    std::process::exit(code as i32)
}
