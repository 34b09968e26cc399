//! The files of `deploy/`: the program accepts their command lines, their exit codes are those of [`ExitCode`], and
//! `docs/deploy.md` names all files.
//!
//! `peers::deploy` checks them with other programs, and `privileged::image` runs the program in the root of the image.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use sent_export::error::ExitCode;
use sent_export::simulator::DEFAULT_API_KEY;

use crate::support::sent_export;

/// Path at which every file expects the file of jobs.
const JOBS: &str = "/etc/sent-export/jobs.toml";

/// Every code that a run of jobs can exit with, except that of `--exit-code-unchanged`.
const CODES: [ExitCode; 11] = [
    ExitCode::Complete,
    ExitCode::Failure,
    ExitCode::Usage,
    ExitCode::Unverified,
    ExitCode::Rejected,
    ExitCode::Unavailable,
    ExitCode::Unauthorized,
    ExitCode::Output,
    ExitCode::HeldBack,
    ExitCode::Interrupted,
    ExitCode::Terminated,
];

/// Whether another attempt may help.
#[derive(Debug, PartialEq)]
enum Retry {
    NotNeeded,
    Cures,
    FailsAgain,
}

fn retry(code: ExitCode) -> Retry {
    match code {
        ExitCode::Complete | ExitCode::Unchanged(_) => Retry::NotNeeded,
        ExitCode::Unavailable | ExitCode::Interrupted | ExitCode::Terminated => Retry::Cures,
        ExitCode::Failure
        | ExitCode::Usage
        | ExitCode::Unverified
        | ExitCode::Rejected
        | ExitCode::Unauthorized
        | ExitCode::Output
        | ExitCode::HeldBack => Retry::FailsAgain,
    }
}

fn codes(of: &Retry) -> BTreeSet<u8> {
    CODES.into_iter().filter(|code| retry(*code) == *of).map(ExitCode::number).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

#[track_caller]
fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("deploy/{name}: {error}"))
}

/// The numbers between two texts.
#[track_caller]
fn numbers(text: &str, before: &str, after: &str) -> BTreeSet<u8> {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before:?}"));
    let (inside, _) = rest.split_once(after).unwrap();
    inside.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).map(|n| n.parse().unwrap()).collect()
}

#[test]
fn schedulers_retry_only_transient_exit_codes() {
    let (cured, failing) = (codes(&Retry::Cures), codes(&Retry::FailsAgain));
    for (name, action) in [("kubernetes/cronjob.yaml", "FailJob"), ("kubernetes/indexed-job.yaml", "FailIndex")] {
        let manifest = text(name);
        let (_, rule) = manifest.split_once(&format!("action: {action}")).unwrap();
        assert_eq!(numbers(rule, "values: [", "]"), failing, "{name}");
    }
    for name in ["airflow/sent_export_daily.py", "spark/export_accounts.py"] {
        assert_eq!(numbers(&text(name), "\nFAILS_AT_ONCE = {", "}"), failing, "{name}");
        assert_eq!(numbers(&text(name), "\nRETRIED = {", "}"), cured, "{name}");
    }
    let service = text("systemd/sent-export.service");
    let accepted = numbers(&service, "\nSuccessExitStatus=", "\n");
    assert_eq!(accepted, BTreeSet::from([ExitCode::Unverified.number()]));
    let prevented = numbers(&service, "\nRestartPreventExitStatus=", "\n");
    assert_eq!(&prevented | &accepted, failing);
    let workflow = text("github/export.yml");
    assert_eq!(numbers(&workflow, "case $code in", ") echo"), cured);
    let documented = std::fs::read_to_string(folder().join("../docs/jobs.md")).unwrap();
    assert_eq!(&numbers(&documented, "\n| 5, ", "|") | &BTreeSet::from([5]), cured);
}

/// The strings of a list in YAML or Python, each with its placeholders replaced.
fn words(list: &str, names: &[(&str, &str)]) -> Vec<String> {
    let word = |item: &str| {
        let item = item.trim();
        let known = names.iter().find(|(name, _)| *name == item);
        known.map_or_else(|| item.trim_matches('"').to_owned(), |(_, value)| (*value).to_owned())
    };
    list.split(',').map(word).collect()
}

/// The text between each occurrence of one text and the next occurrence of another.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap()).collect()
}

/// The arguments of every command line of the program in `deploy/`, with the file that contains it.
fn command_lines() -> Vec<(&'static str, Vec<String>)> {
    let mut lines = Vec::new();
    for name in ["kubernetes/cronjob.yaml", "kubernetes/indexed-job.yaml"] {
        lines.extend(between(&text(name), " args: [", "]").into_iter().map(|list| (name, words(list, &[]))));
    }
    let split = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    let service = "systemd/sent-export.service";
    lines.extend(
        between(&text(service), "\nExecStart=/usr/local/bin/sent-export ", "\n").iter().map(|l| (service, split(l))),
    );
    let workflow = "github/export.yml";
    lines.extend(between(&text(workflow), "\"$IMAGE\" ", " ||").iter().map(|line| (workflow, split(line))));
    let names = [("settings.jobs", JOBS), ("job", "acme")];
    for name in ["airflow/sent_export_daily.py", "spark/export_accounts.py"] {
        let script = text(name).replace("params[\"program\"]", "settings.program");
        let script = script.replace("params[\"jobs_file\"]", "settings.jobs");
        let lists = between(&script, "[settings.program, ", "]");
        lines.extend(lists.into_iter().map(|list| (name, words(list, &names))));
    }
    lines
}

#[test]
fn every_command_line_is_accepted_by_the_program() {
    let keys = |jobs: &str| jobs.replace("/etc/sent-export/keys/", "keys/").replace("/var/lib/sent-export", "state");
    let lines = command_lines();
    let files: BTreeSet<&str> = lines.iter().map(|(name, _)| *name).collect();
    assert_eq!((files.len(), lines.len()), (6, 8), "{lines:#?}");
    for (name, line) in lines {
        let line = line.iter().map(|word| match word.as_str() {
            JOBS => "jobs.toml".to_owned(),
            word => word.replace("$(JOB_COMPLETION_INDEX)", "15"),
        });
        let line: Vec<String> = line.collect();
        let run = sent_export().file("jobs.toml", &keys(&text("jobs.toml"))).args(&line);
        let run = if line.contains(&"--list".to_owned()) { run } else { run.args(["--check"]) };
        let (folder, mut command) = run.into_parts();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        for account in ["acme", "globex"] {
            std::fs::write(folder.path().join("keys").join(account), DEFAULT_API_KEY).unwrap();
        }
        let store = [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")];
        let output = command.envs(store).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{name}: {line:?}\n{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(said.contains("acme") || line.iter().any(|word| word.contains("shard")), "{name}: {said}");
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_file_is_documented_and_refers_to_existing_files() {
    let root = folder().join("..");
    let documented = std::fs::read_to_string(root.join("docs/deploy.md")).unwrap();
    for path in files(&folder()) {
        let name = path.strip_prefix(folder()).unwrap().to_str().unwrap();
        assert!(documented.contains(&format!("(../deploy/{name})")), "docs/deploy.md does not mention {name}");
    }
    let image = text("Dockerfile");
    for script in ["release", "image-root", "completions-and-man"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder().join(script)).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script} can be run");
    }
    for word in image.split_whitespace().filter(|word| word.starts_with("deploy/")) {
        assert!(root.join(word).exists(), "{word}");
    }
    let kept = text("Dockerfile.dockerignore");
    for pattern in kept.lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(pattern.contains('*') || root.join(pattern).exists(), "{pattern}");
    }
    // The build of the image must include every file that Cargo.toml names.
    assert!(image.contains(&format!("FROM rust:{}-", env!("CARGO_PKG_RUST_VERSION"))), "{image}");
    for name in ["Dockerfile", "kubernetes/cronjob.yaml", "kubernetes/indexed-job.yaml"] {
        let tag = format!("sent-export:{}\n", env!("CARGO_PKG_VERSION"));
        assert!(text(name).replace(" .\n", "\n").contains(&tag), "{name} names another version");
    }
}

#[test]
fn completions_and_man_pages_are_installed_for_every_command() {
    let prefix = tempfile::tempdir().unwrap();
    let script = folder().join("completions-and-man");
    let status = Command::new(script).arg(env!("CARGO_BIN_EXE_sent-export")).arg(prefix.path()).status().unwrap();
    assert!(status.success());
    let share = prefix.path().join("share");
    let help = String::from_utf8(sent_export().args(["--help"]).finish().stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands =
        commands.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    let mut pages: BTreeSet<String> =
        commands.filter(|name| *name != "help").map(|name| format!("sent-export-{name}.1")).collect();
    assert!(pages.len() > 10, "{help}");
    pages.insert("sent-export.1".to_owned());
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let written: BTreeSet<String> = files(&share.join("man/man1")).into_iter().map(name).collect();
    assert_eq!(written, pages);
    for completions in [
        "bash-completion/completions/sent-export",
        "zsh/site-functions/_sent-export",
        "fish/vendor_completions.d/sent-export.fish",
    ] {
        assert!(std::fs::metadata(share.join(completions)).unwrap().len() > 1000, "{completions}");
    }
}
