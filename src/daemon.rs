//! The daemon.

pub mod mailbox;
