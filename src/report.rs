//! What people and programs read: plans, status, history. Values in, text out; no terminal, no clock.

pub mod moment;
