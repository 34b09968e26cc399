//! Authentication, and the accounts that requests read from.
//!
//! [`Accounts`] are the organization and its profiles, each with its own contacts. `state` looks up the caller by its
//! key, then the account that `x-profile-id` selects.
//!
//! *Easy to get wrong:* `x-profile-id` works only with the organization's key. An empty header is a malformed id, not a
//! missing one; a profile's own key gets a 403 even for its own id.
//!
//! Ids and names are derived from the seed. The organization's list either contains only its own contacts, next to
//! separate lists of the profiles; or it contains all contacts, and each profile sees its own part. In the first case
//! only the organization's list changes.
//!
//! The unit tests cover all combinations of key and header.

use uuid::Uuid;

use super::error_code::ErrorCode;
use super::mailbox::Mailbox;
use super::maker::Maker;
use super::message_maker::Sender;
use super::pool::Pool;
use super::random::{DrawPurpose, draw};
use super::reply::Refusal;
use super::request::{Asked, read_id};
use super::settings::{OrganizationLists, Settings};
use super::templates::Templates;
use super::world::World;

const NAMES: &[&str] =
    &["Northwind Retail", "Åland Ferries", "Café Señor & Sons", "Blue Yonder", "O'Neill Travel", "東京支店"];

/// The organization and its profiles.
#[derive(Debug)]
pub(super) struct Accounts {
    /// The organization, then its profiles.
    list: Vec<SimulatedAccount>,
    /// Whether the organization's list contains all contacts.
    wide: bool,
    api_key: String,
    profile_api_key: String,
}

/// An organization or a profile.
#[derive(Debug)]
pub(super) struct SimulatedAccount {
    /// Its id.
    pub(super) id: Uuid,
    /// Its name.
    pub(super) name: &'static str,
    /// Its contacts; those of all accounts, if the organization's list is wide.
    pub(super) world: World,
    /// The messages to and from these contacts.
    pub(super) mailbox: Mailbox,
}

/// Where the contacts and messages of an account are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Books {
    /// The account that stores them.
    pub(super) holder: AccountNumber,
    /// Whose rows to select, if the holder stores those of several accounts.
    pub(super) owner: Option<usize>,
}

/// The position of an account in [`Accounts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AccountNumber(usize);

impl AccountNumber {
    /// The organization.
    pub(super) const ORGANIZATION: Self = Self(0);

    /// The number of the profile, from 1; `None` for the organization.
    pub(super) fn profile(self) -> Option<usize> {
        (self != Self::ORGANIZATION).then_some(self.0)
    }
}

impl Accounts {
    /// Creates the accounts that the settings describe.
    pub(super) fn new(settings: &Settings) -> Self {
        let seed = |number: u32| draw(settings.seed, DrawPurpose::Account, u64::from(number) << 8 | 1);
        let id = |number: u32| Maker { seed: seed(number), initial: 0, customer_id: None, hostile: false }.id(0);
        let maker = |number: u32| Maker {
            seed: seed(number),
            initial: if number == 0 { settings.contacts } else { settings.profile_contacts },
            customer_id: settings.customer_id.then_some(id(number)),
            hostile: settings.hostile,
        };
        let sender =
            |number: u32| Sender { customer_id: id(number), templates: Templates::new(seed(number), id(number)) };
        let wide = settings.lists == OrganizationLists::Wide && settings.profiles > 0;
        let account = |number: u32| {
            let (pool, senders) = match (wide, number) {
                (true, 0) => {
                    let everybody = 0..=settings.profiles;
                    (Pool::new(everybody.clone().map(maker).collect()), everybody.map(sender).collect())
                }
                (true, _) => (Maker { initial: 0, ..maker(number) }.into(), vec![sender(number)]),
                (false, _) => (maker(number).into(), vec![sender(number)]),
            };
            let count = messages_for(settings, pool.initial(), number > 0);
            // The ids of the organization's messages come from the seed alone.
            let mailbox_seed = if number == 0 { settings.seed } else { seed(number) };
            let mailbox = Mailbox::new(settings, mailbox_seed, pool.initial(), count, senders);
            let name = NAMES[number as usize % NAMES.len()];
            SimulatedAccount { id: id(number), name, world: World::new(pool, settings.order), mailbox }
        };
        Self {
            list: (0..=settings.profiles).map(account).collect(),
            wide,
            api_key: settings.api_key.clone(),
            profile_api_key: settings.profile_api_key.clone(),
        }
    }

    /// Returns where the contacts and messages of an account are stored.
    pub(super) fn books(&self, number: AccountNumber) -> Books {
        if self.wide {
            let owner = (number != AccountNumber::ORGANIZATION).then_some(number.0);
            Books { holder: AccountNumber::ORGANIZATION, owner }
        } else {
            Books { holder: number, owner: None }
        }
    }

    /// The account of the profile with this id.
    pub(super) fn profile(&self, id: Uuid) -> Option<AccountNumber> {
        self.profiles().iter().position(|account| account.id == id).map(|number| AccountNumber(number + 1))
    }

    /// The account that the request's key belongs to.
    pub(super) fn caller(&self, asked: &Asked) -> Result<AccountNumber, ErrorCode> {
        match asked.header("x-api-key") {
            None | Some("") => Err(ErrorCode::AUTH_001),
            Some(key) if key == self.api_key => Ok(AccountNumber::ORGANIZATION),
            Some(key) if key == self.profile_api_key && self.list.len() > 1 => Ok(AccountNumber(1)),
            Some(_) => Err(ErrorCode::AUTH_002),
        }
    }

    /// The account that the caller reads.
    pub(super) fn scope(&self, caller: AccountNumber, asked: &Asked) -> Result<AccountNumber, Refusal> {
        let Some(text) = asked.header("x-profile-id") else { return Ok(caller) };
        let id = read_id(text, "x-profile-id")?;
        if caller != AccountNumber::ORGANIZATION || self.profiles().is_empty() {
            return Err(ErrorCode::AUTH_004.into());
        }
        self.profile(id).ok_or_else(|| ErrorCode::RESOURCE_004.into())
    }

    /// An account.
    pub(super) fn account(&self, number: AccountNumber) -> &SimulatedAccount {
        &self.list[number.0]
    }

    /// An account, mutable.
    pub(super) fn account_mut(&mut self, number: AccountNumber) -> &mut SimulatedAccount {
        &mut self.list[number.0]
    }

    /// The contacts of an account.
    pub(super) fn world(&mut self, number: AccountNumber) -> &mut World {
        &mut self.list[number.0].world
    }

    /// The profiles of the organization.
    pub(super) fn profiles(&self) -> &[SimulatedAccount] {
        &self.list[1..]
    }
}

/// Number of initial messages of an account: profiles have as many per contact as the organization.
fn messages_for(settings: &Settings, contacts: u32, is_profile: bool) -> u32 {
    let count = settings.messaging.count;
    if !is_profile {
        return count;
    }
    let share = u64::from(count) * u64::from(contacts) / u64::from(settings.contacts.max(1));
    u32::try_from(share).unwrap_or(u32::MAX).min(count)
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
    fn a_key_is_missing_unknown_or_belongs_to_an_account() {
        let accounts = accounts(2);
        let caller = |headers: &[(&'static str, &str)]| accounts.caller(&asked(headers));
        assert_eq!(caller(&[]), Err(ErrorCode::AUTH_001));
        assert_eq!(caller(&[("x-api-key", "")]), Err(ErrorCode::AUTH_001));
        assert_eq!(caller(&[("x-api-key", "wrong")]), Err(ErrorCode::AUTH_002));
        assert_eq!(caller(&[("x-api-key", DEFAULT_API_KEY)]), Ok(AccountNumber(0)));
        assert_eq!(caller(&[("x-api-key", DEFAULT_PROFILE_API_KEY)]), Ok(AccountNumber(1)));
    }

    #[test]
    fn a_profile_is_requested_by_its_id_with_the_organizations_key() {
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
    fn a_wide_list_contains_the_contacts_of_all_accounts() {
        let settings = Settings {
            contacts: 10,
            profile_contacts: 5,
            profiles: 2,
            lists: OrganizationLists::Wide,
            ..Settings::default()
        };
        let accounts = Accounts::new(&settings);
        let wide = &accounts.list[0].world;
        assert_eq!((wide.len(), wide.indexes(Some(0)).len(), wide.indexes(Some(2)).len()), (20, 10, 5));
        let books = accounts.books(AccountNumber(2));
        assert_eq!(books, Books { holder: AccountNumber::ORGANIZATION, owner: Some(2) });
        let owned = wide.contact(wide.indexes(Some(2))[0]);
        assert_eq!(owned.customer_id, Some(accounts.profiles()[1].id.to_string()));
    }

    #[test]
    fn accounts_have_contacts_of_their_own() {
        let accounts = accounts(1);
        let (organization, profile) = (&accounts.list[0].world, &accounts.list[1].world);
        assert_eq!((organization.len(), profile.len()), (10, 5));
        assert_ne!(organization.contact(0).id, profile.contact(0).id);
    }
}
