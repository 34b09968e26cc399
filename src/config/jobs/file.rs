//! Reads a file of jobs.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{JobProblem, JobProblemKind, JobsError};
use super::secrets::is_name_of_secret;
use super::shard::shard_of;
use crate::cli::{Setting, SettingProblem, SettingValue, ShardArg, check_defaults, nearest};

/// Keys that are not flags: the command, and its arguments without a flag.
const COMMAND: &str = "command";
const ARGUMENTS: &str = "args";

/// Placeholder for the name of the job in every text of the file.
const NAME_PLACEHOLDER: &str = "{job}";

/// A file of jobs.
#[derive(Debug)]
pub struct JobsFile {
    /// Its path, for errors.
    pub path: String,
    /// The jobs, in their order.
    pub jobs: Vec<Job>,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// The line of its table, from 1.
    pub line: usize,
    /// The command that it runs.
    pub command: String,
    /// Its own flags.
    pub settings: Vec<Setting>,
    /// The flags of all jobs.
    pub defaults: Vec<Setting>,
    /// Its arguments without a flag.
    pub arguments: Vec<String>,
}

/// The contents of a table.
#[derive(Debug, Default)]
struct JobTable {
    command: Option<String>,
    arguments: Option<Vec<String>>,
    settings: Vec<Setting>,
}

impl JobsFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or with all problems in it.
    pub fn read(path: &Path) -> Result<Self, JobsError> {
        let shown = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&shown, &text),
            Err(source) => Err(JobsError::Read { path: shown, source }),
        }
    }

    fn parse(path: &str, text: &str) -> Result<Self, JobsError> {
        let mut reader = JobsFileReader { line_ends: line_ends(text), problems: Vec::new() };
        let jobs = match DeTable::parse(text) {
            Ok(document) => reader.jobs(document.get_ref()),
            Err(error) => {
                // The library's text would show the line, which may contain a key.
                reader.note(error.span().unwrap_or(0..0), None, JobProblemKind::Syntax(error.message().to_owned()));
                Vec::new()
            }
        };
        if reader.problems.is_empty() {
            Ok(Self { path: path.to_owned(), jobs })
        } else {
            Err(JobsError::Unusable { path: path.to_owned(), problems: reader.problems })
        }
    }

    /// The jobs with these names, or all, limited to a shard.
    ///
    /// # Errors
    /// When a name is unknown.
    pub fn select(&self, names: &[String], shard: Option<ShardArg>) -> Result<Vec<&Job>, JobsError> {
        let known = || self.jobs.iter().map(|job| job.name.as_str());
        if let Some(name) = names.iter().find(|name| !known().any(|known| known == *name)) {
            let (name, path) = (name.clone(), self.path.clone());
            return Err(JobsError::UnknownJob { nearest: nearest(&name, known()), name, path });
        }
        let is_named = |job: &Job| names.is_empty() || names.contains(&job.name);
        let is_here = |job: &Job| shard.is_none_or(|shard| shard_of(&job.name, shard.count) == shard.index);
        Ok(self.jobs.iter().filter(|job| is_named(job) && is_here(job)).collect())
    }
}

struct JobsFileReader {
    line_ends: Vec<usize>,
    problems: Vec<JobProblem>,
}

impl JobsFileReader {
    fn note(&mut self, span: Range<usize>, job: Option<&str>, kind: JobProblemKind) {
        let line = self.line(&span);
        self.problems.push(JobProblem { line, job: job.map(str::to_owned), kind });
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.line_ends.partition_point(|&end| end < span.start) + 1
    }

    fn jobs(&mut self, document: &DeTable<'_>) -> Vec<Job> {
        let (mut defaults, mut tables) = (JobTable::default(), Vec::new());
        for (name, value) in in_order(document) {
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("defaults", DeValue::Table(table)) => defaults = self.table(table, None),
                ("jobs", DeValue::Table(jobs)) => tables = self.job_tables(jobs),
                (name @ ("defaults" | "jobs"), _) => {
                    self.note(value.span(), None, JobProblemKind::NoTable(name.to_owned()));
                }
                (secret, _) if is_name_of_secret(secret) => {
                    self.note(name.span(), None, JobProblemKind::SecretInFile(secret.to_owned()));
                }
                (stray, value) => {
                    let is_table = value.is_table();
                    self.note(name.span(), None, JobProblemKind::Stray { name: stray.to_owned(), is_table });
                }
            }
        }
        if let Err((line, problem)) = check_defaults(&defaults.settings) {
            self.problems.push(JobProblem { line, job: None, kind: problem.into() });
        }
        if tables.is_empty() && self.problems.is_empty() {
            self.note(0..0, None, JobProblemKind::NoJobs);
        }
        let mut jobs = Vec::new();
        for (name, line, table) in tables {
            let Some(command) = table.command.or_else(|| defaults.command.clone()) else {
                self.problems.push(JobProblem { line, job: Some(name), kind: JobProblemKind::NoCommand });
                continue;
            };
            let arguments = table.arguments.or_else(|| defaults.arguments.clone()).unwrap_or_default();
            jobs.push(Job {
                settings: with_name(table.settings, &name),
                defaults: with_name(defaults.settings.clone(), &name),
                arguments: arguments.iter().map(|argument| fill_in(argument, &name)).collect(),
                name,
                line,
                command,
            });
        }
        jobs
    }

    fn job_tables(&mut self, jobs: &DeTable<'_>) -> Vec<(String, usize, JobTable)> {
        let mut tables = Vec::new();
        for (key, value) in in_order(jobs) {
            let name = key.get_ref().as_ref();
            match value.get_ref() {
                _ if !is_good_name(name) => self.note(key.span(), None, JobProblemKind::BadName),
                DeValue::Table(table) => {
                    let table = self.table(table, Some(name));
                    tables.push((name.to_owned(), self.line(&key.span()), table));
                }
                _ => self.note(key.span(), None, JobProblemKind::NoTable(format!("the job {name}"))),
            }
        }
        tables
    }

    fn table(&mut self, table: &DeTable<'_>, job: Option<&str>) -> JobTable {
        let mut read = JobTable::default();
        for (key, value) in in_order(table) {
            let name = key.get_ref().as_ref();
            if is_name_of_secret(name) {
                self.note(key.span(), job, JobProblemKind::SecretInFile(name.to_owned()));
                continue;
            }
            let bad = |found| JobProblemKind::BadValue { name: name.to_owned(), found };
            let value = match setting_value(value.get_ref()) {
                Ok(value) => value,
                Err(found) => {
                    self.note(key.span(), job, bad(found));
                    continue;
                }
            };
            let wrong = |wanted| SettingProblem::WrongKind { name: name.to_owned(), wanted }.into();
            match (name, value) {
                (COMMAND, SettingValue::One(command)) => read.command = Some(command),
                (COMMAND, _) => self.note(key.span(), job, wrong("takes the name of a command")),
                (ARGUMENTS, SettingValue::Many(arguments)) => read.arguments = Some(arguments),
                (ARGUMENTS, _) => self.note(key.span(), job, wrong("takes a list of texts")),
                (_, value) => {
                    let line = self.line(&key.span());
                    read.settings.push(Setting { name: name.to_owned(), value, line });
                }
            }
        }
        read
    }
}

/// The positions of all line ends. Every key needs its line number, and a file may have tens of thousands of them: counting
/// from the start each time would take minutes.
fn line_ends(text: &str) -> Vec<usize> {
    text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at).collect()
}

/// The entries of a table in the order of the file.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a Spanned<toml::de::DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The value of a flag; otherwise the name of its type.
fn setting_value(value: &DeValue<'_>) -> Result<SettingValue, &'static str> {
    match value {
        DeValue::Boolean(is_on) => Ok(SettingValue::Switch(*is_on)),
        DeValue::Array(values) => {
            values.iter().map(|value| one_value(value.get_ref())).collect::<Result<_, _>>().map(SettingValue::Many)
        }
        value => one_value(value).map(SettingValue::One),
    }
}

fn one_value(value: &DeValue<'_>) -> Result<String, &'static str> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        DeValue::Datetime(time) => Ok(time.to_string()),
        DeValue::Integer(_) => Err("a number that is not decimal"),
        DeValue::Boolean(_) => Err("a list with true or false"),
        DeValue::Array(_) => Err("a list of lists"),
        DeValue::Table(_) => Err("a table"),
    }
}

/// Whether a name is suitable for logs, paths and metrics.
fn is_good_name(name: &str) -> bool {
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().all(is_good) && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn with_name(settings: Vec<Setting>, job: &str) -> Vec<Setting> {
    let named = settings.into_iter().map(|setting| {
        let value = match setting.value {
            SettingValue::One(text) => SettingValue::One(fill_in(&text, job)),
            SettingValue::Many(texts) => SettingValue::Many(texts.iter().map(|text| fill_in(text, job)).collect()),
            switch @ SettingValue::Switch(_) => switch,
        };
        Setting { value, ..setting }
    });
    named.collect()
}

/// Inserts the name of the job. `{{` is an escaped brace, which the command also unescapes in paths, and stays.
fn fill_in(text: &str, job: &str) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, behind) = rest.split_at(at);
        filled += before;
        rest = if let Some(behind) = behind.strip_prefix("{{") {
            filled += "{{";
            behind
        } else if let Some(behind) = behind.strip_prefix(NAME_PLACEHOLDER) {
            filled += job;
            behind
        } else {
            filled.push('{');
            &behind[1..]
        };
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        JobsFile::parse("jobs.toml", text).unwrap_err().problems().collect()
    }

    #[test]
    fn jobs_keep_their_order_and_take_command_and_arguments_from_the_defaults() {
        let text = "[defaults]\ncommand = \"contacts\"\nrate-limit = \"none\"\n\n[jobs.zeta]\noutput = [\"{job}.csv\", \"{{job}}\"]\n\
                    fresh = true\n\n[jobs.alpha]\ncommand = \"report\"\nargs = [\"{job}.parquet\"]\nmin-cell = 5\nas-of = 2026-03-31\n";
        let file = JobsFile::parse("jobs.toml", text).unwrap();
        let [zeta, alpha] = file.jobs.as_slice() else { panic!("{file:?}") };
        assert_eq!((zeta.name.as_str(), zeta.line, zeta.command.as_str()), ("zeta", 5, "contacts"));
        let many = SettingValue::Many(vec!["zeta.csv".to_owned(), "{{job}}".to_owned()]);
        assert_eq!(zeta.settings[0], Setting { name: "output".to_owned(), value: many, line: 6 });
        assert_eq!(zeta.settings[1].value, SettingValue::Switch(true));
        assert_eq!(
            (alpha.command.as_str(), alpha.arguments.as_slice()),
            ("report", ["alpha.parquet".to_owned()].as_slice())
        );
        let values: Vec<_> = alpha.settings.iter().map(|setting| setting.value.clone()).collect();
        assert_eq!(values, ["5", "2026-03-31"].map(|text| SettingValue::One(text.to_owned())));
    }

    #[test]
    fn every_problem_is_named_with_its_line_and_no_key_is_shown() {
        let text = "output = 1\n[defaults]\nrate_limit = \"none\"\n[jobs.a]\napi-key = \"sk-secret\"\ncommand = [\"x\"]\n\
                    [jobs.\"b c\"]\n[jobs.d]\ncsv = { a = 1 }\n[job.e]\n";
        let found = problems(text);
        let wanted = [
            "line 1: the file has no place for output",
            "line 5, job a: api-key would put a key into the file",
            "line 6, job a: command takes the name of a command",
            "line 7: a job's name consists of",
            "line 9, job d: csv cannot be a table",
            "line 10: the file has no place for job: it holds [defaults] and [jobs.NAME]",
            "line 3: no command has a flag rate_limit; did you mean rate-limit?",
            "line 4, job a: no command",
            "line 8, job d: no command",
        ];
        assert_eq!(found.len(), wanted.len(), "{found:#?}");
        for wanted in wanted {
            assert!(found.iter().any(|found| found.starts_with(wanted)), "{wanted}: {found:#?}");
        }
        assert!(!found.concat().contains("secret"));
        let [syntax] = &problems("[jobs.a]\napi-key = sk-secret\n")[..] else { panic!("one problem") };
        assert!(syntax.starts_with("line 2: not TOML: ") && !syntax.contains("sk-secret"), "{syntax}");
        assert_eq!(problems(""), ["line 1: no jobs: write a table [jobs.NAME] for each"]);
    }
}
