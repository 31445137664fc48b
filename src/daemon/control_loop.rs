//! The control loop: receives events, begins the passes that are due, and logs how they end.
//!
//! The loop has no I/O of its own and reads top to bottom. It waits in real time, even where the cloud is
//! simulated.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::Duration;

use super::in_force::Notice;
use super::log;
use super::mailbox::{Mailbox, Poke};
use super::message::{LoopEvent, PollRequest};
use super::pass::{DuePass, EndedPass, PassContext, PassOutcome};
use super::running_passes::RunningPasses;
use super::systemd::Systemd;
use super::tracked::{EndedRun, TrackedEnvironment};
use crate::model::{EnvironmentName, Instant};
use crate::reconcile::{ActiveOverrides, DeclaredEnvironment};
use crate::spec::EnvironmentSpec;

/// How often the loop reads the mailbox and the clock. Every other event wakes it at once.
const TICK: Duration = Duration::from_secs(1);

/// The loop, with all that it owns.
pub(super) struct ControlLoop<'a> {
    context: PassContext<'a>,
    mailbox: Mailbox,
    poller: Sender<PollRequest>,
    systemd: &'a Systemd,
    tracked: BTreeMap<EnvironmentName, TrackedEnvironment>,
    /// Environments of the store that the repository does not declare; each is logged once.
    unmanaged: BTreeSet<EnvironmentName>,
    running: RunningPasses<'a, EndedPass>,
}

impl<'a> ControlLoop<'a> {
    /// A loop that has seen nothing yet. `poller` reaches the thread that polls the repository.
    pub(super) fn new(
        context: PassContext<'a>,
        mailbox: Mailbox,
        poller: Sender<PollRequest>,
        systemd: &'a Systemd,
    ) -> Self {
        Self {
            context,
            mailbox,
            poller,
            systemd,
            tracked: BTreeMap::new(),
            unmanaged: BTreeSet::new(),
            running: RunningPasses::default(),
        }
    }

    /// Works until the shutdown begins and every running pass has ended.
    pub(super) fn run(&mut self, events: &Receiver<LoopEvent>) {
        while self.turn(events).is_continue() {}
        while !self.running.is_empty() {
            self.advance_passes();
        }
    }

    /// One turn of the loop: at most one tick, unless a pass blocks its thread.
    fn turn(&mut self, events: &Receiver<LoopEvent>) -> ControlFlow<()> {
        self.systemd.alive();
        self.read_mailbox();
        self.begin_due_passes();
        self.systemd.status(&self.status());
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
                Err(RecvTimeoutError::Timeout) => return ControlFlow::Continue(()),
                // Without the thread that listens to signals, no operator could end the daemon in order.
                Ok(LoopEvent::Stop) | Err(RecvTimeoutError::Disconnected) => return ControlFlow::Break(()),
            }
            next = events.recv_timeout(Duration::ZERO);
        }
    }

    /// Lets the running passes make progress until the first one ends, at most for one tick.
    fn advance_passes(&mut self) {
        let ended = self.context.backend.block_on_for(self.running.next(), TICK);
        let Some(EndedPass { declared, plan, began_at, outcome }) = ended.flatten() else { return };
        let spec = &declared.spec;
        let (now, monotonic) = (self.context.backend.now(), self.context.backend.monotonic());
        match outcome {
            PassOutcome::Run(result) => {
                let overrides = &self.announce(spec, now);
                let run = EndedRun { declared: &declared, result: &result, plan, began_at, overrides };
                self.tracked(&spec.name).ended(run, now, monotonic);
            }
            PassOutcome::Unchanged => {
                self.announce(spec, now);
                self.tracked(&spec.name).unchanged(monotonic);
            }
            PassOutcome::Undeclared => {}
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

    fn read_mailbox(&mut self) {
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

    /// Begins a pass for every environment that is due and has none running.
    fn begin_due_passes(&mut self) {
        if self.running.is_empty() {
            self.context.backend.flow();
        }
        let declared: Vec<DeclaredEnvironment> =
            self.context.in_force.lock().environments.values().cloned().collect();
        let (now, monotonic) = (self.context.backend.now(), self.context.backend.monotonic());
        let due: Vec<(EnvironmentName, DuePass)> = declared
            .into_iter()
            .filter(|declared| !self.running.has(&declared.spec.name))
            .filter_map(|declared| {
                let name = declared.spec.name.clone();
                let pass =
                    self.tracked.entry(name.clone()).or_default().take_due(declared, now, monotonic)?;
                Some((name, pass))
            })
            .collect();
        for (name, pass) in due {
            self.running.begin(name, self.context.pass(pass, now));
        }
    }

    /// Logs overrides that end soon and suspensions that last, and returns both.
    fn announce(&mut self, spec: &EnvironmentSpec, now: Instant) -> ActiveOverrides {
        // A record that cannot be read has already failed the pass, and its log line says so.
        let overrides = ActiveOverrides::at(now, &*self.context.backend.store(), spec).unwrap_or_default();
        for announcement in self.tracked(&spec.name).announcements(&overrides, spec, now) {
            log::announcement(&spec.name, &announcement);
        }
        overrides
    }

    fn tracked(&mut self, name: &EnvironmentName) -> &mut TrackedEnvironment {
        self.tracked.entry(name.clone()).or_default()
    }

    /// The line that `systemctl status` shows.
    fn status(&self) -> String {
        let in_force = self.context.in_force.lock();
        let revision = in_force.accepted.as_ref().map_or("no revision in force", |revision| revision.short());
        let mut parts: Vec<String> = in_force
            .environments
            .keys()
            .map(|name| {
                let status = self.tracked.get(name).map_or(log::FIRST_PASS, TrackedEnvironment::status);
                format!("{name} {status}")
            })
            .collect();
        parts.extend(in_force.broken.iter().map(|name| format!("{name} has errors")));
        if !in_force.is_reachable() {
            parts.push("cannot read the repository".to_owned());
        }
        format!("{revision}: {}", parts.join(", "))
    }
}
