//! A variable for every flag: `--rate-limit` is `SENT_EXPORT_RATE_LIMIT`.
//!
//! Derived from clap's list of flags, so that a new flag has its variable without a second list. A variable has lower
//! precedence than the flag and higher than a file of jobs. An empty variable counts as not set, and so does that of a
//! switch with a value for "no".

use std::ffi::{OsStr, OsString};

use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command};

/// Prefix of the variables.
const PREFIX: &str = "SENT_EXPORT_";

/// Values that leave a switch off, as in clap.
const OFF: [&str; 6] = ["n", "no", "f", "false", "off", "0"];

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

/// Gives every flag of every command its variable.
pub(super) fn with_variables(program: Command) -> Command {
    // Commands may have subcommands, as `plan` has.
    program.mut_args(with_variable).mut_subcommands(with_variables)
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
            if is_switch { argument.value_parser(FalseyValueParser::new()) } else { argument }
        }
        _ => argument,
    }
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
