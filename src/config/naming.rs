//! Turns the paths of flags into targets: fills in placeholders and parses addresses of objects.
//!
//! `{date}`, `{time}` and `{run_id}` are those of the start of the run, in UTC unless `--timezone` names another zone.
//! `{profile_id}` and `{profile_name}` are those of the profile that is written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::ConfigError;
use crate::api::ChildProfile;
use crate::cli::StoreArgs;
use crate::resources::{PROFILE_ID, PROFILE_NAME};
use crate::store::{NamePiece, OutputTarget, PlacePattern, Stores, state_folder};
use crate::time::Timestamp;

/// The placeholders, with the form of those that differ from run to run.
const PLACEHOLDERS: [(&str, Option<&str>); 5] = [
    ("date", Some("9999-99-99")),
    ("time", Some("99-99-99")),
    ("run_id", Some("99999999T999999Z-xxxxxxxx")),
    (PROFILE_ID, None),
    (PROFILE_NAME, None),
];

/// Longest name of a profile in a path, in bytes: file systems allow 255 for the whole name of a file.
const MAX_NAME_BYTES: usize = 100;

/// What stands for a profile in paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileNaming {
    id: Option<String>,
    name: Option<String>,
}

impl ProfileNaming {
    /// A profile by its id alone, if there is one.
    pub fn by_id(id: Option<Uuid>) -> Self {
        Self { id: id.map(|id| id.to_string()), name: None }
    }

    /// A profile with its name, or its id if it has none.
    pub fn of(profile: &ChildProfile) -> Self {
        let id = profile.id.to_string();
        let name = profile.name.as_deref().map(in_path).filter(|name| !name.is_empty());
        Self { name: Some(name.unwrap_or_else(|| id.clone())), id: Some(id) }
    }

    /// Profiles that are not known yet: their placeholders stay as they are.
    pub fn unknown() -> Self {
        Self { id: Some(format!("{{{PROFILE_ID}}}")), name: Some(format!("{{{PROFILE_NAME}}}")) }
    }
}

/// A name as a part of a path: letters and digits of any script, `-`, `_` and `.`; runs of anything else become `_`. What
/// readers of folders take for hidden, `.` and `_` at the beginning, is left out.
fn in_path(name: &str) -> String {
    let mut text = String::new();
    for c in name.trim().chars() {
        let is_kept = c.is_alphanumeric() || matches!(c, '-' | '.');
        if text.len() + c.len_utf8() > MAX_NAME_BYTES {
            break;
        }
        match c {
            c if is_kept => text.push(c),
            _ if !text.ends_with('_') => text.push('_'),
            _ => {}
        }
    }
    text.trim_start_matches(['.', '_']).trim_end_matches(['.', '_']).to_owned()
}

/// Whether a path differs from profile to profile.
pub(super) fn has_profile(path: &Path) -> bool {
    let text = path.to_str().unwrap_or_default().replace("{{", "").replace("}}", "");
    [PROFILE_ID, PROFILE_NAME].iter().any(|name| text.contains(&format!("{{{name}}}")))
}

/// How the paths of flags become places.
#[derive(Debug, Clone)]
pub struct Naming {
    stores: Arc<Stores>,
    state_dir: Option<PathBuf>,
    date: String,
    time: String,
    run_id: String,
    profile: ProfileNaming,
}

impl Naming {
    /// For a run that starts `now`. `state_dir` is the requested folder for state.
    ///
    /// # Errors
    /// When that folder cannot be created.
    pub fn new(
        args: &StoreArgs,
        state_dir: Option<&Path>,
        profile: ProfileNaming,
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
            profile,
        })
    }

    /// The same run with another profile.
    pub(super) fn for_profile(&self, profile: ProfileNaming) -> Self {
        Self { profile, ..self.clone() }
    }

    /// The object stores of the run.
    pub fn stores(&self) -> &Arc<Stores> {
        &self.stores
    }

    /// The id of the run: its start and eight random digits.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The target that a path or address names.
    ///
    /// # Errors
    /// When it has an unknown placeholder, or starts like the address of an object but is invalid.
    pub fn target(&self, path: &Path) -> Result<OutputTarget, ConfigError> {
        Ok(OutputTarget::new(&self.path(path)?, &self.stores)?)
    }

    /// A path with its placeholders filled in.
    ///
    /// # Errors
    /// When it has an unknown placeholder.
    pub fn path(&self, path: &Path) -> Result<PathBuf, ConfigError> {
        // A path that is not valid text cannot have a placeholder.
        let Some(text) = path.to_str() else { return Ok(path.to_owned()) };
        let pieces = self.pieces(text)?;
        Ok(pieces.into_iter().map(|piece| self.fill_in(piece)).collect::<String>().into())
    }

    /// Whether the path differs from run to run.
    pub fn is_dated(&self, path: &Path) -> bool {
        let pieces = path.to_str().and_then(|text| self.pieces(text).ok()).unwrap_or_default();
        pieces.iter().any(|piece| matches!(piece, NamePiece::Form(_)))
    }

    /// The paths that other runs with this path have written; `None` if all of them write to the same path.
    pub fn siblings(&self, path: &Path) -> Option<PlacePattern> {
        let text = path.to_str().filter(|_| self.is_dated(path))?;
        let (mut base, mut parts) = (String::new(), Vec::new());
        for part in text.split_inclusive('/') {
            let pieces = self.pieces(part.trim_end_matches('/')).ok()?;
            if parts.is_empty() && pieces.iter().all(|piece| matches!(piece, NamePiece::Text(_))) {
                base += part;
            } else {
                parts.push(pieces);
            }
        }
        let base = if base.is_empty() { "." } else { &base };
        Some(PlacePattern::new(self.target(Path::new(base)).ok()?, parts))
    }

    /// The path from which the journal of an output is named.
    pub fn journal_base(&self, typed: &Path, target: &OutputTarget) -> Option<PathBuf> {
        if self.is_dated(typed) {
            // The name must be the same in the next run, so it comes from the path before placeholders are filled in.
            let folder = self.state_dir.clone().or_else(|| state_folder(None).ok().flatten())?;
            return OutputTarget::new(typed, &self.stores).ok()?.state_path_in(&folder);
        }
        match &self.state_dir {
            Some(folder) => target.state_path_in(folder),
            None => target.state_path(),
        }
    }

    /// The path from which the record of a publication is named: the output's, or if that differs from run to run, that of
    /// its journal, so that the next run finds it.
    pub(super) fn record_base(&self, typed: Option<&Path>, target: &OutputTarget) -> Option<PathBuf> {
        let Some(text) = typed.filter(|typed| self.is_dated(typed)).and_then(Path::to_str) else {
            return target.state_path();
        };
        let folder = self.state_dir.clone().or_else(|| state_folder(None).ok().flatten())?;
        // Each profile has its own.
        let undated = self.pieces(text).ok()?.into_iter().map(|piece| match piece {
            NamePiece::Text(text) => text,
            NamePiece::Form(form) => {
                let placeholder = PLACEHOLDERS.iter().find(|(_, known)| *known == Some(form));
                placeholder.map(|(name, _)| format!("{{{name}}}")).unwrap_or_default()
            }
        });
        OutputTarget::new(Path::new(&undated.collect::<String>()), &self.stores).ok()?.state_path_in(&folder)
    }

    fn fill_in(&self, piece: NamePiece) -> String {
        match piece {
            NamePiece::Text(text) => text,
            NamePiece::Form(form) => match PLACEHOLDERS.iter().find(|(_, known)| *known == Some(form)) {
                Some(("date", _)) => self.date.clone(),
                Some(("time", _)) => self.time.clone(),
                _ => self.run_id.clone(),
            },
        }
    }

    /// The value of a placeholder of the profile.
    fn of_profile(&self, placeholder: &str) -> Result<&str, String> {
        let (value, flags) = if placeholder == PROFILE_ID {
            (&self.profile.id, "--profile-id or --profiles")
        } else {
            (&self.profile.name, "--profiles")
        };
        value.as_deref().ok_or_else(|| format!("{{{placeholder}}} goes with {flags}"))
    }

    /// The pieces of a text: placeholders and what is between them.
    fn pieces(&self, text: &str) -> Result<Vec<NamePiece>, ConfigError> {
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
                    pieces.push(NamePiece::Text(std::mem::take(&mut plain)));
                    pieces.push(NamePiece::Form(form));
                }
                Some((known, None)) => plain += self.of_profile(known).map_err(refused)?,
                None => {
                    let known: Vec<String> = PLACEHOLDERS.iter().map(|(known, _)| format!("{{{known}}}")).collect();
                    return Err(refused(format!("there is no {{{name}}}, but {}", known.join(", "))));
                }
            }
        }
        pieces.push(NamePiece::Text(plain + rest));
        pieces.retain(|piece| *piece != NamePiece::Text(String::new()));
        Ok(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(timezone: &str) -> Naming {
        let args = StoreArgs { timezone: timezone.parse().unwrap(), ..StoreArgs::default() };
        let now = Timestamp::parse("2026-11-28T23:30:05Z").unwrap();
        let profile = ChildProfile { id: Uuid::from_u128(0x6f96), name: Some("Café Señor & Sons".to_owned()) };
        Naming::new(&args, None, ProfileNaming::of(&profile), now).unwrap()
    }

    #[test]
    fn placeholders_are_filled_in() {
        for (zone, path, wanted) in [
            ("UTC", "out/dt={date}/c-{time}.csv", "out/dt=2026-11-28/c-23-30-05.csv"),
            ("Europe/Berlin", "{date}.csv", "2026-11-29.csv"),
            ("-05:30", "s3://lake/{date}T{time}.csv", "s3://lake/2026-11-28T18-00-05.csv"),
            ("UTC", "{profile_id}/c.csv", "00000000-0000-0000-0000-000000006f96/c.csv"),
            ("UTC", "{profile_name}/c.csv", "Café_Señor_Sons/c.csv"),
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
            ("{dat}.csv", "there is no {dat}, but {date}, {time}, {run_id}, {profile_id}, {profile_name}"),
            ("a{b.csv", "a single { (write {{ for the character itself)"),
            ("a}b.csv", "a single } (write }} for the character itself)"),
        ] {
            let error = naming("UTC").path(Path::new(path)).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn names_of_profiles_become_parts_of_paths() {
        for (name, wanted) in [
            ("North", "North"),
            ("東京支店", "東京支店"),
            ("../../etc/passwd", "etc_passwd"),
            (" O'Neill  Travel, Inc. ", "O_Neill_Travel_Inc"),
            ("{date}", "date"),
            ("a\u{0}\u{202e}b", "a_b"),
            ("._", ""),
        ] {
            assert_eq!(in_path(name), wanted, "{name:?}");
        }
        assert_eq!(in_path(&"é".repeat(200)).len(), MAX_NAME_BYTES);
        let nameless = ChildProfile { id: Uuid::from_u128(7), name: Some("//".to_owned()) };
        assert_eq!(ProfileNaming::of(&nameless).name, Some(nameless.id.to_string()));
    }

    #[test]
    fn a_path_differs_by_profile_if_it_has_a_placeholder_of_one() {
        for (path, differs) in [
            ("{profile_id}.csv", true),
            ("a/{profile_name}/c.csv", true),
            ("{{profile_id}}.csv", false),
            ("c.csv", false),
        ] {
            assert_eq!(has_profile(Path::new(path)), differs, "{path}");
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
