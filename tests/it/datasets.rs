//! Exports as a folder with a file for each value of a column: which rows each file has, which files a run replaces, and what
//! is read back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::{Answer, Asked, Finished, Run, ScriptedServer, run_in, sent_export, simulator};

/// Regions that must be escaped in the name of a folder, an empty one, and null; two contacts of each.
const REGIONS: [Option<&str>; 5] = [Some("NP"), Some("A/B=C%"), Some(""), None, Some("ZÜ")];

/// A server with a list of two contacts per region.
fn server(regions: &'static [Option<&'static str>]) -> ScriptedServer {
    changing_server(regions, &Arc::default())
}

/// The same list, in which `moved` contacts have the second region.
fn changing_server(regions: &'static [Option<&'static str>], moved: &Arc<AtomicUsize>) -> ScriptedServer {
    let moved = Arc::clone(moved);
    let row = move |at: usize| {
        let region = if at < moved.load(Ordering::SeqCst) { regions[1] } else { regions[at / 2] };
        json!({"id": format!("00000000-0000-4000-8000-{at:012}"), "region_code": region, "opt_out": at == 3,
            "phone_number": "+12025550123", "created_at": format!("2026-03-0{}T23:59:59Z", at % 3 + 1)})
    };
    ScriptedServer::start(move |_, head| page_of(&(0..regions.len() * 2).map(&row).collect::<Vec<_>>(), head))
}

/// The requested page of a list.
fn page_of(list: &[Value], head: &str) -> Answer {
    let Asked { page, size } = Asked::by(head);
    let rows: Vec<&Value> = list.iter().skip(((page - 1) * size) as usize).take(size as usize).collect();
    let pagination = json!({"page": page, "page_size": size, "total_count": list.len()});
    Answer::ok(json!({"success": true, "data": {"contacts": rows, "pagination": pagination}}).to_string())
}

/// The files below a folder with their contents, except those whose names begin with `_` or `.`.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(entry.path()).unwrap().map(Result::unwrap) {
            let name = format!("{}/{}", entry.file_name().display(), file.file_name().display());
            found.insert(name, fs::read(file.path()).unwrap());
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_keys().collect()
}

/// What a report says about the rows in a folder, without the parts about the files themselves.
fn report(run: Finished, path: &str) -> (Finished, Value) {
    let run = run.again().args(["report", path, "--json", "r.json"]).finish().expect_code(0);
    let mut report = run.json("r.json");
    for about_files in ["inputs", "outputs", "run", "generated_at", "as_of"] {
        report.as_object_mut().unwrap().remove(about_files);
    }
    for action in report["actions"].as_array_mut().into_iter().flatten() {
        if let Some(sql) = action["sql"].as_str() {
            let names_files =
                sql.contains("'whole.parquet'") || sql.contains("=*/*.parquet'") || sql.contains("'contacts.parquet'");
            assert!(names_files, "{sql}");
            action.as_object_mut().unwrap().remove("sql");
        }
    }
    (run, report)
}

#[test]
fn folders_are_named_after_values_as_hive_names_them() {
    let server = server(&REGIONS);
    let flags = ["-o", "c/", "--partition-by", "region_code", "--format", "csv", "--columns", "region_code,id"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    let run = run.expect_stderr(" to c/ (sent-export ");
    let read: Vec<(String, String)> = files(&run.path("c"))
        .into_iter()
        .map(|(name, bytes)| {
            (name, String::from_utf8(bytes).unwrap().replace("00000000-0000-4000-8000-0000000000", ""))
        })
        .collect();
    let expected = [
        ("region_code=A%2FB%3DC%25/part-0.csv", "id\n02\n03\n"),
        ("region_code=NP/part-0.csv", "id\n00\n01\n"),
        ("region_code=ZÜ/part-0.csv", "id\n08\n09\n"),
        ("region_code=__HIVE_DEFAULT_PARTITION__/part-0.csv", "id\n04\n05\n06\n07\n"),
    ];
    assert_eq!(read, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    let manifest = run.json("c/_region_code.manifest.json");
    assert_eq!((manifest["rows"].as_u64(), manifest["outputs"].as_array().unwrap().len()), (Some(10), 4));
    assert_eq!(
        fs::read_dir(run.path("c"))
            .unwrap()
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name().display().to_string();
                !name.starts_with("region_code=") && !name.starts_with(['_', '.'])
            })
            .count(),
        0
    );
}

#[test]
fn a_text_like_the_folder_name_for_null_has_its_own_folder() {
    let server = server(&[Some("US"), Some("__HIVE_DEFAULT_PARTITION__"), None, Some("%5F_HIVE_DEFAULT_PARTITION__")]);
    let flags = ["-o", "c/", "--partition-by", "region_code", "--quiet"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    let expected = [
        "region_code=%255F_HIVE_DEFAULT_PARTITION__/part-0.parquet",
        "region_code=%5F_HIVE_DEFAULT_PARTITION__/part-0.parquet",
        "region_code=US/part-0.parquet",
        "region_code=__HIVE_DEFAULT_PARTITION__/part-0.parquet",
    ];
    assert_eq!(names(&run.path("c")), expected);
    let run = run.again().contacts(&server.url(), &["-o", "whole.parquet", "--quiet"]).finish().expect_code(0);
    // The next run replaces the existing files.
    let run = run.again().contacts(&server.url(), &flags).finish().expect_code(0);
    let run = run.again().args(["verify", "c"]).finish().expect_code(0);
    let run = run.again().args(["diff", "whole.parquet", "c", "-o", "d.ndjson"]).finish().expect_code(0);
    assert_eq!(fs::read_to_string(run.path("d.ndjson")).unwrap(), "");
}

#[test]
fn every_format_is_read_back_like_a_single_file() {
    let simulator = simulator(400);
    let columns = ["region_code", "default_channel", "opt_out", "created_date"];
    for (format, column) in
        ["parquet", "csv", "ndjson.zst", "arrow", "arrows", "xlsx"].into_iter().zip(columns.iter().cycle())
    {
        let whole = sent_export().contacts(&simulator.base_url(), &["-o", "whole.parquet", "--quiet"]).finish();
        let (run, expected) = report(whole.expect_code(0), "whole.parquet");
        let flags = ["-o", "c", "--partition-by", column, "--format", format, "--max-partitions", "1000", "--quiet"];
        let run = run.again().contacts(&simulator.base_url(), &flags).finish().expect_code(0);
        assert!(names(&run.path("c")).len() > 1, "{format}");
        let (run, found) = report(run, "c");
        assert_eq!(found, expected, "{format} by {column}");
        let run = run.again().args(["verify", "c"]).finish().expect_code(0);
        let run = run.again().args(["diff", "whole.parquet", "c", "-o", "d.ndjson"]).finish().expect_code(0);
        assert_eq!(fs::read_to_string(run.path("d.ndjson")).unwrap(), "", "{format} by {column}");
    }
}

#[test]
fn a_run_replaces_the_dataset_and_removes_only_its_own_files() {
    let first = server(&REGIONS);
    let flags = ["-o", "c", "--partition-by", "region_code", "--quiet"];
    let run = sent_export().contacts(&first.url(), &flags).finish().expect_code(0);
    let again = run.again().contacts(&first.url(), &flags).finish().expect_code(0);
    let before = files(&again.path("c"));
    fs::write(again.path("c").join("region_code=NP/notes.txt"), "mine").unwrap();
    fs::create_dir(again.path("c").join("region_code=US")).unwrap();
    fs::write(again.path("c").join("region_code=US/part-0.parquet"), "not listed").unwrap();
    let second = server(&REGIONS[1..3]);
    let run = again.again().contacts(&second.url(), &flags).finish().expect_code(0);
    let left = names(&run.path("c"));
    let expected = [
        "region_code=A%2FB%3DC%25/part-0.parquet",
        "region_code=NP/notes.txt",
        "region_code=US/part-0.parquet",
        "region_code=__HIVE_DEFAULT_PARTITION__/part-0.parquet",
    ];
    assert_eq!(left, expected);
    assert!(!run.path("c").join("region_code=ZÜ").exists(), "an empty folder would be a partition for some readers");
    assert!(before.contains_key("region_code=ZÜ/part-0.parquet"));
    let csv = run.again().contacts(&second.url(), &[&flags[..], &["--format", "csv"]].concat()).finish().expect_code(0);
    assert!(
        !names(&csv.path("c")).contains(&expected[0].to_owned()),
        "the files in the other format are not part of the dataset"
    );
    csv.again().args(["verify", "c/_region_code.manifest.json"]).finish().expect_code(0);
}

#[test]
fn files_of_an_interrupted_run_are_removed_by_the_next_one() {
    let contacts = Arc::new(AtomicUsize::new(600));
    let total = Arc::clone(&contacts);
    let server = ScriptedServer::start(move |_, head| {
        Asked::by(head).answer_of(u32::try_from(total.load(Ordering::SeqCst)).unwrap())
    });
    let flags = ["-o", "c", "--partition-by", "id", "--max-partitions", "1000", "--quiet"];
    let start = sent_export();
    let (folder, command) = start.contacts(&server.url(), &flags).into_parts();
    drop(command);
    let manifest = folder.path().join("c/_id.manifest.json");
    let is_publishing = || fs::read_to_string(&manifest).is_ok_and(|text| text.contains("is_publishing"));
    let folder = run_in(folder).contacts(&server.url(), &flags).kill_when(is_publishing);
    assert!(is_publishing(), "the run was killed while it published");
    contacts.store(50, Ordering::SeqCst);
    let run = run_in(folder).contacts(&server.url(), &[&flags[..], &["--fresh"]].concat()).finish().expect_code(0);
    let left = names(&run.path("c"));
    assert_eq!(left.len(), 50, "{:?}", left.last());
    run.again().args(["verify", "c"]).finish().expect_code(0);
}

#[test]
fn bytes_do_not_depend_on_how_the_list_was_read() {
    let simulator = simulator(700);
    let read = |more: &[&str]| {
        let flags = [&["-o", "c", "--partition-by", "region_code", "--quiet"], more].concat();
        let run = sent_export().contacts(&simulator.base_url(), &flags).finish().expect_code(0);
        files(&run.path("c"))
    };
    assert_eq!(read(&[]), read(&["--page-size", "37", "--concurrency", "2"]));
}

#[test]
fn too_many_values_and_invalid_partition_columns_are_refused_with_the_next_step() {
    let simulator = simulator(400);
    let contacts = |more: &[&str]| {
        let flags = [&["-o", "c", "--partition-by"], more].concat();
        sent_export().contacts(&simulator.base_url(), &flags).finish().expect_code(2)
    };
    let many = contacts(&["id"]).expect_stderr("--partition-by id makes more than 300 partitions");
    let many = many.expect_stderr("hint: choose a column with fewer values, or raise --max-partitions");
    assert_eq!(names(&many.path("c")), Vec::<String>::new(), "nothing is published");
    contacts(&["region_code", "--max-partitions", "2"]).expect_stderr("makes more than 2 partitions");
    contacts(&["phone_number"]).expect_stderr("cannot partition by \"phone_number\"; columns are id, ");
    contacts(&["available_channels"]).expect_stderr("created_date");
    contacts(&["region_code", "--columns", "region_code"]).expect_stderr("no column");
    contacts(&["region_code", "-o", "d.csv"]).expect_stderr("--output is given more than once");
    contacts(&["region_code", "--manifest", "none"]).expect_stderr("--partition-by region_code needs the manifest");
    contacts(&["region_code", "--max-rows-per-file", "100"]).expect_stderr("does not go with --partition-by");
    contacts(&["country_code", "--mask-phones"]).expect_stderr("cannot partition by \"country_code\"");
    let messages = ["messages", "--simulate=50", "-o", "m", "--partition-by", "channel", "--since", "1d"];
    sent_export().args(messages).finish().expect_code(2).expect_stderr("--since reads a part of the list");
    let days = ["messages", "--simulate=50", "-o", "m", "--partition-by", "created_date", "--max-partitions", "5"];
    sent_export().args(days).finish().expect_code(2).expect_stderr("--max-partitions does not apply to days");
}

#[test]
fn a_dataset_is_named_after_its_folder() {
    let export = |run: crate::support::Run, folder: &str| {
        run.args(["contacts", "--simulate=50", "--partition-by", "region_code", "-o", folder]).finish()
    };
    let run = export(sent_export().file("f", ""), "f/c").expect_code(7);
    let run = run.expect_stderr("error: cannot create the folder f/c/\n");
    fs::create_dir(run.path("c")).unwrap();
    let lock = fs::File::create(run.path("c/.region_code.lock")).unwrap();
    lock.lock().unwrap();
    let run = export(run.again(), "c").expect_code(7).expect_stderr("another run is writing the output: c/ (");
    let file = "[defaults]\ncommand = \"contacts\"\nsimulate = 5\noutput = \"d\"\npartition-by = \"region_code\"\n\n[jobs.a]\n\n[jobs.b]\n";
    let run = run.again().file("jobs.toml", file).args(["run", "jobs.toml", "--check"]).finish().expect_code(2);
    run.expect_stderr("job b: writes d/, and so does the job a");
}

#[test]
fn a_folder_holds_one_dataset() {
    let simulator = simulator(50);
    let by = |column: &'static str| ["-o", "c", "--partition-by", column, "--quiet"];
    let run = sent_export().contacts(&simulator.base_url(), &by("region_code")).finish().expect_code(0);
    let refused = run.again().contacts(&simulator.base_url(), &by("opt_out")).finish().expect_code(2);
    let refused = refused.expect_stderr("c already holds a dataset by region_code");
    fs::remove_dir_all(refused.path("c")).unwrap();
    refused.again().contacts(&simulator.base_url(), &by("opt_out")).finish().expect_code(0);
}

#[test]
fn a_contact_that_moves_between_files_is_one_change() {
    let flags = ["-o", "c", "--partition-by", "region_code", "--changes", "d.ndjson", "--quiet"];
    let moved = Arc::<AtomicUsize>::default();
    let server = changing_server(&REGIONS, &moved);
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    moved.store(1, Ordering::SeqCst);
    let run = run.again().contacts(&server.url(), &flags).finish().expect_code(0);
    let changes = fs::read_to_string(run.path("d.ndjson")).unwrap();
    let [change] = changes
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert_eq!((&change["change"], &change["changed_fields"]), (&json!("changed"), &json!(["region_code"])));
    assert_eq!((&change["old"]["region_code"], &change["new"]["region_code"]), (&json!("NP"), &json!("A/B=C%")));
}

/// Contacts on two days. On the second day, one is gone and another has moved and opted in, so that the region DE, the opt-out
/// and the day of the first no longer occur. On the third day, there are none.
fn server_of_days(day: &Arc<AtomicUsize>) -> ScriptedServer {
    const DAYS: [&[(u32, &str, bool, &str)]; 3] = [
        &[(0, "DE", false, "2026-03-01"), (1, "DE", true, "2026-03-02"), (2, "US", false, "2026-03-02")],
        &[(1, "US", false, "2026-03-02"), (2, "US", false, "2026-03-02")],
        &[],
    ];
    let day = Arc::clone(day);
    ScriptedServer::start(move |_, head| {
        let contacts = DAYS[day.load(Ordering::SeqCst)].iter().map(|(id, region, opt_out, created)| {
            json!({"id": format!("00000000-0000-4000-8000-{id:012}"), "region_code": region, "opt_out": opt_out,
                "phone_number": "+12025550123", "created_at": format!("{created}T12:00:00Z")})
        });
        page_of(&contacts.collect::<Vec<_>>(), head)
    })
}

#[test]
fn a_dataset_without_rows_is_compared_too() {
    let day = Arc::<AtomicUsize>::default();
    let server = server_of_days(&day);
    let flags = ["-o", "c", "--partition-by", "region_code", "--changes", "d.ndjson", "--exit-code-unchanged", "99"];
    let export = |run: Run, code: i32| run.contacts(&server.url(), &flags).finish().expect_code(code);
    let run = export(sent_export(), 0);
    day.store(2, Ordering::SeqCst);
    let run = export(run.again(), 0).expect_stderr("0 added, 0 changed, 3 removed");
    assert!(names(&run.path("c")).is_empty());
    let run = export(run.again(), 99).expect_stderr("0 added, 0 changed, 0 removed");
    day.store(1, Ordering::SeqCst);
    export(run.again(), 0).expect_stderr("2 added, 0 changed, 0 removed");
}

#[test]
fn rows_of_values_that_no_longer_occur_are_compared() {
    for column in ["region_code", "opt_out", "created_date"] {
        let day = Arc::<AtomicUsize>::default();
        let server = server_of_days(&day);
        let flags = ["-o", "c", "--partition-by", column, "--changes", "d.ndjson", "--exit-code-unchanged", "99"];
        let export = |run: Run, code: i32| run.contacts(&server.url(), &flags).finish().expect_code(code);
        let run = export(sent_export(), 0);
        for (name, bytes) in files(&run.path("c")) {
            let copy = run.path("old").join(name);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::write(copy, bytes).unwrap();
        }
        day.store(1, Ordering::SeqCst);
        let run = export(run.again(), 0).expect_stderr(": 0 added, 1 changed, 1 removed");
        let run = run.again().args(["diff", "old", "c", "-o", "e.ndjson", "-q"]).finish().expect_code(0);
        let changes = fs::read_to_string(run.path("d.ndjson")).unwrap();
        assert_eq!(changes, fs::read_to_string(run.path("e.ndjson")).unwrap(), "{column}");
        let kinds = changes.lines().map(|line| {
            let change: Value = serde_json::from_str(line).unwrap();
            ["change", "opt_out_change", "changed_fields"].map(|name| change[name].clone())
        });
        let moved = [json!("changed"), json!("opted_in"), json!(["region_code", "opt_out"])];
        assert_eq!(kinds.collect::<Vec<_>>(), [[json!("removed"), Value::Null, Value::Null], moved], "{column}");
        export(run.again(), 99).expect_stderr(": 0 added, 0 changed, 0 removed");
    }
}

#[test]
fn messages_and_activities_have_datasets_too() {
    let flags = ["messages", "--simulate=300", "-o", "m", "--partition-by", "channel", "-q", "--rate-limit", "none"];
    let run = sent_export().args(flags).finish().expect_code(0);
    let found = names(&run.path("m"));
    assert!(found.contains(&"channel=sms/part-0.parquet".to_owned()), "{found:?}");
    let (run, report) = report(run, "m");
    assert_eq!(report["messages"], 300);
    let flags = ["activities", "--messages", "m", "--simulate=300", "-o", "a", "--partition-by", "status"];
    let run = run.again().args(flags).args(["-q", "--rate-limit", "none"]).finish().expect_code(0);
    assert!(names(&run.path("a")).iter().all(|name| name.starts_with("status=")));
    run_in(run.into_folder()).args(["verify", "a", "m"]).finish().expect_code(0);
}
