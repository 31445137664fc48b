//! `completions`: the script with which a shell completes tidegate's command line.

use clap_complete::Shell;

use super::error::{CliError, Exit};
use super::ui;

/// Print the completion script for a shell
///
/// For bash: tidegate completions bash > ~/.local/share/bash-completion/completions/tidegate
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut clap::Command) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "tidegate", &mut script);
    ui::print_as_it_is(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
