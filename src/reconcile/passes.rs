//! The loop of a run: observe, plan, carry out the first step, again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::context::Reconciler;
use super::declared::DeclaredEnvironment;
use super::error::ReconcileError;
use super::observed::permitted;
use super::overrides::{self, ActiveOverrides};
use super::patience::{Next, RunPatience};
use super::preview::{Look, Preview, expect};
use super::run::{Run, RunOutcome};
use super::shutdown::ShutdownLevel;
use super::{request, sizes};
use crate::cloud::tag;
use crate::execute::{self, ActionContext};
use crate::model::{EnvironmentName, Mode, Version};
use crate::observe::{Observed, Snapshot};
use crate::plan::Plan;
use crate::spec::EnvironmentSpec;
use crate::store::journal::{Event, Journal};

/// The longest pause without asking for a shutdown or the deadline: a service manager waits longer before it kills.
const NAP_MAX: Duration = Duration::from_secs(5);

/// The passes of one run.
pub(super) struct Passes<'a> {
    pub(super) with: Reconciler<'a>,
    pub(super) journal: &'a Journal<'a>,
    pub(super) run: &'a mut Run,
    pub(super) patience: RunPatience,
}

/// How a run ended, why, and its last plan.
type RunEnd = (RunOutcome, Option<String>, Option<Plan>);

impl Passes<'_> {
    /// Makes passes until a person, the calendar, the deadline or a shutdown ends the run.
    pub(super) async fn converge(&mut self, environment: &EnvironmentName) -> Result<RunEnd, ReconcileError> {
        let with = self.with;
        let expected = expect(with.store, environment)?;
        let look = Look { cloud: with.cloud, clock: with.clock, store: with.store, expected };
        loop {
            let Some(wanted) = with.declared.current() else {
                return Ok((RunOutcome::Unmanaged, None, None));
            };
            self.journal_requests(&wanted)?;
            self.run.revision = wanted.revision.clone();
            let seen = look.once(wanted.clone(), self.journal.ledger(), with.declared).await?;
            with.progress.plan_ready(&seen.plan);
            self.run.heads_for(&seen.plan);
            self.remember_awake(&seen.plan)?;
            if permitted(&seen.plan).is_empty() && RunOutcome::of(&seen.plan) == RunOutcome::Converged {
                return self.settle(&wanted, seen);
            }
            if let Some((outcome, message)) = self.interrupted() {
                return Ok((outcome, Some(message), Some(seen.plan)));
            }
            self.resumes(&seen.plan)?;
            let pause = if permitted(&seen.plan).is_empty() {
                if self.has_stalled_for_good(&seen.plan)? {
                    continue;
                }
                // Where AWS accepts no request of these credentials, waiting does not help.
                let may_pass = seen.snapshot.refused.is_none();
                match may_pass.then(|| self.patience.idle(&seen.plan)).flatten() {
                    Some(pause) => pause,
                    None => return self.settle(&wanted, seen),
                }
            } else if let Some(why) = self.patience.failed_before(permitted(&seen.plan)) {
                match self.gives_the_release_up(&seen.plan, &why)? {
                    true => Duration::ZERO,
                    false => return Ok((RunOutcome::Failed, Some(why), Some(seen.plan))),
                }
            } else {
                match self.step(&wanted, &seen).await? {
                    Next::Again(pause) => pause,
                    Next::GiveUp(why) if self.gives_the_release_up(&seen.plan, &why)? => Duration::ZERO,
                    Next::GiveUp(why) => return Ok((RunOutcome::Failed, Some(why), Some(seen.plan))),
                }
            };
            self.pause(pause).await;
        }
    }

    /// Journals operator requests, overrides and suspensions that are new.
    fn journal_requests(&mut self, wanted: &DeclaredEnvironment) -> Result<(), ReconcileError> {
        let (store, spec, now) = (self.with.store, &wanted.spec, self.with.clock.now());
        if spec.mode == Mode::Observe {
            return Ok(());
        }
        let journaled = overrides::journal_news(store, spec, self.journal, now)?;
        self.run.requests.extend(journaled.requests);
        self.run.notes.extend(journaled.ended);
        if ActiveOverrides::at(now, store, spec)?.mode(spec.mode) == Mode::Enforce {
            self.run.requests.extend(request::journal_waiting(store, &spec.name, self.journal)?);
        }
        Ok(())
    }

    /// Journals since when something runs in a sleeping environment. Without grace there is nothing new to journal: it
    /// is stopped.
    fn remember_awake(&self, plan: &Plan) -> Result<(), ReconcileError> {
        if plan.mode == Mode::Observe {
            return Ok(());
        }
        let known: BTreeSet<String> = self.journal.ask(|ledger| ledger.found_awake.keys().cloned().collect());
        let awake = plan.awake.iter().map(|awake| awake.part.clone());
        let gives_grace = self.with.declared.gives_grace();
        let parts: BTreeSet<String> = awake.filter(|part| gives_grace || known.contains(part)).collect();
        if parts != known {
            self.journal.record(Event::FoundAwake { parts })?;
        }
        Ok(())
    }

    /// Pauses, unless a shutdown or the deadline ends the run.
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
        // An operator request that arrives while a step waits ends the wait. A request that was there before cannot be
        // journaled now (nothing may be written), so it ends no wait.
        let is_asked = move || request::waiting(with.store, &wanted.spec.name).is_ok_and(|it| it.is_some());
        let was_asked = is_asked();
        let cancel =
            move || (with.shutdown)() == ShutdownLevel::Now || with.is_late() || (!was_asked && is_asked());
        let context = ActionContext {
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
        let outcomes = execute::carry_out(&context, actions).await;
        self.run.took(step, actions, &outcomes, from, with.clock.now());
        with.keep(self.run)?;
        // Whatever an action made of a lost lease, the run does not continue without it.
        self.journal.verify()?;
        Ok(self.patience.after(actions, &outcomes))
    }

    fn interrupted(&self) -> Option<(RunOutcome, String)> {
        let with = self.with;
        if (with.shutdown)() > ShutdownLevel::None {
            return Some((
                RunOutcome::Stopped,
                "interrupted by shutdown; the next run resumes here".to_owned(),
            ));
        }
        let late = with.is_late();
        late.then(|| {
            let last = self.run.last_trouble().map(|last| format!("; last: {last}")).unwrap_or_default();
            (RunOutcome::TimedOut, format!("timeout reached{last}; the next run resumes here"))
        })
    }

    /// Ends the run: no further action is possible without a person or the calendar.
    fn settle(&mut self, wanted: &DeclaredEnvironment, seen: Preview) -> Result<RunEnd, ReconcileError> {
        let Preview { plan, snapshot, .. } = seen;
        let schema = tagged_schema(&snapshot);
        let outcome = RunOutcome::of(&plan);
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
                        || !reached.is_of(&wanted.revision, &wanted.inputs)
                })
        });
        if outcome == RunOutcome::Converged && plan.mode == Mode::Enforce && is_news {
            self.journal.record(Event::Converged {
                state: plan.state.effective,
                versions: wanted.spec.versions.clone(),
                revision: wanted.revision.clone(),
                inputs: Some(wanted.inputs.clone()),
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
