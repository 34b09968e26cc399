//! The account that a key belongs to, and the profiles that the key may read.
//!
//! `GET /v3/me` returns both (API reference, "Get account"). If the response for an organization lists no profiles, they
//! are read from `GET /v3/sender-profiles`, page by page. Only the ids and names of profiles are decoded: sender profiles
//! contain API keys, which must never reach a log or a file.

use std::fmt;

use bytestring::ByteString;
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::endpoints::{ME, SENDER_PROFILES};
use super::lenient::text;
use super::wire::Envelope;
use super::{Account, ApiError, ApiRequest, Reply, Scope};
use crate::base::printable::printable;

/// Page size of the list of sender profiles: the maximum of sibling lists.
const PAGE_SIZE: usize = 100;

/// More pages than any organization has, so that a list that does not end is not read forever.
const MAX_PAGES: usize = 1_000;

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
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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

    /// The profiles of the organization: those that its identity lists, or else fetched with one request for each hundred
    /// of them. Empty if the key does not belong to an organization.
    ///
    /// # Errors
    /// When a request fails.
    pub async fn profiles(&self, identity: &Identity) -> Result<Vec<Profile>, ApiError> {
        if !identity.is_organization() {
            return Ok(Vec::new());
        }
        if let Some(profiles) = &identity.profiles {
            return Ok(profiles.clone());
        }
        let mut profiles: Vec<Profile> = Vec::new();
        for page in 1..=MAX_PAGES {
            let query = [("page", page.to_string()), ("page_size", PAGE_SIZE.to_string())];
            let name = format!("{} page {page}", SENDER_PROFILES.name);
            // The list refuses a profile header.
            let request = ApiRequest { name: &name, path: SENDER_PROFILES.path, query: &query, scope: Scope::ACCOUNT };
            let decode = |body: &ByteString| Envelope::<SenderProfileList>::from_json(body);
            let found = self.fetch(self.permit().await, &request, decode).await?.data.sender_profiles;
            let mut new = found.unwrap_or_default();
            for profile in &mut new {
                self.clean(profile);
            }
            new.retain(|profile| !profiles.contains(profile));
            if new.is_empty() {
                break;
            }
            profiles.extend(new);
        }
        Ok(profiles)
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
