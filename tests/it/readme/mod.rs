//! Every command of the README and of `docs/`, run as written there.
//!
//! A block runs in one shell, in a folder that all blocks of a page share from top to bottom, as a reader would run them.
//! There, `sent-export` is the binary built for the tests, and `SENT_BASE_URL` points to a simulator. All other differences
//! from the page are listed here: [`PREPARATION`], [`substitutions`] and [`NOT_RUN`]. A list entry that matches nothing
//! fails, and so does a command that is neither run nor listed.
//!
//! Commands of other programs that read the files ([`READERS`]) run in `peers::readme`.

mod document;
mod session;

pub(crate) use document::{Command, Document, documents};
pub(crate) use session::{Said, Session};

use sent_export::simulator::{DEFAULT_API_KEY, Simulator};

/// Files that every page assumes: an earlier export and its summary, exports of two days, and a file with a key.
const PREPARATION: &str = "mkdir exports sample-output
sent-export contacts --simulate=200 --quiet -o exports/contacts.parquet --summary last-week.json
cp exports/contacts.parquet monday.parquet
cp exports/contacts.parquet tuesday.parquet
mkdir keys
printf %s \"$SENT_DM_API_KEY\" > keys/globex";

/// The page whose first TOML block is the jobs file for all pages.
const JOBS: (&str, &str) = ("docs/jobs.md", "jobs.toml");

/// Beginnings of commands that are not run, with the reason.
const NOT_RUN: [(&str, &str); 16] = [
    ("cargo install ", "builds the program once more"),
    ("clickhouse ", "needs ClickHouse, which comes from no package registry that the gate uses"),
    (
        "deploy/",
        "needs the checkout; deploy::completions_and_man_pages_are_installed_for_every_command runs one of them",
    ),
    ("docker ", "needs Docker"),
    ("install -m 644 deploy/", "writes to the system"),
    ("kubectl ", "needs a cluster"),
    ("psql ", "needs a PostgreSQL server with a table of contacts"),
    ("sent-export contacts -o contacts.parquet -o gs://", STORE),
    ("sent-export contacts -o s3://", STORE),
    ("sent-export messages -o az://", STORE),
    ("sent-export report s3://", STORE),
    ("python3.11 -m venv ", "installs Airflow, which takes minutes"),
    ("spark-submit ", "needs a cluster; peers::deploy runs the application"),
    ("systemd-sysusers ", "writes to the system"),
    ("target/ci-", "takes minutes; docs/deploy.md tells the last results"),
    ("spark.read.csv(", "needs a Spark session, and so Java"),
];

/// Why a command is not run.
const STORE: &str = "needs an object store; peers::stores runs the same";

/// Beginnings of commands that read exported files with other programs.
pub(crate) const READERS: [&str; 3] = ["duckdb ", "python3 ", "sqlite3 "];

/// Beginning of commands that serve until they are stopped.
const SERVER: &str = "sent-export simulator ";

/// Replacements in commands, from the text that is shown to the text that is run.
fn substitutions(simulator: &Simulator) -> Vec<(&'static str, String)> {
    vec![
        // The binary has already been built.
        ("cargo run --release -- ", "sent-export ".to_owned()),
        ("SENT_DM_API_KEY=...", format!("SENT_DM_API_KEY={DEFAULT_API_KEY}")),
        // The simulator has other profile ids.
        ("6f9619ff-8b86-4011-b42d-00cf4fc964ff", simulator.profile_ids()[0].to_string()),
        // Another program may use this port.
        ("--port 8080", "--port 0".to_owned()),
    ]
}

/// A command with the replacements applied.
pub(crate) fn as_run(text: &str, simulator: &Simulator) -> String {
    substitutions(simulator).iter().fold(text.to_owned(), |text, (shown, run)| text.replace(shown, run))
}

#[test]
fn every_command_of_the_documents_runs() {
    for document in documents() {
        run_document(&document);
    }
}

fn run_document(document: &Document) {
    let session = Session::new(&[]);
    session.run(&[Command::new("preparation", PREPARATION)]);
    std::fs::write(session.path(JOBS.1), first_toml(JOBS.0)).unwrap();
    for block in &document.blocks {
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

/// The first block of TOML of a page.
fn first_toml(page: &str) -> String {
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let (_, block) = text.split_once("```toml\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

/// The commands of all pages.
pub(crate) fn all_commands() -> Vec<Command> {
    documents().into_iter().flat_map(|document| document.blocks).flat_map(|block| block.commands).collect()
}

#[test]
fn every_listed_exception_occurs_in_a_document() {
    let session = Session::new(&[]);
    let commands = all_commands();
    let is_said = |part: &str| commands.iter().any(|command| command.text.contains(part));
    let starts = NOT_RUN.iter().map(|(start, _)| *start).chain(READERS);
    let shown: Vec<&str> = substitutions(session.simulator()).into_iter().map(|(shown, _)| shown).collect();
    let stale: Vec<&str> = starts.chain(shown).filter(|part| !is_said(part)).collect();
    assert!(stale.is_empty(), "no document contains this any more: {stale:?}");
}

#[test]
fn links_between_the_documents_lead_to_files_and_headings() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for Document { name, .. } in documents() {
        let page = root.join(&name);
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            if path.starts_with("https://") {
                continue;
            }
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let has_heading = || std::fs::read_to_string(&target).unwrap().lines().any(|line| anchor(line) == heading);
            if !target.exists() || !heading.is_empty() && !has_heading() {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

/// The anchor that Markdown viewers give a heading; nothing for other lines.
fn anchor(line: &str) -> String {
    let Some(title) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim()) else {
        return String::new();
    };
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn is_not_run(command: &Command) -> bool {
    NOT_RUN.iter().any(|(start, _)| command.text.starts_with(start))
}

pub(crate) fn is_reader(command: &Command) -> bool {
    READERS.iter().any(|start| command.text.starts_with(start))
}

/// True if the output contains the lines that a page shows, in this order, possibly with other lines in between.
fn assert_shown(command: &Command, said: &Said) {
    let all = format!("{}\n{}", said.stderr, said.stdout);
    let mut lines = all.lines();
    for shown in &command.shown {
        let is_found = lines.any(|line| line.trim_end() == shown.trim_end());
        assert!(is_found, "{} shows {shown:?} below the command, which says\n{all}", command.at);
    }
}
