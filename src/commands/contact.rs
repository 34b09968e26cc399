//! `sent-export contact`: one or several contacts, by id or phone number, for people and for pipes.
//!
//! Without an output, contacts are read one at a time and printed. With an output, they pass through the same pipeline as
//! every export.

use std::collections::HashSet;
use std::io::{self, IsTerminal};

use uuid::Uuid;

use crate::api::{Account, ApiRequest, Scope, endpoints};
use crate::base::plural::count_of;
use crate::cli::ContactArgs;
use crate::config::{BesideFlags, ConfigError, ConnectionConfig, ExportFlags, check_stdin, partition_by};
use crate::error::{Error, ExitCode};
use crate::export::LookupReading;
use crate::format::json_objects;
use crate::input::IdList;
use crate::lookup::{LookupFailure, LookupSettings, RowSource};
use crate::publish::Gate;
use crate::report::{ContactCounts, Filters, Findings};
use crate::resources::contacts::text_form::{block, json_line, summary_of};
use crate::resources::contacts::{ContactKey, ContactLookup, ContactPage};
use crate::resources::{LookupResource, LookupSource};
use crate::simulator;
use crate::store::OutputTarget;

use super::account::{key_environment, start_simulator};
use super::export::run_export;
use super::export_command::{ExportCommand, Intent};
use super::monitor::RunMonitor;
use super::printer::{note, warn_event};
use super::publish::warn_of_rejected;
use super::{job, print, warn_of_ids};

/// Minimum number of digits in a phone number.
const MIN_NUMBER_DIGITS: usize = 3;

/// Looks contacts up.
///
/// # Errors
/// When the configuration is wrong, a contact cannot be fetched, the only requested contact is not found, or an output
/// cannot be written.
pub(super) fn run(args: &ContactArgs, monitor: &RunMonitor<'_>) -> Result<ExitCode, Error> {
    check_stdin(args.ids.as_deref(), &args.run.account)?;
    let simulate = args.run.account.simulate.map(simulator::Settings::of_contacts);
    if args.output.files.output.is_empty() {
        if job::is_check() {
            job::note_places([OutputTarget::Stdout].iter());
            job::note_account(&ConnectionConfig::new(&args.run, simulate, &key_environment())?.account);
            return Ok(ExitCode::Complete);
        }
        let keys = keys_of(args)?;
        monitor.begin(None)?;
        return with_account(args, simulate, async |account, scope| {
            let printed = print_all(args, &keys, account, scope).await;
            monitor.note_requests(account.stats());
            printed
        });
    }
    let flags = ExportFlags {
        output: &args.output,
        beside: BesideFlags { missing: args.lookup.missing.as_deref(), ..BesideFlags::default() },
        // A lookup does not replace an earlier export.
        gate: Gate::default(),
        run: &args.run,
        simulate,
    };
    let settings = LookupSettings { concurrency: args.run.pace.concurrency, allow_unread: args.lookup.allow_unread };
    let resource = ContactLookup { has_extra: args.extra || args.output.columns.names("extra") };
    let partition = partition_by(&args.output, &resource.schema(), None)?;
    let reading = LookupReading { resource, keys: keys_of(args)?, settings };
    let command = ExportCommand { reading, partition, activities: None };
    run_export::<_, ContactCounts>(&command, Intent::Run(monitor), flags, Filters::default())
}

/// All requested keys without duplicates: the arguments in their order, then those of `--ids`.
fn keys_of(args: &ContactArgs) -> Result<Vec<ContactKey>, Error> {
    let mut ids = IdList::default();
    let mut keys = Vec::new();
    let mut numbers = HashSet::new();
    for (argument, text) in (1..).zip(&args.contact) {
        let text = text.trim();
        if text.starts_with('+') && text.bytes().filter(u8::is_ascii_digit).count() >= MIN_NUMBER_DIGITS {
            if numbers.insert(text) {
                keys.push(ContactKey::Number { number: text.to_owned(), argument });
            }
            continue;
        }
        let known = ids.ids().len();
        ids.add(text, String::new).map_err(|_| ConfigError::NotAContact { argument })?;
        keys.extend(ids.ids()[known..].iter().copied().map(ContactKey::Id));
    }
    if let Some(path) = args.ids.as_ref().filter(|_| !job::is_check()) {
        let known = ids.ids().len();
        ids.read_text(path)?;
        keys.extend(ids.ids()[known..].iter().copied().map(ContactKey::Id));
    }
    warn_of_ids(&ids, "--ids");
    Ok(keys)
}

/// Connects to the account, or to the simulator, and calls `work`.
fn with_account<T>(
    args: &ContactArgs,
    simulate: Option<simulator::Settings>,
    read: impl AsyncFnOnce(&Account, Scope) -> Result<T, Error>,
) -> Result<T, Error> {
    let ConnectionConfig { mut account, pace } = ConnectionConfig::new(&args.run, simulate, &key_environment())?;
    let _simulator = start_simulator(&mut account)?;
    let key = account.api_key.clone().ok_or(ConfigError::MissingKey)?;
    let settings = pace.account_settings(account.base_url.clone(), key);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::StartRuntime)?;
    runtime.block_on(async {
        let connected = Account::new(settings).map_err(Error::from)?;
        job::share_quota(&connected);
        let reading = read(&connected, account.scope);
        let ended = match args.run.pace.max_duration {
            Some(limit) => tokio::time::timeout(limit, reading).await.unwrap_or(Err(Error::TimeLimit(limit))),
            None => reading.await,
        };
        job::note_quota(&connected);
        ended
    })
}

/// Prints the contacts that are found, in the requested order.
async fn print_all(
    args: &ContactArgs,
    keys: &[ContactKey],
    account: &Account,
    scope: Scope,
) -> Result<ExitCode, Error> {
    let source = LookupSource::<ContactLookup>::new(account, scope);
    let is_block = io::stdout().is_terminal();
    let mut answers = PrintedAnswers::default();
    let mut is_first = true;
    for key in keys {
        let page = match source.fetch(key, account.permit().await).await {
            Ok(fetched) if !source.is_missing(&fetched.row) => fetched.row,
            Err(refusal) if !refusal.is_not_found() => return Err(Error::Api(refusal.error)),
            _ => {
                answers.missing.push(key.to_string());
                continue;
            }
        };
        answers.note(key, &page, source.is_whole(&page));
        let mut seen = HashSet::new();
        for (contact, key) in json_objects(&page.batch_with_extra(args.extra)).iter().zip(page.items.iter().flatten()) {
            // A server may list a contact twice.
            if !seen.insert(key.id) {
                continue;
            }
            let summary = if args.message_summary {
                message_summary(Uuid::from_u128(key.id.0), account, scope).await?
            } else {
                None
            };
            let text =
                if is_block { block(contact, summary.as_deref()) } else { json_line(contact, summary.as_deref()) };
            print(&if is_block && !is_first { format!("\n{text}") } else { text })?;
            is_first = false;
        }
    }
    answers.conclude(keys.len())
}

/// What is said about answers after their contacts are printed.
#[derive(Default)]
struct PrintedAnswers {
    /// Keys that are not known to the API, in a form that may be shown.
    missing: Vec<String>,
    /// Keys with answers that do not hold all of their contacts.
    cut: Vec<String>,
    findings: Findings,
}

impl PrintedAnswers {
    fn note(&mut self, key: &ContactKey, page: &ContactPage, is_whole: bool) {
        if !is_whole {
            self.cut.push(key.to_string());
        }
        for items in &page.findings.rejected {
            for _ in &items.positions {
                self.findings.add_rejected(|| key.to_string(), items.reason.name(), &items.fields);
            }
        }
    }

    /// Says what was missing, and returns the exit code for `keys` keys.
    fn conclude(self, keys: usize) -> Result<ExitCode, Error> {
        let Self { missing, cut, findings } = self;
        warn_of_rejected(&findings.rejected, ContactLookup::NOUN);
        match missing.as_slice() {
            [] => {}
            [what] if keys == 1 => return Err(Error::ContactNotFound { what: what.clone() }),
            missing => {
                let contacts = count_of(missing.len() as u64, "contact", "contacts");
                note("not_found", &format!("{contacts} of {keys} not found: {}", missing.join(", ")));
            }
        }
        if cut.is_empty() {
            return Ok(ExitCode::Complete);
        }
        let answers = count_of(cut.len() as u64, "answer does", "answers do");
        let text = format!("completeness is not verified: {answers} not hold every contact: {}", cut.join(", "));
        warn_event("unverified", &text);
        Ok(ExitCode::Unverified)
    }
}

/// The message summary of a contact as a JSON object; `None` if the contact no longer exists.
async fn message_summary(id: Uuid, account: &Account, scope: Scope) -> Result<Option<String>, Error> {
    let endpoint = endpoints::MESSAGE_SUMMARY;
    let (name, path) = (endpoint.request_name(id), endpoint.path(id));
    let request = ApiRequest { name: &name, path: &path, query: &[], scope };
    match account.fetch(account.permit().await, &request, |body| summary_of(body)).await {
        Ok(reply) => Ok(Some(reply.data)),
        Err(error) if endpoint.is_not_found(&error.problem) => Ok(None),
        Err(error) => Err(Error::Api(error)),
    }
}
