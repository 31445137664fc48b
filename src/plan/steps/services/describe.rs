//! How a service is, how it will be, why, and which fields were changed outside tidegate: in words.

use super::planner::ServicePlanner;
use crate::cloud::ScalableTarget;
use crate::plan::action::NewDefinition;
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::ImageChange;

/// The words of a start, a roll or a change of the count.
pub(super) fn words(
    planner: &ServicePlanner<'_>,
    changes: &[ImageChange],
    definition: Option<&NewDefinition>,
    desired: Option<u32>,
    stopped_before: bool,
) -> Words {
    let seen = planner.seen;
    let count = if stopped_before { 0 } else { seen.service.desired };
    let (mut before, mut after) = image_labels(changes);
    if let Some(desired) = desired {
        before.push(tasks_text(count));
        after.push(tasks_text(desired));
    }
    let only_settles = before.is_empty() && definition.is_none();
    let reason = reason(planner, !changes.is_empty(), count, only_settles);
    if only_settles {
        return Words::new(tasks_text(seen.service.running), tasks_text(seen.service.desired), reason);
    }
    if before.is_empty() {
        let now = seen.definition.short();
        return match planner.adopts() {
            true => Words::new(now, seen.newest.short(), "adopt_revision: always"),
            false => Words::new(now, "a new revision with the same images", "the previous deployment failed"),
        };
    }
    Words::new(before.join(", "), after.join(", "), reason)
}

/// The old and the new images; equal pairs of several containers once.
fn image_labels(changes: &[ImageChange]) -> (Vec<String>, Vec<String>) {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for change in changes {
        let (now, wanted) = change.labels();
        if !before.contains(&now) || !after.contains(&wanted) {
            before.push(now);
            after.push(wanted);
        }
    }
    (before, after)
}

fn reason(planner: &ServicePlanner<'_>, changes_images: bool, count: u32, only_settles: bool) -> String {
    let spec = planner.service.spec;
    if planner.goal.brings_schema(planner.facts) {
        "after the migration".to_owned()
    } else if planner.facts.ledger.release.is_some() && count == 0 {
        "as it was before the release".to_owned()
    } else if only_settles {
        "until its deployment has settled".to_owned()
    } else if changes_images && count > 0 {
        "rolls without downtime".to_owned()
    } else if planner.is_settled {
        "as declared; it was changed outside tidegate".to_owned()
    } else if spec.after.is_empty() {
        format!("up in {}", planner.goal.state)
    } else {
        let names: Vec<&str> = spec.after.iter().map(|name| name.as_str()).collect();
        format!("after {}", names.join(", "))
    }
}

/// Marks the newest action as a correction, field by field.
pub(super) fn drift(
    planner: &ServicePlanner<'_>,
    changes: &[ImageChange],
    desired: Option<u32>,
    scaling: Option<ScalableTarget>,
    draft: &mut Draft,
) {
    let seen = planner.seen;
    if let Some(desired) = desired {
        draft.corrects("count", desired.to_string(), seen.service.desired.to_string());
    }
    if let Some(wanted) = scaling {
        let text = |target: &ScalableTarget| format!("{}..{}", target.min, target.max);
        let observed = seen.scaling.as_ref().map_or("none".to_owned(), text);
        draft.corrects("autoscaling", text(&wanted), observed);
    }
    // A moving tag that means another digest now is no drift.
    for change in changes.iter().filter(|change| change.changes_version()) {
        let (now, wanted) = change.labels();
        draft.corrects(&format!("image {}", change.container), wanted, now);
    }
}

pub(super) fn tasks_text(count: u32) -> String {
    if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") }
}
