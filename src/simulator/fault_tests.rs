//! Tests that every form of a fault is parsed and that each condition holds when it should.

use super::*;

fn fault(text: &str) -> Fault {
    text.parse().unwrap()
}

fn list_request(number: u64, offset: u64, size: u32) -> RequestFacts {
    RequestFacts { number, endpoint: Endpoint::List, window: Some((offset, size)), profile: None }
}

fn armed(texts: &[&str]) -> ArmedFaults {
    ArmedFaults::new(texts.iter().map(|text| fault(text)).collect(), 1, 100)
}

#[test]
fn every_kind_is_parsed() {
    for (text, kind) in [
        ("INTERNAL_002", FaultKind::Error("INTERNAL_002".parse().unwrap())),
        ("ok-envelope:INTERNAL_001", FaultKind::ErrorInside200("INTERNAL_001".parse().unwrap())),
        ("503", FaultKind::Status(503)),
        ("429", FaultKind::Status(429)),
        ("429:30", FaultKind::TooManyRequests(30)),
        ("html-502", FaultKind::Html(502)),
        ("empty-401", FaultKind::EmptyStatus(401)),
        ("empty-body", FaultKind::EmptyBody),
        ("not-json", FaultKind::NotJson),
        ("cut-off", FaultKind::CutOff),
        ("missing-data", FaultKind::MissingData),
        ("null-data", FaultKind::NullData),
        ("reset", FaultKind::Reset),
        ("close", FaultKind::Close),
        ("hang", FaultKind::Hang),
        ("drip", FaultKind::Drip(Duration::from_secs(1))),
        ("drip:5ms", FaultKind::Drip(Duration::from_millis(5))),
        ("slow:2s", FaultKind::Slow(Duration::from_secs(2))),
        ("rows:0", FaultKind::Rows(0)),
        ("page-cap:25", FaultKind::PageCap(25)),
        ("redirect", FaultKind::Redirect(None)),
        ("redirect:http://127.0.0.1:9/x", FaultKind::Redirect(Some("http://127.0.0.1:9/x".into()))),
        ("gone:1m", FaultKind::Gone(Duration::from_secs(60))),
    ] {
        assert_eq!(fault(text), Fault::always(kind), "{text}");
    }
}

#[test]
fn invalid_faults_are_refused() {
    for text in [
        "",
        "INTERNAL_999",
        "ok-envelope",
        "700",
        "429:soon",
        "429:18446744073709551615",
        "html-x",
        "reset:1",
        "slow",
        "rows:some",
        "page-cap:0",
        "reset page=0",
        "reset nth=x",
        "reset rate=5",
        "reset rate=101%",
        "reset on=everything",
        "reset sometimes",
    ] {
        assert!(text.parse::<Fault>().is_err(), "{text}");
    }
}

#[test]
fn conditions_are_parsed_and_all_must_hold() {
    let when = fault("reset page=7 nth=2..5 times=4 on=list rate=50% offset=610").when;
    assert_eq!(
        when,
        Conditions {
            page: Some(7),
            offset: Some(610),
            requests: Some(2..=5),
            rate: Some(0.5),
            times: Some(4),
            endpoint: Some(Endpoint::List),
            profile: None,
        }
    );
    let mut faults = armed(&["reset page=7 nth=2..5"]);
    assert!(faults.strike(list_request(1, 600, 100)).is_none());
    assert!(faults.strike(list_request(2, 500, 100)).is_none());
    assert!(faults.strike(list_request(2, 600, 100)).is_some());
    assert!(faults.strike(list_request(6, 600, 100)).is_none());
}

#[test]
fn a_page_is_identified_by_its_first_row() {
    let mut faults = armed(&["reset page=3"]);
    assert!(faults.strike(list_request(1, 200, 100)).is_some());
    assert!(faults.strike(list_request(2, 160, 80)).is_some());
    assert!(faults.strike(list_request(3, 240, 80)).is_none());
    let facts = RequestFacts { number: 4, endpoint: Endpoint::Other, window: None, profile: None };
    assert!(faults.strike(facts).is_none());
}

#[test]
fn a_fault_is_injected_at_most_times_and_then_the_next_one() {
    let mut faults = armed(&["reset times=2", "close after=3"]);
    let struck: Vec<_> = (1..=5).map(|number| faults.strike(list_request(number, 0, 100))).collect();
    let (reset, close) = (Some(FaultKind::Reset), Some(FaultKind::Close));
    assert_eq!(struck, [reset.clone(), reset, None, close.clone(), close]);
}

#[test]
fn a_rate_is_kept_and_drawn_from_the_seed() {
    let hits = |seed| {
        let mut faults = ArmedFaults::new(vec![fault("reset rate=5%")], seed, 100);
        (1..=10_000).filter(|number| faults.strike(list_request(*number, 0, 100)).is_some()).collect::<Vec<_>>()
    };
    assert!((400..600).contains(&hits(1).len()));
    assert_eq!(hits(1), hits(1));
    assert_ne!(hits(1), hits(2));
}

#[test]
fn a_profile_is_selected_by_its_number() {
    let strikes =
        |text: &str, profile| armed(&[text]).strike(RequestFacts { profile, ..list_request(1, 0, 100) }).is_some();
    assert!(strikes("reset profile=2", Some(2)) && strikes("reset", Some(2)));
    assert!(!strikes("reset profile=2", Some(1)) && !strikes("reset profile=2", None));
    assert!("reset profile=0".parse::<Fault>().is_err());
}

#[test]
fn kinds_of_requests_are_distinguished() {
    let mut faults = armed(&["reset on=contact"]);
    assert!(faults.strike(list_request(1, 0, 100)).is_none());
    assert!(
        faults.strike(RequestFacts { number: 2, endpoint: Endpoint::Contact, window: None, profile: None }).is_some()
    );
}

#[test]
fn a_kind_of_request_is_distinguished_and_other_is_all_but_contacts() {
    let strikes = |text: &str, endpoint| {
        armed(&[text]).strike(RequestFacts { number: 1, endpoint, window: None, profile: None }).is_some()
    };
    for (text, kinds) in [
        ("reset on=list", vec![Endpoint::List]),
        ("reset on=contact", vec![Endpoint::Contact]),
        ("reset on=conversations", vec![Endpoint::Conversations]),
        ("reset on=message", vec![Endpoint::Message]),
        ("reset on=account", vec![Endpoint::Account]),
        ("reset on=other", vec![Endpoint::Conversations, Endpoint::Message, Endpoint::Account, Endpoint::Other]),
    ] {
        for kind in [
            Endpoint::List,
            Endpoint::Contact,
            Endpoint::Conversations,
            Endpoint::Message,
            Endpoint::Account,
            Endpoint::Other,
        ] {
            assert_eq!(strikes(text, kind), kinds.contains(&kind), "{text} {kind:?}");
        }
    }
}
