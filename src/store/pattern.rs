//! Paths that differ only in dates, times and run ids: the outputs of other runs of the same command.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use super::target::OutputTarget;

/// A piece of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePiece {
    /// This text.
    Text(String),
    /// Text of this form: `9` stands for a digit, `x` for a lower-case hexadecimal digit, others for themselves.
    Form(&'static str),
}

impl NamePiece {
    /// The rest of a text that starts with the piece; `None` if it does not.
    fn strip<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Text(wanted) => text.strip_prefix(wanted.as_str()),
            Self::Form(form) => {
                let (start, rest) = text.split_at_checked(form.len())?;
                let fits = |(wanted, found): (u8, u8)| match wanted {
                    b'9' => found.is_ascii_digit(),
                    b'x' => found.is_ascii_digit() || (b'a'..=b'f').contains(&found),
                    other => found == other,
                };
                form.bytes().zip(start.bytes()).all(fits).then_some(rest)
            }
        }
    }

    /// Whether a name consists of these pieces.
    pub fn are_all_of(pieces: &[Self], name: &str) -> bool {
        pieces.iter().try_fold(name, |rest, piece| piece.strip(rest)) == Some("")
    }
}

/// The paths that a template can produce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacePattern {
    /// The folder of all of them.
    base: OutputTarget,
    /// Pieces of the names of the folders and, last, of the file.
    parts: Vec<Vec<NamePiece>>,
}

impl PlacePattern {
    /// The paths below a folder whose names match.
    pub fn new(base: OutputTarget, parts: Vec<Vec<NamePiece>>) -> Self {
        Self { base, parts }
    }

    /// All existing paths, sorted by name; none without the base folder.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn find(&self) -> io::Result<Vec<OutputTarget>> {
        match &self.base {
            OutputTarget::Stdout => Ok(Vec::new()),
            OutputTarget::File(folder) => {
                let mut found = vec![folder.clone()];
                for part in &self.parts {
                    found = found.iter().map(|folder| entries(folder, part)).collect::<io::Result<Vec<_>>>()?.concat();
                }
                Ok(found.into_iter().map(OutputTarget::File).collect())
            }
            OutputTarget::Object(folder) => {
                let all = folder.list_all().map_err(io::Error::other)?;
                let names: BTreeSet<String> =
                    all.into_iter().map(|found| found.name).filter(|name| self.matches(name)).collect();
                Ok(names.iter().map(|name| self.base.join(name)).collect())
            }
        }
    }

    fn matches(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        names.len() == self.parts.len()
            && names.iter().zip(&self.parts).all(|(name, part)| NamePiece::are_all_of(part, name))
    }
}

/// The entries of a folder whose names match.
fn entries(folder: &PathBuf, part: &[NamePiece]) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| NamePiece::are_all_of(part, name)) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_form_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["dt=2026-11-28/c.csv", "dt=2026-11-29/c.csv", "dt=2026-11-29/d.csv", "dt=latest/c.csv", "dt=2026-11-3"]
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let text = |text: &str| NamePiece::Text(text.to_owned());
        let parts = vec![vec![text("dt="), NamePiece::Form("9999-99-99")], vec![text("c.csv")]];
        let pattern = PlacePattern::new(OutputTarget::File(folder.path().to_owned()), parts.clone());
        let found: Vec<String> = pattern.find().unwrap().iter().map(ToString::to_string).collect();
        let wanted = ["dt=2026-11-28/c.csv", "dt=2026-11-29/c.csv"];
        assert_eq!(found, wanted.map(|name| folder.path().join(name).display().to_string()));
        assert!(pattern.matches("dt=2026-01-01/c.csv") && !pattern.matches("x/dt=2026-01-01/c.csv"));
        let missing = PlacePattern::new(OutputTarget::File(folder.path().join("missing")), parts);
        assert_eq!(missing.find().unwrap(), []);
    }
}
