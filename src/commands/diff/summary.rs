//! The counts of a comparison as a table.

use crate::base::plural::grouped;
use crate::changes::{ChangeCounts, GoneAs};
use crate::input::Content;
use crate::telemetry::{CONSOLE_TARGET, LogFormat};

/// Logs the counts as JSON.
pub(super) fn log(counts: &ChangeCounts) {
    if LogFormat::is_json() {
        let ChangeCounts { added, changed, removed, missing, unchanged, .. } = *counts;
        tracing::info!(
            target: CONSOLE_TARGET,
            event = "compared",
            added,
            changed,
            removed,
            missing,
            unchanged,
            "compared two exports"
        );
    }
}

/// The table of changes from the older to the newer side.
pub(super) fn text(counts: &ChangeCounts, content: Content, gone_as: GoneAs, [old, new]: [&str; 2]) -> String {
    let gone = match gone_as {
        GoneAs::Removed => "Removed",
        GoneAs::Missing => "Missing",
    };
    let mut lines = vec![
        ("Added", counts.added),
        ("Changed", counts.changed),
        (gone, counts.removed + counts.missing),
        ("Unchanged", counts.unchanged),
    ];
    if content == Content::Contacts {
        lines.extend([("Opted out", counts.opted_out), ("Opted in", counts.opted_in)]);
    }
    let mut text = format!("Changes of {} from {old} to {new}\n", content.noun().many);
    text += &table(&lines);
    if !counts.fields.is_empty() {
        let fields: Vec<(&str, u64)> = counts.fields.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
        text += "\nChanged columns\n";
        text += &table(&fields);
    }
    text
}

fn table(lines: &[(&str, u64)]) -> String {
    let name_width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let numbers: Vec<String> = lines.iter().map(|&(_, count)| grouped(count)).collect();
    let width = numbers.iter().map(String::len).max().unwrap_or_default();
    let line = |((name, _), number): (&(&str, u64), &String)| format!("  {name:name_width$}  {number:>width$}\n");
    lines.iter().zip(&numbers).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_aligned_and_messages_have_no_opt_outs() {
        let fields = vec![("opt_out".to_owned(), 1), ("updated_at".to_owned(), 1200)];
        let counts =
            ChangeCounts { added: 3, changed: 1200, unchanged: 10_000, opted_out: 1, fields, ..Default::default() };
        let shown = text(&counts, Content::Contacts, GoneAs::Missing, ["a.csv", "b.csv"]);
        let wanted = "Changes of contacts from a.csv to b.csv
  Added           3
  Changed     1,200
  Missing         0
  Unchanged  10,000
  Opted out       1
  Opted in        0

Changed columns
  opt_out         1
  updated_at  1,200
";
        assert_eq!(shown, wanted);
        let shown = text(&ChangeCounts::default(), Content::Messages, GoneAs::Removed, ["a", "b"]);
        assert!(shown.ends_with("  Unchanged  0\n") && shown.contains("Removed"), "{shown}");
    }
}
