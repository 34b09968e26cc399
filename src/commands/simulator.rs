//! `sent-export simulator`: serves invented contacts until it is stopped.
//!
//! [`run`] starts the simulator, says on stdout where it is and how to use it, waits for Ctrl-C or SIGTERM, and tells on
//! stderr what it was asked. Being stopped is how it is meant to end, and a success.
//!
//! *Easy to get wrong:* the first line on stdout is the base URL and nothing else, flushed at once, so that a script can read
//! it and go on. A script that closes the pipe after that line must not stop the simulator.
//!
//! The unit tests read what it says; the integration tests run it as a process.

use std::io::{self, Write};

use crate::base::plural::{count_of, word_for};
use crate::cli::SimulatorArgs;
use crate::error::{Error, ExitCode};
use crate::simulator::Simulator;

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// If the port is taken, or signals cannot be heard.
pub(super) fn run(arguments: &SimulatorArgs) -> Result<ExitCode, Error> {
    let simulator = Simulator::start(arguments.settings()).map_err(Error::StartSimulator)?;
    // Whoever does not listen does not need to be told.
    drop(greet(&simulator, &mut io::stdout().lock()));
    simulator.wait_for_signal().map_err(Error::StartSimulator)?;
    drop(report(&simulator, &mut io::stderr().lock()));
    Ok(ExitCode::Complete)
}

/// Says where the simulator is and how to use it.
fn greet(simulator: &Simulator, out: &mut impl Write) -> io::Result<()> {
    let url = simulator.base_url();
    let key = &simulator.settings().api_key;
    writeln!(out, "{url}")?;
    writeln!(out)?;
    let contacts = count_of(simulator.contact_count().into(), "contact", "contacts");
    writeln!(out, "{contacts}, seed {}. Ctrl-C stops it. Try:", simulator.settings().seed)?;
    writeln!(out, "  curl -H 'x-api-key: {key}' '{url}/v3/contacts?page=1&page_size=3'")?;
    writeln!(out, "  SENT_DM_API_KEY='{key}' sent-export contacts --base-url {url} --output contacts.parquet")?;
    writeln!(out, "  curl -H 'x-api-key: {key}' '{url}/v3/conversations?page=1&page_size=3'")?;
    writeln!(out, "  curl {url}/_simulator/statistics")?;
    if let Some(profile) = simulator.profile_ids().first() {
        writeln!(out, "A profile, for --profile-id: {profile}")?;
    }
    out.flush()
}

/// Tells what the simulator was asked.
fn report(simulator: &Simulator, out: &mut impl Write) -> io::Result<()> {
    let statistics = simulator.statistics();
    writeln!(out)?;
    for (count, what) in [
        (statistics.requests, word_for(statistics.requests, "request", "requests")),
        (statistics.list_requests, "of them for pages of contacts"),
        (statistics.conversation_requests, "of them for pages of messages"),
        (statistics.answered_ok, "answered with success"),
        (statistics.refused, "refused"),
        (statistics.rate_limited, "over the rate limit"),
        (statistics.faults_injected, "struck by a fault"),
        (statistics.requests_deep_in_pause, "sent although a 429 had asked to wait"),
        (statistics.max_concurrent, "at the same time, at most"),
        (
            statistics.contacts_created,
            word_for(statistics.contacts_created, "contact created meanwhile", "contacts created meanwhile"),
        ),
        (
            statistics.contacts_deleted,
            word_for(statistics.contacts_deleted, "contact deleted meanwhile", "contacts deleted meanwhile"),
        ),
        (
            statistics.contacts_updated,
            word_for(statistics.contacts_updated, "contact updated meanwhile", "contacts updated meanwhile"),
        ),
        (
            statistics.messages_arrived,
            word_for(statistics.messages_arrived, "message arrived meanwhile", "messages arrived meanwhile"),
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
