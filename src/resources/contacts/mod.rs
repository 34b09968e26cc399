//! What a contact is: its Arrow schema, the rules that clean its fields, and the way from a page's JSON to columns.
//!
//! [`decode_page`] reads one answer into a [`ContactPage`], with the keys that the walk needs to notice movement and
//! repeats. [`BatchBuilder`] puts the contacts that are kept into record batches in the schema of [`contacts_schema`].
//! Nothing here knows of HTTP or files.

mod batch;
mod decode;
mod lookup;
mod normalize;
mod only;
mod page;
mod read;
mod resource;
mod rows;
mod scan;
mod schema;
pub mod text_form;

pub use batch::{BATCH_ROWS, BatchBuilder};
pub use lookup::{ContactKey, ContactLookup};
pub use normalize::flag;
pub use only::OnlyContacts;
pub use page::ContactPage;
pub use read::{decode_any_page, decode_page, decode_page_within};
pub use resource::Contacts;
pub use schema::{UNIQUE_COLUMNS, column, column_name, contacts_schema};
