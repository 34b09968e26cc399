//! A shell session like that of a reader of the documents.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use sent_export::simulator::{DEFAULT_API_KEY, Settings, Simulator};

use super::Command;

/// Marks the beginning of the output of each command.
const MARK: char = '\u{1e}';

/// Wraps the binary and records the exit code of each run: a shell reports only the last one in a pipeline.
const NOTING_WRAPPER: &str = r#"#!/bin/sh
"$BINARY_UNDER_TEST" "$@"
code=$?
echo "$code sent-export $*" >> "$NOTED_RUNS"
exit $code
"#;

/// A folder, and a simulator that `SENT_BASE_URL` points to.
pub(crate) struct Session {
    folder: tempfile::TempDir,
    simulator: Simulator,
    path: String,
}

/// What a command printed.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Session {
    /// Starts a session in a new folder; `programs` are folders to put first in `PATH`.
    pub(crate) fn new(programs: &[&Path]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join(".bin");
        std::fs::create_dir(&bin).unwrap();
        let wrapper = bin.join("sent-export");
        std::fs::write(&wrapper, NOTING_WRAPPER).unwrap();
        std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(bin).chain(programs.iter().map(|folder| folder.to_path_buf()));
        let path = std::env::join_paths(folders.chain(std::env::split_paths(&inherited))).unwrap();
        let path = path.into_string().unwrap();
        let simulator = Simulator::start(Settings { contacts: 300, ..Settings::default() }).unwrap();
        Self { folder, simulator, path }
    }

    pub(crate) fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shell(&self, script: &str) -> Process {
        let mut shell = Process::new("sh");
        shell.args(["-euc", script]).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        shell.env("PATH", &self.path).env("HOME", self.folder.path());
        shell.env("BINARY_UNDER_TEST", env!("CARGO_BIN_EXE_sent-export")).env("NOTED_RUNS", self.path(".runs"));
        shell.env("SENT_DM_API_KEY", DEFAULT_API_KEY).env("SENT_BASE_URL", self.simulator.base_url());
        shell.env("ACME_KEY", DEFAULT_API_KEY);
        // The pages show the output of a terminal.
        shell.env("SENT_EXPORT_SHOW_TABLE", "always");
        shell.env("GITHUB_STEP_SUMMARY", self.path("step-summary.md"));
        shell
    }

    /// Runs commands in one shell; each must succeed, and every run of the binary in it.
    #[track_caller]
    pub(crate) fn run(&self, commands: &[Command]) -> Vec<Said> {
        let mark = format!("printf '{MARK}'; printf '{MARK}' >&2");
        let script: Vec<String> = commands.iter().map(|command| format!("{mark}\n{}", command.text)).collect();
        let output = self.shell(&script.join("\n")).output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let parts = stdout.split(MARK).zip(stderr.split(MARK)).skip(1);
        let said: Vec<Said> =
            parts.map(|(stdout, stderr)| Said { stdout: stdout.to_owned(), stderr: stderr.to_owned() }).collect();
        if let Some(command) = commands.get(said.len().saturating_sub(1)) {
            let last = said.last().map_or("", |said| &said.stderr);
            assert!(output.status.success(), "{}: {}\n{last}", command.at, command.text);
        }
        let noted = std::fs::read_to_string(self.path(".runs")).unwrap_or_default();
        let failed: Vec<&str> = noted.lines().filter(|run| !run.starts_with("0 ")).collect();
        assert!(failed.is_empty(), "exit codes: {failed:?}\n{stderr}");
        said
    }

    /// Runs a server until it has printed its address.
    #[track_caller]
    pub(crate) fn serve(&self, command: &Command) {
        // Replace shell and wrapper with the binary, because killing them would leave it running.
        let script = command.text.replacen("sent-export", "exec \"$BINARY_UNDER_TEST\"", 1);
        let mut server = self.shell(&script).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        assert!(line.starts_with("http://127.0.0.1:"), "{}: {} says {line:?}", command.at, command.text);
    }
}
