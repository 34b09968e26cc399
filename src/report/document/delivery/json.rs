//! The JSON form of a [`DeliverySummary`], there and back.

use super::summary::{DELIVERY_SCHEMA_VERSION, DeliverySummary};
use crate::base::printable::printable_json;

impl DeliverySummary {
    /// The JSON form with a line end, keys in a fixed order.
    pub fn to_json(&self) -> String {
        let mut whole = self.clone();
        whole.origin.notices = self.all_notices();
        let mut json = serde_json::to_string_pretty(&whole).expect("texts, numbers and maps with text keys");
        json.push('\n');
        printable_json(&json)
    }

    /// Reads the JSON form back, but for what a run says of itself.
    ///
    /// # Errors
    /// When the text is no summary of messages of schema version 1 with everything that this version counts.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let summary: Self = serde_json::from_str(json)?;
        if summary.schema_version != DELIVERY_SCHEMA_VERSION {
            let text = format!("schema version {}, not {DELIVERY_SCHEMA_VERSION}", summary.schema_version);
            return Err(serde::de::Error::custom(text));
        }
        Ok(summary)
    }
}
