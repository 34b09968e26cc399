//! The summary as an aligned table for a terminal or a log.

use std::fmt::Write;

use super::Summary;
use super::count::{NONE_KEY, Table};
use crate::verdict::Verdict;

/// How the table is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableStyle {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to use colours.
    pub has_colours: bool,
}

/// Rows shown of a long table.
const MAX_ROWS: usize = 10;
/// Longest bar, in characters.
const MAX_BAR: usize = 24;

/// Draws the summary; every line ends with a line end, none is wider than the style allows.
pub fn render_table(summary: &Summary, style: TableStyle) -> String {
    let mut table = Renderer { text: String::new(), style, total: summary.counts.contacts };
    let counts = &summary.counts;
    table.line(&format!("Contacts {:>18}", grouped(counts.contacts)));
    table.section("Channels (a contact counts once for each)", &counts.channels);
    table.section("Default channel", &counts.default_channels);
    table.section("Regions", &counts.regions);
    let opt_outs = [
        ("opted out".to_owned(), counts.opted_out),
        ("not opted out".to_owned(), counts.opted_in),
        ("unknown".to_owned(), counts.opt_out_unknown()),
    ];
    table.section("Opt-outs", &opt_outs.into_iter().filter(|&(_, count)| count > 0).collect());
    table.section("Rejected items", &summary.findings.rejected);
    table.section("Undocumented fields", &summary.findings.unknown_fields);
    table.section("Values that could not be read (written as null)", &summary.findings.malformed_fields);
    table.run(summary);
    table.text
}

struct Renderer {
    text: String,
    style: TableStyle,
    total: u64,
}

impl Renderer {
    fn line(&mut self, line: &str) {
        let line: String = line.chars().filter(|c| !c.is_control()).take(self.style.width.max(20)).collect();
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.text.push('\n');
        if self.style.has_colours {
            self.text.push_str("\u{1b}[1m");
        }
        let start = self.text.len();
        self.line(heading);
        if self.style.has_colours {
            let end = self.text.trim_end().len().max(start);
            self.text.insert_str(end, "\u{1b}[0m");
        }
    }

    /// The largest counts first; the rest in one line.
    fn section(&mut self, heading: &str, table: &Table) {
        if table.is_empty() {
            return;
        }
        self.heading(heading);
        let mut rows: Vec<(&str, u64)> = table.iter().map(|(key, &count)| (key.as_str(), count)).collect();
        // `none` and `unknown` stand last, whatever their count.
        rows.sort_by_key(|&(key, count)| (is_leftover(key), std::cmp::Reverse(count)));
        let largest = rows.iter().map(|&(_, count)| count).max().unwrap_or(0);
        let cut = if rows.len() > MAX_ROWS + 1 { MAX_ROWS } else { rows.len() };
        let names: Vec<String> = rows[..cut].iter().map(|&(key, _)| shown(key)).collect();
        let more = format!("… and {} more", rows.len() - cut);
        let width = names.iter().chain([&more]).map(|name| name.chars().count()).max().unwrap_or(0);
        for (name, &(_, count)) in names.iter().zip(&rows) {
            self.row(name, width, count, largest);
        }
        if cut < rows.len() {
            let count: u64 = rows[cut..].iter().map(|&(_, count)| count).sum();
            self.row(&more, width, count, largest);
        }
    }

    fn row(&mut self, name: &str, width: usize, count: u64, largest: u64) {
        let mut line = String::new();
        let share = percent(count, self.total);
        write!(line, "  {name:<width$} {:>13} {share:>7}", grouped(count)).expect("a String takes everything");
        let room = self.style.width.saturating_sub(line.chars().count() + 2).min(MAX_BAR);
        let bar = (count * room as u64).div_ceil(largest.max(1));
        line.push_str("  ");
        line.extend(std::iter::repeat_n('▇', usize::try_from(bar).unwrap_or(room).min(room)));
        self.line(&line);
    }

    fn run(&mut self, summary: &Summary) {
        let run = &summary.run;
        self.heading("Run");
        let retries = if run.retries == 0 { String::new() } else { format!(", {} retries", grouped(run.retries)) };
        let limited =
            if run.rate_limited == 0 { String::new() } else { format!(", {} times rate limited", run.rate_limited) };
        let requests = format!("{} requests for {} pages{retries}{limited}", grouped(run.requests), grouped(run.pages));
        self.line(&format!("  {requests}"));
        self.line(&format!("  {:.2} s, {:.2} s of waiting over all requests", run.elapsed_seconds, run.waited_seconds));
        if run.duplicates_removed > 0 {
            self.line(&format!("  {} contacts came twice and were written once", grouped(run.duplicates_removed)));
        }
        for output in &summary.outputs {
            let rows = grouped(output.rows);
            self.line(&format!("  {}  {rows} contacts, {}", output.path, size(output.bytes)));
        }
        let verdict = run.verdict.name();
        let colour = if run.verdict == Verdict::Unverified { 33 } else { 32 };
        if self.style.has_colours {
            // Written as it is: a colour is a control character, which no line lets through.
            writeln!(self.text, "  verdict: \u{1b}[{colour}m{verdict}\u{1b}[0m").expect("a String takes everything");
        } else {
            self.line(&format!("  verdict: {verdict}"));
        }
        for evidence in &run.evidence {
            self.line(&format!("    {evidence}"));
        }
    }
}

fn is_leftover(key: &str) -> bool {
    key == NONE_KEY || key == super::count::UNKNOWN_KEY
}

/// A key as people see it: without control characters and of bearable length.
fn shown(key: &str) -> String {
    const MAX_KEY: usize = 40;
    let shown: String = key.chars().filter(|c| !c.is_control()).take(MAX_KEY).collect();
    if shown.is_empty() { "(empty)".to_owned() } else { shown }
}

/// A number with commas between its groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn percent(count: u64, total: u64) -> String {
    if total == 0 {
        return String::new();
    }
    // Tenths of a percent, in whole numbers so that the rounding is the same everywhere.
    let tenths = (u128::from(count) * 2000 + u128::from(total)) / (u128::from(total) * 2);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn size(bytes: u64) -> String {
    let (unit, divisor) = match bytes {
        ..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => ("kB", 100),
        1_000_000..1_000_000_000 => ("MB", 100_000),
        _ => ("GB", 100_000_000),
    };
    let tenths = bytes / divisor;
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}
