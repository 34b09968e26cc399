//! The responses of a read as they are passed on.

use std::ops::Range;

/// The rows of one response, in order.
#[derive(Debug)]
pub struct Delivered<P> {
    /// The rows.
    pub page: P,
    /// Which rows are written, one entry per row.
    pub keep: Vec<bool>,
    /// The items that no earlier response had.
    pub fresh: Range<usize>,
    /// The request.
    pub place: RequestSubject,
}

/// What a response was requested for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestSubject {
    /// A page of a list.
    Page {
        /// Its number, from 1.
        number: u64,
        /// Rows on a page.
        size: u32,
    },
    /// A key, in a form that may be shown.
    Key(String),
}

impl std::fmt::Display for RequestSubject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Page { number, size } => write!(formatter, "page {number} of {size} rows"),
            Self::Key(key) => write!(formatter, "answer about {key}"),
        }
    }
}
