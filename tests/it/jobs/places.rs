//! Jobs that write to the same place are refused before any of them starts.

use sent_export::publish::OutputLock;

use super::run_jobs;
use crate::support::{run_in, sent_export};

/// The problems that a check finds in two jobs with these flags.
fn problems(one: &str, other: &str) -> Vec<String> {
    let file = format!("[defaults]\ncommand = \"contacts\"\nsimulate = 10\n[jobs.a]\n{one}\n[jobs.b]\n{other}\n");
    let run = run_jobs(&file, &["--check"]).finish();
    let found: Vec<String> =
        run.stderr.lines().filter(|line| line.contains(", and so does the job")).map(str::to_owned).collect();
    assert_eq!(run.code, Some(if found.is_empty() { 0 } else { 2 }), "{run:?}");
    assert_eq!(run.files(), ["jobs.toml"]);
    found
}

#[test]
fn histories_datasets_and_numbered_files_belong_to_one_job() {
    let (split, part) = ("output = \"o5/c.csv\"\nmax-rows-per-file = 100", "output = \"o5/c-00000.csv\"");
    let dataset = |column: &str| format!("output = \"d\"\npartition-by = \"{column}\"");
    for (one, other, place) in [
        ("output = \"a.csv\"\nhistory = \"hh\"", "output = \"b.csv\"\nhistory = \"./hh/\"", "./hh/"),
        (split, part, "o5/c-00000.csv"),
        (part, split, "o5/c.csv"),
        (split, "output = \"b.csv\"\nsummary = \"o5/c-00012.csv\"", "o5/c-00012.csv"),
        (&dataset("region_code"), &dataset("default_channel"), "d/"),
    ] {
        let found = problems(one, other);
        assert_eq!(found.len(), 1, "{one} {other}: {found:?}");
        assert!(found[0].contains(&format!("job b: writes {place}")), "{found:?}");
    }
    for (one, other) in [
        ("output = \"a.csv\"\nhistory = \"h1\"", "output = \"b.csv\"\nhistory = \"h2\""),
        (split, "output = \"o5/c-0.csv\""),
        (split, "output = \"o6/c-00000.csv\""),
        ("output = \"o5/c.csv\"", part),
    ] {
        assert_eq!(problems(one, other), Vec::<String>::new());
    }
}

#[test]
fn numbered_files_and_other_files_of_one_export_are_kept_apart() {
    let flags = ["-o", "c.csv", "-o", "c-00001.csv", "--max-rows-per-file", "100"];
    let run = sent_export().args(["contacts", "--simulate=10"]).args(flags).finish().expect_code(2);
    run.expect_stderr("error: two outputs are the same file: c-00001.csv");
}

#[test]
fn a_second_run_on_a_history_is_told_that_the_history_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("hh");
    std::fs::create_dir(&history).unwrap();
    let _lock = OutputLock::acquire(&history.join("changes")).unwrap();
    let run = run_in(folder).args(["contacts", "--simulate=10", "-o", "c.csv", "--history", "hh"]).finish();
    let run = run.expect_code(7).expect_stderr("error: another run is writing the history: hh (");
    run.expect_stderr("hint: wait until it is done, or choose another --history\n");
}
