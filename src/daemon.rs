//! The daemon.

pub mod mailbox;
pub mod wanted;
