//! Pages, filters, keys and profiles.

use std::io::Read;

use sent_export::simulator::{
    Contact, DEFAULT_API_KEY, DEFAULT_PROFILE_API_KEY, Escapes, OverCap, Settings, Simulator,
};
use serde_json::Value;

use super::client::{ask, ask_with, page, send, start};

fn compare(item: &Value, contact: &Contact) {
    let texts = [
        ("id", &contact.id),
        ("phone_number", &contact.phone_number),
        ("format_e164", &contact.format_e164),
        ("format_international", &contact.format_international),
        ("format_national", &contact.format_national),
        ("format_rfc", &contact.format_rfc),
        ("country_code", &contact.country_code),
        ("region_code", &contact.region_code),
        ("available_channels", &contact.available_channels),
        ("default_channel", &contact.default_channel),
        ("created_at", &contact.created_at),
        ("updated_at", &contact.updated_at),
        ("customer_id", &contact.customer_id),
    ];
    for (name, value) in texts {
        assert_eq!(item[name].as_str(), value.as_deref(), "{name} of contact {}", contact.index);
    }
    assert_eq!(item["opt_out"].as_bool(), contact.opt_out);
    assert_eq!(item["is_inherited"].as_bool(), contact.is_inherited);
}

fn assert_pages_hold_what_the_simulator_holds(settings: Settings) {
    let simulator = start(settings);
    let mut expected = simulator.contacts();
    for number in 1.. {
        let answer = page(&simulator, number, 100);
        let body = answer.json();
        for item in body["data"]["contacts"].as_array().unwrap() {
            let contact = expected.next().unwrap();
            if item.is_object() { compare(item, &contact) } else { assert!(contact.shape.not_an_object.is_some()) }
        }
        let pagination = &body["data"]["pagination"];
        assert_eq!(pagination["page"], number);
        assert!(pagination["cursors"].is_null());
        if pagination["has_more"] == false {
            assert_eq!(pagination["total_pages"], number);
            break;
        }
    }
    assert!(expected.next().is_none());
}

#[test]
fn all_pages_together_hold_every_contact_once() {
    assert_pages_hold_what_the_simulator_holds(Settings { contacts: 1_234, ..Settings::default() });
}

#[test]
fn hostile_contacts_arrive_as_they_are() {
    for escapes in [Escapes::DotNet, Escapes::Plain] {
        let settings = Settings { contacts: 500, hostile: true, escapes, ..Settings::default() };
        assert_pages_hold_what_the_simulator_holds(settings);
    }
}

#[test]
fn text_is_escaped_as_dotnet_does() {
    let simulator = start(Settings::default());
    let text = page(&simulator, 1, 100).text();
    assert!(text.contains("\"format_e164\":\"\\u002B") && text.is_ascii());
    let plain = start(Settings { escapes: Escapes::Plain, ..Settings::default() });
    assert!(page(&plain, 1, 100).text().contains("\"format_e164\":\"+"));
}

#[test]
fn a_page_past_the_end_is_empty_and_no_error() {
    let simulator = start(Settings { contacts: 250, ..Settings::default() });
    let answer = page(&simulator, 4, 100);
    assert_eq!((answer.status, answer.ids().len(), answer.total_count()), (200, 0, 250));
    let empty = start(Settings { contacts: 0, ..Settings::default() });
    let pagination = page(&empty, 1, 100).json()["data"]["pagination"].clone();
    assert_eq!((&pagination["total_pages"], &pagination["has_more"]), (&Value::from(0), &Value::from(false)));
}

#[test]
fn a_page_over_the_cap_is_clamped_or_rejected() {
    let clamping = start(Settings { page_cap: 25, ..Settings::default() });
    let answer = page(&clamping, 2, 100);
    assert_eq!(answer.json()["data"]["pagination"]["page_size"], 25);
    assert_eq!(
        answer.ids(),
        clamping.contacts().skip(25).take(25).filter_map(|contact| contact.id).collect::<Vec<_>>()
    );
    let rejecting = start(Settings { page_cap: 25, over_cap: OverCap::Reject, ..Settings::default() });
    assert_eq!(page(&rejecting, 1, 26).error(), (400, "VALIDATION_005".into()));
    assert_eq!(page(&rejecting, 1, 25).status, 200);
}

#[test]
fn bad_requests_are_refused_with_the_field() {
    let simulator = start(Settings::default());
    for (path, status, code, field) in [
        ("/v3/contacts?page_size=10", 400, "VALIDATION_001", "page"),
        ("/v3/contacts?page=1", 400, "VALIDATION_001", "page_size"),
        ("/v3/contacts?page=x&page_size=10", 400, "VALIDATION_001", "page"),
        ("/v3/contacts?page=0&page_size=10", 400, "VALIDATION_005", "page"),
        ("/v3/contacts?page=1&page_size=10&channel=fax", 400, "VALIDATION_001", "channel"),
        ("/v3/contacts/not-an-id", 400, "VALIDATION_003", "id"),
    ] {
        let answer = ask(&simulator, path);
        assert_eq!(answer.error(), (status, code.to_owned()), "{path}");
        assert!(answer.json()["error"]["details"][field][0].is_string(), "{path}");
    }
}

#[test]
fn filters_match_and_paginate_like_any_list() {
    let simulator = start(Settings { contacts: 3_000, ..Settings::default() });
    let has = |contact: &Contact, channel: &str| {
        let list = contact.available_channels.as_deref().unwrap_or_default().to_lowercase();
        list.split(',').any(|name| name.trim() == channel)
    };
    let expected: Vec<String> =
        simulator.contacts().filter(|contact| has(contact, "rcs")).filter_map(|contact| contact.id).collect();
    let mut found = Vec::new();
    for number in 1..=10 {
        found.extend(ask(&simulator, &format!("/v3/contacts?page={number}&page_size=50&channel=rcs")).ids());
    }
    assert_eq!(found, expected);
    let searched = ask(&simulator, "/v3/contacts?page=1&page_size=100&search=%2B4477").json();
    let items = searched["data"]["contacts"].as_array().unwrap();
    assert!(!items.is_empty() && items.iter().all(|item| item["country_code"] == "44"));
}

#[test]
fn a_phone_is_found_exactly_or_not_at_all() {
    let simulator = start(Settings { contacts: 300, ..Settings::default() });
    let contact = simulator.contacts().find(|contact| contact.format_e164.is_some()).unwrap();
    let number = contact.format_e164.clone().unwrap();
    let path = |phone: &str| format!("/v3/contacts?page=1&page_size=100&phone={phone}");
    let found = ask(&simulator, &path(&number.replace('+', "%2B")));
    assert_eq!(found.ids(), [contact.id.unwrap()]);
    // An unescaped plus sign in a query means a space.
    assert_eq!(ask(&simulator, &path(&number)).error(), (404, "RESOURCE_001".into()));
    assert_eq!(ask(&simulator, &path("%2B19995550100")).error(), (404, "RESOURCE_001".into()));
}

#[test]
fn single_contacts_are_found_by_id() {
    let simulator = start(Settings { contacts: 300, ..Settings::default() });
    let contact = simulator.contact_by_index(123);
    let id = contact.id.clone().unwrap();
    compare(&ask(&simulator, &format!("/v3/contacts/{id}")).json()["data"], &contact);
    assert_eq!(simulator.contact_by_id(id.parse().unwrap()), Some(contact));
    let summary = ask(&simulator, &format!("/v3/contacts/{id}/message-summary")).json();
    assert_eq!(summary["data"]["contact_id"].as_str(), Some(id.as_str()));
    assert!(summary["data"]["channel_scores"].is_array());
    let stranger = ask(&simulator, "/v3/contacts/6ba7b810-9dad-41d1-80b4-00c04fd430c8");
    assert_eq!(stranger.error(), (404, "RESOURCE_001".into()));
    assert!(simulator.delete_at(123));
    assert_eq!(ask(&simulator, &format!("/v3/contacts/{id}")).error(), (404, "RESOURCE_001".into()));
}

#[test]
fn activities_are_newest_first() {
    let simulator = start(Settings::default());
    let mut most = 0;
    for number in 0..20 {
        let answer = ask(&simulator, &format!("/v3/messages/{}/activities", simulator.message_id(number))).json();
        let times: Vec<String> = answer["data"]["activities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|activity| activity["timestamp"].as_str().unwrap()[..19].to_owned())
            .collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
        most = most.max(times.len());
    }
    assert!(most > 3);
    let unknown = ask(&simulator, "/v3/messages/6ba7b810-9dad-41d1-80b4-00c04fd430c8/activities");
    assert_eq!(unknown.error(), (404, "RESOURCE_003".into()));
}

#[test]
fn keys_are_checked_before_anything_else() {
    let simulator = start(Settings::default());
    assert_eq!(ask_with(&simulator, "/v3/contacts", &[]).error(), (401, "AUTH_001".into()));
    assert_eq!(ask_with(&simulator, "/nowhere", &[("x-api-key", "x")]).error(), (401, "AUTH_002".into()));
    assert_eq!(ask(&simulator, "/nowhere").status, 404);
    assert_eq!(send(&simulator, "POST", "/v3/contacts", &[("x-api-key", DEFAULT_API_KEY)]).unwrap().status, 404);
    assert_eq!(simulator.statistics().bad_keys, 2);
    assert_eq!(simulator.statistics().last_api_key_ok, Some(true));
}

#[test]
fn a_profile_has_contacts_of_its_own() {
    let simulator = start(Settings { profile_contacts: 30, ..Settings::default() });
    let profile = simulator.profile_ids()[1];
    let asked = |key: &str, id: &str| {
        ask_with(&simulator, "/v3/contacts?page=1&page_size=100", &[("x-api-key", key), ("x-profile-id", id)])
    };
    let answer = asked(DEFAULT_API_KEY, &profile.to_string());
    let expected: Vec<String> =
        simulator.profile_contacts(profile).into_iter().filter_map(|contact| contact.id).collect();
    assert_eq!((answer.ids().len(), answer.ids()), (30, expected));
    assert_eq!(answer.header("x-profile-id"), Some(profile.to_string().as_str()));
    assert_eq!(answer.json()["data"]["contacts"][0]["customer_id"], profile.to_string());
    assert_eq!(asked(DEFAULT_API_KEY, "").error(), (400, "VALIDATION_003".into()));
    assert_eq!(asked(DEFAULT_API_KEY, "6ba7b810-9dad-41d1-80b4-00c04fd430c8").error(), (404, "RESOURCE_004".into()));
    assert_eq!(asked(DEFAULT_PROFILE_API_KEY, &profile.to_string()).error().0, 403);
    let own = ask_with(&simulator, "/v3/me", &[("x-api-key", DEFAULT_PROFILE_API_KEY)]).json();
    assert_eq!(own["data"]["type"], "profile");
}

#[test]
fn the_account_lists_its_profiles() {
    let simulator = start(Settings { profiles: 3, ..Settings::default() });
    let ids = |path: &str| -> Vec<String> {
        let profiles = ask(&simulator, path).json()["data"]["profiles"].as_array().unwrap().clone();
        profiles.iter().map(|profile| profile["id"].as_str().unwrap().to_owned()).collect()
    };
    let expected: Vec<String> = simulator.profile_ids().iter().map(ToString::to_string).collect();
    assert_eq!(ids("/v3/me"), expected);
    assert_eq!(ids("/v3/profiles"), expected);
    let user = start(Settings { profiles: 0, ..Settings::default() });
    assert_eq!(ask(&user, "/v3/me").json()["data"]["type"], "user");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let contacts = |seed| {
        let simulator = start(Settings { seed, ..Settings::default() });
        let text = page(&simulator, 3, 100).text();
        text[..text.find("\"meta\"").unwrap()].to_owned()
    };
    assert_eq!(contacts(5), contacts(5));
    assert_ne!(contacts(5), contacts(6));
}

#[test]
fn answers_are_compressed_for_clients_that_can_read_it() {
    let simulator = start(Settings { gzip: true, ..Settings::default() });
    let headers = [("x-api-key", DEFAULT_API_KEY), ("accept-encoding", "gzip, br")];
    let answer = ask_with(&simulator, "/v3/contacts?page=1&page_size=100", &headers);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.starts_with("{\"success\":true"));
    assert_eq!(page(&simulator, 1, 100).header("content-encoding"), None);
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
fn a_hundred_million_contacts_take_no_memory() {
    let before = peak_memory();
    let simulator: Simulator = start(Settings { contacts: 100_000_000, ..Settings::default() });
    for number in [1, 500_000, 1_000_000] {
        assert_eq!(page(&simulator, number, 100).ids().len(), 100);
    }
    // Other tests run at the same time in this process, so this is not exact, but one byte per contact would show.
    assert!(peak_memory() - before < 90_000, "{before} kB, then {} kB", peak_memory());
}
