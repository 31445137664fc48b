//! Tasks that belong to no declared service: waited for before a migration, and named.

use crate::plan::action::{ActionKind, Step};
use crate::plan::decide::{Goal, Work};
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::Facts;

/// Commands that a plan lists.
const COMMANDS_MAX: usize = 3;

/// A migration waits for old code that runs outside the declared services, after they have stopped. tidegate does not stop it.
pub(super) fn plan(facts: &Facts<'_>, goal: &Goal, draft: &mut Draft) {
    let strangers = &facts.strangers;
    if facts.spec.migration.is_some() {
        strangers.unreadable.iter().for_each(|unread| draft.block(unread.clone()));
    }
    if !strangers.others.is_empty() {
        draft.note(format!(
            "tasks in the cluster that belong to no service, which tidegate does not change: {}",
            strangers.others.join(", ")
        ));
    }
    let Some(migration) = facts.spec.migration.as_ref().filter(|_| !strangers.old_code.is_empty()) else {
        return;
    };
    let named = strangers.named();
    draft.note(format!(
        "code that follows `{}` runs outside the declared services: {named}; tidegate does not stop it",
        migration.follows
    ));
    let stops = strangers.stops(facts.spec);
    let more = stops.len().saturating_sub(COMMANDS_MAX);
    stops.iter().take(COMMANDS_MAX).for_each(|stop| draft.note(format!("to stop it: {stop}")));
    if more > 0 {
        draft.note(format!("and so on for {more} more"));
    }
    if !matches!(goal.migration, Some(Work::Run { .. })) {
        return;
    }
    let count = strangers.old_code.len();
    let kind = ActionKind::AwaitTasks {
        tasks: strangers.old_code.iter().map(|task| (task.arn.clone(), task.family().to_owned())).collect(),
    };
    let before = if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") };
    let mut families: Vec<&str> = strangers.old_code.iter().map(|task| task.family()).collect();
    families.sort_unstable();
    families.dedup();
    let words = Words::new(before, "0 tasks", "they may run old code; tidegate waits for their end");
    draft.act(Step::AwaitTasks, "tasks/await", families.join(", "), kind, words);
}
