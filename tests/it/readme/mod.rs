//! Every command of the README, run as it stands there.
//!
//! A block runs in one shell, in a folder that all blocks share from top to bottom, as a reader would run them. There
//! `sent-export` is the binary built for the tests, and `SENT_BASE_URL` points to a simulator. Whatever else differs from
//! the README is listed here: [`PREPARATION`], [`substitutions`] and [`NOT_RUN`]. A list entry that matches nothing fails,
//! and so does a command that is neither run nor listed.
//!
//! Commands of other programs that read the files ([`READERS`]) run in `peers::readme`.

mod document;
mod session;

pub(crate) use document::{Command, blocks};
pub(crate) use session::{Said, Session};

use sent_export::simulator::{DEFAULT_API_KEY, Simulator};

/// What the README takes for granted: an earlier export, and its summary.
const PREPARATION: &str = "mkdir exports sample-output
sent-export contacts --simulate=200 --quiet -o exports/contacts.parquet --summary last-week.json";

/// Beginnings of commands that are not run, with the reason.
const NOT_RUN: [(&str, &str); 3] = [
    ("clickhouse ", "needs ClickHouse, which comes from no package registry that the gate uses"),
    ("psql ", "needs a PostgreSQL server with a table of contacts"),
    ("spark.read.csv(", "needs a Spark session, and so Java"),
];

/// Beginnings of commands that read what was exported; they need the peers.
pub(crate) const READERS: [&str; 3] = ["duckdb ", "python3 ", "sqlite3 "];

/// A command that begins like this serves until it is stopped.
const SERVER: &str = "sent-export simulator ";

/// What is run in place of what is shown.
fn substitutions(simulator: &Simulator) -> Vec<(&'static str, String)> {
    vec![
        // The binary is built already.
        ("cargo run --release -- ", "sent-export ".to_owned()),
        ("SENT_DM_API_KEY=...", format!("SENT_DM_API_KEY={DEFAULT_API_KEY}")),
        // The ids of profiles are the simulator's.
        ("6f9619ff-8b86-4011-b42d-00cf4fc964ff", simulator.profile_ids()[0].to_string()),
        // Another program may have this port.
        ("--port 8080", "--port 0".to_owned()),
    ]
}

/// A command as it is run.
pub(crate) fn as_run(text: &str, simulator: &Simulator) -> String {
    substitutions(simulator).iter().fold(text.to_owned(), |text, (shown, run)| text.replace(shown, run))
}

#[test]
fn every_command_of_the_readme_runs() {
    let session = Session::new(&[]);
    session.run(&[Command::new(0, PREPARATION)]);
    for block in blocks() {
        let (servers, commands): (Vec<_>, Vec<_>) = block
            .commands
            .iter()
            .filter(|command| !is_not_run(command) && !is_reader(command))
            .map(|command| Command { text: as_run(&command.text, session.simulator()), ..command.clone() })
            .partition(|command| command.text.starts_with(SERVER));
        for (command, said) in commands.iter().zip(session.run(&commands)) {
            assert_shown(command, &said);
        }
        for command in &servers {
            session.serve(command);
        }
    }
}

#[test]
fn the_lists_of_exceptions_hold_nothing_that_the_readme_does_not_say() {
    let session = Session::new(&[]);
    let commands: Vec<Command> = blocks().into_iter().flat_map(|block| block.commands).collect();
    let is_said = |part: &str| commands.iter().any(|command| command.text.contains(part));
    let starts = NOT_RUN.iter().map(|(start, _)| *start).chain(READERS);
    let shown: Vec<&str> = substitutions(session.simulator()).into_iter().map(|(shown, _)| shown).collect();
    let stale: Vec<&str> = starts.chain(shown).filter(|part| !is_said(part)).collect();
    assert!(stale.is_empty(), "not in the README any more: {stale:?}");
}

fn is_not_run(command: &Command) -> bool {
    NOT_RUN.iter().any(|(start, _)| command.text.starts_with(start))
}

pub(crate) fn is_reader(command: &Command) -> bool {
    READERS.iter().any(|start| command.text.starts_with(start))
}

/// The lines that the README shows below a command come in this order, with others between them.
fn assert_shown(command: &Command, said: &Said) {
    let all = format!("{}\n{}", said.stderr, said.stdout);
    let mut lines = all.lines();
    for shown in &command.shown {
        let is_found = lines.any(|line| line.trim_end() == shown.trim_end());
        assert!(is_found, "line {} shows {shown:?} below the command, which says\n{all}", command.line);
    }
}
