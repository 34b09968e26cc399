//! What to load from where, and the parts of statements that most engines share.

use super::column::{SqlColumn, SqlType};
use super::dialect::Dialect;
use super::part::FilePart;
use crate::format::{Codec, CsvDialect, CsvSettings, Delimiter, FileFormat, Format};

/// What to load from where into which table.
#[derive(Debug)]
pub(super) struct Load {
    /// Name of the resource.
    pub(super) resource: &'static str,
    /// The columns, in the order of the files.
    pub(super) columns: Vec<SqlColumn>,
    /// The columns that identify a row; empty if the files lack one of them.
    pub(super) key: Vec<String>,
    /// The time of a row's last change, if the files have it.
    pub(super) changed_at: Option<String>,
    /// The table, with its qualifiers.
    pub(super) table: Vec<String>,
    /// The file or folder as given, without trailing slashes.
    pub(super) path: String,
    /// The format of the files.
    pub(super) format: FileFormat,
    /// The dialect of CSV files.
    pub(super) csv: CsvSettings,
    /// The layout of the files.
    pub(super) layout: FileLayout,
    /// The files of a dataset, for engines that read one at a time.
    pub(super) parts: Vec<FilePart>,
}

/// The layout of the files of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileLayout {
    /// One file.
    File,
    /// The files of one folder.
    Folder,
    /// A folder for each date of a time column, with this name, which is not a column of the table.
    ByDate(String),
    /// A folder for each value of this column, which is in the table but not in the files.
    ByValue(String),
}

impl Load {
    pub(super) fn is(&self, format: Format) -> bool {
        self.format.format() == format
    }

    /// The delimiter of CSV, as most engines spell it: a tab is `\t`.
    pub(super) fn delimiter(&self) -> &'static str {
        match self.csv.delimiter {
            Delimiter::Comma => ",",
            Delimiter::Semicolon => ";",
            Delimiter::Pipe => "|",
            Delimiter::Tab => "\\t",
        }
    }

    /// The delimiter, if it is not a comma.
    pub(super) fn other_delimiter(&self) -> Option<&'static str> {
        (self.csv.delimiter != Delimiter::Comma).then(|| self.delimiter())
    }

    /// The text for null in CSV; empty by default.
    pub(super) fn null(&self) -> &str {
        self.csv.null.as_str()
    }

    /// The text that a reader that ignores quotes takes for null.
    pub(super) fn text_like_null(&self) -> String {
        if self.null().is_empty() { "an empty text".to_owned() } else { format!("the text {}", self.null()) }
    }

    /// Whether lists of texts in CSV are array literals.
    pub(super) fn has_array_literals(&self) -> bool {
        self.is(Format::Csv) && self.csv.dialect == CsvDialect::Postgres
    }

    /// The table in a statement.
    pub(super) fn target(&self, dialect: &Dialect) -> String {
        self.table.iter().map(|part| dialect.name(part)).collect::<Vec<_>>().join(".")
    }

    /// The unqualified name of the table with a suffix, for temporary tables.
    pub(super) fn temporary(&self, dialect: &Dialect, ending: &str) -> String {
        dialect.name(&format!("{}{ending}", self.table.last().map_or("", String::as_str)))
    }

    /// A table in the same schema, named after the table with a suffix.
    pub(super) fn beside(&self, dialect: &Dialect, ending: &str) -> String {
        let (last, others) = self.table.split_last().map_or(("", &[][..]), |(last, others)| (last.as_str(), others));
        let others = others.iter().map(|part| dialect.name(part));
        others.chain([dialect.name(&format!("{last}{ending}"))]).collect::<Vec<_>>().join(".")
    }

    /// The path of the file, or a pattern for all files.
    pub(super) fn pattern(&self) -> String {
        self.pattern_in(&self.path)
    }

    /// The same for a path in the form that an engine expects.
    pub(super) fn pattern_in(&self, path: &str) -> String {
        match &self.layout {
            FileLayout::File => path.to_owned(),
            FileLayout::Folder => format!("{path}/*.{}", self.format.name()),
            FileLayout::ByDate(column) | FileLayout::ByValue(column) => {
                format!("{path}/{column}=*/*.{}", self.format.name())
            }
        }
    }

    /// The names of all columns, on one line.
    pub(super) fn names(&self, dialect: &Dialect) -> String {
        self.names_after(dialect, "")
    }

    /// The same with a prefix before each.
    pub(super) fn names_after(&self, dialect: &Dialect, before: &str) -> String {
        let names: Vec<String> =
            self.columns.iter().map(|column| format!("{before}{}", dialect.name(&column.name))).collect();
        names.join(", ")
    }

    /// The columns of the key, separated by commas.
    pub(super) fn key_names(&self, dialect: &Dialect) -> String {
        self.key.iter().map(|name| dialect.name(name)).collect::<Vec<_>>().join(", ")
    }

    /// The columns that are not in the key.
    pub(super) fn others(&self) -> impl Iterator<Item = &SqlColumn> {
        self.columns.iter().filter(|column| !self.key.contains(&column.name))
    }

    /// The lines of a table definition, one per column.
    pub(super) fn definitions(&self, dialect: &Dialect, not_null: &str) -> Vec<String> {
        let definition = |column: &SqlColumn| {
            let not_null = if column.is_required { not_null } else { "" };
            format!("{} {}{not_null}", dialect.name(&column.name), dialect.type_of(&column.kind))
        };
        self.columns.iter().map(definition).collect()
    }

    /// The lines for the files themselves, without the partition column.
    pub(super) fn definitions_in_files(&self, dialect: &Dialect) -> Vec<String> {
        let lines = self.definitions(dialect, "").into_iter().zip(&self.columns);
        lines.filter(|(_, column)| !self.is_in_folders(column)).map(|(line, _)| line).collect()
    }

    /// Whether folders are named after this column of the table.
    pub(super) fn is_in_folders(&self, column: &SqlColumn) -> bool {
        matches!(&self.layout, FileLayout::ByValue(name) if *name == column.name)
    }

    /// The files to read one after another, each with the value of the partition column; the only file if there is no
    /// dataset.
    pub(super) fn files(&self) -> Vec<FilePart> {
        if self.parts.is_empty() {
            return vec![FilePart { path: self.path.clone(), value: None }];
        }
        self.parts.clone()
    }

    /// The partition column, if it is a column of the table.
    pub(super) fn folder_column(&self) -> Option<&SqlColumn> {
        self.columns.iter().find(|column| self.is_in_folders(column))
    }

    /// The columns that are in the files.
    pub(super) fn columns_in_files(&self) -> impl Iterator<Item = &SqlColumn> {
        self.columns.iter().filter(|column| !self.is_in_folders(column))
    }

    /// A shell command that decompresses the file: `gzip -dc 'contacts.csv.gz'`. `None` if the file is not compressed.
    pub(super) fn decompression(&self, path: &str) -> Option<String> {
        let program = match self.format.codec() {
            Codec::None => return None,
            Codec::Gzip => "gzip",
            Codec::Zstd => "zstd",
        };
        Some(format!("{program} -dc '{}'", path.replace('\'', "'\\''")))
    }

    /// The list columns that can be null, for engines without nullable lists.
    pub(super) fn nullable_lists(&self) -> Vec<&str> {
        let is_one = |column: &&SqlColumn| column.kind.is_list() && !column.is_required;
        self.columns.iter().filter(is_one).map(|column| column.name.as_str()).collect()
    }

    /// Whether there are nullable text columns, in which empty text differs from null.
    pub(super) fn has_nullable_texts(&self) -> bool {
        self.columns.iter().any(|column| column.kind == SqlType::Text && !column.is_required)
    }
}
