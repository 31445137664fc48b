//! A plan as text for a terminal, as Markdown for a pull request and as JSON for programs.

mod markdown;
mod text;
mod wire;

pub use markdown::markdown;
pub use text::text;
pub use wire::json;

#[cfg(test)]
mod tests;
