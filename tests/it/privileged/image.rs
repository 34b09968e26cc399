//! The root of the image, as collected by `deploy/image-root`, without access to other files of this machine.

use std::path::Path;
use std::process::Command;

use sent_export::simulator::DEFAULT_API_KEY;

use super::assert_root;
use crate::support::simulator;

/// The user of the image.
const USER: u32 = 65_532;

/// Runs the program in the root of the image, as the image's user and with the image's environment.
fn in_root(root: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new("chroot");
    command.args([&format!("--userspec={USER}:{USER}"), root.to_str().unwrap(), "/usr/local/bin/sent-export"]);
    command.args(arguments).env("HOME", "/var/lib/sent-export").env("XDG_STATE_HOME", "/var/lib");
    command.env("SENT_DM_API_KEY", DEFAULT_API_KEY).env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    command.output().unwrap()
}

#[test]
#[ignore = "needs to be root, who alone can change the root folder"]
fn the_program_runs_in_the_root_of_the_image() {
    assert_root();
    let (folder, simulator) = (tempfile::tempdir().unwrap(), simulator(250));
    let root = folder.path().join("image");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/image-root");
    assert!(Command::new(script).arg(env!("CARGO_BIN_EXE_sent-export")).arg(&root).status().unwrap().success());
    let home = root.join("var/lib/sent-export");
    std::os::unix::fs::chown(&home, Some(USER), Some(USER)).unwrap();
    // The root is inside a folder of the test, which other users may not enter.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();

    let output = "/var/lib/sent-export/c.xlsx";
    let export = in_root(&root, &["contacts", "--base-url", &simulator.base_url(), "-o", output, "--quiet"]);
    assert_eq!(export.status.code(), Some(0), "{}", String::from_utf8_lossy(&export.stderr));
    assert!(home.join("c.xlsx").exists() && home.join("_c.xlsx.manifest.json").exists());

    // Certificates and name resolution work; only the server is missing.
    std::fs::write(root.join("etc/hosts"), "127.0.0.1 api.example\n").unwrap();
    let arguments = ["contacts", "--base-url", "https://api.example:1", "-o", output, "--max-retries", "0"];
    let refused = in_root(&root, &arguments);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(5), "{said}");
    assert!(said.contains("connection refused"), "{said}");
}
