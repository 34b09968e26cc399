//! Messages, activities and summaries: the response of each endpoint, and that they agree.

use std::collections::{BTreeMap, HashSet};

use sent_export::simulator::{
    DEFAULT_API_KEY, DEFAULT_PROFILE_API_KEY, MessageClock, Messaging, OverCap, Pace, Settings, Simulator,
};
use serde_json::Value;

use super::client::{Answer, ask, ask_with, start};

const UNKNOWN: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

fn messages_page(simulator: &Simulator, page: u32, page_size: u32) -> Answer {
    ask(simulator, &format!("/v3/conversations?page={page}&page_size={page_size}"))
}

fn items(answer: &Answer) -> Vec<Value> {
    answer.json()["data"]["messages"].as_array().unwrap().clone()
}

fn all(simulator: &Simulator) -> Vec<Value> {
    let mut all = Vec::new();
    for number in 1.. {
        let answer = messages_page(simulator, number, 100);
        all.extend(items(&answer));
        if answer.json()["data"]["pagination"]["has_more"] == false {
            break;
        }
    }
    all
}

fn text<'value>(value: &'value Value, name: &str) -> &'value str {
    value[name].as_str().unwrap_or_default()
}

fn few(count: u32) -> Settings {
    Settings { contacts: 150, messaging: Messaging { count, ..Messaging::default() }, ..Settings::default() }
}

#[test]
fn all_messages_are_listed_once_newest_first() {
    let simulator = start(few(1_234));
    let messages = all(&simulator);
    let ids: Vec<String> = messages.iter().map(|message| text(message, "id").to_owned()).collect();
    let truth: Vec<String> = simulator.message_truth().present_now.iter().map(ToString::to_string).collect();
    assert_eq!(ids, truth);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 1_234);
    let seconds: Vec<&str> = messages.iter().map(|message| &text(message, "created_at")[..19]).collect();
    assert!(seconds.is_sorted_by(|newer, older| newer >= older));
    assert_eq!(simulator.statistics().conversation_requests, 13);
    assert_eq!(simulator.statistics().list_requests, 0, "these count pages of contacts");
}

#[test]
fn a_message_its_list_and_its_activities_agree() {
    let simulator = start(few(300));
    let mut statuses = HashSet::new();
    for listed in all(&simulator).into_iter().take(120) {
        let id = text(&listed, "id").to_owned();
        assert_eq!(ask(&simulator, &format!("/v3/messages/{id}")).json()["data"], listed);
        let data = ask(&simulator, &format!("/v3/messages/{id}/activities")).json()["data"].clone();
        assert_eq!(text(&data, "message_id"), id);
        let activities = data["activities"].as_array().unwrap();
        let mut events = listed["events"].as_array().unwrap().clone();
        events.reverse();
        assert_eq!(events.len(), activities.len());
        for (event, activity) in events.iter().zip(activities) {
            for name in ["status", "timestamp", "description", "reason_code", "reason"] {
                assert_eq!(event[name], activity[name], "{name} of {id}");
            }
            let is_held = matches!(text(activity, "status"), "SCHEDULED" | "CANCELLED");
            assert_eq!(activity.get("scheduled_at").is_some(), is_held);
            if let Some(price) = activity["price"].as_str() {
                assert_eq!(price.split('.').nth(1).map(str::len), Some(4), "{price}");
                let number = listed["price"].as_f64().unwrap();
                assert!((number - price.parse::<f64>().unwrap()).abs() < 1e-9);
            }
            statuses.insert(text(activity, "status").to_owned());
        }
        assert_eq!(listed["status"], activities[0]["status"]);
        assert!(listed["price"].is_null() || listed["price"].is_number());
    }
    assert!(statuses.len() > 6, "{statuses:?}");
}

#[test]
fn contacts_of_messages_exist_and_their_summaries_count_them() {
    let simulator = start(few(800));
    let mut counts = BTreeMap::<String, Vec<Value>>::new();
    for message in all(&simulator) {
        counts.entry(text(&message, "contact_id").to_owned()).or_default().push(message);
    }
    assert!(counts.len() > 80 && counts.values().any(|messages| messages.len() > 9));
    for (contact, messages) in &counts {
        let known = ask(&simulator, &format!("/v3/contacts/{contact}")).json()["data"].clone();
        assert_eq!(messages[0]["region_code"], known["region_code"]);
        let summary = ask(&simulator, &format!("/v3/contacts/{contact}/message-summary")).json()["data"].clone();
        assert_eq!(summary["message_count"], messages.len());
        let first = &text(messages.last().unwrap(), "created_at")[..19];
        assert_eq!(&text(&summary, "first_message_at")[..19], first);
        assert_eq!(&text(&summary, "last_message_at")[..19], &text(&messages[0], "created_at")[..19]);
        for score in summary["channel_scores"].as_array().unwrap() {
            let statuses: Vec<&str> =
                messages.iter().filter(|m| m["channel"] == score["channel"]).map(|m| text(m, "status")).collect();
            let good = statuses.iter().filter(|s| ["SENT", "DELIVERED", "READ", "RECEIVED"].contains(s)).count();
            let percent = score["success_score"].as_u64().unwrap();
            assert!((percent * statuses.len() as u64).abs_diff(100 * good as u64) * 2 <= statuses.len() as u64);
        }
    }
    let silent = simulator.contacts().find(|contact| !counts.contains_key(contact.id.as_ref().unwrap())).unwrap();
    let path = format!("/v3/contacts/{}/message-summary", silent.id.unwrap());
    let summary = ask(&simulator, &path).json()["data"].clone();
    assert_eq!((&summary["message_count"], &summary["first_message_at"]), (&Value::from(0), &Value::Null));
}

#[test]
fn bad_requests_get_the_documented_codes() {
    let simulator = start(few(50));
    for (path, status, code) in [
        ("/v3/messages/not-an-id", 400, "VALIDATION_001"),
        (&format!("/v3/messages/{UNKNOWN}"), 404, "RESOURCE_003"),
        ("/v3/messages/not-an-id/activities", 400, "VALIDATION_003"),
        (&format!("/v3/messages/{UNKNOWN}/activities"), 404, "RESOURCE_003"),
        (&format!("/v3/contacts/{UNKNOWN}/message-summary"), 404, "RESOURCE_001"),
        ("/v3/contacts/not-an-id/message-summary", 400, "VALIDATION_003"),
        ("/v3/conversations?page=0&page_size=10", 400, "VALIDATION_005"),
        ("/v3/conversations?page=1&page_size=101", 400, "VALIDATION_001"),
        ("/v3/templates?page=1&page_size=101", 400, "VALIDATION_001"),
        ("/v3/messages", 404, "RESOURCE_000"),
    ] {
        assert_eq!(ask(&simulator, path).error(), (status, code.to_owned()), "{path}");
    }
    let details = messages_page(&simulator, 1, 101).json()["error"]["details"].clone();
    assert_eq!(details["page_size"][0], "Page size must be between 1 and 100");
    let message = ask(&simulator, "/v3/templates?page=1&page_size=101").json()["error"].clone();
    assert_eq!((text(&message, "message"), &message["details"]), ("Page size must be between 1 and 100", &Value::Null));
    assert_eq!(text(&ask(&simulator, "/v3/contacts/x").json()["error"], "message"), "Invalid ID format.");
    let other_form = start(Settings { other_over_cap: Some(OverCap::Message), ..few(50) });
    assert!(messages_page(&other_form, 1, 101).json()["error"]["details"].is_null());
    let without_key = ask_with(&simulator, "/v3/conversations?page=1&page_size=10", &[]);
    assert_eq!(without_key.error(), (401, "AUTH_001".into()));
}

#[test]
fn a_profile_has_messages_of_its_own() {
    let simulator = start(few(300));
    let profile = simulator.profile_ids()[0].to_string();
    let path = "/v3/conversations?page=1&page_size=100";
    let scoped = |id: &str| ask_with(&simulator, path, &[("x-api-key", DEFAULT_API_KEY), ("x-profile-id", id)]);
    let answer = scoped(&profile);
    assert_eq!(answer.header("x-profile-id"), Some(profile.as_str()));
    let messages = items(&answer);
    assert!(!messages.is_empty() && messages.iter().all(|message| message["customer_id"] == profile.as_str()));
    assert_eq!(scoped("not-an-id").error(), (400, "VALIDATION_003".into()));
    assert_eq!(scoped(UNKNOWN).error(), (404, "RESOURCE_014".into()));
    let own = ask_with(&simulator, path, &[("x-api-key", DEFAULT_PROFILE_API_KEY)]);
    assert_eq!(items(&own), messages);
    let headers = [("x-api-key", DEFAULT_PROFILE_API_KEY), ("x-profile-id", profile.as_str())];
    assert_eq!(ask_with(&simulator, path, &headers).status, 403);
    let foreign = format!("/v3/messages/{}", simulator.message_id(3));
    assert_eq!(ask_with(&simulator, &foreign, &headers[..1]).error(), (404, "RESOURCE_003".into()));
}

#[test]
fn messages_arrive_and_change_status_during_a_read() {
    let clock = MessageClock::PerRequest(std::time::Duration::from_secs(60));
    let messaging = Messaging { count: 500, arrivals: Pace::PerRequest(10.0), clock, ..Messaging::default() };
    let outcome = || {
        let simulator = start(Settings { contacts: 150, messaging: messaging.clone(), ..Settings::default() });
        let read = all(&simulator);
        (read, simulator.message_truth())
    };
    let (read, truth) = outcome();
    let ids: HashSet<&str> = read.iter().map(|message| text(message, "id")).collect();
    assert!(ids.len() < read.len(), "rows were pushed down to the next page");
    assert!(truth.present_throughout.iter().all(|id| ids.contains(id.to_string().as_str())), "and none was lost");
    assert!(truth.present_now.len() > truth.present_throughout.len());
    assert_eq!(outcome(), (read, truth), "changes per request are reproducible");
}

#[test]
fn recent_messages_change_their_status_between_responses() {
    let clock = MessageClock::PerRequest(std::time::Duration::from_secs(60));
    let messaging = Messaging { count: 500, arrivals: Pace::PerRequest(10.0), clock, ..Messaging::default() };
    let simulator = start(Settings { contacts: 150, messaging, ..Settings::default() });
    let pages: Vec<Vec<Value>> = (0..5).map(|_| items(&messages_page(&simulator, 1, 100))).collect();
    let status = |page: &[Value], id: &Value| page.iter().find(|m| m["id"] == *id).map(|m| m["status"].clone());
    let changed =
        pages[3].iter().filter(|message| status(&pages[4], &message["id"]).is_some_and(|s| s != message["status"]));
    assert!(changed.count() > 2);
    let id = text(&pages[2][0], "id").parse().unwrap();
    let now = simulator.message_by_id(id).unwrap();
    assert!(now.events.unwrap().len() >= pages[2][0]["events"].as_array().unwrap().len());
}

#[test]
fn time_can_be_advanced_by_request() {
    let simulator = start(few(100));
    assert_eq!(ask(&simulator, "/_simulator/pass-time?duration=1d&messages=25").status, 200);
    assert_eq!(ask(&simulator, "/_simulator/pass-time?duration=soon").status, 400);
    assert_eq!(messages_page(&simulator, 1, 100).total_count(), 125);
    assert_eq!(ask(&simulator, "/_simulator/message-truth").json()["present_now"].as_array().unwrap().len(), 125);
    let newest = &items(&messages_page(&simulator, 1, 1))[0];
    assert!(text(newest, "created_at").starts_with("2026-04-02"), "{newest}");
}

#[test]
fn hostile_messages_arrive_as_they_are() {
    let simulator = start(Settings { hostile: true, ..few(640) });
    let messages = all(&simulator);
    assert_eq!(messages.len(), 640);
    let truth = simulator.message_truth();
    let identified = messages.iter().filter(|message| !text(message, "id").is_empty()).count();
    assert_eq!((identified, truth.unidentified_now), (truth.present_now.len(), 80));
    let is = |test: &dyn Fn(&Value) -> bool| messages.iter().any(test);
    assert!(is(&|message| !message.is_object()));
    assert!(is(&|message| message["price"].is_string()) && is(&|message| message["message_body"].is_array()));
    assert!(
        is(&|message| message["status"] == "QUARANTINED") && is(&|message| message.get("conversation_id").is_some())
    );
    let raw = messages_page(&simulator, 1, 100).text() + &messages_page(&simulator, 2, 100).text();
    assert!(raw.contains("0.1234567890123456789012345678") || raw.contains("79228162514264337593543950335"));
    for id in truth.present_now.iter().take(64) {
        assert_eq!(ask(&simulator, &format!("/v3/messages/{id}/activities")).status, 200);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_of_messages() {
    let bytes = |seed| {
        let simulator = start(Settings { seed, ..few(500) });
        let text = messages_page(&simulator, 2, 100).text();
        text[..text.find("\"meta\"").unwrap()].to_owned()
    };
    assert_eq!(bytes(5), bytes(5));
    assert_ne!(bytes(5), bytes(6));
    assert!(bytes(5).contains("\\u002B") && bytes(5).is_ascii());
}

#[test]
fn faults_apply_to_messages_by_kind_and_page() {
    let faults = ["INTERNAL_002 on=conversations page=2", "empty-403 on=message", "rows:3 on=conversations"];
    let faults = faults.map(|fault| fault.parse().unwrap()).to_vec();
    let simulator = start(Settings { faults, ..few(300) });
    assert_eq!(messages_page(&simulator, 2, 100).error(), (500, "INTERNAL_002".into()));
    assert_eq!(items(&messages_page(&simulator, 1, 100)).len(), 3);
    let answer = ask(&simulator, &format!("/v3/messages/{}", simulator.message_id(1)));
    assert_eq!((answer.status, answer.body.len()), (403, 0));
    assert_eq!(ask(&simulator, "/v3/contacts?page=2&page_size=100").status, 200);
}

/// The most memory this process has ever held, in kilobytes.
#[cfg(target_os = "linux")]
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_million_messages_take_no_memory() {
    let before = peak_memory();
    let messaging = Messaging { count: 100_000_000, ..Messaging::default() };
    let simulator = start(Settings { contacts: 10_000_000, messaging, ..Settings::default() });
    for number in [1, 500_000, 1_000_000] {
        let messages = items(&messages_page(&simulator, number, 100));
        assert_eq!(messages.len(), 100);
        let path = format!("/v3/contacts/{}/message-summary", text(&messages[0], "contact_id"));
        assert!(ask(&simulator, &path).json()["data"]["message_count"].as_u64().unwrap() > 0);
    }
    // Other tests run at the same time in this process, so this is not exact, but one byte per message would show.
    assert!(peak_memory() - before < 90_000, "{before} kB, then {} kB", peak_memory());
}
