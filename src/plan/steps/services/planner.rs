//! One service and all that its part of the plan depends on.

use crate::cloud::{Pause, Rollout, ScalableTarget, Suspended};
use crate::observe::ServiceSeen;
use crate::plan::decide::Goal;
use crate::plan::facts::{Facts, ServiceFacts};
use crate::spec::AdoptRevision;

/// Plans one service.
#[derive(Clone, Copy)]
pub(super) struct ServicePlanner<'a> {
    pub facts: &'a Facts<'a>,
    pub goal: &'a Goal,
    /// Every difference in this service is drift.
    pub is_settled: bool,
    /// It is to run the version of the recorded schema, and not the declared one.
    pub is_brought_back: bool,
    pub service: &'a ServiceFacts<'a>,
    pub seen: &'a ServiceSeen,
}

impl<'a> ServicePlanner<'a> {
    /// The tasks that run or that the service asks for, whichever are more.
    pub(super) fn tasks(&self) -> u32 {
        self.seen.service.desired.max(u32::try_from(self.seen.live_tasks()).unwrap_or(u32::MAX))
    }

    /// Whether a release is in progress or on the way.
    pub(super) fn in_release(&self) -> bool {
        self.goal.is_release() || self.facts.ledger.release.is_some()
    }

    /// Whether `adopt_revision: always` rolls the newest revision of the family.
    pub(super) fn adopts(&self) -> bool {
        self.facts.spec.adopt_revision == AdoptRevision::Always && self.service.newest_differs
    }

    pub(super) fn primary_failed(&self) -> bool {
        let mut deployments = self.seen.service.deployments.iter();
        deployments.any(|deployment| deployment.primary && deployment.rollout == Rollout::Failed)
    }

    /// The person that the newest deployment waits for.
    pub(super) fn pause(&self) -> Option<&'a Pause> {
        let mut deployments = self.seen.service.deployments.iter();
        deployments.find(|deployment| deployment.primary)?.paused.as_ref()
    }

    pub(super) fn has_completed_as_deployed(&self) -> bool {
        let mut deployments = self.seen.service.deployments.iter();
        deployments.any(|deployment| {
            deployment.rollout == Rollout::Completed && deployment.definition == self.seen.definition.arn
        })
    }

    /// The number of tasks to ask for; `None` = the count stays.
    pub(super) fn desired(&self, stopped_before: bool) -> Option<u32> {
        let now = if stopped_before { 0 } else { self.seen.service.desired };
        let spec = self.service.spec;
        let wanted = match spec.autoscaling {
            Some(range) if now == 0 => spec.count.max(range.min),
            // While the service is up, any count within the range is Application Auto Scaling's business.
            Some(range) => now.clamp(range.min, range.max),
            None => spec.count,
        };
        (wanted != now).then_some(wanted)
    }

    /// The scalable target as it has to be; `None` = it stays.
    pub(super) fn scaling(&self) -> Option<ScalableTarget> {
        let (range, now) = (self.service.spec.autoscaling?, self.seen.scaling?);
        let suspended = match self.facts.ledger.scaling_borrowed.get(self.service.name) {
            Some(was) => was.suspended,
            // tidegate's own mark, and the journal that knew more is gone: scaling is meant to work.
            None if now.min == 0 && now.suspended == Suspended::ALL => Suspended::NONE,
            None => now.suspended,
        };
        let wanted = ScalableTarget { min: range.min, max: range.max, suspended };
        (wanted != now).then_some(wanted)
    }

    /// A deployment is in progress, or tasks are missing behind a gate that is to be opened or after an operator
    /// asked for a retry: the plan waits for the verdict of the deployment.
    pub(super) fn must_settle(&self, stopped_before: bool) -> bool {
        if stopped_before {
            return true;
        }
        let mut deployments = self.seen.service.deployments.iter();
        let rolling =
            deployments.any(|deployment| deployment.primary && deployment.rollout == Rollout::InProgress);
        let short = self.seen.service.running < self.seen.service.desired;
        let behind_gate = self.goal.opens() && self.facts.gate.is_closed;
        let tried_again = self.facts.ledger.retry.is_some() && !self.seen.is_well();
        rolling || tried_again || (short && (behind_gate || self.in_release()))
    }
}
