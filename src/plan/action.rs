//! Actions as values. An action holds all that its execution needs: execution makes no choices.

mod kind;
mod migration;
mod needs;
mod start;
mod step;

pub use kind::ActionKind;
pub use migration::{Migration, MigrationStart};
pub use needs::Need;
pub use start::{NewDefinition, StartService};
pub use step::Step;

/// One action, and its words for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Stable for the same intention: `service/graasp/start`.
    pub id: String,
    /// The change, with all that its execution needs.
    pub kind: ActionKind,
    /// The resource that it changes, by name: `graasp`, `graasp-prod`.
    pub resource: String,
    /// The present value.
    pub before: String,
    /// The value afterwards.
    pub after: String,
    /// Why, and when in the order.
    pub reason: String,
    /// The step it belongs to. Actions of one step run side by side, steps one after the other.
    pub step: Step,
    /// The field that it corrects, if the field was changed outside tidegate.
    pub corrects: Option<String>,
}

impl Action {
    /// Whether it begins an attempt at a migration.
    pub fn sends_a_migration(&self) -> bool {
        matches!(&self.kind, ActionKind::Migrate(migration) if matches!(migration.start, MigrationStart::Send { .. }))
    }

    /// Whether it changes nothing, and only watches a migration to its end.
    pub fn only_watches(&self) -> bool {
        matches!(&self.kind, ActionKind::Migrate(migration) if matches!(migration.start, MigrationStart::Adopt { .. }))
    }
}
