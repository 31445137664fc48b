//! Open or closed, as far as it can be read: for people. The planner decides for itself, and more strictly.

use serde::Serialize;

use crate::observe::{CodeSeen, HeaderSeen, Observed, RuleTarget};

use super::StatusView;

/// What users meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum GateSeen {
    /// No target asks for the header.
    Open,
    /// Every gated target asks for it.
    Closed,
    /// Some do: on its way, or interrupted.
    Partly,
    /// It could not be read.
    Unreadable,
}

impl GateSeen {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            GateSeen::Open => "open",
            GateSeen::Closed => "closed",
            GateSeen::Partly => "partly closed",
            GateSeen::Unreadable => "unreadable",
        }
    }
}

/// None where no gate is declared.
pub(super) fn seen(view: &StatusView) -> Option<GateSeen> {
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
        Some(Observed::Absent | Observed::Unreadable { .. }) => return Some(GateSeen::Unreadable),
    }
    match &traffic.function {
        None | Some(Observed::Absent) => {}
        Some(Observed::Present(function)) => match function.code {
            CodeSeen::Open => closed.push(false),
            CodeSeen::Closed | CodeSeen::ClosedStale => closed.push(true),
            // Nothing of ours is live there yet: it says nothing.
            CodeSeen::Missing | CodeSeen::Foreign => {}
        },
        Some(Observed::Unreadable { .. }) => return Some(GateSeen::Unreadable),
    }
    Some(match (closed.iter().any(|closed| *closed), closed.iter().any(|closed| !closed)) {
        (true, true) => GateSeen::Partly,
        (true, false) => GateSeen::Closed,
        (false, _) => GateSeen::Open,
    })
}
