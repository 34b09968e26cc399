//! Runs the binary in a folder of its own with a clean environment.

use std::ffi::OsStr;
use std::fmt;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sent_export::simulator::DEFAULT_API_KEY;

/// A run that has not started yet.
pub(crate) struct Run {
    folder: tempfile::TempDir,
    command: Command,
    stdin: Option<String>,
}

/// The binary in a new empty folder, with a valid key of the simulator and nothing else in its environment.
pub(crate) fn sent_export() -> Run {
    run_in(tempfile::tempdir().expect("the temporary folder is writable"))
}

/// Like `sent_export`, in a folder that may have files already.
pub(crate) fn run_in(folder: tempfile::TempDir) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sent-export"));
    command.current_dir(folder.path()).env_clear().env("SENT_DM_API_KEY", DEFAULT_API_KEY);
    Run { folder, command, stdin: None }
}

impl Run {
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// `contacts` against a server, without a rate limit and with short delays, so that tests are quick.
    pub(crate) fn contacts(self, base_url: &str, more: &[&str]) -> Self {
        self.args(["contacts", "--base-url", base_url, "--rate-limit", "none", "--retry-delay", "1ms"]).args(more)
    }

    /// The same for `messages`.
    pub(crate) fn messages(self, base_url: &str, more: &[&str]) -> Self {
        self.args(["messages", "--base-url", base_url, "--rate-limit", "none", "--retry-delay", "1ms"]).args(more)
    }

    pub(crate) fn env(mut self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.command.env(name, value),
            None => self.command.env_remove(name),
        };
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        std::fs::write(self.folder.path().join(name), content).expect("the folder is writable");
        self
    }

    /// Starts the run, kills it when `is_time` returns true, and returns the folder.
    pub(crate) fn kill_when(mut self, mut is_time: impl FnMut() -> bool) -> tempfile::TempDir {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = self.command.spawn().expect("the binary was built for this test");
        while !is_time() && child.try_wait().expect("the child was started by us").is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(child.kill());
        child.wait().expect("the child was started by us");
        self.folder
    }

    /// The underlying command, for tests that send signals or close pipes.
    pub(crate) fn into_parts(self) -> (tempfile::TempDir, Command) {
        (self.folder, self.command)
    }

    /// Runs it and returns its peak memory in bytes.
    pub(crate) fn finish_measured(mut self) -> (Finished, u64) {
        use wait4::Wait4;
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the binary was built for this test");
        let watching = watch_peak(child.id());
        let mut stderr = String::new();
        child.stderr.take().expect("stderr is piped").read_to_string(&mut stderr).expect("messages are UTF-8");
        let used = child.wait4().expect("the child was started by us");
        // The peak that the system reports for a child starts at the memory of its parent at that time, which for the process
        // of these tests may be more than the child ever uses. Monitoring the child shows its own peak.
        let seen = watching.join().expect("the monitoring thread does not panic");
        let peak = seen.map_or(used.rusage.maxrss, |seen| seen.min(used.rusage.maxrss));
        let command = format!("{:?}", self.command);
        let finished = Finished { code: used.status.code(), stdout: Vec::new(), stderr, command, folder: self.folder };
        (finished, peak)
    }

    pub(crate) fn finish(mut self) -> Finished {
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the binary was built for this test");
        if let (Some(text), Some(mut pipe)) = (&self.stdin, child.stdin.take()) {
            pipe.write_all(text.as_bytes()).expect("the child reads its stdin");
        }
        let output = child.wait_with_output().expect("the child was started by us");
        Finished {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            command: format!("{:?}", self.command),
            folder: self.folder,
        }
    }
}

/// Monitors the peak memory of a process, in bytes, until it ends; `None` if the system does not report it.
fn watch_peak(process: u32) -> std::thread::JoinHandle<Option<u64>> {
    std::thread::spawn(move || {
        let mut peak = None;
        while let Some(now) =
            std::fs::read_to_string(format!("/proc/{process}/status")).ok().as_deref().and_then(high_water)
        {
            peak = Some(now);
            std::thread::sleep(Duration::from_millis(2));
        }
        peak
    })
}

fn high_water(status: &str) -> Option<u64> {
    let (_, rest) = status.split_once("VmHWM:")?;
    rest.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// Waits until a condition holds while a run continues.
#[track_caller]
pub(crate) fn wait_until(run: &mut Child, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_true() {
        let ended = run.try_wait().expect("the child was started by us");
        assert!(ended.is_none(), "the run ended before: {ended:?}");
        if Instant::now() > deadline {
            drop(run.kill());
            panic!("the condition never held");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A finished run; shows command and streams when an assertion fails.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    command: String,
    folder: tempfile::TempDir,
}

impl fmt::Debug for Finished {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\n{}\nexit code {:?}\n--- stderr\n{}", self.command, self.code, self.stderr)?;
        write!(formatter, "--- stdout ({} bytes)", self.stdout.len())
    }
}

impl Finished {
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        // The key must never be printed.
        assert!(!self.stderr.contains(DEFAULT_API_KEY), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn expect_stderr(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is missing in{self:?}");
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder with the files that the run left.
    pub(crate) fn into_folder(self) -> tempfile::TempDir {
        self.folder
    }

    /// Another run in the same folder.
    pub(crate) fn again(self) -> Run {
        run_in(self.folder)
    }

    /// The count of an evidence code in a summary or manifest; `null` if it has none.
    #[track_caller]
    pub(crate) fn evidence(&self, name: &str, code: &str) -> Option<serde_json::Value> {
        let document = self.json(name);
        let lines = document["run"]["evidence"].as_array().or_else(|| document["evidence"].as_array());
        let lines = lines.unwrap_or_else(|| panic!("{name} has no evidence {self:?}"));
        lines.iter().find(|line| line["code"] == code).map(|line| line["count"].clone())
    }

    /// The lines of a log in JSON; checks that each is an object with the members that all lines have.
    #[track_caller]
    pub(crate) fn log(&self) -> Vec<serde_json::Value> {
        let read = |line: &str| {
            let line: serde_json::Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?} is no JSON{self:?}"));
            let is_whole = ["time", "level", "event", "message"].iter().all(|key| line[key].is_string());
            assert!(is_whole, "{line}{self:?}");
            line
        };
        self.stderr.lines().map(read).collect()
    }

    /// Names of all files that the run left, including hidden ones.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder is readable");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("just listed").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[track_caller]
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}{self:?}"));
        serde_json::from_str(&text).expect("the summary is JSON")
    }
}
