//! Overrides and suspensions on their way from the store into decisions, and into the journal.
//!
//! They are in effect from the moment an operator has written their records. The journal only remembers them: the next
//! run journals that they began and that they ended, and removes the records of those that ended.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ReconcileError;
use crate::model::{EnvironmentName, Instant, Mode, State};
use crate::schedule::Override;
use crate::spec::EnvironmentSpec;
use crate::store::journal::Journal;
use crate::store::journal::{Event, Ledger, OperatorRequest};
use crate::store::{EndReason, OVERRIDE, RuntimeOverride, SUSPENSION, Store, Suspension};

/// The override and the suspension in effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActiveOverrides {
    /// Replaces the declared state.
    pub override_: Option<RuntimeOverride>,
    /// The environment is only observed.
    pub suspension: Option<Suspension>,
}

impl ActiveOverrides {
    /// Those in effect at `now`.
    ///
    /// # Errors
    /// When the store cannot be read, or holds a record of another shape.
    pub fn at(now: Instant, store: &dyn Store, spec: &EnvironmentSpec) -> Result<Self, ReconcileError> {
        let Records { override_, suspension } = Records::read(store, &spec.name)?;
        let (override_, suspension) = (override_.map(|found| found.set), suspension.map(|found| found.set));
        Ok(Self {
            override_: override_.filter(|set| set.ended(now, spec.state).is_none()),
            suspension: suspension.filter(|set| set.ended(now).is_none()),
        })
    }

    /// The override as `schedule` takes it.
    pub fn runtime_override(&self) -> Option<Override> {
        let set = self.override_.as_ref()?;
        Some(Override { state: set.state, until: set.until, reason: set.reason.clone() })
    }

    /// The mode that applies: a suspended environment is only observed.
    pub fn mode(&self, declared: Mode) -> Mode {
        if self.suspension.is_some() { Mode::Observe } else { declared }
    }
}

/// The records in the store, whether in effect or not.
struct Records {
    override_: Option<Record<RuntimeOverride>>,
    suspension: Option<Record<Suspension>>,
}

/// What a record says, and the record itself. An older version or an operator with an editor may have written it in
/// another shape, so only the record itself tells whether it is still there.
struct Record<T> {
    set: T,
    written: Value,
}

impl Records {
    fn read(store: &dyn Store, environment: &EnvironmentName) -> Result<Self, ReconcileError> {
        Ok(Self {
            override_: record(store, environment, OVERRIDE)?,
            suspension: record(store, environment, SUSPENSION)?,
        })
    }
}

/// A record, decoded.
fn record<T: DeserializeOwned>(
    store: &dyn Store,
    environment: &EnvironmentName,
    kind: &'static str,
) -> Result<Option<Record<T>>, ReconcileError> {
    let Some(written) = store.get_record(environment, kind)? else { return Ok(None) };
    match serde_json::from_value(written.clone()) {
        Ok(set) => Ok(Some(Record { set, written })),
        Err(source) => Err(ReconcileError::Record { environment: environment.clone(), kind, source }),
    }
}

/// News that were journaled.
#[derive(Debug, Default)]
pub(super) struct Journaled {
    /// Operator requests.
    pub(super) requests: Vec<OperatorRequest>,
    /// Overrides and suspensions that ended by themselves, in words.
    pub(super) ended: Vec<String>,
}

/// Whether something began or ended that the journal does not know.
pub(super) fn has_news(
    now: Instant,
    store: &dyn Store,
    spec: &EnvironmentSpec,
    ledger: &Ledger,
) -> Result<bool, ReconcileError> {
    let Records { override_, suspension } = Records::read(store, &spec.name)?;
    let (override_, suspension) = (override_.map(|found| found.set), suspension.map(|found| found.set));
    Ok(!override_news(now, spec.state, override_.as_ref(), ledger).is_empty()
        || !suspension_news(now, suspension.as_ref(), ledger).is_empty())
}

/// Journals what began and what ended, and removes the records of what ended. After a crash between the two it is
/// journaled twice, which changes nothing.
pub(super) fn journal_news(
    store: &dyn Store,
    spec: &EnvironmentSpec,
    journal: &Journal<'_>,
    now: Instant,
) -> Result<Journaled, ReconcileError> {
    let environment = &spec.name;
    let Records { override_, suspension } = Records::read(store, environment)?;
    let ledger = journal.ledger();
    let mut journaled = Journaled::default();
    let news = override_news(now, spec.state, override_.as_ref().map(|found| &found.set), &ledger);
    let suspended = suspension_news(now, suspension.as_ref().map(|found| &found.set), &ledger);
    for event in news.into_iter().chain(suspended) {
        match &event {
            Event::Requested(request) => {
                tracing::info!(who = request.who, reason = request.reason, command = ?request.command, "operator request journaled");
                journaled.requests.push(request.clone());
            }
            Event::OverrideEnded { why } | Event::SuspensionEnded { why } => {
                journaled.ended.push(why.clone())
            }
            _ => {}
        }
        journal.record(event)?;
    }
    if let Some(Record { set, written }) = &override_ {
        let stays = set.ended(now, spec.state).is_none().then(|| set.having_met(spec.state));
        if stays.as_ref() != Some(set) {
            let stays =
                stays.map(|set| serde_json::to_value(set).expect("text and words always become JSON"));
            // Unless an operator has replaced it meanwhile.
            store.swap_record(environment, OVERRIDE, Some(written), stays.as_ref())?;
        }
    }
    if let Some(Record { written, .. }) = suspension.filter(|found| found.set.ended(now).is_some()) {
        store.swap_record(environment, SUSPENSION, Some(&written), None)?;
    }
    Ok(journaled)
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
