//! `poke`: makes the daemon of a store look at the repository and at AWS now. What the daemon does then is in
//! `daemon/control_loop.rs`.

use std::time::Duration;

use super::error::{CliError, Exit};
use super::ui;
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::context;
use crate::daemon::mailbox::{self, Poke};

/// The daemon looks for a poke once a second, except while it carries out a step.
const ANSWER_MAX: Duration = Duration::from_secs(3);
const CHECK_EVERY: Duration = Duration::from_millis(100);

/// Make the daemon of this store look at the repository and at AWS now
///
/// The daemon also resolves image tags again that may have moved. SIGHUP does the same.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Accept a force-pushed branch, at this commit; the first characters of the commit are enough
    #[arg(long, value_name = "REV")]
    accept_revision: Option<String>,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let root = settings.store()?;
    let poke = Poke { who: context::person(), accept_revision: args.accept_revision.clone() };
    let daemon = mailbox::tell(root, &poke)
        .map_err(|error| CliError::failure("cannot reach the daemon").because(&error))?;
    let Some(running) = daemon else {
        return Err(CliError::failure(format!("no daemon runs on the store {}", root.display()))
            .hint("start one with `tidegate run`, or give the daemon's store with `--store`"));
    };
    let checks = ANSWER_MAX.as_millis() / CHECK_EVERY.as_millis();
    for _ in 0..checks {
        if !mailbox::is_unread(root) {
            break;
        }
        SystemClock.pause(CHECK_EVERY);
    }
    let when = if mailbox::is_unread(root) { "after the current step" } else { "now" };
    ui::print(&format!(
        "the daemon (process {} on {}) looks at the repository and at AWS {when}\n",
        running.pid, running.place
    ))?;
    Ok(Exit::Done)
}
