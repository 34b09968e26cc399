//! Runs over profiles that are stopped and resumed.

use sent_export::simulator::{Settings, Simulator};

use super::{organization, profile_ids};
use crate::support::{run_in, sent_export};

fn slow() -> Simulator {
    organization(|settings| Settings { latency: "20ms..30ms".parse().unwrap(), ..settings })
}

#[test]
fn a_killed_run_does_not_read_finished_profiles_again() {
    for path in ["c.parquet", "{profile_id}.parquet"] {
        let flags = ["-o", path, "--profiles", "all", "--concurrency", "1"];
        let quick = organization(|settings| settings);
        let whole = sent_export().contacts(&quick.base_url(), &flags).finish().expect_code(0);
        let all = quick.statistics().list_requests;
        let server = slow();
        // Kill the run in the middle of the third profile.
        let at = all * 2 / 3 + 1;
        let folder =
            sent_export().contacts(&server.base_url(), &flags).kill_when(|| server.statistics().list_requests >= at);
        let asked = server.statistics().list_requests;
        assert!(asked < all, "killed too late");
        let run = run_in(folder).contacts(&server.base_url(), &flags).finish().expect_code(0);
        let run = run.expect_stderr("resuming the run started ");
        assert_eq!(run.stderr.matches("resuming the run").count(), 1, "{run:?}");
        let again = server.statistics().list_requests - asked;
        assert!(again <= all - asked + 1, "{again} more requests after {asked} of {all}");
        let names: Vec<String> = if path == "c.parquet" {
            vec![path.to_owned()]
        } else {
            profile_ids(&server).into_iter().map(|id| format!("{id}.parquet")).collect()
        };
        for name in names {
            assert!(std::fs::read(run.path(&name)).unwrap() == std::fs::read(whole.path(&name)).unwrap(), "{name}");
        }
        assert!(!run.files().iter().any(|name| name.ends_with(".journal")), "{:?}", run.files());
    }
}

#[test]
fn a_stopped_run_names_its_journal_and_plan_counts_it() {
    let server = slow();
    let flags = ["-o", "c.csv", "--profiles", "all", "--concurrency", "1", "--max-duration", "300ms"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(5);
    let run = run.expect_stderr("time limit reached").expect_stderr("progress is saved in .c.csv.");
    let kept = run.files().iter().filter(|name| name.ends_with(".journal")).count();
    assert!(kept > 0, "{run:?}");
    let base_url = server.base_url();
    let plan = ["plan", "contacts", "--base-url", &base_url, "-o", "c.csv", "--profiles", "all"];
    let run = run.again().args(plan).finish().expect_code(0);
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert_eq!(text.matches("saves").count(), kept, "{text}");
    // A run over other profiles resumes those that both runs have.
    let first = profile_ids(&server)[0].clone();
    let flags = ["-o", "c.csv", "--profiles", &first, "--concurrency", "1"];
    let run = run.again().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let run = run.expect_stderr("resuming the run started ");
    assert_eq!(
        run.files(),
        ["_c.csv.manifest.json", "c.csv"],
        "the journals of the others are older than what is there"
    );
}
