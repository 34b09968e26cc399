//! Ctrl-C and SIGTERM.

use crate::error::{Error, ExitCode};

/// Waits for the first signal that asks the run to stop.
pub(super) async fn requested() -> Error {
    let code = tokio::select! {
        () = interrupted() => ExitCode::Interrupted,
        () = terminated() => ExitCode::Terminated,
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
