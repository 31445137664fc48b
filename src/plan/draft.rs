//! The plan in the making: the steps add to it, in any order.

use super::action::{Action, ActionKind, Step};
use super::report::{Awake, Blocked, Drift, Waiting, WaitingReason};
use crate::model::{ImageRef, Instant};

/// Collects; decides nothing.
#[derive(Default)]
pub(super) struct Draft {
    pub actions: Vec<Action>,
    pub blocked: Vec<Blocked>,
    pub waiting: Vec<Waiting>,
    pub drift: Vec<Drift>,
    pub awake: Vec<Awake>,
    pub notes: Vec<String>,
}

/// The words of an action: before, after, and why.
pub(super) struct Words {
    pub before: String,
    pub after: String,
    pub reason: String,
}

impl Words {
    pub(super) fn new(
        before: impl Into<String>,
        after: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Words { before: before.into(), after: after.into(), reason: reason.into() }
    }
}

impl Draft {
    pub(super) fn act(
        &mut self,
        step: Step,
        id: &str,
        resource: impl Into<String>,
        kind: ActionKind,
        words: Words,
    ) {
        let Words { before, after, reason } = words;
        let action = Action {
            id: id.to_owned(),
            kind,
            resource: resource.into(),
            before,
            after,
            reason,
            step,
            corrects: None,
        };
        self.actions.push(action);
    }

    /// Marks the newest action as a correction of a field that was changed outside tidegate.
    pub(super) fn corrects(&mut self, field: &str, expected: impl Into<String>, observed: impl Into<String>) {
        if let Some(action) = self.actions.last_mut() {
            action.corrects = Some(field.to_owned());
            let resource = action.resource.clone();
            self.drift(resource, field, expected, observed);
        }
    }

    pub(super) fn drift(
        &mut self,
        resource: impl Into<String>,
        field: &str,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) {
        self.drift.push(Drift {
            resource: resource.into(),
            field: field.to_owned(),
            expected: expected.into(),
            observed: observed.into(),
        });
    }

    pub(super) fn block(&mut self, blocked: Blocked) {
        if !self.blocked.contains(&blocked) {
            self.blocked.push(blocked);
        }
    }

    /// Adds a note, once.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Notes the images that could not be looked up in their registry.
    pub(super) fn unverified(&mut self, images: &[(ImageRef, String)]) {
        for (image, why) in images {
            self.note(format!("unverified: `{image}` could not be looked up: {why}"));
        }
    }

    pub(super) fn wait(&mut self, reason: WaitingReason, message: impl Into<String>, until: Option<Instant>) {
        self.waiting.push(Waiting { reason, message: message.into(), until });
    }
}
