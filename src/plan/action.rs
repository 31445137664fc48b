//! Actions as values. An action holds all that its execution needs: execution makes no choices.

mod kind;
mod migration;
mod start;
mod step;

pub use kind::ActionKind;
pub use migration::{Migration, MigrationStart};
pub use start::{NewDefinition, StartService};
pub use step::Step;

/// One action with what people are told about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Stable for the same intention: `service/graasp/start`.
    pub id: String,
    /// What is done.
    pub kind: ActionKind,
    /// What it is done to, as people call it: `graasp`, `graasp-prod`.
    pub resource: String,
    /// How it is now.
    pub before: String,
    /// How it will be.
    pub after: String,
    /// Why, and when in the order.
    pub reason: String,
    /// The step it belongs to: actions of one step go side by side, steps one after the other.
    pub step: Step,
    /// The field it corrects, when it puts back what somebody changed.
    pub corrects: Option<String>,
}

impl Action {
    /// Whether it changes nothing: a migration that runs is watched to its end.
    pub fn only_watches(&self) -> bool {
        matches!(&self.kind, ActionKind::Migrate(migration) if matches!(migration.start, MigrationStart::Adopt { .. }))
    }
}
