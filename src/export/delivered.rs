//! What a read hands on, answer by answer.

use std::ops::Range;

/// The rows of one answer, in their turn.
#[derive(Debug)]
pub struct Delivered<P> {
    /// The rows.
    pub page: P,
    /// Which of them are written, one entry a row.
    pub keep: Vec<bool>,
    /// The items of the answer that no other answer held.
    pub fresh: Range<usize>,
    /// What was requested.
    pub place: RequestSubject,
}

/// What an answer was requested for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestSubject {
    /// A page of a list.
    Page {
        /// Its number, from 1.
        number: u64,
        /// Rows on a page.
        size: u32,
    },
    /// A key, as it may be shown.
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
