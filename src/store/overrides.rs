//! What a person sets for a while: an override of the state, a suspension. Values as the store keeps them.
//!
//! They hold as soon as they are written, for everybody who looks; whoever acts next writes them into the
//! journal. One that was taken back stays until it is journaled, so that it is known who took it back. Reading,
//! journaling and forgetting them is `reconcile`'s.

use serde::{Deserialize, Serialize};

use super::journal::{OperatorCommand, OperatorRequest};
use crate::model::{Instant, State};

/// The kind of the record that holds an override.
pub const OVERRIDE: &str = "override";

/// The kind of the record that holds a suspension.
pub const SUSPENSION: &str = "suspension";

/// A state that a person wants for a while, whatever is declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuntimeOverride {
    /// The state.
    pub state: State,
    /// Its end, not included.
    pub until: Instant,
    /// Why.
    pub reason: String,
    /// Who.
    pub who: String,
    /// Since when.
    pub since: Instant,
    /// `state:` as it was declared when this was set, and since.
    pub declared: State,
    /// Whether whoever acts has met `declared`: before that, another declared state is an older commit.
    #[serde(default)]
    pub is_met: bool,
    /// Who took it back.
    #[serde(default)]
    pub taken_back: Option<TakenBack>,
}

/// An environment that is only observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspension {
    /// Why.
    pub reason: String,
    /// Who.
    pub who: String,
    /// Since when.
    pub since: Instant,
    /// Its end, not included; none = until somebody resumes it.
    pub until: Option<Instant>,
    /// Who took it back.
    #[serde(default)]
    pub taken_back: Option<TakenBack>,
}

/// Who took something back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakenBack {
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
}

/// Why something does not stand any more.
#[derive(Clone, Debug, PartialEq)]
pub enum EndedBy {
    /// Its time is up.
    Expired,
    /// A commit declares the environment `stopped` or `db-only`.
    Declared(State),
    /// A person took it back.
    TakenBack(OperatorRequest),
}

impl RuntimeOverride {
    /// What the person asked for.
    pub fn request(&self) -> OperatorRequest {
        let command = OperatorCommand::Override { state: self.state, until: self.until };
        OperatorRequest { who: self.who.clone(), reason: self.reason.clone(), command }
    }

    /// Why it does not stand at `now` where `declared` is declared; `None` = it stands.
    pub fn over(&self, now: Instant, declared: State) -> Option<EndedBy> {
        if let Some(TakenBack { who, reason }) = &self.taken_back {
            let (who, reason, command) = (who.clone(), reason.clone(), OperatorCommand::ClearOverride);
            return Some(EndedBy::TakenBack(OperatorRequest { who, reason, command }));
        }
        if now >= self.until {
            return Some(EndedBy::Expired);
        }
        let is_ordered = matches!(declared, State::Stopped | State::DbOnly) && declared != self.declared;
        (is_ordered && self.is_met).then_some(EndedBy::Declared(declared))
    }

    /// The same after whoever acts has seen what is declared. A state that was declared before is no order to
    /// end it; one that is declared later is.
    pub fn having_met(&self, declared: State) -> Self {
        let is_met = self.is_met || declared == self.declared;
        let declared = if is_met { declared } else { self.declared };
        Self { declared, is_met, ..self.clone() }
    }
}

impl Suspension {
    /// What the person asked for.
    pub fn request(&self) -> OperatorRequest {
        let command = OperatorCommand::Suspend { until: self.until };
        OperatorRequest { who: self.who.clone(), reason: self.reason.clone(), command }
    }

    /// Why it does not stand at `now`; `None` = it stands.
    pub fn over(&self, now: Instant) -> Option<EndedBy> {
        if let Some(TakenBack { who, reason }) = &self.taken_back {
            let (who, reason, command) = (who.clone(), reason.clone(), OperatorCommand::Resume);
            return Some(EndedBy::TakenBack(OperatorRequest { who, reason, command }));
        }
        self.until.is_some_and(|until| now >= until).then_some(EndedBy::Expired)
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
        assert_eq!(set.over(at(59), State::Running), None);
        assert_eq!(set.over(at(60), State::Running), Some(EndedBy::Expired));
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
            // Set on top of a commit that whoever acts had not met yet.
            (Stopped, &[Running, Stopped], false),
            (Stopped, &[Stopped, Running, Stopped], true),
            (DbOnly, &[DbOnly, Stopped], true),
        ] {
            let mut set = set_while(before);
            let mut ended = false;
            for declared in commits {
                ended = matches!(set.over(at(1), *declared), Some(EndedBy::Declared(_)));
                set = set.having_met(*declared);
            }
            assert_eq!(ended, ends, "{before} {commits:?}");
        }
    }

    #[test]
    fn what_was_taken_back_says_who_did() {
        let taken_back = Some(TakenBack { who: "bob@desk".to_owned(), reason: "done".to_owned() });
        let set = RuntimeOverride { taken_back, ..set_while(State::Running) };
        let Some(EndedBy::TakenBack(request)) = set.over(at(1), State::Running) else { panic!("it is over") };
        assert_eq!((request.who.as_str(), request.command), ("bob@desk", OperatorCommand::ClearOverride));
    }
}
