//! `sent-export man`: prints man pages, made from the same definitions as the help.
//!
//! Packagers and users redirect the output to a file of their `man1` folder; see `docs/operations.md`.

use std::io;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::error::{Error, ExitCode};

/// Prints the page of a command, or of the program.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn run(command: Option<&str>) -> Result<ExitCode, Error> {
    let page = page(command).map_err(Error::Print)?;
    super::print(&page).map(|()| ExitCode::Complete)
}

/// The troff source of a page.
fn page(command: Option<&str>) -> io::Result<String> {
    let mut program = Cli::command().disable_help_subcommand(true);
    // Names the commands after the program, as in `sent-export-contacts(1)`.
    program.build();
    let described = command.and_then(|name| program.find_subcommand(name)).unwrap_or(&program).clone();
    let mut page = Vec::new();
    clap_mangen::Man::new(described).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_all_of_its_flags() {
        let program = Cli::command();
        let root = page(None).unwrap();
        assert!(root.contains(".TH sent-export 1"), "{root}");
        for command in program.get_subcommands() {
            let name = command.get_name();
            assert!(root.contains(&format!("sent\\-export\\-{name}(1)")), "{name} is not in\n{root}");
            let page = page(Some(name)).unwrap();
            assert!(page.contains(&format!(".TH sent-export-{name} 1")), "{page}");
            for flag in command.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(|flag| flag.get_long()) {
                let shown = format!("\\-\\-{}", flag.replace('-', "\\-"));
                assert!(page.contains(&shown), "the page of {name} lacks --{flag}");
            }
        }
    }
}
