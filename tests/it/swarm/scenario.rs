//! One scenario: trouble first, then healing, then required convergence.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use tidegate::cloud::TaskStatus;
use tidegate::model::{Instant, Mode, State, Version};
use tidegate::plan::{BlockedReason, Plan, WaitingReason};
use tidegate::reconcile::{ReconcileError, Run, RunOutcome, ShutdownLevel};
use tidegate::report;
use tidegate::schedule::{self, Because, EffectiveState, StateInputs};
use tidegate::sim::{CrashPoint, Dice, FaultPlan, Interrupted, PASSWORD, Sidecar};
use tidegate::spec::EnvironmentSpec;
use tidegate::store::Store as _;

use super::clock::ClockTrouble;
use super::diary::Diary;
use super::happening::{Happening, agenda, clock_steps, happen};
use super::{console, environment, ways_out};
use crate::rig::{Rig, a_tuesday, differences};

/// No run of these scenarios takes longer: a migration of an hour, a database that starts, every patience.
const RUN_MAX: TimeDelta = TimeDelta::days(3);
/// Runs in which a healed world must become what is declared, people's ways out between them.
const RUNS_MAX: u32 = 25;

/// Lives one seed. The error says what was wrong.
pub fn play(seed: u64, diary: &Diary) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let spec = environment::drawn(&mut dice);
    let age = environment::age(&mut dice);
    let begins = a_tuesday() + TimeDelta::minutes(i64::try_from(dice.below(24 * 60)).expect("a day"));
    let rig = Rig::new(&spec, &age, seed, begins);
    let faults = FaultPlan::drawn(dice.below(u64::MAX));
    diary.write(|| format!("{age:?} {:?}\n{spec:#?}", faults.options()));
    rig.cloud.set_faults(faults);
    let mut agenda = agenda(&mut dice, begins);
    let mut clock_dice = Dice::new(seed ^ 0x0c10_c45e);
    let clock = ClockTrouble::drawn(&mut clock_dice);
    if clock != ClockTrouble::None {
        let ends = agenda.last().map_or(begins, |(at, _)| *at);
        agenda.extend(clock_steps(&mut clock_dice, begins, ends));
        agenda.sort_by_key(|(at, _)| *at);
    }
    let ends = agenda.last().map_or(begins, |(at, _)| *at);
    let changes = console::drawn(&mut Dice::new(seed ^ 0xc045_01e5), begins, ends);
    agenda.extend(changes.into_iter().map(|(at, change)| (at, Happening::Console(change))));
    agenda.sort_by_key(|(at, _)| *at);
    let scenario = Scenario { rig, diary: diary.clone(), clock };
    scenario.companion(&spec, &mut Dice::new(seed ^ 0x51de_ca25));
    if dice.chance(0.2) {
        // Invalidations of someone else leave no room for wildcards.
        scenario.rig.cloud.with(|world| {
            let now = world.now();
            let distributions = world.regions.iter_mut().flat_map(|region| region.distributions.values_mut());
            for distribution in distributions {
                let wildcards = (0..15).map(|number| format!("/elsewhere/{number}/*")).collect();
                distribution.invalidations.push((now, wildcards));
            }
        });
    }
    let secrets = scenario.secrets();
    scenario.troubled(&mut dice, agenda)?;
    scenario.healed(&mut dice)?;
    scenario.keeps_secrets(secrets)
}

struct Scenario {
    rig: Rig,
    diary: Diary,
    clock: ClockTrouble,
}

impl Scenario {
    /// In one world of three the migration task has a container beside its program: one that comes up with it, late,
    /// never, or not at all. Such a task is PENDING while its program works, and may go to STOPPED from there.
    fn companion(&self, spec: &EnvironmentSpec, dice: &mut Dice) {
        let Some(migration) = spec.migration.as_ref().filter(|_| dice.chance(0.33)) else { return };
        let seconds = |dice: &mut Dice, most: u64| u32::try_from(1 + dice.below(most)).expect("small");
        let (word, behaves) = match dice.below(5) {
            0 => ("another container", None),
            1 | 2 => ("one that is late", Some(Sidecar::Late { seconds: seconds(dice, 300) })),
            3 => ("one that never comes up", Some(Sidecar::NeverUp)),
            _ => ("one that cannot be pulled", Some(Sidecar::PullFails { seconds: seconds(dice, 120) })),
        };
        self.told(format!("beside the migration {word}"));
        self.diary.write(|| format!("{behaves:?}"));
        let family = migration.task.as_str();
        self.rig.cloud.with(|world| {
            world.person(spec.name.as_str()).add_container(family, "proxy", behaves);
        });
    }

    /// Lives through the agenda, as a daemon does: run after run, with pauses, deaths and signals.
    fn troubled(&self, dice: &mut Dice, agenda: Vec<(Instant, Happening)>) -> Result<(), String> {
        let ends = agenda.last().map_or(self.rig.now(), |(at, _)| *at) + TimeDelta::minutes(20);
        let agenda = Arc::new(Mutex::new(VecDeque::from(agenda)));
        self.let_happen(agenda.clone());
        while self.rig.now() < ends {
            self.rig.restart(death(dice, self.rig.crash.effects(), self.rig.now()));
            // A new process knows no steps. One that begins under a wrong clock reaches nothing in AWS.
            if self.clock == ClockTrouble::Refused {
                self.rig.machine.restart();
            }
            let died = self.run(dice, true)?;
            let next = agenda.lock().unwrap().front().map_or(ends, |(at, _)| *at);
            let left = (next - self.rig.now()).to_std().unwrap_or_default();
            let pause = match dice.below(10) {
                // Somebody has to notice first that the machine is gone.
                0..=2 if died => Duration::from_secs(60 * dice.below(240)),
                // Nothing happens for long: no need to look at it.
                _ if left > Duration::from_secs(3 * 3600) => {
                    left.min(Duration::from_secs(3600 * (1 + dice.below(30))))
                }
                _ => Duration::from_secs(20 + dice.below(400)),
            };
            self.rig.clock.advance(pause);
        }
        self.rig.restart(None);
        Ok(())
    }

    fn let_happen(&self, agenda: Arc<Mutex<VecDeque<(Instant, Happening)>>>) {
        let (people, diary) = (self.rig.people(), self.diary.clone());
        let (machine, cloud, clock) = (self.rig.machine.clone(), self.rig.cloud.clone(), self.clock);
        let mut ahead = 0;
        self.rig.clock.on_advance(Box::new(move |now| {
            loop {
                let due = agenda.lock().unwrap().pop_front_if(|(at, _)| *at <= now);
                let Some((_, happening)) = due else { break };
                let text = format!("{happening:?}");
                diary.count(format!("happening {}", text.split([' ', '(']).next().unwrap_or_default()));
                diary.write(|| format!("{} {text}", now.format("%d %H:%M:%S")));
                if let Happening::SetClock(minutes) = happening {
                    ahead = minutes;
                    machine.set_ahead(TimeDelta::minutes(minutes));
                }
                happen(&people, &happening);
                cloud.faults(|faults| faults.deny_everything(clock.refuses(ahead)));
            }
        }));
    }

    /// One run; true = the process died in it.
    fn run(&self, dice: &mut Dice, may_be_cut: bool) -> Result<bool, String> {
        let rig = &self.rig;
        let begins = rig.now();
        rig.clock.set_limit(begins + RUN_MAX);
        let minutes = |dice: &mut Dice| TimeDelta::seconds(i64::try_from(dice.below(2400)).expect("minutes"));
        let deadline = (may_be_cut && dice.chance(0.05)).then(|| begins + minutes(dice));
        let leaves_at = (may_be_cut && dice.chance(0.1)).then(|| begins + minutes(dice));
        let hurry = if dice.chance(0.5) { ShutdownLevel::AfterStep } else { ShutdownLevel::Now };
        let clock = rig.clock.clone();
        let shutdown = move || {
            use tidegate::clock::Clock as _;
            if leaves_at.is_some_and(|at| clock.now() >= at) { hurry } else { ShutdownLevel::None }
        };
        let reader = self.diary.reader(&rig.clock);
        let ended = match (may_be_cut && dice.chance(0.05)).then(|| Duration::from_secs(dice.below(900))) {
            Some(later) => rig.try_apply_beside(&reader, later).map(Vec::from),
            None => rig.try_apply_until(&reader, deadline, &shutdown).map(|ended| vec![ended]),
        };
        let mut died = false;
        for ended in ended.or_else(|interrupted| match interrupted {
            Interrupted::Crashed => Ok(Vec::new()),
            interrupted => Err(interrupted.to_string()),
        })? {
            if let Ok(run) = &ended {
                self.gives_back(run)?;
            }
            let word = match &ended {
                Ok(run) => format!("run {:?} {:?}", run.outcome.map(RunOutcome::as_str), run.message),
                Err(error) if is_lease_lost(error) && may_be_cut => "lease lost".to_owned(),
                Err(error) => return Err(format!("the run could not go on: {error}")),
            };
            died = ended.is_err();
            self.told(word);
        }
        if rig.crash.is_dead() {
            died = true;
            self.told("the process died".to_owned());
        }
        self.promises_hold()?;
        reader.unsafe_plan().map_or(Ok(died), Err)
    }

    fn told(&self, what: String) {
        self.diary.write(|| format!("{} {what}", stamp(self.rig.now())));
        let words: Vec<&str> = what.split(['"', ':']).take(2).collect();
        self.diary.count(words.concat().replace("Some(", ""));
    }

    /// No failure before the point of no return keeps users out for good: the release is given up, and a release that
    /// was given up leaves an open gate behind.
    fn gives_back(&self, run: &Run) -> Result<(), String> {
        if !matches!(run.outcome, Some(RunOutcome::Failed | RunOutcome::GivenUp)) {
            return Ok(());
        }
        let Some(seen) = self.rig.try_preview() else { return Ok(()) };
        let (plan, ledger) = (&seen.plan, &seen.ledger);
        if plan.mode == Mode::Observe {
            return Ok(());
        }
        let stays = run.outcome == Some(RunOutcome::Failed)
            && plan.is_before_the_point_of_no_return()
            && ledger.release.is_some()
            && ledger.failed_step.is_none()
            && !ledger.migration_in_flight();
        if stays {
            return Err(format!("failed for good, and not given up: {:?}", run.message));
        }
        let is_over = plan.actions.is_empty()
            && plan.waiting.iter().all(|waiting| waiting.reason != WaitingReason::Person)
            && plan.blocked.iter().all(|blocked| blocked.reason == BlockedReason::GivenUp)
            && plan.state.effective == State::Running;
        let name = self.rig.repository.spec().name;
        let has_gate =
            self.rig.repository.spec().maintenance.is_some_and(|gate| gate.load_balancer.is_some());
        let is_shut = self.rig.cloud.with(|world| world.open_route(name.as_str()).is_none());
        match run.outcome == Some(RunOutcome::GivenUp) && is_over && has_gate && is_shut {
            true => Err(format!("given up, and users are still locked out: {:?}", run.blocked)),
            false => Ok(()),
        }
    }

    fn promises_hold(&self) -> Result<(), String> {
        let broken: Vec<String> = self
            .rig
            .cloud
            .with(|world| world.violations_by_tidegate().iter().map(ToString::to_string).collect());
        if broken.is_empty() { Ok(()) } else { Err(format!("broken: {broken:#?}")) }
    }

    /// Nothing goes wrong any more, and people want something that can be had: then it must come about.
    fn healed(&self, dice: &mut Dice) -> Result<(), String> {
        let rig = &self.rig;
        self.diary.write(|| format!("{} everything heals", stamp(rig.now())));
        rig.cloud.faults(|faults| faults.heal());
        rig.machine.set_ahead(TimeDelta::zero());
        rig.cloud.with(|world| {
            world.script.migrations.clear();
            world.script.sidecars.clear();
            world.script.broken.clear();
            world.script.busy.clear();
            world.script.answers.clear();
            world.registry.unverified.clear();
            world.registry.repositories.values_mut().for_each(|repository| repository.deleted.clear());
            let hangs = world.regions.iter().flat_map(|region| region.tasks.values()).any(|task| {
                task.service.is_none()
                    && task.shown.status != TaskStatus::Stopped
                    && task.outcome == Some(tidegate::sim::Outcome::Hangs)
            });
            if hangs {
                let name = rig.repository.spec().name;
                world.person(name.as_str()).stop_one_offs();
            }
        });
        rig.people().set_override(None);
        rig.repository.set_poked(false);
        self.last_commit(dice);
        self.comes_to_rest(dice)?;
        if self.effective().state == State::Stopped {
            self.diary.write(|| format!("{} and wakes", stamp(rig.now())));
            rig.edit(|spec| spec.state = State::Running);
            self.comes_to_rest(dice)?;
        }
        Ok(())
    }

    fn comes_to_rest(&self, dice: &mut Dice) -> Result<(), String> {
        let rig = &self.rig;
        let mut ways_taken = Vec::new();
        for _ in 0..RUNS_MAX {
            self.run(dice, false)?;
            let plan = rig.plan();
            if !plan.blocked.is_empty() {
                ways_taken.push(ways_out::take(rig, dice, &plan.blocked[0])?);
                rig.clock.advance(Duration::from_secs(60));
                continue;
            }
            if let Some(way) = ways_out::end(rig, &plan) {
                ways_taken.push(way);
                rig.clock.advance(Duration::from_secs(60));
                continue;
            }
            if let Some(at) = self.sleeps_until(&plan) {
                rig.clock.advance((at - rig.now()).to_std().unwrap_or_default() + Duration::from_secs(30));
                continue;
            }
            if is_at_rest(&plan) && self.rests(dice)? {
                return Ok(());
            }
            // An attempt that cannot be sent again is given up only when its token is too old.
            let minutes = if rig.ledger().migration_in_flight() { 3 } else { 1 };
            rig.clock.advance(Duration::from_secs(60 * minutes));
        }
        let plan = rig.plan();
        let ids: Vec<_> = plan.actions.iter().map(|action| &action.id).collect();
        let (blocked, waiting) = (&plan.blocked, &plan.waiting);
        Err(format!(
            "healed, and not at rest after {RUNS_MAX} runs: {ids:?} {blocked:#?} {waiting:?}, ways taken: {ways_taken:?}"
        ))
    }

    /// People want something that exists.
    fn last_commit(&self, dice: &mut Dice) {
        let state = match dice.below(10) {
            0..=6 => State::Running,
            7 => State::Restricted,
            8 => State::DbOnly,
            _ => State::Stopped,
        };
        self.rig.edit(|spec| {
            (spec.state, spec.mode) = (state, Mode::Enforce);
            for version in spec.versions.values_mut().filter(|version| version.as_str().contains("missing")) {
                *version = Version::new(version.as_str().replace("-missing", "-hotfix"));
            }
        });
    }

    fn effective(&self) -> EffectiveState {
        let spec = self.rig.repository.spec();
        let declared = StateInputs {
            state: spec.state,
            schedule: spec.schedule.as_ref(),
            git_override: spec.override_.as_ref(),
            runtime_override: None,
        };
        schedule::state_at(self.rig.now(), &declared)
    }

    /// Only the clock is awaited: a window, or the morning.
    fn sleeps_until(&self, plan: &Plan) -> Option<Instant> {
        let state = self.effective();
        let asleep =
            state.state == State::Stopped && state.because == Because::Schedule && plan.actions.is_empty();
        let awaited = plan.waiting.iter().filter_map(|waiting| waiting.until).min();
        awaited.or(state.until.filter(|_| asleep))
    }

    /// A while later nothing has moved, the world is what is declared, and a further run writes nothing.
    fn rests(&self, dice: &mut Dice) -> Result<bool, String> {
        let rig = &self.rig;
        rig.clock.advance(Duration::from_secs(20 * 60));
        self.run(dice, false)?;
        let plan = rig.plan();
        if !is_at_rest(&plan) {
            return Ok(false);
        }
        let (spec, state) = (rig.repository.spec(), self.effective().state);
        let found = rig.cloud.with(|world| differences(world, &spec, state));
        if !found.is_empty() {
            return Err(format!("nothing is left to do, and yet: {found:#?}"));
        }
        let before = rig.crash.effects();
        let run = rig.apply();
        match (run.outcome, rig.crash.effects() - before) {
            (Some(RunOutcome::Converged), 0) => Ok(true),
            (outcome, effects) => Err(format!("a quiet run ends in {outcome:?} after {effects} writes")),
        }
    }

    fn secrets(&self) -> BTreeSet<String> {
        let held = self.rig.cloud.with(|world| -> Vec<String> {
            world.regions.iter().flat_map(|region| region.secrets.values().cloned()).collect()
        });
        held.into_iter().chain([PASSWORD.to_owned()]).collect()
    }

    /// Nothing that is kept or shown holds a secret, old or new.
    fn keeps_secrets(&self, mut secrets: BTreeSet<String>) -> Result<(), String> {
        let rig = &self.rig;
        secrets.extend(self.secrets());
        let name = rig.repository.spec().name;
        let journal = rig.store.read_log(&name).unwrap().lines;
        let runs = rig.store.list_runs(&name, usize::MAX).unwrap();
        let plan = rig.plan();
        let view = report::PlanView {
            environment: &name,
            plan: &plan,
            before: None,
            now: rig.now(),
            zone: tidegate::schedule::Tz::UTC,
            page: &report::page::PLAIN,
            diffs: Default::default(),
            later: None,
            git_override: None,
            overrides: &Default::default(),
            preflight: None,
        };
        let journal = journal.iter().map(|line| line.event.to_string());
        let runs = runs.iter().map(|run| run.value.to_string());
        let told = journal.chain(runs).chain([report::plan::json(&view).to_string()]);
        match told.into_iter().find(|text| secrets.iter().any(|secret| text.contains(secret))) {
            Some(text) => Err(format!("a secret stands in: {text}")),
            None => Ok(()),
        }
    }
}

/// Nothing is to be done, and nothing is awaited but a morning that no clock brings.
fn is_at_rest(plan: &Plan) -> bool {
    let asleep = plan.waiting.iter().all(|waiting| waiting.reason == WaitingReason::Asleep);
    plan.actions.is_empty() && plan.blocked.is_empty() && asleep
}

fn is_lease_lost(error: &ReconcileError) -> bool {
    use tidegate::store::StoreError;
    use tidegate::store::journal::JournalError;
    match error {
        ReconcileError::Store(error) | ReconcileError::Journal(JournalError::Store(error)) => {
            matches!(error, StoreError::LeaseLost { .. })
        }
        _ => false,
    }
}

/// Whether, where and when the process of the next run dies.
fn death(dice: &mut Dice, effects: u64, now: Instant) -> Option<CrashPoint> {
    if !dice.chance(0.2) {
        return None;
    }
    let effect = effects + dice.below(60);
    Some(match dice.below(4) {
        0 => CrashPoint::Before(effect),
        1 => CrashPoint::After(effect),
        2 => CrashPoint::Replied(effect),
        _ => CrashPoint::At(now + TimeDelta::seconds(i64::try_from(dice.below(1800)).expect("half an hour"))),
    })
}

fn stamp(at: Instant) -> impl std::fmt::Display {
    at.format("%d %H:%M:%S")
}
