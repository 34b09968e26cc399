//! The list of contacts, with the filters that the API provides.

use std::fmt;

use arrow::datatypes::SchemaRef;
use bytestring::ByteString;

use super::filter_checks::{channel_check, number_check};
use super::schema::schema_of;
use super::{BatchBuilder, ContactPage, OnlyContacts, UNIQUE_COLUMNS, decode_page_within};
use crate::api::endpoints::{self, ListEndpoint};
use crate::api::wire::Envelope;
use crate::base::noun::RowNoun;
use crate::resources::{FilterCheck, ListData, PageLimit, Parameter, Resource, RowFilter};

/// The requested contacts, selected by the filters of the API reference.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Contacts {
    /// `search`
    pub search: Option<String>,
    /// `channel`
    pub channel: Option<String>,
    /// `phone`: an exact number. Never shown.
    pub phone: Option<String>,
    /// Selects the contacts to write among those that are read.
    pub only: Option<OnlyContacts>,
    /// Whether values that no other column holds are kept.
    pub has_extra: bool,
}

impl fmt::Debug for Contacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Contacts")
            .field("channel", &self.channel)
            .field("only", &self.only)
            .field("has_extra", &self.has_extra)
            .field("has_search", &self.search.is_some())
            .field("has_phone", &self.phone.is_some())
            .finish()
    }
}

impl Resource for Contacts {
    const ENDPOINT: ListEndpoint = endpoints::CONTACTS;
    const NOUN: RowNoun = RowNoun { one: "contact", many: "contacts" };
    const SCHEMA_VERSION: u32 = 1;
    const UNIQUE_COLUMNS: &'static [&'static str] = UNIQUE_COLUMNS;
    type Page = ContactPage;
    type Batches = BatchBuilder;

    fn schema(&self) -> SchemaRef {
        schema_of(self.has_extra)
    }

    fn batches(&self) -> BatchBuilder {
        BatchBuilder::default().with_extra(self.has_extra)
    }

    fn row_filter(&self) -> Option<RowFilter> {
        self.only.map(OnlyContacts::filter)
    }

    fn reachable(&self) -> Option<RowFilter> {
        Some(OnlyContacts::Reachable.filter())
    }

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let parameter = |name, flag, value, is_personal| Parameter { name, flag, value, is_personal };
        vec![
            parameter("search", "--search", self.search.as_deref(), true),
            parameter("channel", "--channel", self.channel.as_deref(), false),
            parameter("phone", "--phone", self.phone.as_deref(), true),
        ]
    }

    fn filter_checks(&self) -> Vec<FilterCheck> {
        let channel = self.channel.as_deref().map(channel_check);
        channel.into_iter().chain(self.phone.as_deref().map(number_check)).collect()
    }

    fn is_exact(&self) -> bool {
        self.phone.is_some()
    }

    fn decode(body: &ByteString, limit: PageLimit) -> Result<Envelope<ListData<ContactPage>>, serde_json::Error> {
        decode_page_within(body, limit)
    }
}
