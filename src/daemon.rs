//! The daemon: follows the repository and brings every environment to where it is declared, again and again.
//!
//! Three threads. One looks at the repository (`polling`), one listens to signals (`signals`), and one goes
//! round (`rounds`): what is due (`due`, pure) gets a pass (`pass`, asynchronous). The declarations in force
//! (`wanted`) are the only thing they share, so that a newer commit is seen at the next step of a run.
//!
//! Architecture Invariant: nothing here is needed to go on after a crash. What the daemon remembers between
//! passes decides only when it looks again.

mod accepted;
mod announce;
mod control_loop;
mod due;
mod error;
pub mod in_force;
mod log;
pub mod mailbox;
mod pass;
mod polling;
mod signals;
mod systemd;
mod under_way;

use std::sync::mpsc;
use std::time::Duration;

pub use error::DaemonError;

use crate::config::Settings;
use crate::context::{self, Access, Backend};
use crate::reconcile::ShutdownLevel;
use crate::store::LocalStore;
use control_loop::ControlLoop;
use mailbox::{Claim, Mailbox, Running};
use pass::Passes;
use polling::Poller;
use systemd::Systemd;

/// How long a command that is just changing the simulated world is waited for at the start.
const WORLD_WAIT_MAX: Duration = Duration::from_secs(10);

/// Runs until somebody wants it to stop.
///
/// # Errors
/// When it cannot begin: another daemon runs on the store, or store, cloud or declarations cannot be used. A
/// remote that is merely away is not one of these.
pub fn run(settings: &Settings) -> Result<(), DaemonError> {
    let (tell, hear) = mpsc::channel();
    let (ask, asks) = mpsc::channel();
    let root = settings.store()?;
    LocalStore::open(root)?;
    let files = |source| DaemonError::Files { root: root.to_owned(), source };
    let running = Running { pid: std::process::id(), place: context::machine() };
    let mailbox = match Mailbox::claim(root, &running).map_err(files)? {
        Claim::Ours(mailbox) => mailbox,
        Claim::Taken(running) => return Err(DaemonError::Taken { root: root.to_owned(), running }),
    };
    let hurry = signals::listen(tell.clone()).map_err(DaemonError::System)?;
    let backend = Backend::open(settings, &[], Access::Change { wait_max: WORLD_WAIT_MAX }, None)?;
    let mut poller = Poller::open(settings, root)?;
    tracing::info!(pid = running.pid, store = %root.display(), "following {}", poller.place());

    let notices = poller.first_look()?;
    let head = poller.head();
    let systemd = Systemd::from_environment();
    let shutdown = || {
        systemd.alive();
        hurry.haste()
    };
    let holder = format!("daemon on {}", running.place);
    let passes = Passes { backend: &backend, head: &head, holder: &holder, shutdown: &shutdown };
    let mut rounds = ControlLoop::new(passes, mailbox, ask, &systemd);
    rounds.hear(&notices);
    poller.follow(settings.poll_interval, asks, tell).map_err(DaemonError::System)?;
    systemd.ready();
    // The first look may have taken a minute, in which somebody thought better of it.
    if hurry.haste() == ShutdownLevel::None {
        rounds.go(&hear);
    }

    systemd.stopping();
    drop(rounds);
    backend.finish()?;
    tracing::info!("stopped; nothing is held any more");
    Ok(())
}
