//! How long a start may take unless `start_within` says so: by the size of the service and its grace period.

use std::time::Duration;

use crate::cloud::{Pace, Service, Strategy};

/// Image pull, start, health checks and the drain of the old tasks take minutes; ECS itself may need ten to
/// call a deployment failed when each task dies late.
const BASE: Duration = Duration::from_secs(15 * 60);
/// Tasks that start in a minute: a cautious guess. Fargate starts up to 500 a minute for a service; network interfaces,
/// image pulls and registrations of a busy account take longer.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html>
const TASKS_A_MINUTE: u32 = 10;
/// Between two waves: five minutes of deregistration (the default) and two of `stopTimeout` (Fargate's most).
const BETWEEN_WAVES: Duration = Duration::from_secs(7 * 60);
const MINUTE: Duration = Duration::from_secs(60);
/// As the longest `start_within`.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// `15m + 1m for each ten tasks + grace period × waves + 7m × (waves − 1) + every bake time`, at most a day.
///
/// `wanted` tasks are asked for; `before` is the service as it was then. A wave is as many tasks as
/// `minimumHealthyPercent` and `maximumPercent` let ECS replace at once. Where no task runs, everything starts at once.
pub(super) fn by_size(before: &Service, wanted: u32) -> Duration {
    let waves = if before.running == 0 { 1 } else { waves(before.pace, wanted) };
    let grace = Duration::from_secs(before.pace.grace_seconds.into());
    let bakes = match before.strategy {
        Strategy::Rolling => Duration::ZERO,
        Strategy::Shifting { bake_minutes } => MINUTE.saturating_mul(bake_minutes),
    };
    let parts = [
        MINUTE.saturating_mul(wanted / TASKS_A_MINUTE),
        grace.saturating_mul(waves),
        BETWEEN_WAVES.saturating_mul(waves - 1),
        bakes,
    ];
    parts.into_iter().fold(BASE, Duration::saturating_add).min(LONGEST)
}

/// At least one: a wave replaces at least one task.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html>
fn waves(pace: Pace, tasks: u32) -> u32 {
    let tasks = u64::from(tasks.max(1));
    let most = tasks * u64::from(pace.maximum_percent) / 100;
    let least = (tasks * u64::from(pace.minimum_percent)).div_ceil(100);
    let wave = most.saturating_sub(least).clamp(1, tasks);
    u32::try_from(tasks.div_ceil(wave)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::verdict::tests::service;

    fn minutes(running: u32, wanted: u32, strategy: Strategy, pace: (u32, u32, u32)) -> u64 {
        let (grace_seconds, minimum_percent, maximum_percent) = pace;
        let pace = Pace { grace_seconds, minimum_percent, maximum_percent };
        by_size(&Service { running, strategy, pace, ..service() }, wanted).as_secs() / 60
    }

    #[test]
    fn a_start_may_take_as_long_as_its_service_needs() {
        let rolling = Strategy::Rolling;
        for (running, wanted, strategy, pace, expected, why) in [
            (0, 1, rolling, (0, 100, 200), 15, "one task, from nothing"),
            (2, 2, rolling, (0, 100, 200), 15, "two tasks in one wave"),
            (
                200,
                200,
                rolling,
                (300, 100, 200),
                40,
                "200 tasks in one wave, each with five minutes of grace",
            ),
            (0, 200, rolling, (300, 0, 100), 40, "from nothing there is one wave, whatever the percentages"),
            (4, 4, rolling, (60, 50, 100), 24, "two waves of two"),
            (4, 4, rolling, (0, 100, 125), 36, "four waves of one"),
            (
                1,
                1,
                rolling,
                (0, 100, 100),
                15,
                "no room at all: ECS refuses such percentages, and the formula ends",
            ),
            (2, 2, Strategy::Shifting { bake_minutes: 30 }, (0, 100, 200), 45, "both sets bake"),
            (5000, 5000, rolling, (600, 100, 101), 24 * 60, "never more than a day"),
            (0, u32::MAX, rolling, (u32::MAX, u32::MAX, u32::MAX), 24 * 60, "no number overflows"),
        ] {
            assert_eq!(minutes(running, wanted, strategy, pace), expected, "{why}");
        }
    }
}
