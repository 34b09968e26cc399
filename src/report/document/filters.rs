//! What a run asked the server to leave out.

use serde::{Deserialize, Serialize};

use super::super::table::is_countable;

/// What the run asked the server to leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// `--search`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// `--channel`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Whether `--phone` was given; the number itself is personal and stays out of every report.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub phone: bool,
    /// `--profile-id`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<String>,
    /// `--since`, as it was given
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

impl Filters {
    /// Stands for a text that was left out. Files of earlier versions hold it, so it does not change.
    const NOT_TOLD: &str = "(not told)";

    /// What a report may say of `--search`: not what could be somebody's number or address.
    pub fn search_told(text: &str) -> String {
        if is_countable(text) { text } else { Self::NOT_TOLD }.to_owned()
    }

    /// Leaves out what was searched for.
    pub fn hide_search(&mut self) {
        self.search = self.search.take().map(|_| Self::NOT_TOLD.to_owned());
    }
}
