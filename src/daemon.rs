//! The daemon: follows the repository and keeps every environment as it is declared.
//!
//! One thread polls the repository (`polling`), one listens to signals (`crate::signals`), and one runs the loop
//! (`control_loop`): an environment that is due (`due`, pure) and whose turn it is (`queue`, pure) gets a pass (`pass`),
//! a task of its own on the threads that talk to AWS. They send each other messages (`message`) and share only the
//! declarations in force (`shared`), so that a run sees a newer commit at its next step. The store keeps the
//! declarations in force (`kept`): a restart applies them while the repository cannot be read.
//!
//! Architecture Invariant: nothing here is needed to continue after a crash. What the daemon remembers between
//! passes (`tracked`) decides only when the next one begins and what is worth a log line.

mod accepted;
mod announce;
mod control_loop;
mod due;
mod error;
pub mod in_force;
mod kept;
mod log;
pub mod mailbox;
mod message;
mod notice;
mod pass;
mod polling;
mod queue;
mod running_passes;
mod shared;
mod systemd;
mod tracked;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

pub use error::DaemonError;

use crate::config::Settings;
use crate::context::{self, Access, Backend};
use crate::signals::{self, SignalEvent};
use crate::store::LocalStore;
use control_loop::ControlLoop;
use mailbox::{Claim, DaemonProcess, Mailbox};
use message::LoopEvent;
use pass::PassContext;
use polling::Poller;
use systemd::Systemd;

/// How long the daemon waits at its start for a command that is changing the simulated world.
const WORLD_WAIT_MAX: Duration = Duration::from_secs(10);

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When the daemon cannot begin: another daemon uses the store, or store, cloud or declarations cannot be used.
/// A remote that cannot be reached is not an error: the daemon retries.
pub fn run(settings: &Settings) -> Result<(), DaemonError> {
    context::check_features(settings)?;
    let (send_event, events) = mpsc::channel();
    let (send_request, requests) = mpsc::channel();
    let root = settings.store()?;
    LocalStore::open(root)?;
    let files = |source| DaemonError::Files { root: root.to_owned(), source };
    let this = DaemonProcess { pid: std::process::id(), place: context::machine() };
    let mailbox = match Mailbox::claim(root, &this).map_err(files)? {
        Claim::Ours(mailbox) => mailbox,
        Claim::Taken(other) => return Err(DaemonError::Taken { root: root.to_owned(), other }),
    };
    let shutdown =
        signals::listen(signals::DAEMON, forward_to(send_event.clone())).map_err(DaemonError::System)?;
    let access = Access::Change { wait_max: WORLD_WAIT_MAX };
    let backend = Arc::new(Backend::open(settings, &[], access, None)?);
    let mut poller = Poller::open(settings, root, backend.store())?;
    tracing::info!(pid = this.pid, store = %root.display(), "following {}", poller.place());

    poller.restore()?.iter().for_each(log::notice);
    let in_force = poller.in_force();
    let systemd = Arc::new(Systemd::from_environment());
    let shutdown_level = {
        let (systemd, shutdown) = (systemd.clone(), shutdown.clone());
        let of_the_loop = thread::current().id();
        Arc::new(move || {
            // A pass with a thread of its own must not hide from the watchdog that the loop stands still.
            if thread::current().id() == of_the_loop {
                systemd.alive();
            }
            shutdown.level()
        })
    };
    let holder = format!("daemon on {}", this.place).into();
    let context = PassContext { backend: backend.clone(), in_force, holder, shutdown: shutdown_level };
    let mut control_loop = ControlLoop::new(context, (mailbox, this), send_request, &systemd);
    poller.follow(settings.poll_interval, requests, send_event).map_err(DaemonError::System)?;
    let begins = control_loop.first_poll(&events)?;
    systemd.ready();
    if begins.is_continue() {
        control_loop.run(&events);
    }

    systemd.stopping();
    if !control_loop.has_its_store() {
        tracing::error!("the store was removed or replaced: tidegate has stopped, and changes nothing");
        return Err(DaemonError::StoreGone { root: root.to_owned() });
    }
    drop(control_loop);
    backend.finish()?;
    tracing::info!("stopped; every lock is released");
    Ok(())
}

/// Passes signals on to the loop.
fn forward_to(events: Sender<LoopEvent>) -> impl FnMut(SignalEvent) + Send + 'static {
    move |signal| {
        // A loop that no longer receives means that the process is about to end anyway.
        let _ = events.send(match signal {
            SignalEvent::Hangup => LoopEvent::Poked { who: "SIGHUP".to_owned() },
            SignalEvent::Shutdown => LoopEvent::Stop,
        });
    }
}
