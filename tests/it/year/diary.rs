//! What a year was like: looks at the world whenever its time moves, reasons for what is out of step, and the sum.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use tidegate::cloud::{DatabaseStatus, TaskStatus};
use tidegate::model::{Instant, State};
use tidegate::plan::WaitingReason;
use tidegate::reconcile::{Run, RunOutcome};
use tidegate::schedule::{Override, StateInputs, changes, next_change, state_at};
use tidegate::sim::{Age, FaultPlan, Sidecar, SimCloud};
use tidegate::spec::EnvironmentSpec;
use tidegate::store::Store as _;

use crate::rig::Rig;

/// The time between two looks of this daemon; a real one looks every minute.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(60);
/// The longest time without a run: a look that finds nothing is none.
const RUN_EVERY: TimeDelta = TimeDelta::hours(12);
/// Falling asleep: requests run out, three layers of services, the database.
const FALLS_ASLEEP_MAX: TimeDelta = TimeDelta::minutes(20);
/// Waking up: the database, sometimes a snapshot and a migration, three layers of services.
const WAKES_MAX: TimeDelta = TimeDelta::minutes(40);

/// Why the environment may be out of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Begins,
    Release,
    Person,
    Faults,
    Away,
}

/// What runs at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    at: Instant,
    services: bool,
    database: bool,
}

pub(super) struct Diary {
    pub(super) rig: Rig,
    begun_at: Instant,
    looks: Arc<Mutex<Vec<Look>>>,
    excuses: Vec<(Instant, Instant, Reason)>,
    overrides: Vec<(Instant, Override)>,
    is_away: Option<Instant>,
    is_faulty: Option<Instant>,
    rests: TimeDelta,
}

/// The sum of a year.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) scheduled_hours: i64,
    pub(super) hours_up: i64,
    pub(super) hours_off: i64,
    pub(super) restarts_by_aws: usize,
    pub(super) migrations: usize,
    pub(super) unexplained: Vec<String>,
}

/// Everything that has a say at an instant: the schedule, and the override that was set last by then.
fn says<'a>(spec: &'a EnvironmentSpec, overrides: &'a [(Instant, Override)], at: Instant) -> StateInputs<'a> {
    StateInputs {
        state: spec.state,
        schedule: spec.schedule.as_ref(),
        git_override: spec.override_.as_ref(),
        runtime_override: overrides.iter().rev().find(|(since, _)| *since <= at).map(|(_, set)| set),
    }
}

/// What they say.
pub(super) fn scheduled(spec: &EnvironmentSpec, overrides: &[(Instant, Override)], at: Instant) -> State {
    state_at(at, &says(spec, overrides, at)).state
}

fn look(cloud: &SimCloud, at: Instant) -> Look {
    cloud.with(|world| {
        let live = |region: &tidegate::sim::Region| {
            let mut tasks = region.tasks.values().filter(|task| task.service.is_some());
            tasks.any(|task| task.shown.status != TaskStatus::Stopped)
        };
        let mut databases = world.regions.iter().flat_map(|region| region.databases.values());
        let services = world.regions.iter().any(live);
        let database = databases.any(|database| {
            !matches!(database.shown.status, DatabaseStatus::Stopped | DatabaseStatus::Stopping)
        });
        Look { at, services, database }
    })
}

impl Diary {
    pub(super) fn begin(spec: EnvironmentSpec, now: Instant) -> Self {
        let rig = Rig::new(&spec, &Age::UpToDate, 1, now);
        rig.repository.set_patient(true);
        if let Some(migration) = &spec.migration {
            let (name, family) = (spec.name.as_str(), migration.task.as_str());
            let late = Some(Sidecar::Late { seconds: 45 });
            rig.cloud.with(|world| world.person(name).add_container(family, "proxy", late));
        }
        let looks = Arc::new(Mutex::new(vec![look(&rig.cloud, now)]));
        let (cloud, seen) = (rig.cloud.clone(), looks.clone());
        rig.clock.on_advance(Box::new(move |at| {
            let now = look(&cloud, at);
            let mut seen = seen.lock().unwrap();
            let is_same = seen.last().is_some_and(|last| Look { at, ..*last } == now);
            if !is_same {
                seen.push(now);
            }
        }));
        Diary {
            rig,
            begun_at: now,
            looks,
            excuses: Vec::new(),
            overrides: Vec::new(),
            is_away: None,
            is_faulty: None,
            rests: RUN_EVERY,
        }
    }

    pub(super) fn sleeps(&self) -> bool {
        let spec = self.rig.repository.spec();
        scheduled(&spec, &self.overrides, self.rig.now()) == State::Stopped
    }

    /// From now on, for so long, it may be out of step.
    pub(super) fn excuse(&mut self, length: TimeDelta, reason: Reason) {
        self.excuses.push((self.rig.now(), self.rig.now() + length, reason));
    }

    pub(super) fn overrides(&mut self, state: State, length: TimeDelta) {
        let until = self.rig.now() + length;
        self.rig.people().set_override(Some((state, until)));
        self.overrides.push((self.rig.now(), Override { state, until, reason: String::new() }));
    }

    pub(super) fn faults(&mut self, begin: bool) {
        let now = self.rig.now();
        if begin {
            self.rig.cloud.set_faults(FaultPlan::drawn(now.timestamp().unsigned_abs()));
            self.is_faulty = Some(now);
        } else if let Some(since) = self.is_faulty.take() {
            self.rig.cloud.faults(FaultPlan::heal);
            self.excuses.push((since, now + WAKES_MAX, Reason::Faults));
        }
    }

    pub(super) fn daemon_goes(&mut self) {
        self.is_away = Some(self.rig.now());
    }

    pub(super) fn daemon_comes(&mut self) {
        if let Some(since) = self.is_away.take() {
            self.excuses.push((since, self.rig.now() + WAKES_MAX, Reason::Away));
        }
    }

    /// One look of the daemon, and what comes of it.
    pub(super) fn pass(&mut self) {
        if self.is_away.is_some() {
            return;
        }
        let run = self.rig.apply();
        let is_waiting = run.waiting.iter().any(|waiting| waiting.reason == WaitingReason::Grace);
        self.rests = match run.outcome {
            Some(RunOutcome::Converged) if is_waiting => TimeDelta::minutes(5),
            Some(RunOutcome::Converged) => RUN_EVERY,
            // Nothing here is for a person to decide: what did not go is tried again.
            _ => TimeDelta::minutes(2),
        };
    }

    /// Lets time pass until the daemon has something to do, or until `next`.
    pub(super) fn wait_until(&mut self, next: Instant) {
        let now = self.rig.now();
        let spec = self.rig.repository.spec();
        let change = next_change(now, &says(&spec, &self.overrides, now)).map(|change| change.at);
        let to = change.into_iter().fold(next.min(now + self.rests), Instant::min);
        let to = to.max(now + TimeDelta::seconds(1));
        let sleeps = self.sleeps();
        while self.rig.now() < to {
            let step = (to - self.rig.now()).min(LOOK_EVERY);
            self.rig.clock.advance(step.to_std().unwrap_or_default());
            let seen = look(&self.rig.cloud, self.rig.now());
            // Something has happened by itself: a look would find it.
            if sleeps && (seen.services || seen.database) && self.is_away.is_none() {
                break;
            }
        }
    }

    /// What should have held, minute by minute.
    fn wanted(&self, end: Instant) -> Vec<State> {
        let spec = self.rig.repository.spec();
        let mut minutes = Vec::new();
        let set_at = self.overrides.iter().map(|(since, _)| *since).chain([end]);
        let mut at = self.begun_at;
        for until in set_at {
            let says = says(&spec, &self.overrides, at);
            let mut state = state_at(at, &says).state;
            let mut coming = changes(at, until, &says).into_iter().peekable();
            while at < until {
                while let Some(change) = coming.next_if(|change| change.at <= at) {
                    state = change.state;
                }
                minutes.push(state);
                at += TimeDelta::minutes(1);
            }
        }
        minutes
    }

    pub(super) fn account(&self, end: Instant) -> Account {
        let looks = self.looks.lock().unwrap();
        let spec = self.rig.repository.spec();
        let runs = self.rig.store.list_runs(&spec.name, usize::MAX).unwrap();
        let runs: Vec<Run> = runs.into_iter().map(|run| serde_json::from_value(run.value).unwrap()).collect();
        let actions = || runs.iter().flat_map(|run| &run.steps).flat_map(|step| &step.actions);
        let mut account = Account {
            restarts_by_aws: actions()
                .filter(|action| action.reason.starts_with("AWS started it again"))
                .count(),
            migrations: self.rig.cloud.with(|world| world.effects.len()),
            ..Account::default()
        };
        let by_aws: Vec<Instant> = actions()
            .filter(|action| action.reason.starts_with("AWS started it again"))
            .map(|action| action.started_at)
            .collect();
        let (mut minutes, mut up_minutes, mut off_minutes) = (0, 0, 0);
        let mut off: [Option<(Instant, State)>; 2] = [None, None];
        let mut index = 0;
        let all_wanted = self.wanted(end);
        let minute_of = |at: Instant| usize::try_from((at - self.begun_at).num_minutes()).unwrap_or(0);
        let mut at = self.begun_at;
        while at < end {
            while looks.get(index + 1).is_some_and(|next| next.at <= at) {
                index += 1;
            }
            let (seen, wanted) = (looks[index], all_wanted[minute_of(at)]);
            let is_up = wanted != State::Stopped;
            minutes += i64::from(is_up);
            up_minutes += i64::from(seen.services);
            off_minutes += i64::from(seen.services != is_up);
            for (part, runs) in [seen.services, seen.database].into_iter().enumerate() {
                match off[part] {
                    None if runs != is_up => off[part] = Some((at, wanted)),
                    Some((since, wanted_then)) if runs == is_up || wanted != wanted_then => {
                        off[part] = (runs != is_up).then_some((at, wanted));
                        let length_max =
                            if wanted_then == State::Stopped { FALLS_ASLEEP_MAX } else { WAKES_MAX };
                        // The schedule has just changed: it takes its time.
                        let before = since - TimeDelta::minutes(2);
                        let begins_with_change = all_wanted[minute_of(before)] != wanted_then;
                        let is_slow = begins_with_change && at - since <= length_max;
                        let is_aws = part == 1 && by_aws.iter().any(|by| (*by - since).abs() <= LOOK_EVERY);
                        if !is_slow && !is_aws && !self.is_excused(since, at) {
                            let part = ["services", "database"][part];
                            account
                                .unexplained
                                .push(format!("{part} from {since} to {at}, wanted {wanted_then}"));
                        }
                    }
                    _ => {}
                }
            }
            at += TimeDelta::minutes(1);
        }
        account.scheduled_hours = minutes / 60;
        account.hours_up = up_minutes / 60;
        account.hours_off = off_minutes / 60;
        account
    }

    /// Whether the whole stretch lies in what was done to the environment, or in the time after it in which it
    /// comes to rest.
    fn is_excused(&self, from: Instant, to: Instant) -> bool {
        let mut covered = from;
        let mut excuses: Vec<_> = self.excuses.iter().filter(|(_, until, _)| *until > from).collect();
        excuses.sort_by_key(|(since, _, _)| *since);
        for (since, until, _) in excuses {
            if *since <= covered + TimeDelta::minutes(1) {
                covered = covered.max(*until);
            }
        }
        covered > from && covered + TimeDelta::minutes(5) >= to
    }
}
