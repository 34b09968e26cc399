//! The layout of CSV files: dialect, delimiter and null.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The intended reader of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CsvDialect {
    /// RFC 4180 with LF line ends: for programs.
    #[default]
    Rfc4180,
    /// For people who open the file in Excel: with a byte order mark, CRLF line ends, and texts that stay texts.
    Excel,
    /// For `COPY` of `PostgreSQL`: lists are array literals.
    Postgres,
}

impl CsvDialect {
    /// What asks for it.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(dialect, _)| *dialect == self).map_or("", |(_, name)| name)
    }

    const ALL: [(Self, &'static str); 3] =
        [(Self::Rfc4180, "rfc4180"), (Self::Excel, "excel"), (Self::Postgres, "postgres")];
}

impl FromStr for CsvDialect {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|(_, known)| *known == name.to_ascii_lowercase());
        found.map(|(dialect, _)| dialect).ok_or("write rfc4180, excel or postgres")
    }
}

/// The separator of cells in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Delimiter {
    /// `,`
    #[default]
    #[serde(rename = ",")]
    Comma,
    /// `;`, which Excel expects where the comma is the decimal point.
    #[serde(rename = ";")]
    Semicolon,
    /// A tab character.
    #[serde(rename = "\t")]
    Tab,
    /// `|`
    #[serde(rename = "|")]
    Pipe,
}

impl Delimiter {
    /// All delimiters, in order of preference.
    pub(crate) const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// Its byte.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

impl FromStr for Delimiter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "," => Ok(Self::Comma),
            ";" => Ok(Self::Semicolon),
            "tab" | "\t" | "\\t" => Ok(Self::Tab),
            "|" => Ok(Self::Pipe),
            _ => Err("write one of , ; | or the word tab"),
        }
    }
}

/// The text for nulls: without quotes, delimiters, line ends, and white space at its ends, and never a flag, a number or a
/// time, which are written without quotes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NullText(String);

impl NullText {
    /// The text; empty by default.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NullText {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() != text || text.contains([',', ';', '|', '"', '\t', '\r', '\n']) {
            return Err("write a text without quotes, delimiters, line ends, and spaces at its ends");
        }
        if text.starts_with(['=', '+', '-', '@', '\'']) {
            return Err("write a text that no spreadsheet takes for a formula");
        }
        if text.starts_with(|first: char| first.is_ascii_digit())
            || ["true", "false"].contains(&text.to_lowercase().as_str())
        {
            return Err(
                "write a text other than true and false that begins with no digit: values are written like that",
            );
        }
        Ok(Self(text.to_owned()))
    }
}

/// The layout of CSV files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "CsvFacts", from = "CsvFacts")]
pub struct CsvSettings {
    /// The intended reader.
    pub dialect: CsvDialect,
    /// The separator of cells.
    pub delimiter: Delimiter,
    /// The text for nulls.
    pub null: NullText,
}

/// Name of the rule by which texts remain texts in Excel; see [`guard`](super::guard).
const GUARD_RULE: &str = "formula-text";

/// The settings in a manifest.
#[derive(Serialize, Deserialize)]
struct CsvFacts {
    dialect: CsvDialect,
    delimiter: Delimiter,
    null: NullText,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

impl From<CsvSettings> for CsvFacts {
    fn from(settings: CsvSettings) -> Self {
        let CsvSettings { dialect, delimiter, null } = settings;
        Self { dialect, delimiter, null, rule: (dialect == CsvDialect::Excel).then(|| GUARD_RULE.to_owned()) }
    }
}

impl From<CsvFacts> for CsvSettings {
    fn from(facts: CsvFacts) -> Self {
        let CsvFacts { dialect, delimiter, null, .. } = facts;
        Self { dialect, delimiter, null }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_the_same_in_a_manifest() {
        let settings = CsvSettings {
            dialect: "Excel".parse().unwrap(),
            delimiter: "tab".parse().unwrap(),
            null: "NULL".parse().unwrap(),
        };
        let json = serde_json::to_value(&settings).unwrap();
        let wanted = serde_json::json!({"dialect": "excel", "delimiter": "\t", "null": "NULL", "rule": "formula-text"});
        assert_eq!(json, wanted);
        assert_eq!(serde_json::from_value::<CsvSettings>(json).unwrap(), settings);
        let json = serde_json::to_value(CsvSettings::default()).unwrap();
        assert_eq!(json, serde_json::json!({"dialect": "rfc4180", "delimiter": ",", "null": ""}));
    }

    #[test]
    fn what_would_not_be_read_back_is_refused() {
        for text in ["a,b", "\"", " x", "a\tb", "a\nb", "=1", "-", "'", "true", "False", "0", "2026-03-01T00:00:00Z"] {
            assert!(text.parse::<NullText>().is_err(), "{text:?}");
        }
        for text in ["", "NULL", "\\N", "n/a", "falsehood", "x0"] {
            assert_eq!(text.parse::<NullText>().unwrap().as_str(), text);
        }
        assert!(":".parse::<Delimiter>().is_err() && "tsv".parse::<CsvDialect>().is_err());
    }
}
