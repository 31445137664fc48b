//! Services: down, up, to other images, to other counts. Dependents stop first, dependencies start first.

use std::collections::BTreeMap;

use super::draft::{Draft, Words, blocked, unreadable};
use super::goal::{Goal, Work, keeps_version, still_wants};
use super::{images, preflight};
use crate::cloud::{Controller, Rollback, Rollout, ScalableTarget, Suspended};
use crate::model::{ContainerName, ImageRef, ServiceName, State};
use crate::observe::{Observed, ServiceSeen};
use crate::plan::{ActionKind, BlockedReason, NewDefinition, PlanningInput, StartService, Step};
use crate::spec::{AdoptRevision, ServiceSpec};

/// What the services' part of the plan means for the rest of it.
#[derive(Debug)]
pub(super) struct Outlook {
    /// Everything that should be up will be: the gate may open.
    pub all_up: bool,
    /// Everything that should be down will be, and can be seen to be.
    pub all_down: bool,
    /// Some service is stopped or started, or will be.
    pub moves: bool,
}

pub(super) fn plan(input: &PlanningInput, goal: &Goal, settled: bool, draft: &mut Draft) -> Outlook {
    let mut outlook = Outlook { all_up: true, all_down: true, moves: false };
    if goal.held {
        return Outlook { all_up: false, all_down: false, moves: false };
    }
    let layers = input.spec.layers();
    let depth = layers.len();
    for (layer, names) in layers.iter().enumerate() {
        for name in names {
            let Some(seen) = readable(input, name, draft) else {
                outlook.all_up = false;
                outlook.all_down = false;
                continue;
            };
            let part = Part { input, goal, settled, name, spec: &input.spec.services[name], seen };
            let before = draft.actions.len();
            part.plan((layer, depth), draft, &mut outlook);
            outlook.moves |= draft.actions.len() > before;
        }
    }
    outlook
}

fn readable<'a>(input: &'a PlanningInput, name: &ServiceName, draft: &mut Draft) -> Option<&'a ServiceSeen> {
    match input.snapshot.services.get(name) {
        Some(Observed::Present(seen)) if seen.service.controller == Controller::Ecs => Some(seen),
        Some(Observed::Present(_)) => {
            draft.block(preflight::unsupported(name.as_str()));
            None
        }
        Some(Observed::Unreadable { why }) => {
            draft.block(unreadable(&format!("service `{name}`"), why));
            None
        }
        Some(Observed::Absent) | None => {
            draft.block(preflight::missing_service(input, name.as_str()));
            None
        }
    }
}

struct Part<'a> {
    input: &'a PlanningInput,
    goal: &'a Goal,
    settled: bool,
    name: &'a ServiceName,
    spec: &'a ServiceSpec,
    seen: &'a ServiceSeen,
}

impl Part<'_> {
    fn plan(&self, (layer, depth): (usize, usize), draft: &mut Draft, outlook: &mut Outlook) {
        let up = self.input.spec.is_up_in(self.spec, self.goal.state);
        let stops = !up || (self.goal.is_release() && !self.input.spec.is_up_in(self.spec, State::DbOnly));
        if self.seen.scaling.is_some() && self.spec.autoscaling.is_none() {
            draft.block(preflight::undeclared_autoscaling(self.name.as_str()));
            outlook.all_up = false;
            outlook.all_down = false;
            return;
        }
        if stops {
            self.stop(u16::try_from(depth - 1 - layer).unwrap_or(u16::MAX), up, draft);
        }
        if up && !self.start(u16::try_from(layer).unwrap_or(u16::MAX), stops, draft) {
            outlook.all_up = false;
        }
    }

    fn is_down(&self) -> bool {
        let scaling =
            self.seen.scaling.is_none_or(|scaling| scaling.min == 0 && scaling.suspended == Suspended::ALL);
        self.seen.service.desired == 0 && self.seen.live_tasks() == 0 && scaling
    }

    fn stop(&self, layer: u16, again: bool, draft: &mut Draft) {
        if self.is_down() {
            return;
        }
        let scaling =
            self.seen.scaling.filter(|scaling| scaling.min > 0 || scaling.suspended != Suspended::ALL);
        let reason = match (self.goal.is_release(), again) {
            (true, _) => "before the migration".to_owned(),
            (false, _) if !self.input.spec.is_deployed(self.spec) => {
                "its version is empty: not deployed".to_owned()
            }
            (false, _) => format!("not up in {}", self.goal.state),
        };
        let tasks = self.seen.service.desired.max(u32::try_from(self.seen.live_tasks()).unwrap_or(u32::MAX));
        let kind = ActionKind::StopService { service: self.name.clone(), scaling };
        let words = Words::new(tasks_text(tasks), "0 tasks", reason);
        draft.act(
            Step::StopServices(layer),
            &format!("service/{}/stop", self.name),
            self.name.as_str(),
            kind,
            words,
        );
        if self.settled && !self.goal.is_release() {
            draft.corrects("count", "0", tasks.to_string());
        }
    }

    /// Whether the service will be up as it should be.
    fn start(&self, layer: u16, stopped_before: bool, draft: &mut Draft) -> bool {
        let follows = self.input.spec.follows_migration(self.spec);
        let is_up = self.seen.service.desired > 0 && !stopped_before;
        if follows && self.goal.code_forbidden && !is_up {
            return false;
        }
        let wanted = images::wanted(self.input, &self.spec.images);
        let keys = self.spec.images.values().flat_map(|image| image.keys()).map(|key| key.as_str()).collect();
        let frozen = keeps_version(self.input, self.goal.frozen, keys);
        if !frozen && self.is_blocked(&wanted, draft) {
            return is_up;
        }
        let changes =
            if frozen { Vec::new() } else { images::changes(self.input, self.seen, &wanted.images) };
        let definition = self.definition(&changes, frozen);
        let desired = self.desired(stopped_before);
        let scaling = self.scaling();
        if follows && !is_up && !self.may_meet_the_schema(definition.as_ref(), draft) {
            return false;
        }
        let rolling = self.must_settle(stopped_before);
        let must_stay = follows && (self.in_release() || !self.completed_code_fits());
        let rollback_off =
            (must_stay && self.seen.service.rollback != Rollback::OFF).then_some(self.seen.service.rollback);
        if definition.is_none() && desired.is_none() && scaling.is_none() && !rolling && !stopped_before {
            return true;
        }
        for (image, why) in &wanted.unverified {
            draft.notes.push(format!("unverified: `{image}` could not be looked up: {why}"));
        }
        let words = self.words(&changes, definition.as_ref(), desired, stopped_before);
        let verb = if definition.is_some() { "roll" } else { "start" };
        let start = StartService {
            service: self.name.clone(),
            definition,
            desired,
            scaling,
            rollback_off,
            follows_migration: follows,
        };
        let id = format!("service/{}/{verb}", self.name);
        draft.act(
            Step::StartServices(layer),
            &id,
            self.name.as_str(),
            ActionKind::StartService(start),
            words,
        );
        if self.settled && !self.goal.is_release() {
            self.explain_drift(&changes, desired, scaling, draft);
        }
        true
    }

    fn is_blocked(&self, wanted: &images::Wanted, draft: &mut Draft) -> bool {
        for (image, newest) in &wanted.missing {
            draft.block(preflight::missing_image(self.input, image, newest));
        }
        let failed = self.input.ledger.failed_starts.get(self.name);
        if let Some(failed) = failed.filter(|failed| still_wants(self.input, self.name, failed)) {
            let images = failed.images.iter().map(images::label).collect::<Vec<_>>().join(", ");
            let hints = [
                format!("try the same again: tidegate retry {} --reason \"…\"", self.input.spec.name),
                "or set another version in git".to_owned(),
            ];
            let message = format!("`{}` did not come up on {images}: {}", self.name, failed.why);
            draft.block(blocked(BlockedReason::StartFailed, message, hints));
            return true;
        }
        !wanted.missing.is_empty()
    }

    fn in_release(&self) -> bool {
        self.goal.is_release() || self.input.ledger.release.is_some()
    }

    /// A service that is down is only started on code that fits the schema it will find.
    fn may_meet_the_schema(&self, definition: Option<&NewDefinition>, draft: &mut Draft) -> bool {
        let Some(migration) = &self.input.spec.migration else { return true };
        let schema = match &self.goal.migration {
            Some(Work::Run { to, .. }) => Some(to.clone()),
            Some(Work::Watch(flight)) => Some(flight.attempt.to.clone()),
            None => super::schema::known(self.input),
        };
        let mut images = self.seen.definition.document.images();
        images.extend(definition.into_iter().flat_map(|new| new.images.clone()));
        let code = images::code_version(self.input, self.spec, &images);
        let (Some(schema), Some(code)) = (schema, code) else { return true };
        let is_allowed = migration.allow_schema.as_ref() == Some(&schema)
            && self.input.spec.versions.get(&migration.follows) == Some(&code);
        if is_allowed || super::schema::fits(migration, &code, &schema) {
            return true;
        }
        let message = format!(
            "`{}` would start on {code}, and the schema is at {schema}: it stays down until its code fits",
            self.name
        );
        let hint = format!(
            "set `versions.{}` to a version whose images exist, {schema} or newer",
            migration.follows
        );
        draft.block(blocked(BlockedReason::Backward, message, [hint]));
        false
    }

    /// AWS rolls back to the last deployment that completed: only code that fits the recorded schema may be
    /// what it finds there. Which one completed last is only certain while that is the present one.
    fn completed_code_fits(&self) -> bool {
        let Some(migration) = &self.input.spec.migration else { return true };
        let Some(schema) = super::schema::recorded(self.input) else { return false };
        let completed = self
            .seen
            .service
            .deployments
            .iter()
            .any(|deployment| deployment.primary && deployment.rollout == Rollout::Completed);
        let code = images::code_version(self.input, self.spec, &self.seen.definition.document.images());
        completed && code.is_some_and(|code| super::schema::fits(migration, &code, &schema))
    }

    /// The template is the newest revision of the family at a version change, else the deployed one.
    fn definition(
        &self,
        changes: &[(&ContainerName, Option<ImageRef>, &ImageRef)],
        frozen: bool,
    ) -> Option<NewDefinition> {
        let newer = self.seen.newest.revision > self.seen.definition.revision;
        if changes.is_empty() {
            let adopt = newer && !frozen && self.input.spec.adopt_revision == AdoptRevision::Always;
            let failed = self.primary_failed();
            return (adopt || failed).then(|| NewDefinition {
                template: if adopt { self.seen.newest.arn.clone() } else { self.seen.definition.arn.clone() },
                images: if adopt { self.images_kept() } else { BTreeMap::new() },
            });
        }
        let version_changes = changes
            .iter()
            .any(|(_, now, wanted)| now.as_ref().is_none_or(|now| !images::same_version(now, wanted)));
        let template = if version_changes { &self.seen.newest } else { &self.seen.definition };
        let wanted = images::wanted(self.input, &self.spec.images).images;
        Some(NewDefinition { template: template.arn.clone(), images: wanted })
    }

    /// The images that run, for a template that brings others along.
    fn images_kept(&self) -> BTreeMap<ContainerName, ImageRef> {
        let deployed = self.seen.definition.document.images();
        self.spec.images.keys().filter_map(|name| Some((name.clone(), deployed.get(name)?.clone()))).collect()
    }

    fn primary_failed(&self) -> bool {
        self.seen
            .service
            .deployments
            .iter()
            .any(|deployment| deployment.primary && deployment.rollout == Rollout::Failed)
    }

    fn desired(&self, stopped_before: bool) -> Option<u32> {
        let now = if stopped_before { 0 } else { self.seen.service.desired };
        let wanted = match self.spec.autoscaling {
            Some(range) if now == 0 => self.spec.count.max(range.min),
            // While up, any count within the range is the autoscaler's business.
            Some(range) => now.clamp(range.min, range.max),
            None => self.spec.count,
        };
        (wanted != now).then_some(wanted)
    }

    /// The scalable target as it has to be, if it is not.
    fn scaling(&self) -> Option<ScalableTarget> {
        let (range, now) = (self.spec.autoscaling?, self.seen.scaling?);
        let suspended = match self.input.ledger.scaling_borrowed.get(self.name) {
            Some(was) => was.suspended,
            // Our own mark, and the journal that knew more is gone: scaling is meant to work.
            None if now.min == 0 && now.suspended == Suspended::ALL => Suspended::NONE,
            None => now.suspended,
        };
        let wanted = ScalableTarget { min: range.min, max: range.max, suspended };
        (wanted != now).then_some(wanted)
    }

    /// A deployment is under way, or tasks are missing behind a gate that is to be opened: its end decides.
    fn must_settle(&self, stopped_before: bool) -> bool {
        if stopped_before {
            return true;
        }
        let rolling = self
            .seen
            .service
            .deployments
            .iter()
            .any(|deployment| deployment.primary && deployment.rollout == Rollout::InProgress);
        let short = self.seen.service.running < self.seen.service.desired;
        let behind_gate = self.goal.opens() && super::traffic::is_closed(self.input);
        rolling || (short && (behind_gate || self.in_release()))
    }

    fn words(
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
            let (now, wanted) =
                (now.as_ref().map_or("none".to_owned(), images::label), images::label(wanted));
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
        let reason = if self.goal.is_release() || self.input.ledger.release.is_some() {
            "after the migration".to_owned()
        } else if settles {
            "until its deployment has settled".to_owned()
        } else if !changes.is_empty() && count > 0 {
            "rolls without downtime".to_owned()
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
            return Words::new(self.seen.definition.short(), "a new revision", reason);
        }
        Words::new(before.join(", "), after.join(", "), reason)
    }

    fn explain_drift(
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
            let now = now.as_ref().map_or("none".to_owned(), images::label);
            draft.corrects(&format!("image {container}"), images::label(wanted), now);
        }
    }
}

/// A newer revision that nobody asked us to roll.
pub(super) fn newer_revisions(input: &PlanningInput, draft: &mut Draft) {
    if input.spec.adopt_revision == AdoptRevision::Always {
        return;
    }
    for (name, seen) in &input.snapshot.services {
        let Observed::Present(seen) = seen else { continue };
        let differs = || seen.newest.document.fingerprint() != seen.definition.document.fingerprint();
        let rolls = || draft.actions.iter().any(|action| action.id == format!("service/{name}/roll"));
        if seen.newest.revision > seen.definition.revision && !rolls() && differs() {
            draft.drift(name.as_str(), "revision", seen.definition.short(), seen.newest.short());
        }
    }
}

fn tasks_text(count: u32) -> String {
    if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") }
}
