//! `completions`: what shells need to complete tidegate's command line.

use clap_complete::Shell;

use super::error::{CliError, Exit};
use super::ui;

/// Print completions for a shell
///
/// For bash: tidegate completions bash > ~/.local/share/bash-completion/completions/tidegate
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "tidegate", &mut script);
    ui::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
