//! The flags after `--` of `sent-export run`, which are for all jobs.
//!
//! A job takes those that its command has, as it does from the defaults of the file. Others are skipped with their values;
//! whether a flag has one is known from the commands of other jobs.

use std::ffi::OsString;

use clap::{Arg, Command};

use super::precedence::{find_flag, is_shown_only};
use super::settings::{SettingProblem, built_program, nearest};

/// The words for a job with `command`; `commands` are those of all chosen jobs.
///
/// # Errors
/// With a flag that none of them has.
pub fn overrides_for(command: &str, commands: &[&str], words: &[OsString]) -> Result<Vec<OsString>, SettingProblem> {
    let program = built_program();
    // An unknown command is reported with its line.
    let Some(command) = program.find_subcommand(command) else { return Ok(Vec::new()) };
    let others: Vec<&Command> = commands.iter().filter_map(|name| program.find_subcommand(name)).collect();
    let mut taken = Vec::new();
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            taken.push(word.clone());
            taken.extend(rest.cloned());
            break;
        }
        let TakenWord { kept, keeps_value, next } = match text.strip_prefix("--") {
            Some(long) => long_flag(command, &others, word, long)?,
            None => match text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                Some(letters) => short_flags(command, &others, word, letters)?,
                None => TakenWord { kept: Some(word.clone()), keeps_value: true, next: NextWord::Separate },
            },
        };
        let is_value = |word: &&OsString| match next {
            NextWord::Value => true,
            NextWord::ValueOrFlag => *word == "-" || !word.to_string_lossy().starts_with('-'),
            NextWord::Separate => false,
        };
        let value = rest.next_if(is_value).filter(|_| keeps_value);
        taken.extend(kept);
        taken.extend(value.cloned());
    }
    Ok(taken)
}

/// What a command takes from a word.
struct TakenWord {
    kept: Option<OsString>,
    /// Whether the command also takes the next word if that is a value.
    keeps_value: bool,
    next: NextWord,
}

/// What the word after a flag is.
#[derive(Clone, Copy)]
enum NextWord {
    /// Its value.
    Value,
    /// Its value, unless it is a flag.
    ValueOrFlag,
    /// No part of it.
    Separate,
}

impl NextWord {
    /// What follows a flag without a value in the same word.
    fn of(flag: &Arg) -> Self {
        let range = flag.get_num_args().filter(|_| flag.get_action().takes_values());
        match range {
            Some(range) if range.min_values() > 0 => Self::Value,
            Some(range) if range.max_values() > 0 && !flag.is_require_equals_set() => Self::ValueOrFlag,
            _ => Self::Separate,
        }
    }
}

/// A flag like `--name` or `--name=value`: the word if the command has it, and what the next one is.
fn long_flag(command: &Command, others: &[&Command], word: &OsString, long: &str) -> Result<TakenWord, SettingProblem> {
    let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
    let own = find_flag(command, name);
    let Some(flag) = own.or_else(|| others.iter().find_map(|other| find_flag(other, name))) else {
        let flags = others.iter().flat_map(|other| other.get_arguments());
        let names = flags.filter(|flag| !is_shown_only(flag)).filter_map(Arg::get_long);
        let nearest = nearest(name, names).map(|name| format!("--{name}"));
        return Err(SettingProblem::UnknownOverride { name: format!("--{name}"), nearest });
    };
    let next = if value.is_some() { NextWord::Separate } else { NextWord::of(flag) };
    Ok(TakenWord { kept: own.map(|_| word.clone()), keeps_value: own.is_some(), next })
}

/// Flags like `-v`, `-qv`, `-o` or `-oPATH`: those that the command has, and what the next word is.
fn short_flags(
    command: &Command,
    others: &[&Command],
    word: &OsString,
    letters: &str,
) -> Result<TakenWord, SettingProblem> {
    let find =
        |command: &Command, letter| command.get_arguments().find(|flag| flag.get_short() == Some(letter)).cloned();
    let mut taken = TakenWord { kept: None, keeps_value: false, next: NextWord::Separate };
    let mut kept = String::new();
    for (at, letter) in letters.char_indices() {
        let own = find(command, letter).filter(|flag| !is_shown_only(flag));
        let is_own = own.is_some();
        let found = own.or_else(|| others.iter().find_map(|other| find(other, letter)));
        let Some(flag) = found.filter(|flag| !is_shown_only(flag)) else {
            return Err(SettingProblem::UnknownOverride { name: format!("-{letter}"), nearest: None });
        };
        let has_value = flag.get_action().takes_values();
        let value = if has_value { &letters[at + letter.len_utf8()..] } else { "" };
        if is_own {
            kept.push(letter);
            kept += value;
        }
        if has_value {
            taken.keeps_value = is_own;
            taken.next = if value.is_empty() { NextWord::of(&flag) } else { NextWord::Separate };
            break;
        }
    }
    // Unchanged if possible, since a value may not be UTF-8.
    let is_whole = kept == letters;
    taken.kept = (!kept.is_empty()).then(|| if is_whole { word.clone() } else { format!("-{kept}").into() });
    Ok(taken)
}
