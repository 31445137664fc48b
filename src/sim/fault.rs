//! Faults between tidegate and the cloud: refused, lost and slow calls, and stale answers. Faults *inside* the cloud
//! (broken images, failing migrations) are in the world's script.
//!
//! A plan is drawn from one seed and draws for each call in the order of calls, so a history repeats. It can
//! be healed: from then on there are no faults, and tests demand convergence.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;

use super::rng::Dice;
use crate::cloud::Kind;
use crate::model::Instant;

/// Probabilities for each call, and durations. The default is a cloud without faults.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultOptions {
    /// The call is refused: too many calls.
    pub throttled: f64,
    /// The call is refused: the service is away.
    pub unavailable: f64,
    /// The operation is refused from now on, for [`FaultOptions::denied_seconds`].
    pub denied: f64,
    /// Seconds for which an operation stays refused.
    pub denied_seconds: u32,
    /// A write is carried out, and its answer is lost.
    pub answer_lost: f64,
    /// A read returns its previous answer, if that is at most [`FaultOptions::stale_seconds`] old.
    pub stale: f64,
    /// ECS and RDS are eventually consistent, over seconds.
    pub stale_seconds: u32,
    /// Calls take up to this long.
    pub latency_max: Duration,
}

/// Whether a call may change the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A read.
    Read,
    /// A write: an effect.
    Write,
}

/// Decides about the faults of each call.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    options: FaultOptions,
    dice: Dice,
    denied_until: BTreeMap<&'static str, Instant>,
    is_everything_denied: bool,
    scripted: Vec<Scripted>,
}

#[derive(Clone, Debug)]
struct Scripted {
    operation: &'static str,
    skip: u32,
    times: u32,
    kind: Kind,
    code: Option<&'static str>,
}

/// The faults of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Verdict {
    pub(super) latency: Duration,
    pub(super) refused: Option<(Kind, Option<&'static str>)>,
    pub(super) answer_lost: bool,
    /// The oldest previous answer that may be given again.
    pub(super) stale: Option<TimeDelta>,
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self::new(0, FaultOptions::default())
    }
}

impl FaultPlan {
    /// A plan with these probabilities.
    pub fn new(seed: u64, options: FaultOptions) -> Self {
        Self {
            options,
            dice: Dice::new(seed),
            denied_until: BTreeMap::new(),
            is_everything_denied: false,
            scripted: Vec::new(),
        }
    }

    /// Draws which kinds of fault this seed has, and how often they come. Some seeds have none.
    pub fn drawn(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        // Rates are drawn squared: most seeds disturb a little, a few disturb a lot.
        let mut rate = |worst: f64| if dice.chance(0.5) { dice.share().powi(2) * worst } else { 0.0 };
        let (throttled, unavailable) = (rate(0.15), rate(0.10));
        // A denial lasts minutes, so it must be rare per call.
        let (denied, answer_lost, stale) = (rate(0.004), rate(0.15), rate(0.30));
        let options = FaultOptions {
            throttled,
            unavailable,
            denied,
            denied_seconds: 30 + u32::try_from(dice.below(150)).expect("below 150"),
            answer_lost,
            stale,
            stale_seconds: 1 + u32::try_from(dice.below(9)).expect("below 9"),
            latency_max: Duration::from_millis(if dice.chance(0.5) { dice.below(3000) } else { 0 }),
        };
        Self { dice, ..Self::new(seed, options) }
    }

    /// The probabilities, for the message of a failed test.
    pub fn options(&self) -> FaultOptions {
        self.options
    }

    /// The next `times` calls of `operation` (`ecs:UpdateService`) end in `kind`. [`Kind::AnswerLost`] means
    /// carried out and not answered; every other kind means not carried out.
    pub fn script(&mut self, operation: &'static str, times: u32, kind: Kind) {
        self.script_later(operation, 0, times, kind);
    }

    /// The same, after `skip` calls have gone well.
    pub fn script_later(&mut self, operation: &'static str, skip: u32, times: u32, kind: Kind) {
        self.scripted.push(Scripted { operation, skip, times, kind, code: None });
    }

    /// The next `times` calls of `operation` are refused with AWS's own error code.
    pub fn refuse(&mut self, operation: &'static str, times: u32, kind: Kind, code: &'static str) {
        self.scripted.push(Scripted { operation, skip: 0, times, kind, code: Some(code) });
    }

    /// Every request is refused, or no longer: AWS refuses the signatures of a machine whose clock is minutes off.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>
    pub fn deny_everything(&mut self, denied: bool) {
        self.is_everything_denied = denied;
    }

    /// No faults from now on.
    pub fn heal(&mut self) {
        self.options = FaultOptions::default();
        self.denied_until.clear();
        self.is_everything_denied = false;
        self.scripted.clear();
    }

    pub(super) fn judge(&mut self, operation: &'static str, call: Call, now: Instant) -> Verdict {
        if let Some((kind, code)) = self.scripted_for(operation) {
            let lost = kind == Kind::AnswerLost && call == Call::Write;
            let refused = (!lost).then_some((kind, code));
            return Verdict { refused, answer_lost: lost, ..Verdict::default() };
        }
        if self.is_everything_denied {
            return Verdict { refused: Some((Kind::Credentials, None)), ..Verdict::default() };
        }
        let options = self.options;
        if options == FaultOptions::default() {
            return Verdict::default();
        }
        let dice = &mut self.dice;
        let latency = options.latency_max.mul_f64(dice.share());
        if dice.chance(options.denied) {
            let until = now + TimeDelta::seconds(i64::from(options.denied_seconds));
            self.denied_until.insert(operation, until);
        }
        let refused = if self.denied_until.get(operation).is_some_and(|until| now < *until) {
            Some(Kind::AccessDenied)
        } else if dice.chance(options.throttled) {
            Some(Kind::Throttled)
        } else if dice.chance(options.unavailable) {
            Some(Kind::Unavailable)
        } else {
            None
        };
        Verdict {
            latency,
            refused: refused.map(|kind| (kind, None)),
            answer_lost: call == Call::Write && dice.chance(options.answer_lost),
            stale: (call == Call::Read && dice.chance(options.stale))
                .then(|| TimeDelta::seconds(i64::from(options.stale_seconds))),
        }
    }

    /// Whether previous answers must be kept at all.
    pub(super) fn remembers(&self) -> bool {
        self.options.stale > 0.0
    }

    fn scripted_for(&mut self, operation: &str) -> Option<(Kind, Option<&'static str>)> {
        let index = self.scripted.iter().position(|scripted| scripted.operation == operation)?;
        let scripted = &mut self.scripted[index];
        if scripted.skip > 0 {
            scripted.skip -= 1;
            return None;
        }
        let refused = (scripted.kind, scripted.code);
        scripted.times = scripted.times.saturating_sub(1);
        if scripted.times == 0 {
            self.scripted.remove(index);
        }
        Some(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(plan: &mut FaultPlan) -> Vec<Verdict> {
        (0..200).map(|_| plan.judge("ecs:UpdateService", Call::Write, Instant::UNIX_EPOCH)).collect()
    }

    #[test]
    fn a_seed_repeats_itself_and_heals() {
        let (mut one, mut two) = (FaultPlan::drawn(5), FaultPlan::drawn(5));
        assert_eq!(verdicts(&mut one), verdicts(&mut two));
        one.heal();
        assert!(verdicts(&mut one).iter().all(|verdict| *verdict == Verdict::default()));
    }

    #[test]
    fn seeds_differ_in_kind() {
        let kinds: std::collections::BTreeSet<_> = (0..200)
            .map(|seed| FaultPlan::drawn(seed).options())
            .map(|o| (o.throttled > 0.0, o.denied > 0.0, o.answer_lost > 0.0, o.stale > 0.0))
            .collect();
        assert_eq!(kinds.len(), 16, "every combination of kinds is drawn");
    }

    #[test]
    fn scripted_faults_come_in_their_place() {
        let mut plan = FaultPlan::default();
        plan.script_later("ecs:RunTask", 1, 1, Kind::AnswerLost);
        let mut judge = || plan.judge("ecs:RunTask", Call::Write, Instant::UNIX_EPOCH).answer_lost;
        assert_eq!([judge(), judge(), judge()], [false, true, false]);
    }
}
