//! Services: down, up, to other images, to other counts. Dependents stop first, dependencies start first.

mod words;

use std::collections::BTreeMap;

use words::tasks_text;
pub(super) use words::{newer_revisions, note_unmanaged};

use super::draft::{Draft, Words, blocked};
use super::goal::{Goal, keeps_version, still_wants};
use super::{database, grace, images, preflight, schema};
use crate::cloud::{Controller, Rollback, Rollout, ScalableTarget, Suspended};
use crate::model::{ContainerName, ImageRef, ServiceName, State, Version};
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

pub(super) fn plan(input: &PlanningInput, goal: &Goal, draft: &mut Draft) -> Outlook {
    let mut outlook = Outlook { all_up: true, all_down: true, moves: false };
    if goal.held {
        return Outlook { all_up: false, all_down: false, moves: false };
    }
    let layers = input.spec.layers();
    let depth = layers.len();
    preflight::unreadable_services(input).into_iter().for_each(|problem| draft.block(problem));
    for (layer, names) in layers.iter().enumerate() {
        for name in names {
            let Some(seen) = readable(input, name, draft) else {
                outlook.all_up = false;
                outlook.all_down = false;
                continue;
            };
            let settled = goal.is_settled(&format!("service/{name}"));
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
        Some(Observed::Present(seen)) => {
            draft.block(preflight::unsupported(&seen.service));
            None
        }
        Some(Observed::Unreadable { .. }) => None,
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
        if let (Some(range), None) = (self.spec.autoscaling, &self.seen.scaling) {
            let range = format!("{}..{}", range.min, range.max);
            draft.drift(self.name.as_str(), "autoscaling", range, "no scalable target");
        }
        if stops && self.goal.left_alone.contains(&grace::service(self.name)) {
            draft.drift(self.name.as_str(), "count", "0", self.tasks().to_string());
            outlook.all_down = false;
        } else if stops {
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

    /// Tasks that are there or wanted.
    fn tasks(&self) -> u32 {
        self.seen.service.desired.max(u32::try_from(self.seen.live_tasks()).unwrap_or(u32::MAX))
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
            (false, _) if draft.awake.iter().any(|awake| awake.part == grace::service(self.name)) => {
                "somebody started it while the environment sleeps".to_owned()
            }
            (false, _) => format!("not up in {}", self.goal.state),
        };
        let tasks = self.tasks();
        let kind = ActionKind::StopService { service: self.name.clone(), scaling };
        let words = Words::new(tasks_text(tasks), "0 tasks", reason);
        draft.act(
            Step::StopServices(layer),
            &format!("service/{}/stop", self.name),
            self.name.as_str(),
            kind,
            words,
        );
        if self.settled {
            draft.corrects("count", "0", tasks.to_string());
        }
    }

    /// Whether the service will be up as it should be.
    fn start(&self, layer: u16, stopped_before: bool, draft: &mut Draft) -> bool {
        let follows = self.input.spec.follows_migration(self.spec);
        let is_up = self.seen.service.desired > 0 && !stopped_before;
        let wanted = images::wanted(self.input, &self.spec.images);
        let keys = self.spec.images.values().flat_map(|image| image.keys()).map(|key| key.as_str()).collect();
        let frozen = keeps_version(self.input, self.goal.frozen, keys);
        let misfit = if follows { self.misfit() } else { None };
        // Also where somebody else has started it: a count of ours would make it our doing.
        if frozen && let Some(code) = misfit.as_ref().filter(|_| !is_up || self.goal.recorded.is_some()) {
            self.note_misfit(code, is_up, draft);
            return false;
        }
        if follows && !is_up && self.goal.code_forbidden {
            return false;
        }
        if frozen && self.has_failed_as_deployed() {
            return false;
        }
        // Said where the database is looked at.
        if !is_up && !database::can_be_used(self.input) {
            return false;
        }
        if !frozen && self.is_blocked(&wanted, draft) {
            // Old tasks may go on serving; where none run, nothing is up.
            return is_up && self.seen.service.running > 0;
        }
        if self.input.refresh_images {
            draft.unverified(&wanted.unverified);
        }
        let changes =
            if frozen { Vec::new() } else { images::changes(self.input, self.seen, &wanted.images) };
        let definition = self.definition(&changes, frozen);
        let desired = self.desired(stopped_before);
        let scaling = self.scaling();
        let rolling = self.must_settle(stopped_before);
        // AWS rolls back to what completed last: known to fit only if that is what is deployed.
        let rolls_back_well = misfit.is_none() && self.has_completed_as_deployed();
        let may_roll_back = follows && (definition.is_some() || rolling) && !rolls_back_well;
        let must_stay = may_roll_back || (follows && self.goal.brings_schema(self.input));
        let rollback_off =
            (must_stay && self.seen.service.rollback != Rollback::OFF).then_some(self.seen.service.rollback);
        if definition.is_none() && desired.is_none() && scaling.is_none() && !rolling && !stopped_before {
            return true;
        }
        draft.unverified(&wanted.unverified);
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
        if self.settled {
            self.explain_drift(&changes, desired, scaling, draft);
        }
        true
    }

    /// The deployed code, if it is not known to run on the recorded schema. In doubt it is not.
    fn misfit(&self) -> Option<String> {
        let migration = self.input.spec.migration.as_ref()?;
        let deployed = self.seen.definition.document.images();
        let recorded = self.goal.recorded.as_ref();
        let wanted = self.input.spec.versions.get(&migration.follows);
        let is_allowed = |code: &Version| {
            wanted == Some(code) && recorded.is_some() && migration.allow_schema.as_ref() == recorded
        };
        let fits = |code: &Version| {
            is_allowed(code) || recorded.is_some_and(|recorded| schema::fits(migration, recorded, code))
        };
        let following =
            self.spec.images.iter().filter(|(_, image)| image.keys().contains(&migration.follows));
        for (container, template) in following {
            let written = deployed.get(container).map_or("", |image| image.as_str());
            let written = written.split('@').next().unwrap_or_default();
            let code = template.extract(&migration.follows, &self.input.spec.versions, written);
            if !code.as_ref().is_some_and(fits) {
                return Some(code.map_or_else(|| format!("`{written}`"), |code| code.to_string()));
            }
        }
        None
    }

    fn note_misfit(&self, code: &str, is_up: bool, draft: &mut Draft) {
        let Some(recorded) = &self.goal.recorded else { return };
        let name = self.name;
        let text = match is_up {
            true => format!(
                "`{name}` runs {code}, which is not known to fit the schema {recorded}: it is left as it is"
            ),
            false => format!(
                "`{name}` stays down: it would run {code}, which is not known to fit the schema {recorded}"
            ),
        };
        draft.note(text);
    }

    /// What is deployed has failed to come up, and is not tried again without being asked.
    fn has_failed_as_deployed(&self) -> bool {
        let Some(failed) = self.input.ledger.failed_starts.get(self.name) else { return false };
        if self.seen.is_well() {
            return false;
        }
        let deployed = self.seen.definition.document.images();
        let mut managed = self.spec.images.keys().filter_map(|name| deployed.get(name));
        managed.all(|image| failed.images.iter().any(|other| images::same_version(image, other)))
    }

    fn is_blocked(&self, wanted: &images::WantedImages, draft: &mut Draft) -> bool {
        let (kept, missing) = wanted.missing_beside(self.seen);
        for (image, _) in kept {
            draft.note(format!("`{image}` is gone from its registry; `{}` runs it by its digest", self.name));
        }
        for (image, newest) in &missing {
            draft.block(preflight::missing_image(self.input, image, newest));
        }
        let failed = self.input.ledger.failed_starts.get(self.name);
        if let Some(failed) = failed.filter(|failed| still_wants(self.input, self.name, failed)) {
            let hints = [
                format!("try the same again: tidegate retry {} --reason \"…\"", self.input.spec.name),
                "or set another version in git".to_owned(),
            ];
            let on = images::on(self.input, &self.spec.images);
            let mut message = format!("`{}` did not come up{on}: {}", self.name, failed.why);
            if self.seen.service.running == 0 && self.goal.opens() && super::traffic::is_closed(self.input) {
                message.push_str("\nusers see the maintenance page until it does");
            }
            draft.block(blocked(BlockedReason::StartFailed, message, hints));
            return true;
        }
        // The revision that it would be rolled on, and where its images would go nowhere.
        let nowhere = preflight::missing_containers(self.spec.images.keys(), &self.seen.newest);
        let is_blocked = !missing.is_empty() || !nowhere.is_empty();
        nowhere.into_iter().for_each(|problem| draft.block(problem));
        is_blocked
    }

    fn in_release(&self) -> bool {
        self.goal.is_release() || self.input.ledger.release.is_some()
    }

    /// The template is the newest revision of the family at a version change, else the deployed one.
    fn definition(
        &self,
        changes: &[(&ContainerName, Option<ImageRef>, &ImageRef)],
        frozen: bool,
    ) -> Option<NewDefinition> {
        if changes.is_empty() {
            let adopt = !frozen && self.adopts();
            return (adopt || self.primary_failed()).then(|| NewDefinition {
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

    fn adopts(&self) -> bool {
        self.input.spec.adopt_revision == AdoptRevision::Always
            && differs_beyond(self.seen, self.spec.images.keys())
    }

    /// The images that run, for a template that brings others along.
    fn images_kept(&self) -> BTreeMap<ContainerName, ImageRef> {
        let deployed = self.seen.definition.document.images();
        self.spec.images.keys().filter_map(|name| Some((name.clone(), deployed.get(name)?.clone()))).collect()
    }

    fn primary_failed(&self) -> bool {
        let mut deployments = self.seen.service.deployments.iter();
        deployments.any(|deployment| deployment.primary && deployment.rollout == Rollout::Failed)
    }

    fn has_completed_as_deployed(&self) -> bool {
        let mut deployments = self.seen.service.deployments.iter();
        deployments.any(|deployment| {
            deployment.rollout == Rollout::Completed && deployment.definition == self.seen.definition.arn
        })
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

    /// A deployment is under way, or tasks are missing behind a gate that is to be opened or after a person asked
    /// for another try: its end decides.
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
        let tried_again = self.input.ledger.retry.is_some() && !self.seen.is_well();
        rolling || tried_again || (short && (behind_gate || self.in_release()))
    }
}

/// Whether the family's newest revision says something else than the deployed one, images that are managed left
/// out: those are put in at every roll.
fn differs_beyond<'a>(seen: &ServiceSeen, managed: impl Iterator<Item = &'a ContainerName>) -> bool {
    if seen.newest.revision <= seen.definition.revision {
        return false;
    }
    let deployed = seen.definition.document.images();
    let kept = managed.filter_map(|name| Some((name.clone(), deployed.get(name)?.clone()))).collect();
    seen.newest.document.with_images(&kept).fingerprint() != seen.definition.document.fingerprint()
}
