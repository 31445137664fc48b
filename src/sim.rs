//! A simulated cloud: deterministic, in the same process, with its own time.
//!
//! It implements the ports of [`crate::cloud`] and knows no plans. It imitates the documented behaviour of AWS, keeps the
//! truth that tidegate never sees (the real schema of a database), and records every broken promise. Tests,
//! `--cloud sim` and the demo use the same world.
//!
//! A test builds a [`World`] from declarations, a [`SimClock`], a [`SimCloud`] of both, and runs a program
//! with [`SimClock::block_on`]. Faults between the program and the cloud come from a [`FaultPlan`], faults
//! inside the cloud from [`World::script`], the program's death from a [`CrashPlan`], and changes by other people from
//! [`World::person`].

mod build;
mod checker;
mod clock;
mod cloud;
mod crash;
mod fault;
mod persist;
mod rng;
#[cfg(test)]
mod samples;
mod skewed;
mod tracked;
mod world;

pub use build::{Age, PASSWORD};
pub use checker::{Promise, Violation, Watch};
pub use clock::{Interrupted, Observer, Pace, SimClock};
pub use cloud::{Effect, Hook, SimCloud, SimRegion};
pub use crash::{CrashPlan, CrashPoint, Crashed};
pub use fault::{Call, FaultOptions, FaultPlan};
pub use persist::WorldFolder;
pub use rng::Dice;
pub use skewed::SkewedClock;
pub use world::{
    Actor, Broken, Bucket, MigrationEffect, MigrationRun, Outcome, Pattern, Person, Pushed, Region, Registry,
    Repository, Routed, Schema, Script, Sidecar, SimDatabase, SimDeployment, SimDistribution, SimFunction,
    SimListener, SimPause, SimRule, SimService, SimSnapshot, SimTarget, SimTask, Stored, Token, World,
};
