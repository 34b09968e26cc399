//! Lists of ids: from a command line, from text with one id per line, or from a column of exported tables.
//!
//! [`IdList`] keeps each id once, in the order of first appearance. Called by `commands::activities` and
//! `commands::contact`.
//!
//! *Easy to get wrong:* an invalid id may be a phone number, so errors have its position and never its text.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use uuid::Uuid;

use super::id_column::{IdColumn, read_ids};
use super::id_error::IdError;
use super::mirror::Mirror;

/// Maximum length of a line, so that a file without ids cannot fill the memory.
const MAX_LINE: u64 = 4096;

/// Distinct ids in the order of first appearance: 16 bytes per id, and as many to detect duplicates.
#[derive(Debug, Default)]
pub struct IdList {
    ids: Vec<Uuid>,
    known: HashSet<Uuid>,
    repeated: u64,
    without_id: u64,
}

impl IdList {
    /// Adds an id in any form of a UUID; `place` is its position for the error.
    ///
    /// # Errors
    /// When it is not a UUID.
    pub fn add(&mut self, text: &str, place: impl FnOnce() -> String) -> Result<(), IdError> {
        let id = Uuid::try_parse(text.trim()).map_err(|_| IdError::NotAnId { place: place() })?;
        if self.known.insert(id) {
            self.ids.push(id);
        } else {
            self.repeated += 1;
        }
        Ok(())
    }

    /// Reads a text with one id per line, from a file or, as `-`, from stdin. Blank lines and those that start with `#` are
    /// skipped.
    ///
    /// # Errors
    /// When it cannot be read, or a line is not a UUID.
    pub fn read_text(&mut self, path: &Path) -> Result<(), IdError> {
        let failed = |source| IdError::Read { from: path.display().to_string(), source };
        if path.as_os_str() == "-" {
            let failed = |source| IdError::Read { from: "stdin".to_owned(), source };
            return self.read_lines(&mut io::stdin().lock(), "stdin", failed);
        }
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        self.read_lines(&mut file, &path.display().to_string(), failed)
    }

    fn read_lines(
        &mut self,
        text: &mut dyn BufRead,
        name: &str,
        failed: impl Fn(io::Error) -> IdError,
    ) -> Result<(), IdError> {
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            if io::Read::take(&mut *text, MAX_LINE).read_until(b'\n', &mut line).map_err(&failed)? == 0 {
                break;
            }
            let line = String::from_utf8_lossy(&line);
            // A byte order mark is not part of the first id.
            let id = line.trim_start_matches('\u{feff}').trim();
            if !id.is_empty() && !id.starts_with('#') {
                self.add(id, || format!("line {number} of {name}"))?;
            }
        }
        Ok(())
    }

    /// Reads the ids of all tables at a path: a file, or a folder with all files below it.
    ///
    /// # Errors
    /// When a table cannot be read, lacks the column, or has anything but ids in it.
    pub fn read_tables(&mut self, mirror: &mut Mirror, path: &Path, column: &IdColumn) -> Result<(), IdError> {
        let found = mirror.find_files(&[path.to_owned()])?;
        for skipped in &found.skipped {
            tracing::warn!("{skipped}");
        }
        for file in &found.files {
            read_ids(file, column, |row, id| {
                if let Some(id) = id {
                    return self.add(&id, || format!("row {row} of {}", file.path.display()));
                }
                self.without_id += 1;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The ids without the counts.
    pub fn into_ids(self) -> Vec<Uuid> {
        self.ids
    }

    /// The ids, in the order of first appearance.
    pub fn ids(&self) -> &[Uuid] {
        &self.ids
    }

    /// Number of duplicates, which are read once.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Rows of tables whose id is null or empty.
    pub fn without_id(&self) -> u64 {
        self.without_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "6f9619ff-8b86-4011-b42d-00cf4fc964ff";
    const TWO: &str = "6f9619ff-8b86-4011-b42d-00cf4fc96400";

    fn lines(text: &str) -> Result<IdList, IdError> {
        let mut list = IdList::default();
        list.read_lines(&mut text.as_bytes(), "ids.txt", |source| IdError::Read { from: String::new(), source })?;
        Ok(list)
    }

    #[test]
    fn each_id_is_kept_once_in_the_order_of_its_first_line() {
        let text = format!("\u{feff}{TWO}\r\n\n# old\n  {ONE}  \n{}\n{{{ONE}}}", TWO.to_uppercase());
        let list = lines(&text).unwrap();
        assert_eq!(list.ids().iter().map(Uuid::to_string).collect::<Vec<_>>(), [TWO, ONE]);
        assert_eq!(list.repeated(), 2);
        assert!(lines("").unwrap().ids().is_empty());
    }

    #[test]
    fn an_invalid_id_is_refused_by_its_line_and_never_shown() {
        let error = lines(&format!("{ONE}\n\n+12025550123\n")).unwrap_err();
        assert_eq!(error.to_string(), "not a UUID: line 3 of ids.txt");
        assert!(error.hint().contains("one id per line"));
        assert!(lines(&"x".repeat(10_000)).is_err());
    }
}
