//! Drift that comes back: after three corrections within an hour, tidegate stops correcting and an operator decides.

use super::action::ActionKind;
use super::draft::Draft;
use super::facts::Facts;
use super::report::{BlockedReason, blocked};
use crate::store::journal::Correction;

/// Corrections of the same field within the hour after which tidegate stops correcting it.
const CORRECTIONS_MAX: usize = 3;

/// Drops corrections that have become a fight. Closing the gate is exempt: users come first.
pub(super) fn yield_contested(facts: &Facts<'_>, draft: &mut Draft) {
    let mut contested = Vec::new();
    draft.actions.retain(|action| {
        if matches!(action.kind, ActionKind::CloseGate { .. }) {
            return true;
        }
        let corrections: Vec<&Correction> = match &action.corrects {
            Some(field) => facts.ledger.corrections_of(&action.resource, field, facts.now),
            // The declaration changed meanwhile; the action corrects the field to the same value all the same.
            None => facts.ledger.corrections_since(facts.now).filter(|correction| {
                correction.resource == action.resource && correction.after == action.after
            }).collect(),
        };
        let Some(field) = corrections.last().map(|correction| &correction.field) else { return true };
        if corrections.len() < CORRECTIONS_MAX {
            return true;
        }
        let history = corrections
            .iter()
            .map(|correction| format!("{} {} → {}", correction.at.format("%H:%M"), correction.before, correction.after))
            .collect::<Vec<_>>()
            .join("; ");
        let message = format!(
            "someone outside tidegate keeps changing {field} of `{}`: tidegate corrected it {} times within the hour ({history}) and no longer does",
            action.resource,
            corrections.len()
        );
        let hints = [
            "find the cause in CloudTrail: Terraform, another tool or a person".to_owned(),
            format!("then: tidegate retry {} --reason \"…\"", facts.spec.name),
        ];
        contested.push(blocked(BlockedReason::Contested, message, hints));
        false
    });
    contested.into_iter().for_each(|blocked| draft.block(blocked));
}
