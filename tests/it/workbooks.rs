//! Excel workbooks: how runs that write them end. Unit tests and `peers` (with openpyxl) compare the contents.

use sent_export::simulator::{Settings, Simulator};

use crate::support::{Finished, MANIFEST_SCHEMA, assert_valid, sent_export, simulator};

#[test]
fn a_workbook_goes_to_a_file_and_through_a_pipe_with_the_same_bytes() {
    let simulator = simulator(300);
    let export = |arguments: &[&str]| sent_export().contacts(&simulator.base_url(), arguments).finish().expect_code(0);
    let run = export(&["-o", "c.xlsx", "--page-size", "70", "--quiet"]);
    let piped = export(&["-o", "-", "--format", "xlsx", "--quiet"]).stdout;
    assert!(std::fs::read(run.path("c.xlsx")).unwrap() == piped);
    let manifest = run.json("_c.xlsx.manifest.json");
    assert_valid(&manifest, MANIFEST_SCHEMA);
    assert_eq!(manifest["outputs"][0]["format"], "xlsx");
}

#[test]
fn rows_without_values_are_exported() {
    let simulator = simulator(50);
    let run = sent_export().contacts(&simulator.base_url(), &["-o", "c.xlsx", "--columns", "customer_id", "--quiet"]);
    let run = run.finish().expect_code(0).again().args(["report", "c.xlsx", "--json", "-", "--quiet"]).finish();
    let report: serde_json::Value = serde_json::from_slice(&run.expect_code(0).stdout).unwrap();
    assert_eq!(report["contacts"], 50);
}

#[test]
fn a_text_too_long_for_a_cell_ends_with_7_and_keeps_the_old_file() {
    let simulator = Simulator::start(Settings { hostile: true, ..Settings::of_messages(300) }).unwrap();
    let export = |run: crate::support::Run, more: &[&str]| -> Finished {
        let arguments = [&["-o", "m.xlsx", "--quiet"], more].concat();
        run.messages(&simulator.base_url(), &arguments).finish()
    };
    let run = export(sent_export().file("m.xlsx", "the last good one"), &[]).expect_code(7);
    let run = run.expect_stderr("error: cannot write the output: m.xlsx\n").expect_stderr(" characters of column body");
    let run = run.expect_stderr("hint: omit the column with --columns, or choose another format");
    assert_eq!(std::fs::read_to_string(run.path("m.xlsx")).unwrap(), "the last good one");
    let run = export(run.again(), &["--no-body"]).expect_code(0);
    assert!(std::fs::read(run.path("m.xlsx")).unwrap().starts_with(b"PK"));
}

#[test]
fn a_missing_temporary_folder_is_refused_before_the_first_request() {
    let simulator = simulator(50);
    let run =
        sent_export().env("TMPDIR", Some("/nowhere")).contacts(&simulator.base_url(), &["-o", "c.xlsx", "--quiet"]);
    let run = run.finish().expect_code(7).expect_stderr("cannot write the output: c.xlsx").expect_stderr("/nowhere");
    assert!(!run.path("c.xlsx").exists());
}
