//! The one integration test binary. Each room has a module; cases are text in `tests/cases`.

mod cli;
mod crash;
mod lessons;
mod release;
mod replay;
mod rig;
mod spec;
mod swarm;
mod tidy;
