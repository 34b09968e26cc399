//! What a contact is: its Arrow schema, the rules that clean its fields, and the way from a page's JSON to columns.
//!
//! [`decode_page`] turns one answer into a [`ContactPage`]: a record batch in the schema of [`contacts_schema`], with
//! the keys that the walk needs to notice movement and repeats. Nothing here knows of HTTP or files.

mod columns;
mod decode;
mod id;
mod normalize;
mod page;
mod scan;
mod schema;

pub use decode::{ContactList, decode_any_page, decode_page};
pub use id::ContactId;
pub use page::{ContactPage, RejectReason, RejectedItem, RowKey};
pub use schema::{ColumnError, ColumnSelection, SCHEMA_VERSION, column, contacts_schema};
