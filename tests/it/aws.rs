//! The AWS adapter over the wire, against emulators that others wrote. `tests/stack` starts them.

mod clock;
mod contract;
mod graasp;
mod http;
mod policies;
mod release;
mod seed;
mod shop;
mod stack;
