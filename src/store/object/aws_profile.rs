//! Keys and region from the files of the AWS tools, `~/.aws/credentials` and `~/.aws/config`.
//!
//! Only keys in these files are read. Single sign-on, assumed roles and external processes are left to the AWS
//! tools (AWS SDKs and Tools Reference Guide, "Shared config and credentials files").

use std::collections::HashMap;
use std::path::PathBuf;
use std::{env, fs};

use super::error::ObjectError;

/// The settings of a profile.
pub(super) struct Credentials {
    pub(super) key_id: String,
    pub(super) secret_key: String,
    pub(super) token: Option<String>,
}

/// The keys of the profile in use; `None` without such a file, or without a requested or default profile.
///
/// # Errors
/// When a requested profile has no keys.
pub(super) fn credentials() -> Result<Option<Credentials>, ObjectError> {
    let (profile, is_asked_for) = profile();
    let found = [section("AWS_SHARED_CREDENTIALS_FILE", "credentials", &profile), config_section(&profile)];
    let found = found.into_iter().flatten().find_map(|mut section| {
        Some(Credentials {
            key_id: section.remove("aws_access_key_id")?,
            secret_key: section.remove("aws_secret_access_key")?,
            token: section.remove("aws_session_token"),
        })
    });
    if found.is_none() && is_asked_for {
        let problem = format!("the AWS profile {profile} (AWS_PROFILE) holds no access keys");
        let detail = "for other kinds: eval \"$(aws configure export-credentials --format env)\"";
        return Err(ObjectError::credentials(problem, detail.to_owned()));
    }
    Ok(found)
}

/// The region of the profile in use.
pub(super) fn region() -> Option<String> {
    config_section(&profile().0)?.remove("region")
}

fn profile() -> (String, bool) {
    let asked = env::var("AWS_PROFILE").ok().filter(|profile| !profile.is_empty());
    let is_asked_for = asked.is_some();
    (asked.unwrap_or_else(|| "default".to_owned()), is_asked_for)
}

fn config_section(profile: &str) -> Option<HashMap<String, String>> {
    let name = if profile == "default" { profile.to_owned() } else { format!("profile {profile}") };
    section("AWS_CONFIG_FILE", "config", &name)
}

fn section(variable: &str, file: &str, name: &str) -> Option<HashMap<String, String>> {
    let home = || env::home_dir().map(|home| home.join(".aws").join(file));
    let path = env::var_os(variable).map(PathBuf::from).or_else(home)?;
    parse(&fs::read_to_string(path).ok()?, name)
}

/// The settings of a section.
fn parse(text: &str, name: &str) -> Option<HashMap<String, String>> {
    let mut found: Option<HashMap<String, String>> = None;
    let mut is_in = false;
    for line in text.lines() {
        let is_nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            is_in = header.split_whitespace().eq(name.split_whitespace());
            if is_in {
                found.get_or_insert_default();
            }
        } else if let (Some(settings), false, Some((key, value))) =
            (found.as_mut().filter(|_| is_in), is_nested, line.split_once('='))
            && !line.starts_with(['#', ';'])
        {
            settings.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_a_section_are_read() {
        let text = "# comment\n[default]\naws_access_key_id = A\naws_secret_access_key=b=c\n\n[profile  work]\nregion = eu-west-1\n\
            s3 =\n  max_concurrent_requests = 20\n; x = y\n[other]\nregion = us-west-2\n";
        let default = parse(text, "default").unwrap();
        assert_eq!((default["aws_access_key_id"].as_str(), default["aws_secret_access_key"].as_str()), ("A", "b=c"));
        let work = parse(text, "profile work").unwrap();
        assert_eq!(work["region"], "eu-west-1");
        assert!(!work.contains_key("max_concurrent_requests") && !work.contains_key("; x"));
        assert_eq!(parse(text, "missing"), None);
    }
}
