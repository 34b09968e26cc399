//! Compares lineage events with those that the official Python client of OpenLineage writes.

use std::process::Command;

use super::python;
use crate::support::{sent_export, simulator};

#[test]
#[ignore = "needs Python with openlineage-python"]
fn the_official_client_writes_the_same_events() {
    let server = simulator(300);
    let flags = ["-o", "c.parquet", "-o", "c.csv", "--changes", "ch.csv", "--lineage", "lineage.jsonl"];
    let mut run = sent_export();
    for (more, code) in [(&[][..], 0), (&["--min-contacts", "1000"], 8)] {
        let parent = Some("airflow/exports.contacts/0194e7a2-5b1c-7c1e-8f3a-2d4b6c8e0a1f");
        let root = Some("airflow/exports/0194e7a2-5b1c-7c1e-8f3a-2d4b6c8e0a20");
        run = run.env("OPENLINEAGE_PARENT_ID", parent).env("OPENLINEAGE_ROOT_PARENT_ID", root);
        let done = run.contacts(&server.base_url(), &[&flags[..], more].concat()).finish().expect_code(code);
        run = done.again();
    }
    // The smallest events: no output, no parent.
    let id = server.contact_by_index(0).id.unwrap();
    let contact = ["contact", &id, "--message-summary", "--rate-limit", "none", "--lineage", "lineage.jsonl"];
    let done = run.args(contact).args(["--base-url", &server.base_url()]).finish().expect_code(0);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lineage/check.py");
    let read = Command::new(python()).arg(script).arg(done.path("lineage.jsonl")).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let states: Vec<String> = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(states, ["START", "COMPLETE", "START", "FAIL", "START", "COMPLETE"]);
}
