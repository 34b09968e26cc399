//! The list of messages, and which parts of each message are kept.

use arrow::datatypes::SchemaRef;
use bytestring::ByteString;

use super::schema::UNIQUE_COLUMNS;
use super::{MessageBatches, MessagePage, decode_page, messages_schema};
use crate::api::endpoints::{self, ListEndpoint};
use crate::api::wire::Envelope;
use crate::base::noun::RowNoun;
use crate::resources::{ListData, PageLimit, Resource};

/// All messages of an account, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages {
    /// Whether the text of messages is kept.
    pub has_body: bool,
    /// Whether values that no other column holds are kept.
    pub has_extra: bool,
}

impl Resource for Messages {
    const ENDPOINT: ListEndpoint = endpoints::CONVERSATIONS;
    const NOUN: RowNoun = RowNoun { one: "message", many: "messages" };
    const SCHEMA_VERSION: u32 = 1;
    const UNIQUE_COLUMNS: &'static [&'static str] = UNIQUE_COLUMNS;
    type Page = MessagePage;
    type Batches = MessageBatches;

    fn schema(&self) -> SchemaRef {
        messages_schema()
    }

    fn hidden_columns(&self) -> Vec<&'static str> {
        let body: &[&str] = if self.has_body { &[] } else { &["body_text", "body"] };
        let extra: &[&str] = if self.has_extra { &[] } else { &["extra"] };
        [body, extra].concat()
    }

    fn batches(&self) -> MessageBatches {
        MessageBatches::new(self.has_body, self.has_extra)
    }

    fn decode(body: &ByteString, limit: PageLimit) -> Result<Envelope<ListData<MessagePage>>, serde_json::Error> {
        decode_page(body, limit)
    }
}
