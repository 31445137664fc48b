//! Overrides and suspensions on their way from the store into decisions, and into the journal.
//!
//! They hold by their records, from the moment a person has written them. The journal only remembers: whoever
//! acts next writes down that they began and that they ended, and takes away what is over.

use serde::de::DeserializeOwned;

use super::runner::ReconcileError;
use crate::model::{EnvironmentName, Instant, Mode, State};
use crate::schedule::Override;
use crate::spec::EnvironmentSpec;
use crate::store::journal::Journal;
use crate::store::journal::{Event, Ledger, OperatorRequest};
use crate::store::{EndReason, OVERRIDE, RuntimeOverride, SUSPENSION, Store, Suspension};

/// What people have set for a while.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActiveOverrides {
    /// A state instead of the declared one.
    pub override_: Option<RuntimeOverride>,
    /// Nothing is written.
    pub suspension: Option<Suspension>,
}

impl ActiveOverrides {
    /// What stands at `now`.
    ///
    /// # Errors
    /// When the store cannot be read, or holds a record that nobody understands.
    pub fn at(now: Instant, store: &dyn Store, spec: &EnvironmentSpec) -> Result<Self, ReconcileError> {
        let ActiveOverrides { override_, suspension } = Self::records(store, &spec.name)?;
        Ok(Self {
            override_: override_.filter(|set| set.ended(now, spec.state).is_none()),
            suspension: suspension.filter(|set| set.ended(now).is_none()),
        })
    }

    /// What the store has, whether it stands or not.
    fn records(store: &dyn Store, environment: &EnvironmentName) -> Result<Self, ReconcileError> {
        Ok(Self {
            override_: record(store, environment, OVERRIDE)?,
            suspension: record(store, environment, SUSPENSION)?,
        })
    }

    /// The override in the words of schedules.
    pub fn runtime_override(&self) -> Option<Override> {
        let set = self.override_.as_ref()?;
        Some(Override { state: set.state, until: set.until, reason: set.reason.clone() })
    }

    /// Whether may be written: a suspended environment is observed.
    pub fn mode(&self, declared: Mode) -> Mode {
        if self.suspension.is_some() { Mode::Observe } else { declared }
    }
}

/// A record, understood.
fn record<T: DeserializeOwned>(
    store: &dyn Store,
    environment: &EnvironmentName,
    kind: &'static str,
) -> Result<Option<T>, ReconcileError> {
    let value = store.get_record(environment, kind)?;
    value.map(serde_json::from_value).transpose().map_err(|source| ReconcileError::Record {
        environment: environment.clone(),
        kind,
        source,
    })
}

/// What was written down.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// What people asked for.
    pub(super) requests: Vec<OperatorRequest>,
    /// What ended without them.
    pub(super) ended: Vec<String>,
}

/// Whether something began or ended that the journal does not know.
pub(super) fn has_news(
    now: Instant,
    store: &dyn Store,
    spec: &EnvironmentSpec,
    ledger: &Ledger,
) -> Result<bool, ReconcileError> {
    let found = ActiveOverrides::records(store, &spec.name)?;
    Ok(!override_news(now, spec.state, found.override_.as_ref(), ledger).is_empty()
        || !suspension_news(now, found.suspension.as_ref(), ledger).is_empty())
}

/// Writes down what began and what ended, and takes away what is over. After a crash between the two it is
/// written down twice, which decides nothing new.
pub(super) fn note(
    store: &dyn Store,
    spec: &EnvironmentSpec,
    journal: &Journal<'_>,
    now: Instant,
) -> Result<Noted, ReconcileError> {
    let environment = &spec.name;
    let ActiveOverrides { override_, suspension } = ActiveOverrides::records(store, environment)?;
    let ledger = journal.ledger();
    let mut noted = Noted::default();
    let news = override_news(now, spec.state, override_.as_ref(), &ledger).into_iter();
    for event in news.chain(suspension_news(now, suspension.as_ref(), &ledger)) {
        match &event {
            Event::Requested(request) => {
                tracing::info!(who = request.who, reason = request.reason, command = ?request.command, "noted");
                noted.requests.push(request.clone());
            }
            Event::OverrideEnded { why } | Event::SuspensionEnded { why } => noted.ended.push(why.clone()),
            _ => {}
        }
        journal.record(event)?;
    }
    if let Some(set) = &override_ {
        let stays = set.ended(now, spec.state).is_none().then(|| set.having_met(spec.state));
        if stays.as_ref() != Some(set) {
            swap(store, environment, OVERRIDE, set, stays.as_ref())?;
        }
    }
    if let Some(set) = suspension.filter(|set| set.ended(now).is_some()) {
        swap(store, environment, SUSPENSION, &set, None)?;
    }
    Ok(noted)
}

/// Replaces a record, unless a person has meanwhile.
fn swap<T: serde::Serialize>(
    store: &dyn Store,
    environment: &EnvironmentName,
    kind: &str,
    before: &T,
    after: Option<&T>,
) -> Result<(), ReconcileError> {
    let value = |set: &T| serde_json::to_value(set).expect("text, instants and words always become JSON");
    store.swap_record(environment, kind, Some(&value(before)), after.map(value).as_ref())?;
    Ok(())
}

fn override_news(
    now: Instant,
    declared: State,
    found: Option<&RuntimeOverride>,
    ledger: &Ledger,
) -> Vec<Event> {
    let known = ledger.override_.as_ref();
    let Some(set) = found else {
        let why = || "the override was removed from the store by hand".to_owned();
        return known.map(|_| Event::OverrideEnded { why: why() }).into_iter().collect();
    };
    let begins = (known != Some(&set.request())).then(|| Event::Requested(set.request()));
    let ends = set.ended(now, declared).map(|over| match over {
        EndReason::Withdrawn(request) => Event::Requested(request),
        EndReason::Expired => {
            Event::OverrideEnded { why: format!("the override `{}` by {} has expired", set.state, set.who) }
        }
        EndReason::Declared(state) => {
            let why = format!(
                "the override `{}` by {} has ended: `state: {state}` was committed",
                set.state, set.who
            );
            Event::OverrideEnded { why }
        }
    });
    begins.into_iter().chain(ends).collect()
}

fn suspension_news(now: Instant, found: Option<&Suspension>, ledger: &Ledger) -> Vec<Event> {
    let known = ledger.suspension.as_ref();
    let Some(set) = found else {
        let why = || "the suspension was removed from the store by hand".to_owned();
        return known.map(|_| Event::SuspensionEnded { why: why() }).into_iter().collect();
    };
    let begins = (known != Some(&set.request())).then(|| Event::Requested(set.request()));
    let ends = set.ended(now).map(|over| match over {
        EndReason::Withdrawn(request) => Event::Requested(request),
        EndReason::Expired | EndReason::Declared(_) => {
            Event::SuspensionEnded { why: format!("the suspension by {} has expired", set.who) }
        }
    });
    begins.into_iter().chain(ends).collect()
}
