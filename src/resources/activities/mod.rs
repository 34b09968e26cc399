//! Activities, the delivery history of messages: their Arrow schema, the decoder of a response, and record batches.
//!
//! A response to `GET /v3/messages/{id}/activities` becomes an [`ActivityPage`], whose rows are numbered from the oldest.
//! This module depends neither on HTTP nor on files.

mod batch;
mod decode;
mod schema;

pub use batch::ActivityBatches;
pub use decode::{ActivityPage, decode_activities};
pub use schema::{KEY_COLUMNS, activities_schema};

use arrow::datatypes::SchemaRef;
use bytestring::ByteString;
use uuid::Uuid;

use super::{LookupResource, RowRequest};
use crate::api::endpoints::{self, RowEndpoint};
use crate::api::wire::{DecodeError, Envelope};
use crate::base::noun::RowNoun;
use crate::listing::RowId;

/// The activities of messages, looked up by message id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activities;

impl LookupResource for Activities {
    const ENDPOINT: RowEndpoint = endpoints::ACTIVITIES;
    const NAME: &'static str = "activities";
    const NOUN: RowNoun = RowNoun { one: "activity", many: "activities" };
    const ASKED: RowNoun = RowNoun { one: "message", many: "messages" };
    const SCHEMA_VERSION: u32 = 1;
    // An id occurs in several consecutive rows, and times are nearly all distinct.
    const UNIQUE_COLUMNS: &'static [&'static str] = &["timestamp"];
    type Key = Uuid;
    type Page = ActivityPage;
    type Batches = ActivityBatches;

    fn schema(&self) -> SchemaRef {
        activities_schema()
    }

    fn batches(&self) -> ActivityBatches {
        ActivityBatches::default()
    }

    fn request(message: &Uuid) -> RowRequest {
        RowRequest::of(&Self::ENDPOINT, *message)
    }

    fn decode(message: &Uuid, body: &ByteString) -> Result<Envelope<ActivityPage>, DecodeError> {
        Ok(decode_activities(*message, body)?)
    }

    /// Activities have no ids.
    fn row_ids(page: &ActivityPage) -> Vec<Option<RowId>> {
        vec![None; page.rows.len()]
    }

    fn is_whole(page: &ActivityPage) -> bool {
        !page.is_part
    }
}
