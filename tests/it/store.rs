//! The stores: one contract, and what each adapter does besides.

mod contract;
mod local;
mod memory;
