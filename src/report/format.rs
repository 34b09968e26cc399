//! Formats numbers and texts for people, the same in every form of the report.

use std::path::Path;

use super::document::delivery::money::Money;
use crate::base::plural::grouped;
use crate::base::printable::is_printable;

/// A word with its first letter in upper case, for the title of a column.
pub(super) fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A percentage with one decimal place; empty if `total` is 0.
pub(super) fn percent(count: u64, total: u64) -> String {
    if total == 0 {
        return String::new();
    }
    // Tenths of a percent, in whole numbers so that the rounding is the same everywhere.
    let tenths = (u128::from(count) * 2000 + u128::from(total)) / (u128::from(total) * 2);
    match tenths {
        // A small part must not be shown as 0%, nor an incomplete one as 100%.
        0 if count > 0 => "<0.1%".to_owned(),
        1000 if count < total => ">99.9%".to_owned(),
        _ => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

/// An amount of money with at least four decimal places, as the API writes prices. It names no currency.
pub(super) fn money(amount: Money) -> String {
    let text = amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("−", digits));
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    // A number that is too large to parse is not a price, and is not grouped.
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    format!("{sign}{whole}.{rest:0<4}")
}

/// A duration in its two largest units.
pub(super) fn duration(milliseconds: u64) -> String {
    const SECOND: u64 = 1000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let two = |large: (u64, &str), small: (u64, &str)| {
        let (count, rest) = (milliseconds / large.0, milliseconds % large.0 / small.0);
        let rest = if rest > 0 { format!(" {rest} {}", small.1) } else { String::new() };
        format!("{} {}{rest}", grouped(count), large.1)
    };
    match milliseconds {
        ..SECOND => format!("{milliseconds} ms"),
        SECOND..MINUTE => format!("{}.{} s", milliseconds / SECOND, milliseconds % SECOND / 100),
        MINUTE..HOUR => two((MINUTE, "min"), (SECOND, "s")),
        HOUR..DAY => two((HOUR, "h"), (MINUTE, "min")),
        _ => two((DAY, "d"), (HOUR, "h")),
    }
}

/// A size in bytes.
pub(super) fn size(bytes: u64) -> String {
    let (unit, divisor) = match bytes {
        ..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => ("kB", 100),
        1_000_000..1_000_000_000 => ("MB", 100_000),
        _ => ("GB", 100_000_000),
    };
    let tenths = bytes / divisor;
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// A difference with its sign and an arrow.
pub(super) fn difference(difference: i64) -> String {
    match difference {
        0 => "=".to_owned(),
        1.. => format!("▲ +{}", grouped(difference.unsigned_abs())),
        _ => format!("▼ −{}", grouped(difference.unsigned_abs())),
    }
}

/// A change as a percentage of the old number, with its sign; empty if the old number is 0 or equals the new one.
pub(super) fn relative(old: u64, new: u64) -> String {
    let sign = if new < old { "−" } else { "+" };
    match percent(old.abs_diff(new), old) {
        _ if old == new => String::new(),
        share if share.is_empty() => share,
        share => format!("{sign}{share}"),
    }
}

/// A time to the minute, for people.
pub(super) fn moment(time: &str) -> String {
    let parts = time.split_once('T').and_then(|(date, time)| Some((date, time.get(..5)?)));
    parts.map_or_else(|| time.to_owned(), |(date, minute)| format!("{date}, {minute} UTC"))
}

/// A word from the server or a file, without control characters and of limited length.
pub(super) fn shown(word: &str) -> String {
    const MAX_LENGTH: usize = 40;
    let shown: String = word.chars().filter(|&c| is_printable(c)).take(MAX_LENGTH + 1).collect();
    if shown.trim().is_empty() { "(empty)".to_owned() } else { shortened(&shown, MAX_LENGTH) }
}

/// The name of a file without its folders, because a shared report should not contain them.
pub(super) fn file_name(path: &str) -> String {
    let path = Path::new(path);
    let name = path.file_name().map_or(path.to_string_lossy(), |name| name.to_string_lossy());
    let folder = path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy());
    // A folder named after a column value (`day=2026-03-01`) distinguishes the parts of a dataset.
    match folder.filter(|folder| folder.contains('=')) {
        Some(folder) => shown(&format!("{folder}/{name}")),
        None => shown(&name),
    }
}

/// A text of at most `max` characters, with an ellipsis if some were cut off.
pub(super) fn shortened(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let start: String = text.chars().take(max - 1).collect();
    format!("{}…", start.trim_end())
}

/// A sentence that contains words from the server or a file, of limited length.
pub(super) fn sentence(text: &str) -> String {
    const MAX_LENGTH: usize = 400;
    shortened(&text.chars().filter(|&c| is_printable(c)).collect::<String>(), MAX_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_never_rounded_to_0_or_100() {
        let table = [
            ((0, 0), ""),
            ((0, 5), "0.0%"),
            ((1, 3), "33.3%"),
            ((2, 3), "66.7%"),
            ((1, 1_000_000), "<0.1%"),
            ((999_999, 1_000_000), ">99.9%"),
            ((7, 7), "100.0%"),
        ];
        for ((count, total), wanted) in table {
            assert_eq!(percent(count, total), wanted, "{count} of {total}");
        }
    }

    #[test]
    fn money_has_at_least_four_places_and_durations_at_most_two_units() {
        let amounts = [0, 1_234_500_000, -7_900, 12_000_000].map(|micros| money(Money(micros)));
        assert_eq!(amounts, ["0.0000", "1,234.5000", "−0.0079", "12.0000"]);
        let durations = [0, 999, 12_345, 60_000, 250_000, 3_600_000, 11_100_000, 200_000_000].map(duration);
        assert_eq!(durations, ["0 ms", "999 ms", "12.3 s", "1 min", "4 min 10 s", "1 h", "3 h 5 min", "2 d 7 h"]);
    }

    #[test]
    fn a_time_is_shown_to_the_minute_in_any_year() {
        assert_eq!(moment("2026-03-01T08:30:15Z"), "2026-03-01, 08:30 UTC");
        assert_eq!(moment("+12026-03-01T08:30:15Z"), "+12026-03-01, 08:30 UTC");
        assert_eq!(moment("soon"), "soon");
    }

    #[test]
    fn numbers_are_grouped_and_differences_have_arrows() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1200, -5].map(difference), ["=", "▲ +1,200", "▼ −5"]);
        let changes = [(100, 103), (100, 97), (3, 9), (0, 5), (7, 7), (100_000, 100_001)];
        let shares = changes.map(|(old, new)| relative(old, new));
        assert_eq!(shares, ["+3.0%", "−3.0%", "+200.0%", "", "", "+<0.1%"]);
        assert_eq!(shown("a\u{1b}[31m\u{202e}b"), "a[31mb");
        assert_eq!(shown("a\u{9b}\u{200b}b"), "ab");
        assert_eq!(shown("\u{7}"), "(empty)");
        assert_eq!(shown(&"x".repeat(40)), "x".repeat(40));
        assert_eq!(shown(&"x".repeat(41)), format!("{}…", "x".repeat(39)));
        assert_eq!(shortened("ab cd", 4), "ab…");
    }
}
