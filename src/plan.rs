//! The planner: a pure function from what is wanted, what is, and what was begun, to ordered actions.

mod action;
pub use action::{Action, ActionKind, Migration, MigrationStart, NewDefinition, Recorded, StartService, Step};
