//! The JSON form of a [`Summary`], there and back.

use super::summary::{SUMMARY_SCHEMA_VERSION, Summary};
use crate::base::printable::printable_json;

impl Summary {
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
    /// When the text is no summary of schema version 1 with everything that this version counts.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let mut summary: Self = serde_json::from_str(json)?;
        if summary.schema_version != SUMMARY_SCHEMA_VERSION {
            let text = format!("schema version {}, not {SUMMARY_SCHEMA_VERSION}", summary.schema_version);
            return Err(serde::de::Error::custom(text));
        }
        summary.leave_out_absent();
        Ok(summary)
    }
}
