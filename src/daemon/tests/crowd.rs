//! Two hundred environments with passes that only wait, on a clock that jumps: who begins when, and whom a panic
//! concerns.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

use crate::clock::Clock as _;
use crate::daemon::due::{LastPass, PassResult, Present, due};
use crate::daemon::pass::guarded;
use crate::daemon::queue::{PASSES_MAX, PassQueue, spread};
use crate::daemon::running_passes::RunningPasses;
use crate::model::{EnvironmentName, InputsId, Instant};
use crate::sim::{SimClock, SkewedClock};

const DEFECTIVE: &str = "env-007";

/// Five to forty seconds, drawn from the name.
fn length(name: &EnvironmentName) -> Duration {
    Duration::from_secs(5 + spread(name) % 36)
}

/// An hour of the loop: when each environment's passes began, and how many panicked. After twenty minutes somebody sets
/// the wall clock by `set_by`.
fn an_hour(
    names: &[EnvironmentName],
    set_by: chrono::TimeDelta,
) -> (BTreeMap<EnvironmentName, Vec<Instant>>, usize) {
    let start = Instant::from_timestamp(1_800_000_000, 0).unwrap();
    let clock = SimClock::new(start);
    let machine = SkewedClock::new(clock.clone());
    let inputs = InputsId::new("a");
    let mut queue = PassQueue::default();
    let mut running: RunningPasses<(EnvironmentName, Result<(), String>)> = RunningPasses::default();
    let mut last: BTreeMap<EnvironmentName, LastPass> = BTreeMap::new();
    let mut began: BTreeMap<EnvironmentName, Vec<Instant>> = BTreeMap::new();
    let mut panics = 0;
    clock.block_on(async {
        while clock.now() < start + chrono::TimeDelta::hours(1) {
            let now = clock.now();
            if now >= start + chrono::TimeDelta::minutes(20) {
                machine.set_ahead(set_by);
            }
            let present = Present { wall: machine.now(), monotonic: machine.monotonic() };
            let is_due = |name: &&EnvironmentName| {
                !running.has(name) && due(present, &inputs, false, last.get(*name)).is_some()
            };
            let due: BTreeSet<&EnvironmentName> = names.iter().filter(is_due).collect();
            for name in queue.admit(&due, running.names().len()) {
                began.entry(name.clone()).or_default().push(now);
                let (clock, it) = (clock.clone(), name.clone());
                let pass = async move {
                    clock.sleep(length(&it)).await;
                    assert!(it.as_str() != DEFECTIVE, "index out of bounds");
                };
                let it = name.clone();
                running.begin(name, Box::pin(guarded(pass).map(|result| (it, result))));
            }
            assert!(running.names().len() <= PASSES_MAX);
            let tick = clock.sleep(Duration::from_secs(1));
            let ended = match select(pin!(running.next()), pin!(tick)).await {
                Either::Left((Some(ended), _)) => Some(ended),
                // None is running: only the tick is waited for.
                Either::Left((None, tick)) => {
                    tick.await;
                    None
                }
                Either::Right(_) => None,
            };
            let Some((name, result)) = ended else { continue };
            panics += usize::from(result.is_err());
            let result = if result.is_ok() { PassResult::Settled } else { PassResult::Defect };
            let (ended_at, inputs, early) = (machine.monotonic(), inputs.clone(), Duration::ZERO);
            last.insert(name, LastPass { ended_at, inputs, result, early, failures: 0, changes_at: None });
        }
    });
    (began, panics)
}

#[test]
fn two_hundred_environments_take_turns_and_one_that_panics_stops_no_other() {
    let names: Vec<EnvironmentName> =
        (0..200).map(|number| EnvironmentName::new(format!("env-{number:03}"))).collect();
    let (began, panics) = an_hour(&names, chrono::TimeDelta::zero());
    // Each waits for the interval of a minute, and for all others at their longest.
    let longest = chrono::TimeDelta::seconds(60 + 41 + 200 * 41 / i64::try_from(PASSES_MAX).unwrap());
    for (name, began) in began.iter().filter(|(name, _)| name.as_str() != DEFECTIVE) {
        assert!(began.len() > 3600 / 320, "{name}: {}", began.len());
        for pair in began.windows(2) {
            assert!(pair[1] - pair[0] <= longest, "{name} waited {} s", (pair[1] - pair[0]).num_seconds());
        }
    }
    let defective = &began[DEFECTIVE];
    assert_eq!(defective.len(), panics);
    assert!((2..=5).contains(&panics), "a long rest after each: {defective:?}");
}

#[test]
fn a_wall_clock_that_is_set_moves_no_pass() {
    let names: Vec<EnvironmentName> =
        (0..50).map(|number| EnvironmentName::new(format!("env-{number:03}"))).collect();
    let undisturbed = an_hour(&names, chrono::TimeDelta::zero());
    for hours in [-2, -1, 1, 2] {
        assert_eq!(an_hour(&names, chrono::TimeDelta::hours(hours)), undisturbed, "{hours} h");
    }
}

#[test]
fn the_longest_waiting_begins_first() {
    let names: Vec<EnvironmentName> =
        (0..100).map(|number| EnvironmentName::new(format!("env-{number:03}"))).collect();
    let (early, late) = names.split_at(40);
    let mut queue = PassQueue::default();
    let early: BTreeSet<&EnvironmentName> = early.iter().collect();
    let first = queue.admit(&early, 0);
    assert_eq!(first.len(), PASSES_MAX);
    assert_eq!(queue.admit(&BTreeSet::new(), PASSES_MAX), [], "no place is free");
    let left: BTreeSet<&EnvironmentName> = early.into_iter().filter(|name| !first.contains(name)).collect();
    assert_eq!(queue.admit(&left, PASSES_MAX), []);
    let all: BTreeSet<&EnvironmentName> = left.iter().copied().chain(late).collect();
    let second: BTreeSet<EnvironmentName> = queue.admit(&all, PASSES_MAX - left.len()).into_iter().collect();
    assert_eq!(second, left.into_iter().cloned().collect(), "those that waited before");
}
