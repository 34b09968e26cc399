//! `diff`: new, changed and removed rows of two exports of a simulated account, compared with its records.

use std::collections::{BTreeMap, BTreeSet};

use sent_export::simulator::Settings;
use sent_export::simulator::Simulator;
use serde_json::Value;

use crate::support::{Finished, run_in, sent_export, simulator};

/// Rows of an NDJSON file by id.
fn rows(run: &Finished, name: &str) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(run.path(name)).unwrap_or_else(|error| panic!("{name}: {error}{run:?}"));
    let parsed = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    parsed.map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect()
}

/// Two exports, with changes between them.
fn two_exports(contacts: u32, outputs: &[&str], later_outputs: &[&str]) -> Finished {
    let simulator = simulator(contacts);
    let run = sent_export().contacts(&simulator.base_url(), outputs).finish().expect_code(0);
    simulator.create(17);
    for position in [3, 40, 41, contacts / 2] {
        assert!(simulator.delete_at(position));
    }
    for position in (5..contacts - 10).step_by(9) {
        assert!(simulator.update_at(position));
    }
    run.again().contacts(&simulator.base_url(), later_outputs).finish().expect_code(0)
}

fn diff(run: Finished, args: &[&str]) -> Finished {
    run.again().args(["diff"]).args(args).finish()
}

/// The names of the columns that differ.
fn differing(old: &Value, new: &Value) -> Vec<String> {
    let [old, new] = [old, new].map(|row| row.as_object().unwrap());
    // The file has the columns in the order of the schema.
    let mut names: Vec<String> = old.keys().filter(|key| old[*key] != new[*key]).cloned().collect();
    names.sort();
    names
}

#[test]
fn a_diff_is_the_difference_of_the_rows_of_two_exports() {
    let run = two_exports(
        2_000,
        &["-o", "old.parquet", "-o", "old.ndjson", "--quiet"],
        &["-o", "new.csv.gz", "-o", "new.ndjson", "--quiet"],
    );
    let run = diff(run, &["old.parquet", "new.csv.gz", "-o", "changes.ndjson", "-o", "changes.parquet"]).expect_code(0);
    let (old, new, changes) = (rows(&run, "old.ndjson"), rows(&run, "new.ndjson"), rows(&run, "changes.ndjson"));
    let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for id in ids {
        let (old, new, change) = (old.get(id), new.get(id), changes.get(id));
        let kind = change.map_or("unchanged", |change| change["change"].as_str().unwrap());
        *counts.entry(kind).or_default() += 1;
        let without_id = |row: &Value| {
            let mut row = row.as_object().unwrap().clone();
            row.remove("id");
            // All columns of the resource, even those that the exports lack.
            row.insert("extra".to_owned(), Value::Null);
            Value::Object(row)
        };
        match (old, new, change) {
            (Some(old), Some(new), None) => assert_eq!(old, new),
            (Some(old), None, Some(change)) => {
                assert_eq!((kind, &change["old"], &change["new"]), ("removed", &without_id(old), &Value::Null));
            }
            (None, Some(new), Some(change)) => {
                assert_eq!((kind, &change["new"], &change["old"]), ("added", &without_id(new), &Value::Null));
            }
            (Some(old), Some(new), Some(change)) => {
                let mut names: Vec<&str> =
                    change["changed_fields"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
                names.sort_unstable();
                assert_eq!(names, differing(old, new));
                for (name, value) in change["new"].as_object().unwrap() {
                    let wanted = if names.contains(&name.as_str()) { &new[name] } else { &Value::Null };
                    assert_eq!(value, wanted, "{name} {change}");
                }
                let wanted = match (old["opt_out"].as_bool(), new["opt_out"].as_bool()) {
                    (Some(false), Some(true)) => "opted_out",
                    (Some(true), Some(false)) => "opted_in",
                    _ => "",
                };
                assert_eq!(change["opt_out_change"].as_str().unwrap_or_default(), wanted);
            }
            (None, None, _) | (_, None, None) | (None, _, None) => panic!("{id} {change:?}"),
        }
    }
    assert_eq!([counts["added"], counts["removed"]], [17, 4]);
    assert!(counts["changed"] > 200, "{counts:?}");
    for (name, count) in [("Added", counts["added"]), ("Changed", counts["changed"]), ("Removed", counts["removed"])] {
        let mut lines = run.stderr.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        assert!(lines.any(|line| line == [name, &count.to_string()]), "{name} {count}{run:?}");
    }
    let sorted: Vec<String> = std::fs::read_to_string(run.path("changes.ndjson"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(sorted.is_sorted());
}

#[test]
fn the_same_exports_give_the_same_bytes_and_equal_ones_none_in_any_format() {
    let formats = ["parquet", "arrow", "csv", "ndjson.zst", "xlsx"];
    let names: Vec<String> = formats.iter().map(|format| format!("{}.{format}", format.replace('.', "_"))).collect();
    let outputs: Vec<&str> = names.iter().flat_map(|name| ["-o", name.as_str()]).chain(["--quiet"]).collect();
    let mut run = two_exports(300, &outputs, &["-o", "new.parquet", "--quiet"]);
    for name in &names {
        let args = ["parquet.parquet", name, "--exit-code-unchanged", "99", "-o", "none.csv", "--no-progress"];
        run = diff(run, &args).expect_code(99).expect_stderr("Unchanged  300");
        let text = std::fs::read_to_string(run.path("none.csv")).unwrap();
        assert_eq!(text, "id,change,changed_fields,opt_out_change,old,new\n");
        for changes in ["changes.parquet", "changes.csv"] {
            run = diff(run, &[name, "new.parquet", "-o", changes, "--exit-code-unchanged", "99"]).expect_code(0);
            let bytes = std::fs::read(run.path(changes)).unwrap();
            let first = run.path(&format!("first-{changes}"));
            if !first.exists() {
                std::fs::write(&first, &bytes).unwrap();
            }
            assert!(bytes == std::fs::read(&first).unwrap(), "{name}");
        }
    }
}

#[test]
fn messages_are_compared_with_their_events_and_bodies() {
    let simulator = Simulator::start(Settings::of_messages(400)).unwrap();
    let run =
        sent_export().messages(&simulator.base_url(), &["-o", "m.parquet", "-o", "m.csv", "-o", "m.ndjson", "--quiet"]);
    let mut run = run.finish().expect_code(0);
    std::fs::create_dir(run.path("csv")).unwrap();
    std::fs::create_dir(run.path("ndjson")).unwrap();
    std::fs::copy(run.path("m.csv"), run.path("csv/m.csv")).unwrap();
    std::fs::copy(run.path("m.ndjson"), run.path("ndjson/m.ndjson")).unwrap();
    for other in ["m.csv", "csv", "m.ndjson", "ndjson"] {
        run = diff(run, &["m.parquet", other, "--exit-code-unchanged", "9"])
            .expect_code(9)
            .expect_stderr("Unchanged  400");
        assert!(!run.stderr.contains("Opted"), "{run:?}");
    }
    let changed = std::fs::read_to_string(run.path("m.ndjson")).unwrap().replacen("\"DELIVERED\"", "\"READ\"", 1);
    std::fs::write(run.path("changed.ndjson"), changed).unwrap();
    run = diff(run, &["m.parquet", "changed.ndjson", "-o", "-", "--format", "ndjson"]).expect_code(0);
    let change: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(change["change"], "changed");
    let contacts = run.again().args(["contacts", "--simulate=10", "-o", "c.csv", "--quiet"]).finish();
    diff(contacts, &["c.csv", "m.csv"]).expect_code(2).expect_stderr("error: cannot compare contacts with messages");
}

#[test]
fn folders_of_days_are_compared_whatever_span_the_last_run_read() {
    let simulator = Simulator::start(Settings::of_messages(500)).unwrap();
    let export = |run: crate::support::Run, folder: &str, more: &[&str]| {
        let outputs = ["-o", folder, "--partition-by", "created_date", "--quiet"];
        run.messages(&simulator.base_url(), &outputs).args(more).finish().expect_code(0)
    };
    let run = export(sent_export(), "old/", &[]);
    let run = export(run.again(), "new/", &[]);
    let run = export(run.again(), "new/", &["--since-last"]);
    let run = diff(run, &["old", "new", "-o", "c.csv", "--exit-code-unchanged", "9"]).expect_code(9);
    let run = run.expect_stderr("Unchanged  500");
    assert!(!run.stderr.contains("warning"), "{run:?}");
}

#[test]
fn rows_that_an_unverified_export_lacks_are_missing() {
    let run = two_exports(300, &["-o", "old.csv", "--quiet"], &["-o", "new.csv", "--quiet"]);
    let manifest = std::fs::read_to_string(run.path("_new.csv.manifest.json")).unwrap();
    let unverified = manifest.replace("\"verdict\": \"complete\"", "\"verdict\": \"unverified\"");
    assert_ne!(manifest, unverified);
    std::fs::write(run.path("_new.csv.manifest.json"), unverified).unwrap();
    let run = diff(run, &["old.csv", "new.csv", "-o", "c.ndjson", "--quiet"]).expect_code(0);
    let run = run.expect_stderr("warning: new.csv is unverified").expect_stderr("are reported as missing, not removed");
    let missing = rows(&run, "c.ndjson").values().filter(|row| row["change"] == "missing").count();
    assert_eq!(missing, 4);
    let run = diff(run, &["new.csv", "old.csv", "-o", "c.ndjson", "--quiet"]).expect_code(0);
    let run = run.expect_stderr("rows reported as added may be old");
    assert_eq!(rows(&run, "c.ndjson").values().filter(|row| row["change"] == "removed").count(), 17);
    // So it is with a manifest that cannot be read.
    std::fs::write(run.path("_new.csv.manifest.json"), "{").unwrap();
    let run = diff(run, &["old.csv", "new.csv", "-o", "c.ndjson", "--quiet"]).expect_code(0);
    let run = run.expect_stderr("new.csv is complete is unknown").expect_stderr("are reported as missing, not removed");
    assert!(!run.stderr.contains("assumed to be complete"), "{run:?}");
    assert!(rows(&run, "c.ndjson").values().all(|row| row["change"] != "removed"));
    // Without a manifest, this is unknown.
    std::fs::remove_file(run.path("_new.csv.manifest.json")).unwrap();
    diff(run, &["old.csv", "new.csv"]).expect_code(0).expect_stderr("new.csv: no manifest, assumed to be complete\n");
}

#[test]
fn exports_that_cannot_be_compared_are_refused() {
    let run = sent_export().args(["contacts", "--simulate=100", "-o", "a.csv", "--quiet"]).finish().expect_code(0);
    let other = simulator(100);
    let run = run.again().contacts(&other.base_url(), &["-o", "b.csv", "--quiet"]).finish().expect_code(0);
    let sms = ["contacts", "--simulate=100", "--channel", "sms", "-o", "s.csv", "--quiet"];
    let run = run.again().args(sms).finish().expect_code(0);
    let before = run.files();
    let run = diff(run, &["a.csv", "b.csv", "-o", "c.csv"]).expect_code(2);
    let run = run.expect_stderr("error: the exports have different accounts: simulator and http://127.0.0.1:");
    let run = diff(run, &["a.csv", "s.csv", "-o", "c.csv"]).expect_code(2);
    let run = run.expect_stderr(r#"error: the exports have different filters: none and {"channel":"sms"}"#);
    assert_eq!(run.files(), before);
    let run = diff(run, &["a.csv", "s.csv", "--force", "-o", "c.csv", "--quiet"]).expect_code(0);
    let run = run.expect_stderr("warning: the exports have different filters");
    // The rows alone show this.
    let text = std::fs::read_to_string(run.path("a.csv")).unwrap();
    let (header, row) = (text.lines().next().unwrap(), text.lines().nth(1).unwrap());
    let customer = row.rsplit(',').next().unwrap();
    assert!(header.ends_with(",customer_id") && customer.len() == 36, "{header}");
    let others = text.replace(customer, "00000000-0000-4000-8000-000000000000");
    std::fs::write(run.path("other.csv"), others).unwrap();
    let run = diff(run, &["a.csv", "other.csv", "-o", "d.csv"]).expect_code(2);
    let run = run.expect_stderr("error: the exports have different customers: ");
    assert!(!run.path("d.csv").exists());
}

#[test]
fn columns_of_one_side_are_not_changes_and_invalid_flags_are_refused() {
    let run = sent_export().args(["contacts", "--simulate=100", "-o", "a.csv", "--quiet"]).finish().expect_code(0);
    let few = ["contacts", "--simulate=100", "-o", "b.parquet", "--columns", "id,opt_out", "--quiet"];
    let run = run.again().args(few).finish().expect_code(0);
    let run = diff(run, &["a.csv", "b.parquet", "--exit-code-unchanged", "7"]).expect_code(7);
    let run = run.expect_stderr("warning: not compared, since the newer export lacks them: phone_number, format_e164,");
    let run = diff(run, &["a.csv", "b.parquet", "--ignore", "updated"]).expect_code(2);
    let run = run.expect_stderr("did you mean \"updated_at\"?");
    let run =
        diff(run, &["a.csv", "b.parquet", "--ignore", "id"]).expect_code(2).expect_stderr("unknown column \"id\"");
    for output in ["a.csv", "./b.parquet", "_a.csv.manifest.json"] {
        let format = ["a.csv", "b.parquet", "--format", "csv", "-o", output];
        drop(run_in_copy(&run, &format).expect_code(2).expect_stderr("would overwrite one of the files to compare"));
    }
    let no_ids = ["contacts", "--simulate=100", "-o", "n.csv", "--columns", "opt_out,region_code", "--quiet"];
    let run = run.again().args(no_ids).finish().expect_code(0);
    diff(run, &["a.csv", "n.csv"]).expect_code(2).expect_stderr("error: no column id in n.csv");
}

/// Runs a diff in a copy of the folder.
fn run_in_copy(run: &Finished, args: &[&str]) -> Finished {
    let copy = tempfile::tempdir().unwrap();
    for name in run.files() {
        std::fs::copy(run.path(&name), copy.path().join(&name)).unwrap();
    }
    run_in(copy).args(["diff"]).args(args).finish()
}

#[test]
fn folders_with_older_exports_changes_and_odd_rows_are_read_with_a_warning() {
    let run = two_exports(200, &["-o", "1.csv", "--quiet"], &["-o", "2.csv", "--quiet"]);
    let mut run = diff(run, &["1.csv", "2.csv", "-o", "changes.parquet", "-o", "wide.csv", "--quiet"]).expect_code(0);
    for args in [["diff", "1.csv", ".", "--quiet"], ["report", ".", "--json", "-"]] {
        run = run.again().args(args).finish().expect_code(0);
        run = run.expect_stderr("2.csv, is co");
    }
    let run = diff(run, &["1.csv", "."]).expect_code(0).expect_stderr("skipped ./changes.parquet: it lists changes");
    let run = run.expect_stderr("1 older export of the same account is left out of .; only the newest, ./2.csv");
    let run = run.expect_stderr("Added       17\n").expect_stderr("Removed      4\n");
    let run = diff(run, &["1.csv", "wide.csv"]).expect_code(2);
    let run = run.expect_stderr("error: the file lists changes between exports, not rows of one: wide.csv");
    let odd = "id,phone_number,opt_out\na,+12025550123,true\na,+12025550124,true\n,+12025550125,true\nb,,soon\n";
    std::fs::write(run.path("odd.csv"), odd).unwrap();
    let run = diff(run, &["odd.csv", "odd.csv", "--exit-code-unchanged", "5", "--quiet"]).expect_code(5);
    let run = run.expect_stderr("warning: 1 value of opt_out in odd.csv cannot be read and count as null\n");
    let run = run.expect_stderr("warning: 1 row has no id and is left out of odd.csv\n");
    let run =
        run.expect_stderr("warning: 1 row repeats the id of another in odd.csv; the row of the newest file is used\n");
    assert!(!run.stderr.contains("+1202"), "{run:?}");
}

#[test]
fn a_diff_replaces_an_export_with_its_manifest() {
    let run = two_exports(100, &["-o", "old.csv", "-o", "c.csv", "--quiet"], &["-o", "new.csv", "--quiet"]);
    let run = run.again().args(["contacts", "--simulate=10", "-o", "c.csv", "--quiet"]).finish().expect_code(0);
    assert!(run.path("_c.csv.manifest.json").exists());
    let run = diff(run, &["old.csv", "new.csv", "-o", "c.csv", "--wide", "--quiet"]).expect_code(0);
    assert!(!run.path("_c.csv.manifest.json").exists());
    let text = std::fs::read_to_string(run.path("c.csv")).unwrap();
    assert!(text.starts_with("id,change,changed_fields,opt_out_change,old_phone_number,new_phone_number,"), "{text}");
}

#[cfg(unix)]
mod signals {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::path::Path;
    use std::process::{Child, Command};

    use crate::support::sent_export;

    fn make_pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    fn interrupt(child: &Child) {
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_signal_ends_a_diff_while_it_reads_and_nothing_is_left() {
        let run = sent_export().file("old.csv", "id,opt_out\na,true\n").file("changes.csv", "before");
        let (folder, mut command) = run.args(["diff", "old.csv", "new.csv", "-o", "changes.csv"]).into_parts();
        make_pipe(&folder.path().join("new.csv"));
        let mut child = command.spawn().unwrap();
        // Opening returns once the run reads the pipe.
        let mut pipe = File::options().write(true).open(folder.path().join("new.csv")).unwrap();
        pipe.write_all(b"id,opt_out\na,false\n").unwrap();
        interrupt(&child);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        drop(pipe);
        assert_eq!(names(folder.path()), ["changes.csv", "new.csv", "old.csv"]);
        assert_eq!(std::fs::read_to_string(folder.path().join("changes.csv")).unwrap(), "before");
    }

    #[test]
    fn a_signal_ends_a_diff_while_it_writes_and_nothing_is_left() {
        let old: Vec<String> = (0..60_000).map(|at| format!("{at:0>36},true")).collect();
        let run =
            sent_export().file("old.csv", &format!("id,opt_out\n{}\n", old.join("\n"))).file("new.csv", "id,opt_out\n");
        let run = run.args(["diff", "old.csv", "new.csv", "-o", "changes.csv", "-o", "pipe.csv", "--quiet"]);
        let (folder, mut command) = run.into_parts();
        make_pipe(&folder.path().join("pipe.csv"));
        let mut child = command.spawn().unwrap();
        // Opening returns once the run writes to the pipe. More rows follow than fit into the pipe and the queue before it.
        let mut pipe = File::open(folder.path().join("pipe.csv")).unwrap();
        pipe.read_exact(&mut [0]).unwrap();
        interrupt(&child);
        std::thread::sleep(std::time::Duration::from_millis(300));
        pipe.read_to_end(&mut Vec::new()).unwrap();
        let code = child.wait().unwrap().code();
        // On a very busy machine, the signal may arrive after everything was read; then the run is complete.
        let left: &[&str] = match code {
            Some(130) => &["new.csv", "old.csv", "pipe.csv"],
            _ => &["changes.csv", "new.csv", "old.csv", "pipe.csv"],
        };
        assert!(matches!(code, Some(0 | 130)), "{code:?}");
        assert_eq!(names(folder.path()), left);
    }
}
