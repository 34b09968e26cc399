//! Runs with a separate output for each profile.

use super::choice::server_of;
use super::{ASKED, CONTACTS, OTHER, assert_profiles, columns, manifest, organization, profile_ids};
use crate::support::sent_export;

#[test]
fn each_profile_has_its_own_file_manifest_and_report() {
    let server = organization(|settings| settings);
    let flags = ["-o", "out/{profile_name}.parquet", "--summary", "out/{profile_id}.json", "--profiles", "all"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let names = ["Åland_Ferries", "Café_Señor_Sons", "Blue_Yonder"];
    let mut run_ids = std::collections::BTreeSet::new();
    let mut requests = 1;
    for (id, name) in server.profile_ids().iter().zip(names) {
        let id = id.to_string();
        let rows = columns(&run.path(&format!("out/{name}.parquet")), ["profile_id", "profile_name", "id"]);
        assert!(rows.len() == CONTACTS as usize && rows.iter().all(|[of, ..]| of.as_ref() == Some(&id)), "{name}");
        let manifest = manifest(&run, &format!("out/_{name}.parquet.manifest.json"));
        assert_profiles(&manifest["profiles"], &[(&id, CONTACTS, "complete")]);
        assert_eq!(manifest["filters"], serde_json::json!({"profile_id": id}), "as with --profile-id");
        run_ids.insert(manifest["run_id"].to_string());
        let summary = run.json(&format!("out/{id}.json"));
        requests += summary["run"]["requests"].as_u64().unwrap();
    }
    assert_eq!(run_ids.len(), 1, "one run");
    assert_eq!(requests, server.statistics().requests, "each profile counts its own requests");
    let run = run.expect_stderr("Blue Yonder (").expect_stderr("complete: 750 contacts of 3 profiles");
    let mut left: Vec<String> = std::fs::read_dir(run.path("out"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    left.retain(|name| name.starts_with('.'));
    assert!(left.is_empty(), "no journal and no lock is left: {left:?}");
}

#[test]
fn a_profile_that_cannot_be_read_leaves_no_folder() {
    let server = organization(|settings| settings);
    server.add_fault("AUTH_004 profile=2 on=list".parse().unwrap());
    let flags = ["-o", "out/{profile_name}/deep/c.csv", "--profiles", "all", "-q"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(3);
    let mut left: Vec<_> = std::fs::read_dir(run.path("out")).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["Blue_Yonder", "Åland_Ferries"]);
    // A folder that existed before is kept.
    std::fs::create_dir_all(run.path("out/Café_Señor_Sons")).unwrap();
    let run = run.again().contacts(&server.base_url(), &flags).finish().expect_code(3);
    assert!(run.path("out/Café_Señor_Sons").is_dir());
}

#[test]
fn folders_of_days_are_written_for_each_profile() {
    let server = organization(|settings| {
        let messaging = sent_export::simulator::Messaging { count: 150, ..settings.messaging.clone() };
        sent_export::simulator::Settings { contacts: 100, profile_contacts: 80, messaging, ..settings }
    });
    let flags = ["-o", "{profile_id}", "--partition-by", "created_date", "--profiles", "all", "-q"];
    let run = sent_export().messages(&server.base_url(), &flags).finish().expect_code(0);
    for id in profile_ids(&server) {
        let manifest = manifest(&run, &format!("{id}/_created_date.manifest.json"));
        assert_profiles(&manifest["profiles"], &[(&id, 120, "complete")]);
    }
    // The next run continues each folder, and reads a new profile completely.
    let first = profile_ids(&server)[0].clone();
    std::fs::remove_dir_all(run.path(&first)).unwrap();
    let before = server.statistics().requests;
    let flags = [&flags[..], &["--since-last", "--reread", "1d"]].concat();
    let run = run.again().messages(&server.base_url(), &flags).finish().expect_code(0);
    let since = |id: &str| manifest(&run, &format!("{id}/_created_date.manifest.json"))["filters"]["since"].clone();
    let continued = profile_ids(&server).iter().filter(|id| since(id).is_string()).count();
    assert!(continued == 2 && since(&first).is_null(), "{continued}");
    assert!(server.statistics().requests - before < 12, "{} requests", server.statistics().requests - before);
    assert_eq!(manifest(&run, &format!("{first}/_created_date.manifest.json"))["rows"], 120);
}

#[test]
fn names_with_one_path_and_mixed_templates_are_refused() {
    let server = server_of(&[(ASKED, "North/West"), (OTHER, "North West")]);
    let flags = ["-o", "{profile_name}.csv", "--profiles", "all"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(2);
    let run = run.expect_stderr("have the same path: North_West.csv").expect_stderr(ASKED).expect_stderr(OTHER);
    run.expect_stderr("hint: put {profile_id} into the path");
    assert_eq!(server.requests().len(), 1, "before any list is read");
    for mixed in [
        &["-o", "{profile_id}.csv", "-o", "all.parquet"][..],
        &["-o", "{profile_id}.csv", "--summary", "-"],
        &["-o", "c.csv", "--report", "{profile_name}.html"],
        &["-o", "{profile_id}.csv", "--manifest", "m.json"],
    ] {
        let run = run_mixed(mixed).expect_code(2);
        run.expect_stderr("is written for each profile, but").expect_stderr("into all paths, or into none");
    }
    let run = sent_export().args(["contacts", "--simulate", "20", "-o", "{profile_name}.csv"]).finish().expect_code(2);
    let run = run.expect_stderr("{profile_name} goes with --profiles");
    assert!(run.files().is_empty());
}

fn run_mixed(flags: &[&str]) -> crate::support::Finished {
    sent_export().args(["contacts", "--simulate", "20", "--profiles", "all"]).args(flags).finish()
}

#[test]
fn a_profile_that_fails_or_misses_a_gate_does_not_affect_the_others() {
    let server = organization(|settings| settings);
    server.add_fault("RESOURCE_004 profile=2 on=list".parse().unwrap());
    let flags = ["-o", "{profile_name}.csv", "--profiles", "all"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(3);
    let run =
        run.expect_stderr("warning: Café Señor & Sons (").expect_stderr("was not exported: could not fetch contacts");
    let run = run.expect_stderr("unverified: 500 contacts of 2 profiles; 1 failed");
    assert!(run.path("Blue_Yonder.csv").exists() && !run.path("Café_Señor_Sons.csv").exists());
    // A gate is checked for each profile.
    server.clear_faults();
    let flags = ["-o", "{profile_name}.csv", "--profiles", "all", "--min-contacts", "251", "-q"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(8);
    assert!(run.files().iter().all(|name| name.ends_with(".journal")), "nothing is published: {:?}", run.files());
}
