//! One contact, by its id.

use std::marker::PhantomData;

use arrow::datatypes::SchemaRef;
use bytestring::ByteString;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{BatchBuilder, ContactPage, Contacts, contacts_schema, decode_page_within};
use crate::api::endpoints::{self, RowEndpoint};
use crate::api::wire::Envelope;
use crate::base::noun::RowNoun;
use crate::listing::{RowId, RowKey};
use crate::resources::{LookupResource, PageLimit, Resource};

/// Contacts that are read by their ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContactById;

impl LookupResource for ContactById {
    const ENDPOINT: RowEndpoint = endpoints::CONTACT;
    const NAME: &'static str = Contacts::ENDPOINT.name;
    const NOUN: RowNoun = Contacts::NOUN;
    const ASKED: RowNoun = Contacts::NOUN;
    const SCHEMA_VERSION: u32 = Contacts::SCHEMA_VERSION;
    const UNIQUE_COLUMNS: &'static [&'static str] = Contacts::UNIQUE_COLUMNS;
    type Page = ContactPage;
    type Batches = BatchBuilder;

    fn schema(&self) -> SchemaRef {
        contacts_schema()
    }

    fn batches(&self) -> BatchBuilder {
        BatchBuilder::default()
    }

    /// The contact is read as a list of one, so that a contact has the same columns wherever it comes from.
    fn decode(id: Uuid, body: &ByteString) -> Result<Envelope<ContactPage>, serde_json::Error> {
        let Envelope { success, data, error, meta } = Envelope::from_str_seed(body, PhantomData::<&RawValue>)?;
        let list = data.map(|contact| format!("{{\"data\":{{\"contacts\":[{}]}}}}", contact.get()));
        let read = list.map(|list| decode_page_within(&list.into(), PageLimit::for_size(1))).transpose()?;
        let page = read.and_then(|envelope| envelope.data?.items);
        let is_asked = |key: &Option<RowKey>| key.is_some_and(|key| key.id == RowId(id.as_u128()));
        let data = page.filter(|page| page.items.len() == 1 && page.items.iter().all(is_asked));
        Ok(Envelope { success, data, error, meta })
    }

    fn rows(page: &ContactPage) -> usize {
        page.rows()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_the_contact_that_was_asked_for_or_nothing() {
        let id = Uuid::from_u128(7);
        let rows = |data: &str| {
            let body = format!("{{\"success\":true,\"data\":{data},\"meta\":{{}}}}");
            ContactById::decode(id, &body.into()).unwrap().data.map(|page| page.rows())
        };
        assert_eq!(rows(&format!(r#"{{"id":"{}","phone_number":"\u002B1"}}"#, id.to_string().to_uppercase())), Some(1));
        assert_eq!(rows(&format!(r#"{{"id":"{}"}}"#, Uuid::nil())), None);
        for other in ["null", "[]", "7", "{}", r#"{"contacts":[]}"#] {
            assert_eq!(rows(other), None, "{other}");
        }
    }
}
