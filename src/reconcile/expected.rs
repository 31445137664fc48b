//! How long the parts of a release take here, from the runs that are kept. Pure.

use std::time::Duration;

use super::run::{Run, StepReport};
use crate::plan::Expected;

/// The newest of each part that count: enough for a median, few enough to follow what changes.
const SAMPLES: usize = 5;

/// Medians over runs, newest first; what never happened keeps its default.
pub(super) fn from(runs: &[Run]) -> Expected {
    let usual = Expected::default();
    let steps: Vec<&StepReport> = runs.iter().flat_map(|run| &run.steps).collect();
    let median = |word: &str, usual: Duration| {
        let done = steps.iter().filter(|step| step.step == word && step.outcome == "done");
        let mut took: Vec<Duration> = done.map(|step| step.duration()).take(SAMPLES).collect();
        took.sort();
        took.get(took.len() / 2).copied().unwrap_or(usual)
    };
    Expected {
        stop: median("stop-services", usual.stop),
        start_database: median("start-database", usual.start_database),
        snapshot: median("snapshot", usual.snapshot),
        migration: median("migrate", usual.migration),
        start_layer: median("start-services", usual.start_layer),
        checks: median("check", usual.checks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Instant, Revision};

    fn run(word: &str, outcome: &str, seconds: i64) -> Run {
        let at = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        let mut run = Run::begin(&"production".into(), Revision::worktree(), "test", 1, at);
        run.steps.push(StepReport {
            step: word.to_owned(),
            started_at: at,
            finished_at: at + chrono::TimeDelta::seconds(seconds),
            took: None,
            outcome: outcome.to_owned(),
            actions: Vec::new(),
        });
        run
    }

    #[test]
    fn the_middle_of_the_newest_five_good_ones_is_expected() {
        let runs = [
            run("migrate", "failed", 1),
            run("migrate", "done", 40),
            run("migrate", "done", 10),
            run("migrate", "done", 30),
            run("migrate", "done", 20),
            run("migrate", "done", 3000),
            run("migrate", "done", 1),
        ];
        let expected = from(&runs);
        assert_eq!(expected.migration, Duration::from_secs(30));
        assert_eq!(expected.snapshot, Expected::default().snapshot);
    }

    #[test]
    fn a_step_of_the_wall_clock_is_no_time_that_a_step_took() {
        let mut jumped = run("stop-services", "done", 2 * 3600);
        jumped.steps[0].took = Some(Duration::from_secs(60));
        assert_eq!(from(&[jumped]).stop, Duration::from_secs(60));
    }
}
