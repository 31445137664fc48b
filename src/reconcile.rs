//! One run: observe, plan, carry out the first step, observe again, until a person or the calendar is needed.
//!
//! tidegate never carries a plan out to its end. After each step it reads reality and plans again, so that a crash,
//! a newer commit and a change in the console all meet the same code. A run ends when its plan is empty, when a
//! person or the calendar is needed, at its deadline, or on shutdown.
//!
//! Architecture Invariant: every loop here has a bound, and what a run did is saved after each step.

mod closure;
mod context;
mod declared;
mod defect;
mod error;
mod expected;
mod giving_up;
mod observed;
mod overrides;
mod passes;
mod patience;
mod preview;
mod request;
mod run;
mod runner;
mod shutdown;
mod sizes;
mod ways_out;

#[cfg(test)]
mod tests;

pub use closure::{Closure, LockedOut, OnPurpose, closures};
pub use context::Reconciler;
pub use declared::{CurrentDeclaration, DeclaredEnvironment, WithGrace};
pub use defect::{Defect, cut_off};
pub use error::ReconcileError;
pub use overrides::ActiveOverrides;
pub use preview::{Later, Preview, is_unchanged, preflight, preview};
pub use request::REQUEST;
pub use run::{ActionReport, BlockedReport, ReleaseReport, Run, RunOutcome, StepReport, WaitingReport};
pub use shutdown::ShutdownLevel;
pub use sizes::{Sizes, TaskSize};
