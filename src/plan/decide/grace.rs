//! What was started outside tidegate while the environment sleeps: it is reported, keeps running for a while, and is
//! then stopped.
//!
//! An operator who needs the environment at night should learn how to keep it up, instead of fighting tidegate. The
//! gate and the schema have no grace, and neither has a database that AWS has started by itself.

use std::collections::BTreeSet;

use super::goal::Goal;
use crate::model::State;
use crate::plan::facts::{DATABASE, Facts};
use crate::plan::report::{Awake, Waiting, WaitingReason};

/// The parts that are awake and should sleep, and the consequences.
#[derive(Debug, Default)]
pub(super) struct Grace {
    /// Parts that keep running for now.
    pub in_grace: BTreeSet<String>,
    pub awake: Vec<Awake>,
    /// How long they keep running, and how to keep them up.
    pub waiting: Option<Waiting>,
    /// Their grace is over, or there is none.
    pub note: Option<String>,
}

pub(super) fn judge(facts: &Facts<'_>, goal: &Goal) -> Grace {
    if !is_asleep(facts, goal) {
        return Grace::default();
    }
    let awake = facts.awake.clone();
    let in_grace = awake.iter().filter(|awake| awake.left_until.is_some());
    let in_grace = in_grace.map(|awake| awake.part.clone()).collect();
    let (waiting, note) = explain(facts, &awake);
    Grace { in_grace, awake, waiting, note }
}

/// The environment was brought to sleep before, and stays asleep.
fn is_asleep(facts: &Facts<'_>, goal: &Goal) -> bool {
    let reached = facts.ledger.converged.as_ref().is_some_and(|reached| reached.state == State::Stopped);
    goal.state == State::Stopped && reached && !goal.is_disturbed(facts)
}

/// The words for people: the parts keep running for a while, or tidegate stops them now.
fn explain(facts: &Facts<'_>, awake: &[Awake]) -> (Option<Waiting>, Option<String>) {
    let by_aws = facts.database.started_by_aws.is_some();
    let started: Vec<&Awake> = awake.iter().filter(|awake| awake.part != DATABASE || !by_aws).collect();
    if started.is_empty() {
        return (None, None);
    }
    let names: BTreeSet<String> = started.iter().map(|awake| format!("`{}`", awake.resource)).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let environment = &facts.spec.name;
    let (verb, them) = if started.len() == 1 { ("was", "it") } else { ("were", "them") };
    let keep = format!("to keep {them} up: tidegate override {environment} running --for 2h --reason \"…\"");
    match started.iter().filter_map(|awake| awake.left_until).min() {
        Some(until) => {
            let message = format!(
                "{names} {verb} started outside tidegate while `{environment}` sleeps; tidegate stops {them} when the grace ends\n{keep}"
            );
            (Some(Waiting { reason: WaitingReason::Grace, message, until: Some(until) }), None)
        }
        None => (
            None,
            Some(format!("{names} {verb} started outside tidegate while `{environment}` sleeps; {keep}")),
        ),
    }
}
