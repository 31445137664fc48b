//! The AWS adapter over the wire, against emulators that others wrote. `tests/stack` starts them.

mod attempts;
mod clock;
mod contract;
mod definitions;
mod faults;
mod gate;
mod graasp;
mod http;
mod import;
mod policies;
mod refusals;
mod release;
mod seed;
mod seen;
mod shop;
mod sites;
mod stack;
