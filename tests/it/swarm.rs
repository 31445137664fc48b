//! The swarm: each seed is a scenario of one environment, with commits, people, failing migrations, broken
//! images, crashes and a troubled cloud, played as a daemon would meet it. Promises are checked after every event. Then
//! everything heals, people take the ways out that plans name, and the world *must* become what is declared.
//! A defect that a seed found becomes a test of its own in `lessons.rs`: seeds draw other scenarios after a change.
//!
//! The ordinary test run plays a few hundred seeds. For more, or for one again with all its details:
//!
//! ```sh
//! TIDEGATE_SWARM_SEEDS=0..100000 cargo test --release --test it swarm -- --nocapture
//! TIDEGATE_SWARM_SEEDS=4711 cargo test --test it swarm -- --nocapture
//! ```

mod clock;
mod console;
mod diary;
mod environment;
mod happening;
mod scenario;
mod ways_out;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::rig::failures;
use diary::{Diary, Tally};

/// Lived in the ordinary test run: enough that the rarest of what must be met, one scenario in two hundred, is met.
const SEEDS: Range<u64> = 0..600;

/// What the scenarios of the ordinary run must have met: a swarm that meets nothing proves nothing.
const MUST_BE_MET: &[&str] = &[
    "action await-tasks done",
    "action await-tasks failed",
    "action close-gate failed",
    "action end-lost-migration done",
    "action invalidate done",
    "action migrate done",
    "action migrate failed",
    "action migrate will be tried again",
    "action open-gate done",
    "action restore-rollback done",
    "action start-database done",
    "action start-service failed",
    "action stop-database failed",
    "action switch-site done",
    "action take-snapshot failed",
    "beside the migration another container",
    "beside the migration one that cannot be pulled",
    "beside the migration one that is late",
    "beside the migration one that never comes up",
    "blocked Aborted",
    "blocked Backward",
    "blocked FirstContactUnreadable",
    "blocked ForeignCode",
    "blocked GateUnsafe",
    "blocked GivenUp",
    "blocked ImageMissing",
    "blocked LifecycleHook",
    "blocked MigrationFailed",
    "blocked OutcomeUnknown",
    "blocked Placement",
    "blocked SchemaTagLost",
    "blocked ServiceDeleted",
    "blocked StartFailed",
    "blocked Unreadable",
    "happening Console",
    "happening Faults",
    "happening GiveUp",
    "happening Override",
    "happening Person",
    "happening Refuse",
    "happening SetClock",
    "happening TakeLease",
    "lease lost",
    "run converged",
    "run given-up",
    "run held",
    "run observed",
    "run timed-out",
    "the process died",
    "waiting Asleep",
    "waiting Migration",
    "waiting Person",
    "waiting Window",
];

#[test]
fn every_scenario_ends_well() {
    let seeds = wanted();
    let tally = Tally::default();
    let begun = AtomicU64::new(0);
    let failed = failures(&seeds, |seed| {
        let count = begun.fetch_add(1, Ordering::Relaxed);
        if count > 0 && count.is_multiple_of(10_000) {
            println!("{count} of {} seeds", seeds.len());
        }
        scenario::play(*seed, &Diary::closed(&tally)).map_err(|why| told(*seed, &why))
    });
    let tally = tally.lock().unwrap();
    println!("{} scenarios: {tally:#?}", seeds.len());
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    let missed: Vec<_> = MUST_BE_MET.iter().filter(|what| !tally.contains_key(**what)).collect();
    assert!(seeds.len() < SEEDS.count() || missed.is_empty(), "no scenario has met {missed:?}");
}

/// The same scenario again, with its diary open.
fn told(seed: u64, why: &str) -> String {
    let diary = Diary::open();
    let again = scenario::play(seed, &diary);
    let same = again.err().as_deref() == Some(why);
    format!(
        "{}\nseed {seed}: {why}{}\nagain: TIDEGATE_SWARM_SEEDS={seed} cargo test --test it swarm -- --nocapture",
        diary.text(),
        if same { "" } else { "\n(and not so the second time: something here is not deterministic)" }
    )
}

/// From the environment: a seed, or a range `from..to`.
fn wanted() -> Vec<u64> {
    let Ok(text) = std::env::var("TIDEGATE_SWARM_SEEDS") else {
        return SEEDS.collect();
    };
    let number = |text: &str| text.trim().parse::<u64>().expect("TIDEGATE_SWARM_SEEDS: a seed, or from..to");
    match text.split_once("..") {
        Some((from, to)) => (number(from)..number(to)).collect(),
        None => vec![number(&text)],
    }
}
