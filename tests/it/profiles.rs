//! Reading one or several profiles of an organization: the header of each request, the rows of each profile, and the effect
//! of a profile that cannot be read on the others.

mod apart;
mod changes;
mod choice;
mod failures;
mod partitions;
mod resume;
mod watched;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sent_export::simulator::{Settings, Simulator};
use serde_json::Value;

use crate::support::{
    Answer, DELIVERY_SCHEMA, Finished, MANIFEST_SCHEMA, SUMMARY_SCHEMA, ScriptedServer, assert_valid, page, sent_export,
};

const ASKED: &str = "6f9619ff-8b86-4011-b42d-00cf4fc964ff";
const OTHER: &str = "6f9619ff-8b86-4011-b42d-00cf4fc96400";
/// Number of contacts of each simulated profile: more than a page.
const CONTACTS: u32 = 250;

/// An organization with three profiles.
fn organization(change: impl FnOnce(Settings) -> Settings) -> Simulator {
    let settings = Settings { contacts: 30, profiles: 3, profile_contacts: CONTACTS, ..Settings::default() };
    Simulator::start(change(settings)).unwrap()
}

/// The ids of the server's profiles, in the order in which they are read.
fn profile_ids(simulator: &Simulator) -> Vec<String> {
    let mut ids: Vec<String> = simulator.profile_ids().iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

/// The values of some text columns of a Parquet file.
fn columns(path: &Path, names: [&str; 3]) -> Vec<[Option<String>; 3]> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let columns = names.map(|name| batch.column_by_name(name).unwrap().as_string::<i32>().clone());
        let text = |column: &arrow::array::StringArray, row| column.is_valid(row).then(|| column.value(row).to_owned());
        rows.extend((0..batch.num_rows()).map(|row| columns.each_ref().map(|column| text(column, row))));
    }
    rows
}

/// Checks what a manifest or summary says about profiles: id, rows and verdict of each.
#[track_caller]
fn assert_profiles(profiles: &Value, wanted: &[(&str, u32, &str)]) {
    let profiles = profiles.as_array().unwrap_or_else(|| panic!("no profiles: {profiles}"));
    let found: Vec<(&str, u32, &str)> = profiles
        .iter()
        .map(|profile| {
            let rows = u32::try_from(profile["rows"].as_u64().unwrap()).unwrap();
            (profile["id"].as_str().unwrap(), rows, profile["verdict"].as_str().unwrap())
        })
        .collect();
    assert_eq!(found, wanted);
}

fn manifest(run: &Finished, name: &str) -> Value {
    let manifest = run.json(name);
    assert_valid(&manifest, MANIFEST_SCHEMA);
    manifest
}

fn answering_for(profile: &'static str) -> ScriptedServer {
    ScriptedServer::start(move |_, _| Answer::ok(page(1, 100, 3)).with_header(&format!("X-Profile-Id: {profile}")))
}

#[test]
fn an_answer_for_another_profile_is_never_published() {
    let flags = ["-o", "c.csv", "--profile-id", ASKED];
    let server = answering_for(ASKED);
    sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    let server = answering_for(OTHER);
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(5);
    let run = run.expect_stderr(&format!("requested profile {ASKED}, but the response is for profile {OTHER}"));
    let run = run.expect_stderr("hint: bypass any cache in front of the API");
    assert!(!run.path("c.csv").exists());
    assert_eq!(server.requests().len(), 1, "a retry could hide the error");
}

#[test]
fn a_profile_key_may_name_its_own_profile() {
    let server = answering_for(OTHER);
    sent_export().contacts(&server.url(), &["-o", "c.csv"]).finish().expect_code(0);
}

#[test]
fn all_profiles_go_into_one_file_with_their_ids_and_names() {
    let server = organization(|settings| settings);
    let flags =
        ["-o", "c.parquet", "--profiles", "all", "--summary", "s.json", "--report", "r.html", "--report", "r.md"];
    let run = sent_export().contacts(&server.base_url(), &[&flags[..], &["--show-table"]].concat());
    let run = run.finish().expect_code(0);
    let rows = columns(&run.path("c.parquet"), ["profile_id", "profile_name", "id"]);
    assert_eq!(rows.len(), 3 * CONTACTS as usize);
    let keys: BTreeSet<_> = rows.iter().map(|[profile, _, id]| (profile.clone(), id.clone())).collect();
    assert_eq!(keys.len(), rows.len(), "profile and id are unique together");
    let ids = profile_ids(&server);
    for (at, id) in ids.iter().enumerate() {
        let start = at * CONTACTS as usize;
        let of_profile = &rows[start..start + CONTACTS as usize];
        assert!(of_profile.iter().all(|[profile, ..]| profile.as_ref() == Some(id)), "one after another");
        let names: BTreeSet<_> = of_profile.iter().map(|[_, name, _]| name.clone().unwrap()).collect();
        assert_eq!(names.len(), 1);
        let expected: BTreeSet<String> =
            server.profile_contacts(id.parse().unwrap()).into_iter().filter_map(|contact| contact.id).collect();
        let found: BTreeSet<String> = of_profile.iter().map(|[.., id]| id.clone().unwrap()).collect();
        assert_eq!(found, expected);
    }
    let wanted: Vec<_> = ids.iter().map(|id| (id.as_str(), CONTACTS, "complete")).collect();
    let manifest = manifest(&run, "_c.parquet.manifest.json");
    assert_profiles(&manifest["profiles"], &wanted);
    assert_eq!(manifest["filters"], serde_json::json!({"profiles": ["all"]}));
    assert_eq!((&manifest["verdict"], &manifest["rows"]), (&"complete".into(), &(3 * CONTACTS).into()));
    let summary = run.json("s.json");
    assert_valid(&summary, SUMMARY_SCHEMA);
    assert_profiles(&summary["run"]["profiles"], &wanted);
    assert_eq!(summary["notices"], serde_json::json!([]));
    let reachable = |profiles: &Value| -> u64 {
        profiles.as_array().unwrap().iter().map(|profile| profile["reachable"].as_u64().unwrap()).sum()
    };
    assert_eq!(reachable(&summary["run"]["profiles"]), summary["reachable"].as_u64().unwrap());
    for name in ["r.html", "r.md"] {
        let report = std::fs::read_to_string(run.path(name)).unwrap();
        assert!(report.contains("Profiles") && report.contains("Blue Yonder"), "{name}\n{report}");
    }
    let run = run.expect_stderr("Profiles").expect_stderr("Blue Yonder").expect_stderr("complete: 750 contacts");
    // A repeated run writes the same bytes.
    let before = std::fs::read(run.path("c.parquet")).unwrap();
    let run = run.again().contacts(&server.base_url(), &flags).finish().expect_code(0);
    assert!(std::fs::read(run.path("c.parquet")).unwrap() == before);
    run.again().args(["verify", "c.parquet"]).finish().expect_code(0);
}

#[test]
fn messages_of_profiles_are_read_alike() {
    let server = organization(|settings| {
        let messaging = sent_export::simulator::Messaging { count: 150, ..settings.messaging.clone() };
        Settings { contacts: 100, profile_contacts: 80, messaging, ..settings }
    });
    let flags = ["-o", "m.parquet", "--profiles", "all", "--summary", "s.json", "--since", "3650d"];
    let run = sent_export().messages(&server.base_url(), &flags).finish().expect_code(0);
    let rows = columns(&run.path("m.parquet"), ["profile_id", "customer_id", "id"]);
    let ids = profile_ids(&server);
    assert_eq!(rows.len(), 3 * 120, "profiles have as many per contact as the organization");
    assert!(rows.iter().all(|[profile, customer, _]| profile == customer));
    let wanted: Vec<_> = ids.iter().map(|id| (id.as_str(), 120, "complete")).collect();
    let summary = run.json("s.json");
    assert_valid(&summary, DELIVERY_SCHEMA);
    assert_eq!(summary["notices"], serde_json::json!([]));
    assert_profiles(&summary["run"]["profiles"], &wanted);
    assert_profiles(&manifest(&run, "_m.parquet.manifest.json")["profiles"], &wanted);
}

#[test]
fn columns_of_profiles_are_named_dropped_and_left_out_of_hashes() {
    let server = organization(|settings| settings);
    let flags = ["-o", "c.parquet", "--profiles", "all", "--columns", "profile_name,id,row_hash", "-q"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let named = columns(&run.path("c.parquet"), ["profile_name", "id", "row_hash"]);
    let id = profile_ids(&server)[0].clone();
    let flags = ["-o", "d.parquet", "--profile-id", &id, "--columns", "row_hash,id,customer_id", "-q"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    assert_eq!(run.stderr, "", "no row belongs to another profile");
    let alone = columns(&run.path("d.parquet"), ["customer_id", "id", "row_hash"]);
    assert_eq!(alone.len(), CONTACTS as usize);
    let hashes =
        |rows: &[[Option<String>; 3]]| rows.iter().map(|[_, id, hash]| (id.clone(), hash.clone())).collect::<Vec<_>>();
    assert_eq!(hashes(&named)[..alone.len()], hashes(&alone));
    let flags = ["-o", "e.csv", "--profiles", "all", "--drop", "profile_name", "-q"];
    let run = run.again().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let head = std::fs::read_to_string(run.path("e.csv")).unwrap();
    assert!(head.lines().next().unwrap().ends_with(",customer_id,profile_id"), "{head}");
    // Without the flag there is no such column.
    let flags = ["-o", "f.csv", "--columns", "profile_id"];
    run.again().contacts(&server.base_url(), &flags).finish().expect_code(2);
}

#[test]
fn filters_and_gates_count_all_profiles_together() {
    let server = organization(|settings| settings);
    let flags = ["-o", "c.csv", "--profiles", "all", "--only", "reachable", "--summary", "s.json", "-q"];
    let run = sent_export().contacts(&server.base_url(), &flags).finish().expect_code(0);
    let summary = run.json("s.json");
    let rows: u64 = summary["run"]["profiles"].as_array().unwrap().iter().map(|of| of["rows"].as_u64().unwrap()).sum();
    let left_out = summary["run"]["rows_left_out"].as_u64().unwrap();
    assert!(rows == summary["contacts"].as_u64().unwrap() && rows + left_out == u64::from(3 * CONTACTS), "{rows}");
    let gate = |least: &str| {
        let flags = ["-o", "g.csv", "--profiles", "all", "--min-contacts", least, "-q"];
        sent_export().contacts(&server.base_url(), &flags).finish()
    };
    gate("750").expect_code(0);
    let run = gate("751").expect_code(8).expect_stderr("there are 750 contacts").expect_stderr("progress is saved in");
    assert!(!run.path("g.csv").exists());
}

#[test]
fn one_limiter_paces_all_profiles() {
    // The documented limit is 200 requests a minute. The first requests use up the burst; later ones follow at that rate.
    let server =
        organization(|settings| Settings { rate_limit: Some("1200/min".parse().unwrap()), burst: 10, ..settings });
    let flags =
        ["--profiles", "all", "-o", "c.csv", "--summary", "s.json", "--rate-limit", "1200/min", "--burst", "10"];
    let run = sent_export().args(["contacts", "--base-url", &server.base_url()]).args(flags).finish().expect_code(0);
    let summary = run.json("s.json");
    assert_eq!(summary["run"]["rate_limited"], 0, "{run:?}");
    let requests = summary["run"]["requests"].as_u64().unwrap();
    let statistics = server.statistics();
    assert_eq!(requests, statistics.requests, "one for the account, and those for the lists");
    let paced = f64::from(u32::try_from(requests.saturating_sub(10)).unwrap()) / 20.0;
    let elapsed = summary["run"]["elapsed_seconds"].as_f64().unwrap();
    assert!(elapsed > paced * 0.7, "{requests} requests in {elapsed} s");
}

#[test]
fn the_same_number_of_two_profiles_is_not_shared() {
    let contact = |at: u32, number: &str| serde_json::json!({"id": format!("c-{at}"), "format_e164": number});
    let of_profile = move |profile: &str| {
        let more = if profile == ASKED {
            vec![contact(1, "+12025550123"), contact(2, "+12025550199"), contact(3, "+12025550199")]
        } else {
            vec![contact(1, "+12025550123")]
        };
        let pagination = serde_json::json!({"page": 1, "page_size": 100, "total_count": more.len(), "has_more": false});
        serde_json::json!({"success": true, "data": {"contacts": more, "pagination": pagination}}).to_string()
    };
    let server = ScriptedServer::start(move |_, head| match choice::asked_profile(head) {
        None => Answer::ok(choice::identity(&[(ASKED, "North"), (OTHER, "South")])),
        Some(profile) => Answer::ok(of_profile(&profile)),
    });
    let flags = ["-o", "c.parquet", "--profiles", "all", "--summary", "s.json", "-q"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    let shared = |summary: &Value| summary["quality"]["shared_phone_numbers"]["keys"].as_u64().unwrap();
    let summary = run.json("s.json");
    assert_eq!((shared(&summary), &summary["contacts"]), (1, &4.into()), "only the number that one profile has twice");
    let query = |summary: &Value| {
        let actions = summary["actions"].as_array().unwrap();
        let shared = actions.iter().find(|action| action["code"] == "shared_numbers").unwrap();
        shared["sql"].as_str().unwrap().to_owned()
    };
    assert!(query(&summary).contains("(partition by profile_id, coalesce("), "{summary}");
    // The report on the file has the same result.
    let run = run.again().args(["report", "c.parquet", "--quiet", "--json", "f.json"]).finish().expect_code(0);
    let summary = run.json("f.json");
    assert_eq!((shared(&summary), &summary["quality"]["repeated_ids"]["keys"]), (1, &0.into()));
    assert!(query(&summary).contains("(partition by profile_id, coalesce("), "{summary}");
    let mut run = run.again().args(["verify", "c.parquet"]).finish().expect_code(0);
    // Even without the column, an id that occurs in two profiles is not a finding.
    for file in ["d.parquet", "d.csv", "d.ndjson"] {
        let flags = ["-o", file, "--profiles", "all", "--columns", "id,format_e164", "-q"];
        run = run.again().contacts(&server.url(), &flags).finish().expect_code(0);
        run = run.again().args(["verify", file]).finish().expect_code(0);
        run = run.again().args(["report", file, "--quiet", "--json", "d.json"]).finish().expect_code(0);
        assert_eq!(run.json("d.json")["quality"]["repeated_ids"]["keys"], 0, "{file}");
    }
}

#[test]
fn the_same_number_of_two_customers_of_a_wide_list_is_not_shared() {
    let server = ScriptedServer::start(|_, _| {
        let contact = |id: &str, customer: &str| serde_json::json!({"id": id, "format_e164": "+12025550123", "customer_id": customer});
        let contacts = [contact("a", "one"), contact("b", "two"), contact("c", "two")];
        let pagination = serde_json::json!({"page": 1, "page_size": 100, "total_count": 3, "has_more": false});
        let data = serde_json::json!({"contacts": contacts, "pagination": pagination});
        Answer::ok(serde_json::json!({"success": true, "data": data}).to_string())
    });
    let flags = ["-o", "c.parquet", "-o", "c.csv", "--summary", "s.json", "-q"];
    let run = sent_export().contacts(&server.url(), &flags).finish().expect_code(0);
    let shared = serde_json::json!({"keys": 1, "contacts": 2, "approximate": false});
    assert_eq!(run.json("s.json")["quality"]["shared_phone_numbers"], shared);
    let mut run = run;
    for file in ["c.parquet", "c.csv"] {
        run = run.again().args(["report", file, "--quiet", "--json", "f.json"]).finish().expect_code(0);
        assert_eq!(run.json("f.json")["quality"]["shared_phone_numbers"], shared, "{file}");
    }
}

#[test]
fn who_came_and_who_left_is_told_for_each_profile() {
    let table = |rows: &[(&str, &str, &str)]| {
        let rows = rows.iter().map(|(profile, id, region)| format!("{id},{region},sms,false,{profile}\n"));
        rows.fold("id,region_code,available_channels,opt_out,profile_id\n".to_owned(), |text, row| text + &row)
    };
    // Both profiles have contact a; that of OTHER is deleted, and that of ASKED changes its region.
    let old = table(&[(ASKED, "a", "DE"), (OTHER, "a", "FR"), (OTHER, "b", "FR")]);
    let new = table(&[(ASKED, "a", "BR"), (ASKED, "b", "DE"), (OTHER, "b", "FR")]);
    let run = sent_export().file("old.csv", &old).file("new.csv", &new);
    let flags = ["report", "new.csv", "--compare", "old.csv", "--quiet", "--json", "r.json"];
    let run = run.args(flags).finish().expect_code(0);
    let gross = run.json("r.json")["comparison"]["gross"].clone();
    let count = |name: &str| gross["total"][name].as_u64();
    assert_eq!((count("added"), count("removed")), (Some(1), Some(1)), "{gross}");
    assert_eq!((&gross["regions"]["BR"]["gained"], &gross["regions"]["DE"]["lost"]), (&1.into(), &1.into()), "{gross}");
}

#[test]
fn an_id_that_is_also_that_of_an_owner_is_not_repeated() {
    let (one, two) = (ASKED, OTHER);
    let repeated_rows = |run: &Finished, name: &str| {
        let found = run.json(name)["quality"]["repeated_ids"].clone();
        found.as_u64().or_else(|| found["contacts"].as_u64())
    };
    // For messages, only the rows are counted.
    for (columns, more) in [("id,customer_id,region_code", "DE"), ("id,profile_id,direction", "outbound")] {
        let table = |rows: &[(&str, &str)]| {
            rows.iter().fold(format!("{columns}\n"), |text, (id, owner)| text + &format!("{id},{owner},{more}\n"))
        };
        let own = [(one, one), (two, two), (one, two), (two, one)];
        let twice = [(one, one), (two, one), (one, one)];
        let run = sent_export().file("own.csv", &table(&own)).file("twice.csv", &table(&twice));
        let mut run = run.args(["report", "own.csv", "-q", "--json", "own.json"]).finish().expect_code(0);
        assert_eq!(repeated_rows(&run, "own.json"), Some(0), "{columns}");
        run = run.again().args(["report", "twice.csv", "-q", "--json", "twice.json"]).finish().expect_code(0);
        assert_eq!(repeated_rows(&run, "twice.json"), Some(2), "{columns}");
    }
}
