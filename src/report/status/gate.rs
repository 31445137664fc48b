//! Whether the gate is open or closed, as far as AWS lets tidegate read it. Only for people: the planner decides
//! from its own facts, and more strictly.

use serde::Serialize;

use crate::observe::{CodeSeen, HeaderSeen, Observed, RuleTarget};
use crate::report::StatusView;

/// What users meet at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum GateStatus {
    /// No target asks for the header.
    Open,
    /// Every gated target asks for it.
    Closed,
    /// Some targets do: the gate is being opened or closed, or that was interrupted.
    Partly,
    /// The load balancer or the CloudFront function could not be read.
    Unreadable,
}

impl GateStatus {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            GateStatus::Open => "open",
            GateStatus::Closed => "closed",
            GateStatus::Partly => "partly closed",
            GateStatus::Unreadable => "unreadable",
        }
    }
}

/// The status of the gate; none where no gate is declared.
pub(super) fn status(view: &StatusView) -> Option<GateStatus> {
    let maintenance = view.spec.maintenance.as_ref()?;
    let traffic = view.snapshot.traffic.as_ref()?;
    let mut closed: Vec<bool> = Vec::new();
    match &traffic.listener {
        None => {}
        Some(Observed::Present(listener)) => {
            let gated = listener.rules.iter().filter(|rule| match &rule.target {
                RuleTarget::Services(services) => {
                    !services.iter().all(|name| maintenance.keep_open.contains(name))
                }
                RuleTarget::Redirect => true,
                RuleTarget::Unmanaged | RuleTarget::Fixed => false,
            });
            closed.extend(gated.map(|rule| rule.header != HeaderSeen::Absent));
        }
        Some(Observed::Absent | Observed::Unreadable { .. }) => return Some(GateStatus::Unreadable),
    }
    match &traffic.function {
        None | Some(Observed::Absent) => {}
        Some(Observed::Present(function)) => match function.code {
            CodeSeen::Open => closed.push(false),
            CodeSeen::Closed | CodeSeen::ClosedStale => closed.push(true),
            // Nothing of ours is live there yet: it says nothing.
            CodeSeen::Missing | CodeSeen::Foreign => {}
        },
        Some(Observed::Unreadable { .. }) => return Some(GateStatus::Unreadable),
    }
    Some(match (closed.iter().any(|closed| *closed), closed.iter().any(|closed| !closed)) {
        (true, true) => GateStatus::Partly,
        (true, false) => GateStatus::Closed,
        (false, _) => GateStatus::Open,
    })
}
