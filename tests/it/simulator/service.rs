//! Inconsistencies of real services: outdated counts, late rows, replicas.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use sent_export::simulator::{
    DEFAULT_API_KEY, Messaging, Movement, Order, OrganizationLists, Pace, Rate, Service, Settings, Simulator,
};
use serde_json::Value;

use super::client::{Answer, ask, ask_with, page, start};

fn moving(service: Service, movement: Movement) -> Simulator {
    start(Settings { contacts: 300, service, movement, ..Settings::default() })
}

fn deletions() -> Movement {
    Movement { deleted: Pace::PerRequest(5.0), ..Movement::default() }
}

#[test]
fn a_split_count_is_that_of_the_moment_before() {
    let whole = moving(Service::default(), deletions());
    assert_eq!((page(&whole, 1, 100).total_count(), page(&whole, 1, 100).total_count()), (295, 290));
    let split = moving(Service { split_count: true, ..Service::default() }, deletions());
    assert_eq!((page(&split, 1, 100).total_count(), page(&split, 1, 100).total_count()), (300, 295));
    let messaging = Messaging { count: 100, arrivals: Pace::PerRequest(7.0), ..Messaging::default() };
    let service = Service { split_count: true, ..Service::default() };
    let simulator = start(Settings { messaging, service, ..Settings::default() });
    assert_eq!(ask(&simulator, "/v3/conversations?page=1&page_size=10").total_count(), 100);
    assert_eq!(simulator.message_truth().present_now.len(), 107);
}

#[test]
fn a_cached_count_stays_while_the_rows_go() {
    let service = Service { cached_count: Duration::from_secs(600), ..Service::default() };
    let simulator = moving(service, deletions());
    let totals: Vec<u64> = (0..4).map(|_| page(&simulator, 1, 100).total_count()).collect();
    assert_eq!(totals, [295, 295, 295, 295]);
    let last = page(&simulator, 3, 100);
    assert_eq!((last.ids().len(), last.json()["data"]["pagination"]["has_more"] == false), (75, true));
    let filtered = ask(&simulator, "/v3/contacts?page=1&page_size=10&channel=rcs").total_count();
    assert!(filtered < 100, "another list has another total");
}

#[test]
fn a_late_commit_appears_behind_rows_that_were_already_read() {
    let service = Service { late_commits: Duration::from_millis(300), ..Service::default() };
    let movement = Movement { created: Pace::PerRequest(20.0), until_request: Some(1), ..Movement::default() };
    let settings =
        Settings { contacts: 300, service, movement, order: Order::CreatedDescending, ..Settings::default() };
    let simulator = start(settings);
    let first = page(&simulator, 1, 100);
    assert!(first.total_count() < 320, "some are not committed yet");
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut last = page(&simulator, 1, 100);
    while last.total_count() < 320 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
        last = page(&simulator, 1, 100);
    }
    let created: Vec<String> = last.json()["data"]["contacts"].as_array().unwrap()[..20]
        .iter()
        .map(|contact| contact["created_at"].as_str().unwrap()[..19].to_owned())
        .collect();
    assert!(created.is_sorted_by(|newer, older| newer >= older), "rows are in order of creation: {created:?}");
    assert_eq!(simulator.statistics().contacts_created, 20);
}

#[test]
fn replicas_lag_and_then_agree() {
    let service = Service { replica_lag: Duration::from_secs(3_600), ..Service::default() };
    let simulator = moving(service, deletions());
    let totals: HashSet<u64> = (0..20).map(|_| page(&simulator, 1, 100).total_count()).collect();
    assert!(totals.contains(&300) && totals.len() > 3, "{totals:?}");
    let service = Service { replica_lag: Duration::from_millis(50), ..Service::default() };
    let simulator = moving(service, Movement { until_request: Some(1), ..deletions() });
    page(&simulator, 1, 100);
    std::thread::sleep(Duration::from_millis(100));
    let totals: HashSet<u64> = (0..20).map(|_| page(&simulator, 1, 100).total_count()).collect();
    assert_eq!(totals, HashSet::from([295]));
}

fn organization(profiles: u32) -> Settings {
    Settings {
        contacts: 120,
        profiles,
        profile_contacts: 40,
        lists: OrganizationLists::Wide,
        messaging: Messaging { count: 500, ..Messaging::default() },
        ..Settings::default()
    }
}

fn scoped(simulator: &Simulator, path: &str, profile: &str) -> Answer {
    ask_with(simulator, path, &[("x-api-key", DEFAULT_API_KEY), ("x-profile-id", profile)])
}

fn customers(answer: &Answer, list: &str) -> HashSet<String> {
    let data = answer.json()["data"][list].as_array().cloned().unwrap_or_default();
    data.iter().map(|item| item["customer_id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn wide_lists_hold_what_every_profile_has() {
    let simulator = start(organization(3));
    let mut ids = Vec::new();
    let mut owners = HashSet::new();
    for number in 1..=3 {
        let answer = page(&simulator, number, 100);
        assert_eq!(answer.total_count(), 240);
        ids.extend(answer.ids());
        owners.extend(customers(&answer, "contacts"));
    }
    assert_eq!((ids.iter().collect::<HashSet<_>>().len(), owners.len()), (240, 4));
    let mut numbers: Vec<String> = simulator.contacts().filter_map(|contact| contact.format_e164).collect();
    let all = numbers.len();
    numbers.sort();
    numbers.dedup();
    assert!(numbers.len() < all, "some numbers occur twice");
    for profile in simulator.profile_ids() {
        let own = scoped(&simulator, "/v3/contacts?page=1&page_size=100", &profile.to_string());
        assert_eq!((own.ids().len(), own.total_count()), (40, 40));
        assert_eq!(customers(&own, "contacts"), HashSet::from([profile.to_string()]));
        let expected: Vec<String> = simulator.profile_contacts(profile).into_iter().filter_map(|c| c.id).collect();
        assert_eq!(own.ids(), expected);
        let elsewhere = ids.iter().find(|id| !expected.contains(id)).unwrap();
        let path = format!("/v3/contacts/{elsewhere}");
        assert_eq!(scoped(&simulator, &path, &profile.to_string()).error(), (404, "RESOURCE_001".into()));
        assert_eq!(ask(&simulator, &path).status, 200);
    }
}

#[test]
fn rows_that_move_in_the_wide_list_move_in_that_of_the_profile() {
    let simulator = start(organization(2));
    let profile = simulator.profile_ids()[0];
    let victim = simulator.profile_contacts(profile)[7].clone();
    let row = simulator.contacts().position(|contact| contact.id == victim.id).unwrap();
    assert!(simulator.delete_at(u32::try_from(row).unwrap()));
    let path = "/v3/contacts?page=1&page_size=100";
    assert_eq!(scoped(&simulator, path, &profile.to_string()).total_count(), 39);
    simulator.create(30);
    let after = scoped(&simulator, path, &profile.to_string());
    assert!((40..69).contains(&after.total_count()), "{}", after.total_count());
    assert_eq!(simulator.contact_count(), 120 + 80 - 1 + 30);
}

#[test]
fn messages_and_templates_of_profiles_are_in_the_wide_lists() {
    let simulator = start(organization(2));
    let mut seen = HashSet::new();
    for number in 1..=5 {
        let answer = ask(&simulator, &format!("/v3/conversations?page={number}&page_size=100"));
        seen.extend(customers(&answer, "messages"));
    }
    assert_eq!(seen.len(), 3);
    let path = "/v3/conversations?page=1&page_size=100";
    let totals: u64 =
        simulator.profile_ids().iter().map(|id| scoped(&simulator, path, &id.to_string()).total_count()).sum();
    assert!((100..300).contains(&totals), "{totals}");
    let templates = ask(&simulator, "/v3/templates?page=1&page_size=100");
    assert_eq!(customers(&templates, "templates").len(), 3);
    let profile = simulator.profile_ids()[1].to_string();
    let own = scoped(&simulator, "/v3/templates?page=1&page_size=100", &profile);
    assert_eq!(customers(&own, "templates"), HashSet::from([profile]));
}

#[test]
fn the_limit_is_shared_by_all_profiles() {
    let simulator = start(Settings { rate_limit: Some(Rate { per_minute: 1.0 }), burst: 2, ..organization(2) });
    let ids = simulator.profile_ids();
    let path = "/v3/contacts?page=1&page_size=1";
    let statuses: Vec<u16> =
        [ids[0], ids[1], ids[0]].iter().map(|id| scoped(&simulator, path, &id.to_string()).status).collect();
    assert_eq!(statuses, [200, 200, 429]);
}

#[test]
fn sender_profiles_are_listed_and_take_no_profile() {
    let simulator = start(organization(5));
    let path = "/v3/sender-profiles?page=2&page_size=2";
    let data = ask(&simulator, path).json()["data"].clone();
    let listed: Vec<&str> =
        data["sender_profiles"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap()).collect();
    let expected: Vec<String> = simulator.profile_ids()[2..4].iter().map(ToString::to_string).collect();
    assert_eq!(listed, expected);
    assert_eq!(data["pagination"]["total_count"], 5);
    let organization = ask(&simulator, "/v3/me").json()["data"]["id"].clone();
    assert_eq!(data["sender_profiles"][0]["organization_id"], organization);
    assert!(
        data["sender_profiles"][0]["api_key"].is_string(),
        "the API keys, which clients must not write anywhere, are sent"
    );
    let found = ask(&simulator, "/v3/sender-profiles?page=1&page_size=10&search=ferries").json();
    assert_eq!(found["data"]["sender_profiles"].as_array().map(Vec::len), Some(1));
    assert_eq!(scoped(&simulator, path, &expected[0]).error(), (400, "VALIDATION_001".into()));
    let old = ask(&simulator, "/v3/profiles").json()["data"]["profiles"].as_array().map(Vec::len);
    assert_eq!(old, Some(5));
    let templates = ask(&simulator, "/v3/templates?page=1&page_size=3").json()["data"].clone();
    assert_eq!(templates["templates"].as_array().map(Vec::len), Some(3));
    assert_ne!(templates["templates"][0]["channels"], Value::Null);
}
