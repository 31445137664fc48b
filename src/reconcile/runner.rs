//! The loop of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use thiserror::Error;

use super::declared::{CurrentDeclaration, DeclaredEnvironment};
use super::observed::permitted;
use super::overrides::{self, ActiveOverrides};
use super::patience::{Next, RunPatience};
use super::preview::{Look, Preview, expect, preview};
use super::request;
use super::run::{ReleaseReport, Run, RunOutcome};
use super::sizes;
use crate::clock::Clock;
use crate::cloud::{CloudWrite, tag};
use crate::execute::{self, ActionContext, Progress};
use crate::model::{EnvironmentName, Instant, Mode, Revision, Version};
use crate::observe::{Observed, Snapshot};
use crate::plan::{Plan, WaitingReason};
use crate::spec::EnvironmentSpec;
use crate::store::journal::Event;
use crate::store::journal::{Journal, JournalError, read_ledger};
use crate::store::{Lease, LeaseHolder, Store, StoreError};

/// The longest pause without a look at haste and deadline: a service manager waits longer before it kills.
const NAP_MAX: Duration = Duration::from_secs(5);

/// Why a run could not begin, or could not go on.
#[derive(Debug, Error)]
pub enum ReconcileError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What somebody left in the store is not what it should be.
    #[error("the {kind} for `{environment}` cannot be understood")]
    Record {
        /// For which environment.
        environment: EnvironmentName,
        /// The kind of record.
        kind: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// Somebody else acts on the environment.
    #[error("`{environment}` is being worked on by {}", holder.as_ref().map_or("somebody else", |holder| &holder.holder))]
    Busy {
        /// Which environment.
        environment: EnvironmentName,
        /// Who.
        holder: Option<LeaseHolder>,
    },
}

impl ReconcileError {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            ReconcileError::Store(error) => error.hint(),
            ReconcileError::Journal(error) => error.hint(),
            ReconcileError::Record { environment, kind, .. } => {
                format!("remove `environments/{environment}/records/{kind}.json` from the store")
            }
            ReconcileError::Busy { .. } => "wait until it is done".to_owned(),
        }
    }
}

/// How much of a hurry there is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShutdownLevel {
    /// None.
    None,
    /// End at the next step.
    AfterStep,
    /// Leave waits to themselves, too.
    Now,
}

/// All that a run needs.
#[derive(Clone, Copy)]
pub struct Reconciler<'a> {
    /// The world.
    pub cloud: &'a dyn CloudWrite,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Lease, journal, history.
    pub store: &'a dyn Store,
    /// What is wanted.
    pub wishes: &'a dyn CurrentDeclaration,
    /// Who watches.
    pub progress: &'a dyn Progress,
    /// Who acts, for people.
    pub holder: &'a str,
    /// When the run has to be over.
    pub deadline: Option<Instant>,
    /// Whether it is to end.
    pub haste: &'a (dyn Fn() -> ShutdownLevel + Send + Sync),
}

impl Reconciler<'_> {
    /// Brings an environment to where it is wanted, as far as that goes without a person and without the
    /// calendar. In `mode: observe` it looks.
    ///
    /// # Errors
    /// When somebody holds the lease ([`ReconcileError::Busy`]: nothing has happened), when it is lost, or when
    /// the store fails. What was begun is found again by the next run.
    pub async fn converge(&self, environment: &EnvironmentName) -> Result<Run, ReconcileError> {
        let begun_at = self.clock.now();
        let Some(wanted) = self.wishes.current() else {
            let mut run = Run::begin(environment, Revision::worktree(), self.holder, 0, begun_at);
            run.end(RunOutcome::Unmanaged, None, None, begun_at);
            return Ok(run);
        };
        if !self.has_to_write(&wanted, begun_at)? {
            return self.watch(wanted).await;
        }
        let lease = self.lease(environment)?;
        let journal = Journal::open(self.store, self.clock, &lease)?;
        let mut run = Run::begin(environment, wanted.revision, self.holder, lease.fencing(), begun_at);
        run.release = journal.ask(|ledger| {
            ledger.release.as_ref().map(|it| ReleaseReport { from: it.from.clone(), to: it.to.clone() })
        });
        let mut work =
            Work { with: *self, journal: &journal, run: &mut run, patience: RunPatience::default() };
        let (outcome, message, plan) = match work.through(environment).await {
            Ok(end) => end,
            Err(error) => {
                // The history must not say for ever that it goes on. It needs no lease.
                run.end(RunOutcome::Failed, Some(error.to_string()), None, self.clock.now());
                if let Err(unsaved) = self.keep(&run) {
                    tracing::warn!(%environment, run = %run.id, error = %unsaved, "not kept");
                }
                return Err(error);
            }
        };
        run.end(outcome, message, plan.as_ref(), self.clock.now());
        tracing::debug!(%environment, run = %run.id, outcome = outcome.as_str(), message = run.message, "run over");
        self.keep(&run)?;
        Ok(run)
    }

    /// Whether a run may leave anything behind. Where nothing may be written, a migration under way is watched
    /// all the same, and it is written down who suspended the environment.
    fn has_to_write(&self, wanted: &DeclaredEnvironment, now: Instant) -> Result<bool, ReconcileError> {
        let DeclaredEnvironment { spec, revision: _ } = wanted;
        let mode = ActiveOverrides::at(now, self.store, spec)?.mode(spec.mode);
        if mode == Mode::Enforce {
            return Ok(true);
        }
        let ledger = read_ledger(self.store, &spec.name)?;
        let is_suspended = spec.mode == Mode::Enforce;
        Ok(ledger.migration_in_flight()
            || (is_suspended && overrides::has_news(now, self.store, spec, &ledger)?))
    }

    /// `mode: observe` or a suspension, with nothing under way: no lease, no journal, no history.
    async fn watch(&self, wanted: DeclaredEnvironment) -> Result<Run, ReconcileError> {
        let begun_at = self.clock.now();
        let mut run = Run::begin(&wanted.spec.name, wanted.revision.clone(), self.holder, 0, begun_at);
        if let Some(seen) = preview(self.cloud, self.clock, self.store, self.wishes).await? {
            self.progress.plan_ready(&seen.plan);
            run.end(classify(&seen.plan), None, Some(&seen.plan), self.clock.now());
        }
        Ok(run)
    }

    /// Asks once. How long to wait for a lease is the caller's, in time that really passes.
    fn lease(&self, environment: &EnvironmentName) -> Result<Lease, ReconcileError> {
        if let Some(lease) = self.store.acquire(environment, self.holder, self.clock.now())? {
            return Ok(lease);
        }
        let holder = self.store.lease_holder(environment)?;
        Err(ReconcileError::Busy { environment: environment.clone(), holder })
    }

    fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
    }

    fn keep(&self, run: &Run) -> Result<(), ReconcileError> {
        if run.is_worth_keeping() {
            let value = serde_json::to_value(run).expect("a run is plain values with text keys");
            self.store.save_run(&run.environment, &run.id, &value)?;
        }
        Ok(())
    }
}

/// A run under way.
struct Work<'a> {
    with: Reconciler<'a>,
    journal: &'a Journal<'a>,
    run: &'a mut Run,
    patience: RunPatience,
}

type End = (RunOutcome, Option<String>, Option<Plan>);

impl Work<'_> {
    async fn through(&mut self, environment: &EnvironmentName) -> Result<End, ReconcileError> {
        let with = self.with;
        let expected = expect(with.store, environment)?;
        let look = Look { cloud: with.cloud, clock: with.clock, store: with.store, expected };
        loop {
            let Some(wanted) = with.wishes.current() else {
                return Ok((RunOutcome::Unmanaged, None, None));
            };
            self.hear(&wanted)?;
            self.run.revision = wanted.revision.clone();
            let seen = look.once(wanted.clone(), self.journal.ledger(), with.wishes).await?;
            with.progress.plan_ready(&seen.plan);
            self.remember_awake(&seen.plan)?;
            if permitted(&seen.plan).is_empty() && classify(&seen.plan) == RunOutcome::Converged {
                return self.settle(&wanted, seen);
            }
            if let Some((outcome, message)) = self.interrupted() {
                return Ok((outcome, Some(message), Some(seen.plan)));
            }
            let pause = if permitted(&seen.plan).is_empty() {
                match self.patience.idle(&seen.plan) {
                    Some(pause) => pause,
                    None => return self.settle(&wanted, seen),
                }
            } else if let Some(why) = self.patience.failed_before(permitted(&seen.plan)) {
                return Ok((RunOutcome::Failed, Some(why), Some(seen.plan)));
            } else {
                match self.step(&wanted, &seen).await? {
                    Next::Again(pause) => pause,
                    Next::GiveUp(why) => return Ok((RunOutcome::Failed, Some(why), Some(seen.plan))),
                }
            };
            self.pause(pause).await;
        }
    }

    /// Takes in what people have asked for and set.
    fn hear(&mut self, wanted: &DeclaredEnvironment) -> Result<(), ReconcileError> {
        let (store, spec, now) = (self.with.store, &wanted.spec, self.with.clock.now());
        if spec.mode == Mode::Observe {
            return Ok(());
        }
        let noted = overrides::note(store, spec, self.journal, now)?;
        self.run.requests.extend(noted.requests);
        self.run.notes.extend(noted.ended);
        if ActiveOverrides::at(now, store, spec)?.mode(spec.mode) == Mode::Enforce {
            self.run.requests.extend(request::take_up(store, &spec.name, self.journal)?);
        }
        Ok(())
    }

    /// Writes down since when something is awake that should sleep. Without grace nothing new is: it is stopped.
    fn remember_awake(&self, plan: &Plan) -> Result<(), ReconcileError> {
        if plan.mode == Mode::Observe {
            return Ok(());
        }
        let known: BTreeSet<String> = self.journal.ask(|ledger| ledger.found_awake.keys().cloned().collect());
        let awake = plan.awake.iter().map(|awake| awake.part.clone());
        let gives_grace = self.with.wishes.gives_grace();
        let parts: BTreeSet<String> = awake.filter(|part| gives_grace || known.contains(part)).collect();
        if parts != known {
            self.journal.record(Event::FoundAwake { parts })?;
        }
        Ok(())
    }

    /// Pauses, unless there is a hurry.
    async fn pause(&self, pause: Duration) {
        let mut left = pause;
        while !left.is_zero() && self.interrupted().is_none() {
            let nap = left.min(NAP_MAX);
            self.with.clock.sleep(nap).await;
            left -= nap;
        }
    }

    /// Carries out the first step.
    async fn step(&mut self, wanted: &DeclaredEnvironment, seen: &Preview) -> Result<Next, ReconcileError> {
        let with = self.with;
        let actions = permitted(&seen.plan);
        let Some(step) = actions.first().map(|action| action.step) else {
            return Ok(Next::Again(Duration::ZERO));
        };
        let spec = EnvironmentSpec { mode: seen.plan.mode, ..wanted.spec.clone() };
        // Whoever asks for something while a step waits is heard now. What cannot be taken up (nothing is
        // written) waits on its own.
        let is_asked = move || request::waiting(with.store, &wanted.spec.name).is_ok_and(|it| it.is_some());
        let was_asked = is_asked();
        let cancel = move || {
            (with.haste)() == ShutdownLevel::Now
                || with.is_late(with.clock.now())
                || (!was_asked && is_asked())
        };
        let hands = ActionContext {
            cloud: with.cloud,
            clock: with.clock,
            journal: self.journal,
            spec: &spec,
            revision: &wanted.revision,
            progress: with.progress,
            cancel: &cancel,
        };
        with.progress.step_started(step, actions);
        let from = with.clock.now();
        let outcomes = execute::carry_out(&hands, actions).await;
        self.run.took(step, actions, &outcomes, from, with.clock.now());
        with.keep(self.run)?;
        // Whatever an action made of a lost lease, nothing goes on without it.
        self.journal.verify()?;
        Ok(self.patience.after(actions, &outcomes))
    }

    fn interrupted(&self) -> Option<(RunOutcome, String)> {
        let with = self.with;
        if (with.haste)() > ShutdownLevel::None {
            return Some((RunOutcome::Stopped, "asked to go; the next run goes on from here".to_owned()));
        }
        let late = with.is_late(with.clock.now());
        late.then(|| (RunOutcome::TimedOut, "the time is up; the next run goes on from here".to_owned()))
    }

    /// Nothing more can happen by itself.
    fn settle(&mut self, wanted: &DeclaredEnvironment, seen: Preview) -> Result<End, ReconcileError> {
        let Preview { plan, snapshot, .. } = seen;
        let schema = tagged_schema(&snapshot);
        let outcome = classify(&plan);
        let declaration = wanted.spec.fingerprints();
        let is_news = self.journal.ask(|ledger| {
            !ledger.failed_starts.is_empty()
                || ledger.ignore_window.is_some()
                || ledger.take_over.is_some()
                || ledger.retry.is_some()
                || schema.iter().any(|(database, version)| ledger.schema.get(database) != Some(version))
                || ledger.converged.as_ref().is_none_or(|reached| {
                    reached.state != plan.state.effective
                        || reached.declaration != declaration
                        || reached.revision != wanted.revision
                })
        });
        if outcome == RunOutcome::Converged && plan.mode == Mode::Enforce && is_news {
            self.journal.record(Event::Converged {
                state: plan.state.effective,
                versions: wanted.spec.versions.clone(),
                revision: wanted.revision.clone(),
                declaration,
                schema,
            })?;
            sizes::keep(self.with.store, &wanted.spec.name, &snapshot)?;
        }
        Ok((outcome, None, Some(plan)))
    }
}

/// The schema version on the database's tag.
fn tagged_schema(snapshot: &Snapshot) -> BTreeMap<String, Version> {
    let seen = snapshot.database.as_ref().and_then(Observed::present);
    let tag = seen.and_then(|seen| Some((&seen.database.resource_id, seen.database.tags.get(tag::SCHEMA)?)));
    tag.map(|(database, version)| (database.clone(), Version::new(version.as_str()))).into_iter().collect()
}

/// What a plan that cannot go on means for people.
fn classify(plan: &Plan) -> RunOutcome {
    let awaits = |reason| plan.waiting.iter().any(|waiting| waiting.reason == reason);
    if plan.is_held() {
        RunOutcome::Held
    } else if !plan.blocked.is_empty() {
        RunOutcome::Blocked
    } else if !plan.actions.is_empty() {
        RunOutcome::Observed
    } else if awaits(WaitingReason::Window) {
        RunOutcome::Window
    } else if plan.waiting.iter().all(|waiting| waiting.reason.ends_by_the_clock()) {
        RunOutcome::Converged
    } else {
        RunOutcome::TimedOut
    }
}
