//! The summary as Markdown, for the summary of a CI step or a chat.
//!
//! GitHub's dialect with tables. Always under 100 kB, whatever the account: tables are cut to a few dozen rows, and
//! words from the server to 40 characters.
//!
//! *Easy to get wrong:* words from the server must not become markup. Every character that Markdown or HTML could take
//! for a sign is escaped.

use super::Summary;
use super::view::{Cell, Limits, View, sections};

/// Rows that keep the whole well under 100 kB: about 20 tables of 60 rows of at most 200 bytes would be too many, but
/// only a few tables can be that long.
const LIMITS: Limits = Limits { rows: 40, regions: 60, months: 36, channels: 8 };

/// Writes the summary; every line ends with a line end.
pub fn render_markdown(summary: &Summary) -> String {
    let mut text = "# Report on contacts\n".to_owned();
    for section in sections(summary, LIMITS) {
        text += &format!("\n## {}\n", escaped(&section.title));
        if !section.notes.is_empty() {
            text.push('\n');
        }
        for note in &section.notes {
            text += &format!("- {}\n", escaped(note));
        }
        for view in &section.tables {
            table(view, &mut text);
        }
    }
    text
}

fn table(view: &View, text: &mut String) {
    // A bar says nothing that its number does not, and a chat has no room for it.
    let has_bar = view.rows.iter().any(|row| matches!(row.last(), Some(Cell::Bar(..))));
    let columns = view.columns.len() - usize::from(has_bar);
    if !view.title.is_empty() {
        text.push_str(&format!("\n### {}\n", escaped(&view.title)));
    }
    text.push('\n');
    row(view.columns[..columns].iter().map(|column| escaped(column)), text);
    row((0..columns).map(|column| if column == 0 { ":--" } else { "--:" }.to_owned()), text);
    for cells in &view.rows {
        row(cells.iter().take(columns).map(|cell| escaped(&cell.words())), text);
    }
}

fn row(cells: impl Iterator<Item = String>, text: &mut String) {
    for cell in cells {
        text.push_str("| ");
        text.push_str(&cell);
        text.push(' ');
    }
    text.push_str("|\n");
}

/// Text as it is, whatever signs it holds.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // Chats make links and mentions of them.
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sign_of_markup_is_left() {
        assert_eq!(escaped("<b>|*a*_[x](y)"), "&lt;b&gt;\\|\\*a\\*\\_\\[x\\](y)");
        assert_eq!(escaped("`@all` $x$ 5 %"), "\\`&#64;all\\` \\$x\\$ 5 %");
    }
}
