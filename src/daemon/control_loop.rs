//! The control loop: receives events, begins the passes that are due, and logs how they end.
//!
//! The loop has no I/O of its own and reads top to bottom. It waits in real time, even where the cloud is
//! simulated.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::Duration;

use futures_util::FutureExt as _;

use super::due::Present;
use super::in_force::Notice;
use super::log;
use super::mailbox::{DaemonProcess, Mailbox, Poke};
use super::message::{LoopEvent, PollRequest};
use super::pass::{EndedPass, PassContext, PassOutcome};
use super::queue::PassQueue;
use super::running_passes::RunningPasses;
use super::systemd::Systemd;
use super::tracked::{EndedRun, TrackedEnvironment};
use crate::model::{EnvironmentName, Instant};
use crate::reconcile::ActiveOverrides;
use crate::source::SourceError;
use crate::spec::EnvironmentSpec;

/// How often the loop reads the mailbox and the clock. Every other event wakes it at once.
const TICK: Duration = Duration::from_secs(1);

/// How many ticks the loop waits for the first poll before it begins with the declarations that the store has kept:
/// longer than a poll of a remote takes, shorter than systemd waits for a start.
const FIRST_POLL_TICKS_MAX: u32 = 90;

/// How many environments the status line names; of more, it counts the words.
const NAMED_MAX: usize = 8;

/// The loop, with all that it owns.
pub(super) struct ControlLoop<'a> {
    context: PassContext,
    mailbox: Mailbox,
    this: DaemonProcess,
    poller: Sender<PollRequest>,
    systemd: &'a Systemd,
    tracked: BTreeMap<EnvironmentName, TrackedEnvironment>,
    /// Environments of the store that the repository does not declare; each is logged once.
    unmanaged: BTreeSet<EnvironmentName>,
    queue: PassQueue,
    running: RunningPasses<EndedPass>,
}

impl<'a> ControlLoop<'a> {
    /// A loop that has seen nothing yet. `poller` reaches the thread that polls the repository.
    pub(super) fn new(
        context: PassContext,
        (mailbox, this): (Mailbox, DaemonProcess),
        poller: Sender<PollRequest>,
        systemd: &'a Systemd,
    ) -> Self {
        Self {
            context,
            mailbox,
            this,
            poller,
            systemd,
            tracked: BTreeMap::new(),
            unmanaged: BTreeSet::new(),
            queue: PassQueue::default(),
            running: RunningPasses::default(),
        }
    }

    /// Waits for the first poll: what the store has kept may be older than what is declared now, and no pass begins
    /// with it before the repository had its chance. Break: the shutdown begins.
    ///
    /// # Errors
    /// When nothing is in force and waiting will not help.
    pub(super) fn first_poll(
        &mut self,
        events: &Receiver<LoopEvent>,
    ) -> Result<ControlFlow<()>, SourceError> {
        let mut ticks = 0;
        loop {
            self.systemd.alive();
            match events.recv_timeout(TICK) {
                Ok(LoopEvent::FirstPoll(first)) => {
                    self.notice(&first?);
                    return Ok(ControlFlow::Continue(()));
                }
                Ok(LoopEvent::Poked { who }) => self.poke(&who),
                Ok(LoopEvent::Noticed(notices)) => self.notice(&notices),
                Err(RecvTimeoutError::Timeout) => ticks += 1,
                Ok(LoopEvent::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if ticks >= FIRST_POLL_TICKS_MAX && !self.context.in_force.lock().environments.is_empty() {
                tracing::warn!(
                    "the first look at the repository takes long; tidegate begins with the declarations that the store has kept"
                );
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    /// Works until the shutdown begins, or the store is gone, and every running pass has ended.
    pub(super) fn run(&mut self, events: &Receiver<LoopEvent>) {
        while self.turn(events).is_continue() {}
        while !self.running.is_empty() {
            self.systemd.alive();
            self.advance_passes();
        }
    }

    /// One turn of the loop: at most one tick, unless a pass blocks its thread.
    fn turn(&mut self, events: &Receiver<LoopEvent>) -> ControlFlow<()> {
        self.systemd.alive();
        if !self.mailbox.has_its_store() {
            // Every pass stops at its next write: its lease is lost with the store.
            return ControlFlow::Break(());
        }
        self.read_mailbox();
        self.begin_due_passes();
        self.systemd.status(|| self.status());
        let mut next = if self.running.is_empty() {
            events.recv_timeout(TICK)
        } else {
            self.advance_passes();
            events.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            })
        };
        loop {
            match next {
                Ok(LoopEvent::Poked { who }) => self.poke(&who),
                Ok(LoopEvent::Noticed(notices)) => self.notice(&notices),
                Ok(LoopEvent::FirstPoll(Ok(notices))) => self.notice(&notices),
                Ok(LoopEvent::FirstPoll(Err(error))) => {
                    tracing::error!(%error, "cannot read the repository, and tidegate does not try again: restart the daemon");
                }
                Err(RecvTimeoutError::Timeout) => return ControlFlow::Continue(()),
                // Without the thread that listens to signals, no operator could end the daemon in order.
                Ok(LoopEvent::Stop) | Err(RecvTimeoutError::Disconnected) => return ControlFlow::Break(()),
            }
            next = events.recv_timeout(Duration::ZERO);
        }
    }

    /// Lets the running passes make progress until one ends, at most for one tick; takes all that have ended.
    fn advance_passes(&mut self) {
        let mut ended = self.context.backend.block_on_for(self.running.next(), TICK).flatten();
        while let Some(pass) = ended {
            self.take(pass);
            ended = self.running.next().now_or_never().flatten();
        }
    }

    fn take(&mut self, ended: EndedPass) {
        let EndedPass { declared, inputs, plan, began_at, overrides, outcome } = ended;
        let spec = &declared.spec;
        let now = self.present();
        match outcome {
            PassOutcome::Run(result) => {
                self.announce(spec, &overrides, now.wall);
                let overrides = &overrides;
                let run =
                    EndedRun { declared: &declared, inputs, result: &result, plan, began_at, overrides };
                self.tracked(&spec.name).ended(run, now);
            }
            PassOutcome::Unchanged => {
                self.announce(spec, &overrides, now.wall);
                self.tracked(&spec.name).unchanged(now);
            }
            PassOutcome::Undeclared => {}
            PassOutcome::Defect(message) => {
                self.tracked(&spec.name).failed_by_defect(&declared, &message, now);
            }
        }
    }

    /// Logs what a poll has found.
    pub(super) fn notice(&mut self, notices: &[Notice]) {
        notices.iter().for_each(log::notice);
        // The notice about an environment that was removed just now has named it already.
        self.unmanaged.extend(notices.iter().filter_map(|notice| match notice {
            Notice::Unmanaged { environment } => Some(environment.clone()),
            _ => None,
        }));
        if notices.iter().any(|notice| matches!(notice, Notice::Adopted { .. })) {
            self.log_unmanaged();
        }
    }

    /// Logs, once each, the environments of the store that the repository does not declare.
    fn log_unmanaged(&mut self) {
        let known = match self.context.backend.store().environments() {
            Ok(known) => known,
            Err(error) => return tracing::warn!(%error, "cannot list the environments of the store"),
        };
        let in_force = self.context.in_force.lock();
        let unmanaged: Vec<_> =
            known.into_iter().filter(|environment| !in_force.names(environment)).collect();
        drop(in_force);
        for environment in unmanaged {
            if self.unmanaged.insert(environment.clone()) {
                log::unmanaged(&environment);
            }
        }
    }

    /// Whether the store is where it was at the start.
    pub(super) fn has_its_store(&self) -> bool {
        self.mailbox.has_its_store()
    }

    fn read_mailbox(&mut self) {
        match self.mailbox.keep_lock(&self.this) {
            Ok(false) => {}
            Ok(true) => tracing::warn!("the daemon's lock file was removed; tidegate has made it again"),
            Err(error) => {
                tracing::warn!(%error, "the daemon's lock file was removed, and cannot be made again")
            }
        }
        match self.mailbox.take() {
            Ok(None) => {}
            Ok(Some(Poke { who, accept_revision })) => {
                if let Some(revision) = accept_revision {
                    tracing::warn!(who, "an operator accepts the force-pushed history up to {revision}");
                    self.request(PollRequest::AcceptRevision(revision));
                }
                self.poke(&who);
            }
            Err(error) => tracing::warn!(%error, "cannot read the mailbox of the daemon"),
        }
    }

    fn present(&self) -> Present {
        let backend = &self.context.backend;
        Present { wall: backend.now(), monotonic: backend.monotonic() }
    }

    /// Checks everything now: the repository, and every environment with its moving image tags.
    fn poke(&mut self, who: &str) {
        tracing::info!(who, "poked");
        self.request(PollRequest::Poll);
        let names: Vec<_> = self.context.in_force.lock().environments.keys().cloned().collect();
        for name in names {
            self.tracked(&name).poke();
        }
    }

    fn request(&self, request: PollRequest) {
        if self.poller.send(request).is_err() {
            tracing::error!("tidegate no longer polls the repository: restart the daemon");
        }
    }

    /// Begins passes of environments that are due and have none running, as many as may run side by side.
    fn begin_due_passes(&mut self) {
        if self.running.is_empty() {
            self.context.backend.flow();
        }
        let now = self.present();
        let in_force = self.context.in_force.lock();
        let is_due = |name: &EnvironmentName, declared| {
            !self.running.has(name)
                && self.tracked.get(name).is_none_or(|tracked| tracked.is_due(declared, now))
        };
        let due: BTreeSet<&EnvironmentName> = in_force
            .environments
            .iter()
            .filter(|(name, declared)| is_due(name, declared))
            .map(|(name, _)| name)
            .collect();
        let admitted = self.queue.admit(&due, self.running.names().len());
        let admitted: Vec<_> =
            admitted.into_iter().filter_map(|name| in_force.environments.get(&name).cloned()).collect();
        drop(in_force);
        for declared in admitted {
            let name = declared.spec.name.clone();
            let Some(pass) = self.tracked(&name).take_due(declared, now) else { continue };
            let context = self.context.clone();
            let pass = self.context.backend.task(move || context.pass(pass, now.wall).boxed_local());
            self.running.begin(name, pass);
        }
    }

    /// Logs overrides that end soon and suspensions that last.
    fn announce(&mut self, spec: &EnvironmentSpec, overrides: &ActiveOverrides, now: Instant) {
        for announcement in self.tracked(&spec.name).announcements(overrides, spec, now) {
            log::announcement(&spec.name, &announcement);
        }
    }

    fn tracked(&mut self, name: &EnvironmentName) -> &mut TrackedEnvironment {
        self.tracked.entry(name.clone()).or_insert_with(|| TrackedEnvironment::new(name))
    }

    /// The line that `systemctl status` shows.
    fn status(&self) -> String {
        let in_force = self.context.in_force.lock();
        let revision = in_force.accepted.as_ref().map_or("no revision in force", |revision| revision.short());
        let status = |name| self.tracked.get(name).map_or(log::FIRST_PASS, TrackedEnvironment::status);
        let mut parts: Vec<String> = if in_force.environments.len() <= NAMED_MAX {
            in_force.environments.keys().map(|name| format!("{name} {}", status(name))).collect()
        } else {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            in_force.environments.keys().for_each(|name| *counts.entry(status(name)).or_default() += 1);
            counts.into_iter().map(|(word, count)| format!("{count} {word}")).collect()
        };
        parts.extend(in_force.broken.iter().take(NAMED_MAX).map(|name| format!("{name} has errors")));
        if in_force.reader_failed {
            parts.push("a defect of tidegate keeps it from reading the newest commit".to_owned());
        }
        if !in_force.is_reachable() {
            parts.push("cannot read the repository".to_owned());
        }
        format!("{revision}: {}", parts.join(", "))
    }
}
