//! Parses the command line, runs the command and turns its result into an exit code.

use sent_export::cli::Cli;
use sent_export::commands;

fn main() -> std::process::ExitCode {
    commands::run(Cli::from_command_line()).into()
}
