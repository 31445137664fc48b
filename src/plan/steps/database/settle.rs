//! The wait after a migration.

use std::time::Duration;

use crate::model::Instant;
use crate::plan::action::{ActionKind, Step};
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::Facts;
use crate::spec::MigrationSpec;

/// The rest of the wait after a migration that is recorded already.
pub(in crate::plan::steps) fn settle_rest(facts: &Facts<'_>, draft: &mut Draft) {
    let (Some(spec), Some(since)) = (&facts.spec.migration, facts.ledger.settling_since) else { return };
    // Another migration follows, and a wait of its own after it.
    if draft.actions.iter().any(|action| action.step == Step::Settle) {
        return;
    }
    // A time in the future is from a machine whose clock was ahead.
    let until = since.min(facts.now) + chrono::TimeDelta::from_std(spec.settle).unwrap_or_default();
    if until > facts.now {
        settle(facts, until, spec, draft);
    }
}

/// Waits until an instant.
pub(super) fn settle(facts: &Facts<'_>, until: Instant, spec: &MigrationSpec, draft: &mut Draft) {
    let left = (until - facts.now).to_std().unwrap_or_default();
    let after = humantime::format_duration(Duration::from_secs(left.as_secs())).to_string();
    draft.act(
        Step::Settle,
        "migration/settle",
        spec.task.as_str(),
        ActionKind::Settle { until },
        Words::new("", after, "before services start"),
    );
}
