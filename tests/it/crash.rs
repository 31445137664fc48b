//! The process dies at every effect, in every way, and at many instants between. Whoever comes next finds its
//! way, and the world ends as if nothing had happened.
//!
//! An effect is a write to the cloud or to the store. For each of them: dead before it was sent, dead before
//! its answer arrived, dead with the answer in hand and nothing done about it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tidegate::model::{Instant, State};
use tidegate::reconcile::RunOutcome;
use tidegate::sim::{Age, CrashPoint, Outcome, Sidecar};
use tidegate::spec::EnvironmentSpec;

use crate::rig::{Rig, a_tuesday, environment, failures, from_folder};

const SHOP: &str = include_str!("../cases/plan/shop.yaml");

/// What is disturbed: a rig one run away from `ends_in`.
struct Story {
    rig: fn() -> Rig,
    ends_in: RunOutcome,
}

/// What must be the same, whatever happened on the way.
#[derive(Debug, PartialEq)]
struct End {
    portrait: BTreeMap<String, String>,
    /// Snapshots of all databases: none is taken twice.
    snapshots: Vec<String>,
    /// Revisions of each family: none is registered twice.
    revisions: BTreeMap<String, usize>,
    /// Attempts at migrations. A death may spare one, because the same attempt is sent again; it never adds one.
    attempts: Vec<u32>,
}

/// How a story goes when nobody disturbs it.
struct Undisturbed {
    end: End,
    effects: std::ops::Range<u64>,
    begins: Instant,
    ends: Instant,
}

fn shop() -> EnvironmentSpec {
    static SPEC: LazyLock<EnvironmentSpec> = LazyLock::new(|| environment("shop", SHOP, a_tuesday()));
    SPEC.clone()
}

/// Production as it is declared, when its window is open.
fn production() -> (EnvironmentSpec, Instant) {
    static SPEC: LazyLock<(EnvironmentSpec, Instant)> = LazyLock::new(|| {
        let now = "2026-11-24T03:30:00Z".parse().unwrap();
        (from_folder(".", "production", now), now)
    });
    SPEC.clone()
}

fn settled(spec: &EnvironmentSpec, now: Instant) -> Rig {
    let rig = Rig::new(spec, &Age::UpToDate, 7, now);
    rig.converge(RunOutcome::Converged).unwrap();
    rig
}

fn asleep(spec: &EnvironmentSpec, now: Instant) -> Rig {
    let rig = settled(spec, now);
    rig.edit(|spec| spec.state = State::Stopped);
    rig.converge(RunOutcome::Converged).unwrap();
    rig
}

fn stopping(spec: &EnvironmentSpec, now: Instant) -> Rig {
    let rig = settled(spec, now);
    rig.edit(|spec| spec.state = State::Stopped);
    rig
}

fn waking(spec: &EnvironmentSpec, now: Instant, bump: &[(&str, &str)]) -> Rig {
    let rig = asleep(spec, now);
    rig.bump(bump);
    rig.edit(|spec| spec.state = State::Running);
    rig
}

fn undisturbed(story: &Story) -> Undisturbed {
    let rig = (story.rig)();
    let (begins, first) = (rig.now(), rig.crash.effects());
    rig.converge(story.ends_in).unwrap();
    let (ends, last) = (rig.now(), rig.crash.effects());
    Undisturbed { end: end_of(&rig), effects: first..last, begins, ends }
}

/// The world once everything has come to rest.
fn end_of(rig: &Rig) -> End {
    rig.clock.advance(std::time::Duration::from_secs(1800));
    rig.assert_clean("the end");
    let attempts = rig.ledger().attempts_made.into_values().collect();
    rig.cloud.with(|world| {
        let mut revisions = BTreeMap::new();
        let mut snapshots = Vec::new();
        for region in &world.regions {
            revisions.extend(region.definitions.iter().map(|(family, found)| (family.clone(), found.len())));
            snapshots
                .extend(region.databases.values().flat_map(|database| database.snapshots.keys().cloned()));
        }
        End { portrait: world.portrait(), snapshots, revisions, attempts }
    })
}

/// Dies at each of these points, one after the other, then goes on without a crash.
fn disturbed(story: &Story, points: &[CrashPoint], expected: &End) -> Result<(), String> {
    let rig = (story.rig)();
    for point in points {
        rig.restart(Some(*point));
        // Not every second crash comes: the run may be over before.
        let _ = rig.try_apply(&tidegate::execute::Silent, None);
    }
    rig.restart(None);
    rig.converge(story.ends_in).map_err(|why| format!("{points:?}: {why}"))?;
    match differences(&end_of(&rig), expected) {
        None => Ok(()),
        Some(text) => Err(format!("{points:?}: {text}")),
    }
}

fn differences(end: &End, expected: &End) -> Option<String> {
    let is_spared = end.attempts.len() == expected.attempts.len()
        && end.attempts.iter().zip(&expected.attempts).all(|(found, expected)| found <= expected);
    let End { portrait, snapshots, revisions, attempts: _ } = end;
    if is_spared
        && (portrait, snapshots, revisions) == (&expected.portrait, &expected.snapshots, &expected.revisions)
    {
        return None;
    }
    let keys = expected.portrait.keys().chain(end.portrait.keys());
    let different: BTreeMap<&String, _> = keys
        .filter(|key| end.portrait.get(*key) != expected.portrait.get(*key))
        .map(|key| (key, (end.portrait.get(key), expected.portrait.get(key))))
        .collect();
    let rest = |end: &End| format!("{:?} {:?} {:?}", end.snapshots, end.revisions, end.attempts);
    Some(format!("(found, expected) {different:#?}\n{}\n{}", rest(end), rest(expected)))
}

/// Every effect, in every way; `step` > 1 takes only some of the effects.
fn crash_everywhere(story: &Story, step: usize) {
    let usual = undisturbed(story);
    let points: Vec<Vec<CrashPoint>> = usual
        .effects
        .clone()
        .step_by(step)
        .flat_map(|effect| {
            [CrashPoint::Before(effect), CrashPoint::After(effect), CrashPoint::Replied(effect)]
        })
        .map(|point| vec![point])
        .collect();
    assert!(usual.effects.end - usual.effects.start > 5, "hardly anything happens: {:?}", usual.effects);
    check(story, &points, &usual.end);
}

/// At instants between effects: in the middle of waits.
fn crash_in_waits(story: &Story, times: i32) {
    let usual = undisturbed(story);
    let span = usual.ends - usual.begins;
    let points: Vec<Vec<CrashPoint>> =
        (1..times).map(|part| vec![CrashPoint::At(usual.begins + span * part / times)]).collect();
    check(story, &points, &usual.end);
}

/// Again while the one that came after is at it.
fn crash_twice(story: &Story, step: usize) {
    let usual = undisturbed(story);
    let effects = usual.effects.clone().step_by(step);
    let points: Vec<Vec<CrashPoint>> = effects
        .flat_map(|first| {
            // The second life repeats little: these lie in, and shortly behind, what the first was doing.
            [1, 2, 4].map(|more| vec![CrashPoint::After(first), CrashPoint::After(first + more)])
        })
        .collect();
    check(story, &points, &usual.end);
}

fn check(story: &Story, points: &[Vec<CrashPoint>], expected: &End) {
    let failed = failures(points, |points| disturbed(story, points, expected));
    assert!(failed.is_empty(), "{} of {} went wrong:\n{}", failed.len(), points.len(), failed.join("\n\n"));
}

const RELEASE: Story =
    Story { rig: || Rig::new(&shop(), &Age::OneBehind, 1, a_tuesday()), ends_in: RunOutcome::Converged };

const STOP: Story = Story { rig: || stopping(&shop(), a_tuesday()), ends_in: RunOutcome::Converged };

const START: Story = Story { rig: || waking(&shop(), a_tuesday(), &[]), ends_in: RunOutcome::Converged };

const WAKE_WITH_A_BUMP: Story = Story {
    rig: || waking(&shop(), a_tuesday(), &[("core", "v1.5.0"), ("library", "v1.2.0")]),
    ends_in: RunOutcome::Converged,
};

/// No migration follows these.
const ROLL: Story = Story {
    rig: || {
        let rig = settled(&shop(), a_tuesday());
        rig.bump(&[("library", "v1.2.0"), ("client", "v1.4.1")]);
        rig
    },
    ends_in: RunOutcome::Converged,
};

/// A first attempt without capacity, a second that never starts: both are tried again by themselves.
const UNLUCKY_MIGRATION: Story = Story {
    rig: || {
        let rig = settled(&shop(), a_tuesday());
        rig.bump(&[("core", "v1.5.0")]);
        rig.cloud.with(|world| world.script.migration("v1.5.0", [Outcome::NoCapacity, Outcome::NeverStarts]));
        rig
    },
    ends_in: RunOutcome::Converged,
};

/// In a task that is never RUNNING, because another container of it does not come up.
const FAILING_MIGRATION: Story = Story {
    rig: || {
        let rig = settled(&shop(), a_tuesday());
        rig.bump(&[("core", "v1.5.0")]);
        rig.cloud.with(|world| {
            world.person("shop").add_container("migrate", "proxy", Some(Sidecar::NeverUp));
            world.script.migration("v1.5.0", [Outcome::Exit { code: 1, partial: false }]);
        });
        rig
    },
    ends_in: RunOutcome::Held,
};

const PRODUCTION_RELEASE: Story = Story {
    rig: || {
        let (spec, now) = production();
        Rig::new(&spec, &Age::OneBehind, 1, now)
    },
    ends_in: RunOutcome::Converged,
};

const PRODUCTION_STOP: Story = Story {
    rig: || {
        let (spec, now) = production();
        stopping(&spec, now)
    },
    ends_in: RunOutcome::Converged,
};

const PRODUCTION_START: Story = Story {
    rig: || {
        let (spec, now) = production();
        waking(&spec, now, &[])
    },
    ends_in: RunOutcome::Converged,
};

#[test]
fn a_release_survives_a_crash_at_every_effect() {
    crash_everywhere(&RELEASE, 1);
}

#[test]
fn a_release_survives_a_crash_in_every_wait() {
    crash_in_waits(&RELEASE, 60);
}

#[test]
fn a_release_survives_two_crashes() {
    crash_twice(&RELEASE, 5);
}

#[test]
fn a_stop_survives_a_crash_at_every_effect() {
    crash_everywhere(&STOP, 1);
    crash_in_waits(&STOP, 20);
}

#[test]
fn a_start_survives_a_crash_at_every_effect() {
    crash_everywhere(&START, 1);
    crash_in_waits(&START, 20);
}

#[test]
fn a_release_at_wake_up_survives_a_crash_at_every_effect() {
    crash_everywhere(&WAKE_WITH_A_BUMP, 1);
}

#[test]
fn a_roll_survives_a_crash_at_every_effect() {
    crash_everywhere(&ROLL, 1);
    crash_in_waits(&ROLL, 10);
}

#[test]
fn attempts_that_never_ran_are_counted_once_whatever_crashes() {
    crash_everywhere(&UNLUCKY_MIGRATION, 1);
}

#[test]
fn a_failed_migration_is_held_whatever_crashes() {
    crash_everywhere(&FAILING_MIGRATION, 1);
    crash_in_waits(&FAILING_MIGRATION, 20);
}

#[test]
fn production_survives_a_crash_at_every_effect_of_a_release() {
    crash_everywhere(&PRODUCTION_RELEASE, 1);
}

#[test]
fn production_survives_a_crash_at_every_effect_of_a_stop_and_a_start() {
    crash_everywhere(&PRODUCTION_STOP, 1);
    crash_everywhere(&PRODUCTION_START, 1);
}
