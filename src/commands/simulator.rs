//! `sent-export simulator`: serves a simulated account until it is stopped.
//!
//! [`run`] starts the simulator, prints its address and example commands on stdout, waits for Ctrl-C or SIGTERM, and prints
//! statistics on stderr. Being stopped is its normal end, so the exit code is 0.
//!
//! *Easy to get wrong:* the first line on stdout is the base URL and nothing else, flushed at once, so that a script can
//! read it. A script that closes the pipe after that line must not stop the simulator.
//!
//! The unit tests read its output; the integration tests run it as a process.

use std::io::{self, Write};

use crate::base::plural::{count_of, word_for};
use crate::cli::SimulatorArgs;
use crate::error::{Error, ExitCode};
use crate::simulator::Simulator;
use crate::telemetry::{CONSOLE_TARGET, LogFormat};

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// When the port is taken, or signals cannot be handled.
pub(super) fn run(arguments: &SimulatorArgs) -> Result<ExitCode, Error> {
    let simulator = Simulator::start(arguments.settings()).map_err(Error::StartSimulator)?;
    // Nobody may be reading stdout.
    drop(greet(&simulator, &mut io::stdout().lock()));
    simulator.wait_for_signal().map_err(Error::StartSimulator)?;
    if LogFormat::is_json() {
        log_report(&simulator);
    } else {
        drop(report(&simulator, &mut io::stderr().lock()));
    }
    Ok(ExitCode::Complete)
}

/// Prints the address of the simulator and examples.
fn greet(simulator: &Simulator, out: &mut impl Write) -> io::Result<()> {
    let url = simulator.base_url();
    let key = &simulator.settings().api_key;
    writeln!(out, "{url}")?;
    writeln!(out)?;
    let contacts = count_of(simulator.contact_count().into(), "contact", "contacts");
    writeln!(out, "{contacts}, seed {}. Press Ctrl-C to stop. Try:", simulator.settings().seed)?;
    writeln!(out, "  curl -H 'x-api-key: {key}' '{url}/v3/contacts?page=1&page_size=3'")?;
    writeln!(out, "  SENT_DM_API_KEY='{key}' sent-export contacts --base-url {url} --output contacts.parquet")?;
    writeln!(out, "  curl -H 'x-api-key: {key}' '{url}/v3/conversations?page=1&page_size=3'")?;
    writeln!(out, "  curl {url}/_simulator/statistics")?;
    if let Some(profile) = simulator.profile_ids().first() {
        writeln!(out, "A profile, for --profile-id: {profile}")?;
    }
    out.flush()
}

/// Logs the same counts as JSON.
fn log_report(simulator: &Simulator) {
    let statistics = simulator.statistics();
    tracing::info!(
        target: CONSOLE_TARGET,
        event = "simulator_stopped",
        requests = statistics.requests,
        answered_ok = statistics.answered_ok,
        refused = statistics.refused,
        rate_limited = statistics.rate_limited,
        faults_injected = statistics.faults_injected,
        "simulator stopped"
    );
}

/// Prints the request counts.
fn report(simulator: &Simulator, out: &mut impl Write) -> io::Result<()> {
    let statistics = simulator.statistics();
    writeln!(out)?;
    for (count, what) in [
        (statistics.requests, word_for(statistics.requests, "request", "requests")),
        (statistics.list_requests, "for pages of contacts"),
        (statistics.conversation_requests, "for pages of messages"),
        (statistics.answered_ok, "answered successfully"),
        (statistics.refused, "refused"),
        (statistics.rate_limited, "over the rate limit"),
        (statistics.faults_injected, "failed by an injected fault"),
        (statistics.requests_deep_in_pause, "sent during a pause that a 429 had requested"),
        (statistics.max_concurrent, "in flight at the same time, at most"),
        (
            statistics.contacts_created,
            word_for(statistics.contacts_created, "contact created during the run", "contacts created during the run"),
        ),
        (
            statistics.contacts_deleted,
            word_for(statistics.contacts_deleted, "contact deleted during the run", "contacts deleted during the run"),
        ),
        (
            statistics.contacts_updated,
            word_for(statistics.contacts_updated, "contact updated during the run", "contacts updated during the run"),
        ),
        (
            statistics.messages_arrived,
            word_for(statistics.messages_arrived, "message arrived during the run", "messages arrived during the run"),
        ),
    ] {
        writeln!(out, "{count:>10} {what}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Settings;

    fn said(say: impl Fn(&Simulator, &mut Vec<u8>) -> io::Result<()>) -> (String, String) {
        let simulator = Simulator::start(Settings { contacts: 7, ..Settings::default() }).unwrap();
        let mut out = Vec::new();
        say(&simulator, &mut out).unwrap();
        (simulator.base_url(), String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_first_line_is_the_base_url() {
        let (url, text) = said(greet);
        assert_eq!(text.lines().next(), Some(url.as_str()));
        assert!(text.contains("7 contacts") && text.contains("x-api-key: simulated-organization-key"));
    }

    #[test]
    fn the_report_begins_with_the_requests() {
        let (_, text) = said(report);
        assert!(text.trim_start().starts_with("0 requests"), "{text}");
    }
}
