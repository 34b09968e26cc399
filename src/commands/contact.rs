//! `sent-export contact`: one or some contacts, by id or number, for people and for pipes.
//!
//! Without an output, contacts are read one after the other and printed. With one, their ids go through the pipeline of
//! every export; a number is turned into the ids of its contacts first.

use std::io::{self, IsTerminal};

use uuid::Uuid;

use crate::api::{Account, ApiRequest, Scope, endpoints};
use crate::base::plural::count_of;
use crate::cli::ContactArgs;
use crate::config::{API_KEY_VARIABLE, ConfigError, Connection, ExportFlags, check_stdin};
use crate::error::{Error, ExitCode};
use crate::export::LookupReading;
use crate::format::json_objects;
use crate::input::IdList;
use crate::listing::{PageSource, Window};
use crate::lookup::{LookupFailure, LookupSettings, RowSource};
use crate::report::{Counts, Filters};
use crate::resources::contacts::text_form::{block, json_line, summary_of};
use crate::resources::contacts::{ContactById, ContactPage, Contacts};
use crate::resources::{ListSource, LookupSource};
use crate::simulator::{self, Simulator};

use super::export::{ExportCommand, run_export};
use super::{print, say, warn_of_ids};

/// Contacts that a number may have: one for each profile of an organization.
const CONTACTS_OF_NUMBER: u32 = 100;

/// What a person asked for.
#[derive(Clone, PartialEq, Eq)]
enum Asked {
    Id(Uuid),
    /// Never shown.
    Number(String),
}

/// Looks contacts up.
///
/// # Errors
/// When the configuration is wrong, a contact cannot be fetched, the only one asked for is not found, or an output cannot be
/// written.
pub(super) fn run(args: &ContactArgs) -> Result<ExitCode, Error> {
    check_stdin(args.ids.as_deref(), &args.account)?;
    let asked =
        (1..).zip(&args.contact).map(|(number, text)| asked_for(text, number)).collect::<Result<Vec<_>, _>>()?;
    // What is not UTF-8 is refused as a key, not taken for none.
    let variable = std::env::var_os(API_KEY_VARIABLE).map(|key| key.to_string_lossy().into_owned());
    let simulate = args.simulate.map(|contacts| simulator::Settings { contacts, ..simulator::Settings::default() });
    let has_numbers = asked.iter().any(|asked| matches!(asked, Asked::Number(_)));
    let Some(output) = args.outputs() else {
        if args.lookup.missing.is_some() {
            return Err(ConfigError::NeedsOutput("--missing").into());
        }
        if args.lookup.allow_unread {
            return Err(ConfigError::NeedsOutput("--allow-unread").into());
        }
        return with_account(args, simulate, variable.as_deref(), async |account, scope| {
            print_all(args, &asked, account, scope).await
        });
    };
    let mut ids = IdList::default();
    if has_numbers {
        return Err(ConfigError::NumberWithOutput.into());
    }
    for asked in &asked {
        if let Asked::Id(id) = asked {
            ids.add(&id.to_string(), String::new)?;
        }
    }
    if let Some(path) = &args.ids {
        ids.read_text(path)?;
    }
    warn_of_ids(&ids, "--ids");
    let flags = ExportFlags {
        output: &output,
        reports: None,
        missing: args.lookup.missing.as_deref(),
        activities: None,
        min_rows: None,
        gates: &ContactArgs::gates(),
        resume: &args.resume,
        account: &args.account,
        pace: &args.pace,
        simulate,
    };
    let settings = LookupSettings { concurrency: args.pace.concurrency, allow_unread: args.lookup.allow_unread };
    let reading = LookupReading { resource: ContactById, ids: ids.into_ids(), settings };
    run_export::<_, Counts>(
        &ExportCommand { reading, partition: None, activities: None, verbosity: &args.verbosity },
        flags,
        Filters::default(),
    )
}

fn asked_for(text: &str, number: usize) -> Result<Asked, Error> {
    let text = text.trim();
    if text.starts_with('+') && text.bytes().filter(u8::is_ascii_digit).count() >= 3 {
        return Ok(Asked::Number(text.to_owned()));
    }
    let id = Uuid::try_parse(text).map_err(|_| ConfigError::NotAContact { argument: number })?;
    Ok(Asked::Id(id))
}

/// Connects to the account, or to the simulator in its place, and runs what reads it.
fn with_account<T>(
    args: &ContactArgs,
    simulate: Option<simulator::Settings>,
    api_key: Option<&str>,
    read: impl AsyncFnOnce(&Account, Scope) -> Result<T, Error>,
) -> Result<T, Error> {
    let Connection { mut account, pace } = Connection::new(&args.account, &args.pace, simulate, api_key)?;
    // Kept until the end: dropping it stops the simulator.
    let simulator = account.simulate.clone().map(Simulator::start).transpose().map_err(Error::StartSimulator)?;
    if let Some(simulator) = &simulator {
        account.use_simulator(&simulator.base_url())?;
    }
    let key = account.api_key.clone().ok_or(ConfigError::MissingKey)?;
    let settings = pace.account_settings(account.base_url.clone(), key);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::StartRuntime)?;
    runtime.block_on(async {
        let connected = Account::new(settings).map_err(Error::from)?;
        let reading = read(&connected, account.scope);
        match args.pace.max_duration {
            Some(limit) => tokio::time::timeout(limit, reading).await.unwrap_or(Err(Error::TimeLimit(limit))),
            None => reading.await,
        }
    })
}

/// Prints every contact that is found, in the order in which they were asked for.
async fn print_all(args: &ContactArgs, asked: &[Asked], account: &Account, scope: Scope) -> Result<ExitCode, Error> {
    let is_block = io::stdout().is_terminal();
    let mut missing = Vec::new();
    let mut is_first = true;
    for (argument, asked) in (1..).zip(asked) {
        let pages = match asked {
            Asked::Id(id) => by_id(*id, account, scope).await?,
            Asked::Number(number) => by_number(number, account, scope).await?,
        };
        let Some(page) = pages.filter(|page| page.rows() > 0) else {
            missing.push(match asked {
                Asked::Id(id) => id.to_string(),
                // A number is never shown.
                Asked::Number(_) => format!("the number of argument {argument}"),
            });
            continue;
        };
        for (contact, key) in json_objects(&page.batch()).iter().zip(page.items.iter().flatten()) {
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
    match (missing.as_slice(), asked.len()) {
        ([], _) => Ok(ExitCode::Complete),
        ([what], 1) => Err(Error::ContactNotFound { what: what.clone() }),
        (missing, all) => {
            let contacts = count_of(missing.len() as u64, "contact", "contacts");
            say(&format!("{contacts} of {all} not found: {}\n", missing.join(", ")));
            Ok(ExitCode::Complete)
        }
    }
}

async fn by_id(id: Uuid, account: &Account, scope: Scope) -> Result<Option<ContactPage>, Error> {
    let source = LookupSource::<ContactById>::new(account, scope);
    match source.fetch(id, account.permit().await).await {
        Ok(fetched) => Ok(Some(fetched.row)),
        Err(refusal) if refusal.is_not_found() => Ok(None),
        Err(refusal) => Err(Error::Api(refusal.error)),
    }
}

/// The contacts with exactly this number: an organization may have one for each of its profiles.
async fn by_number(number: &str, account: &Account, scope: Scope) -> Result<Option<ContactPage>, Error> {
    let resource = Contacts { phone: Some(number.to_owned()), ..Contacts::default() };
    let source = ListSource { account, scope, resource: &resource };
    match source.fetch(Window::first(CONTACTS_OF_NUMBER), account.permit().await).await {
        Ok(fetched) => Ok(Some(fetched.page)),
        Err(error) if crate::listing::SourceError::is_empty_list(&error) => Ok(None),
        Err(error) => Err(Error::Api(error.error)),
    }
}

/// The message summary of a contact as one JSON object; `None` when the contact is gone by now.
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
