//! Recommended actions, and how to list the rows that they concern.

/// A recommended action.
#[derive(Debug)]
pub(in crate::report) struct ActionView {
    pub(in crate::report) text: String,
    /// How to list the rows: a command, or else a query.
    pub(in crate::report) how: Option<How>,
}

/// How to list the rows of an action.
#[derive(Debug)]
pub(in crate::report) enum How {
    /// A command of this program.
    Command(String),
    /// A query for `DuckDB`.
    Sql(String),
}

impl How {
    pub(in crate::report) fn text(&self) -> &str {
        let (Self::Command(text) | Self::Sql(text)) = self;
        text
    }

    /// Whether it is short enough for a form that cannot collapse it.
    pub(in crate::report) fn is_short(&self) -> bool {
        const MAX_LENGTH: usize = 240;
        self.text().len() <= MAX_LENGTH
    }
}
