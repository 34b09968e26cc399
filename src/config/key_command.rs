//! Runs a program that prints the key: `--api-key-command`.
//!
//! The program runs without a shell, as in restic: its words are split as a shell would split them, but nothing is
//! expanded. Its stdin is empty, and its messages are not shown, because they may contain keys. A program that does not
//! finish within a minute is killed.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Remote vaults respond within seconds, and a person touches a token within a minute.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Time between two checks whether a program that closed its stdout has ended.
const LOOK: Duration = Duration::from_millis(5);
/// A key has a few dozen characters; the wrong program must not fill the memory.
const MAX_KEY_BYTES: u64 = 64 << 10;

/// The output of a program, or why there is none.
type PrintedKey = Result<String, Arc<KeyCommandError>>;

/// Cached output and failures. Jobs of one account name the same program, which may prompt a person. Each program has its
/// own cell, so that a slow one delays only those who wait for it.
static PRINTED: Mutex<BTreeMap<String, Arc<OnceLock<PrintedKey>>>> = Mutex::new(BTreeMap::new());

/// Why a program returned no key, without any of its output.
#[derive(Debug, thiserror::Error)]
pub enum KeyCommandError {
    /// There is no program, or a quote is not closed.
    #[error("it is not a command: it is empty, or a quote is not closed")]
    NotCommand,
    /// There is no program with this name, which may be the key, so it is not shown.
    #[error("there is no such program; its name may be the key itself, so it is not shown")]
    HiddenProgram,
    /// It cannot be started.
    #[error("cannot start {program}")]
    Start {
        /// The first word of the command.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// It exited with an error.
    #[error("{program} failed: {status}")]
    Failed {
        /// The first word of the command.
        program: String,
        /// Its exit status.
        status: ExitStatus,
    },
    /// It took too long.
    #[error("{program} printed no key within {} seconds, and was killed", TIMEOUT.as_secs())]
    TimedOut {
        /// The first word of the command.
        program: String,
    },
    /// Its output cannot be read.
    #[error("cannot read what {program} prints")]
    Read {
        /// The first word of the command.
        program: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Runs a program and returns its output. Each command runs once per process, even if it fails.
///
/// # Errors
/// When it cannot be run, fails, or takes too long.
pub(super) fn key_of_command(command: &str) -> PrintedKey {
    let printed = {
        let mut all = PRINTED.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(command.to_owned()).or_default())
    };
    printed.get_or_init(|| run(command, TIMEOUT).map_err(Arc::new)).clone()
}

fn run(command: &str, timeout: Duration) -> Result<String, KeyCommandError> {
    let words = shlex::split(command).unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else { return Err(KeyCommandError::NotCommand) };
    let deadline = Instant::now() + timeout;
    let child =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|source| {
        // The key may have been given instead of a command.
        let may_be_key = arguments.is_empty() && source.kind() == std::io::ErrorKind::NotFound;
        if may_be_key && !program.contains('/') {
            return KeyCommandError::HiddenProgram;
        }
        KeyCommandError::Start { program: program.clone(), source }
    })?;
    let stdout = child.stdout.take().expect("it was asked to be piped");
    let printed = read_until(stdout, deadline);
    let status = wait_until(&mut child, deadline);
    let unread = |source| KeyCommandError::Read { program: program.clone(), source };
    match (printed, status.map_err(unread)?) {
        (Some(text), Some(status)) if status.success() => text.map_err(unread),
        (_, Some(status)) if !status.success() => Err(KeyCommandError::Failed { program: program.clone(), status }),
        _ => {
            // It may have ended a moment ago.
            drop(child.kill());
            drop(child.wait());
            Err(KeyCommandError::TimedOut { program: program.clone() })
        }
    }
}

/// The whole output; `None` if it does not end in time. A thread reads it, because a pipe has no timeout.
fn read_until(mut stdout: ChildStdout, deadline: Instant) -> Option<std::io::Result<String>> {
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut text = String::new();
        let read = (&mut stdout).take(MAX_KEY_BYTES).read_to_string(&mut text);
        // The receiver may have timed out.
        sender.send(read.map(|_| text)).ok();
    };
    if let Err(error) = std::thread::Builder::new().name("key".to_owned()).spawn(read) {
        return Some(Err(error));
    }
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(text) => Some(text),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => Some(Err(std::io::Error::other("the thread that reads it died"))),
    }
}

fn wait_until(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        std::thread::sleep(LOOK);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_by_a_shell_and_nothing_is_expanded() {
        let printed = run("printf '%s' 'a $HOME b'", TIMEOUT).unwrap();
        assert_eq!(printed, "a $HOME b");
        assert!(matches!(run(" ", TIMEOUT), Err(KeyCommandError::NotCommand)));
        assert!(matches!(run("echo 'x", TIMEOUT), Err(KeyCommandError::NotCommand)));
    }

    #[test]
    fn a_program_that_fails_or_hangs_gives_no_key_and_shows_nothing() {
        let error = run("sh -c 'echo secret; echo secret >&2; exit 3'", TIMEOUT).unwrap_err();
        assert_eq!(error.to_string(), "sh failed: exit status: 3");
        assert!(matches!(run("no-such-program show", TIMEOUT), Err(KeyCommandError::Start { .. })));
        assert!(matches!(run("sk_live_zzz", TIMEOUT), Err(KeyCommandError::HiddenProgram)));
        let started = Instant::now();
        assert!(matches!(run("sleep 30", Duration::from_millis(50)), Err(KeyCommandError::TimedOut { .. })));
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
