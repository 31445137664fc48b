//! The report of how an environment is now: one value is gathered, then text or JSON is made from it.

mod conditions;
mod gate;
mod text;
mod wire;

pub use text::text;
pub use wire::{json, known_versions};

#[cfg(test)]
mod tests;
