//! `sent-export contacts`: from settings to published files and a summary.
//!
//! The order is what keeps promises: settings are checked and every output is proven writable before the first request;
//! files get their names only after everything was read, written and synced.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::api::{ApiKey, Client, Traffic};
use crate::cli::ContactsArgs;
use crate::config::{API_KEY_VARIABLE, ConfigError, ContactsConfig};
use crate::error::{Error, ExitCode};
use crate::export::{Exported, Outcome, export};
use crate::progress::ProgressDisplay;
use crate::simulator::{self, Simulator};
use crate::sink::{OutputReport, Outputs, check_writable, write_small_file};
use crate::summary::{RunFacts, Summary, TableStyle, render_table};

use super::{is_colour_off, say, stop, table_width};

/// How often progress is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Exports all contacts.
///
/// # Errors
/// When the configuration is wrong, a page cannot be fetched, or an output cannot be written.
pub(super) fn run(args: &ContactsArgs) -> Result<ExitCode, Error> {
    let variable = std::env::var(API_KEY_VARIABLE).ok();
    let mut config = ContactsConfig::new(args, variable.as_deref())?;
    let outputs = Outputs::open(&config.outputs, &config.output_settings)?;
    for (path, _) in &config.reports {
        check_writable(path).map_err(ConfigError::Output)?;
    }
    // Kept until the end: dropping it stops the simulator.
    let simulator = config.simulate.map(start_simulator).transpose()?;
    if let Some(simulator) = &simulator {
        let address = simulator.base_url();
        config.base_url = address.parse().map_err(|_| ConfigError::BadBaseUrl(address))?;
        config.api_key = ApiKey::new(simulator::DEFAULT_API_KEY);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::StartRuntime)?;
    runtime.block_on(run_export(args, &config, outputs))
}

fn start_simulator(contacts: u32) -> Result<Simulator, Error> {
    let settings = simulator::Settings { contacts, ..simulator::Settings::default() };
    Simulator::start(settings).map_err(|error| Error::StartSimulator(Box::new(error)))
}

async fn run_export(args: &ContactsArgs, config: &ContactsConfig, outputs: Outputs) -> Result<ExitCode, Error> {
    let key = config.api_key.clone().ok_or(ConfigError::MissingKey)?;
    let settings = config.pace.client_settings(config.base_url.clone(), key);
    let rate = settings.rate;
    let client = Client::new(settings).map_err(Error::BuildClient)?;
    let (started, started_at) = (Instant::now(), Utc::now());
    let display = std::cell::RefCell::new(ProgressDisplay::new(args.quiet || args.no_progress, rate));
    let ticking = async {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            display.borrow_mut().tick(client.traffic(), client.pause_left());
        }
    };
    let observe = |progress| display.borrow_mut().observe(progress);
    let exporting = export(&client, &config.fetch, outputs, started_at.timestamp_micros(), observe, stop::requested());
    let outcome = tokio::select! {
        outcome = exporting => outcome,
        never = ticking => never,
    };
    display.borrow().finish();
    let exported = match outcome? {
        Outcome::Finished(exported) => exported,
        Outcome::ReaderLeft => return Ok(ExitCode::Complete),
    };
    let Exported { walk, counts, findings, staged } = *exported;
    let published = staged.publish()?;
    let run = run_facts(&walk, client.traffic(), (started, started_at));
    let exit_code = run.verdict.into();
    let is_empty_for_number = config.filters.phone && counts.contacts == 0;
    let summary = Summary {
        as_of: run.started_at.clone(),
        filters: config.filters.clone(),
        run: Some(run),
        outputs: published,
        ..counts.summary().with_findings(findings)
    };
    for (path, form) in &config.reports {
        write_small_file(path, form.render(&summary).as_bytes())?;
    }
    finish(args, &summary, is_empty_for_number);
    Ok(exit_code)
}

fn run_facts(walk: &crate::fetch::Walk, traffic: Traffic, (started, started_at): (Instant, DateTime<Utc>)) -> RunFacts {
    let (verdict, evidence) = walk.verdict();
    let report = walk.report();
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    RunFacts {
        started_at: time(started_at),
        finished_at: time(Utc::now()),
        elapsed_seconds: seconds(started.elapsed()),
        requests: traffic.requests_sent,
        retries: traffic.retries,
        rate_limited: traffic.rate_limited,
        waited_seconds: seconds(traffic.waited),
        pages: report.pages,
        total_count_first: report.total_first,
        total_count_last: report.total_last,
        duplicates_removed: report.duplicates,
        verdict,
        evidence,
    }
}

/// Seconds to three places: more would be noise.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

fn finish(args: &ContactsArgs, summary: &Summary, is_empty_for_number: bool) {
    if args.quiet {
        return;
    }
    say("\n");
    say(&render_table(summary, table_style()));
    if is_empty_for_number {
        say("\nNo contact has the number of --phone: the outputs have no rows.\n");
    }
    let contacts = summary.outputs.first().map_or(0, |OutputReport { rows, .. }| *rows);
    if let Some(run) = &summary.run {
        say(&format!("\n{}: {contacts} contacts\n", run.verdict.name()));
    }
}

fn table_style() -> TableStyle {
    let has_colours = io::stderr().is_terminal() && !is_colour_off();
    TableStyle { width: table_width(&console::Term::stderr()), has_colours }
}
