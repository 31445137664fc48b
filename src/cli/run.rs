//! `run`: the daemon.

use super::error::{CliError, Exit};
use crate::config::Settings;
use crate::{daemon, telemetry};

/// Follow the repository and keep every environment as it is declared, until told to stop
///
/// Looks at the repository every `--poll-interval`, and at each environment when there is a new commit, when
/// its schedule or a window says so, and once a minute. A commit with errors keeps what was declared before.
/// One daemon a store.
///
/// Signals: TERM and INT finish the step in hand, hand the lease back and end with 0; a second one ends at
/// once. HUP looks at everything now, as `tidegate poke` does.
///
/// Logs go to standard error; TIDEGATE_LOG filters them (`tidegate=debug`). Under systemd it says when it is
/// ready, how it goes, and that it lives.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(Args {}: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let filter = std::env::var("TIDEGATE_LOG").ok().filter(|filter| !filter.is_empty());
    telemetry::start(settings.log_format, filter.as_deref()).map_err(|error| {
        CliError::usage(error).hint("write levels by room, such as `tidegate=debug,tidegate::source=trace`")
    })?;
    daemon::run(settings)?;
    Ok(Exit::Done)
}
