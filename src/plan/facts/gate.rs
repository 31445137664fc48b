//! The gate: whether it is closed, what a closed or open one still lacks, and what makes it unsafe.

mod change;
mod function;
mod problems;
mod rules;

pub(in crate::plan) use change::GateChange;
pub(in crate::plan) use rules::by_priority;
use rules::{KeepOpen, gated};

use crate::model::State;
use crate::observe::{CodeSeen, FunctionSeen, HeaderSeen, Observed, TrafficSeen};
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked};
use crate::spec::Maintenance;
use crate::store::journal::GateParts;

/// The gate, declared or not.
#[derive(Debug)]
pub(in crate::plan) struct GateFacts<'a> {
    /// `None` = no gate is declared.
    pub declared: Option<DeclaredGate<'a>>,
    /// No gated target can be reached now. Always false without a gate.
    pub is_closed: bool,
    /// Parts that could not be read: tidegate cannot tell whether the gate is closed.
    pub unreadable: Vec<Blocked>,
    /// The rules of the listener could not be read.
    pub rules_unreadable: bool,
    /// The declared listener does not exist.
    pub missing: Option<Blocked>,
    /// The function holds code that may not be overwritten: it is neither closed nor opened nor associated.
    pub foreign_code: Option<Blocked>,
    /// tidegate closed the gate, and `maintenance` has changed since: the gate could not be opened again.
    pub config_changed: Option<Blocked>,
}

/// A declared gate, and what was observed of its parts.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct DeclaredGate<'a> {
    input: &'a PlanningInput,
    pub maintenance: &'a Maintenance,
    pub traffic: &'a TrafficSeen,
}

pub(super) fn gate(input: &PlanningInput) -> GateFacts<'_> {
    let declared = input.spec.maintenance.as_ref().zip(input.snapshot.traffic.as_ref());
    let declared = declared.map(|(maintenance, traffic)| DeclaredGate { input, maintenance, traffic });
    GateFacts {
        is_closed: declared.is_some_and(DeclaredGate::is_closed),
        unreadable: declared
            .map(|gate| problems::unreadable_parts(gate.maintenance, gate.traffic))
            .unwrap_or_default(),
        foreign_code: declared.and_then(DeclaredGate::foreign_code),
        rules_unreadable: declared
            .is_some_and(|gate| matches!(gate.traffic.listener, Some(Observed::Unreadable { .. }))),
        missing: declared.and_then(|gate| problems::missing_listener(gate.maintenance, gate.traffic)),
        config_changed: config_changed(input),
        declared,
    }
}

/// What stands in a release's way.
pub(super) fn problems(gate: &GateFacts<'_>) -> Vec<Blocked> {
    let declared = gate.declared;
    let problems = declared.map(|gate| problems::problems(gate.input, gate.maintenance, gate.traffic));
    problems.unwrap_or_default().into_iter().chain(gate.foreign_code.clone()).collect()
}

impl<'a> DeclaredGate<'a> {
    /// What the gate is closed with, as it is declared now.
    pub(in crate::plan) fn parts(self) -> GateParts {
        parts(self.maintenance)
    }

    /// What has to change for the gate to be closed in `state`.
    pub(in crate::plan) fn to_close(self, state: State) -> GateChange {
        change::to_close(self.input, self.maintenance, self.traffic, state)
    }

    /// What has to change for the gate to be open.
    pub(in crate::plan) fn to_open(self) -> GateChange {
        change::to_open(self.input, self.maintenance, self.traffic, None)
    }

    /// What has to change for the rules that stay open in a gate that is closed in `state`.
    pub(in crate::plan) fn to_keep_open(self, state: State) -> GateChange {
        change::to_open(self.input, self.maintenance, self.traffic, Some(state))
    }

    /// What is closed with an older secret.
    pub(in crate::plan) fn stale(self) -> GateChange {
        change::stale(self.traffic)
    }

    pub(in crate::plan) fn function(self) -> Option<&'a FunctionSeen> {
        change::function(self.traffic)
    }

    /// Rules that cannot be closed in `state`.
    pub(in crate::plan) fn cannot_close(self, state: State) -> Vec<Blocked> {
        problems::cannot_close(self.input, self.maintenance, self.traffic, state)
    }

    /// Without the secret nothing can be closed.
    pub(in crate::plan) fn secret_problem(self) -> Option<Blocked> {
        problems::secret_problem(self.traffic)
    }

    /// Rules with the gate's header and without tidegate's tag.
    pub(in crate::plan) fn foreign_conditions(self) -> Vec<Blocked> {
        problems::foreign_conditions(self.traffic)
    }

    /// Gated rules whose users reach a rule that stays open, not the maintenance page; as notes.
    pub(in crate::plan) fn fall_through(self, state: State) -> Vec<String> {
        problems::fall_through(self.input, self.maintenance, self.traffic, state)
    }

    /// What is overwritten with the function's code, as notes.
    pub(in crate::plan) fn overwritten(self) -> Vec<String> {
        let declared = self.maintenance.cloudfront.as_ref().zip(self.function());
        declared.map(|(gate, seen)| function::overwritten(gate, seen)).unwrap_or_default()
    }

    fn foreign_code(self) -> Option<Blocked> {
        let (gate, seen) = self.maintenance.cloudfront.as_ref().zip(self.function())?;
        function::foreign(&self.input.spec, gate, seen)
    }

    fn is_closed(self) -> bool {
        let DeclaredGate { input, maintenance, traffic } = self;
        let listener = match &traffic.listener {
            None => true,
            Some(Observed::Present(listener)) => gated(input, maintenance, listener, KeepOpen::Now)
                .all(|rule| rule.header != HeaderSeen::Absent),
            Some(_) => false,
        };
        let function = match &traffic.function {
            None => true,
            Some(Observed::Present(function)) => {
                function.distributions_unreadable.is_none()
                    && matches!(function.code, CodeSeen::Closed | CodeSeen::ClosedStale)
            }
            Some(_) => false,
        };
        listener && function
    }
}

fn parts(maintenance: &Maintenance) -> GateParts {
    GateParts {
        header: maintenance.bypass.header.clone(),
        load_balancer: maintenance.load_balancer.as_ref().map(|it| format!("{}:{}", it.name, it.port)),
        function: maintenance.cloudfront.as_ref().map(|it| it.function.clone()),
    }
}

fn config_changed(input: &PlanningInput) -> Option<Blocked> {
    let closed_with = input.ledger.gate_parts.as_ref()?;
    let declared = input.spec.maintenance.as_ref().map(parts);
    if declared.as_ref() == Some(closed_with) {
        return None;
    }
    let GateParts { header, load_balancer, function } = closed_with;
    let places: Vec<String> = load_balancer
        .iter()
        .map(|name| format!("load balancer {name}"))
        .chain(function.iter().map(|name| format!("function {name}")))
        .collect();
    let message = format!(
        "`maintenance` changed while the gate is closed with header `{header}` at {}; with the new settings, tidegate could not open the gate again",
        places.join(" and ")
    );
    let hint =
        "restore `maintenance` as it was, let the gate open (`state: running`), then change `maintenance`";
    Some(blocked(BlockedReason::GateUnsafe, message, [hint.to_owned()]))
}
