//! The account that a key belongs to, and the profiles that the key may read.
//!
//! `GET /v3/me` returns both (API reference, "Get account"). If the response for an organization lists no profiles, they
//! are read from `GET /v3/sender-profiles`, page by page. Only the ids and names of profiles are decoded: sender profiles
//! contain API keys, which must never reach a log or a file.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use bytestring::ByteString;
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::endpoints::{ME, SENDER_PROFILES};
use super::lenient::text;
use super::wire::Envelope;
use super::{Account, ApiError, ApiRequest, AttemptsEnd, Problem, Reply, Scope};
use crate::base::plural::grouped;
use crate::base::printable::printable;

/// Page size of the list of sender profiles: the maximum of sibling lists.
const PAGE_SIZE: usize = 100;

/// Maximum number of requests for the list of profiles, so that a list that does not end is not read forever.
const MAX_REQUESTS: u64 = 1_000;

/// The account that a key belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Id of the account.
    #[serde(deserialize_with = "text")]
    pub id: Option<String>,
    /// What kind of account it is.
    #[serde(rename = "type", deserialize_with = "kind")]
    pub kind: Option<AccountKind>,
    /// Name of the account.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// `approved`, or what is still missing.
    #[serde(deserialize_with = "text")]
    pub status: Option<String>,
    /// The profiles of an organization, if the response lists them.
    pub profiles: Option<Vec<Profile>>,
}

/// What a key can belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// An organization, which may have profiles.
    Organization,
    /// An account without profiles.
    User,
    /// One profile of an organization.
    Profile,
}

impl AccountKind {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::User => "user",
            Self::Profile => "profile",
        }
    }
}

/// Reads a kind; `None` if it is not documented.
fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AccountKind>, D::Error> {
    const ALL: [AccountKind; 3] = [AccountKind::Organization, AccountKind::User, AccountKind::Profile];
    let name = text(deserializer)?;
    Ok(ALL.into_iter().find(|kind| name.as_deref() == Some(kind.name())))
}

impl Identity {
    /// Whether the key reads the profiles of an organization.
    pub fn is_organization(&self) -> bool {
        self.kind == Some(AccountKind::Organization)
    }
}

/// A profile of an organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Its id, as sent in the header of requests for it.
    #[serde(deserialize_with = "text")]
    pub id: Option<String>,
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// Its short name.
    #[serde(deserialize_with = "text")]
    pub short_name: Option<String>,
}

impl Profile {
    /// Its id, if that is a UUID.
    pub fn uuid(&self) -> Option<Uuid> {
        self.id.as_deref().and_then(|id| Uuid::try_parse(id).ok())
    }
}

/// A profile whose rows can be requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildProfile {
    /// Its id.
    pub id: Uuid,
    /// Its name, if it has one.
    pub name: Option<String>,
}

impl fmt::Display for ChildProfile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(formatter, "{} ({})", printable(name), self.id),
            None => self.id.fmt(formatter),
        }
    }
}

#[derive(Deserialize)]
struct SenderProfileList {
    #[serde(default)]
    sender_profiles: Option<Vec<Profile>>,
}

/// The profiles that were read from their list.
#[derive(Default)]
struct DistinctProfiles {
    /// Each once, in the order of the list.
    profiles: Vec<Profile>,
    known: HashSet<Profile>,
    requests: u64,
}

impl DistinctProfiles {
    /// Adds those that are new.
    fn add(&mut self, found: Vec<Profile>) {
        let known = &mut self.known;
        self.profiles.extend(found.into_iter().filter(|profile| known.insert(profile.clone())));
    }
}

impl Account {
    /// Fetches the account that the key belongs to, with one request.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn identity(&self, scope: Scope) -> Result<Reply<Identity>, ApiError> {
        let request = ApiRequest { name: "account", path: ME, query: &[], scope };
        let decode = |body: &ByteString| Envelope::<Identity>::from_json(body);
        let mut reply = self.fetch(self.permit().await, &request, decode).await?;
        let Identity { id, name, status, profiles, .. } = &mut reply.data;
        for text in [id, name, status] {
            self.hide_secrets(text);
        }
        for profile in profiles.iter_mut().flatten() {
            self.clean(profile);
        }
        Ok(reply)
    }

    /// The profiles of the organization: those that its identity lists, or else those of their own list. Empty if the key
    /// does not belong to an organization.
    ///
    /// *Easy to get wrong:* a profile that is added or removed while the list is read moves others to pages that were read
    /// already. A list of several pages is therefore read again, until that finds no new profile.
    ///
    /// # Errors
    /// When a request fails, or the list does not end.
    pub async fn profiles(&self, identity: &Identity) -> Result<Vec<Profile>, ApiError> {
        if !identity.is_organization() {
            return Ok(Vec::new());
        }
        if let Some(profiles) = &identity.profiles {
            return Ok(profiles.clone());
        }
        let mut list = DistinctProfiles::default();
        loop {
            let before = list.profiles.len();
            let pages = self.read_profiles(&mut list).await?;
            if pages <= 1 || list.profiles.len() == before {
                return Ok(list.profiles);
            }
        }
    }

    /// Reads the list of profiles once, adds the new ones to `list`, and returns the number of pages with rows.
    async fn read_profiles(&self, list: &mut DistinctProfiles) -> Result<u64, ApiError> {
        let mut in_list = HashSet::new();
        for page in 1_u64.. {
            let name = format!("{} page {page}", SENDER_PROFILES.name);
            if list.requests == MAX_REQUESTS {
                return Err(self.endless(&name));
            }
            list.requests += 1;
            let query = [("page", page.to_string()), ("page_size", PAGE_SIZE.to_string())];
            // The list refuses a profile header.
            let request = ApiRequest { name: &name, path: SENDER_PROFILES.path, query: &query, scope: Scope::ACCOUNT };
            let decode = |body: &ByteString| Envelope::<SenderProfileList>::from_json(body);
            let found = self.fetch(self.permit().await, &request, decode).await?.data.sender_profiles;
            let mut found = found.unwrap_or_default();
            for profile in &mut found {
                self.clean(profile);
            }
            let in_list_before = in_list.len();
            in_list.extend(found.iter().cloned());
            if in_list.len() == in_list_before {
                return Ok(page - 1);
            }
            list.add(found);
        }
        unreachable!("the number of requests is limited")
    }

    /// The error of a list of profiles that does not end.
    fn endless(&self, request: &str) -> ApiError {
        let reason = format!("the list of profiles does not end after {} requests", grouped(MAX_REQUESTS)).into();
        ApiError {
            request: request.into(),
            account: Box::new(self.requested()),
            problem: Problem::Unreadable { status: 200, reason, request_id: None },
            attempts: 1,
            elapsed: Duration::ZERO,
            end: AttemptsEnd::Final,
            source: None,
        }
    }

    fn clean(&self, profile: &mut Profile) {
        let Profile { id, name, short_name } = profile;
        for text in [id, name, short_name] {
            self.hide_secrets(text);
        }
    }

    /// Removes a text that contains the key, which a server may send back.
    fn hide_secrets(&self, text: &mut Option<String>) {
        text.take_if(|text| self.is_secret(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_read_whatever_is_missing_or_new() {
        let read = |json: &str| Envelope::<Identity>::from_json(json).unwrap().data.unwrap();
        let organization = read(
            r#"{"success": true, "data": {"id": "a", "type": "organization", "name": "Acme", "new": [1], "profiles":
               [{"id": "6f9619ff-8b86-4011-b42d-00cf4fc964ff", "name": "North", "api_key": "secret"}, {"id": 7}]}}"#,
        );
        assert!(organization.is_organization());
        let profiles = organization.profiles.unwrap();
        assert_eq!(profiles[0].uuid().unwrap().to_string(), "6f9619ff-8b86-4011-b42d-00cf4fc964ff");
        assert_eq!((profiles[0].name.as_deref(), profiles[1].uuid()), (Some("North"), None));
        let nameless = read(r#"{"success": true, "data": {"type": null, "profiles": null}}"#);
        assert!(!nameless.is_organization() && nameless.profiles.is_none());
    }
}
