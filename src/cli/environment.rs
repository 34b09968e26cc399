//! A variable for every flag: `--rate-limit` is `SENT_EXPORT_RATE_LIMIT`.
//!
//! Derived from clap's list of flags, so that a new flag has its variable without a second list. A variable has lower
//! precedence than the flag and higher than a file of jobs. An empty variable counts as not set, and so does that of a
//! switch with a value for "no".
//!
//! *Easy to get wrong:* a typed flag also replaces the variables of flags that it excludes. They are left out before the
//! command line is parsed, because clap would refuse the combination.

use std::ffi::{OsStr, OsString};

use clap::builder::{StyledStr, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::precedence::{excludes, find_flag, ids_from};

/// Prefix of the variables.
const PREFIX: &str = "SENT_EXPORT_";

/// Values that turn a switch on and off.
const ON: [&str; 3] = ["1", "true", "yes"];
const OFF: [&str; 3] = ["0", "false", "no"];

/// A flag without a variable: who sets it probably means `SENT_EXPORT_RUNS`, with which exports append to the file.
const READ_BY_REPORTS_ALONE: &str = "run-log";

/// Checks that no variable is set which looks like that of a flag and is none.
///
/// # Errors
/// With the variable that was meant.
pub(super) fn check_variables(program: &mut Command) -> Result<(), clap::Error> {
    let name = variable_name(READ_BY_REPORTS_ALONE);
    if std::env::var_os(&name).is_none_or(|value| value.is_empty()) {
        return Ok(());
    }
    let text = format!(
        "{} is not read: exports append to the file that SENT_EXPORT_RUNS names, and report --runs FILE shows it",
        name.display()
    );
    Err(program.error(ErrorKind::InvalidValue, text))
}

/// A command that is called, and the flags that are typed for it.
#[derive(Debug, Clone, Default)]
pub(super) struct TypedCommand {
    /// The names from the program to the command, such as `plan` and `contacts`.
    pub(super) path: Vec<String>,
    /// The ids of the flags.
    pub(super) flags: Vec<String>,
}

impl TypedCommand {
    /// Reads what is typed, without variables. For help and the version there is nothing.
    pub(super) fn of(program: Command, words: &[OsString]) -> Self {
        // What is missing or invalid is reported when the whole line is parsed.
        let mut program = program.ignore_errors(true);
        program.build();
        let Ok(matches) = program.clone().try_get_matches_from(words) else { return Self::default() };
        let (mut command, mut matches): (&Command, &ArgMatches) = (&program, &matches);
        let mut path = Vec::new();
        while let Some((name, below)) = matches.subcommand() {
            let Some(found) = command.find_subcommand(name) else { break };
            path.push(name.to_owned());
            (command, matches) = (found, below);
        }
        Self { path, flags: ids_from(command, matches, ValueSource::CommandLine) }
    }

    /// Whether the variable of a flag is replaced by what is typed.
    fn replaces(&self, command: &Command, flag: &Arg) -> bool {
        self.flags.iter().any(|typed| excludes(command, flag, typed))
    }

    /// The same error, with the variables of the flags that it is about.
    pub(super) fn with_variables_named(&self, mut error: clap::Error, program: &Command) -> clap::Error {
        let command = self.path.iter().try_fold(program, |command, name| command.find_subcommand(name));
        let behind = command.map(|command| variables_behind(&error, command, &self.flags)).unwrap_or_default();
        if !behind.is_empty() {
            let tips = behind.into_iter().map(StyledStr::from).collect();
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
        error
    }
}

/// For each flag that an error is about and that a variable sets: which one.
pub(super) fn variables_behind(error: &clap::Error, command: &Command, typed: &[String]) -> Vec<String> {
    let texts = [ContextKind::InvalidArg, ContextKind::PriorArg].into_iter().filter_map(|kind| error.get(kind));
    let texts = texts.flat_map(|value| match value {
        ContextValue::String(text) => std::slice::from_ref(text),
        ContextValue::Strings(texts) => texts.as_slice(),
        _ => &[],
    });
    let behind = texts.filter_map(|text| {
        let name = text.trim_start_matches('-').split([' ', '=', '[']).next()?;
        let flag = find_flag(command, name).filter(|flag| !typed.iter().any(|id| flag.get_id() == id))?;
        let variable = flag.get_env().filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))?;
        Some(format!("--{name} is set by the variable {}", variable.display()))
    });
    behind.collect()
}

/// Gives every flag of every command its variable, except those that typed flags replace. `typed` has the names that lead
/// to their command from here, unless it is another one.
pub(super) fn with_variables(program: Command, typed: Option<(&[String], &TypedCommand)>) -> Command {
    let replaced: Vec<String> = match typed {
        Some(([], typed)) => {
            let flags = program.get_arguments().filter(|flag| typed.replaces(&program, flag));
            flags.map(|flag| flag.get_id().to_string()).collect()
        }
        _ => Vec::new(),
    };
    let is_replaced = |argument: &Arg| replaced.iter().any(|id| argument.get_id() == id);
    let program = program.mut_args(|flag| if is_replaced(&flag) { flag } else { with_variable(flag) });
    // Commands may have subcommands, as `plan` has.
    program.mut_subcommands(|command| {
        let typed = typed.and_then(|(path, typed)| {
            let (first, below) = path.split_first()?;
            (first == command.get_name()).then_some((below, typed))
        });
        with_variables(command, typed)
    })
}

fn with_variable(argument: Arg) -> Arg {
    // A flag with a variable of another name keeps it.
    if argument.get_env().is_some() || argument.get_long() == Some(READ_BY_REPORTS_ALONE) {
        return argument;
    }
    let Some(name) = argument.get_long().map(variable_name) else { return argument };
    let is_switch = matches!(argument.get_action(), ArgAction::SetTrue);
    match std::env::var_os(&name) {
        Some(value) if is_given(&value, is_switch) => {
            let argument = argument.env(name).hide_env(true);
            if is_switch { argument.value_parser(switch_parser()) } else { argument }
        }
        _ => argument,
    }
}

/// Reads the variable of a switch. A typo must not turn it on.
fn switch_parser() -> impl TypedValueParser<Value = bool> {
    let read = |text: String| {
        let is_one_of = |values: [&str; 3]| values.contains(&text.to_ascii_lowercase().as_str());
        match (is_one_of(ON), is_one_of(OFF)) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err("write 1, true, yes, 0, false or no"),
        }
    };
    clap::builder::StringValueParser::new().try_map(read)
}

/// The variable of a flag, by its name without dashes.
fn variable_name(flag: &str) -> OsString {
    format!("{PREFIX}{}", flag.replace('-', "_").to_ascii_uppercase()).into()
}

fn is_given(value: &OsStr, is_switch: bool) -> bool {
    let is_off = is_switch && value.to_str().is_some_and(|text| OFF.contains(&text.to_ascii_lowercase().as_str()));
    !value.is_empty() && !is_off
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named_after_its_flag_and_a_switch_can_be_off() {
        assert_eq!(variable_name("max-rows-per-file"), "SENT_EXPORT_MAX_ROWS_PER_FILE");
        for (value, is_switch, wanted) in [
            ("", false, false),
            ("", true, false),
            ("0", true, false),
            ("No", true, false),
            ("0", false, true),
            ("1", true, true),
        ] {
            assert_eq!(is_given(OsStr::new(value), is_switch), wanted, "{value:?} {is_switch}");
        }
    }
}
