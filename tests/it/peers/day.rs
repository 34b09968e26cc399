//! Two days of an organization: everything that a pipeline runs, with an account that changes and an object store.

use std::time::Duration;

use sent_export::simulator::{Messaging, Movement, Pace, Settings, Simulator, Until};
use serde_json::Value;

use super::object_server::ObjectServer;
use super::python;
use crate::support::{Finished, Run, run_in, sent_export};

const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An organization of three profiles whose contacts and messages change while they are read.
fn organization() -> Simulator {
    let messaging = Messaging { count: 3_000, days: 10, until: Until::Now, ..Messaging::default() };
    let movement = Movement { created: Pace::Timed("120/min".parse().unwrap()), ..Movement::default() };
    let settings =
        Settings { contacts: 3_000, profiles: 3, profile_contacts: 400, messaging, movement, ..Settings::default() };
    Simulator::start(settings).unwrap()
}

/// The jobs of each day. Those of contacts and messages write to the store; the report is a local file.
fn jobs(simulator: &Simulator, server: &ObjectServer) -> String {
    let options: Vec<String> = server.options().iter().skip(1).step_by(2).map(|option| format!("{option:?}")).collect();
    format!(
        r#"[defaults]
base-url = "{}"
rate-limit = "none"
retry-delay = "1ms"
state-dir = "state"
store-option = [{}]
metrics = "metrics/{{job}}.prom"
runs = "runs.ndjson"

[jobs.profiles]
command = "contacts"
profiles = "all"
output = "s3://lake/profiles/contacts.parquet"

[jobs.messages]
command = "messages"
output = "s3://lake/messages/"
partition-by = "created_date"
since-last = true
report = "delivery.html"

[jobs.report]
command = "contacts"
output = "contacts.parquet"
changes = "changes.ndjson"
history = "history"
report = "contacts.html"
summary = "summary.json"
"#,
        simulator.base_url(),
        options.join(", ")
    )
}

fn run_jobs(run: Run) -> Run {
    run.args(["run", "jobs.toml"])
}

/// The value of a sample in the metrics of a job.
fn metric(run: &Finished, job: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(run.path(&format!("metrics/{job}.prom"))).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{")));
    let value = line.and_then(|line| line.rsplit(' ').next()).unwrap_or_else(|| panic!("no {name} in\n{text}"));
    value.parse().unwrap()
}

/// The lines of the run log: job and exit code.
fn logged(run: &Finished) -> Vec<(String, i64)> {
    let text = std::fs::read_to_string(run.path("runs.ndjson")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (line["job"].as_str().unwrap().to_owned(), line["exit_code"].as_i64().unwrap())).collect()
}

/// Verifies everything that was published.
fn verified(run: Finished, server: &ObjectServer) -> Finished {
    let paths = ["verify", "s3://lake/profiles/contacts.parquet", "s3://lake/messages/", "contacts.parquet"];
    run.again().args(paths).args(server.options()).finish().expect_code(0)
}

#[test]
#[ignore = "needs Python with moto"]
fn two_days_of_an_organization_end_with_everything_published_and_verified() {
    let server = ObjectServer::start(&python(), "s3");
    let simulator = organization();
    let url = simulator.base_url();
    let start = sent_export().file("jobs.toml", &jobs(&simulator, &server));
    // State before the first run.
    let flags = ["plan", "contacts", "--profiles", "all", "-o", "p.parquet", "--base-url", &url];
    let run = start.args(flags).finish().expect_code(0);
    let run = run.again().args(["doctor", "--base-url", &url]).finish().expect_code(0);
    let run = run.again().args(["run", "jobs.toml", "--check"]).finish().expect_code(0);
    // The first day: the run is killed while it reads messages, then repeated.
    let list_requests = |simulator: &Simulator| simulator.statistics().conversation_requests;
    let killed = run_jobs(run.again()).kill_when(|| list_requests(&simulator) > 20);
    let run = run_jobs(run_in(killed)).finish().expect_code(0).expect_stderr("\n3 jobs succeeded\n");
    let run = verified(run, &server);
    assert_eq!(server.open_uploads(), 0, "the uploads of the killed run are aborted");
    for (job, resource) in [("profiles", "contacts"), ("messages", "messages"), ("report", "contacts")] {
        assert!(metric(&run, job, "sent_export_last_run_rows") > 1_000.0, "{job}: {resource}");
        assert!(metric(&run, job, "sent_export_last_success_timestamp_seconds") > 1.7e9, "{job}");
    }
    let first_day = logged(&run);
    let ended = |job: &str| (job.to_owned(), 0);
    assert!(first_day.ends_with(&["profiles", "messages", "report"].map(ended)), "{first_day:?}");
    let whole_list = list_requests(&simulator);
    // The next day: there are new contacts and messages, and some contacts are gone.
    simulator.create(50);
    for position in [10, 100, 1_000] {
        assert!(simulator.delete_at(position));
    }
    simulator.pass_time(ONE_DAY, 200);
    let run = run_jobs(run.again()).finish().expect_code(0);
    let run = verified(run, &server);
    assert!(list_requests(&simulator) - whole_list < whole_list, "only the last days are reread");
    let changes = std::fs::read_to_string(run.path("changes.ndjson")).unwrap();
    let count = |kind: &str| changes.matches(&format!(r#""change":"{kind}""#)).count();
    assert!(count("added") >= 50 && count("removed") >= 3, "{} added, {} removed", count("added"), count("removed"));
    assert_eq!(run.json("summary.json")["run"]["changes"]["removed"], count("removed"));
    assert_eq!(std::fs::read_dir(run.path("history")).unwrap().count(), 2, "one file for each day");
    assert_eq!(logged(&run).len(), first_day.len() + 3);
    let run = run.again().args(["report", "--runs", "runs.ndjson"]).finish().expect_code(0);
    assert!(String::from_utf8_lossy(&run.stdout).contains("messages"), "{run:?}");
}
