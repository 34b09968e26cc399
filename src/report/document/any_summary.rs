//! Detects the resource of a summary, for an error when it is compared with a report on another resource.

use serde::Deserialize;

use super::contacts::summary::Summary;
use super::delivery::summary::{DeliverySummary, DocumentResource};
use super::resource::ResourceDocument;
use crate::base::noun::RowNoun;

/// The resource of a summary; `None` if the text is not a summary.
pub fn noun_of_json(json: &str) -> Option<RowNoun> {
    #[derive(Deserialize)]
    struct AnySummary {
        resource: Option<DocumentResource>,
        /// A number in summaries of contacts, an object in summaries of messages.
        contacts: serde_json::Value,
    }
    let summary: AnySummary = serde_json::from_str(json).ok()?;
    match summary.resource {
        Some(DocumentResource::Messages) => Some(DeliverySummary::NOUN),
        None => summary.contacts.is_u64().then_some(Summary::NOUN),
    }
}
