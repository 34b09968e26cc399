use clap::CommandFactory;

use super::Cli;

/// Columns of the terminal, and of a pipe by clap's default.
const WIDTH: usize = 100;

/// The help of every command, short and long, so that its wording is seen in review.
#[test]
fn help_of_every_command() {
    // The value of a variable is not for a snapshot.
    let program = Cli::command()
        .term_width(WIDTH)
        .mut_subcommands(|command| command.term_width(WIDTH).mut_args(|argument| argument.hide_env_values(true)));
    let mut program = program.disable_help_subcommand(true);
    program.build();
    insta::assert_snapshot!("sent-export", both(program.clone()));
    for command in program.get_subcommands() {
        insta::assert_snapshot!(format!("sent-export-{}", command.get_name()), both(command.clone()));
    }
}

fn both(mut command: clap::Command) -> String {
    format!("# -h\n\n{}\n# --help\n\n{}", command.render_help(), command.render_long_help())
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}
