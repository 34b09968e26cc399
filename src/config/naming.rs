//! Turns the paths of flags into targets: fills in placeholders and parses addresses of objects.
//!
//! `{date}`, `{time}` and `{run_id}` are those of the start of the run, in UTC unless `--timezone` names another zone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ConfigError;
use crate::cli::StoreArgs;
use crate::store::{OutputTarget, Piece, PlacePattern, Stores, state_folder};
use crate::time::Timestamp;

/// The placeholders, with the form of those that differ from run to run.
const PLACEHOLDERS: [(&str, Option<&str>); 4] = [
    ("date", Some("9999-99-99")),
    ("time", Some("99-99-99")),
    ("run_id", Some("99999999T999999Z-xxxxxxxx")),
    ("profile_id", None),
];

/// How the paths of flags become places.
#[derive(Debug, Clone)]
pub struct Naming {
    stores: Arc<Stores>,
    state_dir: Option<PathBuf>,
    date: String,
    time: String,
    run_id: String,
    profile_id: Option<String>,
}

impl Naming {
    /// For a run that starts `now`. `state_dir` is the folder for the state of runs that was asked for.
    ///
    /// # Errors
    /// When that folder cannot be made.
    pub fn new(
        args: &StoreArgs,
        state_dir: Option<&Path>,
        profile_id: Option<String>,
        now: Timestamp,
    ) -> Result<Self, ConfigError> {
        let folder = state_dir.map(|folder| state_folder(Some(folder))).transpose()?.flatten();
        let (date, time) = args.timezone.date_and_time(now);
        let start = now.to_seconds().replace(['-', ':'], "");
        Ok(Self {
            stores: Stores::new(&args.store_option, folder.clone()),
            state_dir: folder,
            date,
            time,
            run_id: format!("{start}-{:08x}", fastrand::u32(..)),
            profile_id,
        })
    }

    /// The object stores of the run.
    pub fn stores(&self) -> &Arc<Stores> {
        &self.stores
    }

    /// The id of the run: its start, and eight random digits.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The place that a path or address names.
    ///
    /// # Errors
    /// When it has an unknown placeholder, or begins like the address of an object but is none.
    pub fn target(&self, path: &Path) -> Result<OutputTarget, ConfigError> {
        Ok(OutputTarget::new(&self.path(path)?, &self.stores)?)
    }

    /// A path with its placeholders filled in.
    ///
    /// # Errors
    /// When it has an unknown placeholder.
    pub fn path(&self, path: &Path) -> Result<PathBuf, ConfigError> {
        // What is no text has no placeholder that could be read.
        let Some(text) = path.to_str() else { return Ok(path.to_owned()) };
        let pieces = self.pieces(text)?;
        Ok(pieces.into_iter().map(|piece| self.fill_in(piece)).collect::<String>().into())
    }

    /// Whether the place differs from run to run.
    pub fn is_dated(&self, path: &Path) -> bool {
        let pieces = path.to_str().and_then(|text| self.pieces(text).ok()).unwrap_or_default();
        pieces.iter().any(|piece| matches!(piece, Piece::Form(_)))
    }

    /// The places that other runs with this path have written; `None` when all of them write to one.
    pub fn siblings(&self, path: &Path) -> Option<PlacePattern> {
        let text = path.to_str().filter(|_| self.is_dated(path))?;
        let (mut base, mut parts) = (String::new(), Vec::new());
        for part in text.split_inclusive('/') {
            let pieces = self.pieces(part.trim_end_matches('/')).ok()?;
            if parts.is_empty() && pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
                base += part;
            } else {
                parts.push(pieces);
            }
        }
        let base = if base.is_empty() { "." } else { &base };
        Some(PlacePattern::new(self.target(Path::new(base)).ok()?, parts))
    }

    /// Where the journal of an output is kept that was typed like this.
    pub fn journal_base(&self, typed: &Path, target: &OutputTarget) -> Option<PathBuf> {
        if self.is_dated(typed) {
            // The next run finds it by what does not change.
            let folder = self.state_dir.clone().or_else(|| state_folder(None).ok().flatten())?;
            return OutputTarget::new(typed, &self.stores).ok()?.state_path_in(&folder);
        }
        match &self.state_dir {
            Some(folder) => target.state_path_in(folder),
            None => target.state_path(),
        }
    }

    fn fill_in(&self, piece: Piece) -> String {
        match piece {
            Piece::Text(text) => text,
            Piece::Form(form) => match PLACEHOLDERS.iter().find(|(_, known)| *known == Some(form)) {
                Some(("date", _)) => self.date.clone(),
                Some(("time", _)) => self.time.clone(),
                _ => self.run_id.clone(),
            },
        }
    }

    /// The pieces of a text: placeholders, and what is between them.
    fn pieces(&self, text: &str) -> Result<Vec<Piece>, ConfigError> {
        let refused = |why: String| ConfigError::Placeholder { path: text.to_owned(), why };
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let brace = &rest[at..=at];
            plain += &rest[..at];
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix(brace) {
                plain += brace;
                rest = behind;
                continue;
            }
            let (name, behind) = match rest.split_once('}') {
                Some(found) if brace == "{" => found,
                _ => return Err(refused(format!("a single {brace} (write {brace}{brace} for the character itself)"))),
            };
            rest = behind;
            match PLACEHOLDERS.iter().find(|(known, _)| *known == name) {
                Some((_, Some(form))) => {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    pieces.push(Piece::Form(form));
                }
                Some((_, None)) => match &self.profile_id {
                    Some(id) => plain += id,
                    None => return Err(refused("{profile_id} goes with --profile-id".to_owned())),
                },
                None => {
                    let known: Vec<String> = PLACEHOLDERS.iter().map(|(known, _)| format!("{{{known}}}")).collect();
                    return Err(refused(format!("there is no {{{name}}}, but {}", known.join(", "))));
                }
            }
        }
        pieces.push(Piece::Text(plain + rest));
        pieces.retain(|piece| *piece != Piece::Text(String::new()));
        Ok(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(timezone: &str) -> Naming {
        let args = StoreArgs { timezone: timezone.parse().unwrap(), ..StoreArgs::default() };
        let now = Timestamp::parse("2026-11-28T23:30:05Z").unwrap();
        Naming::new(&args, None, Some("6f96".to_owned()), now).unwrap()
    }

    #[test]
    fn placeholders_are_filled_in() {
        for (zone, path, wanted) in [
            ("UTC", "out/dt={date}/c-{time}.csv", "out/dt=2026-11-28/c-23-30-05.csv"),
            ("Europe/Berlin", "{date}.csv", "2026-11-29.csv"),
            ("-05:30", "s3://lake/{date}T{time}.csv", "s3://lake/2026-11-28T18-00-05.csv"),
            ("UTC", "{profile_id}/c.csv", "6f96/c.csv"),
            ("UTC", "{{date}}.csv", "{date}.csv"),
            ("UTC", "c.csv", "c.csv"),
        ] {
            assert_eq!(naming(zone).path(Path::new(path)).unwrap(), Path::new(wanted), "{path}");
        }
        let naming = naming("UTC");
        let path = naming.path(Path::new("{run_id}.csv")).unwrap();
        assert_eq!(path, Path::new(&format!("{}.csv", naming.run_id())));
        assert!(naming.run_id().starts_with("20261128T233005Z-"));
    }

    #[test]
    fn what_is_no_placeholder_is_refused() {
        for (path, why) in [
            ("{dat}.csv", "there is no {dat}, but {date}, {time}, {run_id}, {profile_id}"),
            ("a{b.csv", "a single { (write {{ for the character itself)"),
            ("a}b.csv", "a single } (write }} for the character itself)"),
        ] {
            let error = naming("UTC").path(Path::new(path)).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn other_runs_are_found_by_what_does_not_change() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/dt=2026-11-27/c.csv", "a/dt=2026-11-28/c.csv", "a/dt=x/c.csv"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let naming = naming("UTC");
        let path = folder.path().join("a/dt={date}/c.csv");
        assert_eq!(naming.siblings(&path).unwrap().find().unwrap().len(), 2);
        assert_eq!(naming.siblings(Path::new("a/c.csv")), None);
        assert!(naming.is_dated(&path) && !naming.is_dated(Path::new("{profile_id}.csv")));
    }
}
