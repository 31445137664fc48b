//! tidegate: a GitOps reconciler for platforms on AWS ECS. ARCHITECTURE.md has the map.

#[cfg(test)]
mod bench;
pub mod cli;
pub mod clock;
pub mod cloud;
pub mod config;
pub mod context;
pub mod daemon;
pub mod execute;
mod files;
pub mod gate;
pub mod import;
pub mod model;
pub mod observe;
pub mod plan;
pub mod reconcile;
pub mod report;
pub mod retry;
pub mod schedule;
pub mod signals;
pub mod sim;
pub mod source;
pub mod spec;
pub mod store;
pub mod telemetry;
