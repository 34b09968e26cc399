//! The commands of the README that read an export with other programs.

use super::python;
use crate::readme::{Command, Session, blocks, is_reader};

#[test]
#[ignore = "needs Python with pandas and polars, and the DuckDB command line"]
fn readers_take_the_csv_as_the_readme_says() {
    let python = python();
    let session = Session::new(&[python.parent().unwrap()]);
    session.run(&[Command::new(0, "sent-export contacts --output contacts.csv")]);
    let commands: Vec<Command> = blocks().into_iter().flat_map(|block| block.commands).filter(is_reader).collect();
    assert!(commands.len() >= 3, "{commands:?}");
    session.run(&commands);
}
