//! The report of a run: what it did, how it ended and who asked for what; as text and as JSON.

mod status;
mod text;
mod wire;

pub use text::{history as history_text, summary};
pub use wire::{history as history_json, json};

#[cfg(test)]
mod tests;
