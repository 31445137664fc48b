//! A ledger as a checkpoint writes it. Its number grows with every change of these words, and of what an event adds up
//! to: a checkpoint with another number is left out, and the journal is read instead.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::held::{
    WireAttempt, WireConverged, WireCorrection, WireFailedStart, WireFailedStep, WireGivenUp, WireRelease,
    WireSnapshot,
};
use super::parts::{WireGateParts, WireRollback, WireScaling, named, texts};
use super::request::WireRequest;
use crate::model::{Instant, ServiceName, Version};
use crate::store::journal::ledger::Ledger;
use crate::store::journal::operator::OperatorRequest;

/// The number of this form.
pub(super) const FORM: u32 = 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireLedger {
    form: u32,
    release: Option<WireRelease>,
    gate_closed_at: Option<Instant>,
    gate_parts: Option<WireGateParts>,
    drained_at: Option<Instant>,
    snapshot: Option<WireSnapshot>,
    attempt: Option<WireAttempt>,
    snapshots_made: Vec<(String, String, String, u32)>,
    attempts_made: Vec<(String, String, u32)>,
    schema: BTreeMap<String, String>,
    settling_since: Option<Instant>,
    ran: BTreeSet<String>,
    failed_starts: BTreeMap<String, WireFailedStart>,
    checks_passed_at: Option<Instant>,
    stalled_at: Option<Instant>,
    failed_step: Option<WireFailedStep>,
    given_up: Option<WireGivenUp>,
    aborted: Option<(String, WireRequest)>,
    ignore_window: Option<WireRequest>,
    take_over: Option<WireRequest>,
    record_requested: Option<(String, WireRequest)>,
    retry: Option<WireRequest>,
    override_: Option<WireRequest>,
    suspension: Option<WireRequest>,
    found_awake: BTreeMap<String, Instant>,
    database_stopped: Option<(String, Instant)>,
    rollback_borrowed: BTreeMap<String, WireRollback>,
    scaling_borrowed: BTreeMap<String, WireScaling>,
    corrections: Vec<WireCorrection>,
    converged: Option<WireConverged>,
}

impl From<Ledger> for WireLedger {
    fn from(ledger: Ledger) -> Self {
        let Ledger {
            release,
            gate_closed_at,
            gate_parts,
            drained_at,
            snapshot,
            attempt,
            snapshots_made,
            attempts_made,
            schema,
            settling_since,
            ran,
            failed_starts,
            checks_passed_at,
            stalled_at,
            failed_step,
            given_up,
            aborted,
            ignore_window,
            take_over,
            record_requested,
            retry,
            override_,
            suspension,
            found_awake,
            database_stopped,
            rollback_borrowed,
            scaling_borrowed,
            corrections,
            converged,
        } = ledger;
        let about = |(version, request): (Version, OperatorRequest)| (version.to_string(), request.into());
        let snapshots = snapshots_made.into_iter();
        let attempts = attempts_made.into_iter();
        Self {
            form: FORM,
            release: release.map(Into::into),
            gate_closed_at,
            gate_parts: gate_parts.as_ref().map(Into::into),
            drained_at,
            snapshot: snapshot.map(Into::into),
            attempt: attempt.map(Into::into),
            snapshots_made: snapshots
                .map(|((database, from, to), made)| (database, from.to_string(), to.to_string(), made))
                .collect(),
            attempts_made: attempts.map(|((database, to), made)| (database, to.to_string(), made)).collect(),
            schema: texts(&schema),
            settling_since,
            ran: ran.iter().map(ToString::to_string).collect(),
            failed_starts: keyed(failed_starts, |name| name.to_string()),
            checks_passed_at,
            stalled_at,
            failed_step: failed_step.map(Into::into),
            given_up: given_up.map(Into::into),
            aborted: aborted.map(about),
            ignore_window: ignore_window.map(Into::into),
            take_over: take_over.map(Into::into),
            record_requested: record_requested.map(about),
            retry: retry.map(Into::into),
            override_: override_.map(Into::into),
            suspension: suspension.map(Into::into),
            found_awake,
            database_stopped,
            rollback_borrowed: keyed(rollback_borrowed, |name| name.to_string()),
            scaling_borrowed: keyed(scaling_borrowed, |name| name.to_string()),
            corrections: corrections.into_iter().map(Into::into).collect(),
            converged: converged.map(Into::into),
        }
    }
}

impl WireLedger {
    /// None: it has another number.
    pub(super) fn ledger(self) -> Option<Ledger> {
        let about = |(version, request): (String, WireRequest)| {
            (Version::new(version), OperatorRequest::from(request))
        };
        let snapshots = self.snapshots_made.into_iter();
        let attempts = self.attempts_made.into_iter();
        (self.form == FORM).then(|| Ledger {
            release: self.release.map(Into::into),
            gate_closed_at: self.gate_closed_at,
            gate_parts: self.gate_parts.map(Into::into),
            drained_at: self.drained_at,
            snapshot: self.snapshot.map(Into::into),
            attempt: self.attempt.map(Into::into),
            snapshots_made: snapshots
                .map(|(database, from, to, made)| ((database, Version::new(from), Version::new(to)), made))
                .collect(),
            attempts_made: attempts
                .map(|(database, to, made)| ((database, Version::new(to)), made))
                .collect(),
            schema: named(self.schema, |database| database, Version::new),
            settling_since: self.settling_since,
            ran: self.ran.into_iter().map(Version::new).collect(),
            failed_starts: keyed(self.failed_starts, ServiceName::new),
            checks_passed_at: self.checks_passed_at,
            stalled_at: self.stalled_at,
            failed_step: self.failed_step.map(Into::into),
            given_up: self.given_up.map(Into::into),
            aborted: self.aborted.map(about),
            ignore_window: self.ignore_window.map(Into::into),
            take_over: self.take_over.map(Into::into),
            record_requested: self.record_requested.map(about),
            retry: self.retry.map(Into::into),
            override_: self.override_.map(Into::into),
            suspension: self.suspension.map(Into::into),
            found_awake: self.found_awake,
            database_stopped: self.database_stopped,
            rollback_borrowed: keyed(self.rollback_borrowed, ServiceName::new),
            scaling_borrowed: keyed(self.scaling_borrowed, ServiceName::new),
            corrections: self.corrections.into_iter().map(Into::into).collect(),
            converged: self.converged.map(Into::into),
        })
    }
}

/// The same map with other keys and values.
fn keyed<K, V: Into<W>, L: Ord, W>(map: BTreeMap<K, V>, key: impl Fn(K) -> L) -> BTreeMap<L, W> {
    map.into_iter().map(|(name, value)| (key(name), value.into())).collect()
}
