//! The loop: hears what has happened, sees which environments are due, lets them pass, tells how they stand.
//!
//! Real time goes on here; what a pass takes is its cloud's. The loop knows no cloud and no git: it can be
//! followed with a finger.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::Duration;

use super::announce::{self, Announced};
use super::due::{self, End, Last, Why};
use super::in_force::Notice;
use super::log::{self, Narrator, Told};
use super::mailbox::{Mailbox, Poke};
use super::pass::Passes;
use super::polling::PollRequest;
use super::systemd::Systemd;
use super::under_way::UnderWay;
use crate::cloud::LastObservation;
use crate::context;
use crate::model::{EnvironmentName, Instant};
use crate::plan::Plan;
use crate::reconcile::{ActiveOverrides, DeclaredEnvironment, ReconcileError, Run, RunOutcome};
use crate::spec::EnvironmentSpec;

/// How often the mailbox is looked at, and the clock. Everything else wakes the loop at once.
const TICK: Duration = Duration::from_secs(1);

/// What wakes the loop.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LoopEvent {
    /// Somebody wants everything to be looked at.
    Poked {
        /// Who.
        who: String,
    },
    /// The declarations are news.
    Noticed(Vec<Notice>),
    /// It is time to go.
    Stop,
}

/// What is remembered of an environment between passes; all of it may be lost.
#[derive(Debug, Default)]
struct Memory {
    last: Option<Last>,
    told: Option<Told>,
    is_poked: bool,
    /// What the last run ended on.
    plan: Option<Plan>,
    last_observation: Arc<LastObservation>,
    announced: Announced,
}

/// An environment that is to be looked at.
struct Due {
    wanted: DeclaredEnvironment,
    why: Why,
    /// What the last run ended on, and what was seen then.
    before: Option<(Plan, Arc<LastObservation>)>,
}

/// A look or a run that is over.
struct Over {
    wanted: DeclaredEnvironment,
    narrator: Narrator,
    began_at: Instant,
    ended: Ended,
}

/// How a look or a run ended.
enum Ended {
    Run(Box<Result<Run, ReconcileError>>),
    /// Everything is as it was: there was no run.
    Quiet,
    /// Nothing is declared under this name any more.
    Undeclared,
}

/// The loop and all that it holds.
pub(super) struct ControlLoop<'a> {
    pub(super) passes: Passes<'a>,
    pub(super) mailbox: Mailbox,
    pub(super) ask: Sender<PollRequest>,
    pub(super) systemd: &'a Systemd,
    memory: BTreeMap<EnvironmentName, Memory>,
    orphans: BTreeSet<EnvironmentName>,
    under_way: UnderWay<'a, Over>,
}

impl<'a> ControlLoop<'a> {
    pub(super) fn new(
        passes: Passes<'a>,
        mailbox: Mailbox,
        ask: Sender<PollRequest>,
        systemd: &'a Systemd,
    ) -> Self {
        Self {
            passes,
            mailbox,
            ask,
            systemd,
            memory: BTreeMap::new(),
            orphans: BTreeSet::new(),
            under_way: UnderWay::default(),
        }
    }

    /// Goes round until somebody wants it to stop, and whatever was under way has come to its end.
    pub(super) fn go(&mut self, hear: &Receiver<LoopEvent>) {
        while self.turn(hear).is_continue() {}
        while !self.under_way.is_empty() {
            self.go_on();
        }
    }

    /// One round.
    fn turn(&mut self, hear: &Receiver<LoopEvent>) -> ControlFlow<()> {
        self.systemd.alive();
        self.read_mail();
        self.begin_what_is_due();
        self.systemd.status(&self.status());
        let mut next = if self.under_way.is_empty() {
            hear.recv_timeout(TICK)
        } else {
            self.go_on();
            hear.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            })
        };
        loop {
            match next {
                Ok(LoopEvent::Poked { who }) => self.poke(&who),
                Ok(LoopEvent::Noticed(notices)) => self.hear(&notices),
                Err(RecvTimeoutError::Timeout) => return ControlFlow::Continue(()),
                // Without the thread that listens to signals nobody could ask us to stop any more.
                Ok(LoopEvent::Stop) | Err(RecvTimeoutError::Disconnected) => return ControlFlow::Break(()),
            }
            next = hear.recv_timeout(Duration::ZERO);
        }
    }

    /// Lets what is under way go on, until the first has ended or for a moment.
    fn go_on(&mut self) {
        let ended = self.passes.backend.block_on_for(self.under_way.next(), TICK);
        let Some(Over { wanted, narrator, began_at, ended }) = ended.flatten() else { return };
        match ended {
            Ended::Run(ended) => self.take(&wanted, &narrator, &ended, began_at),
            Ended::Quiet => self.rest(&wanted),
            Ended::Undeclared => {}
        }
    }

    /// Takes in what the repository has to say.
    pub(super) fn hear(&mut self, notices: &[Notice]) {
        notices.iter().for_each(log::notice);
        // Whoever is let go just now was told of already.
        self.orphans.extend(notices.iter().filter_map(|notice| match notice {
            Notice::Unmanaged { environment } => Some(environment.clone()),
            _ => None,
        }));
        if notices.iter().any(|notice| matches!(notice, Notice::Adopted { .. })) {
            self.tell_orphans();
        }
    }

    /// Environments that this store knows and nobody declares: told once.
    fn tell_orphans(&mut self) {
        let known = match self.passes.backend.store().environments() {
            Ok(known) => known,
            Err(error) => return tracing::warn!(%error, "the store cannot be listed"),
        };
        let head = self.passes.head.lock();
        let orphans: Vec<_> = known.into_iter().filter(|environment| !head.names(environment)).collect();
        drop(head);
        for environment in orphans {
            if self.orphans.insert(environment.clone()) {
                log::orphan(&environment);
            }
        }
    }

    fn read_mail(&mut self) {
        match self.mailbox.take() {
            Ok(None) => {}
            Ok(Some(Poke { who, accept_revision })) => {
                if let Some(revision) = accept_revision {
                    tracing::warn!(who, "rewritten history is to be taken over: {revision}");
                    self.ask(PollRequest::Agree(revision));
                }
                self.poke(&who);
            }
            Err(error) => tracing::warn!(%error, "the mailbox cannot be read"),
        }
    }

    /// Everything is looked at now: the repository, and every environment with its moving tags.
    fn poke(&mut self, who: &str) {
        tracing::info!(who, "poked");
        self.ask(PollRequest::Look);
        let names: Vec<_> = self.passes.head.lock().environments.keys().cloned().collect();
        for name in names {
            self.memory.entry(name).or_default().is_poked = true;
        }
    }

    fn ask(&self, ask: PollRequest) {
        if self.ask.send(ask).is_err() {
            tracing::error!("the repository is not followed any more: restart the daemon");
        }
    }

    /// Lets every environment pass that is due and not under way.
    fn begin_what_is_due(&mut self) {
        if self.under_way.is_empty() {
            self.passes.backend.flow();
        }
        let wanted: Vec<DeclaredEnvironment> =
            self.passes.head.lock().environments.values().cloned().collect();
        let now = self.passes.backend.now();
        let due: Vec<Due> = wanted
            .into_iter()
            .filter(|wanted| !self.under_way.has(&wanted.spec.name))
            .filter_map(|wanted| {
                let memory = self.memory.entry(wanted.spec.name.clone()).or_default();
                let why = due::due(now, &wanted.revision, memory.is_poked, memory.last.as_ref())?;
                // Whoever asks from now on asks again.
                memory.is_poked = false;
                let before = memory.plan.clone().map(|plan| (plan, memory.last_observation.clone()));
                Some(Due { wanted, why, before })
            })
            .collect();
        for due in due {
            self.under_way.begin(due.wanted.spec.name.clone(), one(self.passes, due, now));
        }
    }

    /// Tells what is coming or still lasts; what people have set.
    fn announce(&mut self, spec: &EnvironmentSpec, now: Instant) -> ActiveOverrides {
        // What cannot be read was said by the pass.
        let standing = ActiveOverrides::at(now, &*self.passes.backend.store(), spec).unwrap_or_default();
        let memory = self.memory.entry(spec.name.clone()).or_default();
        for news in memory.announced.take(now, &standing, spec.override_.as_ref()) {
            log::announce(&spec.name, &news);
        }
        standing
    }

    /// Everything is as it was.
    fn rest(&mut self, wanted: &DeclaredEnvironment) {
        let now = self.passes.backend.now();
        self.announce(&wanted.spec, now);
        if let Some(last) = self.memory.get_mut(&wanted.spec.name).and_then(|memory| memory.last.as_mut()) {
            last.ended_at = now;
        }
    }

    /// Remembers how a pass ended.
    fn take(
        &mut self,
        wanted: &DeclaredEnvironment,
        narrator: &Narrator,
        ended: &Result<Run, ReconcileError>,
        began_at: Instant,
    ) {
        let (spec, name) = (&wanted.spec, &wanted.spec.name);
        let now = self.passes.backend.now();
        let standing = self.announce(spec, now);
        let memory = self.memory.entry(name.clone()).or_default();
        memory.plan = narrator.plan();
        // A run has changed what was seen before it.
        memory.last_observation = Arc::default();
        memory.told = Some(log::ended(name, ended, memory.plan.as_ref(), memory.told.as_ref()));
        let end = end(ended);
        let failures = match (end, &memory.last) {
            (End::Failed, Some(last)) => last.failures + 1,
            (End::Failed, None) => 1,
            _ => 0,
        };
        let (over, in_git) = (standing.runtime_override(), spec.override_.as_ref());
        let says = context::says(spec, over.as_ref());
        let calendar = due::changes_at(began_at, &says, spec.windows.as_ref());
        memory.last = Some(Last {
            ended_at: now,
            revision: ended.as_ref().map_or_else(|_| wanted.revision.clone(), |run| run.revision.clone()),
            end,
            failures,
            changes_at: calendar.into_iter().chain(announce::next_at(now, &standing, in_git)).min(),
        });
    }

    /// One line for people who ask systemd.
    fn status(&self) -> String {
        let head = self.passes.head.lock();
        let revision = head.accepted.as_ref().map_or("nothing declared", |revision| revision.short());
        let mut parts: Vec<String> = head
            .environments
            .keys()
            .map(|name| {
                let told = self.memory.get(name).and_then(|memory| memory.told.as_ref());
                format!("{name} {}", told.map_or("not looked at yet", |told| told.word))
            })
            .collect();
        parts.extend(head.broken.iter().map(|name| format!("{name} declared with errors")));
        if !head.is_reachable() {
            parts.push("the repository cannot be read".to_owned());
        }
        format!("{revision}: {}", parts.join(", "))
    }
}

/// A look at one environment, and a run if it is not as it was.
async fn one(passes: Passes<'_>, due: Due, began_at: Instant) -> Over {
    let Due { wanted, why, before } = due;
    let name = &wanted.spec.name;
    log::begins(name, why);
    let narrator = Narrator::default();
    if let (Why::Interval, Some((plan, last_observation))) = (why, &before)
        && passes.is_quiet(name, last_observation, plan).await.is_ok_and(|is_quiet| is_quiet)
    {
        return Over { wanted, narrator, began_at, ended: Ended::Quiet };
    }
    // Whatever went wrong with the look, the run says it.
    let ended = passes.one(name, why == Why::Poked, &narrator).await;
    let ended = ended.map_or(Ended::Undeclared, |run| Ended::Run(Box::new(run)));
    Over { wanted, narrator, began_at, ended }
}

/// What the next pass depends on.
fn end(ended: &Result<Run, ReconcileError>) -> End {
    match ended {
        Ok(run) => match run.outcome {
            Some(RunOutcome::Failed | RunOutcome::TimedOut) => End::Failed,
            _ => End::Settled,
        },
        Err(ReconcileError::Busy { .. }) => End::Busy,
        Err(_) => End::Failed,
    }
}
