//! One run: look, plan, carry out the first step, look again, until nothing more can happen by itself.
//!
//! A plan is never carried out to its end. After each step reality is read and planned again, so that a crash,
//! a newer commit and a hand in the console all meet the same code. A run ends when its plan is empty, when a
//! person or the calendar is needed, when its time is up, or when somebody asks it to go.
//!
//! Architecture Invariant: every loop here has a bound, and what a run did is saved after each step.

mod closure;
mod expected;
mod observed;
mod patience;
mod preview;
mod request;
mod run;
mod runner;
mod sizes;
mod standing;
mod wanted;

#[cfg(test)]
mod tests;

pub use closure::{Closure, closures};
pub use preview::{Later, Preview, is_unchanged, preflight, preview};
pub use request::REQUEST;
pub use run::{ActionReport, BlockedReport, ReleaseReport, Run, RunOutcome, StepReport, WaitingReport};
pub use runner::{Haste, ReconcileError, Reconciler};
pub use sizes::{Sizes, TaskSize};
pub use standing::Standing;
pub use wanted::{Patient, Wanted, Wishes};
