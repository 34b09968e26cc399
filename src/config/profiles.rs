//! Which profiles of an organization are read, and whether each has outputs of its own.

use std::collections::HashMap;
use std::path::Path;

use uuid::Uuid;

use super::ConfigError;
use super::naming::has_profile;
use super::outputs::{BesideFlags, OutputsConfig};
use crate::api::{AccountKind, ChildProfile, Identity, Profile};
use crate::cli::{OutputArgs, nearest};
use crate::store::OutputTarget;

/// The value for all profiles.
const ALL: &str = "all";
/// Maximum number of profiles that an error lists.
const MAX_NAMED: usize = 10;

/// The value of `--profiles`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileChoice {
    /// All of them.
    All,
    /// These names or ids, without duplicates.
    Named(Vec<String>),
}

/// An error in `--profiles`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The key belongs to a profile, or to an account without profiles.
    #[error("--profiles needs the key of an organization, but this key belongs to {0}")]
    NotAnOrganization(String),
    /// The organization has no profiles.
    #[error("--profiles has nothing to read: the organization has no profiles")]
    NoProfiles,
    /// No name was given.
    #[error("--profiles names no profile")]
    NoNames,
    /// No profile has this name.
    #[error("no profile is named {name:?}{}; the organization has {known}", did_you_mean(nearest.as_ref()))]
    Unknown {
        /// The name as given.
        name: String,
        /// The most similar name.
        nearest: Option<String>,
        /// Some of the known names.
        known: String,
    },
    /// Several profiles have this name.
    #[error("several profiles are named {name:?}: {}", ids.join(", "))]
    Ambiguous {
        /// The name as given.
        name: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// A profile without an id cannot be requested.
    #[error("the API reports no usable id for profile {0:?}")]
    WithoutId(String),
    /// Some outputs would be separate for each profile, others shared.
    #[error("{with} is written for each profile, but {without} for all of them")]
    Mixed {
        /// A path with a placeholder of the profile.
        with: String,
        /// A path without one.
        without: String,
    },
    /// Two profiles would write the same file.
    #[error("profiles {one} and {other} have the same path: {path}")]
    SamePath {
        /// The file.
        path: String,
        /// One profile.
        one: String,
        /// The other profile.
        other: String,
    },
    /// A flag that reads rows by their ids.
    #[error("{flag} does not go with --profiles: {why}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// What it cannot do for several profiles.
        why: &'static str,
    },
    /// A dataset has the rows of all profiles.
    #[error("messages --partition-by created_date with --profiles needs a folder for each profile")]
    OneFolder,
}

fn did_you_mean(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(" (did you mean {name:?}?)")).unwrap_or_default()
}

impl ProfileError {
    /// The next step.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::NotAnOrganization(_) => {
                "use the key of the organization, or omit --profiles: this key reads its own rows"
            }
            Self::NoProfiles => "omit --profiles: the key reads the rows of the organization",
            Self::NoNames => "write --profiles all, or names or ids of profiles with commas between them",
            Self::Unknown { .. } => {
                "write the name, short name or id of a profile as the API has it (sent-export doctor lists them)"
            }
            Self::Ambiguous { .. } => "write the id instead of the name",
            Self::WithoutId(_) => "name the other profiles, and report this to Sent's support",
            Self::Mixed { .. } => "put {profile_id} or {profile_name} into all paths, or into none",
            Self::SamePath { .. } => "put {profile_id} into the path",
            Self::Flag { .. } => "omit one of the two, or export each profile by a job of its own with --profile-id",
            Self::OneFolder => {
                "put {profile_id} or {profile_name} into the path of the folder, like messages/{profile_id}/"
            }
        }
    }

    /// Whether another key would help.
    pub(crate) fn is_about_the_key(&self) -> bool {
        matches!(self, Self::NotAnOrganization(_))
    }
}

impl ProfileChoice {
    /// Parses the values of the flag.
    ///
    /// # Errors
    /// When there are none.
    pub fn new(values: &[String]) -> Result<Self, ConfigError> {
        let mut names: Vec<String> = Vec::new();
        for name in values.iter().map(|value| value.trim()).filter(|name| !name.is_empty()) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names.sort();
        match names.as_slice() {
            [] => Err(ProfileError::NoNames.into()),
            names if names.iter().any(|name| name == ALL) => Ok(Self::All),
            _ => Ok(Self::Named(names)),
        }
    }

    /// The names in the form for manifests.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::All => vec![ALL.to_owned()],
            Self::Named(names) => names.clone(),
        }
    }

    /// Checks that a key may read profiles.
    ///
    /// # Errors
    /// When it does not belong to an organization.
    pub fn check_key(identity: &Identity) -> Result<(), ConfigError> {
        let kind = match identity.kind {
            Some(AccountKind::Organization) => return Ok(()),
            Some(AccountKind::Profile) => "a profile",
            Some(AccountKind::User) => "an account without profiles",
            None => "an account of an unknown kind",
        };
        Err(ProfileError::NotAnOrganization(kind.to_owned()).into())
    }

    /// The chosen profiles, sorted by id, so that the order is the same in every run.
    ///
    /// # Errors
    /// When there are none, or a name matches none or several.
    pub fn of(&self, all: &[Profile]) -> Result<Vec<ChildProfile>, ConfigError> {
        if all.is_empty() {
            return Err(ProfileError::NoProfiles.into());
        }
        let chosen: Vec<&Profile> = match self {
            Self::All => all.iter().collect(),
            Self::Named(names) => names.iter().map(|name| find(name, all)).collect::<Result<_, _>>()?,
        };
        let child = |profile: &Profile| {
            let id = profile.uuid().ok_or_else(|| ProfileError::WithoutId(label(profile).to_owned()))?;
            Ok::<_, ProfileError>(ChildProfile { id, name: profile.name.clone() })
        };
        let mut children = chosen.into_iter().map(child).collect::<Result<Vec<_>, _>>()?;
        children.sort_by_key(|child| child.id);
        children.dedup_by_key(|child| child.id);
        Ok(children)
    }
}

/// The name of a profile in errors.
fn label(profile: &Profile) -> &str {
    [&profile.name, &profile.short_name, &profile.id].into_iter().flatten().next().map_or("", String::as_str)
}

fn find<'a>(name: &str, all: &'a [Profile]) -> Result<&'a Profile, ProfileError> {
    let id = Uuid::try_parse(name).ok();
    if let Some(found) = all.iter().find(|profile| id.is_some() && profile.uuid() == id) {
        return Ok(found);
    }
    let is_named = |profile: &&Profile| [&profile.name, &profile.short_name].into_iter().flatten().any(|is| is == name);
    let found: Vec<&Profile> = all.iter().filter(is_named).collect();
    match found.as_slice() {
        [found] => Ok(found),
        [] => {
            let names = || all.iter().map(label);
            let mut known: Vec<String> = names().take(MAX_NAMED).map(|name| format!("{name:?}")).collect();
            if let Some(more) = all.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
                known.push(format!("{more} more"));
            }
            let nearest = nearest_name(name, names());
            Err(ProfileError::Unknown { name: name.to_owned(), nearest, known: known.join(", ") })
        }
        several => {
            let ids = several.iter().map(|profile| profile.id.clone().unwrap_or_default()).collect();
            Err(ProfileError::Ambiguous { name: name.to_owned(), ids })
        }
    }
}

/// The most similar name, ignoring case.
fn nearest_name<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let lower: Vec<(String, &str)> = names.map(|name| (name.to_lowercase(), name)).collect();
    let found = nearest(name, lower.iter().map(|(lower, _)| lower.as_str()))?;
    lower.iter().find(|(lower, _)| *lower == found).map(|(_, name)| (*name).to_owned())
}

/// Whether each profile has its own outputs: their paths contain a placeholder of the profile.
///
/// # Errors
/// When some paths do and others do not.
pub fn is_split(output: &OutputArgs, beside: &BesideFlags<'_>) -> Result<bool, ConfigError> {
    let manifest = output.manifest.iter().filter(|path| path.as_os_str() != "none");
    let reports = beside.reports.into_iter().flat_map(|reports| reports.summary.iter().chain(&reports.report));
    let changes = beside.changes.iter().flat_map(|flags| flags.args.changes.iter().chain(&flags.args.history));
    let (with, without): (Vec<&Path>, Vec<&Path>) = output
        .files
        .output
        .iter()
        .chain(manifest)
        .chain(reports)
        .chain(changes)
        .map(AsRef::as_ref)
        .partition(|path| has_profile(path));
    match (with.first(), without.first()) {
        (Some(with), Some(without)) => {
            let (with, without) = (with.display().to_string(), without.display().to_string());
            Err(ProfileError::Mixed { with, without }.into())
        }
        (with, _) => Ok(with.is_some()),
    }
}

/// Checks that no two profiles write to the same path.
///
/// # Errors
/// With the first path that two of them share.
pub fn check_apart<'a>(
    profiles: impl Iterator<Item = (&'a ChildProfile, &'a OutputsConfig)>,
) -> Result<(), ConfigError> {
    let mut known: HashMap<String, &ChildProfile> = HashMap::new();
    for (profile, outputs) in profiles {
        let targets = outputs.outputs.iter().map(|request| &request.target);
        let changes = outputs
            .changes
            .iter()
            .flat_map(|changes| changes.outputs.iter().map(|request| &request.target).chain(&changes.history));
        for target in targets.chain(changes).chain(outputs.side_files()).chain(&outputs.manifest) {
            if let Some(other) = known.insert(target.identity(), profile).filter(|other| other.id != profile.id) {
                return Err(same_path(target, other, profile));
            }
        }
    }
    Ok(())
}

fn same_path(target: &OutputTarget, one: &ChildProfile, other: &ChildProfile) -> ConfigError {
    let (one, other) = (one.to_string(), other.to_string());
    ProfileError::SamePath { path: target.to_string(), one, other }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(number: u128, name: &str, short_name: &str) -> Profile {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Profile { id: Some(Uuid::from_u128(number).to_string()), name: text(name), short_name: text(short_name) }
    }

    fn choose(names: &[&str], all: &[Profile]) -> Result<Vec<u128>, String> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let chosen = ProfileChoice::new(&names).and_then(|choice| choice.of(all));
        chosen.map(|chosen| chosen.iter().map(|child| child.id.as_u128()).collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn profiles_are_chosen_by_id_name_or_short_name_and_sorted_by_id() {
        let all = [profile(3, "North", "N"), profile(1, "South", ""), profile(2, "", "S")];
        assert_eq!(choose(&["all"], &all), Ok(vec![1, 2, 3]));
        assert_eq!(choose(&["North", "S", "N"], &all), Ok(vec![2, 3]), "each once");
        assert_eq!(choose(&[&Uuid::from_u128(1).to_string().to_uppercase()], &all), Ok(vec![1]));
        let unknown = choose(&["north"], &all).unwrap_err();
        assert_eq!(
            unknown,
            r#"no profile is named "north" (did you mean "North"?); the organization has "North", "South", "S""#
        );
        assert!(choose(&[" ", ""], &all).unwrap_err().contains("names no profile"));
        assert!(choose(&["all"], &[]).unwrap_err().contains("has no profiles"));
    }

    #[test]
    fn a_name_of_several_profiles_is_refused_with_their_ids() {
        let all = [profile(1, "North", ""), profile(2, "South", "North")];
        let error = choose(&["North"], &all).unwrap_err();
        assert!(error.contains(&Uuid::from_u128(1).to_string()) && error.contains(&Uuid::from_u128(2).to_string()));
        let many: Vec<Profile> = (0..12).map(|number| profile(number, &format!("P{number}"), "")).collect();
        let error = choose(&["Q"], &many).unwrap_err();
        assert!(error.ends_with("\"P9\", 2 more") && !error.contains("P10"), "{error}");
        let without = [Profile { id: Some("7".to_owned()), ..profile(1, "North", "") }];
        assert_eq!(choose(&["all"], &without).unwrap_err(), "the API reports no usable id for profile \"North\"");
    }
}
