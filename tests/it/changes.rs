//! Runs that compare their export with the one it replaces: `--changes`, `--confirm-removed` and `--exit-code-unchanged`.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sent_export::simulator::{Settings, Simulator};
use serde_json::Value;

use crate::support::{
    Answer, Asked, DELIVERY_SCHEMA, Finished, MANIFEST_SCHEMA, Run, SUMMARY_SCHEMA, ScriptedServer, assert_valid,
    sent_export, simulator,
};

const OLD: [&str; 4] = ["-o", "contacts.parquet", "--changes", "changes.ndjson"];

/// Changes the account: 17 contacts are new, 4 are gone, others are updated.
fn move_on(simulator: &Simulator) {
    simulator.create(17);
    for position in [3, 40, 41, 120] {
        assert!(simulator.delete_at(position));
    }
    for position in (5..150).step_by(9) {
        assert!(simulator.update_at(position));
    }
}

fn export(run: Run, simulator: &Simulator, args: &[&str]) -> Finished {
    run.contacts(&simulator.base_url(), args).finish()
}

fn lines(run: &Finished, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(run.path(name)).unwrap_or_else(|error| panic!("{name}: {error}{run:?}"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kinds(run: &Finished, name: &str, kind: &str) -> usize {
    lines(run, name).iter().filter(|line| line["change"] == kind).count()
}

fn bytes(run: &Finished, name: &str) -> Vec<u8> {
    std::fs::read(run.path(name)).unwrap_or_else(|error| panic!("{name}: {error}{run:?}"))
}

#[test]
fn a_run_writes_the_changes_that_a_diff_of_both_exports_finds() {
    let formats = [
        ("contacts.parquet", "changes.parquet"),
        ("contacts.csv.gz", "changes.csv"),
        ("contacts.ndjson", "changes.xlsx"),
        ("contacts.arrow", "changes.ndjson.zst"),
    ];
    for (output, changes) in formats {
        let simulator = simulator(300);
        let args = ["-o", output, "--changes", changes, "--summary", "s.json"];
        let run = export(sent_export(), &simulator, &args).expect_code(0);
        let run = run.expect_stderr("first export: every contact is new\n");
        assert_eq!(run.json("s.json")["run"]["changes"]["added"], 300);
        assert_eq!(run.json("s.json")["run"]["changes"]["is_first"], true);
        std::fs::copy(run.path(output), run.path(&format!("old-{output}"))).unwrap();
        let first = run.json(&format!("_{output}.manifest.json"));
        move_on(&simulator);
        let run = export(run.again(), &simulator, &args).expect_code(0);
        let summary = run.json("s.json");
        assert_valid(&summary, SUMMARY_SCHEMA);
        let manifest = run.json(&format!("_{output}.manifest.json"));
        assert_valid(&manifest, MANIFEST_SCHEMA);
        assert_eq!(summary["run"]["changes"], manifest["changes"]);
        let counts = &manifest["changes"];
        assert_eq!((&counts["added"], &counts["removed"], &counts["missing"]), (&17.into(), &4.into(), &0.into()));
        assert_eq!((&counts["base_run_id"], &counts["since"]), (&first["run_id"], &first["started_at"]));
        let listed = manifest["outputs"].as_array().unwrap();
        let [of_rows, of_changes] = listed.as_slice() else { panic!("{manifest:#}") };
        assert_eq!((&of_rows["path"], &of_rows["resource"]), (&output.into(), &Value::Null));
        assert_eq!((&of_changes["path"], &of_changes["resource"]), (&changes.into(), &"changes".into()));
        let size = bytes(&run, changes).len();
        assert_eq!(of_changes["bytes"], size);
        let run = run.expect_stderr(&format!("changes since {}: 17 added, ", first["started_at"].as_str().unwrap()));
        let diff = ["diff", &format!("old-{output}"), output, "-o", &format!("diff-{changes}"), "--quiet"];
        let run = run.again().args(diff).finish().expect_code(0);
        assert!(bytes(&run, changes) == bytes(&run, &format!("diff-{changes}")), "{output} {changes}");
    }
}

#[test]
fn hostile_rows_that_stay_are_unchanged_in_every_format() {
    for output in ["contacts.csv", "contacts.parquet", "contacts.ndjson", "contacts.arrow"] {
        let simulator = Simulator::start(Settings { contacts: 2_000, hostile: true, ..Settings::default() }).unwrap();
        let args = ["-o", output, "--exit-code-unchanged", "99", "--quiet"];
        let run = export(sent_export(), &simulator, &args).expect_code(0);
        let run = export(run.again(), &simulator, &args).expect_code(99);
        let manifest = run.json(&format!("_{output}.manifest.json"));
        assert_eq!(
            (&manifest["changes"]["unchanged"], manifest["rows"].as_u64() > Some(1_000)),
            (&manifest["rows"], true)
        );
    }
}

#[test]
fn an_unchanged_run_is_published_and_exits_with_the_configured_code() {
    let simulator = simulator(200);
    let unchanged = [&OLD[..], &["--exit-code-unchanged", "99"]].concat();
    let run = export(sent_export(), &simulator, &unchanged).expect_code(0);
    let first = run.json("_contacts.parquet.manifest.json")["run_id"].clone();
    let run = export(run.again(), &simulator, &unchanged).expect_code(99);
    let run = run.expect_stderr(": 0 added, 0 changed, 0 removed\n");
    assert_ne!(run.json("_contacts.parquet.manifest.json")["run_id"], first);
    assert!(bytes(&run, "changes.ndjson").is_empty());
    assert!(simulator.update_at(1));
    let run = export(run.again(), &simulator, &unchanged).expect_code(0);
    assert_eq!(kinds(&run, "changes.ndjson", "changed"), 1);
}

#[test]
fn dated_and_split_exports_are_compared_with_the_previous_one() {
    let dated = ["-o", "x/{run_id}/contacts.csv", "--changes", "x/{run_id}/changes.ndjson", "--keep", "2"];
    let split = ["-o", "contacts.csv", "--max-rows-per-file", "100", "--changes", "changes.ndjson"];
    for args in [&dated[..], &split] {
        let simulator = simulator(350);
        let run = export(sent_export(), &simulator, args).expect_code(0).expect_stderr("every contact is new");
        move_on(&simulator);
        let run = export(run.again(), &simulator, args).expect_code(0);
        let run = run.expect_stderr(": 17 added, ").expect_stderr(", 4 removed");
        // The third run is compared with the second, even if all three happen within one second.
        let run = export(run.again(), &simulator, args).expect_code(0);
        run.expect_stderr(": 0 added, 0 changed, 0 removed");
    }
}

#[test]
fn a_run_that_fails_a_gate_keeps_the_previous_changes() {
    let simulator = simulator(200);
    let run = export(sent_export(), &simulator, &OLD).expect_code(0);
    let before = bytes(&run, "changes.ndjson");
    move_on(&simulator);
    let run = export(run.again(), &simulator, &[&OLD[..], &["--min-contacts", "1000"]].concat()).expect_code(8);
    assert_eq!(bytes(&run, "changes.ndjson"), before);
    // Rows that an unverified run lacks are reported as missing.
    let plain = [&OLD[..], &["--consistency", "plain", "--page-size", "10"]].concat();
    let run = export(run.again(), &simulator, &plain).expect_code(3);
    assert_eq!([kinds(&run, "changes.ndjson", "missing"), kinds(&run, "changes.ndjson", "removed")], [4, 0]);
    assert_eq!(run.json("_contacts.parquet.manifest.json")["changes"]["missing"], 4);
    // Rows that the base lacks are reported as well.
    let run = export(run.again(), &simulator, &OLD).expect_code(0);
    run.expect_stderr("contacts.parquet may lack rows, so rows reported as added may be old");
}

#[test]
fn incomparable_exports_are_refused_before_the_first_request() {
    let simulator = simulator(100);
    let run = export(sent_export(), &simulator, &OLD).expect_code(0);
    let requests = simulator.statistics().requests;
    let before = run.files();
    let with = |more: &[&'static str]| [&OLD[..], more].concat();
    let mut run = run;
    for (args, error) in [
        (with(&["--channel", "sms"]), "different filters: none, but this run {\"channel\":\"sms\"}"),
        (with(&["--mask-phones"]), "different forms of phone numbers: as sent, but this run masked"),
        (with(&["--columns", "phone_number"]), "changes need the column id"),
        (with(&["--drop", "id"]), "changes need the column id"),
        (vec!["-o", "-", "--changes", "c.csv"], "nothing stays of what goes to stdout"),
        (vec!["-o", "c.csv", "--changes", "-"], "cannot be held back from -"),
        (vec!["-o", "c.csv", "--changes", "c.csv"], "two outputs are the same file"),
        (vec!["-o", "c.csv", "--confirm-removed"], "--confirm-removed needs --changes"),
    ] {
        run = export(run.again(), &simulator, &args).expect_code(2).expect_stderr(error);
    }
    assert_eq!(run.files(), before);
    // A file that was damaged since then is detected, too.
    let mut damaged = bytes(&run, "contacts.parquet");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(run.path("contacts.parquet"), damaged).unwrap();
    run = export(run.again(), &simulator, &OLD).expect_code(2).expect_stderr("the SHA-256 differs");
    assert_eq!(simulator.statistics().requests, requests);
    std::fs::remove_file(run.path("contacts.parquet")).unwrap();
    export(run.again(), &simulator, &OLD).expect_code(0).expect_stderr("every contact is new");
}

#[test]
fn another_account_is_detected_by_its_customer_ids() {
    let simulator = simulator(100);
    let run = export(sent_export(), &simulator, &OLD).expect_code(0);
    let (before, manifest) = (bytes(&run, "contacts.parquet"), "_contacts.parquet.manifest.json");
    std::fs::remove_file(run.path(manifest)).unwrap();
    let other = Simulator::start(Settings { contacts: 100, seed: 77, ..Settings::default() }).unwrap();
    let run = export(run.again(), &other, &OLD);
    if run.code == Some(2) {
        assert!(run.stderr.contains("different customers: "), "{run:?}");
        assert_eq!(bytes(&run, "contacts.parquet"), before);
    }
}

/// An account with this many contacts. By id, number 41 is found, number 42 is refused, and no other is found.
fn account_that_lists(total: &Arc<AtomicU32>) -> ScriptedServer {
    let total = Arc::clone(total);
    ScriptedServer::start(move |_, head| match head.split(' ').nth(1).unwrap().strip_prefix("/v3/contacts/") {
        None => Asked::by(head).answer_of(total.load(Ordering::SeqCst)),
        Some(id) if id.ends_with("41") => Answer::ok(format!(
            r#"{{"success":true,"data":{{"id":"{id}","region_code":"US"}},"error":null,"meta":{{"request_id":"r"}}}}"#
        )),
        Some(_) => Answer::error(404, "RESOURCE_001"),
    })
}

#[test]
fn removals_are_confirmed_by_id_and_a_row_that_still_exists_makes_the_export_unverified() {
    let total = Arc::new(AtomicU32::new(45));
    let server = account_that_lists(&total);
    let args = [&OLD[..], &["--confirm-removed"]].concat();
    let run = sent_export().contacts(&server.url(), &args).finish().expect_code(0);
    assert!(!run.stderr.contains("confirming"), "{run:?}");
    total.store(40, Ordering::SeqCst);
    let run = run.again().contacts(&server.url(), &args).finish().expect_code(3);
    let run = run.expect_stderr("confirming removals: 5 requests, one per contact, without a rate limit\n");
    assert_eq!([kinds(&run, "changes.ndjson", "missing"), kinds(&run, "changes.ndjson", "removed")], [1, 4]);
    let manifest = "_contacts.parquet.manifest.json";
    assert_eq!(run.evidence(manifest, "removals_confirmed"), Some(4.into()));
    assert_eq!(run.evidence(manifest, "removed_still_exist"), Some(1.into()));
    assert_eq!(run.json(manifest)["verdict"], "unverified");
    assert_valid(&run.json(manifest), MANIFEST_SCHEMA);
    // A gate on the verdict takes it into account. A run that another gate stops makes no request for this.
    total.store(39, Ordering::SeqCst);
    let gated = [&args[..], &["--min-contacts", "100"]].concat();
    let asked =
        |server: &ScriptedServer| server.requests().iter().filter(|head| head.contains("/v3/contacts/")).count();
    let run = run.again().contacts(&server.url(), &gated).finish().expect_code(8);
    assert_eq!(asked(&server), 5);
    // With a filter, the contact may no longer match.
    let of_region = |run: Run| {
        let filter = ["-o", "s.csv", "--changes", "c.ndjson", "--confirm-removed", "--channel", "sms"];
        run.contacts(&server.url(), &filter).finish().expect_code(0)
    };
    total.store(45, Ordering::SeqCst);
    let run = of_region(run.again());
    total.store(40, Ordering::SeqCst);
    let run = of_region(run.again());
    assert_eq!(run.evidence("_s.csv.manifest.json", "removed_still_exist"), Some(1.into()));
    assert_eq!(run.json("_s.csv.manifest.json")["verdict"], "complete");
}

#[test]
fn messages_are_compared_whole_and_by_day() {
    let simulator = Simulator::start(Settings::of_messages(500)).unwrap();
    let export = |run: Run, args: &[&str]| run.messages(&simulator.base_url(), args).finish();
    let whole = ["-o", "m.ndjson", "--changes", "c.ndjson", "--exit-code-unchanged", "9", "--summary", "s.json"];
    let run = export(sent_export(), &whole).expect_code(0);
    let run = export(run.again(), &whole).expect_code(9);
    assert_valid(&run.json("s.json"), DELIVERY_SCHEMA);
    let days = ["-o", "days/", "--partition-by", "created_date", "--changes", "d.ndjson", "--exit-code-unchanged", "9"];
    let run = export(run.again(), &days).expect_code(0).expect_stderr("every message is new");
    // The newest message comes first.
    let newest = lines(&run, "m.ndjson")[0]["created_at"].as_str().unwrap()[..10].to_owned();
    let last = [&days[..], &["--since", &newest]].concat();
    let run = export(run.again(), &last).expect_code(9);
    let run = export(run.again(), &days).expect_code(9);
    simulator.pass_time(std::time::Duration::from_secs(60), 7);
    let run = export(run.again(), &last).expect_code(0);
    assert_eq!([kinds(&run, "d.ndjson", "added"), kinds(&run, "d.ndjson", "removed")], [7, 0]);
    let moving = [&whole[..], &["--since", "7d"]].concat();
    let run = export(run.again(), &moving).expect_code(2).expect_stderr("would be reported as removed");
    let inside = ["-o", "days/", "--partition-by", "created_date", "--changes", "days/c.csv"];
    export(run.again(), &inside).expect_code(2).expect_stderr("changes would be in it: days/c.csv");
}

#[test]
fn columns_that_one_export_lacks_are_named() {
    for output in ["contacts.parquet", "contacts.csv", "contacts.ndjson", "contacts.arrow", "contacts.xlsx"] {
        let simulator = simulator(40);
        let flags = ["-o", output, "--changes", "changes.ndjson", "--history", "h", "-q"];
        let with = |more: &[&'static str]| [&flags[..], more].concat();
        let few = with(&["--columns", "id,phone_number,region_code"]);
        let run = export(sent_export(), &simulator, &few).expect_code(0);
        assert!(simulator.update_at(1));
        let run = export(run.again(), &simulator, &few).expect_code(0);
        assert_eq!(run.stderr, "", "{output}: both lack the same columns");
        let run = export(run.again(), &simulator, &with(&["--columns", "id,phone_number,opt_out"])).expect_code(0);
        let warned = ["older export lacks them: opt_out", "newer export lacks them: region_code"];
        let wanted = warned.map(|columns| format!("warning: not compared, since the {columns}\n")).concat();
        assert_eq!(run.stderr, wanted, "{output}");
        assert!(lines(&run, "changes.ndjson").is_empty(), "neither column is compared: {run:?}");
    }
}

#[test]
fn an_export_without_rows_lacks_no_columns() {
    for output in ["contacts.parquet", "contacts.csv", "contacts.ndjson"] {
        let simulator = simulator(0);
        let flags = ["-o", output, "--changes", "changes.ndjson", "-q"];
        let run = export(sent_export(), &simulator, &flags).expect_code(0);
        let empty = format!("empty-{output}");
        std::fs::copy(run.path(output), run.path(&empty)).unwrap();
        simulator.create(5);
        let run = export(run.again(), &simulator, &flags).expect_code(0);
        assert_eq!((run.stderr.as_str(), kinds(&run, "changes.ndjson", "added")), ("", 5), "{output}");
        let run = run.again().args(["diff", &empty, output, "-q"]).finish().expect_code(0);
        assert_eq!(run.stderr, "", "{output}");
        (0..5).for_each(|_| assert!(simulator.delete_at(0)));
        let run = export(run.again(), &simulator, &flags).expect_code(0);
        assert_eq!((run.stderr.as_str(), kinds(&run, "changes.ndjson", "removed")), ("", 5), "{output}");
    }
}

#[test]
fn a_file_of_changes_is_verified_with_the_newest_manifest_that_lists_it() {
    let simulator = simulator(60);
    let flags = ["-o", "e/{run_id}/c.csv", "--changes", "changes.csv", "--state-dir", "state", "--quiet"];
    let mut run = sent_export();
    for _ in 0..3 {
        run = run.contacts(&simulator.base_url(), &flags).finish().expect_code(0).again();
        simulator.create(2);
    }
    let run = run.args(["verify", "e", "--json", "v.json", "--quiet"]).finish().expect_code(0);
    let exports = run.json("v.json")["exports"].as_array().unwrap().clone();
    let files: usize = exports.iter().map(|export| export["files"].as_array().unwrap().len()).sum();
    assert_eq!((exports.len(), files), (3, 4), "{exports:?}");
    fs::write(run.path("changes.csv"), "").unwrap();
    drop(run.again().args(["verify", "e", "--quiet"]).finish().expect_code(2));
}
