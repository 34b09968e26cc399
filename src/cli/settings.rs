//! Converts flags from a file: named values from several sources become the command line that a person would have typed.
//!
//! clap parses the result, so a file can use every flag, with the checks and error texts of the command line. Sources by
//! precedence: flags of the command line, variables, the job, the defaults of all jobs.
//!
//! *Easy to get wrong:* a flag from a source with higher precedence also replaces flags from others that it excludes.
//! `--since-last` of a job replaces `--since` of the defaults.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

use super::environment::{TypedCommand, variables_behind};
use super::precedence::{excludes, find_flag, ids_from, is_shown_only, typed_flags};
use super::{Cli, program};
use crate::telemetry::LogFormat;

/// Commands that cannot be jobs: one would start jobs itself, the other serves until it is stopped.
const NO_JOBS: [&str; 2] = ["run", "simulator"];

/// The heading of flags whose values are paths to write, which short lists of jobs show.
const OUTPUT_HEADING: &str = "Output";

/// The value of a flag in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The flag, without dashes.
    pub name: String,
    /// Its value.
    pub value: SettingValue,
    /// Its line in the file, from 1.
    pub line: usize,
}

/// The values that a flag can have in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// Whether a switch is on: `false` counts as not given, whatever the kind of flag.
    Switch(bool),
    /// One value, as on the command line.
    One(String),
    /// A flag that is repeated.
    Many(Vec<String>),
}

/// The parts of a job.
#[derive(Debug, Clone, Copy)]
pub struct JobFlags<'a> {
    /// The command.
    pub command: &'a str,
    /// Its line in the file.
    pub line: usize,
    /// Flags of the job.
    pub job: &'a [Setting],
    /// Flags of all jobs; those that the command lacks are ignored.
    pub defaults: &'a [Setting],
    /// Arguments without a flag.
    pub arguments: &'a [String],
    /// Flags of the command line.
    pub overrides: &'a [OsString],
    /// Whether only errors are printed, unless these flags say otherwise.
    pub is_quiet: bool,
}

/// A parsed job.
#[derive(Debug)]
pub struct ParsedJob {
    /// The whole command line.
    pub cli: Cli,
    /// The paths it writes, as given.
    pub outputs: Vec<String>,
    /// The flag with which it would read stdin.
    pub stdin_flag: Option<&'static str>,
    /// Whether only errors are printed.
    pub is_quiet: bool,
    /// How many times `--verbose` is given.
    pub verbose: u8,
    /// The form of messages, if the job sets it.
    pub log_format: Option<LogFormat>,
}

/// Why flags from a file are invalid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingProblem {
    /// The command is unknown.
    #[error("there is no command {name}{}", suggestion(nearest.as_ref()))]
    UnknownCommand {
        /// The name as given.
        name: String,
        /// The most similar name.
        nearest: Option<String>,
    },
    /// The command cannot be a job.
    #[error("the command {0} cannot be a job")]
    NoJob(String),
    /// The command has no such flag.
    #[error("{} flag {name}{}", without(command.as_ref()), suggestion(nearest.as_ref()))]
    UnknownFlag {
        /// The command; `None` for flags of all jobs.
        command: Option<String>,
        /// The name as given.
        name: String,
        /// The most similar name.
        nearest: Option<String>,
    },
    /// No job has a flag of the command line.
    #[error("no chosen job has a flag {name}{}", suggestion(nearest.as_ref()))]
    UnknownOverride {
        /// The flag as given, with dashes.
        name: String,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// The flag does not take this kind of value.
    #[error("{name} {wanted}")]
    WrongKind {
        /// The flag.
        name: String,
        /// What it takes.
        wanted: &'static str,
    },
    /// The flag that shows a run log, where the one that appends to it was meant.
    #[error("run-log shows the runs of a file and is for jobs with the command report; to append to it, write runs")]
    RunLogOfAll,
    /// clap rejects a value or the combination of flags.
    #[error("{0}")]
    Refused(String),
}

fn without(command: Option<&String>) -> String {
    command.map_or_else(|| "no command has a".to_owned(), |command| format!("the command {command} has no"))
}

fn suggestion(nearest: Option<&String>) -> String {
    nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default()
}

/// The most similar of some names, if one is similar at all.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    // The same distance as in clap's own suggestions.
    const LEAST: f64 = 0.7;
    let similarity = |known: &str| strsim::jaro(&name.to_lowercase().replace('_', "-"), known);
    let best = known.max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(best) > LEAST).then(|| best.to_owned())
}

/// Checks that each flag for all jobs exists in some command, and is not easily confused there.
///
/// # Errors
/// With the line of the first flag that no command has.
pub fn check_defaults(defaults: &[Setting]) -> Result<(), (usize, SettingProblem)> {
    if let Some(setting) = defaults.iter().find(|setting| setting.name == "run-log") {
        return Err((setting.line, SettingProblem::RunLogOfAll));
    }
    let program = built_program();
    let commands: Vec<&Command> = program.get_subcommands().filter(|command| is_job(command)).collect();
    let names = || commands.iter().flat_map(|command| command.get_arguments()).filter_map(Arg::get_long);
    let unknown = defaults.iter().find(|setting| !names().any(|name| name == setting.name));
    unknown.map_or(Ok(()), |setting| {
        let (name, nearest) = (setting.name.clone(), nearest(&setting.name, names()));
        Err((setting.line, SettingProblem::UnknownFlag { command: None, name, nearest }))
    })
}

/// Reads a job as if it had been typed.
///
/// # Errors
/// With the line and the reason.
pub fn parse_job(flags: JobFlags<'_>) -> Result<ParsedJob, (usize, SettingProblem)> {
    let program = built_program();
    let command = find_command(program, flags.command).map_err(|problem| (flags.line, problem))?;
    let mut line: Vec<OsString> = vec!["sent-export".into(), flags.command.into()];
    let mut overrides = flags.overrides.to_vec();
    let mut typed = typed_flags(command, &overrides);
    if let Some(quiet) = find_flag(command, "quiet").filter(|_| flags.is_quiet)
        && !typed.iter().any(|id| quiet.get_id() == id || excludes(command, quiet, id))
    {
        overrides.push("--quiet".into());
        typed = typed_flags(command, &overrides);
    }
    let program = program_for(flags.command, &typed);
    let command = find_command(&program, flags.command).map_err(|problem| (flags.line, problem))?;
    let mut stronger = set_by_variables(command);
    stronger.extend(typed.iter().cloned());
    let mut merged = Merged { command, stronger: stronger.iter().map(String::as_str).collect(), line: &mut line };
    let mut lines = HashMap::new();
    for (layer, is_job) in [(flags.job, true), (flags.defaults, false)] {
        let used = merged.add(layer, is_job)?;
        lines.extend(used);
    }
    line.extend(overrides);
    if !flags.arguments.is_empty() {
        line.push("--".into());
        line.extend(flags.arguments.iter().map(OsString::from));
    }
    let matches = (*program).clone().try_get_matches_from(line);
    let refused = |error: clap::Error| {
        let flag = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(flag)) => flag.trim_start_matches('-').split([' ', '=']).next(),
            _ => None,
        };
        let line = flag.and_then(|flag| lines.get(flag)).copied().unwrap_or(flags.line);
        let parts = std::iter::once(first_paragraph(&error)).chain(variables_behind(&error, command, &typed));
        (line, SettingProblem::Refused(parts.collect::<Vec<_>>().join("; ")))
    };
    let matches = matches.map_err(refused)?;
    let cli = Cli::from_arg_matches(&matches).map_err(refused)?;
    let (_, matches) = matches.subcommand().expect("a command was named");
    let is_default = matches.value_source("log_format") == Some(ValueSource::DefaultValue);
    let log_format = (!is_default).then_some(cli.log_format);
    Ok(ParsedJob {
        cli,
        log_format,
        outputs: outputs(command, matches),
        stdin_flag: stdin_flag(matches),
        is_quiet: matches.try_get_one::<bool>("quiet").ok().flatten().copied().unwrap_or(false),
        verbose: matches.try_get_one::<u8>("verbose").ok().flatten().copied().unwrap_or(0),
    })
}

/// The program with its commands, flags and variables. Built once, because that takes longer than parsing the flags of a
/// job, and a file may have thousands of jobs.
pub(super) fn built_program() -> &'static Command {
    static PROGRAM: OnceLock<Command> = OnceLock::new();
    PROGRAM.get_or_init(|| built(&TypedCommand::default()))
}

fn built(typed: &TypedCommand) -> Command {
    let mut program = program(typed);
    // Adds global flags to the commands.
    program.build();
    program
}

/// A command and the ids of its typed flags.
type ProgramKey = (String, Vec<String>);

/// The program without the variables that typed flags of a command replace. Also built once for each command, since the
/// flags are those of all jobs.
fn program_for(command: &str, typed: &[String]) -> Arc<Command> {
    static PROGRAMS: Mutex<BTreeMap<ProgramKey, Arc<Command>>> = Mutex::new(BTreeMap::new());
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let program = programs
        .entry((command.to_owned(), typed.to_vec()))
        .or_insert_with(|| Arc::new(built(&TypedCommand { path: vec![command.to_owned()], flags: typed.to_vec() })));
    Arc::clone(program)
}

fn is_job(command: &Command) -> bool {
    !NO_JOBS.contains(&command.get_name())
}

fn find_command<'a>(program: &'a Command, name: &str) -> Result<&'a Command, SettingProblem> {
    if let Some(command) = program.get_subcommands().find(|command| command.get_name() == name) {
        return if is_job(command) { Ok(command) } else { Err(SettingProblem::NoJob(name.to_owned())) };
    }
    let names = program.get_subcommands().filter(|command| is_job(command)).map(Command::get_name);
    Err(SettingProblem::UnknownCommand { name: name.to_owned(), nearest: nearest(name, names) })
}

/// The ids of flags that are set by variables.
fn set_by_variables(command: &Command) -> Vec<String> {
    let line = [command.get_name()];
    let matches = command.clone().ignore_errors(true).try_get_matches_from(line);
    matches.map(|matches| ids_from(command, &matches, ValueSource::EnvVariable)).unwrap_or_default()
}

/// A command line under construction; sources are added by precedence, highest first.
struct Merged<'a> {
    command: &'a Command,
    /// The ids of flags that are already set or excluded.
    stronger: Vec<&'a str>,
    line: &'a mut Vec<OsString>,
}

impl Merged<'_> {
    /// Adds a source, and returns the lines of the flags that are used. Defaults of all jobs that the command lacks are
    /// skipped.
    fn add(&mut self, layer: &[Setting], is_job: bool) -> Result<Vec<(String, usize)>, (usize, SettingProblem)> {
        let (mut used, mut settled) = (Vec::new(), Vec::new());
        for setting in layer {
            let Some(flag) = find_flag(self.command, &setting.name) else {
                if !is_job {
                    continue;
                }
                let names = self.command.get_arguments().filter(|flag| !is_shown_only(flag)).filter_map(Arg::get_long);
                let (name, nearest) = (setting.name.clone(), nearest(&setting.name, names));
                let command = Some(self.command.get_name().to_owned());
                return Err((setting.line, SettingProblem::UnknownFlag { command, name, nearest }));
            };
            let words = words(flag, setting).map_err(|problem| (setting.line, problem))?;
            let is_replaced = self.stronger.iter().any(|id| *id == flag.get_id() || excludes(self.command, flag, id));
            if words.is_empty() {
                // Flags with lower precedence neither replace it nor are excluded by it.
                settled.push(flag.get_id().as_str());
            } else if !is_replaced {
                settled.push(flag.get_id().as_str());
                used.push((setting.name.clone(), setting.line));
                self.line.extend(words.into_iter().map(OsString::from));
            }
        }
        self.stronger.extend(settled);
        Ok(used)
    }
}

/// A flag as on the command line; empty if it is switched off.
fn words(flag: &Arg, setting: &Setting) -> Result<Vec<String>, SettingProblem> {
    let name = &setting.name;
    let wrong = |wanted| Err(SettingProblem::WrongKind { name: name.clone(), wanted });
    let with = |value: &String| format!("--{name}={value}");
    let takes_values = flag.get_action().takes_values();
    match (&setting.value, flag.get_action()) {
        (SettingValue::Switch(false), _) => Ok(Vec::new()),
        (SettingValue::Switch(true), ArgAction::SetTrue | ArgAction::Count) => Ok(vec![format!("--{name}")]),
        (SettingValue::Switch(true), _) if flag.get_num_args().is_some_and(|range| range.min_values() == 0) => {
            Ok(vec![format!("--{name}")])
        }
        (SettingValue::Switch(true), _) => wrong("takes a value, not true"),
        (SettingValue::One(count), ArgAction::Count) => match count.parse::<u8>() {
            Ok(count) => Ok(vec![format!("--{name}"); count.into()]),
            Err(_) => wrong("takes a number from 0 to 255, true or false"),
        },
        (_, _) if !takes_values => wrong("takes true or false"),
        (SettingValue::One(value), _) => Ok(vec![with(value)]),
        (SettingValue::Many(values), ArgAction::Append) => Ok(values.iter().map(with).collect()),
        (SettingValue::Many(_), _) => wrong("takes one value, not a list"),
    }
}

/// The values of flags that name paths to write.
fn outputs(command: &Command, matches: &ArgMatches) -> Vec<String> {
    let names_place = |argument: &&Arg| {
        let is_path = argument.get_value_names().is_some_and(|names| names.iter().any(|name| name == "PATH"));
        is_path && argument.get_help_heading() == Some(OUTPUT_HEADING)
    };
    let raw = |argument: &Arg| matches.get_raw(argument.get_id().as_str()).into_iter().flatten().collect::<Vec<_>>();
    let values = command.get_arguments().filter(names_place).flat_map(raw);
    values.map(|value| value.to_string_lossy().into_owned()).collect()
}

/// The flag with which a command would read stdin.
fn stdin_flag(matches: &ArgMatches) -> Option<&'static str> {
    let flags = [("ids", "--ids -"), ("api_key_file", "--api-key-file -")];
    let is_stdin =
        |id: &str| matches.try_get_raw(id).ok().flatten().is_some_and(|mut values| values.any(|value| value == "-"));
    flags.into_iter().find(|(id, _)| is_stdin(id)).map(|(_, shown)| shown)
}

/// clap's message on one line, without the hints for people at a terminal.
fn first_paragraph(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.trim_start_matches("error: ").split_whitespace().collect();
    words.join(" ")
}
