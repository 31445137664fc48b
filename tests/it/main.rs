//! The one integration test binary. Each room has a module; cases are text in `tests/cases`.

mod cases;
mod cli;
mod crash;
mod daemon;
mod demo;
mod properties;
mod release;
mod rig;
mod spec;
mod swarm;
mod tidy;
