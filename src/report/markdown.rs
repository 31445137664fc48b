//! Text inside Markdown: whatever a person, AWS or a registry wrote, a page shows it as text.

/// Text on one line that a page shows literally: no HTML, no mentions, no links. Text between backticks stays code.
pub(super) fn line(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::with_capacity(flat.len());
    let mut in_code = false;
    for char in flat.chars() {
        match char {
            '`' => {
                in_code = !in_code;
                out.push(char);
            }
            _ if in_code => out.push(char),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\\' | '*' | '_' | '[' | ']' | '#' | '~' => {
                out.push('\\');
                out.push(char);
            }
            _ => out.push(char),
        }
    }
    // A backtick without a partner would turn the rest of the page into code.
    if in_code { out.replace('`', "'") } else { out }
}

/// The same for a cell of a table, where a `|` would begin the next cell.
pub(super) fn cell(text: &str) -> String {
    line(text).replace('|', "\\|")
}
