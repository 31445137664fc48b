//! Two waits for time itself: until requests have run out, and after a migration.

use std::time::Duration;

use super::context::ActionContext;
use super::error::ActionError;
use crate::clock::Monotonic;
use crate::cloud::RuleAction;
use crate::gate;
use crate::model::Instant;
use crate::store::journal::Event;

/// Requests a minute in a target group that still count as none: a few people with the header, or a monitor.
const REQUESTS_PER_GROUP_MAX: f64 = 5.0;
/// No declared wait is longer; the instant that ends it comes with the action.
const WAIT_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// Waits until requests of gated target groups have run out: at least `until`, at most `at_most_until`.
pub(super) async fn drain(
    context: &ActionContext<'_>,
    id: &str,
    until: Instant,
    at_most_until: Instant,
) -> Result<(), ActionError> {
    // The calendar's times as they are now; from here on a clock that is set changes nothing.
    let (until, at_most_until) = (monotonic(context, until), monotonic(context, at_most_until));
    let mut wait = context.wait(id, "requests to run out", WAIT_MAX);
    wait.until(until, "draining").await?;
    // Metrics are a courtesy: without them, or without their groups, only time counts.
    let groups = gated_groups(context).await.unwrap_or_default();
    while !groups.is_empty() && context.clock.monotonic() < at_most_until {
        let Ok(Some(requests)) = context.read(|| context.cloud.requests_last_minute(&groups)).await else {
            break;
        };
        let most = REQUESTS_PER_GROUP_MAX * f64::from(u32::try_from(groups.len()).unwrap_or(u32::MAX));
        if requests <= most {
            break;
        }
        wait.pause(&format!("{requests:.0} requests in the last minute")).await?;
    }
    // Before anything stops: a function takes a while to reach every edge.
    super::gate::verify(context, id).await?;
    context.record(Event::Drained)
}

/// Waits after a migration.
pub(super) async fn settle(context: &ActionContext<'_>, id: &str, until: Instant) -> Result<(), ActionError> {
    let until = monotonic(context, until);
    context.wait(id, "the database to settle", WAIT_MAX).until(until, "settling").await?;
    context.record(Event::Settled)
}

/// The monotonic time at which the wall clock shows `at`, unless it is set meanwhile.
fn monotonic(context: &ActionContext<'_>, at: Instant) -> Monotonic {
    context.clock.monotonic() + (at - context.clock.now()).to_std().unwrap_or_default()
}

/// Target groups that only gated rules forward to: what open rules lead to keeps its traffic.
async fn gated_groups(context: &ActionContext<'_>) -> Result<Vec<String>, ActionError> {
    let Some(target) = &context.maintenance()?.load_balancer else { return Ok(Vec::new()) };
    let Some(listener) = context.read(|| context.cloud.listener(target)).await? else {
        return Ok(Vec::new());
    };
    let groups_of = |closed: bool| {
        let rules = listener.rules.iter().filter(move |rule| gate::is_ours(rule) == closed);
        rules.flat_map(|rule| match &rule.action {
            RuleAction::Forward(groups) | RuleAction::Other(groups) => groups.as_slice(),
            RuleAction::Redirect | RuleAction::Fixed => &[],
        })
    };
    let mut groups: Vec<String> = groups_of(true).cloned().collect();
    groups.sort();
    groups.dedup();
    groups.retain(|group| groups_of(false).all(|open| open != group));
    Ok(groups)
}
