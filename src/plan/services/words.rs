//! What people are told about a service: how it is, how it will be, why, and what somebody changed.

use super::{Part, differs_beyond};
use crate::cloud::ScalableTarget;
use crate::model::{ContainerName, ImageRef};
use crate::observe::Observed;
use crate::plan::draft::{Draft, Words};
use crate::plan::{NewDefinition, PlanningInput, images};
use crate::spec::AdoptRevision;

impl Part<'_> {
    pub(super) fn words(
        &self,
        changes: &[(&ContainerName, Option<ImageRef>, &ImageRef)],
        definition: Option<&NewDefinition>,
        desired: Option<u32>,
        stopped_before: bool,
    ) -> Words {
        let count = if stopped_before { 0 } else { self.seen.service.desired };
        let mut before: Vec<String> = Vec::new();
        let mut after: Vec<String> = Vec::new();
        for (_, now, wanted) in changes {
            let (now, wanted) = images::labels(now.as_ref(), wanted);
            if !before.contains(&now) || !after.contains(&wanted) {
                before.push(now);
                after.push(wanted);
            }
        }
        if let Some(desired) = desired {
            before.push(tasks_text(count));
            after.push(tasks_text(desired));
        }
        let settles = before.is_empty() && definition.is_none();
        let reason = if self.goal.brings_schema(self.input) {
            "after the migration".to_owned()
        } else if self.input.ledger.release.is_some() && count == 0 {
            "as it was before the release".to_owned()
        } else if settles {
            "until its deployment has settled".to_owned()
        } else if !changes.is_empty() && count > 0 {
            "rolls without downtime".to_owned()
        } else if self.settled {
            "as declared; somebody changed it".to_owned()
        } else if self.spec.after.is_empty() {
            format!("up in {}", self.goal.state)
        } else {
            let names: Vec<&str> = self.spec.after.iter().map(|name| name.as_str()).collect();
            format!("after {}", names.join(", "))
        };
        if settles {
            return Words::new(
                tasks_text(self.seen.service.running),
                tasks_text(self.seen.service.desired),
                reason,
            );
        }
        if before.is_empty() {
            let now = self.seen.definition.short();
            return match self.adopts() {
                true => Words::new(now, self.seen.newest.short(), "adopt_revision: always"),
                false => Words::new(now, "the same again, as a new revision", "its deployment failed"),
            };
        }
        Words::new(before.join(", "), after.join(", "), reason)
    }

    pub(super) fn explain_drift(
        &self,
        changes: &[(&ContainerName, Option<ImageRef>, &ImageRef)],
        desired: Option<u32>,
        scaling: Option<ScalableTarget>,
        draft: &mut Draft,
    ) {
        if let Some(desired) = desired {
            draft.corrects("count", desired.to_string(), self.seen.service.desired.to_string());
        }
        if let Some(wanted) = scaling {
            let text = |target: &ScalableTarget| format!("{}..{}", target.min, target.max);
            let observed = self.seen.scaling.as_ref().map_or("none".to_owned(), text);
            draft.corrects("autoscaling", text(&wanted), observed);
        }
        for (container, now, wanted) in changes {
            // A tag that has moved is nobody's doing.
            if now.as_ref().is_none_or(|now| !images::same_version(now, wanted)) {
                let (now, wanted) = images::labels(now.as_ref(), wanted);
                draft.corrects(&format!("image {container}"), wanted, now);
            }
        }
    }
}

/// A newer revision that nobody asked us to roll.
pub(in crate::plan) fn newer_revisions(input: &PlanningInput, draft: &mut Draft) {
    if input.spec.adopt_revision == AdoptRevision::Always {
        return;
    }
    for (name, seen) in &input.snapshot.services {
        let Observed::Present(seen) = seen else { continue };
        let managed = input.spec.services.get(name).map(|service| service.images.keys());
        let rolls = || draft.actions.iter().any(|action| action.id == format!("service/{name}/roll"));
        if differs_beyond(seen, managed.into_iter().flatten()) && !rolls() {
            draft.drift(name.as_str(), "newest revision", seen.definition.short(), seen.newest.short());
        }
    }
}

/// What runs in the cluster and is nobody's here.
pub(in crate::plan) fn note_unmanaged(input: &PlanningInput, draft: &mut Draft) {
    let names: Vec<String> = input.snapshot.unmanaged.iter().map(|name| format!("`{name}`")).collect();
    if !names.is_empty() {
        draft.note(format!("in the cluster and not declared, left alone: {}", names.join(", ")));
    }
}

pub(super) fn tasks_text(count: u32) -> String {
    if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") }
}
