//! `poke`: wakes the daemon of a store.

use std::time::Duration;

use super::error::{CliError, Exit};
use super::ui;
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::context;
use crate::daemon::mailbox::{self, Poke};

/// The daemon looks once a second, unless a step is in hand.
const ANSWER_MAX: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Wake the daemon of this store
///
/// It looks at the repository and at the cloud at once. Moving image tags are resolved again. SIGHUP does the same.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Take over history that was rewritten, up to this commit (its beginning is enough)
    #[arg(long, value_name = "REV")]
    accept_revision: Option<String>,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let root = settings.store()?;
    let poke = Poke { who: context::person(), accept_revision: args.accept_revision.clone() };
    let told = mailbox::tell(root, &poke)
        .map_err(|error| CliError::failure("cannot reach the daemon").because(&error))?;
    let Some(running) = told else {
        return Err(CliError::failure(format!("no daemon runs on the store {}", root.display()))
            .hint("start one with `tidegate run`, or name its store with `--store`"));
    };
    let looks = ANSWER_MAX.as_millis() / LOOK_EVERY.as_millis();
    for _ in 0..looks {
        if !mailbox::is_unread(root) {
            break;
        }
        SystemClock.pause(LOOK_EVERY);
    }
    let heard = if mailbox::is_unread(root) { "hears it after the step in hand" } else { "is awake" };
    ui::print(&format!("the daemon {heard} (process {} on {})\n", running.pid, running.place))?;
    Ok(Exit::Done)
}
