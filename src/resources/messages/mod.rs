//! Messages: their Arrow schema, the normalization of their fields, and the decoder from a page's JSON to columns.
//!
//! [`decode_page`] reads one response of `GET /v3/conversations` into a [`MessagePage`]; [`MessageBatches`] collects the
//! kept messages in record batches with the schema [`messages_schema`]. [`Messages`] is the list that an export reads.
//!
//! *Easy to get wrong:* prices are never converted to a float. Texts of messages are personal, so no finding, log or error
//! contains a value.

mod batch;
mod decode;
mod page;
mod resource;
mod schema;
#[cfg(test)]
mod tests;

pub use batch::MessageBatches;
pub use decode::decode_page;
pub use page::MessagePage;
pub use resource::Messages;
pub use schema::{KEY_COLUMNS, column, event_column, event_fields, is_documented_status, messages_schema};
