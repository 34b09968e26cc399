//! The filters of a run.

use serde::{Deserialize, Deserializer, Serialize};

use super::super::table::is_countable;

/// The filters of a run, as far as a report may show them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// `--search`, or [`HIDDEN`](Self::HIDDEN)
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "read_search")]
    pub search: Option<String>,
    /// `--channel`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Whether `--phone` was given; the number is personal data, so no report contains it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub phone: bool,
    /// `--only`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// `--profile-id`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<String>,
    /// `--profiles`, as given: `all`, or names and ids
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<String>,
    /// `--since`, as given
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// `--limit`: only this many rows, from the start of the list
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// `--sample`: this many rows from all over the list
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<u64>,
}

impl Filters {
    /// Replaces a text that must not be shown.
    pub const HIDDEN: &str = "(hidden)";

    /// The text of `--search` as a report may show it: hidden if it could be a phone number or an address.
    pub fn shown_search(text: &str) -> String {
        if is_countable(text) { text } else { Self::HIDDEN }.to_owned()
    }

    /// Replaces the text that was searched for.
    pub fn hide_search(&mut self) {
        self.search = self.search.take().map(|_| Self::HIDDEN.to_owned());
    }
}

/// Reads `--search`. Earlier versions wrote another text for [`Filters::HIDDEN`], which must compare equal.
fn read_search<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    const HIDDEN_BEFORE: &str = "(not told)";
    let search: Option<String> = Deserialize::deserialize(deserializer)?;
    Ok(search.map(|text| if text == HIDDEN_BEFORE { Filters::HIDDEN.to_owned() } else { text }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_search_of_an_earlier_version_equals_one_of_this_version() {
        let before: Filters = serde_json::from_str(r#"{"search": "(not told)", "channel": "sms"}"#).unwrap();
        let mut now = Filters { search: Some("Ann".to_owned()), channel: Some("sms".to_owned()), ..Filters::default() };
        now.hide_search();
        assert_eq!(before, now);
        let plain: Filters = serde_json::from_str(r#"{"search": "vip", "since": null}"#).unwrap();
        assert_eq!(plain.search.as_deref(), Some("vip"));
        assert_eq!(serde_json::from_str::<Filters>("{}").unwrap(), Filters::default());
    }
}
