//! A cloud that is not there: deterministic, in the same process, with its own time.
//!
//! It stands behind the ports of [`crate::cloud`] and knows nothing of plans: it imitates what AWS documents,
//! keeps the truth that tidegate never sees (which schema a database really has), and writes down every
//! broken promise. Tests, `--cloud sim` and the demo use the same world.

mod clock;
mod crash;
mod rng;

pub use clock::{Interrupted, Observer, Pace, SimClock};
pub use crash::{CrashPlan, CrashPoint, Crashed};
