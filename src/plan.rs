//! The planner: a pure function from what is wanted, what is, and what was begun, to ordered actions.
//!
//! A plan is always the *whole* way to the goal, for people to read; what is carried out is its first step
//! ([`Plan::frontier`]), after which reality is read and planned again. So a crash, a newer commit and a hand
//! in the console all meet the same code: the next pass.

mod action;
mod input;
mod report;

pub use action::{
    Action, ActionKind, Migration, MigrationStart, NewDefinition, Recorded, StartService, Step,
};
pub use input::{Expected, PlanningInput};
pub use report::{Blocked, BlockedReason, Drift, Plan, PlannedState, Waiting, WaitingReason};

/// Plans the whole way from what is to what is wanted.
pub fn plan(input: &PlanningInput) -> Plan {
    let _ = input;
    unimplemented!("lands with the planner's parts")
}
