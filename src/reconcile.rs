//! One run: look, plan, carry out the first step, look again, until nothing more can happen by itself.
//!
//! A plan is never carried out to its end. After each step reality is read and planned again, so that a crash,
//! a newer commit and a hand in the console all meet the same code. A run ends when its plan is empty, when a
//! person or the calendar is needed, when its time is up, or when somebody asks it to go.
//!
//! Architecture Invariant: every loop here has a bound, and what a run did is saved after each step.

mod closure;
mod declared;
mod expected;
mod observed;
mod overrides;
mod patience;
mod preview;
mod request;
mod run;
mod runner;
mod sizes;

#[cfg(test)]
mod tests;

pub use closure::{Closure, closures};
pub use declared::{CurrentDeclaration, DeclaredEnvironment, WithGrace};
pub use overrides::ActiveOverrides;
pub use preview::{Later, Preview, is_unchanged, preflight, preview};
pub use request::REQUEST;
pub use run::{ActionReport, BlockedReport, ReleaseReport, Run, RunOutcome, StepReport, WaitingReport};
pub use runner::{ReconcileError, Reconciler, ShutdownLevel};
pub use sizes::{Sizes, TaskSize};
