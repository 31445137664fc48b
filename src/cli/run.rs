//! `run`: the daemon.

use super::error::{CliError, Exit};
use super::ui;
use crate::config::Settings;
use crate::{daemon, telemetry};

/// Run the daemon: follow the repository and keep every environment as declared
///
/// The daemon looks at the repository every `--poll-interval`. It looks at an environment after a new commit, when its
/// schedule or a window changes something, and once a minute. If a commit has errors in an environment, the last valid
/// declaration of that environment stays in force. A store has one daemon.
///
/// Signals: after TERM or INT the daemon finishes the current step, releases the lock and exits with 0; a second signal
/// ends it at once. After HUP it looks at everything now, as after `tidegate poke`.
///
/// Logs go to standard error; the variable TIDEGATE_LOG filters them, for example `tidegate=debug`. Under systemd the
/// daemon reports when it is ready, its status, and that it is alive.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(Args {}: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let filter = std::env::var("TIDEGATE_LOG").ok().filter(|filter| !filter.is_empty());
    telemetry::start(settings.log_format, filter.as_deref(), ui::page()).map_err(|error| {
        CliError::usage(error)
            .hint("set TIDEGATE_LOG to levels by module, such as `tidegate=debug,tidegate::source=trace`")
    })?;
    daemon::run(settings)?;
    Ok(Exit::Done)
}
