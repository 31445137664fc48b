//! The one integration test binary. Each room has a module; cases are text in `tests/cases`.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect; clippy knows only `#[test]` functions as tests"
)]

#[cfg(feature = "aws")]
mod aws;
mod cases;
mod cli;
mod crash;
mod daemon;
mod demo;
mod import;
mod journal;
mod lessons;
mod properties;
mod red_ends;
mod rehearsal;
mod release;
mod replay;
mod rig;
mod spec;
mod store;
mod swarm;
mod tidy;
mod year;
