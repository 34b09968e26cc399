use std::time::Duration;

use super::*;
use crate::api::wire::ErrorBody;
use crate::api::{ApiError, ConnectFailure};
use crate::report::ConsistencyFacts;
use crate::resources::contacts::{BatchBuilder, contacts_schema, decode_page};
use crate::resources::profile_of;

fn child(number: u128, name: Option<&str>) -> ChildProfile {
    ChildProfile { id: uuid::Uuid::from_u128(number), name: name.map(str::to_owned) }
}

fn read(verdict: Verdict, pages: u64, total: Option<u64>) -> ReadReport {
    ReadReport {
        verdict,
        evidence: Vec::new(),
        pages,
        rejected: 1,
        duplicates: 2,
        total_first: total,
        total_last: total,
        consistency: ConsistencyFacts { boundaries_verified: 3, ..ConsistencyFacts::default() },
        not_found: Vec::new(),
        profiles: Vec::new(),
    }
}

fn failed(problem: Problem, end: AttemptsEnd) -> Error {
    Error::Api(ApiError { end, ..ApiError::of_first_page(problem) })
}

fn rejected(status: u16, code: Option<&str>) -> Problem {
    let error = ErrorBody { code: code.map(str::to_owned), ..ErrorBody::default() };
    Problem::Rejected { status, error: Box::new(error), request_id: None }
}

#[test]
fn the_verdict_is_that_of_the_worst_and_counts_add_up() {
    let whole = add_up(None, read(Verdict::Complete, 2, Some(20)));
    let whole = add_up(Some(whole), read(Verdict::Healed, 3, Some(30)));
    assert_eq!((whole.verdict, whole.pages, whole.rejected, whole.duplicates), (Verdict::Healed, 5, 2, 4));
    assert_eq!((whole.total_first, whole.consistency.boundaries_verified), (Some(50), 6));
    assert_eq!(add_up(Some(whole.clone()), read(Verdict::Complete, 1, None)).total_last, None, "one is not known");
    let profiles = [Verdict::Complete, Verdict::Healed].map(|of| facts_of(&child(1, Some("A")), of, Vec::new(), None));
    let concluded = conclude(whole.clone(), profiles.to_vec());
    assert_eq!(concluded.verdict, Verdict::Healed);
    assert_eq!(concluded.evidence[0].text, "2 profiles were read one after another: 1 complete, 1 healed");
    let failure = ProfileFailure { exit_code: 6, text: "refused".to_owned() };
    let failure = facts_of(&child(7, None), Verdict::Unverified, Vec::new(), Some(failure));
    let concluded = conclude(whole, vec![profiles[0].clone(), failure]);
    assert_eq!(concluded.verdict, Verdict::Unverified);
    let id = child(7, None).id;
    assert_eq!(concluded.evidence[0].text, format!("1 profile was not read to its end: {id} (refused)"));
}

#[test]
fn evidence_names_some_of_many_failures() {
    let failure = ProfileFailure { exit_code: 4, text: "gone".to_owned() };
    let profiles: Vec<_> = (0..13)
        .map(|number| {
            let name = format!("P{number}");
            facts_of(&child(number, Some(&name)), Verdict::Unverified, Vec::new(), Some(failure.clone()))
        })
        .collect();
    let concluded = conclude(read(Verdict::Complete, 1, None), profiles);
    let text = &concluded.evidence[0].text;
    assert!(text.starts_with("13 profiles were not read to their end: P0 (gone), "), "{text}");
    assert!(text.ends_with("P9 (gone), 3 others"), "{text}");
}

#[test]
fn what_all_profiles_share_is_no_failure_of_one() {
    let of_profile = [
        (rejected(403, Some("AUTH_004")), AttemptsEnd::Final),
        (rejected(403, None), AttemptsEnd::Final),
        (rejected(404, Some("RESOURCE_004")), AttemptsEnd::Final),
        (rejected(503, None), AttemptsEnd::RetriesUsedUp),
    ];
    for (problem, end) in of_profile {
        let error = failed(problem, end);
        assert!(is_of_profile(&error), "{error}");
    }
    let refused = Problem::ConnectFailed(ConnectFailure::Refused);
    let of_all = [
        (rejected(401, None), AttemptsEnd::Final),
        (rejected(200, Some("AUTH_002")), AttemptsEnd::Final),
        (rejected(407, None), AttemptsEnd::Final),
        (rejected(503, None), AttemptsEnd::BudgetUsedUp { retries: 3 }),
        (Problem::RateLimited { wait: Duration::from_secs(900), request_id: None }, AttemptsEnd::Final),
        (refused, AttemptsEnd::NeverAnswered),
    ];
    for (problem, end) in of_all {
        let error = failed(problem, end);
        assert!(!is_of_profile(&error), "{error}");
    }
    assert!(!is_of_profile(&Error::WriterDied));
}

#[test]
fn a_batch_has_the_rows_of_one_profile_however_few() {
    let page = |ids: &[&str], profile: usize| {
        let contacts: Vec<_> = ids.iter().map(|id| serde_json::json!({"id": id})).collect();
        let body = serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string();
        let page = decode_page(&body.into()).unwrap().data.unwrap().items.unwrap();
        ProfilePage { page, profile }
    };
    let profiles = Arc::from([child(1, Some("A")), child(2, None), child(3, Some("C"))]);
    let schema = with_profile(&contacts_schema());
    let mut batches = ProfileBatches { rows: BatchBuilder::default(), schema, profiles, current: 0 };
    assert!(batches.append(&page(&["a"], 0), &[true]).is_empty());
    assert!(batches.append(&page(&["b", "c"], 0), &[true, false]).is_empty());
    let first = batches.append(&page(&["d"], 2), &[true]);
    let last = batches.finish().unwrap();
    let facts = |batch: &RecordBatch| (profile_of(batch).unwrap().to_owned(), batch.num_rows());
    assert_eq!(first.iter().map(facts).collect::<Vec<_>>(), [(child(1, None).id.to_string(), 2)]);
    assert_eq!(facts(&last), (child(3, None).id.to_string(), 1));
    let mut tally = ProfileTally::new(None);
    first.iter().chain([&last]).for_each(|batch| tally.add_batch(batch));
    let mut counted: Vec<_> =
        [1, 2, 3].map(|id| facts_of(&child(id, None), Verdict::Complete, Vec::new(), None)).into();
    tally.add_to(&mut counted);
    assert_eq!(counted.iter().map(|of| (of.rows, of.reachable)).collect::<Vec<_>>(), [(2, None), (0, None), (1, None)]);
}
