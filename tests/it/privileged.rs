//! Tests that need root: files of other users, mounts, and the root of the image.
//!
//! `cargo test` ignores these tests, because any user may run it. `.ci/run` runs this whole module if it is root and may mount
//! file systems. Otherwise it fails in CI; outside CI, it lists what was not checked.
//!
//! *Easy to get wrong:* a test without the required permissions must fail, so nothing here returns early.

#![cfg(target_os = "linux")]

mod image;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Answer, ScriptedServer, page, run_in, sent_export, simulator};

#[track_caller]
fn assert_root() {
    assert_eq!(std::fs::metadata("/proc/self").unwrap().uid(), 0, "this test needs to be root");
}

/// Runs a command in a folder after a shell script that mounts something for it alone.
fn run_with_mounts(script: &str, folder: &Path, command: &Command) -> Output {
    let script = format!("{script} exec \"$0\" \"$@\"");
    let mut unshared = Command::new("unshare");
    unshared.args(["--map-root-user", "--mount", "sh", "-c", &script]).arg(command.get_program());
    unshared.args(command.get_args()).current_dir(folder);
    unshared.env("SENT_DM_API_KEY", sent_export::simulator::DEFAULT_API_KEY).output().unwrap()
}

/// A user that owns nothing else here.
const OTHER: u32 = 54_321;

#[test]
#[ignore = "needs to be root, who alone can give files away"]
fn mode_owner_and_group_of_the_old_file_are_kept() {
    assert_root();
    let simulator = simulator(150);
    let run = sent_export().file("c.csv", "old").file("_c.csv.manifest.json", "{}");
    let run = run.contacts(&simulator.base_url(), &["-o", "c.csv"]);
    let (folder, mut command) = run.into_parts();
    for name in ["c.csv", "_c.csv.manifest.json"] {
        let path = folder.path().join(name);
        std::os::unix::fs::chown(&path, Some(OTHER), Some(OTHER + 1)).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o664)).unwrap();
    }
    assert!(command.status().unwrap().success());
    let facts = |name: &str| {
        let found = std::fs::metadata(folder.path().join(name)).unwrap();
        (found.uid(), found.gid(), found.mode() & 0o777)
    };
    assert_eq!(facts("c.csv"), (OTHER, OTHER + 1, 0o664));
    // The old manifest is removed before the new one is written.
    assert_eq!(facts("_c.csv.manifest.json"), (OTHER, OTHER + 1, 0o664));
}

/// A command run as the other user, in its own world-writable folder.
fn as_other(folder: &Path, arguments: &[&str]) -> std::process::Output {
    use std::os::unix::process::CommandExt;
    // Other users may lack access to the build folder.
    let program = std::env::temp_dir().join(format!("sent-export-{}", std::process::id()));
    if !program.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_sent-export"), &program).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(&program);
    command.args(["contacts", "--rate-limit", "none", "--page-size", "100"]).args(arguments);
    command.env_clear().env("SENT_DM_API_KEY", sent_export::simulator::DEFAULT_API_KEY);
    let output = command.current_dir(folder).uid(OTHER).gid(OTHER).output().unwrap();
    std::fs::remove_file(program).unwrap();
    output
}

#[test]
#[ignore = "needs to be root, who alone can be two users"]
fn files_of_another_user_are_taken_over_or_named() {
    assert_root();
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    let arguments = ["--base-url", &server.url(), "-o", "c.csv"];
    let stderr = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let open_folder = |mode: u32| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(mode)).unwrap();
        folder
    };

    // In a folder without the sticky bit, all files can be replaced.
    let folder = open_folder(0o777);
    for (name, mode) in [(".c.csv.lock", 0o644), (".c.csv.journal", 0o600), (".c.csv.partial", 0o600), ("c.csv", 0o644)]
    {
        std::fs::write(folder.path().join(name), "of root").unwrap();
        std::fs::set_permissions(folder.path().join(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    let output = as_other(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains(".c.csv.journal: it belongs to another user"), "{}", stderr(&output));
    assert_eq!(std::fs::metadata(folder.path().join("c.csv")).unwrap().mode() & 0o777, 0o644);
    let asked = server.requests().len();

    // With the sticky bit, files that cannot be replaced are named before the first request.
    for (name, mode, text) in [
        (".c.csv.lock", 0o600, "cannot open the lock of another user (user 0): .c.csv.lock"),
        (".c.csv.journal", 0o600, ".c.csv.journal (it belongs to user 0)"),
        ("c.csv", 0o644, "cannot replace c.csv: it belongs to another user"),
    ] {
        let folder = open_folder(0o1777);
        std::fs::write(folder.path().join(name), "of root").unwrap();
        std::fs::set_permissions(folder.path().join(name), PermissionsExt::from_mode(mode)).unwrap();
        let output = as_other(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
        assert!(stderr(&output).contains(text), "{}", stderr(&output));
        assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), "of root");
    }
    assert_eq!(server.requests().len(), asked);

    // Writable files there are overwritten; a readable lock shows that no other run is active.
    let folder = open_folder(0o1777);
    for (name, mode) in [(".c.csv.lock", 0o644), (".c.csv.partial", 0o600), ("c.csv", 0o666)] {
        std::fs::write(folder.path().join(name), "of root").unwrap();
        std::fs::set_permissions(folder.path().join(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    let output = as_other(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("overwriting c.csv in place"), "{}", stderr(&output));
    assert!(std::fs::read_to_string(folder.path().join("c.csv")).unwrap().starts_with("id,"));
}

#[test]
#[ignore = "needs the right to mount (unshare --mount)"]
fn a_mounted_file_is_overwritten_or_refused_before_the_first_request() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    for (options, code) in [("bind", 0), ("bind,ro", 7)] {
        let run = sent_export().file("c.csv", "").file("volume.csv", "old");
        let (folder, command) = run.contacts(&server.url(), &["-o", "c.csv"]).into_parts();
        let script = format!("mount --bind volume.csv c.csv && mount -o remount,{options} c.csv &&");
        let asked = server.requests().len();
        let output = run_with_mounts(&script, folder.path(), &command);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        let run = run_in(folder).args(["--version"]).finish();
        let text = std::fs::read_to_string(run.path("volume.csv")).unwrap();
        if code == 0 {
            assert!(stderr.contains("overwriting c.csv in place") && stderr.contains("mount point"), "{stderr}");
            assert!(text.starts_with("id,"), "{text}");
        } else {
            assert!(stderr.contains("cannot replace c.csv: it is a mount point"), "{stderr}");
            assert!(stderr.contains("hint: mount its folder"), "{stderr}");
            assert_eq!((text.as_str(), server.requests().len()), ("old", asked));
        }
    }
}

#[test]
#[ignore = "needs the right to mount (unshare --mount)"]
fn a_file_that_cannot_be_removed_from_a_dataset_is_named_before_the_first_request() {
    let server = ScriptedServer::start(|_, _| Answer::ok(page(1, 100, 1)));
    let flags = ["-o", "d", "--partition-by", "opt_out", "--format", "csv"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    let value = run.json("d/_opt_out.manifest.json")["outputs"][0]["path"].as_str().unwrap().to_owned();
    let value = format!("d/{value}");
    let (folder, command) = run.again().contacts(&server.url(), &flags).into_parts();
    let old = std::fs::read(folder.path().join(&value)).unwrap();
    let mounted = Path::new(&value).parent().unwrap().display().to_string();
    let script = format!("mount --bind {mounted} {mounted} && mount -o remount,bind,ro {mounted} &&");
    let asked = server.requests().len();
    let output = run_with_mounts(&script, folder.path(), &command);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(stderr.contains("cannot replace the previous export") && stderr.contains(&value), "{stderr}");
    assert_eq!(server.requests().len(), asked, "{stderr}");
    assert_eq!(std::fs::read(folder.path().join(&value)).unwrap(), old);
}

#[test]
#[ignore = "needs the right to mount (unshare --mount)"]
fn a_full_temporary_folder_is_an_error_of_the_workbook() {
    let simulator = simulator(5000);
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.xlsx", "--quiet"]);
    let (folder, command) = run.into_parts();
    std::fs::create_dir(folder.path().join("small")).unwrap();
    let script = "mount -t tmpfs -o size=64k none small && TMPDIR=\"$PWD/small\"";
    let output = run_with_mounts(script, folder.path(), &command);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(stderr.contains("cannot write the output: c.xlsx"), "{stderr}");
    assert!(
        stderr.contains("cannot write the sheet to a temporary file in ") && !stderr.contains("panicked"),
        "{stderr}"
    );
    assert!(!folder.path().join("c.xlsx").exists());
}
