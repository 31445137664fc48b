//! How a release begins, and how an attempt at its migration gets from its intent to a recorded schema version.

use std::collections::BTreeMap;

use super::Ledger;
use crate::model::{ImageRef, Instant, Version};
use crate::store::journal::attempt::{Attempt, AttemptStatus};
use crate::store::journal::error::IllegalEvent;
use crate::store::journal::event::{Event, Recorded};
use crate::store::journal::records::{GivenUp, Release};

impl Ledger {
    pub(super) fn begin(
        &mut self,
        at: Instant,
        from: &Version,
        to: &Version,
        images: &BTreeMap<ImageRef, ImageRef>,
    ) -> Result<(), IllegalEvent> {
        if self.migration_in_flight() {
            return Err(IllegalEvent::new("release-begun", "a migration has no outcome yet"));
        }
        self.release =
            Some(Release { begun_at: at, from: from.clone(), to: to.clone(), images: images.clone() });
        self.ignore_window = None;
        (self.aborted, self.given_up) = (None, None);
        (self.failed_step, self.stalled_at) = (None, None);
        self.checks_passed_at = None;
        self.failed_starts.clear();
        Ok(())
    }

    pub(super) fn give_up(&mut self, at: Instant, from: &Version, to: &Version, why: &str) {
        self.given_up = Some(GivenUp { at, from: from.clone(), to: to.clone(), why: why.to_owned() });
        (self.retry, self.failed_step, self.stalled_at) = (None, None, None);
    }

    pub(super) fn intend(&mut self, at: Instant, event: &Event) -> Result<(), IllegalEvent> {
        let Event::MigrationIntent {
            resource_id,
            from,
            to,
            attempt,
            client_token,
            started_by,
            definition,
            placement,
        } = event
        else {
            return Err(IllegalEvent::new("migration-intent", "not an intent"));
        };
        if self.migration_in_flight() {
            return Err(IllegalEvent::new("migration-intent", "an earlier attempt has no outcome yet"));
        }
        let key = (resource_id.clone(), to.clone());
        let made = self.attempts_made.get(&key).copied().unwrap_or_default();
        if *attempt != made + 1 {
            return Err(IllegalEvent::new("migration-intent", format!("attempt {attempt} after {made}")));
        }
        self.attempts_made.insert(key, *attempt);
        (self.retry, self.failed_step) = (None, None);
        self.ran.insert(to.clone());
        let before = self.attempt.take().filter(|before| before.resource_id == *resource_id);
        let after = before.map(Attempt::left_behind).unwrap_or_default();
        self.attempt = Some(Attempt {
            resource_id: resource_id.clone(),
            from: from.clone(),
            to: to.clone(),
            number: *attempt,
            intended_at: at,
            client_token: client_token.clone(),
            started_by: started_by.clone(),
            definition: definition.clone(),
            placement: placement.clone(),
            task: None,
            reached_running: false,
            stop: None,
            overdue: false,
            ended_badly: false,
            status: AttemptStatus::Open,
            after,
        });
        Ok(())
    }

    pub(super) fn record(&mut self, at: Instant, version: &Version, resource_id: &str, how: Recorded) {
        self.schema.insert(resource_id.to_owned(), version.clone());
        self.ran.insert(version.clone());
        if let Some(attempt) = &mut self.attempt {
            attempt.ended_badly &= attempt.to != *version;
            attempt.status = AttemptStatus::Closed;
        }
        if how == Recorded::Migration {
            self.settling_since = Some(at);
            self.checks_passed_at = None;
        }
        self.retry = None;
        self.record_requested = None;
    }

    /// The task of an attempt has run: of one that is open, or of one that ended as if it never had.
    pub(super) fn has_run(&mut self, number: u32) -> Result<(), IllegalEvent> {
        if let Some(attempt) = &mut self.attempt
            && attempt.number == number
            && let AttemptStatus::Ended { outcome, .. } = &mut attempt.status
            && !outcome.succeeded
        {
            (attempt.reached_running, outcome.reached_running) = (true, true);
            return Ok(());
        }
        self.open_attempt("migration-running", number)?.reached_running = true;
        Ok(())
    }

    pub(super) fn open_attempt(
        &mut self,
        event: &'static str,
        number: u32,
    ) -> Result<&mut Attempt, IllegalEvent> {
        match &mut self.attempt {
            Some(attempt) if attempt.number == number && attempt.status == AttemptStatus::Open => Ok(attempt),
            _ => Err(IllegalEvent::new(event, format!("attempt {number} is not open"))),
        }
    }

    /// Whether an attempt has an intent and no outcome: its task may be running.
    pub fn migration_in_flight(&self) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| attempt.status == AttemptStatus::Open)
    }
}
