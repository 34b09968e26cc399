//! Contacts that are looked up one by one, by id or by phone number.

use std::fmt;
use std::marker::PhantomData;

use arrow::datatypes::SchemaRef;
use bytestring::ByteString;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::filter_checks::{NUMBER_COLUMNS, RequestedNumber};
use super::rows::ContactFields;
use super::schema::schema_of;
use super::{BatchBuilder, ContactPage, Contacts, decode_page_within};
use crate::api::endpoints::{self, RowEndpoint};
use crate::api::wire::{DecodeError, Envelope};
use crate::base::noun::RowNoun;
use crate::listing::{RowId, RowKey, Window};
use crate::lookup::LookupKey;
use crate::resources::list::list_query;
use crate::resources::{ListData, LookupResource, PageLimit, Resource, RowRequest};

/// Maximum number of contacts with the same number: one per profile of an organization.
const CONTACTS_OF_NUMBER: u32 = 100;

/// Contacts that are looked up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContactLookup {
    /// Whether values that no other column holds are kept.
    pub has_extra: bool,
}

/// The key of a contact.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum ContactKey {
    /// Its id.
    Id(Uuid),
    /// Its phone number; an organization may have one contact with it per profile.
    Number {
        /// The number, never shown.
        number: String,
        /// The position of its argument, from 1.
        argument: usize,
    },
}

impl fmt::Display for ContactKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(formatter, "{id}"),
            Self::Number { argument, .. } => write!(formatter, "the number of argument {argument}"),
        }
    }
}

impl fmt::Debug for ContactKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ContactKey({self})")
    }
}

impl LookupKey for ContactKey {
    fn requested(&self) -> String {
        self.secret().map_or_else(|| self.to_string(), str::to_owned)
    }

    fn secret(&self) -> Option<&str> {
        match self {
            Self::Id(_) => None,
            Self::Number { number, .. } => Some(number),
        }
    }
}

impl LookupResource for ContactLookup {
    const ENDPOINT: RowEndpoint = endpoints::CONTACT;
    const NAME: &'static str = Contacts::ENDPOINT.name;
    const NOUN: RowNoun = Contacts::NOUN;
    const ASKED: RowNoun = Contacts::NOUN;
    const SCHEMA_VERSION: u32 = Contacts::SCHEMA_VERSION;
    const UNIQUE_COLUMNS: &'static [&'static str] = Contacts::UNIQUE_COLUMNS;
    type Key = ContactKey;
    type Page = ContactPage;
    type Batches = BatchBuilder;

    fn schema(&self) -> SchemaRef {
        schema_of(self.has_extra)
    }

    fn batches(&self) -> BatchBuilder {
        BatchBuilder::default().with_extra(self.has_extra)
    }

    fn request(key: &ContactKey) -> RowRequest {
        match key {
            ContactKey::Id(id) => RowRequest::of(&Self::ENDPOINT, *id),
            ContactKey::Number { number, .. } => {
                let list = Contacts { phone: Some(number.clone()), ..Contacts::default() };
                RowRequest {
                    name: format!("contact with {key}"),
                    path: Contacts::ENDPOINT.path.to_owned(),
                    query: list_query(&list, Window::first(CONTACTS_OF_NUMBER)),
                }
            }
        }
    }

    /// A single contact is read as a list of one, so that it has the same columns from any endpoint.
    fn decode(key: &ContactKey, body: &ByteString) -> Result<Envelope<ContactPage>, DecodeError> {
        let id = match key {
            ContactKey::Id(id) => id,
            ContactKey::Number { number, .. } => return decode_contacts_of(number, body),
        };
        let Envelope { success, data, error, meta } = Envelope::from_str_seed(body, PhantomData::<&RawValue>)?;
        let list = data.map(|contact| format!("{{\"data\":{{\"contacts\":[{}]}}}}", contact.get()));
        let read = list.map(|list| decode_page_within(&list.into(), PageLimit::for_size(1))).transpose()?;
        let page = read.and_then(|envelope| envelope.data?.items);
        let is_asked = |key: &Option<RowKey>| key.is_some_and(|key| key.id == RowId(id.as_u128()));
        let data = page.filter(|page| page.items.len() == 1 && page.items.iter().all(is_asked));
        Ok(Envelope { success, data, error, meta })
    }

    fn row_ids(page: &ContactPage) -> Vec<Option<RowId>> {
        page.items.iter().flatten().map(|key| Some(key.id)).collect()
    }

    /// An empty page of a list that is not empty says nothing about its number.
    fn is_missing(page: &ContactPage) -> bool {
        page.items.is_empty() && !page.is_part
    }

    /// A full page may lack some of the contacts, even if the response does not state that.
    fn is_whole(page: &ContactPage) -> bool {
        page.items.len() < CONTACTS_OF_NUMBER as usize && !page.is_part
    }
}

/// The contacts with a number.
///
/// # Errors
/// As [`decode_page_within`], and when a contact has another number.
fn decode_contacts_of(number: &str, body: &ByteString) -> Result<Envelope<ContactPage>, DecodeError> {
    let Envelope { success, data, error, meta } = decode_page_within(body, PageLimit::for_size(CONTACTS_OF_NUMBER))?;
    let requested = RequestedNumber::new(number);
    let is_other =
        |contact: ContactFields<'_>| requested.contradicts(NUMBER_COLUMNS.filter_map(|column| contact.text(column)));
    let items = data.iter().filter(|_| success != Some(false)).filter_map(|list| list.items.as_ref());
    if items.flat_map(|page| page.rows.iter()).any(is_other) {
        return Err(DecodeError::IgnoredParameter { name: "phone", meta });
    }
    let data = data.and_then(|ListData { pagination, items }| {
        let page = items?;
        let is_part = pagination.is_some_and(|pagination| pagination.is_part(page.items.len() as u64));
        Some(ContactPage { is_part, ..page })
    });
    Ok(Envelope { success, data, error, meta })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(key: &ContactKey, data: &str) -> Option<usize> {
        let body = format!("{{\"success\":true,\"data\":{data},\"meta\":{{}}}}");
        ContactLookup::decode(key, &body.into()).unwrap().data.map(|page| page.rows())
    }

    #[test]
    fn a_response_about_another_contact_has_no_data() {
        let id = Uuid::from_u128(7);
        let key = ContactKey::Id(id);
        let contact = format!(r#"{{"id":"{}","phone_number":"\u002B1"}}"#, id.to_string().to_uppercase());
        assert_eq!(rows(&key, &contact), Some(1));
        assert_eq!(rows(&key, &format!(r#"{{"id":"{}"}}"#, Uuid::nil())), None);
        for other in ["null", "[]", "7", "{}", r#"{"contacts":[]}"#] {
            assert_eq!(rows(&key, other), None, "{other}");
        }
    }

    #[test]
    fn a_response_with_another_number_is_an_error() {
        let key = ContactKey::Number { number: "+12025550123".to_owned(), argument: 1 };
        let is_refused = |contacts: &str| {
            let body = format!("{{\"success\":true,\"data\":{{\"contacts\":[{contacts}]}},\"meta\":{{}}}}");
            ContactLookup::decode(&key, &body.into()).is_err()
        };
        let asked = r#"{"id":"a","format_national":"(202) 555-0123"}"#;
        let other = r#"{"id":"b","phone_number":"+12025550124"}"#;
        assert!(!is_refused(asked));
        assert!(is_refused(other) && is_refused(&format!("{asked},{other}")));
    }

    #[test]
    fn rejected_items_are_an_answer_and_an_empty_list_means_missing() {
        let key = ContactKey::Number { number: "+12025550123".to_owned(), argument: 1 };
        let is_missing = |contacts: &str| {
            let body = format!("{{\"success\":true,\"data\":{{\"contacts\":{contacts}}},\"meta\":{{}}}}");
            ContactLookup::is_missing(&ContactLookup::decode(&key, &body.into()).unwrap().data.unwrap())
        };
        assert!(is_missing("[]"));
        assert!(!is_missing("[{}]"), "it is rejected and counted");
        assert!(!is_missing(r#"[{"id":"a"}]"#));
    }

    #[test]
    fn a_part_of_the_contacts_is_neither_whole_nor_missing() {
        let key = ContactKey::Number { number: "+12025550123".to_owned(), argument: 1 };
        let about = |data: &str| {
            let body = format!("{{\"success\":true,\"data\":{data},\"meta\":{{}}}}");
            let page = ContactLookup::decode(&key, &body.into()).unwrap().data.unwrap();
            (ContactLookup::is_whole(&page), ContactLookup::is_missing(&page))
        };
        let contact = r#"{"id":"a","phone_number":"+12025550123"}"#;
        let of_one = |pagination: &str| about(&format!(r#"{{"contacts":[{contact}],"pagination":{pagination}}}"#));
        assert_eq!(
            of_one(r#"{"page":1,"page_size":100,"total_count":1,"total_pages":1,"has_more":false}"#),
            (true, false)
        );
        assert_eq!(of_one("null"), (true, false));
        for part in [
            r#"{"total_count":5}"#,
            r#"{"has_more":true}"#,
            r#"{"page":1,"page_size":1,"total_pages":5}"#,
            r#"{"page":2,"total_pages":2,"has_more":false}"#,
        ] {
            assert_eq!(of_one(part), (false, false), "{part}");
        }
        assert_eq!(about(r#"{"contacts":[],"pagination":{"total_count":3}}"#), (false, false));
        assert_eq!(about(r#"{"contacts":[],"pagination":{"total_count":0,"total_pages":0}}"#), (true, true));
        let full = format!(r#"{{"contacts":[{}]}}"#, vec![contact; 100].join(","));
        assert_eq!(about(&full), (false, false), "there may be more");
    }

    #[test]
    fn a_number_may_have_several_contacts_and_is_never_shown() {
        let key = ContactKey::Number { number: "+12025550123".to_owned(), argument: 2 };
        assert_eq!(rows(&key, r#"{"contacts":[{"id":"a"},{"id":"b"}]}"#), Some(2));
        assert_eq!(rows(&key, r#"{"contacts":[]}"#), Some(0));
        assert_eq!(rows(&key, "{}"), None);
        let request = ContactLookup::request(&key);
        assert_eq!(request.name, "contact with the number of argument 2");
        assert!(request.query.contains(&("phone", "+12025550123".to_owned())));
        assert_eq!(format!("{key:?}"), "ContactKey(the number of argument 2)");
    }
}
