//! The commands of `docs/` that read an export with other programs.

use super::python;
use crate::readme::{Command, Session, all_commands, is_reader};

/// The table that the page tells its reader to create first.
const CREATE_TABLE: &str =
    r#"sqlite3 contacts.db "CREATE TABLE contacts ($(head -n 1 contacts.csv | sed 's/,/ TEXT, /g') TEXT)""#;

#[test]
#[ignore = "needs Python with pandas and polars, and the command lines of DuckDB and SQLite"]
fn readers_load_the_files_as_documented() {
    let python = python();
    let session = Session::new(&[python.parent().unwrap()]);
    let outputs = ["csv", "parquet", "ndjson", "arrow", "arrows"].map(|format| format!(" -o contacts.{format}"));
    let export = Command::new("export", &format!("sent-export contacts{} --history history/", outputs.concat()));
    session.run(&[export, Command::new("table", CREATE_TABLE)]);
    let commands: Vec<Command> = all_commands().into_iter().filter(is_reader).collect();
    assert!(commands.len() >= 8, "{commands:?}");
    session.run(&commands);
    let said =
        session.run(&[Command::new("check", "sqlite3 contacts.db 'SELECT count(*), min(length(id)) FROM contacts'")]);
    assert_eq!(said[0].stdout.trim(), "300|36", "SQLite has every contact, and no header");
}
