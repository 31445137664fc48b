//! The composition root: builds source, declarations, store, clock and cloud for given settings.
//!
//! The only room that knows every adapter. Verbs and the daemon ask here and get ports.

mod declared;
mod error;

pub use declared::{Declared, declare, says};
pub use error::ContextError;
