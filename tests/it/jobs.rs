//! `sent-export run`: jobs from a file.

mod keys;
mod places;
mod precedence;

use std::io::Read;
use std::process::Command;

use sent_export::simulator::{DEFAULT_API_KEY, RateHeaderStyle, Settings, Simulator, Statistics};

use crate::support::{
    Answer, Asked, Finished, Run, ScriptedServer, csv_ids, run_in, sent_export, simulator, wait_until,
};

/// The key of a second account.
const OTHER_KEY: &str = "key-of-another-account";

/// Flags that keep tests quick.
const QUICK: &str = "rate-limit = \"none\"\nretry-delay = \"1ms\"\n";

/// A second account, which other keys cannot read.
fn other_account(contacts: u32) -> Simulator {
    let settings = Settings { contacts, api_key: OTHER_KEY.to_owned(), seed: 7, ..Settings::default() };
    Simulator::start(settings).unwrap()
}

fn run_jobs(file: &str, arguments: &[&str]) -> Run {
    sent_export().file("jobs.toml", file).args(["run", "jobs.toml"]).args(arguments)
}

fn rows(run: &Finished, name: &str) -> usize {
    csv_ids(&run.path(name)).len()
}

/// A file with one job for each of two accounts, which have different keys.
fn two_accounts(one: &Simulator, other: &Simulator) -> String {
    format!(
        "[defaults]\ncommand = \"contacts\"\noutput = \"{{job}}.csv\"\n{QUICK}\n[jobs.one]\nbase-url = \"{}\"\n\n\
         [jobs.other]\nbase-url = \"{}\"\napi-key-env = \"OTHER_KEY\"\n",
        one.base_url(),
        other.base_url()
    )
}

#[test]
fn jobs_of_two_accounts_run_in_order_and_the_last_lines_have_their_outcomes() {
    let (one, other) = (simulator(250), other_account(150));
    let run = run_jobs(&two_accounts(&one, &other), &[]).env("OTHER_KEY", Some(OTHER_KEY)).finish().expect_code(0);
    assert_eq!((rows(&run, "one.csv"), rows(&run, "other.csv")), (250, 150));
    let run = run.expect_stderr("one: complete: 250 contacts\n").expect_stderr("\n2 jobs succeeded\n");
    let end: Vec<&str> = run.stderr.lines().rev().take(2).collect();
    assert!(end[1].starts_with("  one      0  complete: 250 contacts, "), "{run:?}");
    assert!(end[0].starts_with("  other    0  complete: 150 contacts, "), "{run:?}");
    assert!(!run.stderr.contains(OTHER_KEY));
}

#[test]
fn a_failed_job_stops_the_others_only_on_request() {
    let (one, other) = (simulator(250), other_account(150));
    let file = two_accounts(&one, &other).replace("[jobs.one]", "[jobs.one]\nmin-contacts = 1000");
    let with_key = |arguments: &[&str]| run_jobs(&file, arguments).env("OTHER_KEY", Some(OTHER_KEY)).finish();
    for arguments in [&[][..], &["--parallel", "4"]] {
        let run = with_key(arguments).expect_code(8).expect_stderr("\n1 job succeeded, 1 job failed\n");
        assert_eq!(rows(&run, "other.csv"), 150);
        assert!(!run.path("one.csv").exists());
        run.expect_stderr("one: error: not published: ").expect_stderr("  one      8  error: not published");
    }
    let run = with_key(&["--stop-on-failure"]).expect_code(8);
    let run = run.expect_stderr("1 job failed, 1 job not started").expect_stderr("not started, because one failed");
    assert!(!run.path("other.csv").exists());
}

#[test]
fn a_missing_key_ends_only_its_job() {
    let (one, other) = (simulator(250), other_account(150));
    let run = run_jobs(&two_accounts(&one, &other), &["--parallel", "2"]).finish().expect_code(6);
    assert_eq!(rows(&run, "one.csv"), 250);
    let run = run.expect_stderr("other: error: no API key: OTHER_KEY is not set (--api-key-env)");
    let run = run.again().args(["run", "jobs.toml", "--check"]).finish().expect_code(6);
    let said = String::from_utf8(run.stdout.clone()).unwrap();
    assert!(said.starts_with("one: ok\nother: no API key: OTHER_KEY is not set (--api-key-env); hint: "), "{said}");
}

#[test]
fn flags_override_variables_then_the_job_then_the_defaults() {
    let server = simulator(300);
    let file = format!(
        "[defaults]\ncommand = \"contacts\"\nbase-url = \"{}\"\n{QUICK}page-size = 10\nquiet = true\nnull = \"defaults\"\n\
         drop = [\"id\"]\nmin-contacts = 1000\n\n[jobs.a]\noutput = \"a.csv\"\nnull = \"job\"\nverbose = 1\ncolumns = [\"id\", \
         \"default_channel\"]\nmin-contacts = false\n",
        server.base_url()
    );
    let null_of = |run: &Finished| {
        let text = std::fs::read_to_string(run.path("a.csv")).unwrap();
        let known = ["defaults", "job", "variable", "flag"];
        let null = text.lines().find_map(|line| known.into_iter().find(|null| line.ends_with(&format!(",{null}"))));
        (null.unwrap_or("(none)"), text.lines().next().unwrap().to_owned())
    };
    let nulls = |variable: Option<&str>, arguments: &[&str]| {
        null_of(&run_jobs(&file, arguments).env("SENT_EXPORT_NULL", variable).finish().expect_code(0))
    };
    let header = "id,default_channel".to_owned();
    // The columns of the job replace --drop of the defaults, which would exclude them; likewise, -v replaces --quiet.
    assert_eq!(nulls(None, &[]), ("job", header.clone()));
    assert_eq!(nulls(Some(""), &[]), ("job", header.clone()), "an empty variable counts as unset");
    assert_eq!(nulls(Some("variable"), &[]), ("variable", header.clone()));
    assert_eq!(nulls(Some("variable"), &["--", "--null", "flag"]), ("flag", header));
    let without_job = file.replace("null = \"job\"\n", "");
    let run = sent_export().file("jobs.toml", &without_job).args(["run", "jobs.toml"]).finish().expect_code(0);
    assert_eq!(null_of(&run).0, "defaults");
    assert!(server.statistics().list_requests > 6 * 30, "pages of ten");
}

#[test]
fn every_flag_has_a_variable_even_without_a_file() {
    let server = simulator(300);
    let run = sent_export().contacts(&server.base_url(), &["--columns", "id"]).env("SENT_EXPORT_OUTPUT", Some("v.csv"));
    let run = run.env("SENT_EXPORT_QUIET", Some("1")).env("SENT_EXPORT_FRESH", Some("no")).finish().expect_code(0);
    assert_eq!((rows(&run, "v.csv"), run.stderr.as_str()), (300, ""));
    let run = sent_export().contacts(&server.base_url(), &["-o", "c.csv"]).env("SENT_EXPORT_PAGE_SIZE", Some("many"));
    let run = run.finish().expect_code(2);
    run.expect_stderr("invalid value 'many' for '--page-size <N>': write a whole number from 1 to 10000");
}

#[test]
fn errors_in_the_file_are_reported_before_any_request_with_line_and_nearest_name() {
    let server = simulator(300);
    let file = format!(
        "[defaults]\nbase-url = \"{}\"\n[jobs.a]\ncommand = \"contact\"\nrate_limit = \"none\"\n[jobs.b]\ncommand = \
         \"contacts2\"\n[jobs.c]\ncommand = \"contacts\"\noutput = \"c.csv\"\nrate-limit = \"fast\"\n[jobs.d]\ncommand = \
         \"contacts\"\n[jobs.e]\ncommand = \"contacts\"\noutput = \"e.csv\"\nfresh = \"yes\"\n[jobs.f]\ncommand = \
         \"simulator\"\n[jobs.g]\ncommand = \"messages\"\noutput = true\n",
        server.base_url()
    );
    let run = run_jobs(&file, &[]).finish().expect_code(2).expect_stderr("error: 7 problems in jobs.toml\n");
    let run =
        run.expect_stderr("  line 5, job a: the command contact has no flag rate_limit; did you mean rate-limit?\n");
    let run = run.expect_stderr("  line 6, job b: there is no command contacts2; did you mean contacts?\n");
    let run =
        run.expect_stderr("  line 11, job c: invalid value 'fast' for '--rate-limit <RATE>': write a rate as a whole");
    let run =
        run.expect_stderr("  line 12, job d: the following required arguments were not provided: --output <PATH>\n");
    let run = run.expect_stderr("  line 17, job e: fresh takes true or false\n");
    let run = run.expect_stderr("  line 18, job f: the command simulator cannot be a job\n");
    let run = run.expect_stderr("  line 22, job g: output takes a value, not true\n");
    run.expect_stderr("hint: no job was started");
    let run = run_jobs("[jobs.acme]\ncommand = \"contacts\"\noutput = \"c.csv\"\n", &["acne"]).finish().expect_code(2);
    run.expect_stderr("error: there is no job acne in jobs.toml; did you mean acme?");
    let file = "[jobs.a]\ncommand = \"contacts\"\noutput = \"a.docx\"\n[jobs.b]\ncommand = \"report\"\nargs = [\"x.csv\"]\n\
                html = \"{{x.html\"\nmarkdown = \"{when}.md\"\n";
    let run = run_jobs(file, &["--check"]).finish().expect_code(2);
    let run = run
        .expect_stderr("  line 1, job a: ")
        .expect_stderr("  line 4, job b: unusable path {when}.md: there is no {when}");
    assert_eq!(server.statistics().requests, 0, "{run:?}");
}

#[test]
fn a_key_in_the_file_is_refused_and_not_shown() {
    for line in [
        "api-key = \"sk-topsecret\"",
        "SENT_DM_API_KEY = \"sk-topsecret\"",
        "api-key-env = \"sk-topsecret\"",
        "api-key-file = \"sk-topsecret\"",
        "api-key-command = \"sk-topsecret\"",
        "api_key = sk-topsecret",
    ] {
        let file = format!("[jobs.a]\ncommand = \"contacts\"\noutput = \"a.csv\"\nruns = \"runs.jsonl\"\n{line}\n");
        let run = run_jobs(&file, &[]).finish();
        assert!(matches!(run.code, Some(2 | 6)), "{run:?}");
        let logged = std::fs::read_to_string(run.path("runs.jsonl")).unwrap_or_default();
        assert!(!logged.contains("topsecret"), "{logged}");
        assert!(!run.stderr.contains("topsecret") && run.stderr.contains("error: "), "{run:?}");
        assert!(!run.path("a.csv").exists());
    }
    let run = run_jobs("[jobs.a]\napi-key = \"sk-topsecret\"\n", &[]).finish().expect_code(2);
    run.expect_stderr("line 2, job a: api-key would put a key into the file: write api-key-env = ");
}

#[test]
fn a_key_comes_from_a_program_that_is_run_once() {
    let server = simulator(120);
    let command = "sh -c 'echo x >> calls; echo hidden >&2; cat key'";
    let file = format!(
        "[defaults]\ncommand = \"contacts\"\nbase-url = \"{}\"\n{QUICK}api-key-command = \"{command}\"\noutput = \"{{job}}.csv\"\n\
         [jobs.a]\n[jobs.b]\n",
        server.base_url()
    );
    let run = run_jobs(&file, &["--parallel", "2"]).file("key", DEFAULT_API_KEY).env("SENT_DM_API_KEY", None);
    let run = run.env("PATH", Some("/usr/bin:/bin")).finish().expect_code(0);
    assert_eq!((rows(&run, "a.csv"), rows(&run, "b.csv")), (120, 120));
    assert_eq!(std::fs::read_to_string(run.path("calls")).unwrap(), "x\n");
    for (command, said) in [
        ("sh -c 'echo half-a-key; echo half-a-key >&2; exit 3'", "caused by: sh failed: exit status: 3"),
        ("no-such-program show", "caused by: cannot start no-such-program"),
        ("echo", "the output of --api-key-command holds no usable API key: it is empty"),
        ("echo 'open", "caused by: it is not a command"),
    ] {
        let run = sent_export().contacts(&server.base_url(), &["-o", "c.csv", "--api-key-command", command]);
        let run = run.env("PATH", Some("/usr/bin:/bin")).finish().expect_code(6).expect_stderr(said);
        assert!(!run.stderr.contains("half-a-key"), "{run:?}");
    }
    let run =
        sent_export().contacts(&server.base_url(), &["-o", "c.csv", "--api-key-command", "x", "--api-key-env", "X"]);
    run.finish().expect_code(2).expect_stderr("cannot be used with");
}

#[test]
fn two_jobs_that_write_one_file_are_refused_before_either_starts() {
    let server = simulator(120);
    let file = format!(
        "[defaults]\ncommand = \"contacts\"\nbase-url = \"{}\"\n{QUICK}[jobs.a]\noutput = [\"x.csv\", \"./c.csv\"]\n\
         [jobs.b]\noutput = \"c.csv\"\n[jobs.c]\noutput = \"d.csv\"\nsummary = \"x.csv\"\n",
        server.base_url()
    );
    let run = run_jobs(&file, &["--parallel", "3"]).finish().expect_code(2);
    let run =
        run.expect_stderr("job b: writes c.csv, and so does the job a").expect_stderr("job c: writes x.csv, and so");
    assert_eq!((server.statistics().requests, run.files()), (0, vec!["jobs.toml".to_owned()]));
    // A single one of them is no conflict.
    run.again().args(["run", "jobs.toml", "b", "c"]).finish().expect_code(0);
}

#[test]
fn jobs_of_one_account_run_in_order_and_other_accounts_run_concurrently() {
    let server =
        Simulator::start(Settings { contacts: 500, latency: "20ms".parse().unwrap(), ..Settings::default() }).unwrap();
    let other = other_account(100);
    let file = format!(
        "[defaults]\ncommand = \"contacts\"\nbase-url = \"{}\"\n{QUICK}output = \"{{job}}.csv\"\nconcurrency = 1\nconsistency = \
         \"plain\"\npage-size = 50\n[jobs.a]\n[jobs.b]\napi-key-file = \"key\"\n[jobs.c]\nbase-url = \"{}\"\napi-key-env = \"OTHER\"\n",
        server.base_url(),
        other.base_url()
    );
    let run = run_jobs(&file, &["--parallel", "3"]).file("key", DEFAULT_API_KEY).env("OTHER", Some(OTHER_KEY));
    let run = run.finish();
    // Reads of several pages without overlap are unverified, which does not matter here.
    let run = run.expect_code(3);
    let at = |text: &str| run.stderr.find(text).unwrap_or_else(|| panic!("{text}: {run:?}"));
    assert!(at("c: unverified") < at("a: unverified"), "the job of another account does not wait {run:?}");
    let started = |name: &str| run.json(name)["started_at"].as_str().unwrap().to_owned();
    let finished = |name: &str| run.json(name)["finished_at"].as_str().unwrap().to_owned();
    assert!(finished("_a.csv.manifest.json") <= started("_b.csv.manifest.json"), "{run:?}");
    assert!(started("_c.csv.manifest.json") < finished("_a.csv.manifest.json"), "{run:?}");
}

#[test]
fn the_next_job_starts_with_the_remaining_quota() {
    // Only a 429 shows how much of the quota is left.
    let rate_limit = Some("1200/min".parse().unwrap());
    let settings = Settings {
        contacts: 2_000,
        rate_limit,
        burst: 20,
        rate_headers: RateHeaderStyle::Missing,
        ..Settings::default()
    };
    let simulator = Simulator::start(settings).unwrap();
    let job = |name: &str| format!("[jobs.{name}]\nbase-url = \"{}\"\n", simulator.base_url());
    let file = format!(
        "[defaults]\ncommand = \"contacts\"\noutput = \"{{job}}.csv\"\nrate-limit = \"1200/min\"\nburst = 20\n{}{}{}",
        job("one"),
        job("two"),
        job("three")
    );
    let run = run_jobs(&file, &["--parallel", "3"]).finish().expect_code(0);
    assert_eq!(rows(&run, "three.csv"), 2_000);
    let Statistics { requests, rate_limited, .. } = simulator.statistics();
    assert!(requests > 3 * 20 && rate_limited == 0, "{rate_limited} of {requests} refused");
}

#[test]
fn log_messages_have_the_name_of_their_job() {
    let is_first = std::sync::atomic::AtomicBool::new(true);
    let server = ScriptedServer::start(move |_, head| {
        if is_first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Answer::error(500, "INTERNAL_001");
        }
        Asked::by(head).answer_of(90)
    });
    let file =
        format!("[jobs.acme]\ncommand = \"contacts\"\nbase-url = \"{}\"\n{QUICK}output = \"c.csv\"\n", server.url());
    let run = run_jobs(&file, &["--", "-v"]).finish().expect_code(0);
    assert!(run.stderr.lines().any(|line| line.contains("job{name=acme}") && line.contains("retrying")), "{run:?}");
}

#[test]
fn a_signal_stops_all_jobs_and_the_next_run_resumes_them() {
    let slow = |settings: Settings| {
        Simulator::start(Settings { contacts: 4_000, latency: "50ms".parse().unwrap(), ..settings }).unwrap()
    };
    let one = slow(Settings::default());
    let other = slow(Settings { api_key: OTHER_KEY.to_owned(), seed: 7, ..Settings::default() });
    let file = two_accounts(&one, &other) + "concurrency = 2\n[jobs.third]\nsimulate = 10\n";
    let run = run_jobs(&file, &["--parallel", "2"]).env("OTHER_KEY", Some(OTHER_KEY));
    let (folder, mut command) = run.into_parts();
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_until(&mut child, || one.statistics().list_requests > 10 && other.statistics().list_requests > 10);
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{stderr}");
    assert!(
        stderr.contains("one: error: stopped by a signal") && stderr.contains("third  143  not started"),
        "{stderr}"
    );
    let before = one.statistics().list_requests + other.statistics().list_requests;
    let run = run_in(folder).args(["run", "jobs.toml", "--parallel", "2"]).env("OTHER_KEY", Some(OTHER_KEY));
    let run = run.finish().expect_code(0).expect_stderr("one: resuming the run started ");
    assert_eq!((rows(&run, "one.csv"), rows(&run, "other.csv"), rows(&run, "third.csv")), (4_000, 4_000, 10));
    let all = one.statistics().list_requests + other.statistics().list_requests;
    assert!(all - before < 2 * 46, "{before} of {all} requests were kept");
}

#[test]
fn a_job_over_profiles_saves_its_progress_when_a_signal_comes() {
    let latency = "50ms".parse().unwrap();
    let settings = Settings { contacts: 1_000, profiles: 2, profile_contacts: 3_000, latency, ..Settings::default() };
    let simulator = Simulator::start(settings).unwrap();
    let file = format!(
        "[jobs.all]\ncommand = \"contacts\"\noutput = \"all.csv\"\nprofiles = \"all\"\nconcurrency = 2\n{QUICK}base-url = \"{}\"\n",
        simulator.base_url()
    );
    let (folder, mut command) = run_jobs(&file, &[]).into_parts();
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_until(&mut child, || simulator.statistics().list_requests > 10);
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{stderr}");
    // The job can print this only if the run waits for it.
    assert!(stderr.contains("all: error: stopped by a signal"), "{stderr}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".partial")), "{left:?}");
    run_in(folder).args(["run", "jobs.toml"]).finish().expect_code(0).expect_stderr("all: resuming the run started ");
}

#[test]
fn shards_are_disjoint_and_cover_all_jobs() {
    let names: Vec<String> = (0..40).map(|number| format!("job-{number}")).collect();
    let jobs = names.iter().fold(String::new(), |text, name| text + "[jobs." + name + "]\n");
    let file = format!("[defaults]\ncommand = \"contacts\"\noutput = \"{{job}}.csv\"\n{jobs}");
    let list = |arguments: &[&str]| {
        let run = run_jobs(&file, &["--list"]).args(arguments).finish().expect_code(0);
        let text = String::from_utf8(run.stdout.clone()).unwrap();
        text.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[]), names);
    let shards: Vec<Vec<String>> = (1..=4).map(|shard| list(&["--shard", &format!("{shard}/4")])).collect();
    assert!(shards.iter().all(|shard| !shard.is_empty()), "{shards:?}");
    let mut all = shards.concat();
    all.sort();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(all, sorted, "each once");
    assert_eq!(list(&["--shard-index", "3/4"]), shards[3]);
    for bad in ["0/16", "17/16"] {
        run_jobs(&file, &["--shard", bad]).finish().expect_code(2).expect_stderr("counted from 1");
    }
}

#[test]
fn a_list_shows_commands_and_outputs_and_jobs_of_files_run_after_those_that_write_them() {
    let file = "[jobs.contacts]\ncommand = \"contacts\"\nsimulate = 200\noutput = [\"c.parquet\", \"c.csv\"]\n[jobs.report]\ncommand = \
                \"report\"\nargs = [\"c.parquet\"]\nhtml = \"r.html\"\n";
    let run = run_jobs(file, &["--list"]).finish().expect_code(0);
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert_eq!(text, "contacts  contacts  c.parquet, c.csv\nreport    report    r.html\n");
    run.again().args(["run", "jobs.toml", "--check"]).finish().expect_code(0);
    let run = run_jobs(file, &["--quiet"]).finish().expect_code(0);
    assert!(run.path("r.html").exists());
    assert_eq!(run.stderr, "");
}
