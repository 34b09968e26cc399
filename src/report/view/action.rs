//! What to do, and how its rows are listed.

/// Something to do.
#[derive(Debug)]
pub(in crate::report) struct ActionView {
    pub(in crate::report) text: String,
    /// How to list the rows: a command, or else a query.
    pub(in crate::report) how: Option<How>,
}

/// How rows are listed.
#[derive(Debug)]
pub(in crate::report) enum How {
    /// A command of this program.
    Command(String),
    /// A query of `DuckDB`.
    Sql(String),
}

impl How {
    pub(in crate::report) fn text(&self) -> &str {
        let (Self::Command(text) | Self::Sql(text)) = self;
        text
    }

    /// Whether a form that cannot collapse it should show it.
    pub(in crate::report) fn is_short(&self) -> bool {
        const MAX_LENGTH: usize = 240;
        self.text().len() <= MAX_LENGTH
    }
}
