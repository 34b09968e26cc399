//! The forms of a report, by the extension of its file.

use std::path::Path;

use super::render::{render_html, render_markdown};
use super::view::layout::Layout;

/// A form of the report that is written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// An HTML page.
    Html,
    /// Markdown, for a chat or the summary of a CI step.
    Markdown,
    /// JSON, for programs.
    Json,
}

impl ReportForm {
    /// The form for the extension of a path.
    pub fn from_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "html" | "htm" => Some(Self::Html),
            "md" | "markdown" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Renders the whole report.
    pub(super) fn render(self, document: &impl Layout) -> String {
        match self {
            Self::Html => render_html(document),
            Self::Markdown => render_markdown(document),
            Self::Json => document.json(),
        }
    }
}
