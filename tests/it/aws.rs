//! The AWS adapter over the wire, against emulators that others wrote. `tests/stack` starts them.

mod contract;
mod seed;
mod stack;
