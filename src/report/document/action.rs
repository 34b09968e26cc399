//! What a reader can do about the numbers: facts with a count, and how to list their rows.
//!
//! Actions are derived from a finished document, so they reveal nothing that `--min-cell` has suppressed. Codes are
//! documented in `docs/report.md`; a test compares the two. `tests/it/peers/numbers.rs` runs every query and compares its
//! rows with the count.
//!
//! *Easy to get wrong:* texts from the server become part of a query, so only names that satisfy [`is_plain`] may.

use std::borrow::Cow;
use std::path::Path;

use serde::Serialize;

use super::origin::Origin;
use crate::base::hive::partition_of;
use crate::format::FileFormat;
use crate::publish::is_dataset_file;

/// Smallest group whose percentage is compared with that of all other rows.
const MIN_GROUP: u64 = 100;
/// Smallest count that can be reported as unusually high.
const MIN_COUNT: u64 = 10;
/// Quantile of the normal distribution for a confidence of 99%. Dozens of groups are compared; at 95%, too many of them
/// would be reported by chance.
const Z: f64 = 2.576;

/// A fact that needs attention, and how to list its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// For machines. Codes are documented in `docs/report.md` and do not change.
    pub code: ActionCode,
    /// The groups that the fact is about, such as regions; empty if it is about all rows.
    pub keys: Vec<String>,
    /// Rows that the query returns.
    pub count: u64,
    /// Rows of which these are a part.
    pub of: u64,
    /// Whether the count is an estimate from a sample.
    pub approximate: bool,
    /// For people, in a sentence. It may change from version to version.
    pub text: String,
    /// A command that exports the rows.
    pub command: Option<String>,
    /// A `DuckDB` query that selects the rows from the exported Parquet file.
    pub sql: Option<String>,
}

/// Every code of an [`Action`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionCode {
    /// Contacts that opted out.
    OptedOut,
    /// Contacts without any channel.
    WithoutChannel,
    /// Contacts whose number has another calling code than their region.
    NumberOfAnotherRegion,
    /// Contacts that share their number with another contact.
    SharedNumbers,
    /// Contacts whose default channel is not available.
    DefaultChannelNotAvailable,
    /// Regions where `WhatsApp` reaches more contacts than SMS.
    WhatsappReachesMore,
    /// A region where more contacts opted out than elsewhere.
    HighOptOutShare,
    /// A reason for which many messages were not delivered.
    FrequentFailure,
    /// A channel on which more messages were not delivered than on others.
    HighFailureShare,
}

impl ActionCode {
    /// All codes, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::OptedOut,
        Self::WithoutChannel,
        Self::NumberOfAnotherRegion,
        Self::SharedNumbers,
        Self::DefaultChannelNotAvailable,
        Self::WhatsappReachesMore,
        Self::HighOptOutShare,
        Self::FrequentFailure,
        Self::HighFailureShare,
    ];
}

/// A part and its whole within a group, and within all groups.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) part: u64,
    pub(super) whole: u64,
    pub(super) all_parts: u64,
    pub(super) all_wholes: u64,
}

impl Share {
    /// Whether the percentage of the group is higher than that of all other rows by more than chance explains: the lower
    /// bound of its Wilson score interval is above theirs.
    pub(super) fn stands_out(self) -> bool {
        let others = (self.all_parts.saturating_sub(self.part), self.all_wholes.saturating_sub(self.whole));
        self.whole >= MIN_GROUP
            && self.part >= MIN_COUNT
            && others.1 > 0
            && lower_bound(self.part, self.whole) > ratio(others.0, others.1)
    }
}

/// The lower bound of the Wilson score interval of a share.
fn lower_bound(part: u64, whole: u64) -> f64 {
    let (share, count) = (ratio(part, whole), to_float(whole));
    let spread = (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
    (share + Z * Z / (2.0 * count) - Z * spread) / (1.0 + Z * Z / count)
}

fn ratio(part: u64, whole: u64) -> f64 {
    to_float(part) / to_float(whole.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "for a statistic, 53 bits are plenty")]
fn to_float(count: u64) -> f64 {
    count as f64
}

/// Whether a text can be used within the quotes of a query or a command without escaping.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'='))
}

/// What a query reads from: the name of the only Parquet file of the run or of the report, or the pattern of all files of a
/// dataset, relative to its folder; `usual` if there are several files or the name is not plain.
pub(super) fn parquet_file<'a>(origin: &'a Origin, usual: &'a str) -> Cow<'a, str> {
    let outputs = origin.outputs.iter().filter(|file| file.resource.is_none()).map(|file| (&file.path, file.format));
    let inputs = origin.inputs.iter().map(|file| (&file.path, file.format));
    let files = outputs.chain(inputs).filter(|(_, format)| *format == FileFormat::PARQUET);
    let paths: Vec<&Path> = files.map(|(path, _)| Path::new(path)).collect();
    let column_of = |path: &&'a Path| {
        let (folder, name) = (path.parent()?.file_name()?.to_str()?, path.file_name()?.to_str()?);
        partition_of(folder).filter(|_| is_dataset_file(name)).map(|(column, _)| column)
    };
    // A run may have written only some of the days.
    let is_whole = |column: &&str| origin.outputs.is_empty() || !column.ends_with("_date");
    let column = paths.first().and_then(column_of).filter(|column| is_plain(column)).filter(is_whole);
    if let Some(column) = column.filter(|column| paths.iter().all(|path| column_of(path) == Some(*column))) {
        return format!("{column}=*/*.parquet").into();
    }
    let [path] = paths.as_slice() else { return usual.into() };
    let name = path.file_name().and_then(|name| name.to_str());
    name.filter(|name| is_plain(name)).unwrap_or(usual).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_documented() {
        let documentation = include_str!("../../../docs/report.md");
        for code in ActionCode::ALL {
            let name = serde_json::to_value(code).unwrap();
            let row = format!("| `{}` |", name.as_str().unwrap());
            assert!(documentation.contains(&row), "docs/report.md has no row {row}");
        }
    }

    #[test]
    fn a_share_stands_out_only_if_chance_does_not_explain_it() {
        let share = |part, whole| Share { part, whole, all_parts: part + 500, all_wholes: whole + 10_000 };
        for ((part, whole), wanted) in [
            ((10, 100), false),
            ((12, 100), true),
            ((20, 100), true),
            ((99, 99), false),
            ((9, 100), false),
            ((50, 1000), false),
            ((75, 1000), true),
        ] {
            assert_eq!(share(part, whole).stands_out(), wanted, "{part} of {whole}");
        }
        // There are no other rows to compare with.
        assert!(!Share { part: 100, whole: 100, all_parts: 100, all_wholes: 100 }.stands_out());
    }

    #[test]
    fn the_lower_bound_is_that_of_a_published_example() {
        // 10 of 100: Wilson's interval at 99% is 0.0460 to 0.2033.
        assert!((lower_bound(10, 100) - 0.0460).abs() < 0.0001, "{}", lower_bound(10, 100));
        assert!(lower_bound(0, 100).abs() < 1e-12);
    }

    #[test]
    fn only_plain_names_become_part_of_a_query() {
        assert!(["30003", "c.parquet", "a-b_c", "created_date=2026-03-01"].into_iter().all(is_plain));
        assert!(["", "a'b", "a b", "x;", "a\"b", "é", "a/b", "$(x)"].into_iter().all(|text| !is_plain(text)));
    }
}
