//! Who has a key, and whose contacts a request is about.
//!
//! [`Accounts`] are the organization and its profiles, each with contacts of its own. `state` asks it first who is calling,
//! then in whose name.
//!
//! *Easy to get wrong:* `x-profile-id` works for the organization's key only. An empty header is a malformed id, not the
//! absence of one; a profile's own key gets 403 even for its own id.
//!
//! Ids and names come from the seed. Only the organization's list moves; the lists of profiles stand still.
//!
//! The unit tests go through all combinations of key and header.

use uuid::Uuid;

use super::error_code::ErrorCode;
use super::maker::Maker;
use super::random::{Purpose, draw};
use super::reply::Problem;
use super::request::{Asked, read_id};
use super::settings::{Order, Settings};
use super::world::World;

const NAMES: &[&str] =
    &["Northwind Retail", "Åland Ferries", "Café Señor & Sons", "Blue Yonder", "O'Neill Travel", "東京支店"];

/// The organization and its profiles.
#[derive(Debug)]
pub(super) struct Accounts {
    /// The organization, then its profiles.
    list: Vec<Account>,
    api_key: String,
    profile_api_key: String,
}

/// An organization or a profile.
#[derive(Debug)]
pub(super) struct Account {
    /// Its id.
    pub(super) id: Uuid,
    /// Its name.
    pub(super) name: &'static str,
    /// Its contacts.
    pub(super) world: World,
}

/// The place of an account in [`Accounts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AccountNumber(usize);

impl AccountNumber {
    /// The organization.
    pub(super) const ORGANIZATION: Self = Self(0);
}

impl Accounts {
    /// The accounts of the settings.
    pub(super) fn new(settings: &Settings) -> Self {
        let account = |number: u32, contacts: u32, order: Order| {
            let seed = draw(settings.seed, Purpose::Account, u64::from(number) << 8 | 1);
            let id = Maker { seed, initial: 0, customer_id: None, hostile: false }.id(0);
            let customer_id = settings.customer_id.then_some(id);
            let maker = Maker { seed, initial: contacts, customer_id, hostile: settings.hostile };
            Account { id, name: NAMES[number as usize % NAMES.len()], world: World::new(maker, order) }
        };
        let organization = account(0, settings.contacts, settings.order);
        let profiles = (1..=settings.profiles).map(|number| account(number, settings.profile_contacts, settings.order));
        Self {
            list: std::iter::once(organization).chain(profiles).collect(),
            api_key: settings.api_key.clone(),
            profile_api_key: settings.profile_api_key.clone(),
        }
    }

    /// Whose key the request carries.
    pub(super) fn caller(&self, asked: &Asked) -> Result<AccountNumber, ErrorCode> {
        match asked.header("x-api-key") {
            None | Some("") => Err(ErrorCode::AUTH_001),
            Some(key) if key == self.api_key => Ok(AccountNumber::ORGANIZATION),
            Some(key) if key == self.profile_api_key && self.list.len() > 1 => Ok(AccountNumber(1)),
            Some(_) => Err(ErrorCode::AUTH_002),
        }
    }

    /// In whose name the caller asks.
    pub(super) fn scope(&self, caller: AccountNumber, asked: &Asked) -> Result<AccountNumber, Problem> {
        let Some(text) = asked.header("x-profile-id") else { return Ok(caller) };
        let id = read_id(text, "x-profile-id")?;
        if caller != AccountNumber::ORGANIZATION || self.profiles().is_empty() {
            return Err(ErrorCode::AUTH_004.into());
        }
        let profile = self.list.iter().skip(1).position(|account| account.id == id);
        profile.map(|number| AccountNumber(number + 1)).ok_or_else(|| ErrorCode::RESOURCE_004.into())
    }

    /// An account.
    pub(super) fn account(&self, number: AccountNumber) -> &Account {
        &self.list[number.0]
    }

    /// The contacts of an account.
    pub(super) fn world(&mut self, number: AccountNumber) -> &mut World {
        &mut self.list[number.0].world
    }

    /// The profiles of the organization.
    pub(super) fn profiles(&self) -> &[Account] {
        &self.list[1..]
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime};

    use http::HeaderMap;

    use super::super::settings::{DEFAULT_API_KEY, DEFAULT_PROFILE_API_KEY};
    use super::*;

    fn accounts(profiles: u32) -> Accounts {
        Accounts::new(&Settings { contacts: 10, profile_contacts: 5, profiles, ..Settings::default() })
    }

    fn asked(headers: &[(&'static str, &str)]) -> Asked {
        Asked {
            is_get: true,
            path: String::new(),
            query: String::new(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect::<HeaderMap>(),
            arrived: Instant::now(),
            clock: SystemTime::now(),
        }
    }

    #[test]
    fn a_key_is_missing_wrong_or_somebodys() {
        let accounts = accounts(2);
        let caller = |headers: &[(&'static str, &str)]| accounts.caller(&asked(headers));
        assert_eq!(caller(&[]), Err(ErrorCode::AUTH_001));
        assert_eq!(caller(&[("x-api-key", "")]), Err(ErrorCode::AUTH_001));
        assert_eq!(caller(&[("x-api-key", "wrong")]), Err(ErrorCode::AUTH_002));
        assert_eq!(caller(&[("x-api-key", DEFAULT_API_KEY)]), Ok(AccountNumber(0)));
        assert_eq!(caller(&[("x-api-key", DEFAULT_PROFILE_API_KEY)]), Ok(AccountNumber(1)));
    }

    #[test]
    fn a_profile_is_asked_for_by_its_id_with_the_organizations_key() {
        let accounts = accounts(2);
        let scope = |caller: usize, id: &str| {
            accounts.scope(AccountNumber(caller), &asked(&[("x-profile-id", id)])).map_err(|problem| problem.code)
        };
        let second = accounts.profiles()[1].id.to_string();
        assert_eq!(scope(0, &second), Ok(AccountNumber(2)));
        assert_eq!(scope(0, ""), Err(ErrorCode::VALIDATION_003));
        assert_eq!(scope(0, "not-an-id"), Err(ErrorCode::VALIDATION_003));
        assert_eq!(scope(0, "6ba7b810-9dad-41d1-80b4-00c04fd430c8"), Err(ErrorCode::RESOURCE_004));
        assert_eq!(scope(1, &second), Err(ErrorCode::AUTH_004));
        assert_eq!(accounts.scope(AccountNumber(1), &asked(&[])), Ok(AccountNumber(1)));
    }

    #[test]
    fn a_plain_user_has_no_profiles_to_ask_for() {
        let accounts = accounts(0);
        let asked = asked(&[("x-profile-id", "6ba7b810-9dad-41d1-80b4-00c04fd430c8")]);
        assert_eq!(accounts.scope(AccountNumber(0), &asked), Err(ErrorCode::AUTH_004.into()));
    }

    #[test]
    fn accounts_have_contacts_of_their_own() {
        let accounts = accounts(1);
        let (organization, profile) = (&accounts.list[0].world, &accounts.list[1].world);
        assert_eq!((organization.len(), profile.len()), (10, 5));
        assert_ne!(organization.contact(0).id, profile.contact(0).id);
    }
}
