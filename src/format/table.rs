//! The one table of formats, from which flags, help, errors and reading back take their lists.
//!
//! A new format needs a file, a variant and a row here, and an arm in [`FileFormat::open`].

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::SchemaRef;
use serde::Serialize;

use super::codec::Codec;
use super::csv::CsvEncoder;
use super::encode::{Encode, EncodeError};
use super::error::FormatError;
use super::ipc::IpcEncoder;
use super::ndjson::NdjsonEncoder;
use super::parquet::ParquetEncoder;
use super::settings::FormatSettings;
use super::types::find_unsupported;
use super::xlsx::XlsxEncoder;

/// The layout of rows in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC file, also called Feather version 2.
    Arrow,
    /// Arrow IPC stream.
    ArrowStream,
    /// Comma-separated values, RFC 4180.
    Csv,
    /// One JSON object per line.
    Ndjson,
    /// Excel workbook.
    Xlsx,
}

/// Facts about a format.
struct FormatFacts {
    format: Format,
    /// Its names, which are also extensions; the first one is shown.
    names: &'static [&'static str],
    /// Whether people and pipes can read it line by line.
    is_text: bool,
    /// Possible codecs of its files; the first is the default.
    codecs: &'static [Codec],
}

/// All formats. If several files have the same rows, the format that comes first here is read.
static FORMATS: [FormatFacts; 6] = [
    FormatFacts { format: Format::Parquet, names: &["parquet"], is_text: false, codecs: NO_CODEC },
    FormatFacts { format: Format::Arrow, names: &["arrow", "feather"], is_text: false, codecs: NO_CODEC },
    FormatFacts { format: Format::ArrowStream, names: &["arrows"], is_text: false, codecs: NO_CODEC },
    FormatFacts { format: Format::Csv, names: &["csv"], is_text: true, codecs: TEXT_CODECS },
    FormatFacts { format: Format::Ndjson, names: &["ndjson", "jsonl"], is_text: true, codecs: TEXT_CODECS },
    FormatFacts { format: Format::Xlsx, names: &["xlsx"], is_text: false, codecs: NO_CODEC },
];

const NO_CODEC: &[Codec] = &[Codec::None];
const TEXT_CODECS: &[Codec] = &[Codec::None, Codec::Gzip, Codec::Zstd];

impl Format {
    fn facts(self) -> &'static FormatFacts {
        let facts = FORMATS.iter().find(|facts| facts.format == self);
        facts.expect("every format has a row, as a test says")
    }
}

/// A format and the codec of its file: `csv.gz` is CSV compressed with gzip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub struct FileFormat {
    format: Format,
    codec: Codec,
}

impl FileFormat {
    /// Parquet.
    pub const PARQUET: Self = Self { format: Format::Parquet, codec: Codec::None };
    /// Uncompressed CSV, the default for stdout.
    pub const CSV: Self = Self { format: Format::Csv, codec: Codec::None };

    /// All combinations of format and codec, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        FORMATS.iter().flat_map(|facts| facts.codecs.iter().map(|&codec| Self { format: facts.format, codec }))
    }

    /// The layout of rows.
    pub fn format(self) -> Format {
        self.format
    }

    /// The compression of the file.
    pub fn codec(self) -> Codec {
        self.codec
    }

    /// Whether its lines can be read as they are written.
    pub fn is_plain_text(self) -> bool {
        self.format.facts().is_text && self.codec == Codec::None
    }

    /// Its name, which is also the default extension of its files.
    pub fn name(self) -> &'static str {
        static NAMES: LazyLock<Vec<(FileFormat, String)>> = LazyLock::new(|| {
            let name = |format: FileFormat| format!("{}{}", format.format.facts().names[0], format.codec.suffix());
            FileFormat::all().map(|format| (format, name(format))).collect()
        });
        let named = NAMES.iter().find(|(format, _)| *format == self);
        named.map(|(_, name)| name.as_str()).expect("only formats of the table can be made")
    }

    /// Its extensions, without the leading dot; the first is its name.
    pub fn extensions(self) -> impl Iterator<Item = String> {
        self.format.facts().names.iter().map(move |name| format!("{name}{}", self.codec.suffix()))
    }

    /// The format with the extension of a path, and the length of that extension.
    pub fn of_path(path: &Path) -> Option<(Self, usize)> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let has = |extension: &String| {
            name.strip_suffix(extension.as_str()).and_then(|stem| stem.strip_suffix('.')).is_some_and(|s| !s.is_empty())
        };
        Self::all().find_map(|format| Some((format, format.extensions().find(has)?.len())))
    }

    /// The format with the extension of a path.
    pub fn from_path(path: &Path) -> Option<Self> {
        Self::of_path(path).map(|(format, _)| format)
    }

    /// The format with the extension of a path.
    ///
    /// # Errors
    /// When the extension is unknown, or the name is not UTF-8.
    pub fn for_path(path: &Path) -> Result<Self, FormatError> {
        if path.file_name().is_some_and(|name| name.to_str().is_none()) {
            return Err(FormatError::NameNotUtf8 { path: path.to_owned() });
        }
        Self::from_path(path)
            .ok_or_else(|| FormatError::UnknownExtension { path: path.to_owned(), hint: format_hint() })
    }

    /// Checks that every column can be written.
    ///
    /// # Errors
    /// With the first unsupported column and its type.
    pub(crate) fn check_columns(self, schema: &SchemaRef) -> Result<(), FormatError> {
        find_unsupported(schema).map_or(Ok(()), |field| {
            let (column, data_type) = (field.name().clone(), field.data_type().to_string());
            Err(FormatError::UnsupportedColumn { format: self.to_string(), column, data_type })
        })
    }

    /// Starts a file in this format, with columns that passed [`check_columns`](Self::check_columns).
    ///
    /// # Errors
    /// When the sink cannot be written.
    pub(crate) fn open<W: Write + Send + fmt::Debug + 'static>(
        self,
        sink: W,
        schema: &SchemaRef,
        settings: &FormatSettings,
    ) -> Result<Box<dyn Encode<W>>, EncodeError> {
        let schema = Arc::clone(schema);
        let FormatSettings { rows, metadata, parquet, csv, decimals } = settings;
        Ok(match self.format {
            Format::Parquet => Box::new(ParquetEncoder::new(sink, schema, parquet, metadata)?),
            Format::Arrow => Box::new(IpcEncoder::file(sink, schema, metadata)?),
            Format::ArrowStream => Box::new(IpcEncoder::stream(sink, schema, metadata)?),
            Format::Csv => Box::new(CsvEncoder::new(sink, self.codec, schema, csv)?),
            Format::Ndjson => Box::new(NdjsonEncoder::new(sink, self.codec, schema, *decimals)?),
            Format::Xlsx => Box::new(XlsxEncoder::new(sink, schema, rows)?),
        })
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl From<FileFormat> for &'static str {
    fn from(format: FileFormat) -> Self {
        format.name()
    }
}

impl FromStr for FileFormat {
    type Err = FormatError;

    /// Reads a name or extension, in any case.
    fn from_str(name: &str) -> Result<Self, FormatError> {
        let wanted = name.trim_start_matches('.').to_ascii_lowercase();
        let found = Self::all().find(|format| format.extensions().any(|extension| extension == wanted));
        found.ok_or_else(|| FormatError::UnknownFormat {
            name: name.to_owned(),
            known: format_names(),
            hint: format_hint(),
        })
    }
}

/// The names of all formats in a sentence: `parquet, csv or ndjson`.
pub fn format_names() -> &'static str {
    static NAMES: LazyLock<String> = LazyLock::new(|| listed(""));
    &NAMES
}

/// The extensions of all formats in a sentence: `.parquet, .csv or .ndjson`.
pub fn format_extensions() -> &'static str {
    static EXTENSIONS: LazyLock<String> = LazyLock::new(|| listed("."));
    &EXTENSIONS
}

/// The hint for an unknown format.
fn format_hint() -> &'static str {
    static HINT: LazyLock<String> =
        LazyLock::new(|| format!("write {}, or name one of them with --format", format_extensions()));
    &HINT
}

fn listed(prefix: &str) -> String {
    let names: Vec<String> = FileFormat::all().map(|format| format!("{prefix}{format}")).collect();
    match names.split_last() {
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn every_format_has_a_row_and_its_own_names() {
        for format in [Format::Parquet, Format::Arrow, Format::ArrowStream, Format::Csv, Format::Ndjson, Format::Xlsx] {
            assert_eq!(format.facts().format, format);
            assert!(!format.facts().codecs.is_empty());
        }
        let names: Vec<String> = FileFormat::all().flat_map(FileFormat::extensions).collect();
        let distinct: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert_eq!(
            format_names(),
            "parquet, arrow, arrows, csv, csv.gz, csv.zst, ndjson, ndjson.gz, ndjson.zst or xlsx"
        );
        assert!(format_extensions().starts_with(".parquet, .arrow, "));
    }

    #[test]
    fn extensions_and_names_lead_to_the_same_format() {
        for (path, wanted) in [
            ("out/c.parquet", Some("parquet")),
            ("C.CSV", Some("csv")),
            ("c.csv.gz", Some("csv.gz")),
            ("a.b.ndjson.zst", Some("ndjson.zst")),
            ("c.feather", Some("arrow")),
            ("c.arrows", Some("arrows")),
            ("c.arrow.gz", None),
            ("c.jsonl", Some("ndjson")),
            ("c.jsonl.gz", Some("ndjson.gz")),
            ("c.parquet.gz", None),
            (".csv", None),
            ("csv", None),
            ("c.json", None),
        ] {
            let found = FileFormat::from_path(Path::new(path)).map(|format| format.to_string());
            assert_eq!(found.as_deref(), wanted, "{path}");
        }
        assert_eq!(FileFormat::of_path(Path::new("c.jsonl.gz")).map(|(_, length)| length), Some("jsonl.gz".len()));
        for format in FileFormat::all() {
            assert_eq!(format.to_string().parse::<FileFormat>().unwrap(), format);
            assert_eq!(format!(".{format}").to_uppercase().parse::<FileFormat>().unwrap(), format);
        }
        let error = "xml".parse::<FileFormat>().unwrap_err().to_string();
        assert_eq!(error, format!("unknown format: xml; write {}", format_names()));
    }

    #[test]
    fn columns_that_cannot_be_written_are_named() {
        let schema = |data_type: DataType| Arc::new(Schema::new(vec![Field::new("size", data_type, true)]));
        let check = |data_type| FileFormat::CSV.check_columns(&schema(data_type));
        check(DataType::Decimal128(18, 6)).unwrap();
        let list = DataType::List(Arc::new(Field::new("element", DataType::UInt8, true)));
        let error = check(list).unwrap_err().to_string();
        assert_eq!(error, "csv cannot hold the column size of type List(UInt8, field: 'element')");
        for refused in [DataType::LargeUtf8, DataType::Date32, DataType::Decimal128(5, -2), DataType::Struct([].into())]
        {
            check(refused).unwrap_err();
        }
    }

    #[test]
    fn the_published_schemas_list_the_same_formats() {
        let formats: Vec<&str> = FileFormat::all().map(FileFormat::name).collect();
        for schema in
            [include_str!("../../schema/manifest.schema.json"), include_str!("../../schema/summary.schema.json")]
        {
            let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
            let files = ["outputs", "inputs"].iter().filter_map(|field| schema["properties"].get(field));
            let listed: Vec<_> = files.map(|file| &file["items"]["properties"]["format"]["enum"]).collect();
            assert!(!listed.is_empty());
            for listed in listed {
                assert_eq!(*listed, serde_json::json!(formats));
            }
        }
    }
}
