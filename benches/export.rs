//! Measures whole exports by the release binary, compared with a plain download and with other tools on the same pages.
//!
//! ```text
//! cargo bench --bench export                                        # 100,000 contacts, 5 rounds
//! cargo bench --bench export -- --contacts 1000000 --rounds 3       # the table of benches/README.md
//! cargo bench --bench export -- --table pace                        # concurrency and latency
//! cargo bench --bench export -- --table wire                        # compression on the wire
//! ```
//!
//! Contestants take turns in every round, so that other load affects all of them equally. Figures are medians.
//! `benches/peers/install` installs the other tools; tools that are not installed are skipped.

#[path = "support/contestants.rs"]
mod contestants;
#[path = "support/download.rs"]
mod download;
#[path = "support/measure.rs"]
mod measure;
#[path = "support/page_server.rs"]
mod page_server;
#[path = "support/pages.rs"]
mod pages;

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use contestants::{Contestant, Task};
use measure::Cost;
use page_server::Coding;

/// As in `sent-export contacts`.
const DEFAULT_CONCURRENCY: u32 = 8;

#[derive(Debug, Parser)]
struct Arguments {
    /// Contacts of the account.
    #[arg(long, default_value_t = 100_000)]
    contacts: u32,
    /// Number of rounds.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// What to measure.
    #[arg(long, value_enum, default_value_t = Table::Tools)]
    table: Table,
    /// Only contestants whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Table {
    /// The plain download, the export and other tools.
    Tools,
    /// The export at several concurrencies and latencies.
    Pace,
    /// The export with bodies in several content codings.
    Wire,
}

/// What the bench does when it runs itself as a child process.
#[derive(Debug, Subcommand)]
enum Role {
    /// Serve pages.
    Serve { contacts: u32, codings: Vec<Coding> },
    /// Fetch all pages and drop them.
    Download { base_url: String, pages: u32, concurrency: usize },
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    match arguments.role {
        Some(Role::Serve { contacts, codings }) => page_server::serve(contacts, &codings),
        Some(Role::Download { base_url, pages, concurrency }) => download::download(&base_url, pages, concurrency),
        None => match arguments.table {
            Table::Tools => compare_tools(&arguments),
            Table::Pace => vary_pace(&arguments),
            Table::Wire => vary_coding(&arguments),
        },
    }
}

/// The server process; dropping it ends it.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(contacts: u32, codings: &[Coding]) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg(contacts.to_string()).args(codings.iter().map(|coding| coding.name()));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("stdout is piped")).read_line(&mut line)?;
        let port = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { process, port })
    }

    fn base_url(&self, prefix: &str) -> String {
        format!("http://127.0.0.1:{}{prefix}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has already ended.
        self.process.kill().and_then(|()| self.process.wait()).ok();
    }
}

fn compare_tools(arguments: &Arguments) -> io::Result<()> {
    let server = Server::start(arguments.contacts, &[Coding::Identity])?;
    let contestants: Vec<Contestant> = Contestant::ALL
        .into_iter()
        .filter(|contestant| contestant.is_installed() && contestant.name().contains(&arguments.only))
        .collect();
    let mut runs = vec![Vec::new(); contestants.len()];
    for _ in 0..arguments.rounds {
        for (contestant, runs) in contestants.iter().zip(&mut runs) {
            runs.push(run(*contestant, &server.base_url(""), arguments.contacts, DEFAULT_CONCURRENCY)?);
        }
    }
    let costs: Vec<Cost> = runs.iter().map(|runs| Cost::median(runs)).collect();
    let floor = costs.first().map_or(Duration::ZERO, |cost| cost.cpu);
    say(&format!("{} contacts, medians of {} alternating runs\n", arguments.contacts, arguments.rounds))?;
    say("| what | CPU s | wall s | wall/CPU | peak RSS MB | CPU, times the first line |")?;
    say("|---|---|---|---|---|---|")?;
    for (contestant, cost) in contestants.iter().zip(&costs) {
        let (cpu, wall) = (cost.cpu.as_secs_f64(), cost.wall.as_secs_f64());
        let times_floor = cpu / floor.as_secs_f64();
        let overlap = 100.0 * wall / cpu;
        let name = contestant.name();
        say(&format!(
            "| {name} | {cpu:.2} | {wall:.2} | {overlap:.0} % | {} | {times_floor:.1} |",
            megabytes(cost.peak_rss)
        ))?;
    }
    Ok(())
}

/// Wall time relative to the minimum that the service allows, or the CPU time if that is longer.
///
/// The first page is requested alone, because it contains the number of pages. The others are requested in as many rounds as
/// needed.
fn vary_pace(arguments: &Arguments) -> io::Result<()> {
    let server = Server::start(arguments.contacts, &[Coding::Identity])?;
    let pages = arguments.contacts.div_ceil(pages::PAGE_ROWS);
    say(&format!("{} contacts on {pages} pages, to Parquet\n", arguments.contacts))?;
    say("| latency | concurrency | wall s | CPU s | waiting s at least | wall, times the longer of both |")?;
    say("|---|---|---|---|---|---|")?;
    for latency_millis in [0, 50, 300] {
        for concurrency in [1, 4, 16, 64] {
            let base_url = server.base_url(&format!("/{latency_millis}ms"));
            let cost = run(Contestant::Export(&["c.parquet"]), &base_url, arguments.contacts, concurrency)?;
            let (cpu, wall) = (cost.cpu.as_secs_f64(), cost.wall.as_secs_f64());
            let waiting = f64::from(latency_millis) / 1000.0 * f64::from(1 + (pages - 1).div_ceil(concurrency));
            let ratio = wall / waiting.max(cpu);
            say(&format!(
                "| {latency_millis} ms | {concurrency} | {wall:.2} | {cpu:.2} | {waiting:.2} | {ratio:.2} |"
            ))?;
        }
    }
    Ok(())
}

fn vary_coding(arguments: &Arguments) -> io::Result<()> {
    let codings = [Coding::Identity, Coding::Gzip, Coding::Br, Coding::Zstd];
    let server = Server::start(arguments.contacts, &codings)?;
    let mut runs = [const { Vec::new() }; 4];
    for _ in 0..arguments.rounds {
        for (coding, runs) in codings.iter().zip(&mut runs) {
            let base_url = server.base_url(&format!("/{}", coding.name()));
            runs.push(run(Contestant::Export(&["c.parquet"]), &base_url, arguments.contacts, DEFAULT_CONCURRENCY)?);
        }
    }
    say(&format!("{} contacts to Parquet, medians of {} alternating runs\n", arguments.contacts, arguments.rounds))?;
    say("| coding | bytes a page | CPU s | wall s | peak RSS MB |")?;
    say("|---|---|---|---|---|")?;
    for (coding, runs) in codings.iter().zip(&runs) {
        let cost = Cost::median(runs);
        let bytes = page_bytes(&server, *coding)?;
        let (cpu, wall) = (cost.cpu.as_secs_f64(), cost.wall.as_secs_f64());
        say(&format!("| {} | {bytes} | {cpu:.2} | {wall:.2} | {} |", coding.name(), megabytes(cost.peak_rss)))?;
    }
    Ok(())
}

/// Length of the body of the first page, as sent with this coding.
fn page_bytes(server: &Server, coding: Coding) -> io::Result<usize> {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port))?;
    write!(stream, "GET /{}/v3/contacts?page=1 HTTP/1.1\r\n\r\n", coding.name())?;
    let mut answer = BufReader::new(stream);
    loop {
        let mut line = String::new();
        answer.read_line(&mut line)?;
        if let Some(length) = line.strip_prefix("content-length: ") {
            return length.trim().parse().map_err(io::Error::other);
        }
    }
}

fn run(contestant: Contestant, base_url: &str, contacts: u32, concurrency: u32) -> io::Result<Cost> {
    let folder = tempfile::tempdir()?;
    let task = Task { base_url: base_url.to_owned(), contacts, concurrency, folder: folder.path().to_owned() };
    Ok(Cost::of(&mut contestant.command(&task)))
}

fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
