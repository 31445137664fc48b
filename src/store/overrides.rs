//! What an operator sets for a while: an override of the state, a suspension. Values as the store keeps them.
//!
//! They hold as soon as they are written, for every process that reads the store. The next run writes them into
//! the journal. A withdrawn one stays in the store until it is journaled, so that the history says who withdrew
//! it. `reconcile` reads, journals and removes them.

use serde::{Deserialize, Serialize};

use super::journal::operator::{OperatorCommand, OperatorRequest};
use crate::model::{Instant, State};

/// The kind of the record that holds an override.
pub const OVERRIDE: &str = "override";

/// The kind of the record that holds a suspension.
pub const SUSPENSION: &str = "suspension";

/// A state that an operator wants for a while, whatever is declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuntimeOverride {
    /// The state that holds instead of the declared one.
    pub state: State,
    /// Its end, not included.
    pub until: Instant,
    /// The reason that the operator gave.
    pub reason: String,
    /// The operator, as the system knows them.
    pub who: String,
    /// When the operator set it.
    pub since: Instant,
    /// `state:` as it was declared when this was set, and since.
    pub declared: State,
    /// Whether a run has seen `declared` in force. Before that, another declared state is that of an older commit.
    #[serde(default)]
    pub is_met: bool,
    /// Set when an operator ended it early.
    #[serde(default)]
    pub taken_back: Option<Withdrawal>,
}

/// A suspension: tidegate only observes the environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspension {
    /// The reason that the operator gave.
    pub reason: String,
    /// The operator, as the system knows them.
    pub who: String,
    /// When the operator set it.
    pub since: Instant,
    /// Its end, not included; none = until an operator resumes it.
    pub until: Option<Instant>,
    /// Set when an operator ended it early.
    #[serde(default)]
    pub taken_back: Option<Withdrawal>,
}

/// An operator ended an override or a suspension early.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// The operator, as the system knows them.
    pub who: String,
    /// The reason that the operator gave.
    pub reason: String,
}

/// Why an override or a suspension has ended.
#[derive(Clone, Debug, PartialEq)]
pub enum EndReason {
    /// Its end has come.
    Expired,
    /// A commit declares the environment `stopped` or `db-only`.
    Declared(State),
    /// An operator withdrew it.
    Withdrawn(OperatorRequest),
}

impl RuntimeOverride {
    /// The operator request that set it.
    pub fn request(&self) -> OperatorRequest {
        let command = OperatorCommand::Override { state: self.state, until: self.until };
        OperatorRequest { who: self.who.clone(), reason: self.reason.clone(), command }
    }

    /// Why it has ended, at `now` and with `declared` in force; `None` = it holds.
    pub fn ended(&self, now: Instant, declared: State) -> Option<EndReason> {
        if let Some(Withdrawal { who, reason }) = &self.taken_back {
            let (who, reason, command) = (who.clone(), reason.clone(), OperatorCommand::ClearOverride);
            return Some(EndReason::Withdrawn(OperatorRequest { who, reason, command }));
        }
        if now >= self.until {
            return Some(EndReason::Expired);
        }
        let is_ordered = matches!(declared, State::Stopped | State::DbOnly) && declared != self.declared;
        (is_ordered && self.is_met).then_some(EndReason::Declared(declared))
    }

    /// The same after a run has seen which state is declared. A state that was declared before the override does
    /// not end it; a state that is declared later does.
    pub fn having_met(&self, declared: State) -> Self {
        let is_met = self.is_met || declared == self.declared;
        let declared = if is_met { declared } else { self.declared };
        Self { declared, is_met, ..self.clone() }
    }
}

impl Suspension {
    /// The operator request that set it.
    pub fn request(&self) -> OperatorRequest {
        let command = OperatorCommand::Suspend { until: self.until };
        OperatorRequest { who: self.who.clone(), reason: self.reason.clone(), command }
    }

    /// Why it has ended at `now`; `None` = it holds.
    pub fn ended(&self, now: Instant) -> Option<EndReason> {
        if let Some(Withdrawal { who, reason }) = &self.taken_back {
            let (who, reason, command) = (who.clone(), reason.clone(), OperatorCommand::Resume);
            return Some(EndReason::Withdrawn(OperatorRequest { who, reason, command }));
        }
        self.until.is_some_and(|until| now >= until).then_some(EndReason::Expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::from_timestamp(1_800_000_000 + 60 * minute, 0).unwrap()
    }

    fn set_while(declared: State) -> RuntimeOverride {
        RuntimeOverride {
            state: State::Running,
            until: at(60),
            reason: "load test".to_owned(),
            who: "ann@laptop".to_owned(),
            since: at(0),
            declared,
            is_met: false,
            taken_back: None,
        }
    }

    #[test]
    fn it_stands_before_its_end_and_no_longer_at_it() {
        let set = set_while(State::Running);
        assert_eq!(set.ended(at(59), State::Running), None);
        assert_eq!(set.ended(at(60), State::Running), Some(EndReason::Expired));
    }

    #[test]
    fn a_commit_that_orders_the_environment_down_ends_it() {
        use State::{DbOnly, Restricted, Running, Stopped};
        for (before, commits, ends) in [
            (Running, &[Running][..], false),
            (Running, &[Running, Restricted], false),
            (Running, &[Running, Stopped], true),
            (Restricted, &[Restricted, DbOnly], true),
            (Stopped, &[Stopped], false),
            // Set on top of a commit that no run had seen yet.
            (Stopped, &[Running, Stopped], false),
            (Stopped, &[Stopped, Running, Stopped], true),
            (DbOnly, &[DbOnly, Stopped], true),
        ] {
            let mut set = set_while(before);
            let mut ended = false;
            for declared in commits {
                ended = matches!(set.ended(at(1), *declared), Some(EndReason::Declared(_)));
                set = set.having_met(*declared);
            }
            assert_eq!(ended, ends, "{before} {commits:?}");
        }
    }

    #[test]
    fn what_was_taken_back_says_who_did() {
        let taken_back = Some(Withdrawal { who: "bob@desk".to_owned(), reason: "done".to_owned() });
        let set = RuntimeOverride { taken_back, ..set_while(State::Running) };
        let Some(EndReason::Withdrawn(request)) = set.ended(at(1), State::Running) else {
            panic!("it is over")
        };
        assert_eq!((request.who.as_str(), request.command), ("bob@desk", OperatorCommand::ClearOverride));
    }
}
