//! Flags of the command line, variables, jobs and defaults: what replaces what.

use super::run_jobs;
use crate::support::{Finished, run_in, sent_export, simulator};

/// An export, then jobs with commands that have fewer flags, as in the documentation.
const SEVERAL_COMMANDS: &str = "[jobs.acme]\ncommand = \"contacts\"\nsimulate = 200\noutput = \"acme.csv\"\n[jobs.weekly-report]\n\
     command = \"report\"\nargs = [\"acme.csv\"]\nhtml = \"acme.html\"\n[jobs.sound]\ncommand = \"verify\"\nargs = [\"acme.csv\"]\n";

fn header(run: &Finished, name: &str) -> String {
    let text = std::fs::read_to_string(run.path(name)).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[test]
fn jobs_skip_flags_of_the_command_line_that_their_command_lacks_and_their_values() {
    for flags in [
        &["--fresh"][..],
        &["--max-duration", "2h", "--fresh"],
        &["--max-duration=2h"],
        &["--columns", "id", "-v"],
        &["-vo", "acme.csv"],
        &["--log-format", "text", "--simulate", "--null", "none"],
    ] {
        let run = run_jobs(SEVERAL_COMMANDS, &["--"]).args(flags).finish().expect_code(0);
        assert!(run.path("acme.html").exists(), "{flags:?} {run:?}");
        assert_eq!(header(&run, "acme.csv") == "id", flags.contains(&"--columns"), "{flags:?}");
    }
}

#[test]
fn a_flag_of_the_command_line_that_no_chosen_job_has_is_refused_with_the_nearest_name() {
    for (arguments, said) in [
        (&["--", "--frseh"][..], "error: no chosen job has a flag --frseh; did you mean --fresh?\n"),
        (&["weekly-report", "--", "--fresh"], "error: no chosen job has a flag --fresh\n"),
        (&["--", "--help"], "error: no chosen job has a flag --help\n"),
        (&["--", "-vz"], "error: no chosen job has a flag -z\n"),
    ] {
        let run = run_jobs(SEVERAL_COMMANDS, arguments).finish().expect_code(2).expect_stderr(said);
        assert_eq!(run.files(), ["jobs.toml"]);
    }
    // Machines with other jobs of the file take the same flags.
    let shards = (1..=9).map(|shard| format!("{shard}/9"));
    for shard in shards {
        run_jobs(SEVERAL_COMMANDS, &["--list", "--shard", &shard, "--", "--fresh"]).finish().expect_code(0);
    }
}

#[test]
fn quiet_does_not_contradict_the_flags_of_jobs() {
    for flags in [&["--", "-q"][..], &["--", "--quiet"], &["--", "-v"]] {
        run_jobs(SEVERAL_COMMANDS, &["acme", "--quiet"]).args(flags).finish().expect_code(0);
    }
    let run = run_jobs(SEVERAL_COMMANDS, &["acme", "--quiet"]).env("SENT_EXPORT_VERBOSE", Some("1")).finish();
    assert_eq!(run.expect_code(0).stderr, "");
}

#[test]
fn flags_of_the_command_line_replace_variables_that_they_exclude() {
    let server = simulator(120);
    let url = server.base_url();
    let run = sent_export().contacts(&url, &["-o", "z.csv", "--columns", "id"]).env("SENT_EXPORT_DROP", Some("id"));
    let run = run.finish().expect_code(0);
    assert_eq!(header(&run, "z.csv"), "id");
    let file =
        format!("[jobs.k]\ncommand = \"contacts\"\nbase-url = \"{url}\"\noutput = \"k.csv\"\ndrop = [\"country\"]\n");
    let run = run_jobs(&file, &["--", "--columns", "id"]).env("SENT_EXPORT_DROP", Some("id")).finish().expect_code(0);
    assert_eq!(header(&run, "k.csv"), "id");
    // The variable still replaces what it excludes in the file.
    let with_columns = file.replace("drop = [\"country\"]", "columns = [\"id\"]");
    let run = run_jobs(&with_columns, &[]).env("SENT_EXPORT_DROP", Some("default_channel")).finish().expect_code(0);
    let header = header(&run, "k.csv");
    assert!(header.starts_with("id,") && !header.contains("default_channel"), "{header}");
    let run = sent_export().messages(&url, &["-o", "m", "--partition-by", "created_date", "--since-last"]);
    run.env("SENT_EXPORT_SINCE", Some("7d")).finish().expect_code(0);
    let run = sent_export().args(["plan", "contacts", "--simulate", "--columns", "id", "-o", "z.csv"]);
    run.env("SENT_EXPORT_DROP", Some("id")).finish().expect_code(0);
}

#[test]
fn variables_that_are_wrong_or_exclude_each_other_are_named() {
    let run = sent_export().contacts("http://127.0.0.1:9", &["-o", "c.csv"]).env("SENT_EXPORT_DROP", Some("id"));
    let run = run.env("SENT_EXPORT_COLUMNS", Some("id")).finish().expect_code(2);
    let run = run.expect_stderr("cannot be used with").expect_stderr("--drop is set by the variable SENT_EXPORT_DROP");
    run.expect_stderr("--columns is set by the variable SENT_EXPORT_COLUMNS");
    let run = run_jobs("[jobs.a]\ncommand = \"contacts\"\noutput = \"c.csv\"\n", &[]);
    let run = run.env("SENT_EXPORT_PAGE_SIZE", Some("many")).finish().expect_code(2);
    run.expect_stderr("; --page-size is set by the variable SENT_EXPORT_PAGE_SIZE\n");
}

#[test]
fn the_variable_of_a_switch_takes_six_values() {
    let run = |value: &str| {
        let run = run_jobs(SEVERAL_COMMANDS, &["acme"]).env("SENT_EXPORT_QUIET", Some(value));
        let of_job = run.finish();
        let run = sent_export().args(["contacts", "--simulate=10", "-o", "c.csv"]);
        let run = run.env("SENT_EXPORT_QUIET", Some(value)).finish();
        assert_eq!((of_job.code, of_job.stderr.is_empty()), (run.code, run.stderr.is_empty()), "{of_job:?} {run:?}");
        (run.code, run.stderr)
    };
    for on in ["1", "true", "YES"] {
        assert_eq!(run(on), (Some(0), String::new()), "{on}");
    }
    for off in ["0", "false", "No", ""] {
        let (code, said) = run(off);
        assert_eq!((code, said.is_empty()), (Some(0), false), "{off}");
    }
    for wrong in ["banana", "on", "2"] {
        let (code, said) = run(wrong);
        assert_eq!(code, Some(2), "{wrong}");
        assert!(said.contains("for '--quiet': write 1, true, yes, 0, false or no\n"), "{said}");
        assert!(said.contains("--quiet is set by the variable SENT_EXPORT_QUIET\n"), "{said}");
    }
}

#[test]
fn quiet_prints_nothing_when_a_job_is_unchanged() {
    let server = simulator(120);
    let file = format!(
        "[jobs.d]\ncommand = \"contacts\"\nbase-url = \"{}\"\noutput = \"d.csv\"\nexit-code-unchanged = 99\n",
        server.base_url()
    );
    let run = run_jobs(&file, &["--quiet"]).finish().expect_code(0);
    let run = run_in(run.into_folder()).args(["run", "jobs.toml", "--quiet"]).finish().expect_code(99);
    assert_eq!(run.stderr, "");
    let run = run_in(run.into_folder()).args(["run", "jobs.toml"]).finish().expect_code(99);
    run.expect_stderr("1 job succeeded");
}
