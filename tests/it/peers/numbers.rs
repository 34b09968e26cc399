//! Compares the numbers of reports with those of `DuckDB` over the same file.
//!
//! `SENT_EXPORT_SDK_PYTHON` names a Python with the packages of `tests/requirements.txt`.

use std::process::Command;

use sent_export::simulator::{Messaging, Settings, Simulator};

use super::python;
use crate::support::{Finished, sent_export};

#[test]
#[ignore = "needs Python with duckdb"]
fn duckdb_counts_match_the_summary() {
    for (contacts, hostile) in [(100_000, false), (6000, true), (1, false), (0, false)] {
        let simulator = Simulator::start(Settings { contacts, hostile, ..Settings::default() }).unwrap();
        let outputs = ["-o", "c.parquet", "--summary", "s.json"];
        let run = sent_export().contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_numbers.py");
        let output =
            Command::new(python()).arg(script).args([run.path("c.parquet"), run.path("s.json")]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{contacts} contacts, hostile: {hostile}\n{stderr}");
    }
}

/// Runs every query of a report in `DuckDB` and compares the number of rows with the count; `codes` must be among the actions.
#[track_caller]
fn check_actions(run: &Finished, summary: &str, codes: &[&str]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_actions.py");
    let folder = run.path(summary).parent().unwrap().to_owned();
    let output = Command::new(python()).arg(script).args([folder, run.path(summary)]).args(codes).output().unwrap();
    assert!(output.status.success(), "{summary}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "needs Python with duckdb"]
fn queries_of_the_report_return_as_many_rows_as_it_counts() {
    const ALL: [&str; 5] =
        ["opted_out", "without_channel", "number_of_another_region", "shared_numbers", "default_channel_not_available"];
    for (contacts, hostile, codes) in [(20_000, false, &ALL[..2]), (6000, true, &ALL[..]), (0, false, &[])] {
        let simulator = Simulator::start(Settings { contacts, hostile, ..Settings::default() }).unwrap();
        let outputs = ["-o", "c.parquet", "--summary", "s.json", "-q"];
        let run = sent_export().contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
        check_actions(&run, "s.json", codes);
        let run = run.again().args(["report", "c.parquet", "--quiet", "--json", "f.json"]).finish().expect_code(0);
        check_actions(&run, "f.json", codes);
    }
    // A number that occurs in two profiles is not shared, neither in the report nor in the query.
    let settings =
        Settings { contacts: 500, profiles: 3, profile_contacts: 3000, hostile: true, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    for more in [&[][..], &["--profiles", "all"]] {
        let outputs = [&["-o", "c.parquet", "--summary", "s.json", "-q"], more].concat();
        let run = sent_export().contacts(&simulator.base_url(), &outputs).finish().expect_code(0);
        check_actions(&run, "s.json", &ALL[..2]);
        let run = run.again().args(["report", "c.parquet", "--quiet", "--json", "f.json"]).finish().expect_code(0);
        check_actions(&run, "f.json", &ALL[..2]);
    }
    let messaging = Messaging { count: 30_000, ..Messaging::default() };
    let simulator = Simulator::start(Settings { contacts: 2000, messaging, ..Settings::default() }).unwrap();
    let outputs = ["-o", "m.parquet", "--summary", "s.json", "-q"];
    let run = sent_export().messages(&simulator.base_url(), &outputs).finish().expect_code(0);
    check_actions(&run, "s.json", &["frequent_failure"]);
}

/// An account with every possible outlier: regions differ in opt-outs and in the contacts that a channel reaches.
#[test]
#[ignore = "needs Python with duckdb"]
fn queries_about_regions_return_as_many_rows_as_the_report_counts() {
    let mut csv =
        "id,phone_number,format_e164,region_code,country_code,available_channels,default_channel,opt_out\n".to_owned();
    for at in 0..1200_u32 {
        let (region, code) = [("US", 1), ("BR", 55), ("IN", 91)][at as usize % 3];
        let channels = if region == "IN" && at % 4 > 0 { "whatsapp" } else { "sms" };
        let number = if at % 50 == 0 { 12_025_550_000 + u64::from(at) } else { code * 100_000_000 + u64::from(at) };
        let opt_out = region == "BR" && at % 2 == 0;
        csv += &format!("{at},+{number},+{number},{region},{code},{channels},sms,{opt_out}\n");
    }
    let run = sent_export().file("c.csv", &csv).args(["report", "c.csv", "--quiet", "--json", "s.json"]).finish();
    let run = run.expect_code(0);
    let export = "import duckdb, sys; duckdb.sql(\"copy (select * replace (string_split(available_channels, ',') as \
        available_channels) from read_csv('c.csv', all_varchar = true)) to 'contacts.parquet'\")";
    let copied = Command::new(python()).args(["-c", export]).current_dir(run.path("c.csv").parent().unwrap()).output();
    let copied = copied.unwrap();
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    let codes =
        ["whatsapp_reaches_more", "high_opt_out_share", "number_of_another_region", "default_channel_not_available"];
    check_actions(&run, "s.json", &codes);
}

#[test]
#[ignore = "needs Python with duckdb"]
fn gross_changes_match_duckdb() {
    let contacts = |is_new: bool| -> String {
        let mut csv = "id,region_code,available_channels,opt_out\n".to_owned();
        for at in 0..6000_u32 {
            // Some contacts are only on one side, and every kind of change occurs at a different rate.
            if is_new && at % 13 == 0 || !is_new && at % 11 == 0 {
                continue;
            }
            let turn = u32::from(is_new);
            let region = ["US", "DE", "BR", "", "IN"][((at + turn * u32::from(at % 17 == 0)) % 5) as usize];
            let channels = ["sms", "whatsapp", "", "sms,rcs", "rcs,whatsapp,sms"];
            let channels = channels[((at / 3 + turn * u32::from(at % 7 == 0)) % 5) as usize];
            let opt_out = ["true", "false", "false", ""][((at + turn * u32::from(at % 9 == 0)) % 4) as usize];
            csv += &format!("id-{at},{region},\"{channels}\",{opt_out}\n");
        }
        csv
    };
    let run = sent_export().file("old.csv", &contacts(false)).file("new.csv", &contacts(true));
    let run = run.args(["report", "new.csv", "--compare", "old.csv", "-q", "--json", "r.json"]).finish().expect_code(0);
    let folder = run.path("new.csv").parent().unwrap().to_owned();
    let copy = "import duckdb; [duckdb.sql(f\"copy (select id, region_code, string_split(available_channels, ',') as \
        available_channels, opt_out::boolean as opt_out from read_csv('{name}.csv', all_varchar = true)) to \
        '{name}.parquet'\") for name in ('old', 'new')]";
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_gross.py");
    for arguments in [vec!["-c", copy], vec![script, "old.parquet", "new.parquet", "r.json"]] {
        let output = Command::new(python()).args(arguments).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
#[ignore = "needs Python with duckdb"]
fn changes_of_messages_match_duckdb() {
    for (messages, hostile) in [(20_000, false), (3000, true)] {
        // Most messages still change.
        let messaging = Messaging { count: messages, days: 1, ..Messaging::default() };
        let settings = Settings { contacts: 2000, hostile, messaging, ..Settings::default() };
        let simulator = Simulator::start(settings).unwrap();
        let url = simulator.base_url();
        let run = sent_export().messages(&url, &["-o", "old.parquet", "-q"]).finish().expect_code(0);
        simulator.pass_time(std::time::Duration::from_secs(2 * 3600), messages / 20);
        let run = run.again().messages(&url, &["-o", "new.parquet", "-q"]).finish().expect_code(0);
        // Each side has messages that the other lacks, and some prices become known later.
        let cut = "import duckdb; duckdb.sql(\"copy (select * replace (if(hash(id) % 5 = 0, null, price) as price) from \
            'old.parquet' where hash(id) % 7 > 0) to 'cut.parquet'\")";
        let report = ["report", "new.parquet", "--compare", "cut.parquet", "-q", "--json", "r.json"];
        let other = ["report", "cut.parquet", "--compare", "new.parquet", "-q", "--json", "other.json"];
        let folder = run.path("old.parquet").parent().unwrap().to_owned();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_message_changes.py");
        let python = |arguments: &[&str]| {
            let output = Command::new(python()).args(arguments).current_dir(&folder).output().unwrap();
            assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
        };
        python(&["-c", cut]);
        let run = run.again().args(report).finish().expect_code(0);
        let _run = run.again().args(other).finish().expect_code(0);
        python(&[script, "cut.parquet", "new.parquet", "r.json"]);
        python(&[script, "new.parquet", "cut.parquet", "other.json"]);
    }
}

/// Compares the numbers of a delivery report with what `DuckDB` counts in a file.
#[track_caller]
fn check_deliveries(run: &Finished, file: &str, summary: &str, of: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check_deliveries.py");
    let output = Command::new(python()).arg(script).args([run.path(file), run.path(summary)]).output().unwrap();
    assert!(output.status.success(), "{of}, {summary}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "needs Python with duckdb"]
fn duckdb_counts_match_the_report_on_activities() {
    for (messages, hostile) in [(2500, false), (1500, true), (1, false)] {
        let messaging = Messaging { count: messages, ..Messaging::default() };
        let settings = Settings { contacts: 2000, hostile, messaging, ..Settings::default() };
        let simulator = Simulator::start(settings).unwrap();
        let run = sent_export().messages(&simulator.base_url(), &["-o", "m.parquet", "-q"]).finish().expect_code(0);
        let flags = ["activities", "--base-url", &simulator.base_url(), "--rate-limit", "none", "-q"];
        let outputs = ["--messages", "m.parquet", "-o", "a.parquet", "--summary", "s.json"];
        let run = run.again().args(flags).args(outputs).finish().expect_code(0);
        let run = run.again().args(["report", "a.parquet", "--quiet", "--json", "f.json"]).finish().expect_code(0);
        for summary in ["s.json", "f.json"] {
            check_deliveries(&run, "a.parquet", summary, &format!("{messages} messages, hostile: {hostile}"));
        }
    }
}

#[test]
#[ignore = "needs Python with duckdb"]
fn duckdb_counts_match_the_delivery_report() {
    for (messages, hostile) in [(100_000, false), (6000, true), (1, false), (0, false)] {
        let messaging = Messaging { count: messages, ..Messaging::default() };
        let settings = Settings { contacts: 5000, hostile, messaging, ..Settings::default() };
        let simulator = Simulator::start(settings).unwrap();
        let outputs = ["-o", "m.parquet", "--summary", "s.json"];
        let run = sent_export().messages(&simulator.base_url(), &outputs).finish().expect_code(0);
        let run = run.again().args(["report", "m.parquet", "--quiet", "--json", "f.json"]).finish().expect_code(0);
        for summary in ["s.json", "f.json"] {
            check_deliveries(&run, "m.parquet", summary, &format!("{messages} messages, hostile: {hostile}"));
        }
    }
}
