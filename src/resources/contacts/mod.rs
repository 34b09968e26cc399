//! Contacts: their Arrow schema, the normalization of their fields, and the decoder from a page's JSON to columns.
//!
//! [`decode_page`] reads one response into a [`ContactPage`], with the keys by which the walk detects moved rows and
//! duplicates. [`BatchBuilder`] collects the kept contacts in record batches with the schema [`contacts_schema`].
//! This module depends neither on HTTP nor on files.

mod batch;
mod decode;
mod extra;
mod filter_checks;
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
pub use schema::{
    CHANGED_AT_COLUMN, KEY_COLUMNS, UNIQUE_COLUMNS, column, column_name, contacts_schema, contacts_schema_with_extra,
};
