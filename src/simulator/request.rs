//! Parsing of requests.
//!
//! [`Asked`] holds the parts of a request that the simulator uses; [`Route`] is the endpoint of its path; [`ListQuery`] is
//! the validated query of a list. `server` builds the first, `state` uses the other two.
//!
//! *Easy to get wrong:* `+` in a query is a space, as in every web framework. A client that sends an unescaped phone
//! number finds no contact.
//!
//! The documentation requires `page` and `page_size`. Which validation code a violation gets is documented only for
//! numbers out of range. Numbers must fit in 32 bits, like .NET's `int`.
//!
//! The unit tests cover the violations.

use std::time::{Instant, SystemTime};

use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, USER_AGENT};
use uuid::Uuid;

use super::error_code::ErrorCode;
use super::fault::Endpoint;
use super::filter::Filter;
use super::reply::Refusal;
use super::settings::OverCap;

/// A request as it arrived.
#[derive(Debug)]
pub(super) struct Asked {
    /// Whether the method is GET.
    pub(super) is_get: bool,
    /// The path.
    pub(super) path: String,
    /// The query, still encoded.
    pub(super) query: String,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// When it arrived, by the monotonic clock.
    pub(super) arrived: Instant,
    /// When it arrived, by the wall clock.
    pub(super) clock: SystemTime,
}

impl Asked {
    /// The value of a header; a value that is not text counts as empty.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap_or_default())
    }

    /// The client's user agent.
    pub(super) fn user_agent(&self) -> Option<&str> {
        self.header(USER_AGENT.as_str())
    }

    /// True if the client accepts gzip.
    pub(super) fn accepts_gzip(&self) -> bool {
        self.header(ACCEPT_ENCODING.as_str()).is_some_and(|list| list.contains("gzip"))
    }

    /// The last value of a query parameter, decoded; empty counts as missing.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let values = url::form_urlencoded::parse(self.query.as_bytes()).filter(|(key, _)| key == name);
        values.last().map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
    }
}

/// The endpoint behind a path; ids are not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v3/contacts`
    Contacts,
    /// `/v3/contacts/{id}`
    Contact(String),
    /// `/v3/contacts/{id}/message-summary`
    MessageSummary(String),
    /// `/v3/conversations`
    Conversations,
    /// `/v3/messages/{id}`
    Message(String),
    /// `/v3/messages/{id}/activities`
    Activities(String),
    /// `/v3/me`
    Me,
    /// `/v3/profiles`, which is deprecated
    Profiles,
    /// `/v3/sender-profiles`
    SenderProfiles,
    /// `/v3/templates`
    Templates,
    /// Nothing.
    Nowhere,
}

impl Route {
    /// The endpoint of a path.
    pub(super) fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            ["v3", "contacts"] => Self::Contacts,
            ["v3", "contacts", id] => Self::Contact((*id).to_owned()),
            ["v3", "contacts", id, "message-summary"] => Self::MessageSummary((*id).to_owned()),
            ["v3", "conversations"] => Self::Conversations,
            ["v3", "messages", id] => Self::Message((*id).to_owned()),
            ["v3", "messages", id, "activities"] => Self::Activities((*id).to_owned()),
            ["v3", "me"] => Self::Me,
            ["v3", "profiles"] => Self::Profiles,
            ["v3", "sender-profiles"] => Self::SenderProfiles,
            ["v3", "templates"] => Self::Templates,
            _ => Self::Nowhere,
        }
    }

    /// The kind that faults distinguish.
    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Contacts => Endpoint::List,
            Self::Contact(_) | Self::MessageSummary(_) => Endpoint::Contact,
            Self::Conversations => Endpoint::Conversations,
            Self::Message(_) | Self::Activities(_) => Endpoint::Message,
            Self::Me | Self::Profiles | Self::SenderProfiles | Self::Templates => Endpoint::Account,
            Self::Nowhere => Endpoint::Other,
        }
    }

    /// True if it is a paged list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::Contacts | Self::Conversations | Self::SenderProfiles | Self::Templates)
    }
}

/// Default page size; a guess.
const USUAL_PAGE_SIZE: u32 = 20;

/// The query of a list request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListQuery {
    /// The page, from 1.
    pub(super) page: u32,
    /// The page size, after the cap.
    pub(super) page_size: u32,
    /// Which contacts are listed.
    pub(super) filter: Filter,
}

impl ListQuery {
    /// Checks the query of a list of contacts; `over_cap` says how a page size above `page_cap` is answered.
    pub(super) fn of_contacts(asked: &Asked, page_cap: u32, over_cap: OverCap) -> Result<Self, Refusal> {
        let page = positive(asked, "page")?;
        let page_size = capped(positive(asked, "page_size")?, page_cap, over_cap)?;
        let channel = asked.parameter("channel").map(|name| name.parse()).transpose().map_err(|_| {
            let text = "'channel' must be one of: sms, whatsapp, rcs.";
            Refusal::with_field(ErrorCode::VALIDATION_001, "channel", text)
        })?;
        let filter = Filter { search: asked.parameter("search"), channel, phone: asked.parameter("phone") };
        Ok(Self { page, page_size, filter })
    }

    /// Checks the query of any other list, where page and size are optional.
    pub(super) fn of_others(asked: &Asked, page_cap: u32, over_cap: OverCap) -> Result<Self, Refusal> {
        let number = |name, usual| asked.parameter(name).map_or(Ok(usual), |_| positive(asked, name));
        let page = number("page", 1)?;
        let page_size = capped(number("page_size", USUAL_PAGE_SIZE.min(page_cap))?, page_cap, over_cap)?;
        Ok(Self { page, page_size, filter: Filter { search: asked.parameter("search"), ..Filter::default() } })
    }

    /// Number of rows before this page.
    pub(super) fn offset(&self) -> u64 {
        offset(self.page, self.page_size)
    }
}

/// The page size, if it is valid or can be reduced.
fn capped(page_size: u32, page_cap: u32, over_cap: OverCap) -> Result<u32, Refusal> {
    if page_size <= page_cap {
        return Ok(page_size);
    }
    let documented = format!("Page size must be between 1 and {page_cap}");
    Err(match over_cap {
        OverCap::Clamp => return Ok(page_cap),
        OverCap::Reject => {
            let text = format!("'page_size' must be between 1 and {page_cap}.");
            Refusal::with_field(ErrorCode::VALIDATION_005, "page_size", text)
        }
        OverCap::Details => Refusal::with_field(ErrorCode::VALIDATION_001, "page_size", documented),
        OverCap::Message => Refusal::with_message(ErrorCode::VALIDATION_001, documented),
    })
}

/// Number of rows before a page.
fn offset(page: u32, page_size: u32) -> u64 {
    u64::from(page.saturating_sub(1)) * u64::from(page_size)
}

/// The requested page and page size, if both are positive numbers; nothing else is checked.
pub(super) fn requested_window(asked: &Asked) -> Option<(u32, u32)> {
    Some((positive(asked, "page").ok()?, positive(asked, "page_size").ok()?))
}

/// A required number above zero.
fn positive(asked: &Asked, name: &'static str) -> Result<u32, Refusal> {
    let Some(text) = asked.parameter(name) else {
        return Err(Refusal::with_field(ErrorCode::VALIDATION_001, name, format!("'{name}' is required.")));
    };
    let number = text.parse::<i32>().map_err(|_| {
        Refusal::with_field(ErrorCode::VALIDATION_001, name, format!("The value '{text}' is not valid for {name}."))
    })?;
    u32::try_from(number).ok().filter(|number| *number > 0).ok_or_else(|| {
        Refusal::with_field(ErrorCode::VALIDATION_005, name, format!("'{name}' must be greater than or equal to 1."))
    })
}

/// An id in the form that .NET writes and reads: 32 hexadecimal digits with dashes.
pub(super) fn read_id(text: &str, field: &'static str) -> Result<Uuid, Refusal> {
    read_id_or(ErrorCode::VALIDATION_003, text, field)
}

/// Like [`read_id`], for an endpoint that refuses a malformed id with another code.
pub(super) fn read_id_or(code: ErrorCode, text: &str, field: &'static str) -> Result<Uuid, Refusal> {
    let malformed = || Refusal::with_field(code, field, format!("'{text}' is not a valid UUID."));
    if text.len() == 36 { Uuid::try_parse(text).map_err(|_| malformed()) } else { Err(malformed()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        Asked {
            is_get: true,
            path: "/v3/contacts".into(),
            query: query.into(),
            headers: HeaderMap::new(),
            arrived: Instant::now(),
            clock: SystemTime::now(),
        }
    }

    fn refused(query: &str, over_cap: OverCap) -> (&'static str, &'static str) {
        let problem = ListQuery::of_contacts(&asked(query), 100, over_cap).unwrap_err();
        (problem.code.name(), problem.details[0].0)
    }

    #[test]
    fn page_and_page_size_are_required_positive_numbers() {
        assert_eq!(refused("page_size=10", OverCap::Clamp), ("VALIDATION_001", "page"));
        assert_eq!(refused("page=1", OverCap::Clamp), ("VALIDATION_001", "page_size"));
        assert_eq!(refused("page=1&page_size=", OverCap::Clamp), ("VALIDATION_001", "page_size"));
        assert_eq!(refused("page=one&page_size=10", OverCap::Clamp), ("VALIDATION_001", "page"));
        assert_eq!(refused("page=3000000000&page_size=10", OverCap::Clamp), ("VALIDATION_001", "page"));
        assert_eq!(refused("page=0&page_size=10", OverCap::Clamp), ("VALIDATION_005", "page"));
        assert_eq!(refused("page=1&page_size=-1", OverCap::Clamp), ("VALIDATION_005", "page_size"));
    }

    #[test]
    fn a_page_over_the_cap_is_made_smaller_or_refused() {
        let clamped = ListQuery::of_contacts(&asked("page=3&page_size=1000"), 100, OverCap::Clamp).unwrap();
        assert_eq!((clamped.page_size, clamped.offset()), (100, 200));
        assert_eq!(refused("page=1&page_size=101", OverCap::Reject), ("VALIDATION_005", "page_size"));
    }

    #[test]
    fn other_lists_refuse_a_large_page_in_two_forms_and_need_no_numbers() {
        let read = |query: &str, over_cap| ListQuery::of_others(&asked(query), 100, over_cap);
        let usual = read("", OverCap::Details).unwrap();
        assert_eq!((usual.page, usual.page_size), (1, USUAL_PAGE_SIZE));
        assert!(read("page=2&page_size=100", OverCap::Details).is_ok());
        let documented = "Page size must be between 1 and 100";
        let details = read("page_size=101", OverCap::Details).unwrap_err();
        assert_eq!((details.message, details.details), (None, vec![("page_size", documented.to_owned())]));
        let message = read("page_size=101", OverCap::Message).unwrap_err();
        assert_eq!((message.message.as_deref(), message.details), (Some(documented), Vec::new()));
        assert!(read("page=0", OverCap::Details).is_err());
    }

    #[test]
    fn filters_are_decoded_and_an_unknown_channel_is_refused() {
        let query = asked("page=1&page_size=9&search=%C3%A9+x&channel=WhatsApp&phone=%2B12");
        let filter = ListQuery::of_contacts(&query, 100, OverCap::Clamp).unwrap().filter;
        assert_eq!(filter.search.as_deref(), Some("é x"));
        assert_eq!(filter.phone.as_deref(), Some("+12"));
        assert!(filter.channel.is_some());
        assert_eq!(refused("page=1&page_size=9&channel=pigeon", OverCap::Clamp), ("VALIDATION_001", "channel"));
    }

    #[test]
    fn paths_map_to_endpoints() {
        assert_eq!(Route::of("/v3/contacts"), Route::Contacts);
        assert_eq!(Route::of("/v3/contacts/1"), Route::Contact("1".into()));
        assert_eq!(Route::of("/v3/contacts/1/message-summary"), Route::MessageSummary("1".into()));
        assert_eq!(Route::of("/v3/messages/1/activities"), Route::Activities("1".into()));
        assert_eq!(Route::of("/v3/messages/1"), Route::Message("1".into()));
        assert_eq!(Route::of("/v3/conversations"), Route::Conversations);
        assert_eq!(Route::of("/v3/messages"), Route::Nowhere);
        assert_eq!(Route::of("/v2/contacts"), Route::Nowhere);
        assert_eq!(Route::of("/"), Route::Nowhere);
    }

    #[test]
    fn ids_have_dashes() {
        assert!(read_id("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "id").is_ok());
        assert!(read_id("6ba7b8109dad11d180b400c04fd430c8", "id").is_err());
        assert!(read_id("", "id").is_err());
    }
}
