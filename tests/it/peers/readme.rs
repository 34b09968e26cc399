//! The commands of the README that read an export with other programs.

use super::python;
use crate::readme::{Command, Session, blocks, is_reader};

/// The table that a reader of the README makes first.
const CREATE_TABLE: &str =
    r#"sqlite3 contacts.db "CREATE TABLE contacts ($(head -n 1 contacts.csv | sed 's/,/ TEXT, /g') TEXT)""#;

#[test]
#[ignore = "needs Python with pandas and polars, and the command lines of DuckDB and SQLite"]
fn readers_take_the_csv_as_the_readme_says() {
    let python = python();
    let session = Session::new(&[python.parent().unwrap()]);
    session.run(&[Command::new(0, "sent-export contacts --output contacts.csv"), Command::new(0, CREATE_TABLE)]);
    let commands: Vec<Command> = blocks().into_iter().flat_map(|block| block.commands).filter(is_reader).collect();
    assert!(commands.len() >= 4, "{commands:?}");
    session.run(&commands);
    let said = session.run(&[Command::new(0, "sqlite3 contacts.db 'SELECT count(*), min(length(id)) FROM contacts'")]);
    assert_eq!(said[0].stdout.trim(), "300|36", "SQLite has every contact, and no header");
}
