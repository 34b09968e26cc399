//! What is asked of `GET /v3/contacts`.

use std::fmt;

/// The filters of the list, as the API reference names them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// `search`
    pub search: Option<String>,
    /// `channel`
    pub channel: Option<String>,
    /// `phone`: an exact number. Never shown.
    pub phone: Option<String>,
}

impl ContactQuery {
    /// The query of one page.
    pub(super) fn parameters(&self, page: u64, page_size: u32) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("page", page.to_string()), ("page_size", page_size.to_string())];
        let filters = [("search", &self.search), ("channel", &self.channel), ("phone", &self.phone)];
        parameters.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        parameters
    }
}

impl fmt::Debug for ContactQuery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ContactQuery")
            .field("channel", &self.channel)
            .field("has_search", &self.search.is_some())
            .field("has_phone", &self.phone.is_some())
            .finish()
    }
}
