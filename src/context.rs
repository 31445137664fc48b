//! The composition root: builds source, declarations, store, clock and cloud for given settings.
//!
//! The only room that knows every adapter. Verbs and the daemon ask here and get ports.

mod backend;
mod declared;
mod error;
mod estate;
mod person;
mod present;
mod witness;

pub use backend::{Access, Backend};
pub use declared::{Declared, declare, place, says};
pub use error::ContextError;
pub use estate::{Estate, Whereabouts};
pub use person::{machine, person};
pub use present::present;
