//! Measures reading several accounts concurrently in one process, each with its own key, limiter and server.
//!
//! ```text
//! cargo bench --bench jobs                                        # the table of docs/scale.md
//! cargo bench --bench jobs -- --accounts 50 --rate-limit 4/s      # one row
//! ```
//!
//! The servers run in another process, so that neither their memory nor their time is counted.

#![expect(clippy::print_stdout, reason = "a bench prints its results")]

#[path = "support/measure.rs"]
mod measure;

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use clap::Parser;
use measure::Cost;
use sent_export::simulator::{Settings, Simulator};

#[derive(Debug, Parser)]
struct Arguments {
    /// Number of accounts read concurrently; may be repeated.
    #[arg(long, default_values_t = [1, 10, 100])]
    accounts: Vec<u32>,
    /// Contacts of each account.
    #[arg(long, default_value_t = 2_000)]
    contacts: u32,
    /// How often each number of accounts is read; figures are medians.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Rate limit of each account; must be slow enough that all accounts are read at the same time.
    #[arg(long, default_value = "2/s")]
    rate_limit: String,
    /// Extension of the outputs.
    #[arg(long, default_value = "parquet")]
    format: String,
    /// Serve accounts and print their addresses.
    #[arg(long, hide = true)]
    serve: Option<u32>,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    if let Some(accounts) = arguments.serve {
        return serve(accounts, arguments.contacts);
    }
    println!("| accounts | wall s | CPU s | CPU s an account | peak RSS MB | MB an account beyond the first |");
    println!("|---|---|---|---|---|---|");
    let mut first = None;
    for &accounts in &arguments.accounts {
        let runs = (0..arguments.rounds).map(|_| measure(accounts, &arguments)).collect::<io::Result<Vec<_>>>()?;
        let cost = Cost::median(&runs);
        let megabytes = |bytes: u64| f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0;
        let (cpu, peak) = (cost.cpu.as_secs_f64(), megabytes(cost.peak_rss));
        let beyond = match first {
            Some((least, base)) if accounts > least => format!("{:.2}", (peak - base) / f64::from(accounts - least)),
            _ => String::new(),
        };
        first.get_or_insert((accounts, peak));
        let (wall, each) = (cost.wall.as_secs_f64(), cpu / f64::from(accounts));
        println!("| {accounts} | {wall:.1} | {cpu:.2} | {each:.3} | {peak:.0} | {beyond} |");
    }
    Ok(())
}

/// Runs this many jobs at the same time.
fn measure(accounts: u32, arguments: &Arguments) -> io::Result<Cost> {
    let Arguments { contacts, rate_limit, format, .. } = arguments;
    let mut servers = Command::new(std::env::current_exe()?)
        .args(["--serve", &accounts.to_string(), "--contacts", &contacts.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let folder = tempfile::tempdir()?;
    let mut file = format!(
        "[defaults]\ncommand = \"contacts\"\noutput = \"{{job}}.{format}\"\nrate-limit = \"{rate_limit}\"\nburst = 1\n"
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_sent-export"));
    for (account, url) in (0..accounts).zip(urls(&mut servers)) {
        let job = format!("[jobs.account-{account}]\nbase-url = \"{}\"\napi-key-env = \"KEY_{account}\"\n", url?);
        file.write_str(&job).expect("writing to a String cannot fail");
        command.env(format!("KEY_{account}"), key(account));
    }
    std::fs::write(folder.path().join("jobs.toml"), file)?;
    command.current_dir(folder.path()).args(["run", "jobs.toml", "--quiet", "--parallel", &accounts.to_string()]);
    let cost = Cost::of(&mut command);
    // Closing the servers' stdin ends them.
    drop(servers.stdin.take());
    servers.wait()?;
    Ok(cost)
}

fn urls(servers: &mut Child) -> impl Iterator<Item = io::Result<String>> {
    BufReader::new(servers.stdout.take().expect("stdout is piped")).lines()
}

fn key(account: u32) -> String {
    format!("key-of-account-{account}")
}

/// Serves accounts until stdin ends.
fn serve(accounts: u32, contacts: u32) -> io::Result<()> {
    let start = |account: u32| {
        let settings = Settings { contacts, api_key: key(account), seed: account.into(), ..Settings::default() };
        Simulator::start(settings).map_err(io::Error::other)
    };
    let simulators = (0..accounts).map(start).collect::<io::Result<Vec<_>>>()?;
    for simulator in &simulators {
        println!("{}", simulator.base_url());
    }
    io::stdout().flush()?;
    io::stdin().lines().for_each(drop);
    Ok(())
}
