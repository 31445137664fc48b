//! The meaning of a closed and of an open gate: the function's code, a rule's conditions, a usable secret.
//!
//! Shared by `observe` and `execute`, so that both mean the same. Pure text and values: nothing here asks the cloud
//! or changes it, and nothing here keeps the secret.

mod conditions;
mod function;
mod routing;
mod secret;
mod wildcard;

pub use conditions::{TAG_VALUE, closed_conditions, is_closed, is_ours, open_conditions};
pub use function::{ForeignCode, foreign_code, recognise, write_code};
pub use routing::turns_away;
pub use secret::check_secret;
pub use wildcard::{matches_host, matches_path};
