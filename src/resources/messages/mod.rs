//! What a message is: its Arrow schema, the rules that clean its fields, and the way from a page's JSON to columns.
//!
//! [`decode_page`] reads one answer of `GET /v3/conversations` into a [`MessagePage`]; [`MessageBatches`] puts the messages
//! that are kept into record batches in the schema of [`messages_schema`]. [`Messages`] is what the export asks for.
//!
//! *Easy to get wrong:* prices never pass through a float, and what a message says is nobody's business: no finding, log or
//! error holds a value.

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
