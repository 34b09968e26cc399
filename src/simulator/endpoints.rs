//! The data that each endpoint answers with.
//!
//! One function an endpoint, called by `state` once key, limit and faults have let the request through. Each either writes
//! `data` into an envelope or gives back the [`Problem`] it found.
//!
//! *Easy to get wrong:* a page past the end is a success with an empty list, but a `phone` that nobody has is a 404. An id is
//! checked for its form before it is looked up.
//!
//! Summaries and activities are invented from the id, plausible and always the same. There are a million messages; see
//! [`message_id`].
//!
//! The tests of the server look at each answer.

use uuid::Uuid;

use super::accounts::{AccountNumber, Accounts};
use super::error_code::ErrorCode;
use super::json::JsonText;
use super::maker::Maker;
use super::random::{Draws, Purpose, mix};
use super::reply::{Meta, Problem, Reply};
use super::request::{ListQuery, Route, read_id};
use super::times::{DAY, SECOND, Ticks, Zone};

/// How many messages there are.
pub(super) const MESSAGES: u32 = 1_000_000;

/// Bytes that a contact takes in JSON, a little more than the average.
const CONTACT_BYTES: usize = 640;

/// The first of July 2025, around which messages were sent.
const SUMMER: Ticks = Ticks(20_270 * DAY);

/// The id of a message.
pub(super) fn message_id(seed: u64, number: u32) -> Uuid {
    messages(seed).id(number)
}

/// Ids of messages are made like those of contacts.
fn messages(seed: u64) -> Maker {
    Maker { seed: mix(seed ^ Purpose::Messages as u64), initial: MESSAGES, customer_id: None, hostile: false }
}

/// A page of the list of contacts, with no more than `most_rows` of its rows.
pub(super) fn contacts(
    accounts: &mut Accounts,
    scope: AccountNumber,
    query: &ListQuery,
    most_rows: usize,
    request: u64,
    meta: &Meta,
) -> Result<Reply, Problem> {
    let world = accounts.world(scope);
    let window = world.window(&query.filter, query.offset(), query.page_size, request);
    if window.total == 0 && query.filter.phone.is_some() {
        return Err(ErrorCode::RESOURCE_001.into());
    }
    Ok(meta.success(window.indexes.len() * CONTACT_BYTES, |json| {
        json.raw("{\"contacts\":[");
        for (position, index) in window.indexes.iter().take(most_rows).enumerate() {
            if position > 0 {
                json.raw(",");
            }
            world.contact(*index).write(json);
        }
        json.raw("],\"pagination\":");
        pagination(json, query.page, query.page_size, window.total);
        json.raw("}");
    }))
}

fn pagination(json: &mut JsonText, page: u32, page_size: u32, total: u32) {
    let total_pages = total.div_ceil(page_size.max(1));
    json.raw("{");
    json.number_member("page", u64::from(page));
    json.number_member("page_size", u64::from(page_size));
    json.number_member("total_count", u64::from(total));
    json.number_member("total_pages", u64::from(total_pages));
    json.flag_member("has_more", Some(page < total_pages));
    json.raw_member("cursors", "null");
    json.raw("}");
}

/// One contact, or its summary.
pub(super) fn contact(
    accounts: &mut Accounts,
    scope: AccountNumber,
    route: &Route,
    meta: &Meta,
) -> Result<Reply, Problem> {
    let (Route::Contact(text) | Route::MessageSummary(text)) = route else {
        return Err(ErrorCode::NO_SUCH_PATH.into());
    };
    let id = read_id(text, "id")?;
    let world = accounts.world(scope);
    let index = world.index_of(id).filter(|index| world.is_present(*index)).ok_or(ErrorCode::RESOURCE_001)?;
    Ok(meta.success(CONTACT_BYTES, |json| match route {
        Route::MessageSummary(_) => message_summary(json, id),
        _ => world.contact(index).write(json),
    }))
}

/// Draws that belong to an id.
fn draws_of(id: Uuid) -> Draws {
    let (high, low) = id.as_u64_pair();
    Draws::new(high, Purpose::Messages, low)
}

fn message_summary(json: &mut JsonText, id: Uuid) {
    let mut draws = draws_of(id);
    let count = draws.below(60);
    let first = Ticks(SUMMER.0 - i64::from(draws.below(400)) * DAY - i64::from(draws.below(86_400)) * SECOND);
    let last = Ticks(first.0 + i64::from(count) * DAY + i64::from(draws.below(86_400)) * SECOND);
    let text = |ticks: Ticks| (count > 0).then(|| ticks.text(Zone::Letter));
    let used: &[&str] =
        if count == 0 { &[] } else { draws.pick::<&[&str]>(&[&["sms"], &["whatsapp"], &["sms", "whatsapp"]]) };
    json.raw("{");
    json.verbatim_member("contact_id", Some(&id.to_string()));
    json.number_member("message_count", u64::from(count));
    json.verbatim_member("first_message_at", text(first).as_deref());
    json.verbatim_member("last_message_at", text(last).as_deref());
    let names: Vec<String> = used.iter().map(|channel| format!("\"{channel}\"")).collect();
    json.raw_member("channels_used", &format!("[{}]", names.join(",")));
    let scores: Vec<String> = names
        .iter()
        .map(|channel| {
            let failed = draws.below(20);
            format!("{{\"channel\":{channel},\"success_score\":{},\"fail_score\":{failed}}}", 100 - failed)
        })
        .collect();
    json.raw_member("channel_scores", &format!("[{}]", scores.join(",")));
    json.raw("}");
}

/// What happened to a message, the newest first.
pub(super) fn activities(seed: u64, text: &str, meta: &Meta) -> Result<Reply, Problem> {
    let id = read_id(text, "id")?;
    let known = messages(seed).index_of(id).is_some_and(|number| number < MESSAGES);
    if !known {
        return Err(ErrorCode::RESOURCE_003.into());
    }
    let mut draws = draws_of(id);
    let outcome = *draws.pick::<&[&str]>(&[
        &["QUEUED", "PROCESSED", "ROUTED", "SENT", "DELIVERED", "READ"],
        &["QUEUED", "PROCESSED", "ROUTED", "SENT", "DELIVERED"],
        &["QUEUED", "SCHEDULED", "PROCESSED", "ROUTED", "SENT"],
        &["QUEUED", "PROCESSED", "ROUTED", "FAILED"],
        &["RECEIVED"],
    ]);
    let start = SUMMER.0 + i64::from(draws.below(86_400 * 60)) * SECOND + i64::from(draws.below(10_000_000));
    Ok(meta.success(2_048, |json| {
        json.raw("{");
        json.verbatim_member("message_id", Some(&id.to_string()));
        json.key("activities");
        json.raw("[");
        for (step, status) in outcome.iter().enumerate().rev() {
            if step + 1 < outcome.len() {
                json.raw(",");
            }
            let pause = i64::try_from(step).unwrap_or_default() * 40 * SECOND + i64::from(draws.below(300_000_000));
            activity(json, status, Ticks(start + pause), &mut draws);
        }
        json.raw("]");
        json.key("pagination");
        pagination(json, 1, 100, u32::try_from(outcome.len()).unwrap_or_default());
        json.raw("}");
    }))
}

fn activity(json: &mut JsonText, status: &str, at: Ticks, draws: &mut Draws) {
    json.raw("{");
    json.text_member("status", Some(status));
    let description = format!("Message {}", status.to_lowercase());
    json.text_member("description", Some(&description));
    let from = (status != "QUEUED" && draws.in_thousand(800)).then_some("+12025550100");
    json.text_member("from", from);
    json.verbatim_member("timestamp", Some(&at.text(Zone::Letter)));
    let priced = matches!(status, "SENT" | "DELIVERED" | "READ");
    let price = |amount: u32| priced.then(|| format!("0.{amount:04}"));
    json.verbatim_member("price", price(draws.below(900)).as_deref());
    json.verbatim_member("active_contact_price", price(draws.below(100)).as_deref());
    if status == "FAILED" {
        json.text_member("reason_code", Some("DELIVERY_007"));
        json.text_member("reason", Some("The recipient is not registered on this channel"));
    }
    if status == "SCHEDULED" {
        json.verbatim_member("scheduled_at", Some(&Ticks(at.0 + 3_600 * SECOND).text(Zone::Letter)));
    }
    json.raw("}");
}

/// The account in whose name is asked.
pub(super) fn me(accounts: &Accounts, scope: AccountNumber, meta: &Meta) -> Reply {
    let account = accounts.account(scope);
    let is_organization = scope == AccountNumber::ORGANIZATION;
    let kind = match (is_organization, accounts.profiles().is_empty()) {
        (true, false) => "organization",
        (true, true) => "user",
        (false, _) => "profile",
    };
    meta.success(2_048, |json| {
        json.raw("{");
        json.verbatim_member("id", Some(&account.id.to_string()));
        json.text_member("type", Some(kind));
        json.text_member("name", Some(account.name));
        json.text_member("email", Some("owner+simulated@example.com"));
        json.verbatim_member("created_at", Some("2019-01-01T00:00:00Z"));
        json.raw_member(
            "channels",
            "{\"sms\":{\"configured\":true,\"phone_number\":\"\\u002B12025550100\"},\
             \"whatsapp\":{\"configured\":false,\"phone_number\":null,\"business_name\":null},\
             \"rcs\":{\"configured\":false,\"phone_number\":null}}",
        );
        if !is_organization {
            let organization = accounts.account(AccountNumber::ORGANIZATION).id.to_string();
            json.verbatim_member("organization_id", Some(&organization));
            json.text_member("status", Some("approved"));
        }
        json.key("profiles");
        profile_list(json, accounts, is_organization);
        json.raw("}");
    })
}

/// The profiles of the organization.
pub(super) fn profiles(accounts: &Accounts, scope: AccountNumber, meta: &Meta) -> Result<Reply, Problem> {
    if scope != AccountNumber::ORGANIZATION {
        return Err(ErrorCode::AUTH_004.into());
    }
    let count = u32::try_from(accounts.profiles().len()).unwrap_or_default();
    Ok(meta.success(4_096, |json| {
        json.raw("{");
        json.key("profiles");
        profile_list(json, accounts, true);
        json.key("pagination");
        pagination(json, 1, count.max(1), count);
        json.raw("}");
    }))
}

fn profile_list(json: &mut JsonText, accounts: &Accounts, is_shown: bool) {
    let shown = if is_shown { accounts.profiles() } else { &[] };
    json.raw("[");
    for (number, profile) in shown.iter().enumerate() {
        if number > 0 {
            json.raw(",");
        }
        json.raw("{");
        json.verbatim_member("id", Some(&profile.id.to_string()));
        json.text_member("name", Some(profile.name));
        json.text_member("short_name", Some(&format!("P{}", number + 1)));
        json.text_member("status", Some("approved"));
        json.verbatim_member("created_at", Some("2022-05-01T08:30:00.25Z"));
        json.raw("}");
    }
    json.raw("]");
}
