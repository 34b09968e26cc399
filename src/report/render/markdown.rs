//! The report as Markdown, for the summary of a CI step or a chat.
//!
//! It uses GitHub's dialect with tables, and is always under 100 kB: tables are truncated to a few dozen rows, and texts
//! from the server to 40 characters.
//!
//! *Easy to get wrong:* texts from the server must not become markup. Every character that is special in Markdown or HTML
//! is escaped. That is not enough for a word that looks like an address, because many renderers turn it into a link after
//! parsing. Such a word becomes inline code.

use super::super::view::action::{ActionView, How};
use super::super::view::layout::Layout;
use super::super::view::limits::ViewLimits;
use super::super::view::parts::{ColumnKind, TableView};

/// Limits that keep the whole report well under 100 kB: about 20 tables of 60 rows of up to 200 bytes would exceed it, but
/// only a few tables can be that long.
const LIMITS: ViewLimits = ViewLimits { rows: 40, regions: 60, months: 36, days: 31, channels: 8 };

/// Writes the report; every line ends with a line break.
pub(in crate::report) fn render_markdown(document: &impl Layout) -> String {
    let view = document.layout(LIMITS);
    let mut text = format!("# {}\n", escaped(&view.title));
    for warning in &view.warnings {
        text += &format!("\n> **Warning:** {}\n", escaped(warning));
    }
    text.push('\n');
    for line in &view.digest {
        text += &format!("- {}\n", escaped(line));
    }
    if !view.facts.is_empty() {
        text.push_str("\n## What this covers\n\n");
    }
    for fact in &view.facts {
        text += &format!("- **{}:** {}\n", fact.name, escaped(&fact.text));
    }
    actions(&view.actions, &mut text);
    for section in &view.sections {
        text += &format!("\n## {}\n", escaped(&section.title()));
        if !section.notes.is_empty() {
            text.push('\n');
        }
        for note in &section.notes {
            text += &format!("- {}\n", escaped(&note.text));
        }
        for view in section.tables() {
            table(view, &mut text);
        }
    }
    text
}

/// The report in ten lines; every line ends with a line break.
pub(in crate::report) fn render_digest(document: &impl Layout) -> String {
    let view = document.layout(LIMITS);
    let lines = view.digest.iter().map(|line| format!("- {}\n", escaped(line)));
    format!("**{}**\n\n{}", escaped(&view.title), lines.collect::<String>())
}

/// Writes the recommended actions, each with the way to list its rows if that is short.
fn actions(actions: &[ActionView], text: &mut String) {
    if !actions.is_empty() {
        text.push_str("\n## What to do\n\n");
    }
    for action in actions {
        *text += &format!("- {}\n", escaped(&action.text));
        match &action.how {
            None => {}
            Some(how) if !how.is_short() => text.push_str("  The query is in the HTML and JSON forms.\n"),
            Some(How::Command(command)) => *text += &format!("\n  ```sh\n  {command}\n  ```\n"),
            Some(How::Sql(sql)) => *text += &format!("\n  ```sql\n  {sql}\n  ```\n"),
        }
    }
}

fn table(view: &TableView, text: &mut String) {
    // A bar repeats its number, and a chat has little space.
    let columns = view.columns.iter().take_while(|column| column.kind != ColumnKind::Bar).count();
    if !view.title.is_empty() {
        text.push_str(&format!("\n### {}\n", escaped(&view.title)));
    }
    text.push('\n');
    row(view.columns[..columns].iter().map(|column| escaped(&column.title)), text);
    let is_left = |at: usize| at == 0 || view.columns[at].kind == ColumnKind::Text;
    row((0..columns).map(|at| if is_left(at) { ":--" } else { "--:" }.to_owned()), text);
    for cells in view.rows.iter().map(|row| &row.cells) {
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

/// Text with special characters escaped.
fn escaped(text: &str) -> String {
    let word = |word: &str| {
        // Trailing punctuation is not part of a name or an address.
        let (link, end) = word.split_at(word.trim_end_matches(['.', ',', ';', ':']).len());
        match () {
            () if is_link(link) => code(link) + end,
            () if is_link(word) => code(word),
            () => plain(word),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Whether a renderer could turn a word into a link or a mention: URLs with and without a scheme, and host names.
fn is_link(word: &str) -> bool {
    let is_host = |(at, _): (usize, &str)| {
        let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        is_part(word[..at].chars().next_back()) && word[at + 1..].chars().next().is_some_and(char::is_alphabetic)
    };
    // Not a time of day.
    let is_scheme = |(at, _): (usize, &str)| {
        let is_name = word[..at]
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next_back()
            .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
        is_name && at + 1 < word.len()
    };
    word.contains('@')
        || word.contains("//")
        || word.match_indices('.').any(is_host)
        || word.match_indices(':').any(is_scheme)
}

/// A word as inline code, which no renderer turns into a link.
fn code(word: &str) -> String {
    let longest_run = word.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest_run + 1);
    let space = if word.starts_with('`') || word.ends_with('`') { " " } else { "" };
    // Tables are split into cells before inline code is parsed.
    let word = word.replace('|', "\\|");
    format!("{fence}{space}{word}{space}{fence}")
}

fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
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
    fn no_special_character_is_left_unescaped() {
        assert_eq!(escaped("<b>|*a*_[x](y)"), "&lt;b&gt;\\|\\*a\\*\\_\\[x\\](y)");
        assert_eq!(escaped("`all` $x$ 5 %"), "\\`all\\` \\$x\\$ 5 %");
    }

    #[test]
    fn possible_links_become_inline_code() {
        for word in [
            "http://evil.io",
            "www.evil.com",
            "evil.io",
            "//evil.io/x",
            "mailto:a",
            "ann@example.com",
            "@all",
            "[x](http://x)",
            "contacts.parquet",
            "<a/href=//x>",
        ] {
            assert_eq!(escaped(&format!("see {word} now")), format!("see `{word}` now"));
        }
        assert_eq!(
            escaped("with old.parquet, from http://127.0.0.1:80/."),
            "with `old.parquet`, from `http://127.0.0.1:80/`."
        );
        assert_eq!(escaped("a|b.co"), "`a\\|b.co`");
        assert_eq!(escaped("`x.co`"), "`` `x.co` ``");
        assert_eq!(escaped("x``.co``a.b"), "```x``.co``a.b```");
        for text in ["A sentence. Another", "2.00 s", "Note: 5.0%", "89 of 100", "08:30 UTC."] {
            assert_eq!(escaped(text), text);
        }
    }
}
