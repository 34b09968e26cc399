//! Checks of the account: the owner of the key, and what it can read.

use std::time::{Duration, SystemTime};

use bytestring::ByteString;
use serde::Deserialize;
use uuid::Uuid;

use crate::api::endpoints::{self, ListEndpoint, RowEndpoint};
use crate::api::wire::{Envelope, IgnoredJson, Pagination};
use crate::api::{Account, AccountKind, ApiError, ApiRequest, Identity, Problem, Reply, Scope};
use crate::base::plural::{count_of, grouped};
use crate::config::{PaceConfig, ProfileChoice};
use crate::error::Error;

use super::finding::DoctorFindings;

/// Largest page of the API (API reference, "Pagination").
const PAGE_SIZE: u32 = 100;
/// Maximum tolerated clock difference. It matters because times of runs and ages in reports come from the local clock.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(30);
/// Maximum number of profiles that are listed.
const MAX_NAMES: usize = 5;

/// What the checks of an account need.
pub(super) struct AccountChecks<'a> {
    /// Whose rows are to be read.
    pub(super) scope: Scope,
    /// The chosen profiles, if several are read.
    pub(super) choice: Option<&'a ProfileChoice>,
    /// The resources.
    pub(super) asked: &'a [&'a str],
}

/// Checks the key and the endpoints of the resources.
pub(super) async fn check(
    account: &Account,
    checked: &AccountChecks<'_>,
    pace: &PaceConfig,
    findings: &mut DoctorFindings,
) -> Result<(), Error> {
    let &AccountChecks { scope, choice, asked } = checked;
    let identity = match account.identity(scope).await {
        Ok(reply) => reply,
        Err(error) => {
            let is_unreachable = matches!(error.problem, Problem::ConnectFailed(_));
            let is_key_refused = error.problem.status() == Some(401);
            findings.failed("key", &Error::Api(error))?;
            if is_unreachable || is_key_refused {
                return findings.skip("account", "the API did not identify the key");
            }
            return check_endpoints(account, scope, asked, findings).await;
        }
    };
    findings.ok("key", &describe(&identity.data))?;
    if identity.data.is_organization() && scope.profile_id().is_none() {
        check_profiles(account, &identity.data, findings).await?;
    }
    check_clock(&identity, findings)?;
    check_quota(&identity, pace, findings)?;
    match choice {
        Some(choice) => check_chosen(account, choice, (&identity.data, asked), findings).await,
        None => check_endpoints(account, scope, asked, findings).await,
    }
}

/// Reads the first page of each chosen profile's lists.
async fn check_chosen(
    account: &Account,
    choice: &ProfileChoice,
    (identity, asked): (&Identity, &[&str]),
    findings: &mut DoctorFindings,
) -> Result<(), Error> {
    if let Err(error) = ProfileChoice::check_key(identity) {
        return findings.failed("profiles", &error.into());
    }
    let chosen = match account.profiles(identity).await {
        Ok(profiles) => choice.of(&profiles),
        Err(error) => return findings.failed("profiles", &Error::Api(error)),
    };
    let chosen = match chosen {
        Ok(chosen) => chosen,
        Err(error) => return findings.failed("profiles", &error.into()),
    };
    let lists = [endpoints::CONTACTS, endpoints::CONVERSATIONS];
    for profile in &chosen {
        for endpoint in lists.into_iter().filter(|endpoint| asked.contains(&endpoint.name)) {
            let list = ProfileList { scope: Scope::profile(profile.id), label: &format!("{profile}: ") };
            check_list(account, list, endpoint, findings).await?;
        }
    }
    Ok(())
}

fn describe(identity: &Identity) -> String {
    let kind = identity.kind.map_or("account", AccountKind::name);
    let name = identity.name.as_deref().map(|name| format!(" {name:?}")).unwrap_or_default();
    let id = identity.id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
    let status = identity.status.as_deref().map(|status| format!(", {status}")).unwrap_or_default();
    format!("accepted: {kind}{name}{id}{status}")
}

async fn check_profiles(account: &Account, identity: &Identity, findings: &mut DoctorFindings) -> Result<(), Error> {
    let profiles = match account.profiles(identity).await {
        Ok(profiles) => profiles,
        Err(error) => return findings.failed("profiles", &Error::Api(error)),
    };
    let names: Vec<&str> = profiles.iter().filter_map(|profile| profile.name.as_deref()).take(MAX_NAMES).collect();
    let more = if profiles.len() > names.len() { ", ..." } else { "" };
    let listed = if names.is_empty() { String::new() } else { format!(": {}{more}", names.join(", ")) };
    findings.ok("profiles", &format!("{}{listed}", count_of(profiles.len() as u64, "profile", "profiles")))
}

fn check_clock(reply: &Reply<Identity>, findings: &mut DoctorFindings) -> Result<(), Error> {
    let (ahead, behind) = skew(reply.arrived_at, reply.answered_at);
    let skew = ahead.max(behind);
    if skew <= MAX_CLOCK_SKEW {
        return findings.ok("clock", "agrees with the server's");
    }
    let side = if ahead > behind { "ahead of" } else { "behind" };
    let text = format!("{} s {side} the server's", skew.as_secs());
    findings.warn(
        "clock",
        &text,
        "synchronize this machine's clock (NTP): times in manifests and reports are wrong by that much",
    )
}

/// How far the local clock is ahead of the server's, and how far behind; one of them is zero.
fn skew(here: SystemTime, there: SystemTime) -> (Duration, Duration) {
    let since = |later: SystemTime, earlier| later.duration_since(earlier).unwrap_or_default();
    (since(here, there), since(there, here))
}

fn check_quota(reply: &Reply<Identity>, pace: &PaceConfig, findings: &mut DoctorFindings) -> Result<(), Error> {
    let left = reply.rate_limit_remaining.map(|left| format!(", {left} left")).unwrap_or_default();
    let Some(limit) = reply.rate_limit else {
        return findings.ok("quota", &format!("the API does not report its limit{left}"));
    };
    let text = format!("{limit} requests a minute{left}");
    match pace.requests_in(Duration::from_secs(60)) {
        Some(ours) if ours > u64::from(limit) => findings.warn(
            "quota",
            &format!("{text}, but up to {ours} a minute would be sent"),
            &format!("lower the rate: --rate-limit {limit}/min"),
        ),
        _ => findings.ok("quota", &text),
    }
}

/// Requests every endpoint of the resources once.
async fn check_endpoints(
    account: &Account,
    scope: Scope,
    asked: &[&str],
    findings: &mut DoctorFindings,
) -> Result<(), Error> {
    let is_selected = |name: &str| asked.contains(&name);
    if is_selected(endpoints::CONTACTS.name) {
        let contact = check_list(account, scope.into(), endpoints::CONTACTS, findings).await?;
        check_row(account, scope, ("contact", endpoints::CONTACT, contact), findings).await?;
    }
    // Activities are requested by the ids of messages.
    if is_selected(endpoints::CONVERSATIONS.name) || is_selected("activities") {
        let message = check_list(account, scope.into(), endpoints::CONVERSATIONS, findings).await?;
        if is_selected("activities") {
            check_row(account, scope, ("activities", endpoints::ACTIVITIES, message), findings).await?;
        }
    }
    Ok(())
}

/// The fields of a list that the checks need.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AnyList {
    #[serde(alias = "contacts", alias = "messages")]
    rows: Option<Vec<Option<AnyRow>>>,
    pagination: Option<Pagination>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AnyRow {
    id: Option<String>,
}

/// The list to check.
struct ProfileList<'a> {
    scope: Scope,
    /// Prefix of the finding; empty unless there are several lists.
    label: &'a str,
}

impl From<Scope> for ProfileList<'_> {
    fn from(scope: Scope) -> Self {
        Self { scope, label: "" }
    }
}

/// Reads the first page of a list, and reports the length of the list and the page size. Returns the id of a row.
async fn check_list(
    account: &Account,
    ProfileList { scope, label }: ProfileList<'_>,
    endpoint: ListEndpoint,
    findings: &mut DoctorFindings,
) -> Result<Option<Uuid>, Error> {
    let mut size = PAGE_SIZE;
    let page = loop {
        match first_page(account, scope, endpoint, size).await {
            Ok(reply) => break reply.data,
            Err(error) => match endpoints::smaller_page_size(&error.problem, size) {
                Some(smaller) => size = smaller,
                None => return findings.failed_for(endpoint.name, label, &Error::Api(error)).map(|()| None),
            },
        }
    };
    let paging = page.pagination.unwrap_or_default();
    let honored = paging.page_size.unwrap_or(size);
    let total =
        paging.total_count.map_or_else(|| "readable".to_owned(), |total| format!("{} in the list", grouped(total)));
    let pages = if honored == PAGE_SIZE {
        format!("pages of {PAGE_SIZE}")
    } else {
        format!("pages of {honored}, not {PAGE_SIZE}: an export takes more requests")
    };
    findings.ok(endpoint.name, &format!("{label}{total}, {pages}"))?;
    let mut ids = page.rows.unwrap_or_default().into_iter().flatten().filter_map(|row| row.id);
    Ok(ids.find_map(|id| Uuid::try_parse(&id).ok()))
}

async fn first_page(
    account: &Account,
    scope: Scope,
    endpoint: ListEndpoint,
    size: u32,
) -> Result<Reply<AnyList>, ApiError> {
    let query = [("page", "1".to_owned()), ("page_size", size.to_string())];
    let name = format!("{} page 1 ({size} per page)", endpoint.name);
    let request = ApiRequest { name: &name, path: endpoint.path, query: &query, scope };
    account.fetch(account.permit().await, &request, |body: &ByteString| Envelope::from_json(body)).await
}

/// Reads one row by id, if there is one.
async fn check_row(
    account: &Account,
    scope: Scope,
    (name, endpoint, id): (&str, RowEndpoint, Option<Uuid>),
    findings: &mut DoctorFindings,
) -> Result<(), Error> {
    let Some(id) = id else { return findings.skip(name, "there is no id to request") };
    let (request_name, path) = (endpoint.request_name(id), endpoint.path(id));
    let request = ApiRequest { name: &request_name, path: &path, query: &[], scope };
    let decode = |body: &ByteString| Envelope::<IgnoredJson>::from_json(body);
    match account.fetch(account.permit().await, &request, decode).await {
        // The row was deleted after the list was read.
        Err(error) if endpoint.is_not_found(&error.problem) => findings.ok(name, "readable by id"),
        Err(error) => findings.failed(name, &Error::Api(error)),
        Ok(_) => findings.ok(name, "readable by id"),
    }
}
