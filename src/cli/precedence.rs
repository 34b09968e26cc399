//! Which flags of a command are typed, and which of them exclude each other.
//!
//! A flag from a source with higher precedence replaces those from other sources that it excludes, so every source is
//! compared with those above it.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// The ids of flags that words of the command line give to a command.
pub(super) fn typed_flags(command: &Command, words: &[OsString]) -> Vec<String> {
    let line = std::iter::once(OsString::from(command.get_name())).chain(words.iter().cloned());
    // Missing or invalid flags are reported when the whole line is parsed.
    let matches = command.clone().ignore_errors(true).try_get_matches_from(line);
    matches.map(|matches| ids_from(command, &matches, ValueSource::CommandLine)).unwrap_or_default()
}

/// The ids of flags that come from a source.
pub(super) fn ids_from(command: &Command, matches: &ArgMatches, source: ValueSource) -> Vec<String> {
    let is_from = |id: &&str| matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(source);
    command.get_arguments().map(|argument| argument.get_id().as_str()).filter(is_from).map(str::to_owned).collect()
}

/// Whether a flag and another with this id cannot be used together.
pub(super) fn excludes(command: &Command, flag: &Arg, id: &str) -> bool {
    let excluded = |flag: &Arg, id: &str| command.get_arg_conflicts_with(flag).iter().any(|other| other.get_id() == id);
    let other = command.get_arguments().find(|argument| argument.get_id() == id);
    excluded(flag, id) || other.is_some_and(|other| excluded(other, flag.get_id().as_str()))
}

/// The flag of a command with this name, without dashes.
pub(super) fn find_flag<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|argument| argument.get_long() == Some(name) && !is_shown_only(argument))
}

/// Flags that print something instead of running the command.
pub(super) fn is_shown_only(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version)
}
