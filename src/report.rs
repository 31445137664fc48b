//! Reports as text, JSON and Markdown. No terminal access.
